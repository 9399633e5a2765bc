"""Staff accounts: who may sign in at the desk. Everybody else holds personal links."""

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
    """One person of the office. `fs_uniquifier` is what a signed-in browser holds; changing it
    ends every sign-in of the account."""

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
