"""Codes of six figures that change every 30 seconds (RFC 6238 over RFC 4226, SHA-1): what every
code generator on a telephone understands. Pure; who owns a secret is `second_factors`'.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import struct
from datetime import datetime
from urllib.parse import quote, urlencode

STEP = 30
DIGITS = 6
DRIFT = 1
"""Steps that the clock of a telephone may be off, to both sides."""


def new_secret() -> str:
    """160 random bits (RFC 4226, 4 R6) in Base32, as people can type them."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def address(secret: str, *, account: str, issuer: str) -> str:
    """What the QR code says: the `otpauth` address that code generators read."""
    label = quote(f"{issuer}:{account}", safe="")
    query = urlencode({"secret": secret, "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{label}?{query}"


def step_of(moment: datetime) -> int:
    return int(moment.timestamp()) // STEP


def code(secret: str, step: int) -> str:
    """The code of a step of time."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", step), "sha1")
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def matching_step(secret: str, typed: str, *, at: datetime, after: int) -> int | None:
    """The step whose code was typed, later than the step `after`; None if it is none of now."""
    plain = "".join(typed.split())
    found = None
    for step in range(step_of(at) - DRIFT, step_of(at) + DRIFT + 1):
        if hmac.compare_digest(code(secret, step).encode(), plain.encode()) and step > after:
            found = step
    return found
