"""What the sample evenings play on: who acts, with which means, and at which moments."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from webinar import clock
from webinar.adapters.storage import Storage
from webinar.demo.content_types import DemoSpeaker
from webinar.extensions import db
from webinar.models import Account, Series, Speaker

_SATURDAY = 5


@dataclass(frozen=True)
class Desk:
    """Who acts, and with what."""

    account: Account
    series: Series
    speaker: Callable[[DemoSpeaker], Speaker]
    storage: Storage
    mail_domain: str
    retention_days: int
    chance: random.Random


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    """That time of the day on the clocks in Berlin."""
    return datetime.combine(day, time(hour, minute), clock.BERLIN)


@contextmanager
def at(when: datetime | None) -> Iterator[None]:
    """Hold the clock inside the block; without a moment it is now. What was written there bears
    that time: rows get theirs when they are flushed."""
    with clock.frozen(when) if when is not None else nullcontext():
        yield
        db.session.flush()


def working_day(day: date) -> date:
    """The day itself, or the Friday before a weekend."""
    return day - timedelta(days=max(0, day.weekday() - _SATURDAY + 1))
