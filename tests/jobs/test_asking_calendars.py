"""Invitations that ask the calendar: only while answers by mail are read, and to the end of it."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from flask import Flask
from ical.calendar import Calendar
from ical.calendar_stream import IcsCalendarStream
from sqlalchemy import select

from tests import factories
from tests.conftest import ENVIRON
from tests.jobs.relay import Postbox
from webinar import settings_of
from webinar.adapters.mime import message_bytes
from webinar.domain import (
    calendar_entries,
    delivery,
    invitations,
    mailings,
    participation,
)
from webinar.extensions import db
from webinar.jobs.letters import letter_of
from webinar.models import Account, Answer, Contact, Format, Mail, MailingKind, Mode, Talk


@pytest.fixture
def environ(database_url: str, tmp_path: Path, box: Postbox) -> dict[str, str]:
    return {
        **ENVIRON,
        "WEBINAR_DATABASE_URL": database_url,
        "WEBINAR_STORAGE_FOLDER": str(tmp_path / "files"),
        "WEBINAR_INBOX_MODE": "folder",
        "WEBINAR_INBOX_FOLDER": str(tmp_path),
    }


def invite(talk: Talk, contact: Contact, by: Account, *, ask: bool = True) -> Mail:
    mailing = mailings.draft(talk, kind=MailingKind.INVITATION, by=by, subject="S", text="T")
    mailings.choose(mailing, contacts=[contact.id])
    mailings.send(mailing, by=by)
    mailings.expand(mailing, ask_calendars=ask)
    db.session.commit()
    return last(contact)


def last(contact: Contact) -> Mail:
    query = select(Mail).where(Mail.contact_id == contact.id).order_by(Mail.id.desc()).limit(1)
    return db.session.scalars(query).one()


def sent(app: Flask, mail: Mail) -> bytes:
    return message_bytes(letter_of(mail, settings_of(app)))


def calendar(content: bytes) -> tuple[Calendar, str]:
    part = next(
        part
        for part in message_from_bytes(content).walk()
        if part.get_content_type() in ("text/calendar", "application/ics")
    )
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    text = payload.decode().replace("\r\n ", "")
    return IcsCalendarStream.calendar_from_ics(payload.decode()), text


def test_invitation_asks_the_calendar(app: Flask, organiser: Account) -> None:
    talk, contact = factories.talk(), factories.contact()
    content = sent(app, invite(talk, contact, organiser))
    found, text = calendar(content)
    assert found.method == "REQUEST"
    assert "PARTSTAT=NEEDS-ACTION" in text
    assert "RSVP=TRUE" in text
    assert f"mailto:{contact.email}" in text
    organizer = next(line for line in text.splitlines() if line.startswith("ORGANIZER"))
    assert organizer.endswith(f":mailto:{settings_of(app).mail.sender}")
    kinds = [part.get_content_type() for part in message_from_bytes(content).walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]


def test_without_an_inbox_the_invitation_carries_a_mere_file(
    app: Flask, organiser: Account
) -> None:
    mail = invite(factories.talk(), factories.contact(), organiser, ask=False)
    found, text = calendar(sent(app, mail))
    assert mail.calendar_method is None
    assert found.method is None
    assert "ATTENDEE" not in text


@pytest.mark.parametrize("form", [Format.ONLINE, Format.HYBRID])
def test_confirmation_says_accepted_and_raises_the_sequence_only_for_another_place(
    app: Flask, organiser: Account, form: Format
) -> None:
    talk, contact = factories.talk(format=form), factories.contact()
    invite(talk, contact, organiser)
    invitation = invitations.invitation_of(talk, contact=contact)
    assert invitation is not None
    participation.accept(invitation, mode=Mode.ONLINE)
    db.session.commit()
    found, text = calendar(sent(app, last(contact)))
    assert "PARTSTAT=ACCEPTED" in text
    assert "RSVP=FALSE" in text
    assert found.events[0].sequence == (0 if form is Format.ONLINE else 1)


def test_moved_talk_asks_those_again_who_have_not_declined(app: Flask, organiser: Account) -> None:
    talk, contact, gone = factories.talk(), factories.contact(), factories.contact()
    for person in (contact, gone):
        invite(talk, person, organiser)
    invitation = invitations.invitation_of(talk, contact=gone)
    assert invitation is not None
    participation.decline(invitation)
    assert (last(gone).template, last(gone).calendar_method) == ("declined", "CANCEL")
    talk.starts_at += timedelta(days=1)
    talk.ends_at += timedelta(days=1)
    assert participation.tell_moved(talk, revision=1) == 1
    db.session.commit()
    found, text = calendar(sent(app, last(contact)))
    assert (last(contact).template, found.method) == ("moved", "REQUEST")
    assert found.events[0].sequence == 1
    assert "RSVP=TRUE" in text
    assert last(gone).template == "declined"


def test_cancelled_talk_takes_the_entry_of_the_invited_out(app: Flask, organiser: Account) -> None:
    talk, contact = factories.talk(), factories.contact()
    invite(talk, contact, organiser)
    assert participation.tell_cancelled(talk) == 1
    db.session.commit()
    assert calendar(sent(app, last(contact)))[0].method == "CANCEL"


def test_person_on_the_waiting_list_is_tentative(app: Flask, organiser: Account) -> None:
    talk, contact = factories.talk(places_online=1), factories.contact()
    invite(talk, contact, organiser)
    participation.accept(factories.invitation(talk, factories.contact()), mode=Mode.ONLINE)
    invitation = invitations.invitation_of(talk, contact=contact)
    assert invitation is not None
    participation.accept(invitation, mode=Mode.ONLINE)
    talk.starts_at += timedelta(days=1)
    talk.ends_at += timedelta(days=1)
    participation.tell_moved(talk, revision=1)
    db.session.commit()
    assert "PARTSTAT=TENTATIVE" in calendar(sent(app, last(contact)))[1]


def test_invitation_that_was_declined_before_it_left_is_obsolete(
    app: Flask, organiser: Account
) -> None:
    talk, contact = factories.talk(), factories.contact()
    mail = invite(talk, contact, organiser)
    assert delivery.still_wanted(mail)
    invitation = invitations.invitation_of(talk, contact=contact)
    assert invitation is not None
    participation.decline(invitation)
    db.session.commit()
    assert invitation.answer == Answer.DECLINED
    assert calendar_entries.entry_of(talk, contact=contact) is not None
    assert not delivery.still_wanted(mail)
