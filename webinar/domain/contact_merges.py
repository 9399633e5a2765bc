"""Merging two rows of one person: one is kept, the other is retired with the kept as successor.

Everything that hangs on the other moves, as far as the kept has not the same already: of two
invitations to one evening the further answer counts, of two places one is given up and goes to the
next in line. Stands above `domain.participation`; who the contacts are is `domain.contacts`'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import or_, select, update
from sqlalchemy.orm import joinedload

from webinar.clock import now
from webinar.domain import audit, contacts, invitations, participation, registrations, times
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    ACTIVE,
    Account,
    Answer,
    Audience,
    CalendarEntry,
    CalendarReply,
    Contact,
    Deputy,
    Grant,
    InboxMessage,
    Invitation,
    Link,
    Mail,
    Opening,
    Registration,
    RegistrationState,
    SeriesAcceptance,
    Talk,
)

FILLED = ("form", "title", "first_name", "office", "salutation")
"""What the kept takes from the other where it has nothing itself."""
RANK = {
    RegistrationState.CONFIRMED: 3,
    RegistrationState.WAITING: 2,
    RegistrationState.UNCONFIRMED: 1,
}


@dataclass
class Merge:
    """What merging would do. `both` are the evenings to which both are invited."""

    kept: Contact
    other: Contact
    gains: dict[str, str] = field(default_factory=dict)
    audiences: list[Audience] = field(default_factory=list)
    invitations: int = 0
    registrations: int = 0
    grants: int = 0
    both: list[Talk] = field(default_factory=list)
    given_up: list[Talk] = field(default_factory=list)
    unsubscribes: bool = False


def review(kept: Contact, other: Contact) -> Merge:
    """What `merge` would do. Raises `RuleError` for the same or a retired contact, or where the
    two stand in for somebody at an evening to which both are invited."""
    _check(kept, other)
    ours, theirs = _invitations(kept), _invitations(other)
    both = [theirs[talk_id].talk for talk_id in theirs if talk_id in ours]
    places, lost = _active(kept), _active(other)
    return Merge(
        kept=kept,
        other=other,
        gains=_gains(kept, other),
        audiences=[a for a in other.audiences if a not in kept.audiences],
        invitations=len(theirs) - len(both),
        registrations=len(lost) - sum(talk_id in places for talk_id in lost),
        grants=len(_grants(other)),
        both=both,
        given_up=[lost[t].talk for t in lost if t in places and not times.started(lost[t].talk)],
        unsubscribes=kept.unsubscribed_at is None and other.unsubscribed_at is not None,
    )


def merge(kept: Contact, other: Contact, *, by: Account) -> None:
    """Move all that hangs on `other` to `kept` and retire `other`; see `review` for refusals."""
    places = {**_active(kept), **_active(other)}
    for talk_id in sorted(places):
        registrations.lock(places[talk_id].talk)
    found = review(kept, other)
    for talk in found.given_up:
        _give_up(talk, kept, other)
    _move_participation(kept, other)
    _move_calendar(kept, other)
    _move_links(kept, other)
    _move_acceptances(kept, other)
    _move_grants(kept, other)
    db.session.execute(update(Mail).where(Mail.contact_id == other.id).values(contact_id=kept.id))
    _move_inbox(kept, other)
    db.session.execute(
        update(Opening).where(Opening.contact_id == other.id).values(contact_id=kept.id)
    )
    db.session.execute(
        update(Contact).where(Contact.successor_id == other.id).values(successor_id=kept.id)
    )
    _take_over(found, by=by)
    for talk in found.given_up:
        participation.places_changed(talk)


def _check(kept: Contact, other: Contact) -> None:
    if kept.id == other.id:
        raise RuleError("merge_same", field="other")
    if not kept.active or not other.active:
        raise RuleError("merge_retired", field="other")
    ours, theirs = _invitations(kept), _invitations(other)
    ids = [
        row.id
        for talk_id in ours.keys() & theirs.keys()
        if not times.started(ours[talk_id].talk)  # nothing can be taken back there any more
        for row in (ours[talk_id], theirs[talk_id])
    ]
    deputy = db.session.scalar(
        select(Deputy)
        .where(
            Deputy.ended_at.is_(None),
            or_(Deputy.invitation_id.in_(ids), Deputy.deputy_invitation_id.in_(ids)),
        )
        .limit(1)
    )
    if deputy is not None:
        raise RuleError("merge_deputy", field="other", talk=deputy.invitation.talk.title)


def _gains(kept: Contact, other: Contact) -> dict[str, str]:
    found = {
        name: getattr(other, name)
        for name in FILLED
        if not getattr(kept, name) and getattr(other, name)
    }
    if kept.organisation is None and other.organisation is not None:
        found["organisation"] = other.organisation.name
    return found


def _invitations(contact: Contact) -> dict[int, Invitation]:
    query = (
        select(Invitation)
        .where(Invitation.contact_id == contact.id)
        .options(joinedload(Invitation.talk))
    )
    return {row.talk_id: row for row in db.session.scalars(query)}


def _active(contact: Contact) -> dict[int, Registration]:
    query = (
        select(Registration)
        .where(Registration.contact_id == contact.id, Registration.state.in_(ACTIVE))
        .options(joinedload(Registration.talk))
    )
    return {row.talk_id: row for row in db.session.scalars(query)}


def _grants(contact: Contact) -> Sequence[Grant]:
    return db.session.scalars(select(Grant).where(Grant.contact_id == contact.id)).all()


def _give_up(talk: Talk, kept: Contact, other: Contact) -> None:
    """Of two places at a coming evening the better one stays, wherever it is."""
    ours, theirs = _active(kept)[talk.id], _active(other)[talk.id]
    better = RANK[RegistrationState(theirs.state)] > RANK[RegistrationState(ours.state)]
    registrations.end(ours if better else theirs)


def _move_participation(kept: Contact, other: Contact) -> None:
    ours, places = _invitations(kept), _active(kept)
    moved = select(Registration).where(Registration.contact_id == other.id)
    theirs = _invitations(other)
    for registration in db.session.scalars(moved).all():
        active = registration.state in ACTIVE
        if active and registration.talk_id in places:
            continue  # an evening that is over: both were there, the counts stay true
        registration.contact = kept
        if registration.talk_id in ours:
            registration.invitation = ours[registration.talk_id]
            if active:
                _answer_like(ours[registration.talk_id], theirs.get(registration.talk_id))
    for talk_id, invitation in theirs.items():
        if talk_id not in ours:
            invitation.contact = kept
            continue
        if ours[talk_id].answer == Answer.NONE:
            _answer_like(ours[talk_id], invitation)
        if not times.started(invitation.talk):
            invitations.set_answer(invitation, Answer.WITHDRAWN)
    db.session.flush()


def _answer_like(ours: Invitation, theirs: Invitation | None) -> None:
    if theirs is None or theirs.answer in (Answer.NONE, Answer.WITHDRAWN):
        return
    if ours.answer == Answer.WITHDRAWN:
        invitations.set_answer(ours, Answer.NONE)
    if invitations.set_answer(ours, Answer(theirs.answer)):
        ours.answered_at = theirs.answered_at
        ours.remark = ours.remark or theirs.remark


def _move_calendar(kept: Contact, other: Contact) -> None:
    """Both rows may speak of one mailbox and one UID: the higher sequence is the one to go on."""
    query = select(CalendarEntry).where(CalendarEntry.contact_id.in_((kept.id, other.id)))
    rows = db.session.scalars(query).all()
    ours = {row.talk_id: row for row in rows if row.contact_id == kept.id}
    for row in rows:
        if row.contact_id == kept.id:
            continue
        mine = ours.get(row.talk_id)
        if mine is None:
            row.contact_id = kept.id
            continue
        mine.sequence = max(mine.sequence, row.sequence)
        mine.cancelled = mine.cancelled and row.cancelled
        row.cancelled = True
    db.session.flush()


def _move_inbox(kept: Contact, other: Contact) -> None:
    """What came in stays beside the person. Of the calendars' last answers those of `other` go
    where `kept` has one: the answers themselves have been moved together by now."""
    query = update(InboxMessage).where(InboxMessage.contact_id == other.id)
    db.session.execute(query.values(contact_id=kept.id))
    theirs = select(CalendarReply).where(CalendarReply.contact_id == other.id)
    ours = select(CalendarReply.talk_id).where(CalendarReply.contact_id == kept.id)
    held = set(db.session.scalars(ours))
    for reply in db.session.scalars(theirs).all():
        if reply.talk_id in held:
            db.session.delete(reply)
        else:
            reply.contact_id = kept.id
    db.session.flush()


def _move_links(kept: Contact, other: Contact) -> None:
    """Links that were mailed keep working; a second one for the same purpose is closed."""
    rows = db.session.scalars(select(Link).where(Link.contact_id.in_((kept.id, other.id)))).all()
    held = {(row.purpose, row.talk_id) for row in rows if row.contact_id == kept.id}
    for row in rows:
        if row.contact_id == kept.id:
            continue
        if (row.purpose, row.talk_id) in held:
            row.revoked_at = row.revoked_at or now()
        else:
            row.contact = kept
    db.session.flush()


def _move_acceptances(kept: Contact, other: Contact) -> None:
    query = select(SeriesAcceptance).where(SeriesAcceptance.contact_id.in_((kept.id, other.id)))
    rows = db.session.scalars(query).all()
    open_for = {r.series_id for r in rows if r.contact_id == kept.id and r.ended_at is None}
    for row in rows:
        if row.contact_id == kept.id:
            continue
        if row.ended_at is None and row.series_id in open_for:
            row.ended_at = now()
        row.contact = kept
        db.session.flush()


def _move_grants(kept: Contact, other: Contact) -> None:
    held = {grant.material_id for grant in _grants(kept)}
    for grant in _grants(other):
        if grant.material_id in held:
            db.session.delete(grant)
        else:
            grant.contact_id = kept.id
    db.session.flush()


def _take_over(found: Merge, *, by: Account) -> None:
    kept, other = found.kept, found.other
    other.audiences, kept.audiences = [], [*kept.audiences, *found.audiences]
    for name, value in found.gains.items():
        if name != "organisation":
            setattr(kept, name, value)
    if kept.organisation is None:
        kept.organisation = other.organisation
    if found.unsubscribes:
        kept.unsubscribed_at = other.unsubscribed_at
    contacts.retire(other, by=by, successor=kept)
    contacts.refresh_keys(kept, organisation=kept.organisation)
    changes = dict.fromkeys(found.gains, True)
    db.session.flush()
    audit.record("contact.merged", kept, by=by, changes={**changes, "from": [other.id, None]})
