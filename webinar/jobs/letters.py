"""From a row of the outbox to a letter: whose it is, what it says, which links and which calendar.

Reads the rows and makes missing links; the words are `webinar.rendering.mails`', the bytes
`webinar.adapters.mime`'s and `webinar.adapters.calendar`'s. A test to a member of staff and a
preview show sample links that open nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from webinar.adapters.mime import Letter, message_id
from webinar.clock import now
from webinar.config import Settings
from webinar.domain import links, reminded, times
from webinar.extensions import db
from webinar.jobs import calendar_parts, references, reminder_parts
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
    Material,
    Mode,
    Purpose,
    Reminded,
    Reminder,
    Speaker,
    Talk,
)
from webinar.rendering import dates, mails, markdown, moves, placeholders, wording
from webinar.rendering.mails import Message

SAMPLE = "beispiel"
MAILINGS = frozenset({"invitation", "reinvitation", "materials", "message"})
"""Templates whose words an organiser writes."""
OF_ONE_SIDE = frozenset({"confirmation", "deputy", "reminder_coming"})
"""Templates that name the place of the side where the person takes part."""
LINKS: Mapping[str, tuple[Purpose, ...]] = {
    "invitation": (Purpose.ANSWER, Purpose.UNSUBSCRIBE),
    "reinvitation": (Purpose.ANSWER, Purpose.UNSUBSCRIBE),
    "confirmation": (Purpose.ANSWER, Purpose.ENTER),
    "waiting": (Purpose.ANSWER,),
    "declined": (Purpose.ANSWER,),
    "moved": (Purpose.ANSWER,),
    "reminder_unanswered": (Purpose.ANSWER, Purpose.UNSUBSCRIBE),
    "reminder_coming": (Purpose.ANSWER, Purpose.ENTER),
    "personal_link": (Purpose.ANSWER,),
    "side_dropped": (Purpose.ANSWER,),
    "details": (Purpose.ANSWER,),
    "other_room": (Purpose.ANSWER,),
    "room_back": (Purpose.ANSWER,),
    "materials": (Purpose.ARCHIVE,),
    "signup_confirm": (Purpose.ANSWER,),
    "signup_again": (Purpose.ANSWER,),
    "signup_invited": (Purpose.ANSWER,),
    "personal_page": (Purpose.PREFERENCES,),
    "language_changed": (Purpose.PREFERENCES,),
    "calendar_feed": (Purpose.PREFERENCES,),
    "unsubscribed": (Purpose.UNSUBSCRIBE,),
    "resubscribed": (Purpose.UNSUBSCRIBE,),
    "deputy": (Purpose.ANSWER,),
    "delegated": (Purpose.ANSWER,),
    "deputy_ended": (Purpose.ANSWER,),
    "reopened": (Purpose.ANSWER,),
    "reply_refused": (Purpose.ANSWER,),
    "series_accepted": (Purpose.ANSWER,),
    "series_left": (Purpose.ANSWER,),
}
"""The links that each template to a contact shows."""
UNPROVEN = frozenset({"signup_confirm"})
"""Templates that go to an address that anybody may have typed, with a name that anybody may have
made up: they address nobody by it, so that no stranger's words travel in our mail."""
OF_THE_PERSON = frozenset({Purpose.UNSUBSCRIBE, Purpose.PREFERENCES})
"""Purposes of links that belong to no talk."""


def letter_of(mail: Mail, settings: Settings) -> Letter:
    """The letter of a mail as things stand now; missing links are made and flushed."""
    reader = reader_of(mail)
    if mail.template in UNPROVEN:
        reader = nobody(reader.language)
    addresses = _addresses(mail, settings)
    message = _message(
        mail.template,
        reader,
        settings,
        talk=mail.talk,
        mailing=mail.mailing,
        params={
            **mail.params,
            **reminder_parts.of(mail.template, mail.talk, mail.contact),
            "calendar": mail.calendar_method,
        },
        addresses=addresses,
    )
    parts = calendar_parts.of(mail, reader, settings, sample=_sample(settings, Purpose.ENTER))
    return Letter(
        message_id=message_id(mail.public_id, settings.mail_domain),
        date=now(),
        sender_name=settings.office.name,
        sender_address=settings.mail.sender,
        recipient=mail.recipient,
        recipient_name=reader.full_name,
        reply_to=settings.office.email,
        subject=message.subject,
        text=message.text,
        html=message.html,
        unsubscribe=_way_out(mail, addresses),
        invite=parts.invite,
        calendar_file=parts.attached,
        file_name=calendar_parts.FILE_NAMES[reader.language],
    )


def _way_out(mail: Mail, addresses: Mapping[str, str]) -> str:
    """The address for the header of RFC 8058; nobody unsubscribes from having unsubscribed."""
    offered = mail.contact is not None and mail.template != "unsubscribed"
    return addresses.get("unsubscribe", "") if offered else ""


def preview(
    mailing: Mailing, *, contact: Contact | None, account: Account, settings: Settings
) -> Message:
    """The mail of a draft as that contact would read it (without one: addressed to the account),
    with sample links; writes nothing."""
    return _message(
        mailing.kind,
        contact_reader(contact) if contact is not None else account_reader(account),
        settings,
        talk=mailing.talk,
        mailing=mailing,
        params={"materials": mailing.selection.get("materials", []), "calendar": None},
        addresses=_samples(settings),
    )


def preview_reminder(
    reminder: Reminder, *, person: Contact | Speaker | None, account: Account, settings: Settings
) -> Message:
    """The reminder as that person would read it now (without one: addressed to the account), with
    sample links; writes nothing."""
    template = reminded.TEMPLATES[Reminded(reminder.reminded)]
    contact = person if isinstance(person, Contact) else None
    reader = speaker_reader(person) if isinstance(person, Speaker) else account_reader(account)
    shown = LINKS.get(template, (Purpose.SPEAKER,))
    return _message(
        template,
        contact_reader(contact) if contact is not None else reader,
        settings,
        talk=reminder.talk,
        mailing=None,
        params=reminder_parts.of(template, reminder.talk, contact),
        addresses={str(purpose): _sample(settings, purpose) for purpose in shown},
    )


def sample(mail: Mail, settings: Settings) -> Message:
    """The words of a mail as its reader would get it, with sample links; writes nothing."""
    return _message(
        mail.template,
        reader_of(mail),
        settings,
        talk=mail.talk,
        mailing=mail.mailing,
        params={**mail.params, "calendar": mail.calendar_method},
        addresses=_samples(settings),
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
    return _message(
        template,
        contact_reader(contact),
        settings,
        talk=talk,
        mailing=None,
        params=params,
        addresses=_samples(settings),
    )


def _message(
    template: str,
    reader: Reader,
    settings: Settings,
    *,
    talk: Talk | None,
    mailing: Mailing | None,
    params: Mapping[str, object],
    addresses: Mapping[str, str],
) -> Message:
    values: dict[str, object] = {
        "office": settings.office,
        "greeting": reader.addressee.greeting,
        "brand": talk.series.name if talk is not None else settings.brand,
        "signature": _signature(talk, settings),
        "legal": _legal(settings, reader.language),
        "organisation": reader.addressee.organisation,
        "addresses": addresses,
        "desk": f"{settings.base_url}/desk",
    }
    if talk is not None:
        early = "speaker" in addresses
        held = params.get("mode") if template in OF_ONE_SIDE else None
        mode = Mode(str(held)) if held is not None else None
        values |= _talk_values(talk, reader.language, settings, staff=early, mode=mode)
        if template in MAILINGS:
            values |= _organiser_words(talk, reader, settings, template=template, mailing=mailing)
        if template == "materials":
            values["titles"] = _titles(talk, params)
        if template == "moved":
            values["changes"] = moves.said(_before(params), talk, language=reader.language)
    return mails.render(
        template,
        language=reader.language,
        values={**values, **params, **references.resolved(params, language=reader.language)},
    )


def _before(params: Mapping[str, object]) -> dict[str, str]:
    """What the talk said before; mails that were written before this was kept know nothing."""
    found = params.get("before")
    return found if isinstance(found, dict) else {}


def _signature(talk: Talk | None, settings: Settings) -> list[str]:
    """Name and office, one per line; of the series, else of the office itself."""
    lines = talk.series.signature.splitlines() if talk is not None else []
    kept = [line.strip() for line in lines if line.strip()]
    return kept or list(filter(None, (settings.office.unit, settings.office.name)))


def _legal(settings: Settings, language: str) -> dict[str, str]:
    query = "" if language == "de" else f"?lang={language}"
    pages = {"imprint": "impressum", "privacy": "datenschutz"}
    return {name: f"{settings.base_url}/{page}{query}" for name, page in pages.items()}


def _talk_values(
    talk: Talk, language: str, settings: Settings, *, staff: bool, mode: Mode | None
) -> dict[str, object]:
    minutes = settings.room_opens_staff_minutes if staff else settings.room_opens_minutes
    opens = times.opens(talk, minutes=minutes)
    closes = times.registration_end(talk)
    early = closes < talk.starts_at
    return {
        "talk": mails.facts(talk, language=language),
        "place": mails.place(talk, language=language, mode=mode),
        "opens": dates.time(opens, talk.zone, language=language),
        "registration_opens": dates.moment_text(
            talk.registration_opens_at, talk.zone, language=language
        )
        if talk.registration_opens_at is not None and times.registration_ahead(talk)
        else "",
        "deadline": dates.moment_text(closes, talk.zone, language=language) if early else "",
        "cancel_reason": talk.cancel_reason.strip(),
    }


def _organiser_words(
    talk: Talk, reader: Reader, settings: Settings, *, template: str, mailing: Mailing | None
) -> dict[str, object]:
    """Subject, first paragraph and the rest, placeholders filled in, as text and as HTML."""
    words = wording.localised(
        template,
        subject=mailing.subject if mailing is not None else "",
        text=mailing.text if mailing is not None else "",
        language=reader.language,
    )
    given = placeholders.values(
        talk,
        to=reader.addressee,
        answer_by=times.registration_end(talk),
        office=settings.office.name,
        language=reader.language,
    )
    lead, _, rest = words.text.strip().partition("\n\n")
    filled = [placeholders.fill(part, given) for part in (lead, rest)]
    return {
        "words": placeholders.fill(words.subject, given, markdown=False),
        "lead": markdown.plain(filled[0]),
        "lead_html": markdown.html(filled[0]),
        "rest": markdown.plain(filled[1]),
        "rest_html": markdown.html(filled[1]),
    }


def _titles(talk: Talk, params: Mapping[str, object]) -> list[str]:
    """What of the materials is still released, in its order."""
    ids = params.get("materials")
    query = (
        select(Material.title)
        .where(
            Material.talk_id == talk.id,
            Material.id.in_(ids if isinstance(ids, list) else []),
            Material.released_at.is_not(None),
        )
        .order_by(Material.position, Material.id)
    )
    return list(db.session.scalars(query))


def _addresses(mail: Mail, settings: Settings) -> dict[str, str]:
    """The addresses that the template shows, by purpose."""
    if mail.speaker is not None and mail.talk is not None:
        found = [links.speaker_link(mail.speaker, talk=mail.talk)]
    elif mail.contact is not None:
        found = [
            links.contact_link(
                mail.contact,
                purpose=purpose,
                talk=None if purpose in OF_THE_PERSON else mail.talk,
            )
            for purpose in LINKS.get(mail.template, ())
            if mail.talk is not None or purpose in OF_THE_PERSON
        ]
    else:
        return _samples(settings)
    return {
        str(link.purpose): links.address(link, base_url=settings.base_url, keys=settings.link_keys)
        for link in found
    }


def _samples(settings: Settings) -> dict[str, str]:
    shown = (
        Purpose.ANSWER,
        Purpose.ENTER,
        Purpose.ARCHIVE,
        Purpose.UNSUBSCRIBE,
        Purpose.PREFERENCES,
    )
    return {str(purpose): _sample(settings, purpose) for purpose in shown}


def _sample(settings: Settings, purpose: Purpose) -> str:
    """An address of the right look that opens nothing."""
    return f"{settings.base_url}/{links.PATHS[purpose]}/{SAMPLE}"
