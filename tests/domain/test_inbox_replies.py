"""Answers from calendars: what acts by itself, what waits for a person, what is ignored."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from webinar.clock import frozen, now
from webinar.domain import (
    calendar_entries,
    delivery,
    inbox,
    inbox_replies,
    mail,
    participation,
    registrations,
)
from webinar.domain.inbox_replies import Said
from webinar.domain.mail import CalendarPart
from webinar.extensions import db
from webinar.models import (
    Answer,
    Contact,
    Format,
    InboxKind,
    InboxMessage,
    InboxState,
    Invitation,
    Mail,
    Mode,
    Outcome,
    RegistrationState,
    Suggestion,
    Talk,
    TalkState,
)

_numbers = itertools.count()
FIRST = now() - timedelta(hours=2)


@pytest.fixture
def asked(app: Flask) -> Invitation:
    """An invitation whose calendar was asked."""
    row = factories.invitation(factories.talk(), factories.contact())
    calendar_entries.request(row.talk, contact=row.contact)
    db.session.commit()
    return row


def says(
    invitation: Invitation,
    word: str,
    *,
    minutes: int = 0,
    sequence: int = 0,
    proven: bool = True,
    sender: str = "",
    machine: bool = False,
    **more: str,
) -> InboxMessage:
    """The calendar's answer, so many minutes after the first; committed."""
    attendee = more.pop("attendee", invitation.contact.email)
    message = inbox.note(f"{next(_numbers):064}", kind=InboxKind.REPLY, sender=sender or attendee)
    assert message is not None
    said = Said(
        uid=more.pop("uid", invitation.talk.uid),
        attendee=attendee,
        word=word,
        sequence=sequence,
        stamp=FIRST + timedelta(minutes=minutes),
        machine=machine,
        **more,
    )
    inbox_replies.take(message, said, proven=proven)
    db.session.commit()
    return message


def place(invitation: Invitation) -> str | None:
    row = registrations.active_registration(invitation.talk, contact=invitation.contact)
    return row.state if row is not None else None


def mails() -> list[str]:
    return list(db.session.scalars(select(Mail.template).order_by(Mail.id)))


def test_accept_is_worth_as_much_as_a_click(asked: Invitation) -> None:
    message = says(asked, "accepted")
    assert (message.state, message.outcome) == (InboxState.ACTED, Outcome.ACCEPTED)
    assert asked.answer == Answer.ACCEPTED
    assert place(asked) == RegistrationState.CONFIRMED
    assert mails() == ["confirmation"]
    assert (message.contact, message.talk) == (asked.contact, asked.talk)


def test_accept_of_a_full_talk_queues(asked: Invitation) -> None:
    asked.talk.places_online = 1
    other = factories.invitation(asked.talk, factories.contact())
    participation.accept(other, mode=Mode.ONLINE)
    db.session.commit()
    assert says(asked, "accepted").outcome == Outcome.ACCEPTED
    assert place(asked) == RegistrationState.WAITING


def test_decline_gives_the_place_to_the_next_and_cancels_the_entry(asked: Invitation) -> None:
    asked.talk.places_online = 1
    next_one = factories.invitation(asked.talk, factories.contact())
    participation.accept(asked, mode=Mode.ONLINE)
    participation.accept(next_one, mode=Mode.ONLINE)
    db.session.commit()
    assert says(asked, "declined").outcome == Outcome.DECLINED
    assert asked.answer == Answer.DECLINED
    assert place(next_one) == RegistrationState.CONFIRMED
    last = db.session.scalars(
        select(Mail).where(Mail.contact_id == asked.contact_id).order_by(Mail.id.desc())
    ).first()
    assert last is not None
    assert (last.template, last.calendar_method) == ("declined", "CANCEL")


def test_decline_without_a_place_cancels_the_entry_that_was_asked(asked: Invitation) -> None:
    says(asked, "declined")
    entry = calendar_entries.entry_of(asked.talk, contact=asked.contact)
    assert entry is not None
    assert (entry.cancelled, entry.sequence) == (True, 1)


def test_tentative_is_no_answer_with_a_remark(asked: Invitation) -> None:
    message = says(asked, "tentative", comment="Vielleicht später")
    assert (message.state, message.outcome) == (InboxState.ACTED, Outcome.LEFT_OPEN)
    assert (asked.answer, asked.remark) == (Answer.NONE, "Vielleicht später")
    assert mails() == []
    says(asked, "accepted", minutes=1)
    assert asked.remark == ""


def test_tentative_without_words_leaves_a_remark_all_the_same(asked: Invitation) -> None:
    says(asked, "tentative")
    assert asked.remark == participation.TENTATIVE


def test_tentative_takes_no_place_away(asked: Invitation) -> None:
    says(asked, "accepted")
    message = says(asked, "tentative", minutes=5)
    assert (message.state, message.outcome) == (InboxState.WAITING, Outcome.REFUSED)
    assert message.suggestion == Suggestion.TENTATIVE
    assert message.details["rule"] == "place_held"
    assert place(asked) == RegistrationState.CONFIRMED


def test_delegation_waits_with_the_delegate(asked: Invitation) -> None:
    message = says(asked, "delegated", delegated_to="bauamt@gemeinde.example")
    assert (message.state, message.outcome) == (InboxState.WAITING, Outcome.DELEGATED)
    assert message.suggestion == Suggestion.DELEGATE
    assert message.details["delegated_to"] == "bauamt@gemeinde.example"
    assert asked.answer == Answer.NONE


@pytest.mark.parametrize("word", ["accepted", "declined", "tentative"])
def test_forged_answer_waits_for_a_person(asked: Invitation, word: str) -> None:
    message = says(asked, word, proven=False)
    assert (message.state, message.outcome) == (InboxState.WAITING, Outcome.NOT_PROVEN)
    assert (asked.answer, mails()) == (Answer.NONE, [])


def test_answer_from_another_address_waits(asked: Invitation) -> None:
    message = says(asked, "accepted", sender="vorzimmer@gemeinde.example")
    assert (message.outcome, message.suggestion) == (Outcome.OTHER_SENDER, Suggestion.ACCEPT)
    assert asked.answer == Answer.NONE


def test_address_in_capitals_is_the_same(asked: Invitation) -> None:
    address = asked.contact.email.upper()
    assert says(asked, "accepted", attendee=address).outcome == Outcome.ACCEPTED


def test_two_people_at_one_address_wait_for_a_person(asked: Invitation) -> None:
    other = factories.contact(email=asked.contact.email, last_name="Andere")
    factories.invitation(asked.talk, other)
    message = says(asked, "accepted")
    assert (message.outcome, message.contact) == (Outcome.SEVERAL_PEOPLE, None)
    assert place(asked) is None


def test_second_person_at_the_address_who_is_not_invited_does_not_disturb(
    asked: Invitation,
) -> None:
    factories.contact(email=asked.contact.email, last_name="Andere")
    assert says(asked, "accepted").outcome == Outcome.ACCEPTED


def test_stranger_and_unknown_talk_wait(asked: Invitation) -> None:
    stranger = says(asked, "accepted", attendee="fremd@x.example")
    assert (stranger.outcome, stranger.contact) == (Outcome.NOT_INVITED, None)
    assert says(asked, "accepted", uid="nichts@x.example").outcome == Outcome.UNKNOWN_TALK


def test_withdrawn_invitation_waits(asked: Invitation) -> None:
    asked.answer = Answer.WITHDRAWN
    db.session.commit()
    assert says(asked, "accepted").outcome == Outcome.NOT_INVITED


def test_same_reply_twice_does_nothing(asked: Invitation) -> None:
    says(asked, "accepted")
    assert says(asked, "accepted").outcome == Outcome.REPEATED
    assert mails() == ["confirmation"]


def test_older_reply_is_ignored(asked: Invitation) -> None:
    says(asked, "declined", minutes=10)
    assert says(asked, "accepted", minutes=5).outcome == Outcome.REPEATED
    assert asked.answer == Answer.DECLINED
    assert says(asked, "accepted", minutes=15).outcome == Outcome.ACCEPTED


def test_reply_from_the_future_shuts_nothing_out(asked: Invitation) -> None:
    says(asked, "accepted", minutes=600_000, sequence=99_999_999)
    entry = calendar_entries.entry_of(asked.talk, contact=asked.contact)
    assert entry is not None
    assert says(asked, "declined", minutes=121, sequence=entry.sequence).outcome == Outcome.DECLINED


def test_reply_about_the_old_time_waits(asked: Invitation) -> None:
    mail.to_contact(
        "moved", asked.contact, key="m", talk=asked.talk, calendar=CalendarPart("REQUEST", 1)
    )
    message = says(asked, "accepted", sequence=0)
    assert (message.outcome, message.suggestion) == (Outcome.OUTDATED, Suggestion.ACCEPT)
    assert says(asked, "accepted", sequence=1, minutes=1).outcome == Outcome.REPEATED or place(
        asked
    )


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"registration_closes_at": now() - timedelta(hours=1)}, "registration_closed"),
        ({"starts_at": now() - timedelta(minutes=1)}, "talk_started"),
        ({"state": TalkState.CANCELLED}, "talk_cancelled"),
    ],
)
def test_what_a_rule_refuses_waits_with_the_suggestion(
    asked: Invitation, change: dict[str, object], rule: str
) -> None:
    for name, value in change.items():
        setattr(asked.talk, name, value)
    db.session.commit()
    message = says(asked, "accepted")
    assert (message.state, message.outcome) == (InboxState.WAITING, Outcome.REFUSED)
    assert (message.suggestion, message.details["rule"]) == (Suggestion.ACCEPT, rule)
    assert asked.answer == Answer.NONE
    told = db.session.scalars(select(Mail)).one()
    assert (told.template, told.params) == ("reply_refused", {"rule": rule, "answer": "accepted"})
    assert (told.contact, told.calendar_method) == (asked.contact, None)
    assert delivery.still_wanted(told)
    assert message.details["told"] == "yes"


def closed(asked: Invitation) -> None:
    asked.talk.registration_closes_at = now() - timedelta(hours=1)
    db.session.commit()


def test_refused_answer_is_told_once_a_day_for_each_reason(asked: Invitation) -> None:
    closed(asked)
    for minutes in (0, 5):
        message = says(asked, "accepted", minutes=minutes)
        assert message.details["told"] == "yes"
    assert mails() == ["reply_refused"]
    with frozen(now() + timedelta(days=1)):
        says(asked, "accepted", minutes=10)
    assert mails() == ["reply_refused"] * 2


def test_refused_answers_are_told_a_few_times_at_most(asked: Invitation) -> None:
    closed(asked)
    asked.talk.starts_at += timedelta(days=60)
    asked.talk.ends_at += timedelta(days=60)
    for day in range(inbox_replies.MOST + 2):
        with frozen(now() + timedelta(days=day)):
            says(asked, "accepted", minutes=day + 1)
    assert len(mails()) == inbox_replies.MOST


def test_machine_and_unproven_sender_are_told_nothing(asked: Invitation) -> None:
    closed(asked)
    assert "told" not in says(asked, "accepted", machine=True).details
    assert "told" not in says(asked, "accepted", minutes=1, proven=False).details
    assert mails() == []


def test_answer_about_the_old_time_is_told(asked: Invitation) -> None:
    mail.to_contact(
        "moved", asked.contact, key="m", talk=asked.talk, calendar=CalendarPart("REQUEST", 1)
    )
    says(asked, "accepted", sequence=0)
    assert mails() == ["moved", "reply_refused"]


def test_yes_to_a_hybrid_talk_is_online_unless_a_place_is_held(app: Flask) -> None:
    talk = factories.talk(format=Format.HYBRID)
    first, second = (factories.invitation(talk, factories.contact()) for _ in range(2))
    participation.accept(second, mode=Mode.HALL)
    for one, side in ((first, Mode.ONLINE), (second, Mode.HALL)):
        says(one, "accepted")
        row = registrations.active_registration(talk, contact=one.contact)
        assert row is not None
        assert row.mode == side


def test_hall_is_the_side_of_a_talk_in_the_hall(app: Flask) -> None:
    talk = factories.talk(format=Format.ON_SITE)
    contact: Contact = factories.contact()
    assert inbox.side_of(talk, contact=contact) == Mode.HALL


def test_person_who_left_office_is_not_answered_for(asked: Invitation) -> None:
    asked.contact.retired_at = now()
    db.session.commit()
    message = says(asked, "accepted")
    assert (message.state, asked.answer) == (InboxState.WAITING, Answer.NONE)
    assert isinstance(asked.talk, Talk)
