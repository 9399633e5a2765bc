"""Reminders: what is due, and writing its mails, exactly once per person, step and day of the talk.

A moment is computed, never stored, so that moving a talk moves what has not gone out; the step only
remembers for which moment it was worked off. The day of the talk stands in the key of each mail: a
talk that was postponed reminds anew, one that moved by half an hour reminds nobody twice. Moments
are `domain.reminder_times`', people `domain.reminded`'s, what organisers do to the steps
`domain.reminder_plans`'; the worker asks every minute (`webinar.jobs.reminders`).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, String, and_, cast, exists, literal, not_, select
from sqlalchemy.orm import InstrumentedAttribute, contains_eager

from webinar.clock import now
from webinar.domain import mail, registrations, reminded
from webinar.domain.reminder_times import counted_from, due_at, local_date, waits
from webinar.extensions import db
from webinar.models import Contact, Mail, Reminded, Reminder, Speaker, Talk, TalkState

BATCH = 100
"""Mails in one transaction: it holds the lock of the talk, and answers wait for it."""
HOUR = 60
DEFAULTS: tuple[tuple[Reminded, int, int], ...] = (
    (Reminded.UNANSWERED, 7, 0),
    (Reminded.COMING, 1, 0),
    (Reminded.COMING, 0, HOUR),
    (Reminded.SPEAKERS, 1, 0),
)
"""Whom, days, minutes: what a new talk begins with."""


def set_up(talk: Talk, *, template: Talk | None = None) -> None:
    """Give the new talk its steps: those of the talk that it copies, else the usual ones."""
    found = DEFAULTS if template is None else [_values(row) for row in of_talk(template)]
    for whom, days, minutes in found:
        db.session.add(Reminder(talk=talk, reminded=whom, days=days, minutes=minutes))
    db.session.flush()


def _values(row: Reminder) -> tuple[Reminded, int, int]:
    return Reminded(row.reminded), row.days, row.minutes


def of_talk(talk: Talk) -> Sequence[Reminder]:
    """The steps of the talk, as the database has them now."""
    query = select(Reminder).where(Reminder.talk_id == talk.id).order_by(Reminder.id)
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def due() -> list[Reminder]:
    """The steps of published talks to come whose moment has come and was not worked off."""
    query = (
        select(Reminder)
        .join(Reminder.talk)
        .where(Talk.state == TalkState.PUBLISHED, Talk.starts_at > now())
        .options(contains_eager(Reminder.talk))
        .order_by(Reminder.id)
        .execution_options(populate_existing=True)
    )
    return [reminder for reminder in db.session.scalars(query) if waits(reminder)]


def remind(reminder_id: int, *, batch: int = BATCH) -> bool:
    """Write the mails of the next `batch` people; True once nothing is left to do.

    Each call belongs in a transaction of its own. Who has the mail of this step and day is not
    asked for again, so a crash repeats at most one batch, and that one wrote nothing.
    """
    reminder = db.session.get(Reminder, reminder_id)
    if reminder is None:
        return True
    talk = reminder.talk
    registrations.lock(talk)
    steps = {row.id: row for row in of_talk(talk)}
    if reminder_id not in steps or talk.state != TalkState.PUBLISHED or not waits(reminder):
        return True
    people = [] if _too_late(reminder, list(steps.values())) else _next(reminder, batch)
    for person in people:
        _write(reminder, person)
    if len(people) < batch:
        reminder.done_for = due_at(reminder)
    db.session.flush()
    return len(people) < batch


def _too_late(reminder: Reminder, steps: list[Reminder]) -> bool:
    """Whether the step is passed over: its time is over, a later one to the same people is due as
    well (no worker ran), or its moment came before the talk was published."""
    at, talk = due_at(reminder), reminder.talk
    if now() >= counted_from(reminder):
        return True
    if talk.published_at is not None and at < talk.published_at:
        return True
    return any(
        other.reminded == reminder.reminded and at < due_at(other) <= now() for other in steps
    )


def _next(reminder: Reminder, batch: int) -> Sequence[Contact | Speaker]:
    """The next people who have no mail of the step."""
    talk, at, whom = reminder.talk, due_at(reminder), Reminded(reminder.reminded)
    if whom is Reminded.SPEAKERS:
        query = reminded.speakers(talk, by=at).where(
            *_has_none(reminder, Speaker.id, Mail.speaker_id)
        )
        return db.session.scalars(query.order_by(Speaker.id).limit(batch)).all()
    found = reminded.contacts(talk, reminded=whom, by=at).where(
        *_has_none(reminder, Contact.id, Mail.contact_id)
    )
    return db.session.scalars(found.order_by(Contact.id).limit(batch)).all()


def _has_none(
    reminder: Reminder,
    person_id: InstrumentedAttribute[int],
    owner: InstrumentedAttribute[int | None],
) -> list[ColumnElement[bool]]:
    """Neither under the person's own number nor taken over from a contact that was merged."""
    begins = prefix(reminder)
    key = literal(begins).concat(cast(person_id, String))
    taken_over = and_(owner == person_id, Mail.key.startswith(begins, autoescape=True))
    return [not_(exists().where(Mail.key == key)), not_(exists().where(taken_over))]


def prefix(reminder: Reminder) -> str:
    """How the keys of the step's mails begin, for the day of the talk as it stands now; the number
    of the person follows."""
    step = f"{reminder.days}d{reminder.minutes}m"
    return f"reminder:{reminder.talk_id}:{reminder.reminded}:{step}:{local_date(reminder.talk)}:"


def _write(reminder: Reminder, person: Contact | Speaker) -> None:
    talk = reminder.talk
    template = reminded.TEMPLATES[Reminded(reminder.reminded)]
    key = f"{prefix(reminder)}{person.id}"
    params = {"date": local_date(talk), "evening": reminded.evening(talk)}
    ends = counted_from(reminder)
    if isinstance(person, Speaker):
        mail.to_speaker(template, person, key=key, talk=talk, not_after=ends, params=params)
    else:
        mail.to_contact(template, person, key=key, talk=talk, not_after=ends, params=params)
