"""The audit log as it is read: narrowed, in order, and with the records that it is about."""

from __future__ import annotations

from datetime import UTC, date, datetime

from flask import Flask

from tests import factories
from tests.queries import counted
from webinar.domain import audit, audit_subjects
from webinar.extensions import db
from webinar.models import Account, AuditEntry
from webinar.models.base import Model


def line(subject: Model, *, at: datetime, by: Account | None = None) -> AuditEntry:
    entry = AuditEntry(
        action="talk.edited",
        record_type=subject.__tablename__,
        record_id=subject.id,  # type: ignore[attr-defined]  # every table has one
        at=at,
        account_id=by.id if by is not None else None,
    )
    factories.save(entry)
    return entry


def moment(day: int, hour: int) -> datetime:
    return datetime(2027, 1, day, hour, tzinfo=UTC)


def found(**narrowed: object) -> list[int]:
    entries = db.session.scalars(audit.entries(**narrowed))  # type: ignore[arg-type]
    return [entry.id for entry in entries]


def test_entries_come_the_newest_first(app: Flask) -> None:
    talk = factories.talk()
    older, newer = line(talk, at=moment(4, 9)), line(talk, at=moment(5, 9))
    assert found() == [newer.id, older.id]


def test_entries_are_narrowed_by_account_and_kind(app: Flask) -> None:
    talk, contact, account = factories.talk(), factories.contact(), factories.account()
    hers = line(talk, at=moment(4, 9), by=account)
    programs = line(contact, at=moment(4, 10))
    assert found(account=account.id) == [hers.id]
    assert found(record_type="contacts") == [programs.id]


def test_entries_are_narrowed_by_days_of_berlin_both_included(app: Flask) -> None:
    """23:30 UTC on the fourth is half past midnight on the fifth in Berlin."""
    talk = factories.talk()
    fourth, fifth = line(talk, at=moment(4, 22)), line(talk, at=moment(4, 23))
    assert found(since=date(2027, 1, 5)) == [fifth.id]
    assert found(until=date(2027, 1, 4)) == [fourth.id]
    assert found(since=date(2027, 1, 4), until=date(2027, 1, 5)) == [fifth.id, fourth.id]


def test_actors_are_those_whom_the_log_knows(app: Flask) -> None:
    factories.account()
    known = factories.account()
    line(factories.talk(), at=moment(4, 9), by=known)
    assert list(audit.actors()) == [known]


def test_subjects_are_the_records_and_leave_out_what_is_gone(app: Flask) -> None:
    talk, contact = factories.talk(), factories.contact()
    entries = [line(talk, at=moment(4, 9)), line(contact, at=moment(4, 9))]
    db.session.expunge(entries[1])  # a line that is written does not change any more
    entries[1].record_id += 1000
    assert audit_subjects.subjects(entries) == {("talks", talk.id): talk}


def test_subjects_ask_once_for_each_kind(app: Flask) -> None:
    entries = [
        line(subject, at=moment(4, 9))
        for subject in (factories.talk(), factories.talk(), factories.contact())
    ]
    db.session.expunge_all()
    with counted() as statements:
        audit_subjects.subjects(entries)
    assert len(statements) == 2
