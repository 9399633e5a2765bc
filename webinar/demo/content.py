"""The invented series with three evenings behind and three ahead of any given day.

Values alone, no database: whoever builds the sample set-up writes them. People, offices of persons
and telephone numbers are invented; addresses end in `.example` and reach nobody (RFC 2606).
"""

from datetime import date, timedelta

from webinar.demo.content_talks import COMING, PAST
from webinar.demo.content_types import DatedTalk, DemoSeries

THURSDAY = 3
_PAST_DAYS = (182, 121, 60)  # about six, four and two months
_COMING_WEEKS = (3, 7, 11)

SERIES = DemoSeries(
    slug="after-work-wissen",
    name="After-Work-Wissen",
    description="""\
Ein Thema, ein Abend, neunzig Minuten: Die Reihe bringt Bürgermeisterinnen und Bürgermeister, den
Kreistag und die Führungskräfte der Verwaltungen im Landkreis mit Menschen zusammen, die ein
Vorhaben der Digitalisierung schon hinter sich haben.

Jeder Abend beginnt um 18 Uhr mit einem Bericht aus der Praxis. Danach ist Zeit für Fragen. Sie
nehmen im Videoraum teil oder, wo es einen gibt, im Saal. Unterlagen und Aufzeichnungen finden Sie
anschließend im Rückblick.
""",
    host="Landrat Johannes Weidner",
    signature="Miriam Hartmann\nBüro des Landrats",
    contact_person="Miriam Hartmann",
    contact_phone="0931 0000-123",
)


def past_talks(today: date) -> tuple[DatedTalk, ...]:
    """The three evenings before `today`, oldest first, each on a Thursday."""
    days = (_thursday_before(today - timedelta(days=days)) for days in _PAST_DAYS)
    return tuple(
        DatedTalk(talk=talk, day=day, past=True) for talk, day in zip(PAST, days, strict=True)
    )


def coming_talks(today: date) -> tuple[DatedTalk, ...]:
    """The three evenings after `today`, soonest first, each on a Thursday."""
    days = (_thursday_after(today + timedelta(weeks=weeks)) for weeks in _COMING_WEEKS)
    return tuple(
        DatedTalk(talk=talk, day=day, past=False) for talk, day in zip(COMING, days, strict=True)
    )


def all_talks(today: date) -> tuple[DatedTalk, ...]:
    """All six evenings in the order of the calendar."""
    return past_talks(today) + coming_talks(today)


def _thursday_before(day: date) -> date:
    return day - timedelta(days=(day.weekday() - THURSDAY) % 7)


def _thursday_after(day: date) -> date:
    return day + timedelta(days=(THURSDAY - day.weekday()) % 7)
