"""Whether a call comes from the machine that it claims to come from: the guards of this package.

All compare in constant time and refuse alike, with 401; where no secret is set, everything is
refused. Signatures carry the time, so that a recorded call is worth nothing after five minutes;
within them a repeated call does nothing that the first did not do.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import timedelta

import structlog
from flask import jsonify, make_response, request
from flask.typing import ResponseReturnValue

from webinar.clock import now
from webinar.extensions import limiter
from webinar.web.settings import settings

TOLERANCE = timedelta(minutes=5)
FAILURES = "30 per minute"
"""Refused calls of one network; more means guessing, or a setting that is wrong. Whoever proves
itself is never slowed by those who do not."""
BODY = 1024 * 1024
"""Bytes of a message: a room of a thousand people is told of in less."""
PIECE = 64 * 1024 * 1024
"""Bytes of a piece of a recording; `uploads` takes fewer and says so more kindly."""
PIECE_NAME = "X-Webinar-Content-SHA256"
SIGNATURE_NAME = "X-Webinar-Signature"
TIME_NAME = "X-Webinar-Timestamp"

log = structlog.get_logger()


def prosody() -> ResponseReturnValue | None:
    """Prosody: `Authorization: Bearer <token>` (RFC 6750)."""
    request.max_content_length = BODY
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = settings().callbacks.prosody_token
    right = bool(expected) and kind.lower() == "bearer" and same(token.strip(), expected)
    return None if right else refuse("prosody")


def jaas() -> ResponseReturnValue | None:
    """JaaS: `X-Jaas-Signature: t=<time>,v1=<base64 of HMAC-SHA256 over "time.body">`."""
    request.max_content_length = BODY
    secret = settings().callbacks.webhook_secret
    pairs = (pair.strip().partition("=") for pair in _header("X-Jaas-Signature").split(","))
    given = [(name, value) for name, _, value in pairs]
    time = next((value for name, value in given if name == "t"), "")
    message = f"{time}.".encode() + request.get_data(cache=True)
    digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    # A secret that is being replaced signs twice.
    right = any(_same_bytes(value, digest) for name, value in given if name == "v1")
    return None if secret and right and fresh(time) else refuse("jaas")


def jibri() -> ResponseReturnValue | None:
    """Jibri's script: HMAC-SHA256 over method, path, time, offset and the checksum of the body.

    Whether the body has that checksum is seen here, but for a piece of a recording: that is read
    while it comes, by whoever writes it down.
    """
    request.max_content_length = PIECE if request.method == "PATCH" else BODY
    secret = settings().callbacks.recording_secret
    time = _header(TIME_NAME)
    parts = (request.method, request.path, time, _header("Upload-Offset"), _header(PIECE_NAME))
    digest = hmac.new(secret.encode(), "\n".join(parts).encode(), hashlib.sha256).hexdigest()
    right = same(_header(SIGNATURE_NAME), digest)
    if not (secret and right and fresh(time)):
        return refuse("jibri")
    whole = request.method == "PATCH" or same(_header(PIECE_NAME), _sha256(request.get_data()))
    return None if whole else refuse("jibri")


def fresh(time: str) -> bool:
    """Whether the Unix time, in seconds or milliseconds, lies within `TOLERANCE`."""
    if not (time.isascii() and time.isdecimal() and len(time) <= 13):
        return False
    seconds = int(time) / (1000 if len(time) == 13 else 1)
    return abs(now().timestamp() - seconds) <= TOLERANCE.total_seconds()


def same(given: str, expected: str) -> bool:
    """Compared in constant time; `hmac` takes only ASCII as text, so bytes it is."""
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())


@limiter.limit(FAILURES)
def refuse(who: str) -> ResponseReturnValue:
    """The answer to whoever proves nothing; in the log too, since a setting may not fit."""
    log.warning("call refused", machine=who, path=request.path)
    return make_response(jsonify(message="unauthorised"), 401)


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _same_bytes(given: str, digest: bytes) -> bool:
    try:
        return hmac.compare_digest(base64.b64decode(given, validate=True), digest)
    except (binascii.Error, ValueError):
        return False


def _header(name: str) -> str:
    return request.headers.get(name, "")
