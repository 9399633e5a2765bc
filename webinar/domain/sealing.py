"""Secrets that the program must read again, sealed before they are stored: the database alone, or
a copy of it, opens nothing.

The key is drawn from the application's own secret key (HKDF, RFC 5869). After a change of that key
the earlier ones still open; what is sealed anew takes the first.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def seal(secret: str, *, keys: Sequence[str]) -> str:
    """The secret as it may be stored; the first key seals."""
    return _box(tuple(keys)).encrypt(secret.encode()).decode()


def unseal(sealed: str, *, keys: Sequence[str]) -> str | None:
    """The secret; None where none of the keys opens it."""
    try:
        return _box(tuple(keys)).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


@lru_cache(maxsize=8)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_drawn(key)) for key in keys])


def _drawn(key: str) -> bytes:
    drawn = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"webinar sealing").derive(
        key.encode()
    )
    return base64.urlsafe_b64encode(drawn)
