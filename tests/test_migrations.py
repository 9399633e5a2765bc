"""Every migration with rows in every table: what a step back and forward keeps.

SQLite changes a table by copying it; a cascade or a forgotten default would show here as rows that
are gone or changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from sqlalchemy import MetaData, select

from tests import factories
from tests.web import world
from webinar.clock import now
from webinar.extensions import db
from webinar.models import (
    Account,
    Attendance,
    AttendanceSource,
    CalendarReply,
    Chapter,
    ConsentAnswer,
    Deputy,
    Feedback,
    InboxKind,
    InboxMessage,
    InboxReading,
    Material,
    Mode,
    Question,
    QuestionAnswer,
    QuestionKind,
    Recording,
    RecordingConsent,
    RecordingSource,
    Registration,
    Reminded,
    Reminder,
    Room,
    SeriesAcceptance,
    SubtitleCue,
    WorkerBeat,
)

Row = Mapping[str, Any]
MOVED = {("talk_speakers", "recording_consent_at")}
"""Columns that a later revision keeps in another table; the way back has to bring their values."""


@pytest.fixture
def filled(app: Flask, organiser: Account) -> Iterator[None]:
    """A database with a row in every table, left at the newest revision."""
    talk = world.build(app, organiser).talk
    registration = db.session.scalars(select(Registration)).first()
    assert registration is not None
    asked, deputy = (factories.invitation(talk, factories.contact()) for _ in range(2))
    question = Question(talk=talk, position=0, kind=QuestionKind.TEXT, text="Parkplatz nötig?")
    stay = Attendance(
        talk_id=talk.id,
        registration_id=registration.id,
        source=AttendanceSource.HALL,
        joined_at=now() - timedelta(minutes=5),
        left_at=now(),
    )
    material_id = db.session.scalars(select(Material.id)).first()
    for row in (
        Deputy(invitation=asked, deputy_invitation=deputy),
        SeriesAcceptance(series=talk.series, contact=asked.contact, mode=Mode.ONLINE),
        Room(talk=factories.talk(), name="abend-7f3a91"),
        question,
        QuestionAnswer(registration=registration, question=question, text="ja"),
        Reminder(talk=talk, reminded=Reminded.COMING, days=2),
        InboxMessage(fingerprint="b" * 64, kind=InboxKind.ANSWER, talk=talk, details={"rule": "x"}),
        CalendarReply(talk_id=talk.id, contact_id=asked.contact_id, sequence=0, stamp=now()),
        InboxReading(source="imap", read_at=now()),
        Recording(key="c" * 64, source=RecordingSource.JIBRI, room_name="abend", talk=talk),
        RecordingConsent(talk_id=talk.id, speaker_id=talk.speakers[0].id, answer=ConsentAnswer.YES),
        Feedback(talk_id=talk.id, ticket="t" * 32, given_on=now().date(), rating=4, text="Gut"),
        SubtitleCue(material_id=material_id, number=1, start_ms=0, end_ms=900, text="Guten Abend"),
        Chapter(material_id=material_id, start_ms=0, title="Begrüßung"),
        WorkerBeat(name="host:4711"),
        stay,
    ):
        factories.save(row)
    db.session.remove()
    yield
    flask_migrate.upgrade()


def tables() -> dict[str, list[Row]]:
    """Every row of every table as the database has it now, by id."""
    metadata = MetaData()
    with db.engine.connect() as connection:
        metadata.reflect(connection)
        return {
            table.name: [
                dict(row)
                for row in connection.execute(
                    select(table).order_by(*table.primary_key.columns)
                ).mappings()
            ]
            for table in metadata.sorted_tables
            if table.name != "alembic_version"
        }


def revisions() -> list[str]:
    """Newest first."""
    found = ScriptDirectory(current_app.extensions["migrate"].directory).walk_revisions()
    return [script.revision for script in found]


@pytest.mark.usefixtures("filled")
def test_every_migration_keeps_the_rows_of_every_table() -> None:
    assert [name for name, rows in tables().items() if not rows] == []
    for revision in revisions()[1:]:
        flask_migrate.downgrade(revision=revision)
        before = tables()
        flask_migrate.upgrade(revision="+1")
        after = tables()
        flask_migrate.downgrade(revision=revision)
        for name, rows in before.items():
            kept = [key for key in (rows[0] if rows else ()) if (name, key) not in MOVED]
            shared, stood = (
                [{k: row[k] for k in kept} for row in some] for some in (after[name], rows)
            )
            assert shared == stood, f"{name} lost rows or values on the way up from {revision}"
        assert tables() == before, f"not the same after going up from {revision} and back"
