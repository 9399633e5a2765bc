"""A row in every table: for tests that ask of each whether it keeps, moves or forgets its rows."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from tests import factories
from tests.web import world
from tests.web.world import World
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
    Opening,
    Question,
    QuestionAnswer,
    QuestionKind,
    Recording,
    RecordingConsent,
    RecordingSource,
    Registration,
    Reminded,
    Reminder,
    RetentionCount,
    RetentionTerm,
    Room,
    SearchEntry,
    SeriesAcceptance,
    SubtitleCue,
    Topic,
    WorkerBeat,
)


def fill(app: Flask, organiser: Account) -> World:
    """The world of `tests.web.world`, and a row in each table that it leaves empty; committed."""
    found = world.build(app, organiser)
    talk = found.talk
    registration = db.session.scalars(select(Registration)).first()
    assert registration is not None
    asked, deputy = (factories.invitation(talk, factories.contact()) for _ in range(2))
    talk.topics = [Topic(name="Bauen", name_key="bauen", sort_key="bauen")]
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
        Opening(material_id=material_id, contact=asked.contact, kind="view"),
        SearchEntry(talk_id=talk.id, kind="page", material_id=material_id, place=1, words=" bau "),
        Chapter(material_id=material_id, start_ms=0, title="Begrüßung"),
        WorkerBeat(name="host:4711"),
        RetentionCount(kind="mails", count=3),
        RetentionTerm(kind="audit", days=1000),
        stay,
    ):
        factories.save(row)
    return found
