"""The one clock: every moment in the program is an aware datetime that comes from here.

Leaves the writing of dates to `webinar.rendering.dates`. Tests freeze `now` through `frozen`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")

_frozen: ContextVar[datetime | None] = ContextVar("frozen", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _frozen.get() or datetime.now(UTC)


def berlin(moment: datetime) -> datetime:
    """The same moment on the clocks in Berlin."""
    return moment.astimezone(BERLIN)


@contextmanager
def frozen(moment: datetime) -> Iterator[None]:
    """Hold the clock at `moment` (aware) inside the block; for tests and previews."""
    if moment.tzinfo is None:
        raise ValueError("the clock takes aware datetimes only")
    token = _frozen.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)
