"""Answers and places, moved together: what becomes of invitation, place, queue, mail, calendar."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests import factories
from tests.lengths import length
from webinar.clock import frozen, now
from webinar.domain import calendar_entries, links, participation, registrations
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Answer,
    Contact,
    Invitation,
    Mail,
    Mode,
    Purpose,
    Registration,
    RegistrationState,
    Talk,
    TalkState,
)

S = RegistrationState
pytestmark = pytest.mark.usefixtures("app")


def invited(talk: Talk, count: int = 1) -> list[Invitation]:
    return [factories.invitation(talk, factories.contact()) for _ in range(count)]


def place(invitation: Invitation) -> Registration | None:
    return registrations.active_registration(invitation.talk, contact=invitation.contact)


def stand(invitation: Invitation) -> tuple[str, str | None, str | None, str | None]:
    """Answer, state of the place, its side, and the side waited for."""
    found = place(invitation)
    if found is None:
        return invitation.answer, None, None, None
    return invitation.answer, found.state, found.mode, found.wanted_mode


def mails(contact: Contact) -> list[Mail]:
    query = select(Mail).where(Mail.contact_id == contact.id).order_by(Mail.id)
    return list(db.session.scalars(query))


def told(contact: Contact) -> list[tuple[str, str | None, int | None]]:
    return [(m.template, m.calendar_method, m.calendar_sequence) for m in mails(contact)]


def accept(invitation: Invitation, mode: Mode = Mode.ONLINE) -> None:
    participation.accept(invitation, mode=mode)
    db.session.commit()


def decline(invitation: Invitation) -> None:
    participation.decline(invitation)
    db.session.commit()


def test_accept_gives_a_place_a_mail_and_a_calendar_entry() -> None:
    (invitation,) = invited(factories.talk())
    accept(invitation)
    assert stand(invitation) == (Answer.ACCEPTED, S.CONFIRMED, Mode.ONLINE, None)
    assert told(invitation.contact) == [("confirmation", "REQUEST", 0)]
    assert invitation.answered_at is not None


def test_place_comes_with_its_link_to_the_room() -> None:
    talk = factories.talk(places_online=1)
    first, second = invited(talk, 2)
    accept(first)
    accept(second)
    find = links.find_contact_link
    assert find(first.contact, purpose=Purpose.ENTER, talk=talk) is not None
    assert find(second.contact, purpose=Purpose.ENTER, talk=talk) is None
    decline(first)
    assert find(second.contact, purpose=Purpose.ENTER, talk=talk) is not None


def test_repeating_an_answer_changes_nothing() -> None:
    (invitation,) = invited(factories.talk())
    for act in (accept, accept, decline, decline):
        act(invitation)
    assert [name for name, *_ in told(invitation.contact)] == ["confirmation", "declined"]
    assert db.session.scalar(select(func.count(Registration.id))) == 1


def test_full_talk_queues_and_tells_the_place_in_line() -> None:
    first, second, third = invited(factories.talk(places_online=1), 3)
    for invitation in (first, second, third):
        accept(invitation)
    assert [stand(row)[1] for row in (first, second, third)] == [S.CONFIRMED, S.WAITING, S.WAITING]
    assert told(third.contact) == [("waiting", None, None)]
    assert mails(third.contact)[0].params["position"] == 2


def test_decline_gives_the_place_to_the_next_with_one_mail_each() -> None:
    first, second, third = invited(factories.talk(places_online=1), 3)
    for invitation in (first, second, third):
        accept(invitation)
    decline(first)
    assert [stand(row)[1] for row in (first, second, third)] == [None, S.CONFIRMED, S.WAITING]
    assert told(first.contact)[-1] == ("declined", "CANCEL", 1)
    assert told(second.contact) == [("waiting", None, None), ("confirmation", "REQUEST", 0)]
    assert mails(second.contact)[-1].params["reason"] == "promoted"
    assert len(mails(third.contact)) == 1


def test_leaving_the_queue_tells_no_calendar() -> None:
    first, second = invited(factories.talk(places_online=1), 2)
    accept(first)
    accept(second)
    decline(second)
    assert told(second.contact)[-1] == ("declined", None, None)


def test_calendar_sequence_rises_with_every_return() -> None:
    (invitation,) = invited(factories.talk())
    for act in (accept, decline, accept, decline, accept):
        act(invitation)
    assert [(method, number) for _, method, number in told(invitation.contact)] == [
        ("REQUEST", 0),
        ("CANCEL", 1),
        ("REQUEST", 2),
        ("CANCEL", 3),
        ("REQUEST", 4),
    ]


def test_return_to_a_full_talk_waits_and_keeps_the_sequence() -> None:
    first, second = invited(factories.talk(places_online=1), 2)
    accept(first)
    accept(second)
    decline(first)
    accept(first)
    assert stand(first) == (Answer.ACCEPTED, S.WAITING, Mode.ONLINE, None)
    decline(second)
    assert told(first.contact)[-1] == ("confirmation", "REQUEST", 2)


def test_decline_without_a_place_is_confirmed_once() -> None:
    (invitation,) = invited(factories.talk())
    decline(invitation)
    assert stand(invitation) == (Answer.DECLINED, None, None, None)
    assert told(invitation.contact) == [("declined", None, None)]


def test_change_of_side_tells_the_new_place_with_a_higher_sequence() -> None:
    (invitation,) = invited(factories.talk(format="hybrid"))
    accept(invitation, Mode.ONLINE)
    accept(invitation, Mode.HALL)
    assert stand(invitation) == (Answer.ACCEPTED, S.CONFIRMED, Mode.HALL, None)
    assert [row[1:] for row in told(invitation.contact)] == [("REQUEST", 0), ("REQUEST", 1)]


def test_change_to_a_full_side_holds_the_place_and_queues() -> None:
    first, second = invited(factories.talk(format="hybrid", places_hall=1), 2)
    accept(first, Mode.HALL)
    accept(second, Mode.ONLINE)
    accept(second, Mode.HALL)
    accept(second, Mode.HALL)
    assert stand(second) == (Answer.ACCEPTED, S.CONFIRMED, Mode.ONLINE, Mode.HALL)
    assert len(mails(second.contact)) == 2
    assert mails(second.contact)[-1].params["wanted_mode"] == Mode.HALL
    decline(first)
    assert stand(second) == (Answer.ACCEPTED, S.CONFIRMED, Mode.HALL, None)


def test_change_of_side_promotes_who_waits_for_the_left_one() -> None:
    talk = factories.talk(format="hybrid", places_online=1)
    first, second = invited(talk, 2)
    accept(first, Mode.ONLINE)
    accept(second, Mode.ONLINE)
    accept(first, Mode.HALL)
    assert stand(second) == (Answer.ACCEPTED, S.CONFIRMED, Mode.ONLINE, None)
    assert [name for name, *_ in told(second.contact)] == ["waiting", "confirmation"]


def test_more_places_promote_as_many_as_fit() -> None:
    talk = factories.talk(places_online=1)
    rows = invited(talk, 4)
    for row in rows:
        accept(row)
    talk.places_online = 3
    assert len(participation.places_changed(talk)) == 2
    db.session.commit()
    assert [stand(row)[1] for row in rows] == [S.CONFIRMED] * 3 + [S.WAITING]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"state": TalkState.CANCELLED}, "talk_cancelled"),
        ({"state": TalkState.DRAFT}, "invitation_withdrawn"),
        ({"starts_at": now() - timedelta(minutes=1)}, "talk_started"),
    ],
)
def test_answers_are_refused_when_the_talk_does_not_take_them(
    values: dict[str, object], code: str
) -> None:
    (invitation,) = invited(factories.talk(**values))
    for act in (accept, decline):
        with pytest.raises(RuleError, match=code):
            act(invitation)
        db.session.rollback()
    assert stand(invitation) == (Answer.NONE, None, None, None)
    assert mails(invitation.contact) == []


def test_withdrawn_invitation_and_retired_contact_cannot_answer() -> None:
    withdrawn, retired = invited(factories.talk(), 2)
    withdrawn.answer = Answer.WITHDRAWN
    retired.contact.retired_at = now()
    db.session.commit()
    for row, code in ((withdrawn, "invitation_withdrawn"), (retired, "contact_retired")):
        for act in (accept, decline):
            with pytest.raises(RuleError, match=code):
                act(row)
            db.session.rollback()


def test_closing_time_stops_new_places_but_not_changes_or_declining() -> None:
    talk = factories.talk(format="hybrid")
    first, second, third = invited(talk, 3)
    accept(first)
    accept(third)
    talk.registration_closes_at = now()
    db.session.commit()
    with pytest.raises(RuleError, match="registration_closed"):
        accept(second)
    db.session.rollback()
    accept(first, Mode.HALL)
    assert stand(first)[2] == Mode.HALL
    decline(second)
    decline(third)
    with pytest.raises(RuleError, match="registration_closed"):
        accept(third)


def test_answer_counts_to_the_last_second_before_the_start() -> None:
    talk = factories.talk()
    first, second = invited(talk, 2)
    with frozen(talk.starts_at - timedelta(seconds=1)):
        accept(first)
    with frozen(talk.starts_at), pytest.raises(RuleError, match="talk_started"):
        accept(second)


def test_side_that_is_not_offered_leaves_everything_as_it_was() -> None:
    (invitation,) = invited(factories.talk(format="online"))
    with pytest.raises(RuleError) as problem:
        accept(invitation, Mode.HALL)
    assert problem.value.field == "mode"
    db.session.rollback()
    assert stand(invitation) == (Answer.NONE, None, None, None)


def test_erased_contact_keeps_no_mail_but_frees_the_place() -> None:
    first, second = invited(factories.talk(places_online=1), 2)
    accept(first)
    accept(second)
    second.contact.erased_at = now()
    db.session.commit()
    decline(first)
    assert stand(second)[1] == S.CONFIRMED
    assert [name for name, *_ in told(second.contact)] == ["waiting"]


def test_moved_talk_is_told_to_whoever_holds_something() -> None:
    talk = factories.talk(places_online=1)
    holder, waiting, declined, silent = invited(talk, 4)
    accept(holder)
    accept(waiting)
    decline(declined)
    talk.starts_at += timedelta(hours=1)
    talk.ends_at += timedelta(hours=1)
    assert participation.tell_moved(talk, revision=2) == 2
    assert participation.tell_moved(talk, revision=2) == 2
    db.session.commit()
    assert told(holder.contact)[-1] == ("moved", "REQUEST", 1)
    assert told(waiting.contact)[-1] == ("moved", None, None)
    assert [len(mails(row.contact)) for row in (holder, waiting, declined, silent)] == [2, 2, 1, 0]


def test_cancelled_talk_ends_every_place_and_tells_everybody_once() -> None:
    talk = factories.talk(places_online=1)
    holder, waiting, silent = invited(talk, 3)
    accept(holder)
    accept(waiting)
    holder.contact.unsubscribed_at = now()
    talk.state = TalkState.CANCELLED
    assert participation.tell_cancelled(talk) == 2
    assert participation.tell_cancelled(talk) == 0
    db.session.commit()
    assert (place(holder), place(waiting)) == (None, None)
    assert told(holder.contact)[-1] == ("cancelled", "CANCEL", 1)
    assert told(waiting.contact)[-1] == ("cancelled", None, None)
    assert mails(silent.contact) == []


# Random histories

PEOPLE = 5
SIDES = st.sampled_from(list(Mode))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("accept"), st.integers(0, PEOPLE - 1), SIDES),
        st.tuples(st.just("decline"), st.integers(0, PEOPLE - 1), SIDES),
        st.tuples(st.just("places"), st.one_of(st.none(), st.integers(0, 4)), SIDES),
        st.tuples(st.just("move"), st.integers(1, 3), SIDES),
    ),
    max_size=25,
)
Step = tuple[str, int | None, Mode]


class History:
    """A talk, its invited people, and what must hold after every step."""

    def __init__(self, online: int, hall: int) -> None:
        self.talk = factories.talk(format="hybrid", places_online=online, places_hall=hall)
        self.people = invited(self.talk, PEOPLE)
        self.moves = 1

    def step(self, name: str, value: int | None, mode: Mode) -> None:
        before = self.snapshot()
        queues = self.queues()
        if name in ("accept", "decline"):
            assert value is not None
            row = self.people[value]
            first, again = (self.answer(name, row, mode) for _ in range(2))
            assert again == first, "a repeated answer wrote another mail"
        elif name == "places":
            column = "places_online" if mode is Mode.ONLINE else "places_hall"
            setattr(self.talk, column, value)
            participation.places_changed(self.talk)
        elif value is not None:
            self.talk.starts_at += timedelta(hours=value)
            self.talk.ends_at += timedelta(hours=value)
            self.moves += 1
            participation.tell_moved(self.talk, revision=self.moves)
        db.session.commit()
        actor = self.people[value or 0].contact_id if name in ("accept", "decline") else None
        self.check(before, queues, actor=actor)

    def answer(self, name: str, row: Invitation, mode: Mode) -> int:
        if name == "accept":
            participation.accept(row, mode=mode)
        else:
            participation.decline(row)
        db.session.commit()
        return db.session.scalar(select(func.count(Mail.id))) or 0

    def snapshot(self) -> dict[int, tuple[str, str] | None]:
        """State and side of everybody's place, apart from the rows that go on changing."""
        found = self.places()
        return {key: (row.state, row.mode) if row else None for key, row in found.items()}

    def places(self) -> dict[int, Registration | None]:
        db.session.expire_all()
        return {row.contact_id: place(row) for row in self.people}

    def queues(self) -> dict[Mode, list[int]]:
        return {m: [r.contact_id for r in registrations.queue(self.talk, m)] for m in Mode}

    def check(
        self,
        held: dict[int, tuple[str, str] | None],
        queues: dict[Mode, list[int]],
        *,
        actor: int | None,
    ) -> None:
        after = self.places()
        for mode in Mode:
            limit = registrations.limit(self.talk, mode)
            taken = registrations.taken(self.talk, mode)
            if limit is not None and taken > limit:
                was = sum(place == (S.CONFIRMED, mode) for place in held.values())
                assert taken <= was, "a place beyond the limit was given"
            if registrations.free(self.talk, mode) != 0:
                assert registrations.queue(self.talk, mode) == [], "somebody waits in vain"
            self.check_order(mode, queues[mode], actor=actor)
        for row in self.people:
            found = after[row.contact_id]
            assert (row.answer == Answer.ACCEPTED) == (found is not None)
            had = held[row.contact_id]
            if row.contact_id != actor and had is not None:
                assert found is not None, "somebody else's answer ended a registration"
                assert had[0] != S.CONFIRMED or found.state == S.CONFIRMED, "a place was lost"
            self.check_calendar(row.contact, found)

    def check_order(self, mode: Mode, before: Sequence[int], *, actor: int | None) -> None:
        """Who is still in line stands in the same order, and nobody overtook them."""
        line = [r.contact_id for r in registrations.queue(self.talk, mode)]
        others = [key for key in before if key != actor]
        still = [key for key in others if key in line]
        assert [key for key in line if key in others and key != actor] == still
        assert still == others[len(others) - len(still) :], "the front of the queue goes first"

    def check_calendar(self, contact: Contact, found: Registration | None) -> None:
        entry = calendar_entries.entry_of(self.talk, contact=contact)
        confirmed = found is not None and found.state == S.CONFIRMED
        assert (entry is not None and not entry.cancelled) == confirmed
        sent = [(m.calendar_method, m.calendar_sequence) for m in mails(contact)]
        told = [(method, number or 0) for method, number in sent if method is not None]
        for (method, number), (following, next_number) in itertools.pairwise(told):
            assert next_number >= number
            if "CANCEL" in (method, following):
                assert next_number > number
        if found is not None:
            keys = {m.key for m in mails(contact)}
            assert {f"place:{found.id}:{n}" for n in range(1, found.revision + 1)} <= keys


@pytest.mark.property
@pytest.mark.deep
@settings(
    max_examples=length(12, soak=200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(online=st.integers(0, 3), hall=st.integers(0, 3), steps=STEPS)
def test_random_histories_keep_every_promise(online: int, hall: int, steps: list[Step]) -> None:
    history = History(online, hall)
    for name, value, mode in steps:
        history.step(name, value, mode)
