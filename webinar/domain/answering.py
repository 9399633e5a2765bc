"""How an act on an invitation begins: the talk is locked, then all is read that the act depends on.

The acts are `domain.participation`'s and `domain.deputies`'. Two statements: one that also locked
would read the rest as it stood before it waited for the lock.

Everybody else who answers waits meanwhile, so little is read: places and deputies by their ids
alone, since who answers for the first time has neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Integer, and_, bindparam, select

from webinar.domain import registrations, times
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    ACTIVE,
    Answer,
    Deputy,
    Invitation,
    Link,
    Mode,
    Purpose,
    Question,
    Registration,
    Talk,
    TalkState,
)


@dataclass(frozen=True)
class Begun:
    """What an act finds under the lock.

    `taken`: places held by side. `door`: whether the person's link to the room is there already.
    `asks`: whether the talk has questions of the organiser's own.
    """

    talk: Talk
    invitation: Invitation | None
    registration_id: int | None
    asking_id: int | None
    taken: Mapping[Mode, int]
    door: bool
    asks: bool

    @property
    def registration(self) -> Registration | None:
        """The person's place or waiting place."""
        if self.registration_id is None:
            return None
        return db.session.get(Registration, self.registration_id, populate_existing=True)

    @property
    def sends(self) -> Deputy | None:
        """The asking by which the person sends a deputy."""
        return None if self.asking_id is None else db.session.get(Deputy, self.asking_id)


_CONTACT = bindparam("contact_id", type_=Integer)
_FOUND = (
    select(
        Invitation,
        Registration.id,
        Deputy.id,
        registrations.count_taken(Talk.id, Mode.ONLINE).scalar_subquery(),
        registrations.count_taken(Talk.id, Mode.HALL).scalar_subquery(),
        select(Link.id)
        .where(Link.talk_id == Talk.id, Link.contact_id == _CONTACT, Link.purpose == Purpose.ENTER)
        .exists(),
        select(Question.id).where(Question.talk_id == Talk.id).exists(),
    )
    .select_from(Talk)
    .outerjoin(Invitation, and_(Invitation.talk_id == Talk.id, Invitation.contact_id == _CONTACT))
    .outerjoin(
        Registration,
        and_(
            Registration.talk_id == Talk.id,
            Registration.contact_id == _CONTACT,
            Registration.state.in_(ACTIVE),
        ),
    )
    .outerjoin(Deputy, and_(Deputy.invitation_id == Invitation.id, Deputy.ended_at.is_(None)))
    .where(Talk.id == bindparam("talk_id"))
    .execution_options(populate_existing=True)
)


def look(*, talk_id: int, contact_id: int) -> Begun:
    """Lock the talk and read, under the lock, how the contact stands with it."""
    talk = registrations.lock_talk(talk_id)
    row = db.session.execute(_FOUND, {"talk_id": talk_id, "contact_id": contact_id}).one()
    invitation, registration_id, asking_id, online, hall, door, asks = row
    return Begun(
        talk,
        invitation=invitation,
        registration_id=registration_id,
        asking_id=asking_id,
        taken={Mode.ONLINE: online, Mode.HALL: hall},
        door=door,
        asks=asks,
    )


def begin(invitation: Invitation, *, seen: Begun | None = None) -> Begun:
    """Lock the talk, read the invitation again under the lock, and check that answers count.

    `seen` is what `look` found just now, in the same transaction.
    """
    begun = seen or look(talk_id=invitation.talk_id, contact_id=invitation.contact_id)
    talk = begun.talk
    if talk.state == TalkState.CANCELLED:
        raise RuleError("talk_cancelled")
    if talk.state != TalkState.PUBLISHED or invitation.answer == Answer.WITHDRAWN:
        raise RuleError("invitation_withdrawn")
    if not invitation.contact.active:
        # Their mails would reach whoever holds the address now.
        raise RuleError("contact_retired")
    if times.started(talk):
        raise RuleError("talk_started")
    return begun


def check_open(talk: Talk) -> None:
    """Raise `RuleError` where no place of the talk changes hands any more."""
    if talk.state == TalkState.CANCELLED:
        raise RuleError("talk_cancelled")
    if times.started(talk):
        raise RuleError("talk_started")
