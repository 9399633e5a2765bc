"""Imprint, privacy notice and accessibility statement as the office wrote them, with all that they
said before. Without a row a page shows the text that comes with the program."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webinar.clock import now
from webinar.models.accounts import Account
from webinar.models.base import FREE, NOTHING, Model, Utc, one_of


class LegalPage(StrEnum):
    IMPRINT = "imprint"
    PRIVACY = "privacy"
    ACCESSIBILITY = "accessibility"


class LegalText(Model):
    """One version of one page in one language; the latest is shown, none is ever changed."""

    __tablename__ = "legal_texts"
    __table_args__ = (
        one_of("page", LegalPage),
        CheckConstraint("language IN ('de', 'en')", name="language_known"),
        Index("ix_legal_texts_page_language_id", "page", "language", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    page: Mapped[str] = mapped_column(String(16), info=NOTHING)
    language: Mapped[str] = mapped_column(String(5), info=NOTHING)
    text: Mapped[str] = mapped_column(Text, info=FREE)
    """Markdown; `[[Gaps]]` are filled from the settings."""
    written_at: Mapped[datetime] = mapped_column(Utc, default=now)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    account: Mapped[Account | None] = relationship()
