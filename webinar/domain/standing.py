"""Where an invited person stands with a talk, for the pages behind the personal link.

Reads only, and in few statements: this is the page that everybody opens. The acts are
`domain.participation`'s, whose refusals the flags here foresee.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import and_, bindparam, select

from webinar.domain import limits, registrations, times
from webinar.extensions import db
from webinar.models import (
    ACTIVE,
    Answer,
    Contact,
    Invitation,
    Mode,
    Question,
    Registration,
    RegistrationState,
    Talk,
    TalkState,
)


class Stand(StrEnum):
    CANCELLED = "cancelled"
    """The talk."""
    WITHDRAWN = "withdrawn"
    RETIRED = "retired"
    CONFIRMED = "confirmed"
    WAITING = "waiting"
    DECLINED = "declined"
    DELEGATED = "delegated"
    ASKED = "asked"
    """No answer yet, or one that no longer holds a place."""


@dataclass(frozen=True)
class Standing:
    """`free`: places left by side, None without limit; only where a place can be asked for."""

    stand: Stand
    invitation: Invitation | None
    registration: Registration | None
    started: bool
    over: bool
    may_accept: bool
    may_decline: bool
    position: int | None = None
    free: Mapping[Mode, int | None] = field(default_factory=dict)
    kept_out: int = 0
    """How many places the person's organisation holds, where it may hold no more and the person
    has none."""
    asks: bool = False
    """Whether the talk has questions of the organiser's own."""

    @property
    def mode(self) -> str | None:
        """The side where the place is held or waited for."""
        return None if self.registration is None else self.registration.mode

    @property
    def wanted_mode(self) -> str | None:
        """The other side, if the person waits for it while holding a place."""
        return None if self.registration is None else self.registration.wanted_mode

    @property
    def full(self) -> bool:
        """Whether no side has a place left for this person."""
        none_left = all(count == 0 for count in self.free.values())
        return bool(self.free) and (self.kept_out > 0 or none_left)


_ASKS = select(Question.id).where(Question.talk_id == Invitation.talk_id).exists()
_INVITED = select(Invitation, _ASKS).where(
    Invitation.talk_id == bindparam("talk_id"), Invitation.contact_id == bindparam("contact_id")
)
_STANDING = (
    select(Invitation, Registration, _ASKS)
    .outerjoin(
        Registration,
        and_(
            Registration.talk_id == Invitation.talk_id,
            Registration.contact_id == Invitation.contact_id,
            Registration.state.in_(ACTIVE),
        ),
    )
    .where(
        Invitation.talk_id == bindparam("talk_id"), Invitation.contact_id == bindparam("contact_id")
    )
)


def standing(talk: Talk, *, contact: Contact) -> Standing:
    """How the contact's invitation and place stand now, and which answers would be taken."""
    invitation, registration, asks = _rows(talk, contact)
    stand = _stand(talk, contact, invitation, registration)
    started = times.started(talk)
    answerable = not started and stand not in (Stand.CANCELLED, Stand.WITHDRAWN, Stand.RETIRED)
    may_accept = answerable and (registration is not None or times.registration_open(talk))
    return Standing(
        stand=stand,
        invitation=invitation,
        registration=registration,
        started=started,
        over=times.phase(talk, minutes=0) is times.Phase.OVER,
        may_accept=may_accept,
        may_decline=answerable,
        position=registrations.position(registration) if registration is not None else None,
        free=_free(talk) if may_accept else {},
        kept_out=limits.kept_out(talk, contact=contact)
        if may_accept and stand is not Stand.CONFIRMED
        else 0,
        asks=asks,
    )


def invited(talk: Talk, *, contact: Contact) -> tuple[Invitation | None, bool]:
    """The contact's invitation, and whether the talk has questions of the organiser's own: what an
    answer needs to know before it is taken, in one query."""
    row = db.session.execute(_INVITED, {"talk_id": talk.id, "contact_id": contact.id}).first()
    return (None, False) if row is None else (row[0], row[1])


def _rows(talk: Talk, contact: Contact) -> tuple[Invitation | None, Registration | None, bool]:
    row = db.session.execute(_STANDING, {"talk_id": talk.id, "contact_id": contact.id}).first()
    return (None, None, False) if row is None else (row[0], row[1], row[2])


def _stand(
    talk: Talk, contact: Contact, invitation: Invitation | None, registration: Registration | None
) -> Stand:
    if talk.state == TalkState.CANCELLED:
        return Stand.CANCELLED
    if (
        talk.state != TalkState.PUBLISHED
        or invitation is None
        or invitation.answer == Answer.WITHDRAWN
    ):
        return Stand.WITHDRAWN
    if not contact.active:
        return Stand.RETIRED
    if registration is not None:
        confirmed = registration.state == RegistrationState.CONFIRMED
        return Stand.CONFIRMED if confirmed else Stand.WAITING
    answers = {Answer.DECLINED: Stand.DECLINED, Answer.DELEGATED: Stand.DELEGATED}
    return answers.get(Answer(invitation.answer), Stand.ASKED)


def _free(talk: Talk) -> dict[Mode, int | None]:
    return {mode: registrations.free(talk, mode) for mode in registrations.modes(talk)}
