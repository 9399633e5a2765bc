"""Passwords and their hashes: Argon2 with OWASP's profile, by Flask-Security.

Whoever asks, known or not, costs one hash: the time of an answer says nothing about accounts.
"""

from __future__ import annotations

import secrets
from functools import lru_cache

from flask_security import hash_password, verify_password

from webinar.domain import passwords


def hash_of(password: str) -> str:
    """The hash to store."""
    return str(hash_password(password))


def matches(stored: str | None, password: str) -> bool:
    """Whether the password is the stored one; without a stored one it takes as long and is not."""
    if len(password) > passwords.MOST:
        return False
    nobody = _of_nobody()
    found = bool(verify_password(password or "\n", stored or nobody))
    return found and stored is not None


@lru_cache
def _of_nobody() -> str:
    return hash_of(secrets.token_urlsafe(32))
