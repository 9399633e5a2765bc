"""Subtitles of a recording: one file for each language, and its lines for readers and search.

They are released and closed with their recording. Reading and writing the file is
`adapters.subtitles`'.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import delete, insert, select

from webinar.domain import materials, search_index
from webinar.domain.materials import Stored
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Grant,
    Material,
    MaterialKind,
    Processing,
    SubtitleCue,
)

LANGUAGES = ("de", "en", "ar", "es", "fr", "it", "pl", "ro", "ru", "tr", "uk")
"""Codes (ISO 639-1) that can be chosen: the program's own two, and what is spoken around it."""
MEDIA_TYPE = "text/vtt"
SLACK = 10_000
"""Milliseconds by which the last line may begin behind the end of the recording."""


class Line(Protocol):
    """What is said from one moment to another, in milliseconds."""

    @property
    def start_ms(self) -> int: ...
    @property
    def end_ms(self) -> int: ...
    @property
    def text(self) -> str: ...


def check(recording: Material, *, language: str, lines: Sequence[Line]) -> None:
    """Raises `RuleError` for an unknown language, or for lines that belong to a longer film."""
    if recording.kind != MaterialKind.RECORDING:
        raise RuleError("material_not_recording", field="file")
    if language not in LANGUAGES:
        raise RuleError("subtitles_language", field="language")
    length = recording.duration_seconds
    if length is not None and lines[-1].start_ms > length * 1000 + SLACK:
        raise RuleError("subtitles_behind_end", field="file")


def put(
    recording: Material,
    *,
    language: str,
    title: str,
    stored: Stored,
    file_name: str,
    lines: Sequence[Line],
    by: Account,
) -> Material:
    """Put a checked and stored file to the recording; one of the same language is replaced."""
    before = [one for one in of_recording(recording) if one.language == language]
    for one in before:
        materials.delete(one, by=by)
    row = Material(
        kind=MaterialKind.SUBTITLES,
        title=title,
        storage_key=stored.key,
        file_name=file_name[:255],
        media_type=MEDIA_TYPE,
        size=stored.size,
        sha256=stored.sha256,
        recording_id=recording.id,
        language=language,
        processing=Processing.DONE,
    )
    materials.append(row, talk=recording.talk, by=by)
    write_lines(row, lines)
    follow(recording)
    return row


def follow(recording: Material) -> None:
    """Open or close the subtitles as their recording is: what is said in it is no less its own."""
    for one in of_recording(recording):
        one.released_at, one.closes_on = recording.released_at, recording.closes_on
        one.delete_on = recording.delete_on
        one.grants = [
            Grant(grantee=row.grantee, contact_id=row.contact_id, audience_id=row.audience_id)
            for row in recording.grants
        ]
    db.session.flush()


def write_lines(subtitles: Material, lines: Sequence[Line]) -> None:
    """Let these be the lines, instead of whatever stood there."""
    db.session.execute(delete(SubtitleCue).where(SubtitleCue.material_id == subtitles.id))
    rows = [
        {
            "material_id": subtitles.id,
            "number": number,
            "start_ms": line.start_ms,
            "end_ms": line.end_ms,
            "text": line.text,
        }
        for number, line in enumerate(lines, start=1)
    ]
    if rows:
        db.session.execute(insert(SubtitleCue), rows)
    search_index.index_material(subtitles)


def of_recording(recording: Material) -> list[Material]:
    """All of them, whether released or not, by language."""
    query = select(Material).where(Material.recording_id == recording.id)
    return list(db.session.scalars(query.order_by(Material.language, Material.id)))


def lines_of(subtitles: Material) -> list[SubtitleCue]:
    """The lines in order."""
    query = select(SubtitleCue).where(SubtitleCue.material_id == subtitles.id)
    return list(db.session.scalars(query.order_by(SubtitleCue.number)))
