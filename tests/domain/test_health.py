"""What is known of the program's state: signs of life, waiting mail, counts without names."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from tests import factories
from webinar.clock import now
from webinar.domain import health
from webinar.extensions import db
from webinar.models import Answer, Attendance, AttendanceSource, Mail, MailState, WorkerBeat


def mail(**values: object) -> Mail:
    number = db.session.query(Mail).count()
    row = Mail(template="confirmation", key=f"k{number}", recipient="a@b.example", **values)
    factories.save(row)
    return row


def test_beat_renews_the_row_of_the_worker_and_forgets_the_dead(app: Flask) -> None:
    factories.save(WorkerBeat(name="dead", beat_at=now() - timedelta(days=2)))
    factories.save(WorkerBeat(name="mine", beat_at=now() - timedelta(minutes=5)))
    health.beat("mine")
    health.beat("other")
    names = set(db.session.scalars(db.select(WorkerBeat.name)))
    assert names == {"mine", "other"}
    found = health.last_beat()
    assert found is not None
    assert now() - found < timedelta(minutes=1)


def test_leave_takes_the_row_away(app: Flask) -> None:
    health.beat("mine")
    health.leave("mine")
    assert health.last_beat() is None


def test_mail_waits_since_the_oldest_due_one(app: Flask) -> None:
    assert health.mail_waits_since() is None
    late = mail(next_try_at=now() - timedelta(hours=2))
    mail(next_try_at=now() - timedelta(hours=3), state=MailState.SENT)
    mail(next_try_at=now() + timedelta(hours=1), state=MailState.RETRY)
    assert health.mail_waits_since() == late.next_try_at


def test_answers_count_for_the_talks_of_these_days(app: Flask) -> None:
    soon, over = factories.talk(), factories.talk()
    over.starts_at, over.ends_at = now() - timedelta(days=4), now() - timedelta(days=3)
    factories.invitation(soon, factories.contact())
    factories.invitation(over, factories.contact())
    db.session.flush()
    assert health.answers() == {Answer.NONE: 1}


def test_in_the_room_counts_stays_that_have_not_ended(app: Flask) -> None:
    talk = factories.talk()
    for joined, left, source in (
        (now(), None, AttendanceSource.ROOM),
        (now(), now(), AttendanceSource.ROOM),
        (now(), None, AttendanceSource.HALL),
        (now() - timedelta(days=1), None, AttendanceSource.ROOM),
    ):
        factories.save(Attendance(talk_id=talk.id, source=source, joined_at=joined, left_at=left))
    assert health.in_the_room() == 1
