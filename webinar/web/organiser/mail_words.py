"""What a mail is about, and why one did not arrive, in the words of an office.

A relay answers with an SMTP code and often an enhanced one (RFC 3463, 3: class, subject, detail);
subject and detail name the cause, whatever the sentence beside them says.
"""

from __future__ import annotations

import re
from email import policy
from email.parser import BytesParser

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from webinar.domain.recipients import Circle, Reason
from webinar.models import Mail, MailingKind, MailState, Placeholder
from webinar.web.logs import redact

TEMPLATES: dict[str, LazyString] = {
    "invitation": _l("Invitation"),
    "reinvitation": _l("Second invitation"),
    "confirmation": _l("Confirmation"),
    "waiting": _l("Waiting list"),
    "declined": _l("Confirmation of a refusal"),
    "moved": _l("Change of time or place"),
    "cancelled": _l("Cancellation of the talk"),
    "reminder_unanswered": _l("Reminder to answer"),
    "reminder_coming": _l("Reminder of the evening"),
    "reminder_speaker": _l("Reminder to the speaker"),
    "withdrawn": _l("Invitation taken back"),
    "refused": _l("No place"),
    "personal_link": _l("Personal link"),
    "side_dropped": _l("End of a registration"),
    "details": _l("Answers to questions"),
    "materials": _l("Materials"),
    "message": _l("Message"),
    "speaker_link": _l("Link for the speaker"),
    "recording_consent": _l("Answer about the recording"),
    "signup_confirm": _l("Registration to confirm"),
    "signup_again": _l("Registration, link again"),
    "signup_invited": _l("Registration, link to the invitation"),
    "personal_page": _l("Link to the personal page"),
    "language_changed": _l("Confirmation of another language"),
    "unsubscribed": _l("Confirmation of unsubscribing"),
    "resubscribed": _l("Confirmation of subscribing again"),
    "deputy": _l("Request to a deputy"),
    "delegated": _l("Confirmation that a deputy comes"),
    "deputy_ended": _l("Deputy no longer needed"),
    "reopened": _l("Invitation open again"),
    "series_accepted": _l("Acceptance of the series"),
    "series_left": _l("End of the acceptance of the series"),
}

DRAFTED = (MailingKind.INVITATION, MailingKind.REINVITATION, MailingKind.MESSAGE)
"""Mailings that are drafted on the pages of the invitations."""

NEW: dict[str, LazyString] = {
    MailingKind.INVITATION: _l("New invitation"),
    MailingKind.REINVITATION: _l("Second invitation"),
    MailingKind.MATERIALS: _l("Materials"),
    MailingKind.MESSAGE: _l("New message"),
}
CIRCLES: dict[Circle, LazyString] = {
    Circle.COMING: _l("everybody who has a place"),
    Circle.WAITING: _l("everybody on the waiting list"),
    Circle.BOTH: _l("everybody with a place or on the waiting list"),
}

CAUSES: dict[str, LazyString] = {
    "1.1": _l("This address does not exist."),
    "1.2": _l("There is no mail server for the part after the @."),
    "1.3": _l("The address is misspelled."),
    "1.6": _l("The mailbox has moved; nobody left a new address."),
    "1.10": _l("The domain takes no mail."),
    "2.1": _l("The mailbox is closed."),
    "2.2": _l("The mailbox is full."),
    "2.3": _l("The message is too large for this mailbox."),
    "3.4": _l("The message is too large for the recipient's server."),
    "4.1": _l("The recipient's server does not answer."),
    "4.4": _l("The way to the recipient's server is not known."),
    "4.7": _l("The recipient's server could not be reached for too long."),
    "7.1": _l("The recipient's server refuses messages from us."),
}
SUBJECTS: dict[str, LazyString] = {
    "1": _l("The address was not accepted."),
    "2": _l("The mailbox takes no messages."),
    "3": _l("The recipient's server could not take the message."),
    "4": _l("The recipient's server could not be reached."),
    "5": _l("The recipient's server did not understand the message."),
    "6": _l("The recipient's server did not accept the content."),
    "7": _l("The recipient's server refused the message for reasons of security."),
}
CODES: dict[str, LazyString] = {
    "421": _l("The mail server was busy."),
    "450": _l("The mailbox is not available at the moment."),
    "451": _l("The mail server asks us to try again later."),
    "452": _l("The mail server has no room at the moment."),
    "550": _l("The address does not exist or takes no messages."),
    "552": _l("The mailbox is full."),
    "553": _l("The address is misspelled."),
    "554": _l("The mail server refused the message."),
}
REASONS: dict[Reason, LazyString] = {
    Reason.EXCLUDED: _l("left out by you"),
    Reason.RETIRED: _l("deactivated"),
    Reason.UNSUBSCRIBED: _l("wants no more invitations"),
    Reason.INVITED: _l("invited or registered already"),
}
PLACEHOLDERS: dict[Placeholder, LazyString] = {
    Placeholder.ANREDE: _l("the salutation, without a comma"),
    Placeholder.NAME: _l("form of address and name"),
    Placeholder.AMT: _l("office of the recipient"),
    Placeholder.ORGANISATION: _l("municipality, department or group"),
    Placeholder.TITEL: _l("title of the talk"),
    Placeholder.REIHE: _l("name of the series"),
    Placeholder.GASTGEBER: _l("who invites"),
    Placeholder.WOCHENTAG: _l("day of the week"),
    Placeholder.DATUM: _l("date"),
    Placeholder.UHRZEIT: _l("beginning and end"),
    Placeholder.ORT: _l("online, hall or both"),
    Placeholder.REFERENTEN: _l("names of the speakers"),
    Placeholder.ANTWORTFRIST: _l("when registration closes"),
    Placeholder.BESCHREIBUNG: _l("description of the talk"),
}
ENHANCED = re.compile(r"\b[245]\.(\d{1,3})\.(\d{1,3})\b")
CODE = re.compile(r"^\d{1,3}\b")
"""0: the relay said nothing at all."""


def template(mail: Mail) -> str:
    """What the mail is, in a word or two; of a test that it is one."""
    word = str(TEMPLATES.get(mail.template, mail.template))
    if mail.mailing_id is not None and mail.account_id is not None:
        return _("Test: %(kind)s", kind=word)
    return word


def why(mail: Mail) -> str:
    """Why the mail has not arrived, as a sentence; empty where there is nothing to say."""
    if mail.state not in (MailState.FAILED, MailState.BOUNCED, MailState.RETRY) or not mail.reply:
        return ""
    return cause(mail.reply)


def cause(reply: str) -> str:
    """The cause that a relay's answer names, as a sentence."""
    found = ENHANCED.search(reply)
    if found is not None:
        subject, detail = found.groups()
        known = CAUSES.get(f"{subject}.{detail}") or SUBJECTS.get(subject)
        if found[0].startswith("4.7"):
            # Greylisting, as a rule: a temporary refusal accuses nobody.
            return _("The recipient's server asks us to try again later.")
        if known is not None:
            return str(known)
    code = CODE.match(reply)
    if code is None:
        return _("The message could not be written. Please tell whoever runs this program.")
    if code[0] == "0":
        return _("The mail server could not be reached.")
    return str(CODES.get(code[0], _l("The mail server did not take the message.")))


def plain_text(content: bytes) -> tuple[str, str]:
    """Subject and text of a frozen message; personal links in it are made unusable, since only
    their holder may use them."""
    message = BytesParser(policy=policy.default).parsebytes(content)
    body = message.get_body(("plain",))
    text = str(body.get_content()) if body is not None else ""
    return str(message.get("Subject", "")), redact(text.replace("\r\n", "\n"))
