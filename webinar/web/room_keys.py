"""The keys of the room's tokens: with what they are signed, and the public ones for the key server.

Prosody fetches the public key of each key id that it meets from `asap_key_server`, once, and keeps
it. So a key is replaced without touching Prosody, whose restart would end every running talk: the
new key signs from our restart on, the previous one stays published here until its tokens end.

The keys are tried at start: one that cannot sign must not be found out by the first guest.
Neighbour: `webinar.web.room_entry`, which mints the tokens.
"""

from __future__ import annotations

import secrets
from functools import cache

from flask import Blueprint, Flask, Response, abort
from flask.typing import ResponseReturnValue

from webinar.adapters import jitsi
from webinar.adapters.jitsi import Server, SigningKey
from webinar.config import PREFIX, ConfigError, JitsiMode, JitsiSettings
from webinar.web.settings import settings

blueprint = Blueprint("room_keys", __name__)

KEPT = 3600
"""Seconds that a cache may keep a key; a key never changes under its name."""


@blueprint.get("/<name>")
def show(name: str) -> ResponseReturnValue:
    """The public key whose id has that SHA-256, as PEM."""
    pem = published(settings().jitsi).get(name)
    if pem is None:
        abort(404)
    answer = Response(pem, mimetype="application/x-pem-file")
    answer.headers["Cache-Control"] = f"public, max-age={KEPT}"
    return answer


def check(app: Flask) -> None:
    """Try all keys; raises `ConfigError` with a line for each that cannot do its work."""
    found: JitsiSettings = app.extensions["settings"].jitsi
    problems = []
    try:
        jitsi.check_key(server(found).key)
    except ValueError as trouble:
        problems.append(f"{PREFIX}JITSI_SECRET cannot sign: {trouble}")
    try:
        published(found)
    except ValueError as trouble:
        problems.append(f"{PREFIX}JITSI_PREVIOUS_KEY cannot be published: {trouble}")
    if problems:
        raise ConfigError(problems)


@cache
def published(found: JitsiSettings) -> dict[str, str]:
    """The public keys by the file's name: the present one and the previous. Only of an own server
    with key pairs: JaaS is given its keys by hand, and a shared secret has no public half."""
    if found.mode is not JitsiMode.RS256:
        return {}
    pairs = {found.key_id: found.secret, found.previous_key_id: found.previous_key}
    return {jitsi.key_file(name): jitsi.public_key(key) for name, key in pairs.items() if name}


@cache
def server(found: JitsiSettings) -> Server:
    """Who signs and for which server. Without one a key that nobody keeps: the token that is shown
    opens nothing anywhere."""
    if found.mode is JitsiMode.NONE:
        key = SigningKey(algorithm="HS256", material=secrets.token_hex(32))
        return jitsi.self_hosted(app_id="webinar", audience="webinar", subject="localhost", key=key)
    return jitsi.server_of(found)
