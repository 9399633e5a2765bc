"""How an act on an invitation begins: the talk is locked, then all is read that the act depends on.

The acts are `domain.participation`'s and `domain.deputies`'. Two statements: one that also locked
would read the rest as it stood before it waited for the lock.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, bindparam, select

from webinar.domain import registrations, times
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import ACTIVE, Answer, Deputy, Invitation, Registration, Talk, TalkState


@dataclass(frozen=True)
class Begun:
    """What an act on an invitation finds under the lock: the talk, the invited person's place or
    waiting place, and the asking by which they send a deputy."""

    talk: Talk
    registration: Registration | None
    sends: Deputy | None


_FOUND = (
    select(Invitation, Registration, Deputy)
    .outerjoin(
        Registration,
        and_(
            Registration.talk_id == Invitation.talk_id,
            Registration.contact_id == Invitation.contact_id,
            Registration.state.in_(ACTIVE),
        ),
    )
    .outerjoin(Deputy, and_(Deputy.invitation_id == Invitation.id, Deputy.ended_at.is_(None)))
    .where(Invitation.id == bindparam("invitation_id"))
    .execution_options(populate_existing=True)
)


def begin(invitation: Invitation) -> Begun:
    """Lock the talk, read the invitation again under the lock, and check that answers count."""
    talk = invitation.talk
    registrations.lock(talk)
    row = db.session.execute(_FOUND, {"invitation_id": invitation.id}).one()
    if talk.state == TalkState.CANCELLED:
        raise RuleError("talk_cancelled")
    if talk.state != TalkState.PUBLISHED or invitation.answer == Answer.WITHDRAWN:
        raise RuleError("invitation_withdrawn")
    if not invitation.contact.active:
        # Their mails would reach whoever holds the address now.
        raise RuleError("contact_retired")
    if times.started(talk):
        raise RuleError("talk_started")
    return Begun(talk, registration=row.Registration, sends=row.Deputy)


def check_open(talk: Talk) -> None:
    """Raise `RuleError` where no place of the talk changes hands any more."""
    if talk.state == TalkState.CANCELLED:
        raise RuleError("talk_cancelled")
    if times.started(talk):
        raise RuleError("talk_started")
