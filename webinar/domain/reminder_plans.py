"""The reminders of one talk at the desk: each step with its moment and its people, and what
organisers do to them.

What has not gone out of a step that is changed or taken away is stopped. A step whose moment has
passed when it is added stays quiet: nobody is reminded because somebody pressed a button. Writing
the mails is `domain.reminders`'.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import joinedload

from webinar.clock import now
from webinar.domain import audit, mail, registrations, reminded, reminders, times
from webinar.domain.reminder_times import counted_from, due_at, waits
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Contact,
    Mail,
    MailState,
    Reminded,
    Reminder,
    Speaker,
    Talk,
    TalkState,
)

MOST_DAYS = 60
MOST_MINUTES = 48 * 60
_STOPPED = (MailState.ABORTED, MailState.OBSOLETE)


class Stage(StrEnum):
    """How far a step is."""

    AHEAD = "ahead"
    DUE = "due"
    """The worker writes its mails at this moment."""
    GONE = "gone"
    PASSED = "passed"
    """Its moment is over, and nobody got a mail."""


@dataclass(frozen=True)
class Step:
    """`people`: who got the mail, or who would get it as things stand."""

    reminder: Reminder
    at: datetime
    stage: Stage
    people: int


def find(talk: Talk, reminder_id: int) -> Reminder:
    """The step of that talk; raises `NotThere`."""
    query = select(Reminder).where(Reminder.id == reminder_id, Reminder.talk_id == talk.id)
    reminder = db.session.scalar(query.options(joinedload(Reminder.talk)))
    if reminder is None:
        raise NotThere("record_missing")
    return reminder


def steps(talk: Talk) -> list[Step]:
    """The steps in the order in which they go out, in five queries."""
    rows = reminders.of_talk(talk)
    written = _written(talk, list(rows))
    meant = {whom: reminded.count(talk, reminded=whom) for whom in Reminded}
    found = [_step(row, written[row.id], meant[Reminded(row.reminded)]) for row in rows]
    return sorted(found, key=lambda step: (step.at, step.reminder.id))


def _step(row: Reminder, written: int, meant: int) -> Step:
    at = due_at(row)
    if written:
        # A talk that moved within its day after it was reminded of keeps the moment that counted.
        return Step(row, row.done_for or at, Stage.GONE, written)
    if at > now():
        return Step(row, at, Stage.AHEAD, meant)
    under_way = row.talk.state == TalkState.PUBLISHED and waits(row) and now() < counted_from(row)
    return Step(row, at, Stage.DUE, meant) if under_way else Step(row, at, Stage.PASSED, 0)


def _written(talk: Talk, rows: list[Reminder]) -> dict[int, int]:
    """How many mails of each step went out or still will, by the step's id; one query for all."""
    if not rows:
        return {}
    counts = [func.count(case((_mails_of(row), 1))) for row in rows]
    of_talk = and_(Mail.talk_id == talk.id, Mail.template.in_(reminded.REMINDERS))
    found = db.session.execute(select(*counts).where(of_talk, Mail.state.not_in(_STOPPED))).one()
    return {row.id: int(number) for row, number in zip(rows, found, strict=True)}


def _mails_of(reminder: Reminder) -> ColumnElement[bool]:
    return Mail.key.startswith(reminders.prefix(reminder), autoescape=True)


def ahead(talk: Talk, *, whom: Reminded) -> datetime | None:
    """When the next reminder to these people goes out; None where none is planned."""
    moments = [due_at(row) for row in reminders.of_talk(talk) if row.reminded == whom]
    return min((at for at in moments if at > now()), default=None)


def first_reader(reminder: Reminder) -> Contact | Speaker | None:
    """Who would read it first, by name; None where nobody would."""
    talk = reminder.talk
    if reminder.reminded == Reminded.SPEAKERS:
        return next(iter(talk.speakers), None)
    query = reminded.contacts(talk, reminded=Reminded(reminder.reminded))
    query = query.options(joinedload(Contact.organisation))
    return db.session.scalar(query.order_by(Contact.sort_key, Contact.id).limit(1))


def add(talk: Talk, *, whom: Reminded, days: int = 0, minutes: int = 0, by: Account) -> Reminder:
    """Add a step; raises `RuleError` for one that is there, too long before, or comes too late."""
    _begin(talk)
    _check(talk, whom=whom, days=days, minutes=minutes)
    reminder = Reminder(talk=talk, reminded=whom, days=days, minutes=minutes)
    _keep_quiet(reminder)
    db.session.add(reminder)
    db.session.flush()
    audit.record("talk.reminder_added", talk, by=by, changes=_words(reminder))
    return reminder


def change(reminder: Reminder, *, whom: Reminded, days: int, minutes: int, by: Account) -> None:
    """Let the step go to others, or at another moment; what it has not sent is stopped."""
    talk = reminder.talk
    _begin(talk)
    before = _words(reminder)
    if before == {"reminded": str(whom), "days": days, "minutes": minutes}:
        return
    _check(talk, whom=whom, days=days, minutes=minutes)
    _stop(reminder)
    reminder.reminded, reminder.days, reminder.minutes = whom, days, minutes
    reminder.done_for = None
    _keep_quiet(reminder)
    db.session.flush()
    after = _words(reminder)
    changes = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
    audit.record("talk.reminder_changed", talk, by=by, changes=changes)


def remove(reminder: Reminder, *, by: Account) -> None:
    """Take the step away; what it has not sent is stopped."""
    talk = reminder.talk
    _begin(talk)
    _take_away(reminder)
    audit.record("talk.reminder_removed", talk, by=by, changes=_words(reminder))


def switch_off(talk: Talk, *, by: Account) -> int:
    """Take every step away; returns how many there were."""
    _begin(talk)
    rows = reminders.of_talk(talk)
    for reminder in rows:
        _take_away(reminder)
    if rows:
        audit.record("talk.reminders_off", talk, by=by, changes={"steps": len(rows)})
    return len(rows)


def switch_on(talk: Talk, *, by: Account) -> None:
    """Give a talk without steps the usual ones."""
    _begin(talk)
    if reminders.of_talk(talk):
        return
    reminders.set_up(talk)
    rows = reminders.of_talk(talk)
    for reminder in rows:
        _keep_quiet(reminder)
    audit.record("talk.reminders_on", talk, by=by, changes={"steps": len(rows)})
    db.session.flush()


def _begin(talk: Talk) -> None:
    """Lock the talk, as `reminders.remind` does, and refuse where no reminder can go out."""
    registrations.lock(talk)
    if talk.state == TalkState.CANCELLED:
        raise RuleError("talk_is_cancelled")
    if times.started(talk):
        raise RuleError("reminder_after_start")


def _check(talk: Talk, *, whom: Reminded, days: int, minutes: int) -> None:
    if not (0 < days <= MOST_DAYS if days else 0 < minutes <= MOST_MINUTES):
        raise RuleError(
            "reminder_out_of_range", field="number", days=MOST_DAYS, hours=MOST_MINUTES // 60
        )
    wanted = (whom, days, minutes)
    if any((row.reminded, row.days, row.minutes) == wanted for row in reminders.of_talk(talk)):
        raise RuleError("reminder_exists", field="number")


def _keep_quiet(reminder: Reminder) -> None:
    at = due_at(reminder)
    if at <= now():
        reminder.done_for = at


def _take_away(reminder: Reminder) -> None:
    _stop(reminder)
    db.session.delete(reminder)
    db.session.flush()


def _stop(reminder: Reminder) -> None:
    waiting = (MailState.QUEUED, MailState.RETRY)
    query = select(Mail).where(
        Mail.talk_id == reminder.talk_id, Mail.state.in_(waiting), _mails_of(reminder)
    )
    for row in db.session.scalars(query):
        mail.move(row, MailState.ABORTED)


def _words(reminder: Reminder) -> dict[str, object]:
    return {
        "reminded": str(reminder.reminded),
        "days": reminder.days,
        "minutes": reminder.minutes,
    }
