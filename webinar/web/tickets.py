"""Tickets for feedback: a random name for one click into the room, signed, that leads to nobody.

The page after the room carries it in its address, the database keeps it beside the feedback alone.
So a click counts once, and nobody can tell whose it was.
"""

from __future__ import annotations

import secrets

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from webinar.models import Talk
from webinar.web.settings import settings

SALT = "webinar.feedback"
BYTES = 12
LENGTH = 200


def draw(talk: Talk) -> str:
    """A new ticket for the talk, as it stands in an address."""
    return str(_serializer().dumps([talk.id, secrets.token_urlsafe(BYTES)]))


def read(talk: Talk, ticket: str) -> str:
    """The name in a ticket of ours for that talk; empty for anything else."""
    try:
        found = _serializer().loads(ticket[:LENGTH])
    except BadSignature:
        return ""
    talk_id, name = found
    return str(name) if talk_id == talk.id else ""


def _serializer() -> URLSafeSerializer:
    # The last one signs, all are read: a ticket outlives the change of the key.
    older = current_app.config["SECRET_KEY_FALLBACKS"] or []
    return URLSafeSerializer([*reversed(older), settings().secret_key], salt=SALT)
