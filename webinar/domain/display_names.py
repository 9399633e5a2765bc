"""The name that somebody chose to appear under in the room, once; the organiser sees both.

A name that could be taken for the office, for a moderator or for a speaker is refused, and so is
whatever is no name. The token that carries it is `webinar.web.room_entry`'s.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from sqlalchemy import update

from webinar.domain import audit
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Account, Registration, Talk
from webinar.text import clean, fold

LENGTH = 60
SHORTEST = 2
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_NO_NAME = re.compile(r"@|://|\bwww\.|[<>{}\\|]", re.IGNORECASE)
_ALIKE = frozenset({"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE", "COPTIC"})
_OFFICES = (
    *("admin", "administrator", "administration", "moderator", "moderatorin", "moderation"),
    *("host", "cohost", "gastgeber", "gastgeberin", "veranstalter", "veranstalterin"),
    *("organisator", "organisatorin", "organisation", "organizer", "organiser"),
    *("landrat", "landratin", "landratsamt", "buro", "amt", "behorde", "verwaltung"),
    *("referent", "referentin", "speaker", "technik", "support", "hotline", "system", "jitsi"),
)
OFFICES = frozenset(fold(word) for word in _OFFICES)


def choose(registration: Registration, *, talk: Talk, name: str, own: str, office: str) -> None:
    """Let the person appear as `name`; nothing is chosen by an empty one or by the `own`.

    Raises `RuleError` on `display_name` for a name that misleads, and where one was chosen before.
    """
    chosen = _plain(name)
    if not chosen or chosen in (own, registration.display_name):
        return
    check(name, talk=talk, office=office)
    # Two clicks at once: the second finds the first one's choice, whatever it read before.
    changed = db.session.execute(
        update(Registration)
        .where(Registration.id == registration.id, Registration.display_name == "")
        .values(display_name=chosen)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]  # a CursorResult, as for every UPDATE
        raise RuleError("display_name_chosen", field="display_name")
    db.session.refresh(registration, ["display_name"])


def check(name: str, *, talk: Talk, office: str) -> None:
    """Raise `RuleError` on `display_name` for a name that nobody may appear under."""
    if any(unicodedata.category(sign) in _HIDDEN for sign in name.strip()):
        raise RuleError("display_name_signs", field="display_name")
    chosen = _plain(name)
    if not SHORTEST <= len(chosen) <= LENGTH:
        raise RuleError("display_name_length", field="display_name", least=SHORTEST, most=LENGTH)
    if _NO_NAME.search(chosen) or not any(sign.isalpha() for sign in chosen) or _mixed(chosen):
        raise RuleError("display_name_signs", field="display_name")
    taken = {fold(f"{one.first_name} {one.last_name}") for one in talk.speakers}
    if _pretends(fold(chosen), office=fold(office), taken=taken):
        raise RuleError("display_name_misleads", field="display_name")


def reset(registration: Registration, *, by: Account) -> None:
    """Take the chosen name away; the person appears under the own one and may choose anew."""
    if not registration.display_name:
        return
    registration.display_name = ""
    changes = audit.changes_of(registration)
    audit.record("registration.name_reset", registration, by=by, changes=changes)
    db.session.flush()


def _pretends(folded: str, *, office: str, taken: Collection[str]) -> bool:
    words = set(folded.split())
    holds_office = bool(office) and f" {office} " in f" {folded} "
    speaks = any(name and f" {name} " in f" {folded} " for name in taken)
    return holds_office or speaks or bool(words & OFFICES)


def _plain(name: str) -> str:
    """The name in plain letters: bold, round and wide ones imitate others."""
    return clean(unicodedata.normalize("NFKC", name))


def _mixed(name: str) -> bool:
    """Whether letters of alphabets stand together that look alike."""
    found = {unicodedata.name(sign, "?").split(" ")[0] for sign in name if sign.isalpha()}
    return len(found & _ALIKE) > 1
