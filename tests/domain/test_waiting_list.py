"""The waiting list by hand: the order, places out of turn, refusals; each with its reason."""

from __future__ import annotations

import itertools

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests import factories
from tests.lengths import length
from webinar.clock import frozen, now
from webinar.domain import participation, registrations, waiting_list
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Answer,
    AuditEntry,
    Format,
    Mail,
    Mode,
    Registration,
    RegistrationState,
    Talk,
)

S = RegistrationState
WHY = "Trägt den Punkt im Ausschuss vor"


def line(talk: Talk, count: int, mode: Mode = Mode.ONLINE) -> list[Registration]:
    """That many people who accepted, in this order."""
    rows = [factories.invitation(talk, factories.contact()) for _ in range(count)]
    found = [participation.accept(row, mode=mode) for row in rows]
    db.session.commit()
    return found


def waiting(count: int) -> tuple[Talk, list[Registration]]:
    talk = factories.talk(places_online=1)
    return talk, line(talk, count + 1)[1:]


def order(talk: Talk, mode: Mode = Mode.ONLINE) -> list[int]:
    db.session.expire_all()
    return [row.id for row in registrations.queue(talk, mode)]


def told(registration: Registration) -> list[tuple[str, str]]:
    query = select(Mail).where(Mail.contact_id == registration.contact_id).order_by(Mail.id)
    return [(row.template, row.params.get("reason", "")) for row in db.session.scalars(query)]


def lines(action: str) -> list[dict[str, object]]:
    query = select(AuditEntry.changes).where(AuditEntry.action == action).order_by(AuditEntry.id)
    return list(db.session.scalars(query))


@pytest.mark.parametrize(
    ("who", "position", "expected"),
    [
        (2, 1, [2, 0, 1]),
        (0, 3, [1, 2, 0]),
        (1, 99, [0, 2, 1]),
        (1, -4, [1, 0, 2]),
        (1, 2, [0, 1, 2]),
    ],
)
def test_move_puts_one_person_there_and_leaves_the_others_in_order(
    organiser: Account, who: int, position: int, expected: list[int]
) -> None:
    talk, rows = waiting(3)
    waiting_list.move(rows[who], position=position, reason=WHY, by=organiser)
    assert order(talk) == [rows[number].id for number in expected]


def test_move_says_why_in_the_audit_log_and_tells_the_new_place(organiser: Account) -> None:
    _talk, rows = waiting(2)
    assert waiting_list.move(rows[1], position=1, reason=f" {WHY}\n", by=organiser) == 1
    assert lines("registration.moved") == [{"position": [2, 1], "reason": WHY}]
    assert told(rows[1]) == [("waiting", "accepted"), ("waiting", "moved")]
    assert told(rows[0]) == [("waiting", "accepted")]


def test_move_tells_nobody_where_that_is_wished_or_nothing_changed(organiser: Account) -> None:
    _talk, rows = waiting(2)
    waiting_list.move(rows[1], position=1, reason=WHY, by=organiser, notify=False)
    waiting_list.move(rows[1], position=1, reason=WHY, by=organiser)
    assert told(rows[1]) == [("waiting", "accepted")]
    assert len(lines("registration.moved")) == 1


def test_moved_queue_has_no_two_at_one_moment_and_who_comes_stands_last(
    organiser: Account,
) -> None:
    with frozen(now()):
        talk, rows = waiting(4)
        waiting_list.move(rows[3], position=1, reason=WHY, by=organiser)
        (late,) = line(talk, 1)
        assert order(talk) == [rows[n].id for n in (3, 0, 1, 2)] + [late.id]
        moments = [row.queued_at for row in registrations.queue(talk, Mode.ONLINE)][:-1]
        assert all(first < second for first, second in itertools.pairwise(moments))


@pytest.mark.property
@pytest.mark.deep
@settings(
    max_examples=length(10, soak=150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 7)), max_size=8))
def test_any_moves_give_the_order_that_a_list_would(
    organiser: Account, steps: list[tuple[int, int]]
) -> None:
    with frozen(now()):
        talk, rows = waiting(5)
        model = [row.id for row in rows]
        for who, position in steps:
            waiting_list.move(rows[who], position=position, reason=WHY, by=organiser, notify=False)
            model.remove(rows[who].id)
            model.insert(min(max(position, 1), 5) - 1, rows[who].id)
            assert order(talk) == model


def test_move_of_who_holds_a_place_and_waits_for_the_hall(organiser: Account) -> None:
    talk = factories.talk(format=Format.HYBRID, venue="Saal", places_hall=0)
    (mover,) = line(talk, 1)
    first, second = line(talk, 2, Mode.HALL)
    registrations.change_side(talk, mover, mode=Mode.HALL)
    waiting_list.move(mover, position=2, reason=WHY, by=organiser)
    assert order(talk, Mode.HALL) == [first.id, mover.id, second.id]
    assert told(mover)[-1] == ("confirmation", "moved")


def test_acts_need_a_reason_a_waiting_person_and_a_talk_that_has_not_begun(
    organiser: Account,
) -> None:
    talk, rows = waiting(1)
    for act in (waiting_list.promote, waiting_list.refuse):
        with pytest.raises(RuleError, match="reason_missing"):
            act(rows[0], reason="  ", by=organiser)
    (holder,) = db.session.scalars(select(Registration).where(Registration.state == S.CONFIRMED))
    with pytest.raises(RuleError, match="registration_not_waiting"):
        waiting_list.move(holder, position=1, reason=WHY, by=organiser)
    with frozen(talk.starts_at), pytest.raises(RuleError, match="talk_started"):
        waiting_list.promote(rows[0], reason=WHY, by=organiser, raise_places=True)


def test_promote_never_oversells(organiser: Account) -> None:
    talk, rows = waiting(2)
    with pytest.raises(RuleError, match="no_place_free"):
        waiting_list.promote(rows[1], reason=WHY, by=organiser)
    assert (rows[1].state, registrations.taken(talk, Mode.ONLINE)) == (S.WAITING, 1)


def test_promote_by_raising_the_places_takes_the_one_and_not_the_first(
    organiser: Account,
) -> None:
    talk, rows = waiting(2)
    revision = talk.revision
    waiting_list.promote(rows[1], reason=WHY, by=organiser, raise_places=True)
    assert [row.state for row in rows] == [S.WAITING, S.CONFIRMED]
    assert (talk.places_online, registrations.taken(talk, Mode.ONLINE)) == (2, 2)
    assert talk.revision == revision + 1
    assert lines("talk.edited") == [{"places_online": [1, 2], "revision": talk.revision}]
    assert lines("registration.promoted") == [{"position": [2, None], "reason": WHY}]
    assert told(rows[1])[-1] == ("confirmation", "promoted")


def test_promote_gives_the_place_that_a_changer_left_to_the_next(organiser: Account) -> None:
    talk = factories.talk(format=Format.HYBRID, venue="Saal", places_online=1, places_hall=0)
    mover, follower = line(talk, 2)
    registrations.change_side(talk, mover, mode=Mode.HALL)
    waiting_list.promote(mover, reason=WHY, by=organiser, raise_places=True, notify=False)
    assert (mover.mode, follower.state, talk.places_hall) == (Mode.HALL, S.CONFIRMED, 1)
    assert told(follower)[-1] == ("confirmation", "promoted")


def test_refuse_ends_the_waiting_and_the_invitation(organiser: Account) -> None:
    talk, rows = waiting(2)
    waiting_list.refuse(rows[0], reason=WHY, by=organiser, words=" Bis zum nächsten Mal. ")
    assert (rows[0].state, rows[0].reason) == (S.REFUSED, WHY)
    assert rows[0].invitation is not None
    assert rows[0].invitation.answer == Answer.WITHDRAWN
    assert order(talk) == [rows[1].id]
    assert told(rows[0])[-1] == ("refused", "")
    assert lines("registration.refused") == [{"state": ["waiting", "refused"], "reason": WHY}]


def test_refuse_of_who_holds_a_place_gives_it_to_the_next(app: Flask, organiser: Account) -> None:
    talk = factories.talk(places_online=1)
    holder, next_one = line(talk, 2)
    waiting_list.refuse(holder, reason=WHY, by=organiser, notify=False)
    assert (holder.state, next_one.state) == (S.REFUSED, S.CONFIRMED)
    assert told(holder) == [("confirmation", "accepted")]
