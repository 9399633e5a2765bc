"""What the kinds of data are called that go on schedule, and what becomes of them."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from webinar.domain.retention_terms import GENERAL

WHAT: dict[str, tuple[LazyString, LazyString]] = {
    "evenings": (
        _l("Answers, registrations, attendance"),
        _l("After the evening. Counts stay, also by audience from five people on."),
    ),
    "acceptances": (_l("Acceptances of a series that were ended"), _l("After their end.")),
    "mails": (
        _l("Messages"),
        _l("After the last attempt. How many were sent and what became of them stays."),
    ),
    "mail_bodies": (_l("Texts of messages"), _l("After the last attempt.")),
    "inbox": (
        _l("Messages in the inbox"),
        _l("After they were dealt with. Only their number stays."),
    ),
    "inbox_texts": (_l("Texts of messages in the inbox"), _l("After they were dealt with.")),
    "feedback": (_l("Texts of feedback"), _l("After the evening. The marks stay.")),
    "openings": (
        _l("Who downloaded or watched what"),
        _l("After it was opened. That it was opened stays as a number, with the day."),
    ),
    "archive_access": (
        _l("Access to materials by name"),
        _l("After it was given, also where it outlives the registration."),
    ),
    "passers_by": (
        _l("Deputies and people who registered themselves"),
        _l("Once nothing of them is kept any more, at the earliest after this term."),
    ),
    "left_office": (
        _l("Deactivated contacts"),
        _l("After they were deactivated, once nothing of them is kept any more."),
    ),
    "speakers": (
        _l("Addresses of speakers"),
        _l("After their last evening. Who spoke stays in the programme."),
    ),
    "unused_speakers": (
        _l("Speakers without an evening"),
        _l("After the last change, with photo."),
    ),
    "pending_imports": (_l("Lists that were not imported"), _l("After the upload.")),
    "imports": (_l("Notes about imported lists"), _l("After the import.")),
    "materials": (_l("Materials and released recordings"), _l("On their own day of deletion.")),
    "recordings": (_l("Recordings that nobody decided about"), _l("After they arrived.")),
    "audit": (_l("Lines of the audit log"), _l("After what they tell of.")),
}
"""By the names of `domain.retention.KINDS`: what it is, and from when the term counts."""


GENERAL_WORDS = _l("General term")
_GENERAL_NOTE = _l(
    "For every kind of data without a term of its own, and how long new materials stay."
)


def name(kind: str) -> str:
    """What the kind is called; one that is no longer known keeps its name."""
    if kind == GENERAL:
        return str(GENERAL_WORDS)
    return str(WHAT[kind][0]) if kind in WHAT else kind


def names() -> dict[str, str]:
    """The name of every kind, and of the general term."""
    return {kind: name(kind) for kind in (GENERAL, *WHAT)}


def notes() -> dict[str, str]:
    """From when the term counts, by the same names."""
    return {GENERAL: str(_GENERAL_NOTE), **{kind: str(said[1]) for kind, said in WHAT.items()}}
