"""How staff sign in: where they are signed in now, and what they prove themselves with besides
the password. Rules: `webinar.domain.account_sessions`, `second_factors`, `identities`, `throttles`.

No column here opens anything by itself: what a browser or a person holds is kept as a hash.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webinar.clock import now
from webinar.models.accounts import Account
from webinar.models.base import (
    DELETED_BY_EITHER,
    FREE,
    NOTHING,
    PERSONAL,
    Model,
    Utc,
    one_of,
)


class SignInMethod(StrEnum):
    PASSWORD = "password"  # noqa: S105  a word for how, not a password
    PASSKEY = "passkey"
    OIDC = "oidc"


class AccountSession(Model):
    """One browser in which an account is signed in. The browser holds a random key; the row holds
    its SHA-256."""

    __tablename__ = "account_sessions"
    __table_args__ = (one_of("method", SignInMethod),)
    __mapper_args__ = DELETED_BY_EITHER

    id: Mapped[int] = mapped_column(primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True, info=NOTHING)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    method: Mapped[str] = mapped_column(String(16), info=NOTHING)
    second_factor: Mapped[bool] = mapped_column(default=False)
    """Whether more than a password was proven."""
    browser: Mapped[str] = mapped_column(String(80), default="", info=NOTHING)
    """Browser and system in words, such as "Firefox, Windows"."""
    created_at: Mapped[datetime] = mapped_column(Utc, default=now)
    seen_at: Mapped[datetime] = mapped_column(Utc, default=now, index=True)
    fresh_at: Mapped[datetime] = mapped_column(Utc, default=now)
    """When the person last proved to be the one."""

    account: Mapped[Account] = relationship()


class Passkey(Model):
    """A key pair of which the authenticator keeps the private half (WebAuthn)."""

    __tablename__ = "passkeys"
    __table_args__ = (CheckConstraint("sign_count >= 0", name="sign_count_not_negative"),)
    __mapper_args__ = DELETED_BY_EITHER

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True, info=NOTHING)
    """In base64url, at most 1023 bytes of it."""
    public_key: Mapped[bytes] = mapped_column(LargeBinary, info=NOTHING)
    sign_count: Mapped[int] = mapped_column(default=0)
    transports: Mapped[list[Any]] = mapped_column(JSON, default=list, info=NOTHING)
    name: Mapped[str] = mapped_column(String(80), info=FREE)
    created_at: Mapped[datetime] = mapped_column(Utc, default=now)
    used_at: Mapped[datetime | None] = mapped_column(Utc)

    account: Mapped[Account] = relationship()


class RecoveryCode(Model):
    """A code for the day on which the second factor is lost; it works once and is then gone."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("account_id", "code_hash"),)
    __mapper_args__ = DELETED_BY_EITHER

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    code_hash: Mapped[str] = mapped_column(String(64), info=NOTHING)
    """SHA-256: the code has 60 random bits, nobody finds it by trying."""
    created_at: Mapped[datetime] = mapped_column(Utc, default=now)


class Identity(Model):
    """Whom the office's own sign-in means by an account. Issuer and subject are the key, never the
    address: addresses are given to successors (OpenID Connect Core 1.0, 5.7)."""

    __tablename__ = "account_identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)
    __mapper_args__ = DELETED_BY_EITHER

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(255), info=NOTHING)
    subject: Mapped[str] = mapped_column(String(255), info=PERSONAL)
    created_at: Mapped[datetime] = mapped_column(Utc, default=now)

    account: Mapped[Account] = relationship()


class Throttle(Model):
    """How often something was tried in vain: `level` sinks with time, and above what is free each
    further try has to wait until `until`."""

    __tablename__ = "throttles"
    __table_args__ = (CheckConstraint("level >= 0", name="level_not_negative"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True, info=NOTHING)
    """A keyed hash of account, network address or both."""
    level: Mapped[float] = mapped_column(default=0.0)
    at: Mapped[datetime] = mapped_column(Utc, default=now, index=True)
    until: Mapped[datetime | None] = mapped_column(Utc)
    proven_at: Mapped[datetime | None] = mapped_column(Utc)
    """When a try from there last succeeded."""
