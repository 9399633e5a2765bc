"""The questions before a talk moves or is cancelled: whom to tell, and what they will read.

The message is shown as the first of them will get it, in plain text: made by the same templates as
the mail, of the talk as it would be saved, and taken back before the page is sent.
"""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from webinar.domain import calendar_entries, notices, participation, talk_changes, talks
from webinar.domain.talks import Dropped, Moved
from webinar.extensions import db
from webinar.jobs import letters
from webinar.models import Contact, Talk, TalkState
from webinar.rendering.mails import Message
from webinar.web.forms.moves import CancelForm, MoveForm, Whom
from webinar.web.forms.talks import TalkForm
from webinar.web.guards import account
from webinar.web.settings import settings

HERE = "talks"
OWN = ("step", "csrf_token", "whom", "note", "dropped")
"""What the page asks itself; everything else is handed on as it was typed."""


def move_page(talk: Talk, form: TalkForm, *, step: str) -> ResponseReturnValue | None:
    """The page that asks, where a change moves what people have; None where nothing is to ask, or
    everything is answered."""
    if talk.state != TalkState.PUBLISHED:
        return None
    talks.check_revision(talk, revision=form.shown_revision())
    moved = talks.moved(talk, form.values())
    count = participation.holder_count(talk) if moved else 0
    if not count and not moved.dropped:
        return None
    asked = MoveForm()
    there = participation.holder_count(talk, side=moved.side) if moved.side else 0
    asked.offer(moved, everybody=count, there=there)
    if step == "tell" and _answered(asked, moved):
        return None
    first = next(iter(_reached(talk, asked, moved)), None)
    letter = _moved_letter(talk, form, asked, first) if first is not None else None
    page = render_template(
        "organiser/talks/moved.html",
        here=HERE,
        talk=talk,
        moved=moved,
        count=count,
        form=asked,
        first=first,
        letter=letter,
        typed=[pair for pair in request.form.items(multi=True) if pair[0] not in OWN],
    )
    return page, 422 if asked.errors else 200


def _answered(asked: MoveForm, moved: Moved) -> bool:
    complete = asked.validate()
    if moved.dropped and asked.decision is None:
        asked.dropped.errors = [*asked.dropped.errors, asked.choose]
        complete = False
    return complete


def _reached(talk: Talk, asked: MoveForm, moved: Moved) -> list[Contact]:
    if asked.told is Whom.NOBODY:
        return []
    return notices.holders(talk, side=moved.side if asked.told is Whom.SIDE else None)


def _moved_letter(talk: Talk, form: TalkForm, asked: MoveForm, first: Contact) -> Message:
    """The mail to the first, of the talk as it would be; nothing of it stays written."""
    before = talk_changes.facts(talk)
    contact_id, talk_id = first.id, talk.id
    talks.edit(
        talk,
        form.values(),
        revision=form.shown_revision(),
        by=account(),
        dropped=asked.decision or Dropped.MOVE,
    )
    message = letters.preview_notice(
        "moved",
        talk=talks.find(talk_id),
        contact=db.session.get_one(Contact, contact_id),
        params={
            "before": before,
            "note": (asked.note.data or "").strip(),
            "calendar": notices.request_if_confirmed(talk, first),
        },
        settings=settings(),
    )
    db.session.rollback()
    return message


def save(talk: Talk, form: TalkForm, *, answered: bool) -> int:
    """Change the talk as the form and the answers say; returns how many people are told."""
    values, revision = form.values(), form.shown_revision()
    if not answered:
        return talks.edit(talk, values, revision=revision, by=account())
    asked = MoveForm()
    return talks.edit(
        talk,
        values,
        revision=revision,
        by=account(),
        tell=asked.told in (Whom.HOLDERS, Whom.SIDE),
        side=talks.moved(talk, values).side if asked.told is Whom.SIDE else None,
        note=asked.note.data or "",
        dropped=asked.decision,
    )


def cancel_page(talk: Talk, form: CancelForm) -> ResponseReturnValue:
    """Who will be told that the talk is cancelled, and what they will read."""
    told = notices.holders(talk)
    first = told[0] if told else None
    page = render_template(
        "organiser/talks/cancel.html",
        here=HERE,
        talk=talk,
        form=form,
        count=len(told),
        first=first,
        letter=_cancelled_letter(talk, form, first) if first is not None else None,
    )
    return page, 422 if form.errors else 200


def _cancelled_letter(talk: Talk, form: CancelForm, first: Contact) -> Message:
    entry = calendar_entries.entry_of(talk, contact=first)
    return letters.preview_notice(
        "cancelled",
        talk=talk,
        contact=first,
        params={
            "cancel_reason": (form.reason.data or "").strip(),
            "calendar": entry is not None and not entry.cancelled,
        },
        settings=settings(),
    )
