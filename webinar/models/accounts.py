"""Staff accounts: who may sign in at the desk. Everybody else holds personal links.

What an account signs in with, and where it is signed in: `webinar.models.sign_ins`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from flask_security.core import RoleMixin, UserMixin
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webinar.models.base import NOTHING, PERSONAL, Model, Timestamped, Utc, one_of


class Role(StrEnum):
    ADMIN = "admin"
    ORGANISER = "organiser"
    VIEWER = "viewer"


class StaffRole(RoleMixin):
    """A role as Flask-Security wants to see it: a name, no row."""

    def __init__(self, name: str) -> None:
        self.name = name


class Account(UserMixin, Timestamped, Model):
    """One person of the office. Without `password` there is none to sign in with: the person was
    only invited, or comes by the office's own sign-in. Links to set a password carry a print of
    `fs_uniquifier`, so changing it takes them back."""

    __tablename__ = "accounts"
    __table_args__ = (one_of("role", Role),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True, info=PERSONAL)
    name: Mapped[str] = mapped_column(String(200), info=PERSONAL)
    password: Mapped[str | None] = mapped_column(String(255), info=NOTHING)
    role: Mapped[str] = mapped_column(String(16), default=Role.ORGANISER, info=NOTHING)
    language: Mapped[str] = mapped_column(String(5), default="de", info=NOTHING)
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True, info=NOTHING)
    signed_in_at: Mapped[datetime | None] = mapped_column(Utc)
    totp: Mapped[str | None] = mapped_column(String(255), info=NOTHING)
    """The secret of the code generator, sealed by `domain.sealing`; empty: there is none."""
    totp_step: Mapped[int] = mapped_column(default=0)
    """The last step of time whose code was taken: none is taken twice (RFC 6238, 5.2)."""
    passkey_handle: Mapped[str | None] = mapped_column(String(64), unique=True, info=NOTHING)
    """What authenticators know the account by: random, says nothing (WebAuthn, 14.6.1)."""
    erased_at: Mapped[datetime | None] = mapped_column(Utc)
    """Since then `name` is a pseudonym, and nothing here leads to the person."""

    @property
    def roles(self) -> list[RoleMixin]:  # type: ignore[override]  # the parent stores a list
        """Flask-Security asks for a list; an account has exactly one role."""
        return [StaffRole(self.role)]

    @property
    def may_write(self) -> bool:
        return self.role in (Role.ADMIN, Role.ORGANISER)

    @property
    def administers(self) -> bool:
        return self.role == Role.ADMIN
