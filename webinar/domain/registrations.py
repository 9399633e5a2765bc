"""Places and the queue for them. Places are never oversold and nobody waits while one is free.

Every function that gives or frees a place expects the talk to be locked by `lock` (rule 2). Online
and hall are counted apart. Who writes mails about it is `domain.participation`. How many places
one organisation may hold is `domain.limits`'.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    String,
    and_,
    bindparam,
    func,
    or_,
    select,
)
from sqlalchemy.orm import aliased, contains_eager

from webinar.clock import now
from webinar.domain import limits, rows, times
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
    # To waiting only where a talk no longer offers the side where the place was held.
    S.CONFIRMED: frozenset({S.WAITING, S.CANCELLED, S.REFUSED}),
    S.WAITING: frozenset({S.CONFIRMED, S.CANCELLED, S.REFUSED}),
    S.CANCELLED: frozenset(),
    S.REFUSED: frozenset(),
}
MODES: dict[Format, tuple[Mode, ...]] = {
    Format.ONLINE: (Mode.ONLINE,),
    Format.ON_SITE: (Mode.HALL,),
    Format.HYBRID: (Mode.ONLINE, Mode.HALL),
}
_APART = timedelta(microseconds=1)
"""The least that both databases tell apart."""

_LOCKED = (
    select(Talk)
    .where(Talk.id == bindparam("talk_id"))
    .with_for_update(of=Talk, key_share=True)
    .execution_options(populate_existing=True)
)


def count_taken(
    talk_id: SQLColumnExpression[int], mode: SQLColumnExpression[str] | Mode
) -> Select[int]:
    """The query for how many places on that side are held, also for use within another."""
    # Under a name of its own: the query around it may read registrations, too.
    held = aliased(Registration)
    return select(func.count(held.id)).where(
        held.talk_id == talk_id, held.mode == mode, held.state == S.CONFIRMED
    )


_TAKEN = count_taken(bindparam("talk_id", type_=Integer), bindparam("mode", type_=String))
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
    lock_talk(talk.id)


def lock_talk(talk_id: int) -> Talk:
    """The same for who has the talk's id alone; returns the talk as it is under the lock."""
    return db.session.execute(_LOCKED, {"talk_id": talk_id}).scalar_one()


def modes(talk: Talk) -> tuple[Mode, ...]:
    """The sides that the talk's format offers."""
    return MODES[Format(talk.format)]


def check_side(talk: Talk, mode: Mode) -> None:
    """Raise `RuleError` for a side that the talk's format does not offer."""
    if mode not in modes(talk):
        raise RuleError("mode_not_offered", field="mode")


def limit(talk: Talk, mode: Mode) -> int | None:
    """The number of places on that side; None without limit."""
    return talk.places_online if mode is Mode.ONLINE else talk.places_hall


def taken(talk: Talk, mode: Mode) -> int:
    """How many places on that side are held."""
    return db.session.scalar(_TAKEN, {"talk_id": talk.id, "mode": mode}) or 0


def free(talk: Talk, mode: Mode) -> int | None:
    """How many places are left on that side; None without limit."""
    return None if limit(talk, mode) is None else left(talk, mode, taken=taken(talk, mode))


def left(talk: Talk, mode: Mode, *, taken: int) -> int | None:
    """How many places on that side are left where so many are held; None without limit."""
    places = limit(talk, mode)
    return None if places is None else max(0, places - taken)


def active_registration(talk: Talk, *, contact: Contact) -> Registration | None:
    """The contact's place or waiting place, if there is one; as the database has it now, since it
    may have been read before the lock."""
    return rows.find(_ACTIVE, {"talk_id": talk.id, "contact_id": contact.id})


def read_ahead(known: rows.Ahead) -> None:
    """Read the places of many people in one query."""
    query = (
        select(Registration)
        .where(
            Registration.talk_id.in_(known.talks),
            Registration.contact_id.in_(known.contacts),
            Registration.state.in_(ACTIVE),
        )
        .execution_options(populate_existing=True)
    )
    known.keep(_ACTIVE, db.session.scalars(query), "talk_id", "contact_id")


def register(
    talk: Talk,
    *,
    contact: Contact,
    mode: Mode,
    invitation: Invitation | None = None,
    source: Source = Source.ANSWER,
    held: int | None = None,
) -> Registration:
    """Give the contact a place on that side, or the last waiting place. The talk is locked.

    `held`: how many places of that side are taken, where it was counted under the lock.
    """
    check_side(talk, mode)
    confirmed = _open_to(contact, talk, mode, held=held)
    registration = Registration(
        talk_id=talk.id,
        contact_id=contact.id,
        invitation_id=invitation.id if invitation is not None else None,
        state=S.CONFIRMED if confirmed else S.WAITING,
        mode=mode,
        wanted_mode=None,
        source=source,
        queued_at=now(),
        confirmed_at=now() if confirmed else None,
        revision=1,
    )
    return rows.write_new(registration, contact=contact)


def confirm(talk: Talk, registration: Registration, *, mode: Mode) -> None:
    """Give who had asked and now confirms a place on that side, or the last waiting place: the
    place in the queue counts from now. The talk is locked."""
    check_side(talk, mode)
    if registration.state != S.UNCONFIRMED:
        raise RuleError("registration_move_forbidden", before=registration.state, after=S.CONFIRMED)
    registration.mode, registration.queued_at = mode, now()
    registration.revision += 1
    if _open_to(registration.contact, talk, mode):
        _confirm(registration)
    else:
        registration.state = S.WAITING
    db.session.flush()


def _open_to(contact: Contact, talk: Talk, mode: Mode, *, held: int | None = None) -> bool:
    """Whether a place on that side is free for this contact. Who waits for it then can only be
    somebody whom the limit of their organisation keeps out: all others were promoted."""
    room = free(talk, mode) if held is None else left(talk, mode, taken=held)
    return room != 0 and not limits.kept_out(talk, contact=contact)


def change_side(talk: Talk, registration: Registration, *, mode: Mode) -> None:
    """Move to the other side, or hold the place and queue for it. The talk is locked."""
    check_side(talk, mode)
    registration.revision += 1
    if registration.mode == mode:
        registration.wanted_mode = None
    elif free(talk, mode) != 0 and (
        registration.state == S.CONFIRMED or not limits.kept_out(talk, contact=registration.contact)
    ):
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


def pass_on(
    registration: Registration, *, contact: Contact, invitation: Invitation, source: Source
) -> Registration:
    """Give the place or waiting place to somebody else as it stands: with its state, its sides and
    its time of arrival. The talk is locked, so nobody sees the place free in between."""
    state, wanted = registration.state, registration.wanted_mode
    end(registration)
    return _like(
        registration,
        state=S(state),
        wanted_mode=wanted,
        contact=contact,
        invitation=invitation,
        source=source,
    )


def wait_again(registration: Registration) -> Registration:
    """Put an ended waiting place back into line where it stood. The talk is locked; `promote`
    comes afterwards, since a place may be free."""
    return _like(
        registration,
        state=S.WAITING,
        wanted_mode=None,
        contact=registration.contact,
        invitation=registration.invitation,
        source=Source(registration.source),
    )


def _like(
    registration: Registration,
    *,
    state: RegistrationState,
    wanted_mode: str | None,
    contact: Contact,
    invitation: Invitation | None,
    source: Source,
) -> Registration:
    row = Registration(
        talk_id=registration.talk_id,
        contact_id=contact.id,
        invitation_id=invitation.id if invitation is not None else None,
        state=state,
        mode=registration.mode,
        wanted_mode=wanted_mode,
        source=source,
        queued_at=registration.queued_at,
        confirmed_at=registration.confirmed_at,
        revision=1,
    )
    row.contact, row.talk = contact, registration.talk
    db.session.add(row)
    db.session.flush()
    return row


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
            for registration in _next(talk, mode, count=room):
                _take(registration, mode)
                promoted.append(registration)
                moved = True
    return promoted


def give(registration: Registration) -> None:
    """Give who waits the place that is waited for, out of turn. The talk is locked, and the caller
    has seen that a place is free."""
    _take(registration, awaited(registration))


def awaited(registration: Registration) -> Mode:
    """The side that is waited for, or, by who does not wait, held."""
    return Mode(registration.wanted_mode or registration.mode)


def move(talk: Talk, registration: Registration, *, position: int) -> int:
    """Put who waits at that place of the queue, from 1, and return it; a number beyond either end
    means the end. The talk is locked.

    The moments of arrival stay the same ones and change hands. Equal ones are moved apart to
    earlier, never to later: somebody who comes now still stands last.
    """
    line = [row for row in queue(talk, awaited(registration)) if row is not registration]
    place = min(max(position, 1), len(line) + 1)
    line.insert(place - 1, registration)
    following = None
    moments = sorted(row.queued_at for row in line)
    for row, moment in zip(reversed(line), reversed(moments), strict=True):
        earliest = moment if following is None else min(moment, following - _APART)
        row.queued_at = following = earliest
    db.session.flush()
    return place


def _next(talk: Talk, mode: Mode, *, count: int | None) -> Sequence[Registration]:
    """Who gets the `count` free places: the first in line, without those who are over the limit of
    their organisation. Three queries at most, however many wait."""
    if talk.places_per_organisation is None or count == 0:
        return queue(talk, mode, count=count)
    return limits.within(talk, queue(talk, mode), count=count)


def lose_side(registration: Registration, *, mode: Mode, room: bool) -> None:
    """The talk no longer offers the registration's side: go over to `mode`, where there is `room`
    with the place that was held, else onto the waiting list, in the order of arrival. The talk is
    locked; `promote` gives places to whoever waits."""
    if registration.state == S.CONFIRMED and not room:
        registration.state, registration.confirmed_at = S.WAITING, None
    registration.mode, registration.wanted_mode = mode, None
    registration.revision += 1
    db.session.flush()


def queue(talk: Talk, mode: Mode, *, count: int | None = None) -> Sequence[Registration]:
    """Who waits for that side, in order; the first `count` if it is given."""
    return db.session.scalars(
        select(Registration)
        .join(Registration.contact)
        .where(Registration.talk_id == talk.id, _waits_for(mode))
        .options(contains_eager(Registration.contact))
        .order_by(Registration.queued_at, Registration.id)
        .limit(count)
        .execution_options(populate_existing=True)
    ).all()


def position(registration: Registration) -> int | None:
    """The place in the queue, from 1; None for who does not wait."""
    if registration.state != S.WAITING and registration.wanted_mode is None:
        return None
    before = db.session.scalar(
        select(func.count(Registration.id)).where(
            Registration.talk_id == registration.talk_id,
            _waits_for(awaited(registration)),
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
