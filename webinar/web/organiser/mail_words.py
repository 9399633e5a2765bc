"""What a mail is about, in the words of an office; why one did not arrive says `mail_causes`."""

from __future__ import annotations

from email import policy
from email.parser import BytesParser

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from webinar.domain.recipients import Circle, Reason
from webinar.models import Mail, MailingKind, MailState, Placeholder
from webinar.web.logs import redact
from webinar.web.organiser import mail_causes

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
    "other_room": _l("Another meeting room"),
    "room_back": _l("Back to the usual room"),
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
    "calendar_feed": _l("Address of the personal calendar"),
    "unsubscribed": _l("Confirmation of unsubscribing"),
    "resubscribed": _l("Confirmation of subscribing again"),
    "deputy": _l("Request to a deputy"),
    "delegated": _l("Confirmation that a deputy comes"),
    "deputy_ended": _l("Deputy no longer needed"),
    "reopened": _l("Invitation open again"),
    "reply_refused": _l("Answer from the calendar not taken"),
    "series_accepted": _l("Acceptance of the series"),
    "recording_arrived": _l("Notice of a recording"),
    "archive_notice": _l("Notice about the archive"),
    "archive_link": _l("Link to the materials"),
    "material_refused": _l("Confirmation to the speaker: taken out of the archive"),
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


def template(mail: Mail) -> str:
    """What the mail is, in a word or two; of a test that it is one."""
    word = str(TEMPLATES.get(mail.template, mail.template))
    if mail.mailing_id is not None and mail.account_id is not None:
        return _("Test: %(kind)s", kind=word)
    return word


def about(mail: Mail) -> str:
    """What the mail is, and about which talk: "Einladung: Der digitale Bauantrag"."""
    return f"{template(mail)}: {mail.talk.title}" if mail.talk is not None else template(mail)


def why(mail: Mail) -> str:
    """Why the mail has not arrived, as a sentence; empty where there is nothing to say."""
    if mail.state not in (MailState.FAILED, MailState.BOUNCED, MailState.RETRY) or not mail.reply:
        return ""
    return mail_causes.words(mail.reply)


def advice(mail: Mail) -> str:
    """What the office can do about it; empty where nothing is wrong."""
    if not why(mail):
        return ""
    return mail_causes.advice(mail.reply, retried=mail.state == MailState.RETRY)


def plain_text(content: bytes) -> tuple[str, str]:
    """Subject and text of a frozen message; personal links in it are made unusable, since only
    their holder may use them."""
    message = BytesParser(policy=policy.default).parsebytes(content)
    body = message.get_body(("plain",))
    text = str(body.get_content()) if body is not None else ""
    return str(message.get("Subject", "")), redact(text.replace("\r\n", "\n"))
