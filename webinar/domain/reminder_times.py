"""When a reminder goes out: computed from the talk each time, never stored.

A step is counted back from the closing time of registration for those who have not answered, else
from the start. `minutes` have elapsed; `days` mean the same wall clock so many days before, in the
zone of the talk, whatever the clocks did in between. Whom it goes to is `domain.reminded`'s,
writing the mails `domain.reminders`'.

The one rule of courtesy: a step in days that would fall before 7:00 or after 20:00 goes out at 8:00
of that day. A closing time is often 23:59, and nobody wants a reminder at midnight. A step in
minutes keeps its moment: it belongs to the evening itself.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from webinar.clock import now
from webinar.domain import times
from webinar.models import Reminded, Reminder, Talk

EARLIEST = time(7)
LATEST = time(20)
INSTEAD = time(8)
"""When a step in days goes out whose own hour lies outside of the two before."""


def counted_from(reminder: Reminder) -> datetime:
    """The moment that the step is counted back from; nothing of it goes out afterwards."""
    talk = reminder.talk
    if reminder.reminded == Reminded.UNANSWERED:
        return times.registration_end(talk)
    return talk.starts_at


def due_at(reminder: Reminder) -> datetime:
    """When the step goes out, as the talk stands now."""
    end = counted_from(reminder)
    if not reminder.days:
        return end - timedelta(minutes=reminder.minutes)
    zone = reminder.talk.zone
    local = times.wall_clock(end, zone=zone) - timedelta(days=reminder.days)
    if not EARLIEST <= local.time() <= LATEST:
        local = datetime.combine(local.date(), INSTEAD)
    # Not `times.moment`: it refuses an hour that the clock skips, and a reminder may not fail.
    return local.replace(tzinfo=times.zone_of(zone)).astimezone(UTC)


def waits(reminder: Reminder) -> bool:
    """Whether the moment has come and was not worked off."""
    at = due_at(reminder)
    return at <= now() and reminder.done_for != at


def local_date(talk: Talk) -> str:
    """The day of the talk on its own wall clock: a talk on another day is reminded of anew."""
    return times.wall_clock(talk.starts_at, zone=talk.zone).date().isoformat()
