"""What the audit log says about one person, in sentences of an office."""

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
    "registration.moved": _l("Moved on the waiting list"),
    "registration.promoted": _l("Promoted by hand"),
    "registration.refused": _l("Refused"),
    "registration.cancelled": _l("Refusal taken down"),
    "registration.ended": _l("Left office: place given up"),
    "registration.name_reset": _l("Chosen name taken away"),
    "registration.side_changed": _l("Changed to the other side"),
    "link.sent": _l("Personal link sent"),
    "link.reissued": _l("Personal link replaced"),
}
ANSWERS: dict[str, LazyString] = {
    Answer.NONE: _l("Invited again"),
    Answer.ACCEPTED: _l("Acceptance taken down"),
    Answer.DECLINED: _l("Refusal taken down"),
    Answer.DELEGATED: _l("Deputy taken down"),
    Answer.WITHDRAWN: _l("Invitation taken back"),
}


@dataclass(frozen=True)
class Entry:
    """A line to print; `note` is the reason, or from where to where."""

    at: datetime
    what: str
    note: str
    name: str


def lines(found: Iterable[Line]) -> list[Entry]:
    """The lines with a word for what was done; what has none keeps the name of the action."""
    return [Entry(line.at, _what(line), _note(line.changes), line.name) for line in found]


def _what(line: Line) -> str:
    if line.action == "invitation.answered":
        _before, after = line.changes.get("answer", ["", ""])
        return str(ANSWERS.get(after, after))
    return str(ACTIONS.get(line.action, line.action))


def _note(changes: Mapping[str, Any]) -> str:
    before, after = changes.get("position") or (None, None)
    moved = _("from place %(before)d to %(after)d", before=before, after=after) if after else ""
    return ". ".join(part for part in (moved, str(changes.get("reason", ""))) if part)
