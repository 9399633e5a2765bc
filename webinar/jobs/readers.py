"""Who reads a mail: how the person is addressed, in which language, under which name.

Used by `webinar.jobs.letters`; the rules of address are `webinar.rendering.salutations`'.
"""

from __future__ import annotations

from dataclasses import dataclass

from webinar.extensions import db
from webinar.models import Account, Contact, Mail, Speaker
from webinar.rendering import salutations
from webinar.rendering.placeholders import Addressee


@dataclass(frozen=True, kw_only=True)
class Reader:
    """`full_name` stands in the To line and in the calendar."""

    language: str
    addressee: Addressee
    full_name: str


def reader_of(mail: Mail) -> Reader:
    """The reader of the mail; of a test the member of staff, addressed as the first recipient."""
    if mail.contact is not None:
        return contact_reader(mail.contact)
    if mail.speaker is not None:
        return speaker_reader(mail.speaker)
    if mail.account is None:
        raise ValueError("a mail to nobody")
    as_contact = mail.params.get("as_contact")
    contact = db.session.get(Contact, as_contact) if as_contact is not None else None
    own = account_reader(mail.account)
    if contact is None:
        return own
    shown = contact_reader(contact)
    return Reader(language=shown.language, addressee=shown.addressee, full_name=own.full_name)


def contact_reader(contact: Contact) -> Reader:
    """The contact, by office and own salutation."""
    organisation = contact.organisation
    return _reader(
        form=contact.form,
        title=contact.title,
        first_name=contact.first_name,
        last_name=contact.last_name,
        office=contact.office,
        organisation=organisation.name if organisation is not None else "",
        override=contact.salutation,
        language=contact.language,
    )


def speaker_reader(speaker: Speaker) -> Reader:
    """The speaker; a role such as "Leiterin des Bauamts" is no form of address."""
    return _reader(
        form=speaker.form,
        title=speaker.title,
        first_name=speaker.first_name,
        last_name=speaker.last_name,
        organisation=speaker.organisation,
        language=speaker.language,
    )


def account_reader(account: Account) -> Reader:
    """The member of staff, by the one name that the account has."""
    return _reader(last_name=account.name, language=account.language)


def nobody(language: str) -> Reader:
    """Somebody who is addressed without a name."""
    return _reader(last_name="", language=language)


def _reader(
    *,
    last_name: str,
    language: str,
    form: str = "",
    title: str = "",
    first_name: str = "",
    office: str = "",
    organisation: str = "",
    override: str = "",
) -> Reader:
    names = {"title": title, "first_name": first_name, "last_name": last_name}
    return Reader(
        language=language,
        full_name=salutations.full_name(**names),
        addressee=Addressee(
            greeting=salutations.salutation(
                form=form, office=office, override=override, language=language, **names
            ),
            name=salutations.addressed_as(
                form=form, office=office, language=language, accusative=False, **names
            ),
            office=office,
            organisation=organisation,
        ),
    )
