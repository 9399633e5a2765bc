"""Which fields a line of the audit log names, and their values before and after, for people.

A personal field is only said to have changed: that is all the log keeps (rule 12).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from webinar.models import (
    Format,
    Grantee,
    MaterialKind,
    Mode,
    Role,
    SignInMethod,
    Visibility,
)
from webinar.web import filters
from webinar.web.organiser import retention_words, signs

UNSAID = frozenset(
    {"revision", "sequence", "version", "copied_from_id", "local_start", "local_end", "uid"}
)
"""Numbers of the program's own, and what is said by another field."""
FIELDS: dict[str, LazyString] = {
    "abstract": _l("Abstract"),
    "method": _l("How"),
    "owner_id": _l("Owner (account no.)"),
    "shares": _l("Shared with (accounts)"),
    "agenda": _l("Programme of the evening"),
    "answer": _l("Answer"),
    "audiences": _l("Audiences (numbers)"),
    "biography": _l("Short biography"),
    "bounced_at": _l("Undeliverable since"),
    "cancel_reason": _l("Reason"),
    "cancelled_at": _l("Cancelled"),
    "changed": _l("Changed"),
    "closed_at": _l("Room closed"),
    "closes_on": _l("Release ends on"),
    "contact_person": _l("Contact person"),
    "contact_phone": _l("Phone"),
    "days": _l("Days before"),
    "delete_on": _l("Is deleted on"),
    "dial_in_pin": _l("PIN for the telephone"),
    "description": _l("Description"),
    "due_at": _l("To be released"),
    "email": _l("E-mail"),
    "end_ms": _l("Ends at (milliseconds)"),
    "ends_at": _l("End"),
    "extended_until": _l("Extended until"),
    "first_name": _l("First name"),
    "form": _l("Form of address"),
    "format": _l("Format"),
    "from": _l("Merged from contact no."),
    "groups": _l("Open to"),
    "host": _l("Host"),
    "how": _l("What became of them"),
    "in_county": _l("In the county"),
    "instead_of": _l("Instead of message no."),
    "kind": _l("Kind"),
    "language": _l("Language"),
    "last_name": _l("Last name"),
    "leads_to": _l("Leads to"),
    "mails": _l("Messages"),
    "members": _l("Members"),
    "minutes": _l("Minutes before"),
    "mode": _l("Takes part"),
    "name": _l("Name"),
    "new": _l("New"),
    "office": _l("Office"),
    "opens_at": _l("Room opens"),
    "other_room": _l("Another meeting"),
    "other_room_at": _l("Another meeting since"),
    "organisation": _l("Organisation"),
    "organisation_id": _l("Organisation"),
    "origin": _l("Origin"),
    "people": _l("People"),
    "photo_alt": _l("Description of the photo"),
    "photo_credit": _l("Credit of the photo"),
    "photo_key": _l("Photo"),
    "places_hall": _l("Places in the hall"),
    "places_online": _l("Places online"),
    "places_per_organisation": _l("Places per organisation"),
    "position": _l("Place in line"),
    "published_at": _l("Published"),
    "question": _l("Left open"),
    "reason": _l("Reason"),
    "recipients": _l("Recipients"),
    "recorded": _l("Is recorded"),
    "registration_closes_at": _l("Registration closes"),
    "registration_opens_at": _l("Registration opens"),
    "released_at": _l("Released"),
    "reminded": _l("Reminder to"),
    "retired_at": _l("Deactivated"),
    "role": _l("Role"),
    "salutation": _l("Own salutation"),
    "second_hour": _l("Second hour of the clock change"),
    "series_id": _l("Series"),
    "side": _l("Side"),
    "signature": _l("Signature"),
    "skipped": _l("Left out"),
    "slug": _l("Address of the page"),
    "speaker": _l("Speaker no."),
    "start_ms": _l("Begins at (milliseconds)"),
    "starts_at": _l("Start"),
    "state": _l("State"),
    "steps": _l("Reminders"),
    "successor_id": _l("Successor"),
    "title": _l("Title"),
    "took_part_minutes": _l("Took part: minutes online"),
    "took_part_percent": _l("Took part: share of the talk in percent"),
    "topics": _l("Topics"),
    "unchanged": _l("Unchanged"),
    "unsubscribed_at": _l("Unsubscribed"),
    "url": _l("Address"),
    "venue": _l("Venue"),
    "venue_address": _l("Address of the venue"),
    "venue_notes": _l("Notes on the venue"),
    "visibility": _l("Visibility"),
    "wrong": _l("Faulty"),
    "zone": _l("Time zone"),
    "term_general": retention_words.GENERAL_WORDS,
    **{f"term_{kind}": said[0] for kind, said in retention_words.WHAT.items()},
}
_WORDS: dict[str, LazyString | str] = {
    SignInMethod.PASSWORD: _l("by password"),
    SignInMethod.PASSKEY: _l("by passkey"),
    SignInMethod.OIDC: _l("by the office's sign-in"),
    Role.ADMIN: _l("administrator"),
    Role.ORGANISER: _l("organiser"),
    Role.VIEWER: _l("viewer"),
    **{str(state): sign.word for state, sign in signs.PLACES.items()},
    **{str(answer): sign.word for answer, sign in signs.ANSWERS.items()},
    **{str(state): sign.word for state, sign in signs.MAILS.items()},
    Mode.ONLINE: _l("online"),
    Mode.HALL: _l("in the hall"),
    Format.ON_SITE: _l("in the hall"),
    Format.HYBRID: _l("online and in the hall"),
    Grantee.INVITED: _l("the invited"),
    Grantee.REGISTERED: _l("the registered"),
    Grantee.EVERYONE: _l("everyone"),
    MaterialKind.SLIDES: _l("slides"),
    MaterialKind.RECORDING: _l("recording"),
    MaterialKind.HANDOUT: _l("handout"),
    MaterialKind.LINK: _l("link"),
    MaterialKind.SUBTITLES: _l("subtitles"),
    Visibility.PUBLIC: _l("public"),
}


@dataclass(frozen=True)
class Change:
    """One field: its name, and what is known of before and after ("" where nothing is)."""

    field: str
    before: str
    after: str
    personal: bool = False

    def __str__(self) -> str:
        if self.personal:
            return f"{self.field}: {_('changed')}"
        if not self.before:
            return f"{self.field}: {self.after}"
        return f"{self.field}: {self.before} → {self.after}"


def changes(found: Mapping[str, Any]) -> list[Change]:
    """The changed fields in the order of their names; nothing that stayed nothing."""
    said = [
        _change(name, value)
        for name, value in found.items()
        if name not in UNSAID and value != [None, []]
    ]
    return sorted(said, key=lambda change: change.field)


def _change(name: str, value: object) -> Change:
    field = str(FIELDS.get(name, name))
    if value is True:
        return Change(field, "", "", personal=True)
    if isinstance(value, list) and len(value) == 2:
        before, after = value
        return Change(field, "" if before is None else _said(before), _said(after))
    return Change(field, "", _said(value))


def _said(value: object) -> str:
    if value is None or value in ("", []):
        return _("empty")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_said(one) for one in value)
    return _moment(str(value)) or str(_WORDS.get(str(value), value))


def _moment(text: str) -> str:
    """A moment as the log keeps it, as people write it; "" for anything else."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return "" if at.tzinfo is None else filters.moment(at)
