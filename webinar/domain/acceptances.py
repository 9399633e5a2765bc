"""Accepting a whole series, leaving it, and what follows for a talk that is published (rule 6).

Each evening goes through `domain.participation` as a single answer would; this module says which
evenings and whose. Above all: an evening that somebody declined, to which they sent a deputy, or
whose invitation the office took back, is never turned round.

The hours of registration bind at the moment of accepting: an evening whose registration is not open
stays as it is, and the mail names it. A talk that is published later finds the acceptance there
already, so its opening time does not bind, its closing time does.

Who unsubscribes from invitations keeps the acceptance, and it rests: new evenings would be
invitations. It counts again when they subscribe again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from webinar.clock import now
from webinar.domain import invitations, mail, participation, registrations, times
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    ACTIVE,
    Answer,
    Contact,
    Mode,
    Registration,
    RegistrationState,
    Series,
    SeriesAcceptance,
    Source,
    Talk,
    TalkState,
)

SETTLED = (Answer.DECLINED, Answer.DELEGATED, Answer.WITHDRAWN)
"""Answers to a single evening that an acceptance of the series leaves alone."""


@dataclass
class Outlook:
    """The coming evenings of a series, as an acceptance finds them for one person."""

    joins: list[Talk] = field(default_factory=list)
    held: list[Talk] = field(default_factory=list)
    waiting: list[Talk] = field(default_factory=list)
    settled: list[Talk] = field(default_factory=list)
    closed: list[Talk] = field(default_factory=list)


def acceptance_of(series: Series, *, contact: Contact) -> SeriesAcceptance | None:
    """The contact's acceptance of the series, if it holds."""
    return db.session.scalar(_of(series, contact))


def outlook(series: Series, *, contact: Contact) -> Outlook:
    """What accepting the series now would do to each coming evening; reads only."""
    talks = _coming(series)
    held = {row.talk_id: row.state for row in _places(series, contact)}
    answers = invitations.answers_of(contact, [talk.id for talk in talks])
    found = Outlook()
    for talk in sorted(talks, key=lambda talk: talk.starts_at):
        if held.get(talk.id) == RegistrationState.WAITING:
            found.waiting.append(talk)
        elif talk.id in held:
            found.held.append(talk)
        elif answers.get(talk.id) in SETTLED:
            found.settled.append(talk)
        elif times.registration_open(talk):
            found.joins.append(talk)
        else:
            found.closed.append(talk)
    return found


def accept_series(series: Series, *, contact: Contact, mode: Mode) -> SeriesAcceptance:
    """The contact comes to every evening of the series until further notice; repeating it only
    changes the side wanted.

    Each coming evening with open registration is confirmed or queued, with its mail. Raises
    `RuleError` for a retired contact and for one who gets no invitations.
    """
    if not contact.active:
        raise RuleError("contact_retired")
    if contact.unsubscribed_at is not None:
        raise RuleError("series_unsubscribed")
    _lock(series.id)
    known = acceptance_of(series, contact=contact)
    if known is not None:
        known.mode = mode
        db.session.flush()
        return known
    acceptance = SeriesAcceptance(series=series, contact=contact, mode=mode)
    db.session.add(acceptance)
    db.session.flush()
    for talk in _coming(series):
        registrations.lock(talk)
        if times.registration_open(talk):
            _join(talk, contact=contact, mode=mode)
    closed = outlook(series, contact=contact).closed
    _tell("series_accepted", acceptance, closed=[talk.id for talk in closed])
    return acceptance


def leave_series(series: Series, *, contact: Contact, with_places: bool = False) -> None:
    """The contact decides evening by evening again; repeating it changes nothing.

    Places of coming evenings stay; `with_places` declines those that the acceptance brought.
    """
    _lock(series.id)
    acceptance = acceptance_of(series, contact=contact)
    if acceptance is None:
        return
    acceptance.ended_at = now()
    db.session.flush()
    kept = _places(series, contact)
    for registration in kept if with_places else ():
        if registration.source == Source.SERIES and registration.invitation is not None:
            participation.decline(registration.invitation)
    _tell("series_left", acceptance, kept=bool(_places(series, contact)))


def registered_by_series(talk: Talk) -> list[Registration]:
    """Confirm or queue everybody who accepted the series of the talk that is being published, in
    the order in which they accepted; the talk is locked."""
    if times.started(talk) or now() >= times.registration_end(talk):
        return []
    _lock(talk.series_id)
    found = []
    for acceptance in db.session.scalars(_standing_orders(talk)).all():
        registration = _join(talk, contact=acceptance.contact, mode=Mode(acceptance.mode))
        if registration is not None:
            found.append(registration)
    return found


def place_count(series: Series, *, contact: Contact) -> int:
    """How many coming evenings the contact holds a place or waiting place at by the acceptance."""
    return sum(row.source == Source.SERIES for row in _places(series, contact))


def counts(series: Sequence[Series]) -> dict[int, int]:
    """How many people accepted each series as a whole, by its id."""
    rows = db.session.execute(
        select(SeriesAcceptance.series_id, func.count())
        .join(SeriesAcceptance.contact)
        .where(
            SeriesAcceptance.series_id.in_([one.id for one in series]),
            SeriesAcceptance.ended_at.is_(None),
            Contact.retired_at.is_(None),
            Contact.erased_at.is_(None),
        )
        .group_by(SeriesAcceptance.series_id)
    )
    return {row[0]: row[1] for row in rows}


def _join(talk: Talk, *, contact: Contact, mode: Mode) -> Registration | None:
    """A place by the series, unless the contact has one or has settled this evening otherwise."""
    invitation = invitations.invitation_of(talk, contact=contact)
    if invitation is not None and invitation.answer in SETTLED:
        return None
    if registrations.active_registration(talk, contact=contact) is not None:
        return None
    offered = registrations.modes(talk)
    return participation.accept(
        invitation or invitations.invite(talk, contact=contact),
        mode=mode if mode in offered else offered[0],
        source=Source.SERIES,
    )


def _lock(series_id: int) -> None:
    """Who accepts while a talk is being published is seen by the one or sees the other: whichever
    comes second waits here. Foreign keys may pass, as with `registrations.lock`."""
    query = select(Series.id).where(Series.id == series_id)
    db.session.execute(query.with_for_update(key_share=True)).scalar_one()


def _of(series: Series, contact: Contact) -> Select[SeriesAcceptance]:
    return select(SeriesAcceptance).where(
        SeriesAcceptance.series_id == series.id,
        SeriesAcceptance.contact_id == contact.id,
        SeriesAcceptance.ended_at.is_(None),
    )


def _standing_orders(talk: Talk) -> Select[SeriesAcceptance]:
    return (
        select(SeriesAcceptance)
        .join(SeriesAcceptance.contact)
        .where(
            SeriesAcceptance.series_id == talk.series_id,
            SeriesAcceptance.ended_at.is_(None),
            Contact.retired_at.is_(None),
            Contact.erased_at.is_(None),
            Contact.unsubscribed_at.is_(None),
        )
        .options(joinedload(SeriesAcceptance.contact))
        .order_by(SeriesAcceptance.accepted_at, SeriesAcceptance.id)
    )


def _coming(series: Series) -> list[Talk]:
    """In the order of their numbers, as everybody locks who locks several."""
    query = select(Talk).where(
        Talk.series_id == series.id,
        Talk.state == TalkState.PUBLISHED,
        Talk.starts_at > now(),
    )
    return list(db.session.scalars(query.order_by(Talk.id)))


def _places(series: Series, contact: Contact) -> Sequence[Registration]:
    """The contact's places and waiting places at coming evenings of the series."""
    query = (
        select(Registration)
        .join(Registration.talk)
        .where(
            Talk.series_id == series.id,
            Talk.starts_at > now(),
            Registration.contact_id == contact.id,
            Registration.state.in_(ACTIVE),
        )
        .options(joinedload(Registration.invitation))
        .order_by(Registration.talk_id)
    )
    return db.session.scalars(query).all()


def _tell(template: str, acceptance: SeriesAcceptance, **params: object) -> None:
    """The mail leads to the next evening whose page the contact has: there is the way out."""
    own = invitations.coming(acceptance.contact, series_id=acceptance.series_id)
    mail.to_contact(
        template,
        acceptance.contact,
        key=f"{template}:{acceptance.id}",
        talk=own.talk if own is not None else None,
        params={"series": acceptance.series_id, "mode": acceptance.mode, **params},
    )
