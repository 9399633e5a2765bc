"""What the search looks in: a row for each talk, page, passage of subtitles and file.

The rows mirror other tables (`domain.search_index` writes them) and say nothing of who may read
what they hold: `domain.search` asks the grants with every question.

SQLite keeps the trigrams of `words` and `context` in a virtual table beside this one, which
triggers keep in step; PostgreSQL in an index by its extension pg_trgm. Both are made by the
migration alone, for each has its own. A later migration that copies `search_entries` on SQLite
(batch mode) loses the triggers and has to make them anew.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webinar.models.base import DELETED_BY_EITHER, FREE, NOTHING, Model, one_of

TRIGRAMS = ("search_trigrams", "ix_search_entries_trigrams")
"""SQLite's virtual table, after which those are named that hold its data; PostgreSQL's index."""


def is_mapped(name: str | None, _kind: str, _parent: object) -> bool:
    """Whether Alembic compares what it found in the database with the models."""
    return not (name or "").startswith(TRIGRAMS)


class EntryKind(StrEnum):
    TALK = "talk"
    PAGE = "page"
    PASSAGE = "passage"
    """Some half a minute of subtitles."""
    FILE = "file"
    """A file or link by its title."""


class SearchEntry(Model):
    """A place that can be found."""

    __tablename__ = "search_entries"
    __mapper_args__ = DELETED_BY_EITHER
    __table_args__ = (one_of("kind", EntryKind),)

    id: Mapped[int] = mapped_column(primary_key=True)
    talk_id: Mapped[int] = mapped_column(ForeignKey("talks.id", ondelete="CASCADE"), index=True)
    material_id: Mapped[int | None] = mapped_column(
        ForeignKey("materials.id", ondelete="CASCADE"), index=True
    )
    """None: what the talk itself says."""
    kind: Mapped[str] = mapped_column(String(8), info=NOTHING)
    place: Mapped[int] = mapped_column(default=0)
    """The number of the page, or the second at which a passage begins."""
    title: Mapped[str] = mapped_column(Text, default="", info=FREE)
    """The line that a page of hits shows above the excerpt."""
    text: Mapped[str] = mapped_column(Text, default="", info=FREE)
    """What excerpts are cut from."""
    seconds: Mapped[list[Any]] = mapped_column(JSON, default=list, info=NOTHING)
    """Of a passage: pairs of a place in `text` and the second at which it is said."""
    words: Mapped[str] = mapped_column(Text, info=FREE)
    """`search_words.indexed` of title and text."""
    head: Mapped[str] = mapped_column(Text, default="", info=FREE)
    """The part of `words` that weighs more: titles, names, topics."""
    context: Mapped[str] = mapped_column(Text, default="", info=FREE)
    """The same of the talk, on rows of its materials: "Böhme Kosten" finds Böhme's page."""
