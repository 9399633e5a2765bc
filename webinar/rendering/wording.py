"""The subject and text that a mailing begins with, for the organiser to change.

The first paragraph stands above the date, everything after it below the button. Greeting and
closing come from the frame of the mail. While nobody has changed the words, each recipient reads
them in the own language.
"""

from __future__ import annotations

from dataclasses import dataclass

from webinar.models import MailingKind
from webinar.rendering.mails import catalogue

LANGUAGES = ("de", "en")


@dataclass(frozen=True)
class Wording:
    """Subject and Markdown text, with the placeholders of `rendering.placeholders`."""

    subject: str
    text: str


def wording(kind: str, *, language: str) -> Wording:
    """What a new mailing of that kind says."""
    words = catalogue(language)
    if kind == MailingKind.INVITATION:
        subject = words.gettext("Invitation: {titel}, {wochentag}, {datum}")
        opening = words.gettext("{gastgeber} cordially invites you to the next evening of {reihe}:")
        return Wording(subject, opening + "\n\n{beschreibung}")
    if kind == MailingKind.REINVITATION:
        subject = words.gettext("Please answer: {titel}, {wochentag}, {datum}")
        opening = words.gettext("may we ask once more whether you will come to this evening?")
        return Wording(subject, opening + "\n\n{beschreibung}")
    if kind == MailingKind.MATERIALS:
        subject = words.gettext("Materials: {titel}")
        return Wording(
            subject, words.gettext("The materials of the evening of {datum} are ready for you:")
        )
    subject = words.gettext("{titel}, {wochentag}, {datum}")
    return Wording(subject, words.gettext("There is news about this evening:"))


def tonight(*, language: str) -> Wording:
    """What a message on the evening itself begins with."""
    words = catalogue(language)
    subject = words.gettext("This evening: {titel}")
    return Wording(subject, words.gettext("this is about our evening today, {uhrzeit}:"))


def localised(kind: str, *, subject: str, text: str, language: str) -> Wording:
    """The words in the reader's language where nobody has changed them, else as they were
    written; subject and text each for themselves."""
    own = wording(kind, language=language)
    known = {"subject": {"": own.subject}, "text": {"": own.text}}
    for mine, usual in _usual(kind, language=language):
        known["subject"].setdefault(usual.subject, mine.subject)
        known["text"].setdefault(usual.text, mine.text)
    return Wording(known["subject"].get(subject, subject), known["text"].get(text, text))


def _usual(kind: str, *, language: str) -> list[tuple[Wording, Wording]]:
    """What a mailing of that kind can begin with: in the reader's language, and in each."""
    found = [(wording(kind, language=language), wording(kind, language=one)) for one in LANGUAGES]
    if kind == MailingKind.MESSAGE:
        found += [(tonight(language=language), tonight(language=one)) for one in LANGUAGES]
    return found
