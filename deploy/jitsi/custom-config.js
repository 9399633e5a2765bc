// docker-jitsi-meet appends this file (web/custom-config.js) to config.js.
config.disableThirdPartyRequests = true; // no Gravatar, no foreign scripts
config.readOnlyName = true; // the name comes from the token
config.disableInviteFunctions = true; // the room's address is nobody's to pass on
config.startWithAudioMuted = true;
config.startWithVideoMuted = true;
config.localRecording = { disable: true }; // recording is the office's, by consent
config.fileRecordingsServiceEnabled = false;
config.enableClosePage = false;
