"""Invitations and their answers: the moves, nothing of places.

`domain.participation` stands above and moves invitation and registration together.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from webinar.clock import now
from webinar.domain import rows
from webinar.domain.rows import find_or_add
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Answer, Contact, Invitation, Talk, TalkState

MOVES: dict[Answer, frozenset[Answer]] = {
    Answer.NONE: frozenset({Answer.ACCEPTED, Answer.DECLINED, Answer.DELEGATED, Answer.WITHDRAWN}),
    Answer.ACCEPTED: frozenset({Answer.DECLINED, Answer.DELEGATED, Answer.WITHDRAWN, Answer.NONE}),
    Answer.DECLINED: frozenset({Answer.ACCEPTED, Answer.DELEGATED, Answer.WITHDRAWN, Answer.NONE}),
    Answer.DELEGATED: frozenset({Answer.ACCEPTED, Answer.DECLINED, Answer.WITHDRAWN, Answer.NONE}),
    Answer.WITHDRAWN: frozenset({Answer.NONE}),
}

_INVITED = select(Invitation).where(
    Invitation.talk_id == bindparam("talk_id"), Invitation.contact_id == bindparam("contact_id")
)


def invitation_of(talk: Talk, *, contact: Contact) -> Invitation | None:
    """The contact's invitation to the talk."""
    return rows.find(_INVITED, {"talk_id": talk.id, "contact_id": contact.id})


def read_ahead(known: rows.Ahead) -> None:
    """Read the invitations of many people in one query."""
    query = select(Invitation).where(
        Invitation.talk_id.in_(known.talks),
        Invitation.contact_id.in_(known.contacts),
    )
    known.keep(_INVITED, db.session.scalars(query), "talk_id", "contact_id")


def answers_of(contact: Contact, talk_ids: Iterable[int]) -> dict[int, Answer]:
    """What the contact answered to each of the talks to which there is an invitation."""
    rows = db.session.execute(
        select(Invitation.talk_id, Invitation.answer).where(
            Invitation.contact_id == contact.id, Invitation.talk_id.in_(set(talk_ids))
        )
    )
    return {talk_id: Answer(answer) for talk_id, answer in rows}


def coming(contact: Contact, *, series_id: int) -> Invitation | None:
    """The contact's invitation to the next talk of the series to which there is one."""
    return db.session.scalar(
        select(Invitation)
        .join(Invitation.talk)
        .where(
            Invitation.contact_id == contact.id,
            Invitation.answer != Answer.WITHDRAWN,
            Talk.series_id == series_id,
            Talk.state == TalkState.PUBLISHED,
            Talk.starts_at > now(),
        )
        .options(joinedload(Invitation.talk))
        .order_by(Talk.starts_at, Talk.id)
        .limit(1)
    )


def invite(talk: Talk, *, contact: Contact) -> Invitation:
    """The contact's one invitation to the talk, made if there is none."""
    return find_or_add(
        select(Invitation).where(
            Invitation.talk_id == talk.id, Invitation.contact_id == contact.id
        ),
        lambda: Invitation(talk_id=talk.id, contact_id=contact.id, answer=Answer.NONE),
    )


def set_answer(invitation: Invitation, answer: Answer) -> bool:
    """Move the answer by the table; False where it already stands so. Written with the next flush,
    together with what else changes."""
    if not _moves(invitation, answer):
        return False
    invitation.answer = answer
    invitation.answered_at = _answered_at(answer)
    invitation.revision += 1
    return True


def write_answer(invitation: Invitation, answer: Answer) -> bool:
    """The same for the answer that somebody gives now, written at once. What was said of the answer
    before goes."""
    if not _moves(invitation, answer):
        return False
    rows.write_change(
        invitation,
        answer=answer,
        answered_at=_answered_at(answer),
        revision=invitation.revision + 1,
        remark="",
    )
    return True


def _moves(invitation: Invitation, answer: Answer) -> bool:
    """Whether the answer changes; raises `RuleError` for a move that the table does not know."""
    if invitation.answer == answer:
        return False
    if answer not in MOVES[Answer(invitation.answer)]:
        raise RuleError("answer_move_forbidden", before=invitation.answer, after=answer)
    return True


def _answered_at(answer: Answer) -> datetime | None:
    return now() if answer is not Answer.NONE else None
