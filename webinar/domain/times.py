"""What the clock says about a talk: wall clock to moment, door, phase, registration.

Nothing of it is stored. Door times come from the settings as minutes; the organiser can open early
(`Talk.opens_at`) and extend (`Talk.extended_until`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import func

from webinar.clock import now
from webinar.errors import RuleError
from webinar.models import Talk, TalkState

END = func.coalesce(Talk.extended_until, Talk.ends_at)
"""`end` in a query."""


class Phase(StrEnum):
    UPCOMING = "upcoming"
    OPEN = "open"
    """The door is open, the talk has not begun."""
    RUNNING = "running"
    OVER = "over"


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name; raises `RuleError` on the field `zone`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        # The name is looked up as a file: "Europe" is a folder.
        raise RuleError("zone_unknown", field="zone") from problem


def moment(local: datetime, *, zone: str, second_hour: bool = False, field: str = "") -> datetime:
    """The moment when the wall clock of `zone` shows the naive `local`.

    Of a doubled hour (autumn) the first is meant unless `second_hour`. An hour that the clock skips
    (spring) raises `RuleError`.
    """
    there = local.replace(tzinfo=zone_of(zone), fold=1 if second_hour else 0)
    found = there.astimezone(UTC)
    if found.astimezone(there.tzinfo).replace(tzinfo=None) != local:
        raise RuleError("hour_skipped", field=field or None, hour=local.strftime("%H:%M"))
    return found


def doubled(local: datetime, *, zone: str) -> bool:
    """Whether the clock of `zone` shows the naive `local` twice (the night in autumn)."""
    first, second = (local.replace(tzinfo=zone_of(zone), fold=fold) for fold in (0, 1))
    # In the skipped hour of spring the offsets differ too, but there the first is the larger.
    return first.astimezone(UTC) < second.astimezone(UTC)


def wall_clock(at: datetime, *, zone: str) -> datetime:
    """What the clock of `zone` shows at the moment `at`: a naive datetime."""
    return at.astimezone(zone_of(zone)).replace(tzinfo=None)


def end(talk: Talk) -> datetime:
    """When the talk ends, extension included."""
    return max(talk.ends_at, talk.extended_until or talk.ends_at)


def opens(talk: Talk, *, minutes: int) -> datetime:
    """When the door opens for those to whom it opens `minutes` before the start."""
    usual = talk.starts_at - timedelta(minutes=minutes)
    return min(usual, talk.opens_at) if talk.opens_at is not None else usual


def phase(talk: Talk, *, minutes: int, at: datetime | None = None) -> Phase:
    """Where the talk stands at the moment `at` (now)."""
    at = at or now()
    if at >= end(talk):
        return Phase.OVER
    if at >= talk.starts_at:
        return Phase.RUNNING
    return Phase.OPEN if at >= opens(talk, minutes=minutes) else Phase.UPCOMING


def started(talk: Talk, *, at: datetime | None = None) -> bool:
    """From the start on no answer changes any more."""
    return (at or now()) >= talk.starts_at


def registration_end(talk: Talk) -> datetime:
    """When registration closes: the closing time, at the latest the start."""
    closes = talk.registration_closes_at
    return talk.starts_at if closes is None else min(closes, talk.starts_at)


def local_closing(talk: Talk) -> datetime | None:
    """The closing time on the wall clock of the talk, if one was set."""
    closes = talk.registration_closes_at
    return None if closes is None else wall_clock(closes, zone=talk.zone)


def local_opening(talk: Talk) -> datetime | None:
    """The opening time on the wall clock of the talk, if one was set."""
    opens_at = talk.registration_opens_at
    return None if opens_at is None else wall_clock(opens_at, zone=talk.zone)


def registration_open(talk: Talk, *, at: datetime | None = None) -> bool:
    """Whether a place can be asked for at the moment `at` (now)."""
    at = at or now()
    return (
        talk.state == TalkState.PUBLISHED
        and not registration_ahead(talk, at=at)
        and at < registration_end(talk)
    )


def registration_ahead(talk: Talk, *, at: datetime | None = None) -> bool:
    """Whether registration opens only after the moment `at` (now)."""
    opens_at = talk.registration_opens_at
    return opens_at is not None and (at or now()) < opens_at


def check_registration(talk: Talk) -> None:
    """Raise `RuleError` where no place can be asked for now: too early, or too late."""
    if registration_ahead(talk):
        raise RuleError("registration_not_open")
    if not registration_open(talk):
        raise RuleError("registration_closed")
