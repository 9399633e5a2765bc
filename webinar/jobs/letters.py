"""From a row of the outbox to a letter: whose it is, what it says, which links and which calendar.

A letter is made of an occasion, which many mails share, and of what is its reader's own; the rows
are read here, missing links made. The words are `webinar.jobs.letter_words`', the bytes
`webinar.adapters.mime`'s and `webinar.adapters.calendar`'s. A test to a member of staff and a
preview show sample links that open nothing. Neighbour: `webinar.jobs.prepared_letters`, which
writes the letters of one occasion at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from webinar.adapters.mime import Letter, message_id
from webinar.clock import now
from webinar.config import Settings
from webinar.domain import reminded
from webinar.jobs import calendar_parts, letter_links, letter_words, reminder_parts
from webinar.jobs.calendar_parts import Told
from webinar.jobs.readers import (
    Reader,
    account_reader,
    contact_reader,
    nobody,
    reader_of,
    speaker_reader,
)
from webinar.models import (
    Account,
    Contact,
    Mail,
    Mailing,
    Purpose,
    Reminded,
    Reminder,
    Speaker,
    Talk,
)
from webinar.rendering.mails import Message

UNPROVEN = frozenset({"signup_confirm"})
"""Templates that go to an address that anybody may have typed, with a name that anybody may have
made up: they address nobody by it, so that no stranger's words travel in our mail."""


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """What a letter tells of, the same for all who are told the same."""

    template: str
    talk: Talk | None
    mailing: Mailing | None
    params: Mapping[str, object]
    told: Told | None
    """What the letter tells the calendar."""


@dataclass(frozen=True, kw_only=True)
class Personal:
    """What of a letter is its reader's own."""

    reader: Reader
    recipient: str
    message_id: str
    addresses: Mapping[str, str]
    """Of the links, by purpose."""
    door: str
    """The link that stands in the calendar."""
    way_out: bool
    """Whether the mail program offers to unsubscribe (RFC 8058)."""
    date: datetime


def letter_of(mail: Mail, settings: Settings) -> Letter:
    """The letter of a mail as things stand now; missing links are made and flushed."""
    return compose(occasion_of(mail, settings), personal_of(mail, settings), settings)


def occasion_of(mail: Mail, settings: Settings) -> Occasion:
    """What the mail tells of, as things stand now."""
    return Occasion(
        template=mail.template,
        talk=mail.talk,
        mailing=mail.mailing,
        params={
            **mail.params,
            **reminder_parts.of(mail.template, mail.talk, mail.contact),
            "calendar": mail.calendar_method,
        },
        told=calendar_parts.told(mail, settings),
    )


def personal_of(mail: Mail, settings: Settings) -> Personal:
    """Whose the mail is."""
    reader = reader_of(mail)
    told = calendar_parts.tells(mail)
    return Personal(
        reader=nobody(reader.language) if mail.template in UNPROVEN else reader,
        recipient=mail.recipient,
        message_id=message_id(mail.public_id, settings.mail_domain),
        addresses=letter_links.of(mail, settings),
        door=letter_links.door(mail, settings) if told else "",
        # Nobody unsubscribes from having unsubscribed.
        way_out=mail.contact is not None and mail.template != "unsubscribed",
        date=now(),
    )


def compose(
    occasion: Occasion, own: Personal, settings: Settings, *, draft: bool = False
) -> Letter:
    """The letter of that reader; as a `draft` with the lines of plain text not wrapped yet."""
    message = letter_words.message(
        occasion.template,
        own.reader,
        settings,
        talk=occasion.talk,
        mailing=occasion.mailing,
        params=occasion.params,
        addresses=own.addresses,
        draft=draft,
    )
    parts = calendar_parts.Parts()
    if occasion.told is not None and occasion.talk is not None:
        parts = calendar_parts.of(
            occasion.told,
            occasion.talk,
            own.reader,
            settings,
            address=own.recipient,
            door=own.door,
            stamp=own.date,
        )
    return letter(own, message, parts, settings)


def letter(
    own: Personal, message: Message, parts: calendar_parts.Parts, settings: Settings
) -> Letter:
    """The letter with those words and that calendar."""
    return Letter(
        message_id=own.message_id,
        date=own.date,
        sender_name=settings.office.name,
        sender_address=settings.mail.sender,
        recipient=own.recipient,
        recipient_name=own.reader.full_name,
        reply_to=settings.office.email,
        subject=message.subject,
        text=message.text,
        html=message.html,
        unsubscribe=own.addresses.get("unsubscribe", "") if own.way_out else "",
        invite=parts.invite,
        calendar_file=parts.attached,
        file_name=calendar_parts.FILE_NAMES[own.reader.language],
    )


def preview(
    mailing: Mailing, *, contact: Contact | None, account: Account, settings: Settings
) -> Message:
    """The mail of a draft as that contact would read it (without one: addressed to the account),
    with sample links; writes nothing."""
    return letter_words.message(
        mailing.kind,
        contact_reader(contact) if contact is not None else account_reader(account),
        settings,
        talk=mailing.talk,
        mailing=mailing,
        params={"materials": mailing.selection.get("materials", []), "calendar": None},
        addresses=letter_links.samples(settings),
    )


def preview_reminder(
    reminder: Reminder, *, person: Contact | Speaker | None, account: Account, settings: Settings
) -> Message:
    """The reminder as that person would read it now (without one: addressed to the account), with
    sample links; writes nothing."""
    template = reminded.TEMPLATES[Reminded(reminder.reminded)]
    contact = person if isinstance(person, Contact) else None
    reader = speaker_reader(person) if isinstance(person, Speaker) else account_reader(account)
    shown = letter_links.LINKS.get(template, (Purpose.SPEAKER,))
    return letter_words.message(
        template,
        contact_reader(contact) if contact is not None else reader,
        settings,
        talk=reminder.talk,
        mailing=None,
        params=reminder_parts.of(template, reminder.talk, contact),
        addresses={str(purpose): letter_links.sample(settings, purpose) for purpose in shown},
    )


def sample(mail: Mail, settings: Settings) -> Message:
    """The words of a mail as its reader would get it, with sample links; writes nothing."""
    return letter_words.message(
        mail.template,
        reader_of(mail),
        settings,
        talk=mail.talk,
        mailing=mail.mailing,
        params={**mail.params, "calendar": mail.calendar_method},
        addresses=letter_links.samples(settings),
    )


def preview_notice(
    template: str,
    *,
    talk: Talk,
    contact: Contact,
    params: Mapping[str, object],
    settings: Settings,
) -> Message:
    """A mail about the talk as the contact would read it, with sample links; writes nothing."""
    return letter_words.message(
        template,
        contact_reader(contact),
        settings,
        talk=talk,
        mailing=None,
        params=params,
        addresses=letter_links.samples(settings),
    )
