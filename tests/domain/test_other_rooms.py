"""Another meeting in the room's place: who is led there, who is told, and what is an address."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import factories
from webinar.clock import frozen, now
from webinar.domain import delivery, other_rooms, participation, registrations, rooms
from webinar.domain.rooms import Entry, Terms
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Account, AuditEntry, Contact, Mail, Mode, Talk

TERMS = Terms(opens=15, opens_staff=30, overrun=30, extension=60)
URL = "https://treffen.example.org/abend?pwd=1"
OTHER = "https://ersatz.example.org/2"


def coming(talk: Talk, mode: Mode = Mode.ONLINE) -> Contact:
    contact = factories.contact()
    participation.accept(factories.invitation(talk, contact), mode=mode)
    return contact


def entry(talk: Talk, contact: Contact) -> Entry:
    registration = registrations.active_registration(talk, contact=contact)
    hours = TERMS.guests(talk)
    return rooms.contact_entry(talk, contact=contact, registration=registration, hours=hours)


def put(talk: Talk, url: str, by: Account) -> int:
    return other_rooms.put(talk, url=url, terms=TERMS, by=by)


def mails() -> list[Mail]:
    query = select(Mail).where(Mail.template.in_(other_rooms.TEMPLATES)).order_by(Mail.id)
    return list(db.session.scalars(query))


def test_everybody_online_and_the_speakers_are_led_there_and_told_once(
    organiser: Account,
) -> None:
    talk = factories.talk(format="hybrid", places_online=1)
    contact, hall, waiting = coming(talk), coming(talk, Mode.HALL), coming(talk)
    speaker = factories.speaker(talk)
    with frozen(talk.starts_at):
        assert other_rooms.told(talk) == 2
        assert put(talk, URL, organiser) == 2
        assert put(talk, URL, organiser) == 0
        staff = TERMS.staff(talk)
        assert entry(talk, contact) is Entry.ELSEWHERE
        assert rooms.speaker_entry(talk, speaker=speaker, hours=staff) is Entry.ELSEWHERE
        assert rooms.staff_entry(talk, hours=staff) is Entry.OPEN
        assert (entry(talk, hall), entry(talk, waiting)) == (Entry.HALL, Entry.WAITING)
    assert [(row.contact_id, row.speaker_id) for row in mails()] == [
        (contact.id, None),
        (None, speaker.id),
    ]
    line = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert line is not None
    assert (line.action, line.changes) == ("room.replaced", {"leads_to": "treffen.example.org"})


def test_mail_about_an_address_that_changed_again_is_not_sent(organiser: Account) -> None:
    talk = factories.talk()
    coming(talk)
    factories.speaker(talk)
    minute = timedelta(minutes=1)
    with frozen(talk.starts_at):
        put(talk, URL, organiser)
        assert [delivery.still_wanted(row) for row in mails()] == [True] * 2
    with frozen(talk.starts_at + minute):
        put(talk, OTHER, organiser)
        assert [delivery.still_wanted(row) for row in mails()] == [False] * 2 + [True] * 2
    with frozen(talk.starts_at + 2 * minute):
        for told in (2, 0):
            assert other_rooms.take_back(talk, terms=TERMS, by=organiser) == told
        assert [delivery.still_wanted(row) for row in mails()] == [False] * 4 + [True] * 2
    with frozen(talk.starts_at + 3 * minute):
        put(talk, OTHER, organiser)
        # The same address as before: what has not gone out of the first news is as true.
        assert [delivery.still_wanted(row) for row in mails()] == (
            [False] * 2 + [True] * 2 + [False] * 2 + [True] * 2
        )
    with frozen(talk.ends_at + minute):
        assert [delivery.still_wanted(row) for row in mails()] == [False] * 8


def test_room_is_open_again_after_it_was_taken_back(organiser: Account) -> None:
    talk = factories.talk()
    contact = coming(talk)
    with frozen(talk.starts_at):
        put(talk, URL, organiser)
        rooms.close(talk, terms=TERMS, by=organiser)
        assert entry(talk, contact) is Entry.ELSEWHERE
        other_rooms.take_back(talk, terms=TERMS, by=organiser)
        assert entry(talk, contact) is Entry.CLOSED
    closes = talk.ends_at + timedelta(minutes=30)
    with frozen(closes):
        assert entry(talk, contact) is Entry.OVER
        with pytest.raises(RuleError, match="evening_over"):
            put(talk, URL, organiser)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "url_scheme"),
        ("treffen.example.org/abend", "url_scheme"),
        ("http://treffen.example.org/abend", "url_not_https"),
        ("javascript:alert(1)", "url_scheme"),
        ("https://treffen", "url_not_valid"),
        ("https://landratsamt.example@boese.example/", "url_not_valid"),
        ("https://treffen.example.org/a b", "url_not_valid"),
        ('https://treffen.example.org/"onclick', "url_not_valid"),
        ("https://treffen.example.org/" + "a" * 500, "url_not_valid"),
    ],
)
def test_only_an_https_address_is_one(organiser: Account, url: str, code: str) -> None:
    talk = factories.talk()
    with pytest.raises(RuleError, match=code) as found:
        put(talk, url, organiser)
    assert found.value.field == "url"
    assert (talk.other_room, talk.other_room_at) == ("", None)


def test_who_left_office_is_not_told(organiser: Account) -> None:
    talk = factories.talk()
    contact = coming(talk)
    contact.retired_at = now()
    db.session.flush()
    assert put(talk, URL, organiser) == 0
    assert mails() == []
