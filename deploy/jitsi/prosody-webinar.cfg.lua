-- Prosody asks the application before it creates a room, and tells it who comes and goes.
-- Goes beside the generated configuration, under prosody/config/conf.d, and adds to the VirtualHost
-- of the domain. It must not name modules_enabled: that would replace the list. The module itself is
-- switched on by XMPP_MODULES. <…> is yours; the token is WEBINAR_JITSI_PROSODY_TOKEN, 32 bytes or
-- more.

VirtualHost "<meet.jitsi>"
    reservations_api_prefix = "https://<termine.lra.example>/jitsi/prosody"
    reservations_api_headers = { ["Authorization"] = "Bearer <token>" }
    -- Places online, speakers and a margin: more are turned away at the door.
    reservations_enable_max_occupants = true
    -- A refusal is an answer; only what failed is asked again.
    reservations_api_timeout = 10

-- mod_event_sync_component.lua from jitsi-contrib/prosody-plugins, in prosody-plugins-custom.
Component "esync.<meet.jitsi>" "event_sync_component"
    muc_component = "muc.<meet.jitsi>"
    breakout_component = "breakout.<meet.jitsi>"
    api_prefix = "https://<termine.lra.example>/jitsi/prosody"
    api_headers = { ["Authorization"] = "Bearer <token>" }
    -- Repeated events do no harm, lost ones do: also when the application restarts.
    retry_count = 10
    api_retry_delay = 5
    -- How long somebody speaks is nobody's business.
    include_speaker_stats = false
