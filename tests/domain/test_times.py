"""Wall clock and moment, over all zones and clock changes; door, phase and registration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from flask import Flask
from hypothesis import assume, given
from hypothesis import strategies as st

from tests import factories
from webinar.clock import frozen
from webinar.domain import times
from webinar.domain.times import Phase
from webinar.errors import RuleError
from webinar.models import TalkState


def wall(text: str) -> datetime:
    """What a clock on the wall shows: the one naive kind."""
    return datetime.fromisoformat(text)


pytestmark = pytest.mark.property
ZONES = sorted(available_timezones())
locals_ = st.datetimes(min_value=wall("1990-01-01"), max_value=wall("2060-01-01")).map(
    lambda local: local.replace(second=0, microsecond=0)
)
berlin = st.just("Europe/Berlin")
zones = st.one_of(berlin, st.sampled_from(ZONES))
near_changes = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes),
    st.sampled_from([wall("2027-03-28T02:00"), wall("2027-10-31T02:00")]),
    st.integers(-180, 180),
)


def exists(local: datetime, zone: str) -> bool:
    """By the clocks themselves: whether some moment of the day before to after shows it."""
    around = datetime(local.year, local.month, local.day, tzinfo=UTC) - timedelta(days=1)
    clock = ZoneInfo(zone)
    offsets = {(around + timedelta(hours=hour)).astimezone(clock).utcoffset() for hour in range(73)}
    shown = [
        (local.replace(tzinfo=UTC) - offset).astimezone(clock).replace(tzinfo=None)
        for offset in offsets
        if offset is not None
    ]
    return local in shown


@given(local=st.one_of(locals_, near_changes), zone=zones, second=st.booleans())
def test_wall_clock_comes_back_unless_the_clock_skips_it(
    local: datetime, zone: str, second: bool
) -> None:
    if not exists(local, zone):
        with pytest.raises(RuleError) as refused:
            times.moment(local, zone=zone, second_hour=second, field="start")
        assert (refused.value.code, refused.value.field) == ("hour_skipped", "start")
        return
    at = times.moment(local, zone=zone, second_hour=second)
    assert at.tzinfo is UTC
    assert times.wall_clock(at, zone=zone) == local


@given(local=st.one_of(locals_, near_changes), zone=zones)
def test_only_a_doubled_hour_has_two_moments(local: datetime, zone: str) -> None:
    assume(exists(local, zone))
    first = times.moment(local, zone=zone)
    second = times.moment(local, zone=zone, second_hour=True)
    assert (first < second) is times.doubled(local, zone=zone)
    assert first <= second


@given(minute=st.integers(0, 59))
def test_skipped_hour_is_not_a_doubled_one(minute: int) -> None:
    local = wall(f"2027-03-28T02:{minute:02}")
    assert not exists(local, "Europe/Berlin")
    assert not times.doubled(local, zone="Europe/Berlin")


def test_doubled_hour_in_berlin_is_an_hour_apart() -> None:
    local = wall("2027-10-31T02:30")
    first = times.moment(local, zone="Europe/Berlin")
    second = times.moment(local, zone="Europe/Berlin", second_hour=True)
    assert (first, second) == (factories.at("2027-10-31T00:30"), factories.at("2027-10-31T01:30"))


@given(name=st.text(max_size=40))
def test_any_text_is_a_zone_or_is_refused(name: str) -> None:
    assume(name not in ZONES)
    with pytest.raises(RuleError) as refused:
        times.zone_of(name)
    assert (refused.value.code, refused.value.field) == ("zone_unknown", "zone")


@pytest.mark.parametrize("name", ["Europe", "", "../etc/passwd", "/etc/passwd", "Europe/Berlin "])
def test_names_of_folders_and_paths_are_no_zones(name: str) -> None:
    with pytest.raises(RuleError):
        times.zone_of(name)


def test_phase_follows_the_clock_and_the_organiser(app: Flask) -> None:
    talk = factories.talk(starts_at=factories.at("2027-01-14T17:00"))
    expected = {
        "2027-01-14T16:44": Phase.UPCOMING,
        "2027-01-14T16:45": Phase.OPEN,
        "2027-01-14T17:00": Phase.RUNNING,
        "2027-01-14T18:29": Phase.RUNNING,
        "2027-01-14T18:30": Phase.OVER,
    }
    found = {at: times.phase(talk, minutes=15, at=factories.at(at)) for at in expected}
    assert found == expected
    talk.opens_at = factories.at("2027-01-14T16:00")
    talk.extended_until = factories.at("2027-01-14T19:00")
    assert times.phase(talk, minutes=15, at=factories.at("2027-01-14T16:10")) is Phase.OPEN
    assert times.phase(talk, minutes=15, at=factories.at("2027-01-14T18:45")) is Phase.RUNNING


def test_registration_is_open_until_it_closes_or_the_talk_starts(app: Flask) -> None:
    start = factories.at("2027-01-14T17:00")
    talk = factories.talk(starts_at=start)
    with frozen(start - timedelta(minutes=1)):
        assert times.registration_open(talk)
        talk.registration_closes_at = start - timedelta(days=1)
        assert not times.registration_open(talk)
    with frozen(start - timedelta(days=2)):
        assert times.registration_open(talk)
        talk.state = TalkState.CANCELLED
        assert not times.registration_open(talk)
    assert times.registration_end(talk) == start - timedelta(days=1)
