"""Hours at which mail rests: by the wall clock in Berlin, across both clock changes; and what goes
all the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from tests import factories
from webinar.clock import frozen
from webinar.config import ROOT, QuietHours
from webinar.domain import delivery, mail, quiet_hours
from webinar.domain.quiet_hours import AT_ONCE, IN_TIME, end_of, may_go, quiet_at
from webinar.extensions import db
from webinar.models import Contact, Mail, Talk

NIGHT = QuietHours(22, 6)
LATE = factories.at("2026-12-07T22:30")
"""23:30 in Berlin."""
BERLIN = ZoneInfo("Europe/Berlin")


def berlin(wall: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("wall", "quiet"),
    [
        ("2026-12-07T21:59", False),
        ("2026-12-07T22:00", True),
        ("2026-12-08T00:00", True),
        ("2026-12-08T05:59", True),
        ("2026-12-08T06:00", False),
        ("2026-07-07T22:00", True),
        ("2026-07-08T06:00", False),
    ],
)
def test_quiet_hours_follow_the_wall_clock(wall: str, quiet: bool) -> None:
    assert quiet_at(NIGHT, berlin(wall)) is quiet


def test_hours_of_one_day_are_quiet_between_them() -> None:
    noon = QuietHours(12, 14)
    assert [quiet_at(noon, berlin(f"2026-12-07T{hour}:30")) for hour in (11, 12, 13, 14)] == [
        False,
        True,
        True,
        False,
    ]


def test_night_of_the_clock_change_is_an_hour_shorter_or_longer() -> None:
    spring = end_of(NIGHT, berlin("2027-03-27T22:00")) - berlin("2027-03-27T22:00")
    autumn = end_of(NIGHT, berlin("2027-10-30T22:00")) - berlin("2027-10-30T22:00")
    assert (spring, autumn) == (timedelta(hours=7), timedelta(hours=9))


def test_hour_that_comes_twice_is_quiet_twice() -> None:
    two = QuietHours(2, 3)
    assert quiet_at(two, berlin("2027-10-31T02:30", fold=0))
    assert quiet_at(two, berlin("2027-10-31T02:30", fold=1))
    assert end_of(two, berlin("2027-10-31T02:30", fold=0)) == berlin("2027-10-31T03:00")


def test_hour_that_is_left_out_ends_nothing_where_the_next_is_quiet() -> None:
    nearly_always = QuietHours(3, 2)
    assert end_of(nearly_always, berlin("2027-03-28T01:30")) == berlin("2027-03-29T02:00")


hour = st.integers(0, 23)
around = st.sampled_from(
    ["2026-12-07T12:00", "2027-03-27T12:00", "2027-07-07T12:00", "2027-10-30T12:00"]
)
"""Two of them are the days before a clock change."""


@pytest.mark.property
@given(
    hours=st.tuples(hour, hour).filter(lambda pair: pair[0] != pair[1]),
    day=around,
    later=st.timedeltas(timedelta(0), timedelta(days=3)),
)
def test_end_is_the_first_moment_that_is_not_quiet(
    hours: tuple[int, int], day: str, later: timedelta
) -> None:
    """Against a walk through the hours, which begin and end with those of UTC."""
    quiet, moment = QuietHours(*hours), berlin(day) + later
    if not quiet_at(quiet, moment):
        return
    walk = moment.replace(minute=0, second=0, microsecond=0)
    while quiet_at(quiet, walk):
        walk += timedelta(hours=1)
    assert end_of(quiet, moment) == walk
    assert walk - moment <= timedelta(hours=49)


# What goes all the same


def waiting(template: str, *, talk: Talk | None = None, not_after: datetime | None = None) -> Mail:
    contact = db.session.scalar(select(Contact)) or factories.contact()
    row = mail.to_contact(
        template, contact, key=f"{template}:{talk and talk.id}", talk=talk, not_after=not_after
    )
    assert row is not None
    db.session.commit()
    return row


def goes(at: datetime) -> set[str]:
    """The keys of the mails that are claimed at that moment."""
    with frozen(at):
        only = may_go(NIGHT)
        due = delivery.anything_due(only=only)
        _token, mails = delivery.claim(count=50, until=at + timedelta(hours=1), only=only)
        assert bool(mails) is due
        keys = {row.key for row in mails}
        db.session.rollback()
    return keys


def test_invitations_rest_and_answers_do_not(app: Flask) -> None:
    with frozen(LATE):
        talk = factories.talk(starts_at=LATE + timedelta(days=7))
        for template in ("invitation", "message", "materials", "reminder_coming", "confirmation"):
            waiting(template, talk=talk)
        waiting("personal_page")
    assert goes(LATE) == {f"confirmation:{talk.id}", "personal_page:None"}
    assert len(goes(berlin("2026-12-08T06:00"))) == 6


def test_cancellation_rests_only_while_the_evening_is_far(app: Flask) -> None:
    with frozen(LATE):
        near = factories.talk(starts_at=LATE + timedelta(hours=20))
        far = factories.talk(starts_at=LATE + timedelta(hours=25))
        for talk in (near, far):
            waiting("cancelled", talk=talk)
            waiting("moved", talk=talk)
    assert goes(LATE) == {f"cancelled:{near.id}", f"moved:{near.id}"}


def test_mail_that_would_be_too_late_in_the_morning_does_not_rest(app: Flask) -> None:
    with frozen(LATE):
        talk = factories.talk(starts_at=LATE + timedelta(hours=1))
        waiting("reminder_coming", talk=talk, not_after=LATE + timedelta(hours=1))
        waiting("reminder_unanswered", talk=talk, not_after=LATE + timedelta(days=1))
    assert goes(LATE) == {f"reminder_coming:{talk.id}"}


def test_test_to_the_staff_does_not_rest(app: Flask) -> None:
    with frozen(LATE):
        mail.to_account("invitation", factories.account(), key="test")
        db.session.commit()
    assert goes(LATE) == {"test"}


def test_nothing_rests_by_day_or_without_quiet_hours() -> None:
    with frozen(berlin("2026-12-07T12:00")):
        assert may_go(NIGHT) is None
    with frozen(LATE):
        assert may_go(None) is None


def test_named_templates_exist() -> None:
    folders = {path.name for path in Path(ROOT, "templates", "mail").iterdir() if path.is_dir()}
    assert folders >= AT_ONCE | IN_TIME
    assert not AT_ONCE & IN_TIME
    assert timedelta(hours=24) == quiet_hours.NEAR
