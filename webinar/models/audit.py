"""The audit log: who did what to which record. Lines are added, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webinar.clock import now
from webinar.models.accounts import Account
from webinar.models.base import FREE, NOTHING, Model, Utc


class AuditEntry(Model):
    """`changes` maps a field to `[before, after]`; of personal fields to `true`: only that it
    changed. `reason` is what the organiser gave as one, in own words."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_record", "record_type", "record_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Utc, default=now, index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    """Empty: the program itself, or the holder of a personal link."""
    action: Mapped[str] = mapped_column(String(60), info=NOTHING)
    record_type: Mapped[str] = mapped_column(String(40), info=NOTHING)
    record_id: Mapped[int]
    changes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, info=FREE)

    account: Mapped[Account | None] = relationship()
