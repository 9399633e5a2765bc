"""The check of a Jitsi server for an operator: mints what is tried at its door, prints the rest.

Neighbours: `adapters.jitsi_probe`, which looks; `adapters.jitsi`, which makes tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from webinar.adapters import jitsi, jitsi_probe
from webinar.adapters.jitsi import Role, RoomClaims, Server
from webinar.adapters.jitsi_probe import Finding, Tokens
from webinar.clock import now
from webinar.config import JitsiMode, JitsiSettings

VALID = timedelta(minutes=10)


def findings(settings: JitsiSettings) -> Iterator[Finding]:
    """What is seen of the configured server, one after the other."""
    if settings.mode is JitsiMode.JAAS:
        return jitsi_probe.look_at_service(settings.host, settings.app_id)
    server, room = jitsi.server_of(settings), jitsi.room_name()
    other = replace(server, audience=f"{server.audience}-somebody-else")
    tokens = Tokens(right=_token(server, room), other_audience=_token(other, room), room=room)
    return jitsi_probe.look(settings.host, tokens=tokens)


def line(finding: Finding) -> str:
    """One line for one finding, two where something is to be done."""
    if finding.good:
        return f"  ok    {finding.what}"
    seen = f" ({finding.seen})" if finding.seen else ""
    remedy = f"\n          {finding.remedy}" if finding.remedy else ""
    return f"  FAIL  {finding.what}{seen}{remedy}"


def test_link(settings: JitsiSettings) -> str:
    """A link with a token into a room of no talk."""
    room = jitsi.room_name()
    tenant = settings.app_id if settings.mode is JitsiMode.JAAS else ""
    token = _token(jitsi.server_of(settings), room)
    return jitsi.meeting_url(settings.host, room, token, tenant=tenant)


def _token(server: Server, room: str) -> str:
    claims = RoomClaims(
        room=room, user_id="check", name="Probe", role=Role.PARTICIPANT, expires=now() + VALID
    )
    return jitsi.room_token(server, claims)
