"""Where a person stands with a talk, invited or registered by the public form, for the pages behind
the personal link.

Reads only, and in few statements: this is the page that everybody opens. The acts are
`domain.participation`'s, whose refusals the flags here foresee.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, Row, Select, and_, bindparam, or_, select

from webinar.domain import grants, limits, materials, registrations, signups, times
from webinar.extensions import db
from webinar.models import (
    ACTIVE,
    Answer,
    Contact,
    Deputy,
    Invitation,
    Mode,
    Question,
    Registration,
    RegistrationState,
    SeriesAcceptance,
    Talk,
    TalkState,
)


class Stand(StrEnum):
    CANCELLED = "cancelled"
    """The talk."""
    WITHDRAWN = "withdrawn"
    RETIRED = "retired"
    UNCONFIRMED = "unconfirmed"
    """Asked for in the public form; the link was not used yet."""
    LAPSED = "lapsed"
    """Asked for and not confirmed in time."""
    CONFIRMED = "confirmed"
    WAITING = "waiting"
    DECLINED = "declined"
    DELEGATED = "delegated"
    ASKED = "asked"
    """No answer yet, or one that no longer holds a place."""


@dataclass(frozen=True)
class Standing:
    """`free`: places left by side, None without limit; only where a place can be asked for.

    `deputy` comes instead; `sent_by` asked this person to come instead. `acceptance` is the whole
    series', and `may_delegate` whether a deputy could be named now.
    """

    stand: Stand
    invitation: Invitation | None
    registration: Registration | None
    started: bool
    over: bool
    may_accept: bool
    may_decline: bool
    position: int | None = None
    free: Mapping[Mode, int | None] = field(default_factory=dict)
    deputy: Contact | None = None
    sent_by: Contact | None = None
    acceptance: SeriesAcceptance | None = None
    may_delegate: bool = False
    kept_out: int = 0
    """How many places the person's organisation holds, where it may hold no more and the person
    has none."""
    asks: bool = False
    """Whether the talk has questions of the organiser's own."""
    materials: int = 0
    """How many the person may open; none where the page is shut."""

    @property
    def own(self) -> bool:
        """Whether the person registered without an invitation that stands."""
        return not invited(self.invitation)

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


_ASKS = select(Question.id).where(Question.talk_id == Talk.id).correlate(Talk).exists()
COLUMNS = (
    Invitation,
    Registration,
    # Most have neither: whoever has one is worth a question more.
    Deputy.id.label("deputy_id"),
    SeriesAcceptance.id.label("acceptance_id"),
    _ASKS.label("asks"),
    registrations.count_taken(Talk.id, Mode.ONLINE).scalar_subquery().label(Mode.ONLINE),
    registrations.count_taken(Talk.id, Mode.HALL).scalar_subquery().label(Mode.HALL),
    grants.count_open(Contact.id, Talk.id, bindparam("today", type_=Date)).label("materials"),
)
"""What `standing` wants to know of one contact and one talk, in a query that `joined` made."""


def with_place(query: Select[Any]) -> Select[Any]:
    """The query of talks and contacts, with the place or waiting place of each there."""
    return query.outerjoin(
        Registration,
        and_(
            Registration.talk_id == Talk.id,
            Registration.contact_id == Contact.id,
            Registration.state.in_(ACTIVE),
        ),
    )


def joined(query: Select[Any]) -> Select[Any]:
    """The query of talks and contacts, with the tables that `COLUMNS` name."""
    asking = or_(
        Deputy.invitation_id == Invitation.id, Deputy.deputy_invitation_id == Invitation.id
    )
    return (
        with_place(query)
        .outerjoin(
            Invitation, and_(Invitation.talk_id == Talk.id, Invitation.contact_id == Contact.id)
        )
        .outerjoin(Deputy, and_(asking, Deputy.ended_at.is_(None)))
        .outerjoin(
            SeriesAcceptance,
            and_(
                SeriesAcceptance.series_id == Talk.series_id,
                SeriesAcceptance.contact_id == Contact.id,
                SeriesAcceptance.ended_at.is_(None),
            ),
        )
    )


_STANDING = joined(
    select(*COLUMNS)
    .select_from(Talk)
    .join(Contact, Contact.id == bindparam("contact_id"))
    .where(Talk.id == bindparam("talk_id"))
)


def standing(talk: Talk, *, contact: Contact, seen: Row[Any] | None = None) -> Standing:
    """How the contact's invitation and place stand now, and which answers would be taken.

    `seen`: the `COLUMNS` of both, where they were read a moment ago.
    """
    row = _look(talk, contact) if seen is None else seen
    invitation: Invitation | None = row.Invitation
    registration: Registration | None = row.Registration
    asking = None if row.deputy_id is None else db.session.get(Deputy, row.deputy_id)
    if not invited(invitation):
        registration = signups.own(talk, contact=contact)
    stand = stand_of(talk, contact, invitation, registration)
    if registration is not None and registration.state not in ACTIVE:
        registration = None
    started = times.started(talk)
    answerable = not started and stand not in SHUT
    held = stand in (Stand.CONFIRMED, Stand.WAITING)
    may_accept = answerable and (held or _may_ask(talk, invitation))
    sends = asking is not None and invitation is not None and asking.invitation_id == invitation.id
    return Standing(
        stand=stand,
        invitation=invitation,
        registration=registration,
        started=started,
        over=times.phase(talk, minutes=0) is times.Phase.OVER,
        may_accept=may_accept,
        may_decline=answerable,
        position=registrations.position(registration) if registration is not None else None,
        free=_free(talk, {Mode.ONLINE: row.online, Mode.HALL: row.hall}) if may_accept else {},
        deputy=asking.deputy_invitation.contact if asking is not None and sends else None,
        sent_by=asking.invitation.contact if asking is not None and not sends else None,
        acceptance=None
        if row.acceptance_id is None
        else db.session.get(SeriesAcceptance, row.acceptance_id),
        may_delegate=may_accept and asking is None and invited(invitation),
        kept_out=limits.kept_out(talk, contact=contact)
        if may_accept and stand is not Stand.CONFIRMED
        else 0,
        asks=row.asks,
        materials=0 if stand in SHUT else row.materials,
    )


def _look(talk: Talk, contact: Contact) -> Row[Any]:
    given = {"talk_id": talk.id, "contact_id": contact.id, "today": materials.today()}
    return db.session.execute(_STANDING, given).one()


SHUT = (Stand.CANCELLED, Stand.WITHDRAWN, Stand.RETIRED, Stand.LAPSED)


def invited(invitation: Invitation | None) -> bool:
    """Whether there is an invitation that stands."""
    return invitation is not None and invitation.answer != Answer.WITHDRAWN


def stand_of(
    talk: Talk, contact: Contact, invitation: Invitation | None, registration: Registration | None
) -> Stand:
    """The one word for it. `registration` is the active one; of who is not invited the last that
    came without an invitation."""
    if talk.state == TalkState.CANCELLED:
        return Stand.CANCELLED
    if talk.state != TalkState.PUBLISHED or not (invited(invitation) or registration is not None):
        return Stand.WITHDRAWN
    if not contact.active:
        return Stand.RETIRED
    if registration is not None and registration.state in _HELD:
        return _HELD[RegistrationState(registration.state)]
    if invitation is not None and invited(invitation):
        return _ANSWERED.get(Answer(invitation.answer), Stand.ASKED)
    return _of_own(registration)


_HELD = {
    RegistrationState.CONFIRMED: Stand.CONFIRMED,
    RegistrationState.WAITING: Stand.WAITING,
}
_ANSWERED = {Answer.DECLINED: Stand.DECLINED, Answer.DELEGATED: Stand.DELEGATED}


def _of_own(registration: Registration | None) -> Stand:
    if registration is None or registration.state == RegistrationState.REFUSED:
        return Stand.WITHDRAWN
    if signups.lapsed(registration):
        return Stand.LAPSED
    waits = registration.state == RegistrationState.UNCONFIRMED
    return Stand.UNCONFIRMED if waits else Stand.DECLINED


def _may_ask(talk: Talk, invitation: Invitation | None) -> bool:
    return times.registration_open(talk) if invited(invitation) else signups.open_to_all(talk)


def _free(talk: Talk, taken: Mapping[Mode, int]) -> dict[Mode, int | None]:
    return {
        mode: registrations.left(talk, mode, taken=taken[mode])
        for mode in registrations.modes(talk)
    }
