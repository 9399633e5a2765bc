"""Who may enter the room, and when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import factories
from webinar.clock import frozen, now
from webinar.domain import invitations, participation, registrations, rooms
from webinar.domain.rooms import Entry, Hours
from webinar.extensions import db
from webinar.models import Contact, Mode, Room, Talk, TalkState

pytestmark = pytest.mark.usefixtures("app")

EARLY, LATE = 15, 30


def hours(talk: Talk) -> Hours:
    return rooms.hours(talk, minutes=EARLY, overrun=LATE)


def entry(talk: Talk, contact: Contact) -> Entry:
    registration = registrations.active_registration(talk, contact=contact)
    return rooms.contact_entry(talk, contact=contact, registration=registration, hours=hours(talk))


def participant(talk: Talk, mode: Mode = Mode.ONLINE) -> Contact:
    contact = factories.contact()
    participation.accept(factories.invitation(talk, contact), mode=mode)
    return contact


def test_door_opens_and_closes_to_the_second() -> None:
    talk = factories.talk()
    contact = participant(talk)
    second = timedelta(seconds=1)
    opens = talk.starts_at - timedelta(minutes=EARLY)
    closes = talk.ends_at + timedelta(minutes=LATE)
    expected = {
        opens - second: Entry.EARLY,
        opens: Entry.OPEN,
        talk.starts_at: Entry.OPEN,
        talk.ends_at: Entry.OPEN,
        closes - second: Entry.OPEN,
        closes: Entry.OVER,
    }
    for moment, value in expected.items():
        with frozen(moment):
            assert (moment, entry(talk, contact)) == (moment, value)


def test_opening_early_and_extending_move_the_door() -> None:
    talk = factories.talk()
    talk.opens_at = talk.starts_at - timedelta(hours=1)
    talk.extended_until = talk.ends_at + timedelta(hours=2)
    assert hours(talk) == Hours(
        opens_at=talk.starts_at - timedelta(hours=1),
        closes_at=talk.ends_at + timedelta(hours=2, minutes=LATE),
    )


def test_waiting_person_stays_outside() -> None:
    talk = factories.talk(places_online=1)
    first, second = participant(talk), participant(talk)
    with frozen(talk.starts_at):
        assert (entry(talk, first), entry(talk, second)) == (Entry.OPEN, Entry.WAITING)


def test_declined_and_never_registered_stay_outside() -> None:
    talk = factories.talk()
    contact = participant(talk)
    invitation = invitations.invitation_of(talk, contact=contact)
    assert invitation is not None
    participation.decline(invitation)
    with frozen(talk.starts_at):
        assert entry(talk, contact) is Entry.NO_PLACE
        assert entry(talk, factories.contact()) is Entry.NO_PLACE


def test_place_in_the_hall_is_no_place_online() -> None:
    talk = factories.talk(format="hybrid")
    contact = participant(talk, Mode.HALL)
    with frozen(talk.starts_at):
        assert entry(talk, contact) is Entry.HALL


def test_talk_in_the_hall_alone_has_no_room() -> None:
    talk = factories.talk(format="on_site")
    contact = participant(talk, Mode.HALL)
    with frozen(talk.starts_at):
        assert entry(talk, contact) is Entry.NO_ROOM
        assert rooms.staff_entry(talk, hours=hours(talk)) is Entry.NO_ROOM


@pytest.mark.parametrize(
    ("state", "expected"),
    [(TalkState.CANCELLED, Entry.CANCELLED), (TalkState.DRAFT, Entry.DRAFT)],
)
def test_talk_that_does_not_take_place_lets_nobody_in(state: TalkState, expected: Entry) -> None:
    talk = factories.talk()
    contact, speaker = participant(talk), factories.speaker(talk)
    talk.state = state
    with frozen(talk.starts_at):
        assert entry(talk, contact) is expected
        assert rooms.staff_entry(talk, hours=hours(talk)) is expected
        assert rooms.speaker_entry(talk, speaker=speaker, hours=hours(talk)) is expected


def test_retired_contact_stays_outside() -> None:
    talk = factories.talk()
    contact = participant(talk)
    contact.retired_at = now()
    with frozen(talk.starts_at):
        assert entry(talk, contact) is Entry.RETIRED


def test_speaker_enters_only_the_own_talk() -> None:
    talk, other = factories.talk(), factories.talk()
    speaker = factories.speaker(talk)
    with frozen(talk.starts_at):
        assert rooms.speaker_entry(talk, speaker=speaker, hours=hours(talk)) is Entry.OPEN
        assert rooms.speaker_entry(other, speaker=speaker, hours=hours(other)) is Entry.NO_PLACE


def test_room_is_made_once_and_anew_after_it_was_retired() -> None:
    talk = factories.talk()
    first = rooms.room_of(talk, name="a" * 32)
    assert rooms.room_of(talk, name="b" * 32) is first
    assert first.name == "a" * 32
    first.retired_at = now()
    db.session.flush()
    assert rooms.room_of(talk, name="c" * 32).name == "c" * 32
    assert db.session.query(Room).count() == 2
