"""Who may enter the room, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import factories
from webinar.clock import frozen, now
from webinar.domain import (
    invitations,
    other_rooms,
    participation,
    registrations,
    rooms,
    talks,
    times,
)
from webinar.domain.rooms import Entry, Hours, Terms
from webinar.domain.talk_values import TalkValues
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Account, AuditEntry, Contact, Mode, Room, Talk, TalkState

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


def as_values(talk: Talk, **changes: object) -> TalkValues:
    """The values that leave the talk as it is, but for the changes."""
    found = TalkValues(
        series_id=talk.series_id,
        title=talk.title,
        day=talk.local_start.date(),
        start=talk.local_start.time(),
        end=talk.local_end.time(),
        abstract=talk.abstract,
        places_online=talk.places_online,
    )
    return replace(found, **changes)  # type: ignore[arg-type]


TERMS = Terms(opens=EARLY, opens_staff=30, overrun=LATE, extension=60)
SECOND = timedelta(seconds=1)


def lines() -> list[tuple[str, list[str]]]:
    query = select(AuditEntry).order_by(AuditEntry.id)
    return [(row.action, sorted(row.changes)) for row in db.session.scalars(query)]


def test_opening_early_opens_at_that_moment_for_everybody(organiser: Account) -> None:
    talk = factories.talk()
    contact, speaker = participant(talk), factories.speaker(talk)
    at = talk.starts_at - timedelta(hours=2)
    with frozen(at - SECOND):
        assert entry(talk, contact) is Entry.EARLY
    for _click in range(2):
        with frozen(at):
            rooms.open_early(talk, terms=TERMS, by=organiser)
    assert lines() == [("room.opened", ["opens_at"])]
    with frozen(at - SECOND):
        assert entry(talk, contact) is Entry.EARLY
    with frozen(at):
        assert entry(talk, contact) is Entry.OPEN
        staff = TERMS.staff(talk)
        assert rooms.speaker_entry(talk, speaker=speaker, hours=staff) is Entry.OPEN
        assert rooms.staff_entry(talk, hours=staff) is Entry.OPEN


def test_room_is_not_opened_days_before_by_a_slip_nor_when_it_is_open(organiser: Account) -> None:
    talk = factories.talk()
    earliest = talk.starts_at - rooms.EARLIEST
    with frozen(earliest - SECOND), pytest.raises(RuleError, match="room_too_early"):
        rooms.open_early(talk, terms=TERMS, by=organiser)
    with frozen(talk.starts_at - timedelta(minutes=EARLY)):
        rooms.open_early(talk, terms=TERMS, by=organiser)
    assert talk.opens_at is None
    with frozen(talk.ends_at + timedelta(minutes=LATE)):
        for act in (rooms.open_early, rooms.close, rooms.reopen):
            with pytest.raises(RuleError, match="evening_over"):
                act(talk, terms=TERMS, by=organiser)
    with frozen(earliest):
        rooms.open_early(talk, terms=TERMS, by=organiser)
    assert talk.opens_at == earliest


def test_extension_moves_the_end_of_the_door_to_the_second(organiser: Account) -> None:
    talk = factories.talk()
    contact = participant(talk)
    until = talk.ends_at + timedelta(minutes=15)
    closes = until + timedelta(minutes=LATE)
    for _click in range(2):
        with frozen(talk.ends_at):
            rooms.extend(talk, until=until, terms=TERMS, by=organiser)
    assert lines() == [("room.extended", ["extended_until"])]
    assert TERMS.guests(talk).closes_at == closes
    with frozen(closes - SECOND):
        assert entry(talk, contact) is Entry.OPEN
    with frozen(closes):
        assert entry(talk, contact) is Entry.OVER


def test_extension_ends_at_the_longest_for_which_the_room_is_reserved(organiser: Account) -> None:
    talk = factories.talk()
    latest = rooms.latest_end(talk, terms=TERMS)
    with frozen(talk.starts_at):
        with pytest.raises(RuleError, match="extension_too_long"):
            rooms.extend(talk, until=latest + SECOND, terms=TERMS, by=organiser)
        rooms.extend(talk, until=latest, terms=TERMS, by=organiser)
        assert times.end(talk) == rooms.latest_end(talk, terms=TERMS) == latest
        for until in (talk.ends_at, latest - SECOND):
            with pytest.raises(RuleError, match="extension_too_short"):
                rooms.extend(talk, until=until, terms=TERMS, by=organiser)


def test_extension_to_a_moment_that_has_passed_is_refused(organiser: Account) -> None:
    talk = factories.talk()
    until = talk.ends_at + timedelta(minutes=15)
    with frozen(until), pytest.raises(RuleError, match="extension_too_short"):
        rooms.extend(talk, until=until, terms=TERMS, by=organiser)


def test_closed_room_takes_nobody_but_the_office_until_it_is_opened_again(
    organiser: Account,
) -> None:
    talk = factories.talk()
    contact, speaker = participant(talk), factories.speaker(talk)
    opens = talk.starts_at - timedelta(minutes=30)
    with frozen(opens - SECOND), pytest.raises(RuleError, match="room_not_open"):
        rooms.close(talk, terms=TERMS, by=organiser)
    with frozen(opens):
        for _click in range(2):
            rooms.close(talk, terms=TERMS, by=organiser)
        staff = TERMS.staff(talk)
        assert entry(talk, contact) is Entry.CLOSED
        assert rooms.speaker_entry(talk, speaker=speaker, hours=staff) is Entry.CLOSED
        assert rooms.staff_entry(talk, hours=staff) is Entry.OPEN
        for act in (
            lambda: rooms.open_early(talk, terms=TERMS, by=organiser),
            lambda: rooms.extend(
                talk, until=talk.ends_at + timedelta(minutes=15), terms=TERMS, by=organiser
            ),
        ):
            with pytest.raises(RuleError, match="room_closed"):
                act()
    with frozen(talk.starts_at):
        for _click in range(2):
            rooms.reopen(talk, terms=TERMS, by=organiser)
        assert entry(talk, contact) is Entry.OPEN
    assert lines() == [("room.closed", ["closed_at"]), ("room.reopened", ["closed_at"])]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"state": TalkState.DRAFT}, "talk_not_published"),
        ({"state": TalkState.CANCELLED}, "talk_cancelled"),
        ({"format": "on_site"}, "talk_without_room"),
    ],
)
def test_door_of_a_talk_without_a_room_is_not_touched(
    organiser: Account, values: dict[str, object], code: str
) -> None:
    talk = factories.talk(**values)
    until = talk.ends_at + timedelta(minutes=15)
    with frozen(talk.starts_at - timedelta(minutes=1)):
        with pytest.raises(RuleError, match=code):
            rooms.extend(talk, until=until, terms=TERMS, by=organiser)
        for act in (rooms.open_early, rooms.close, rooms.reopen):
            with pytest.raises(RuleError, match=code):
                act(talk, terms=TERMS, by=organiser)


def test_moved_talk_has_its_own_door_again(organiser: Account) -> None:
    talk = factories.talk(starts_at=factories.at("2027-01-14T17:00"))
    with frozen(talk.starts_at - timedelta(hours=1)):
        rooms.open_early(talk, terms=TERMS, by=organiser)
        rooms.extend(talk, until=talk.ends_at + timedelta(minutes=15), terms=TERMS, by=organiser)
        rooms.close(talk, terms=TERMS, by=organiser)
        other_rooms.put(talk, url="https://ersatz.example/abend", terms=TERMS, by=organiser)
        values = as_values(talk)
        later = replace(values, end=(talk.local_end + timedelta(minutes=5)).time())
        talks.edit(talk, later, revision=talk.revision, by=organiser)
        assert (talk.opens_at, talk.extended_until, talk.closed_at) == (None, None, None)
        assert talk.other_room  # who delays an evening has not mended the room
        moved = replace(later, day=later.day + timedelta(days=1))
        talks.edit(talk, moved, revision=talk.revision, by=organiser)
    assert (talk.other_room, talk.other_room_at) == ("", None)
    assert TERMS.guests(talk).opens_at == talk.starts_at - timedelta(minutes=EARLY)


def test_changed_words_leave_the_door_as_it_is(organiser: Account) -> None:
    talk = factories.talk(starts_at=factories.at("2027-01-14T17:00"))
    at = talk.starts_at - timedelta(hours=1)
    with frozen(at):
        rooms.open_early(talk, terms=TERMS, by=organiser)
        values = replace(as_values(talk), title="Ein anderer Titel")
        talks.edit(talk, values, revision=talk.revision, by=organiser)
    assert talk.opens_at == at


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
