"""Places and the queue for them. Places are never oversold and nobody waits while one is free.

Every function that gives or frees a place expects the talk to be locked by `lock` (rule 2). Online
and hall are counted apart. Who writes mails about it is `domain.participation`.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select

from webinar.clock import now
from webinar.domain import times
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    ACTIVE,
    Contact,
    Format,
    Invitation,
    Mode,
    Registration,
    RegistrationState,
    Source,
    Talk,
)

S = RegistrationState
MOVES: dict[RegistrationState, frozenset[RegistrationState]] = {
    S.UNCONFIRMED: frozenset({S.CONFIRMED, S.WAITING, S.CANCELLED}),
    S.CONFIRMED: frozenset({S.CANCELLED, S.REFUSED}),
    S.WAITING: frozenset({S.CONFIRMED, S.CANCELLED, S.REFUSED}),
    S.CANCELLED: frozenset(),
    S.REFUSED: frozenset(),
}
MODES: dict[Format, tuple[Mode, ...]] = {
    Format.ONLINE: (Mode.ONLINE,),
    Format.ON_SITE: (Mode.HALL,),
    Format.HYBRID: (Mode.ONLINE, Mode.HALL),
}

_LOCKED = (
    select(Talk)
    .where(Talk.id == bindparam("talk_id"))
    .with_for_update(of=Talk, key_share=True)
    .execution_options(populate_existing=True)
)
_TAKEN = select(func.count(Registration.id)).where(
    Registration.talk_id == bindparam("talk_id"),
    Registration.mode == bindparam("mode"),
    Registration.state == S.CONFIRMED,
)
_ACTIVE = (
    select(Registration)
    .where(
        Registration.talk_id == bindparam("talk_id"),
        Registration.contact_id == bindparam("contact_id"),
        Registration.state.in_(ACTIVE),
    )
    .execution_options(populate_existing=True)
)


def lock(talk: Talk) -> None:
    """Let nobody else give or free a place of the talk until this transaction ends.

    PostgreSQL locks the row; on SQLite the transaction already holds the one write lock. The talk
    is read again under the lock: its places may have changed while we waited. The lock lets foreign
    keys pass (FOR NO KEY UPDATE): two transactions that each wrote a row of the talk before would
    otherwise wait for each other.
    """
    db.session.execute(_LOCKED, {"talk_id": talk.id}).scalar_one()


def modes(talk: Talk) -> tuple[Mode, ...]:
    """The sides that the talk's format offers."""
    return MODES[Format(talk.format)]


def limit(talk: Talk, mode: Mode) -> int | None:
    """The number of places on that side; None without limit."""
    return talk.places_online if mode is Mode.ONLINE else talk.places_hall


def taken(talk: Talk, mode: Mode) -> int:
    """How many places on that side are held."""
    return db.session.scalar(_TAKEN, {"talk_id": talk.id, "mode": mode}) or 0


def free(talk: Talk, mode: Mode) -> int | None:
    """How many places are left on that side; None without limit."""
    places = limit(talk, mode)
    return None if places is None else max(0, places - taken(talk, mode))


def active_registration(talk: Talk, *, contact: Contact) -> Registration | None:
    """The contact's place or waiting place, if there is one; as the database has it now, since it
    may have been read before the lock."""
    return db.session.scalar(_ACTIVE, {"talk_id": talk.id, "contact_id": contact.id})


def register(
    talk: Talk,
    *,
    contact: Contact,
    mode: Mode,
    invitation: Invitation | None = None,
    source: Source = Source.ANSWER,
) -> Registration:
    """Give the contact a place on that side, or the last waiting place. The talk is locked."""
    if mode not in modes(talk):
        raise RuleError("mode_not_offered", field="mode")
    confirmed = free(talk, mode) != 0
    registration = Registration(
        talk_id=talk.id,
        contact_id=contact.id,
        invitation_id=invitation.id if invitation is not None else None,
        state=S.CONFIRMED if confirmed else S.WAITING,
        mode=mode,
        source=source,
        queued_at=now(),
        confirmed_at=now() if confirmed else None,
        revision=1,
    )
    registration.contact = contact
    db.session.add(registration)
    db.session.flush()
    return registration


def confirm(talk: Talk, registration: Registration, *, mode: Mode) -> None:
    """Give who had asked and now confirms a place on that side, or the last waiting place: the
    place in the queue counts from now. The talk is locked."""
    if mode not in modes(talk):
        raise RuleError("mode_not_offered", field="mode")
    if registration.state != S.UNCONFIRMED:
        raise RuleError("registration_move_forbidden", before=registration.state, after=S.CONFIRMED)
    registration.mode, registration.queued_at = mode, now()
    registration.revision += 1
    if free(talk, mode) != 0:
        _confirm(registration)
    else:
        registration.state = S.WAITING
    db.session.flush()


def change_side(talk: Talk, registration: Registration, *, mode: Mode) -> None:
    """Move to the other side, or hold the place and queue for it. The talk is locked."""
    if mode not in modes(talk):
        raise RuleError("mode_not_offered", field="mode")
    registration.revision += 1
    if registration.mode == mode:
        registration.wanted_mode = None
    elif free(talk, mode) != 0:
        registration.mode, registration.wanted_mode = mode, None
        _confirm(registration)
    elif registration.state == S.CONFIRMED:
        registration.wanted_mode, registration.queued_at = mode, now()
    else:
        registration.mode, registration.queued_at = mode, now()
    db.session.flush()


def end(registration: Registration, *, state: RegistrationState = S.CANCELLED) -> None:
    """Give the place up, or refuse it. The talk is locked; `promote` gives it to the next."""
    if state not in MOVES[S(registration.state)]:
        raise RuleError("registration_move_forbidden", before=registration.state, after=state)
    registration.state = state
    registration.wanted_mode = None
    registration.ended_at = now()
    registration.revision += 1
    db.session.flush()


def promote(talk: Talk) -> list[Registration]:
    """Give free places to the next in line, until the talk starts (rule 3). The talk is locked.

    Who changes sides frees a place on the other, so it goes round until nothing moves.
    """
    promoted: list[Registration] = []
    if times.started(talk):
        return promoted
    moved = True
    while moved:
        moved = False
        for mode in modes(talk):
            room = free(talk, mode)
            for registration in queue(talk, mode, count=room):
                _take(registration, mode)
                promoted.append(registration)
                moved = True
    return promoted


def queue(talk: Talk, mode: Mode, *, count: int | None = None) -> Sequence[Registration]:
    """Who waits for that side, in order; the first `count` if it is given."""
    return db.session.scalars(
        select(Registration)
        .where(Registration.talk_id == talk.id, _waits_for(mode))
        .order_by(Registration.queued_at, Registration.id)
        .limit(count)
        .execution_options(populate_existing=True)
    ).all()


def position(registration: Registration) -> int | None:
    """The place in the queue, from 1; None for who does not wait."""
    mode = registration.wanted_mode or registration.mode
    if registration.state != S.WAITING and registration.wanted_mode is None:
        return None
    before = db.session.scalar(
        select(func.count(Registration.id)).where(
            Registration.talk_id == registration.talk_id,
            _waits_for(Mode(mode)),
            or_(
                Registration.queued_at < registration.queued_at,
                and_(
                    Registration.queued_at == registration.queued_at,
                    Registration.id < registration.id,
                ),
            ),
        )
    )
    return (before or 0) + 1


def _waits_for(mode: Mode) -> ColumnElement[bool]:
    return or_(
        and_(Registration.state == S.WAITING, Registration.mode == mode),
        and_(Registration.state == S.CONFIRMED, Registration.wanted_mode == mode),
    )


def _take(registration: Registration, mode: Mode) -> None:
    registration.mode, registration.wanted_mode = mode, None
    registration.revision += 1
    _confirm(registration)
    db.session.flush()


def _confirm(registration: Registration) -> None:
    registration.state = S.CONFIRMED
    registration.confirmed_at = registration.confirmed_at or now()
