"""Places and the queue: counted apart, never oversold, nobody waits while one is free."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from tests import factories
from webinar.clock import frozen, now
from webinar.domain import registrations
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Mode, Registration, RegistrationState, Talk

S = RegistrationState
pytestmark = pytest.mark.usefixtures("app")


def register(talk: Talk, mode: Mode = Mode.ONLINE) -> Registration:
    registrations.lock(talk)
    return registrations.register(talk, contact=factories.contact(), mode=mode)


def states(*rows: Registration) -> list[tuple[str, str, str | None]]:
    for row in rows:
        db.session.refresh(row)
    return [(row.state, row.mode, row.wanted_mode) for row in rows]


def test_register_without_limit_always_confirms() -> None:
    talk = factories.talk()
    assert {register(talk).state for _ in range(3)} == {S.CONFIRMED}
    assert registrations.free(talk, Mode.ONLINE) is None


def test_register_beyond_the_limit_queues_in_order() -> None:
    talk = factories.talk(places_online=1)
    first, second, third = register(talk), register(talk), register(talk)
    assert [row.state for row in (first, second, third)] == [S.CONFIRMED, S.WAITING, S.WAITING]
    assert [registrations.position(row) for row in (first, second, third)] == [None, 1, 2]
    assert registrations.free(talk, Mode.ONLINE) == 0


def test_register_with_no_places_at_all_queues() -> None:
    assert register(factories.talk(places_online=0)).state == S.WAITING


@pytest.mark.parametrize(("form", "mode"), [("online", Mode.HALL), ("on_site", Mode.ONLINE)])
def test_register_refuses_a_side_that_is_not_offered(form: str, mode: Mode) -> None:
    with pytest.raises(RuleError) as problem:
        register(factories.talk(format=form), mode)
    assert (problem.value.code, problem.value.field) == ("mode_not_offered", "mode")


def test_sides_are_counted_apart() -> None:
    talk = factories.talk(format="hybrid", places_online=1, places_hall=2)
    register(talk, Mode.ONLINE)
    register(talk, Mode.HALL)
    assert registrations.free(talk, Mode.ONLINE) == 0
    assert registrations.free(talk, Mode.HALL) == 1


def test_equal_moments_queue_by_arrival() -> None:
    with frozen(now()):
        talk = factories.talk(places_online=0)
        rows = [register(talk) for _ in range(3)]
    assert [registrations.position(row) for row in rows] == [1, 2, 3]


def test_promote_gives_a_freed_place_to_the_next() -> None:
    talk = factories.talk(places_online=1)
    first, second, third = (register(talk) for _ in range(3))
    registrations.end(first)
    assert registrations.promote(talk) == [second]
    assert [row.state for row in (first, second, third)] == [S.CANCELLED, S.CONFIRMED, S.WAITING]
    assert second.confirmed_at is not None


def test_promote_fills_as_many_as_fit_when_the_limit_rises() -> None:
    talk = factories.talk(places_online=1)
    rows = [register(talk) for _ in range(5)]
    talk.places_online = 3
    registrations.lock(talk)
    assert registrations.promote(talk) == rows[1:3]
    talk.places_online = None
    registrations.lock(talk)
    assert registrations.promote(talk) == rows[3:]


def test_promote_does_nothing_once_the_talk_has_begun() -> None:
    talk = factories.talk(places_online=1)
    first, second = register(talk), register(talk)
    with frozen(talk.starts_at):
        registrations.end(first)
        assert registrations.promote(talk) == []
    assert second.state == S.WAITING


def test_lowered_limit_takes_no_place_away_and_promotes_nobody() -> None:
    talk = factories.talk(places_online=2)
    rows = [register(talk) for _ in range(3)]
    talk.places_online = 1
    registrations.lock(talk)
    assert registrations.promote(talk) == []
    assert registrations.free(talk, Mode.ONLINE) == 0
    registrations.end(rows[0])
    assert registrations.promote(talk) == []
    assert [row.state for row in rows] == [S.CANCELLED, S.CONFIRMED, S.WAITING]


def test_change_of_side_moves_at_once_where_there_is_room() -> None:
    talk = factories.talk(format="hybrid", places_online=1, places_hall=1)
    row = register(talk, Mode.ONLINE)
    registrations.change_side(talk, row, mode=Mode.HALL)
    assert states(row) == [(S.CONFIRMED, Mode.HALL, None)]


def test_change_of_side_holds_the_place_while_it_waits() -> None:
    talk = factories.talk(format="hybrid", places_online=1, places_hall=1)
    row, rival = register(talk, Mode.ONLINE), register(talk, Mode.HALL)
    registrations.change_side(talk, row, mode=Mode.HALL)
    assert states(row) == [(S.CONFIRMED, Mode.ONLINE, Mode.HALL)]
    assert registrations.position(row) == 1
    assert registrations.free(talk, Mode.ONLINE) == 0
    registrations.end(rival)
    assert registrations.promote(talk) == [row]
    assert states(row) == [(S.CONFIRMED, Mode.HALL, None)]


def test_change_of_side_gives_the_left_place_to_who_waits_there() -> None:
    talk = factories.talk(format="hybrid", places_online=1, places_hall=1)
    mover, hall = register(talk, Mode.ONLINE), register(talk, Mode.HALL)
    waiting = register(talk, Mode.ONLINE)
    registrations.change_side(talk, mover, mode=Mode.HALL)
    registrations.end(hall)
    assert registrations.promote(talk) == [mover, waiting]
    assert states(mover, waiting) == [
        (S.CONFIRMED, Mode.HALL, None),
        (S.CONFIRMED, Mode.ONLINE, None),
    ]


def test_change_of_side_back_gives_up_the_queue() -> None:
    talk = factories.talk(format="hybrid", places_online=1, places_hall=0)
    row = register(talk, Mode.ONLINE)
    registrations.change_side(talk, row, mode=Mode.HALL)
    registrations.change_side(talk, row, mode=Mode.ONLINE)
    assert states(row) == [(S.CONFIRMED, Mode.ONLINE, None)]
    assert registrations.position(row) is None


def test_waiting_person_who_changes_to_a_full_side_goes_to_its_end() -> None:
    talk = factories.talk(format="hybrid", places_online=0, places_hall=0)
    online, hall = register(talk, Mode.ONLINE), register(talk, Mode.HALL)
    registrations.change_side(talk, online, mode=Mode.HALL)
    assert states(online) == [(S.WAITING, Mode.HALL, None)]
    assert [registrations.position(row) for row in (hall, online)] == [1, 2]


def test_end_refuses_what_the_table_does_not_allow() -> None:
    row = register(factories.talk())
    registrations.end(row)
    with pytest.raises(RuleError, match="registration_move_forbidden"):
        registrations.end(row)


def test_lock_reads_the_talk_again() -> None:
    talk = factories.talk(places_online=1)
    with db.engine.begin() as rival:
        rival.execute(update(Talk).where(Talk.id == talk.id).values(places_online=7))
    assert talk.places_online == 1
    registrations.lock(talk)
    assert talk.places_online == 7


def test_registration_read_before_the_lock_is_read_again() -> None:
    talk = factories.talk(places_online=1)
    row = register(talk)
    db.session.commit()
    assert row.state == S.CONFIRMED
    db.session.rollback()
    with db.engine.begin() as rival:
        rival.execute(update(Registration).where(Registration.id == row.id).values(mode=Mode.HALL))
    registrations.lock(talk)
    again = registrations.active_registration(talk, contact=row.contact)
    assert again is row
    assert row.mode == Mode.HALL
