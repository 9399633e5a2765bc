"""Sums of stays: never more than the talk, never less than nothing, whatever comes in whatever
order; and who is said to have taken part."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from webinar.clock import frozen
from webinar.domain import attendances, participation, rooms
from webinar.domain.attendances import Moment, Presence, Report, Rule, covered, rule_of
from webinar.extensions import db
from webinar.models import Attendance, Mode, Registration, Talk

START = factories.at("2027-01-14T17:00")
END = START + timedelta(minutes=90)
RULE = Rule(minutes=0, percent=50)

moments = st.integers(-7200, 4 * 3600).map(lambda second: START + timedelta(seconds=second))
pairs = st.tuples(moments, moments).map(lambda pair: (min(pair), max(pair)))


@given(st.lists(pairs, max_size=30), st.randoms(use_true_random=False))
def test_covered_stays_within_the_talk_and_asks_for_no_order(
    stays: list[tuple[datetime, datetime]], chance: random.Random
) -> None:
    total = covered(stays, start=START, end=END)
    assert timedelta() <= total <= END - START
    mixed = stays + chance.sample(stays, len(stays) // 2)
    chance.shuffle(mixed)
    assert covered(mixed, start=START, end=END) == total
    seconds = {
        second
        for joined, left in stays
        for second in range(
            max(0, int((joined - START).total_seconds())),
            min(5400, int((left - START).total_seconds())),
        )
    }
    assert total == timedelta(seconds=len(seconds))


@given(st.lists(pairs, max_size=10), pairs)
def test_covered_never_shrinks_with_another_stay(
    stays: list[tuple[datetime, datetime]], more: tuple[datetime, datetime]
) -> None:
    before = covered(stays, start=START, end=END)
    assert covered([*stays, more], start=START, end=END) >= before


@pytest.fixture
def talk(app: Flask) -> Talk:
    talk = factories.talk(starts_at=START)
    rooms.room_of(talk, name="abend")
    db.session.commit()
    return talk


@pytest.fixture
def registration(talk: Talk) -> Registration:
    contact = factories.contact()
    found = participation.accept(factories.invitation(talk, contact), mode=Mode.ONLINE)
    db.session.commit()
    return found


def made_up(chance: random.Random, user_id: str) -> list[Report]:
    """What a wild evening tells: connections that join, leave, are lost, and say it all twice."""
    found = []
    for number in range(chance.randint(1, 6)):
        joined = START + timedelta(seconds=chance.randint(-3600, 7200))
        left = joined + timedelta(seconds=chance.randint(-60, 5400))
        values = {"occupant": f"jid{number}@meet.jitsi/x", "user_id": user_id, "joined_at": joined}
        found.append(Report(**values))  # type: ignore[arg-type]
        if chance.random() < 0.7:
            found.append(Report(**values, left_at=left))  # type: ignore[arg-type]
        if chance.random() < 0.5:
            ended = left + timedelta(seconds=chance.randint(0, 1800))
            found.append(Report(**values, left_at=ended, assumed=True))  # type: ignore[arg-type]
    return found


def sums(talk: Talk, registration: Registration, reports: list[Report]) -> list[Presence]:
    """Presence during the talk and after it."""
    db.session.query(Attendance).delete()
    room = attendances.room_of("abend")
    assert room is not None
    for report in reports:
        attendances.take_down(room, report)
    db.session.flush()
    found = []
    for moment in (
        START - timedelta(hours=1),
        START + timedelta(minutes=40),
        END,
        END + timedelta(days=1),
    ):
        with frozen(moment):
            of_talk = attendances.of_talk(talk, rule=RULE)
        found.append(of_talk.get(registration.contact_id, attendances.NOBODY))
    return found


def test_random_evenings_sum_to_the_same_in_every_order(
    talk: Talk, registration: Registration
) -> None:
    chance = random.Random(7)
    for _evening in range(40):
        reports = made_up(chance, registration.pseudonym)
        first = sums(talk, registration, reports)
        assert all(timedelta() <= one.online <= END - START for one in first)
        mixed = reports + chance.choices(reports, k=3)
        chance.shuffle(mixed)
        assert sums(talk, registration, mixed) == first


def test_stay_that_goes_on_counts_until_now_and_until_the_end(
    talk: Talk, registration: Registration
) -> None:
    report = Report(occupant="a@b/c", user_id=registration.pseudonym, joined_at=START)
    before, within, after, _ = sums(talk, registration, [report])
    assert [one.online for one in (before, within, after)] == [
        timedelta(),
        timedelta(minutes=40),
        timedelta(minutes=90),
    ]


def test_moments_of_one_connection_make_one_stay(talk: Talk, registration: Registration) -> None:
    room = attendances.room_of("abend")
    assert room is not None
    chance = random.Random(3)
    told = [
        Moment(
            occupant="a@b/c",
            user_id=registration.pseudonym,
            at=START + timedelta(minutes=number),
            left=number % 2 == 1,
        )
        for number in range(10)
    ]
    for _time in range(10):
        db.session.query(Attendance).delete()
        chance.shuffle(told)
        for moment in [*told, *told[:4]]:
            attendances.take_down_moment(room, moment)
        row = db.session.query(Attendance).one()
        assert (row.joined_at, row.left_at) == (START, START + timedelta(minutes=9))


@pytest.mark.parametrize(
    ("rule", "minutes", "took_part"),
    [
        (Rule(minutes=0, percent=50), 44, False),
        (Rule(minutes=0, percent=50), 45, True),
        (Rule(minutes=0, percent=100), 90, True),
        (Rule(minutes=20, percent=50), 19, False),
        (Rule(minutes=20, percent=50), 20, True),
        (Rule(minutes=0, percent=1), 0, False),
    ],
)
def test_rule_says_who_took_part(
    talk: Talk, registration: Registration, rule: Rule, minutes: int, took_part: bool
) -> None:
    room = attendances.room_of("abend")
    assert room is not None
    left = START + timedelta(minutes=minutes)
    attendances.take_down(
        room,
        Report(occupant="a@b/c", user_id=registration.pseudonym, joined_at=START, left_at=left),
    )
    with frozen(END):
        found = attendances.of_talk(talk, rule=rule)[registration.contact_id]
        assert found.took_part is took_part
        assert attendances.counts(talk, rule=rule).took_part == took_part


def test_extension_asks_no_more_of_anybody(talk: Talk) -> None:
    needed = RULE.needed(talk)
    talk.extended_until = talk.ends_at + timedelta(hours=1)
    assert RULE.needed(talk) == needed == timedelta(minutes=45)


@pytest.mark.parametrize(
    ("seconds", "minutes"),
    [(0, 0), (1, 1), (80, 1), (100, 2), (299, 5), (300, 5), (440, 5), (460, 10), (5400, 90)],
)
def test_minutes_are_rounded_for_people(seconds: int, minutes: int) -> None:
    assert Presence(online=timedelta(seconds=seconds)).minutes == minutes


def test_a_talk_can_have_a_rule_of_its_own(app: Flask) -> None:
    talk, usual = factories.talk(minutes=100), Rule(minutes=10, percent=0)
    needed = []
    for minutes, percent in ((None, None), (40, None), (None, 50)):
        talk.took_part_minutes, talk.took_part_percent = minutes, percent
        needed.append(rule_of(talk, usual=usual).needed(talk))
    assert needed == [timedelta(minutes=one) for one in (10, 40, 50)]
