"""What the audit log says, in sentences of an office: what was done, about what kind of record.

Which fields changed is said by `audit_fields`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from webinar.domain.people import Line
from webinar.models import Answer

ACTIONS: dict[str, LazyString] = {
    "account.created": _l("Account created"),
    "account.deactivated": _l("Account deactivated"),
    "account.edited": _l("Account edited"),
    "account.erased": _l("Account erased"),
    "account.factors_reset": _l("Second factor reset"),
    "account.identity_added": _l("Account connected with the office's sign-in"),
    "account.identity_removed": _l("Connection with the office's sign-in undone"),
    "account.invited": _l("Invitation to the account sent"),
    "account.passkey_added": _l("Passkey added"),
    "account.passkey_removed": _l("Passkey removed"),
    "account.password_set": _l("Password set"),
    "account.reactivated": _l("Account reactivated"),
    "account.recovery_code_used": _l("Recovery code used"),
    "account.recovery_codes": _l("New recovery codes made"),
    "account.session_ended": _l("Signed out in another browser"),
    "account.sessions_ended": _l("Signed out everywhere"),
    "account.signed_in": _l("Signed in"),
    "account.totp_added": _l("App with codes set up"),
    "account.totp_removed": _l("App with codes removed"),
    "attendance.ticked": _l("Ticked off in the hall"),
    "attendance.unticked": _l("Tick for the hall taken back"),
    "audience.created": _l("Audience created"),
    "audience.deleted": _l("Audience deleted"),
    "audience.edited": _l("Audience edited"),
    "audience.joined": _l("Members added"),
    "audience.left": _l("Members removed"),
    "contact.address_trusted": _l("Address taken to be right"),
    "contact.audiences": _l("Audiences of the contact changed"),
    "contact.created": _l("Contact created"),
    "contact.edited": _l("Contact edited"),
    "contact.erased": _l("Contact erased"),
    "contact.feed_opened": _l("Address of the personal calendar set up"),
    "contact.feed_renewed": _l("Address of the personal calendar replaced"),
    "contact.merged": _l("Contacts merged"),
    "contact.reactivated": _l("Contact reactivated"),
    "contact.resubscribed": _l("Subscribed again"),
    "contact.retired": _l("Contact deactivated"),
    "contact.unsubscribed": _l("Unsubscribed"),
    "import.applied": _l("List imported"),
    "inbox_message.done": _l("Message in the inbox dealt with"),
    "legal.written": _l("Legal page written"),
    "link.reissued": _l("Personal link replaced"),
    "link.sent": _l("Personal link sent"),
    "mail.bounced": _l("Message marked as undeliverable"),
    "mail.resent": _l("Message sent again"),
    "mail.retried": _l("Message tried again"),
    "mail.stopped": _l("Message stopped"),
    "mailing.discarded": _l("Draft of a mailing discarded"),
    "mailing.sent": _l("Mailing sent"),
    "mailing.stopped": _l("Mailing stopped"),
    "material.added": _l("Material added"),
    "material.deleted": _l("Material deleted"),
    "material.edited": _l("Material edited"),
    "material.given_back": _l("Material: the speaker agrees again"),
    "material.limited": _l("End of a release changed"),
    "material.owner": _l("Material: whose it is"),
    "material.prolonged": _l("Deletion of a material put off"),
    "material.read_again": _l("Material read once more"),
    "material.chapters": _l("Chapters of the recording changed"),
    "material.page_times": _l("Times of the pages changed"),
    "material.cut_asked": _l("Cut of the recording asked for"),
    "material.cut_taken": _l("Recording replaced by its cut"),
    "material.cut_discarded": _l("Cut of the recording discarded"),
    "material.released": _l("Material released"),
    "material.withdrawn": _l("Release taken back"),
    "planned_release.called_off": _l("Planned release called off"),
    "planned_release.made": _l("Release planned"),
    "recording.assigned": _l("Recording given to a talk"),
    "recording.discarded": _l("Recording discarded"),
    "registration.admission_revoked": _l("Entry taken back"),
    "registration.admitted": _l("Let into the room by hand"),
    "registration.answers": _l("Answers to the questions taken down"),
    "registration.cancelled": _l("Refusal taken down"),
    "registration.ended": _l("Left office: place given up"),
    "registration.moved": _l("Moved on the waiting list"),
    "registration.name_reset": _l("Chosen name taken away"),
    "registration.promoted": _l("Promoted by hand"),
    "registration.refused": _l("Refused"),
    "registration.side_changed": _l("Changed to the other side"),
    "retention.changed": _l("Term of retention changed"),
    "room.closed": _l("Room closed"),
    "room.extended": _l("Talk extended"),
    "room.opened": _l("Room opened early"),
    "room.reopened": _l("Room opened again"),
    "room.replaced": _l("Another meeting put in the room's place"),
    "room.restored": _l("Back to the usual room"),
    "series.created": _l("Series created"),
    "series.deleted": _l("Series deleted"),
    "series.edited": _l("Series edited"),
    "series.shared": _l("Decided who sees the series"),
    "speaker.created": _l("Speaker created"),
    "speaker.deleted": _l("Speaker deleted"),
    "speaker.erased": _l("Speaker erased"),
    "speaker.edited": _l("Speaker edited"),
    "talk.cancelled": _l("Talk cancelled"),
    "talk.created": _l("Talk created"),
    "talk.edited": _l("Talk edited"),
    "talk.published": _l("Talk published"),
    "talk.recording_consented": _l("Consent to the recording"),
    "talk.recording_refused": _l("Refusal of the recording"),
    "talk.reminder_added": _l("Reminder added"),
    "talk.reminder_changed": _l("Reminder changed"),
    "talk.reminder_removed": _l("Reminder removed"),
    "talk.reminders_off": _l("Reminders switched off"),
    "talk.reminders_on": _l("Reminders switched on"),
    "talk.side_dropped": _l("Format changed under registrations"),
    "talk.speaker_added": _l("Speaker added to the talk"),
    "talk.speaker_link_sent": _l("Link sent to a speaker"),
    "talk.speaker_removed": _l("Speaker removed from the talk"),
    "talk.speakers_ordered": _l("Order of the speakers changed"),
}
ANSWERED = "invitation.answered"
ANSWERS: dict[str, LazyString] = {
    Answer.NONE: _l("Invited again"),
    Answer.ACCEPTED: _l("Acceptance taken down"),
    Answer.DECLINED: _l("Refusal taken down"),
    Answer.DELEGATED: _l("Deputy taken down"),
    Answer.WITHDRAWN: _l("Invitation taken back"),
}
KINDS: dict[str, LazyString] = {
    "accounts": _l("Account"),
    "audiences": _l("Audience"),
    "contact_imports": _l("Import"),
    "contacts": _l("Contact"),
    "inbox_messages": _l("Message in the inbox"),
    "invitations": _l("Invitation"),
    "legal_texts": _l("Legal page"),
    "links": _l("Personal link"),
    "mailings": _l("Mailing"),
    "mails": _l("Message"),
    "materials": _l("Material"),
    "planned_releases": _l("Planned release"),
    "recordings": _l("Recording"),
    "registrations": _l("Registration"),
    "retention_terms": _l("Term of retention"),
    "series": _l("Series"),
    "speakers": _l("Speaker (person)"),
    "talks": _l("Talk"),
}
"""The kinds of record that lines are about, by table."""


@dataclass(frozen=True)
class Entry:
    """A line to print; `note` is the reason, or from where to where."""

    at: datetime
    what: str
    note: str
    name: str


def lines(found: Iterable[Line]) -> list[Entry]:
    """The lines about one person."""
    return [
        Entry(line.at, done(line.action, line.changes), _note(line.changes), line.name)
        for line in found
    ]


def done(action: str, changes: Mapping[str, Any]) -> str:
    """What was done; an action that has no word keeps its name."""
    if action == ANSWERED:
        _before, after = changes.get("answer", ["", ""])
        return str(ANSWERS.get(after, after))
    return str(ACTIONS.get(action, action))


def kind(record_type: str) -> str:
    """The kind of record; a table that has no word keeps its name."""
    return str(KINDS.get(record_type, record_type))


def _note(changes: Mapping[str, Any]) -> str:
    before, after = changes.get("position") or (None, None)
    moved = _("from place %(before)d to %(after)d", before=before, after=after) if after else ""
    return ". ".join(part for part in (moved, str(changes.get("reason", ""))) if part)
