"""What came in, in the words of an office: kinds, outcomes, suggestions. Queries nothing."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from webinar.domain import registrations
from webinar.errors import RuleError
from webinar.models import (
    InboxKind,
    InboxMessage,
    InboxState,
    Mode,
    Outcome,
    Suggestion,
    Talk,
)
from webinar.web.organiser import mail_causes
from webinar.web.organiser.signs import Sign
from webinar.web.sentences import SENTENCES, sentence

STATES: dict[InboxState, LazyString] = {
    InboxState.WAITING: _l("waits for you"),
    InboxState.ASIDE: _l("set aside"),
    InboxState.ACTED: _l("taken by itself"),
    InboxState.DONE: _l("done"),
}
KINDS: dict[InboxKind, LazyString] = {
    InboxKind.REPLY: _l("Answer from a calendar"),
    InboxKind.BOUNCE: _l("Report of delivery"),
    InboxKind.AUTOMATIC: _l("Automatic answer"),
    InboxKind.ANSWER: _l("Letter"),
    InboxKind.UNKNOWN: _l("Not understood"),
}
SIGNS: dict[Outcome, Sign] = {
    Outcome.ACCEPTED: Sign(_l("accepted"), "success", "yes"),
    Outcome.DECLINED: Sign(_l("declined"), "close"),
    Outcome.LEFT_OPEN: Sign(_l("with reservation"), "app-icon--open"),
    Outcome.REPEATED: Sign(_l("known already"), "close"),
    Outcome.BOUNCED: Sign(_l("undeliverable"), "danger", "fail"),
    Outcome.DELAYED: Sign(_l("delayed"), "app-icon--clock"),
    Outcome.FILED: Sign(_l("filed"), "close"),
}
WAITS = Sign(_l("waits for you"), "app-icon--clock", "wait")
ASIDE = Sign(_l("set aside"), "warning", "wait")
DONE = Sign(_l("done"), "success", "yes")
REASONS: dict[Outcome, LazyString] = {
    Outcome.PERSON_WROTE: _l("A person wrote."),
    Outcome.COUNTER: _l("The person proposes another time."),
    Outcome.NOT_PROVEN: _l("Your mail server does not confirm that this sender wrote the message."),
    Outcome.OTHER_SENDER: _l("Somebody else sent the answer for this person."),
    Outcome.NOT_INVITED: _l("Nobody with this address is invited to the talk."),
    Outcome.SEVERAL_PEOPLE: _l("Several people with this address are invited."),
    Outcome.UNKNOWN_TALK: _l("The answer belongs to no talk of yours."),
    Outcome.OUTDATED: _l("The answer is about the old date: the talk was moved since."),
    Outcome.DELEGATED: _l("The person wants to send somebody else."),
    Outcome.BOUNCE_NOT_PROVEN: _l("The report names the address, but not the message it is about."),
    Outcome.REPEATED: _l("An answer that is as new or newer was taken already."),
    Outcome.DELAYED: _l("The message is still under way. Nothing needs to be done."),
    Outcome.LEFT_OPEN: _l("The person cannot say yet."),
    Outcome.TOO_LARGE: _l("The message is too large."),
    Outcome.DAMAGED: _l("The message is damaged."),
    Outcome.NO_SENDER: _l("The message names no sender, or several."),
    Outcome.MASS_MAIL: _l("A circular, no answer to you."),
    Outcome.OWN_MAIL: _l("A message that this program sent itself."),
    Outcome.FAILED: _l("The message could not be taken in. Please look at it in the mailbox."),
    Outcome.UNKNOWN_MAIL: _l("A report about a message that this program did not send."),
}
HINTS: dict[Suggestion, LazyString] = {
    Suggestion.ACCEPT: _l("Seems to accept"),
    Suggestion.DECLINE: _l("Seems to decline"),
    Suggestion.TENTATIVE: _l("Comes perhaps"),
    Suggestion.DELEGATE: _l("Wants to send somebody else"),
    Suggestion.QUESTION: _l("Has a question"),
    Suggestion.BOUNCE: _l("Address seems to be wrong"),
}


def sign(message: InboxMessage) -> Sign:
    """What became of the message, in a word."""
    if message.state == InboxState.WAITING:
        return WAITS
    if message.state == InboxState.ASIDE:
        return ASIDE
    if message.state == InboxState.DONE:
        return DONE
    return SIGNS[Outcome(message.outcome)]


def why(message: InboxMessage) -> str:
    """Why it waits or was set aside, or what it means, as a sentence; empty where the word says
    it all."""
    outcome = Outcome(message.outcome)
    rule = str(message.details.get("rule", ""))
    if outcome is Outcome.REFUSED and rule in SENTENCES:
        return sentence(RuleError(rule))
    if outcome is Outcome.BOUNCED:
        return mail_causes.words(str(message.details.get("status", "")))
    return str(REASONS.get(outcome, ""))


def report(message: InboxMessage) -> tuple[Sign, str]:
    """What a machine wrote back, in a word, and why in a sentence: for the page of the contact."""
    if message.kind == InboxKind.AUTOMATIC:
        return Sign(KINDS[InboxKind.AUTOMATIC], "mail"), message.subject
    return SIGNS.get(Outcome(message.outcome), WAITS), why(message)


def hint(message: InboxMessage) -> str:
    """What it seems to say, for an organiser to decide; only while it waits."""
    if message.state != InboxState.WAITING:
        return ""
    word = str(HINTS.get(Suggestion(message.suggestion), ""))
    delegate = str(message.details.get("delegated_to", ""))
    return _("%(what)s: %(who)s", what=word, who=delegate) if delegate else word


def kind(message: InboxMessage) -> str:
    """What sort of message it is."""
    return str(KINDS[InboxKind(message.kind)])


def first_side(talk: Talk) -> Mode:
    """The side of a talk that offers one; of two, the first."""
    return registrations.modes(talk)[0]
