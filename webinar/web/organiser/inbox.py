"""What came in by mail: what waits for a person, what was set aside, what came by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.domain import inbox, inbox_bounces, inbox_delegations, registrations, shares
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    InboxMessage,
    InboxReading,
    InboxState,
    Invitation,
    Mode,
    Suggestion,
    Talk,
)
from webinar.web.guards import account
from webinar.web.logs import redact
from webinar.web.numbers import row_number
from webinar.web.organiser import inbox_words, signs
from webinar.web.organiser.signs import Sign
from webinar.web.paging import page_of
from webinar.web.sentences import sentence
from webinar.web.settings import settings

blueprint = Blueprint("inbox", __name__)

HERE = "inbox"
TABS = (InboxState.WAITING, InboxState.ASIDE, InboxState.ACTED, InboxState.DONE)


@dataclass(frozen=True)
class Row:
    """`sign` says what became of it, `why` in a sentence, `hint` what it seems to say. In `text`
    personal links are made unusable."""

    message: InboxMessage
    kind: str
    sign: Sign
    why: str
    hint: str
    text: str


@dataclass(frozen=True)
class Choice:
    """A talk that the message can be an answer to, with the sides that it offers."""

    talk: Talk
    invitation: Invitation
    modes: tuple[Mode, ...]


@blueprint.get("")
def index() -> ResponseReturnValue:
    """One of the four lists, the newest first."""
    asked = request.args.get("state", "")
    state = InboxState(asked) if asked in list(InboxState) else InboxState.WAITING
    page = page_of(inbox.messages(state))
    counts = inbox.counts()
    return render_template(
        "organiser/inbox/index.html",
        here=HERE,
        shown=state,
        tabs=[(one, inbox_words.STATES[one], counts[one]) for one in TABS],
        page=page,
        rows=[row_of(message) for message in page.rows],
        reading=_reading(),
        read=settings().inbox.read,
    )


@blueprint.get("/<int:message_id>")
def show(message_id: int) -> ResponseReturnValue:
    """One message with what can be done about it."""
    return _page(inbox.get(message_id))


@blueprint.post("/<int:message_id>/zusage")
def accept(message_id: int) -> ResponseReturnValue:
    """Take the message down as an acceptance of the talk and side that were chosen."""
    message, talk = inbox.get(message_id), _talk()
    side = request.form.get("mode", "")
    mode = Mode(side) if side in list(Mode) else inbox_words.first_side(talk)
    return _act(
        message,
        lambda: inbox.accept(message, talk=talk, mode=mode, by=account()),
        _("The acceptance was taken down. The person gets a confirmation."),
    )


@blueprint.post("/<int:message_id>/absage")
def decline(message_id: int) -> ResponseReturnValue:
    """Take the message down as a refusal."""
    message, talk = inbox.get(message_id), _talk()
    return _act(
        message,
        lambda: inbox.decline(message, talk=talk, by=account()),
        _("The refusal was taken down. The person gets a confirmation."),
    )


@blueprint.post("/<int:message_id>/unzustellbar")
def bounce(message_id: int) -> ResponseReturnValue:
    """Believe a report that proves nothing by itself."""
    message = inbox.get(message_id)
    return _act(
        message,
        lambda: inbox_bounces.confirm(message, by=account()),
        _("The address is marked as undeliverable."),
    )


@blueprint.post("/<int:message_id>/erledigt")
def finish(message_id: int) -> ResponseReturnValue:
    """Nothing more to do."""
    message = inbox.get(message_id)
    return _act(message, lambda: inbox.finish(message, by=account()), _("The message is done."))


def row_of(message: InboxMessage) -> Row:
    """The message ready to print."""
    return Row(
        message=message,
        kind=inbox_words.kind(message),
        sign=inbox_words.sign(message),
        why=inbox_words.why(message),
        hint=inbox_words.hint(message),
        text=redact(message.text),
    )


def _page(message: InboxMessage, *, problem: str = "") -> ResponseReturnValue:
    waits = message.state in inbox.OPEN
    found = inbox.invitations_of(message.contact) if waits and message.contact is not None else []
    own = [one for one in found if message.talk_id in (None, one.talk_id)]
    page = render_template(
        "organiser/inbox/show.html",
        here=HERE,
        row=row_of(message),
        waits=waits,
        choices=[Choice(o.talk, o, registrations.modes(o.talk)) for o in own],
        sides=signs.SIDES,
        answers=signs.ANSWERS,
        unproven=waits and message.suggestion == Suggestion.BOUNCE and message.mail_id is not None,
        delegates=inbox_delegations.can_enact(message),
        told=message.details.get("told") == "yes",
        problem=problem,
    )
    return page, 422 if problem else 200


def _act(message: InboxMessage, act: Callable[[], None], done: str) -> ResponseReturnValue:
    try:
        act()
    except RuleError as error:
        db.session.rollback()
        return _page(inbox.get(message.id), problem=sentence(error))
    db.session.commit()
    flash(done, "success")
    return redirect(url_for(".index"), 303)


def _talk() -> Talk:
    return shares.seen_talk(request.form.get("talk", -1, type=row_number), by=account())


def _reading() -> InboxReading | None:
    return inbox.reading(settings().inbox.mode.value)
