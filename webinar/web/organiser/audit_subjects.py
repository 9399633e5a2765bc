"""How the records of the audit log are called, and where their pages stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import url_for

from webinar.models import (
    Account,
    Audience,
    Contact,
    ContactImport,
    InboxMessage,
    Invitation,
    LegalText,
    Link,
    Mail,
    Mailing,
    Material,
    PlannedRelease,
    Recording,
    Registration,
    RetentionTerm,
    Series,
    Speaker,
    Talk,
)
from webinar.models.base import Model
from webinar.web import filters
from webinar.web.organiser import legal_words, retention_words


@dataclass(frozen=True)
class Subject:
    """`name` and `about` (the talk that it belongs to), and the `address` of the page, if any."""

    name: str
    about: str = ""
    address: str = ""


def subject(record: Model | None) -> Subject | None:
    """The record ready to print; None for what was deleted since or has no name."""
    maker = _MAKERS.get(type(record))
    return maker(record) if maker is not None and record is not None else None


def _account(account: Account) -> Subject:
    if account.erased_at is not None:
        return Subject(account.name)
    return Subject(account.name, address=url_for("accounts.edit", account_id=account.id))


def _talk(talk: Talk) -> Subject:
    return Subject(talk.title, address=url_for("talks.show", talk_id=talk.id))


def _contact(contact: Contact) -> Subject:
    address = url_for("contacts.show", contact_id=contact.id)
    return Subject(filters.full_name(contact), address=address)


def _person(record: Invitation | Registration) -> Subject:
    address = ""
    if record.contact.erased_at is None:  # a stand-in has no page
        address = url_for("people.show", talk_id=record.talk_id, contact_id=record.contact_id)
    return Subject(filters.full_name(record.contact), record.talk.title, address)


def _legal(text: LegalText) -> Subject:
    address = url_for("legal.edit", page=text.page, language=text.language)
    return Subject(str(legal_words.PAGES[text.page]), text.language, address)


def _link(link: Link) -> Subject:
    holder = link.contact or link.speaker
    name = filters.full_name(holder) if holder is not None else ""
    return Subject(name, link.talk.title if link.talk is not None else "")


def _mail(mail: Mail) -> Subject:
    name = filters.full_name(mail.contact) if mail.contact is not None else ""
    return Subject(name, address=url_for("mails.show", mail_id=mail.id))


def _mailing(mailing: Mailing) -> Subject:
    address = url_for("invitations.index", talk_id=mailing.talk_id)
    # Its subject may hold placeholders; the talk says more.
    return Subject(mailing.talk.title, address=address)


def _material(material: Material) -> Subject:
    return Subject(material.title, address=url_for("materials.index", talk_id=material.talk_id))


def _planned(plan: PlannedRelease) -> Subject:
    return Subject(plan.talk.title, address=url_for("materials.index", talk_id=plan.talk_id))


def _recording(recording: Recording) -> Subject:
    talk = recording.talk
    if talk is None:
        return Subject(filters.moment_short(recording.created_at))
    return Subject(talk.title, address=url_for("materials.index", talk_id=talk.id))


def _audience(audience: Audience) -> Subject:
    return Subject(audience.name, address=url_for("audiences.show", audience_id=audience.id))


def _term(term: RetentionTerm) -> Subject:
    return Subject(retention_words.name(term.kind), address=url_for("retention.index"))


def _series(series: Series) -> Subject:
    return Subject(series.name, address=url_for("series.edit", series_id=series.id))


def _speaker(speaker: Speaker) -> Subject:
    address = url_for("speakers.show", speaker_id=speaker.id)
    return Subject(filters.full_name(speaker), address=address)


def _import(upload: ContactImport) -> Subject:
    return Subject(upload.file_name)


def _inbox(message: InboxMessage) -> Subject:
    return Subject(message.subject, address=url_for("inbox.show", message_id=message.id))


_MAKERS: Mapping[type, Callable[..., Subject]] = {
    Account: _account,
    Audience: _audience,
    Contact: _contact,
    ContactImport: _import,
    InboxMessage: _inbox,
    Invitation: _person,
    LegalText: _legal,
    Link: _link,
    Mail: _mail,
    Mailing: _mailing,
    Material: _material,
    PlannedRelease: _planned,
    Recording: _recording,
    Registration: _person,
    RetentionTerm: _term,
    Series: _series,
    Speaker: _speaker,
    Talk: _talk,
}
