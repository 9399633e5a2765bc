"""What was taken from the archive: one row for each file saved or recording begun.

Nobody is followed: no address, no browser, no length of watching. Who it was goes after a term, the
row itself stays as a count (`domain.openings`).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webinar.clock import now
from webinar.models.base import NOTHING, Model, Utc, one_of
from webinar.models.contacts import Contact
from webinar.models.materials import Material

_NAMED = text("contact_id IS NOT NULL")


class OpeningKind(StrEnum):
    DOWNLOAD = "download"
    VIEW = "view"
    """A recording was begun in the page."""


class Opening(Model):
    """One saved file, or one begun recording. Without a contact it is a count: of the public page,
    or of somebody whose term is over; its moment is then the beginning of the day."""

    __tablename__ = "openings"
    __table_args__ = (
        one_of("kind", OpeningKind),
        Index("ix_openings_material_id_contact_id", "material_id", "contact_id", "opened_at"),
        Index(
            "ix_openings_opened_at_named",
            "opened_at",
            sqlite_where=_NAMED,
            postgresql_where=_NAMED,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    material_id: Mapped[int] = mapped_column(ForeignKey("materials.id", ondelete="CASCADE"))
    contact_id: Mapped[int | None] = mapped_column(
        ForeignKey("contacts.id", ondelete="SET NULL"), index=True
    )
    kind: Mapped[str] = mapped_column(String(8), info=NOTHING)
    opened_at: Mapped[datetime] = mapped_column(Utc, default=now)

    material: Mapped[Material] = relationship()
    contact: Mapped[Contact | None] = relationship()
