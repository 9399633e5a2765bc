"""The chapters of a recording: parts that begin at a moment, as an organiser names them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select

from webinar.domain import audit
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Account, Chapter, Material
from webinar.text import clean

TITLE_LENGTH = 200
MOST = 100


def chapters_of(recordings: Sequence[Material]) -> dict[int, list[Chapter]]:
    """The chapters of each recording by its id, in order, in one query."""
    found: dict[int, list[Chapter]] = {recording.id: [] for recording in recordings}
    query = select(Chapter).where(Chapter.material_id.in_(found))
    for chapter in db.session.scalars(query.order_by(Chapter.start_ms)):
        found[chapter.material_id].append(chapter)
    return found


def set_chapters(recording: Material, chapters: Sequence[tuple[int, str]], *, by: Account) -> None:
    """Let these be the chapters: milliseconds and titles, in any order.

    Raises `RuleError` on `chapters`: `chapters_too_many`, and with the title
    `chapter_behind_end`, `chapter_twice`, `chapter_title_too_long`.
    """
    if len(chapters) > MOST:
        raise RuleError("chapters_too_many", field="chapters", limit=MOST)
    length = recording.duration_seconds
    taken: set[int] = set()
    for start, title in chapters:
        if length is not None and start >= (length + 1) * 1000:
            raise RuleError("chapter_behind_end", field="chapters", title=title)
        if start in taken:
            raise RuleError("chapter_twice", field="chapters", title=title)
        if len(title) > TITLE_LENGTH:
            raise RuleError("chapter_title_too_long", field="chapters", title=title[:40])
        taken.add(start)
    replace(recording, chapters)
    audit.record("material.chapters", recording, by=by)


def replace(recording: Material, chapters: Sequence[tuple[int, str]]) -> None:
    """Write them instead of what stood there."""
    db.session.execute(delete(Chapter).where(Chapter.material_id == recording.id))
    for start, title in sorted(chapters):
        db.session.add(Chapter(material_id=recording.id, start_ms=start, title=clean(title)))
    db.session.flush()
