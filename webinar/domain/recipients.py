"""Who gets a mailing, and who of those chosen does not, with the reason.

A draft holds whom the organiser chose; who that is now is asked each time anew, until sending
freezes the list. Neighbour: `webinar.domain.mailings`, which changes and sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, exists, not_, or_, select
from sqlalchemy.orm import joinedload

from webinar.domain import places
from webinar.extensions import db
from webinar.models import (
    Answer,
    Contact,
    Invitation,
    Mail,
    Mailing,
    MailingKind,
    MailingState,
    MailState,
    Registration,
    RegistrationState,
    audience_members,
)


class Reason(StrEnum):
    """Why somebody who was chosen gets no mail."""

    EXCLUDED = "excluded"
    RETIRED = "retired"
    UNSUBSCRIBED = "unsubscribed"
    INVITED = "invited"


class Circle(StrEnum):
    """Those of a talk whom a message is for: `selection["circle"]` of the mailing."""

    COMING = "coming"
    """Who holds a place."""
    WAITING = "waiting"
    """Who waits for a side, also with a place on the other."""
    BOTH = "both"


@dataclass(frozen=True)
class LeftOut:
    contact: Contact
    reason: Reason


def recipients(mailing: Mailing) -> list[Contact]:
    """Who gets the mail, each once, by name; once sent: who was meant to get it."""
    if mailing.state != MailingState.DRAFT:
        query = select(Contact).where(Contact.id.in_(frozen(mailing)))
    else:
        query = _chosen(mailing).where(not_(_excluded(mailing)), may_get(mailing))
    return list(db.session.scalars(_by_name(query)).unique())


def left_out(mailing: Mailing) -> list[LeftOut]:
    """Who was chosen and gets no mail, by name, with the reason; asked of a draft only."""
    if mailing.state != MailingState.DRAFT:
        return []
    query = _chosen(mailing).where(
        Contact.erased_at.is_(None), or_(_excluded(mailing), not_(may_get(mailing)))
    )
    excluded = set(mailing.selection.get("excluded", ()))
    return [
        LeftOut(contact, _reason(contact, mailing, excluded))
        for contact in db.session.scalars(_by_name(query)).unique()
    ]


def _reason(contact: Contact, mailing: Mailing, excluded: set[int]) -> Reason:
    if contact.id in excluded:
        return Reason.EXCLUDED
    if not contact.active:
        return Reason.RETIRED
    if contact.unsubscribed_at is not None and mailing.kind != MailingKind.MATERIALS:
        return Reason.UNSUBSCRIBED
    return Reason.INVITED


def frozen(mailing: Mailing) -> Sequence[int]:
    """The ids of the recipients of a mailing that was sent, in the order of sending."""
    found: Sequence[int] = mailing.selection.get("recipients", [])
    return found


def _by_name(query: Select[Contact]) -> Select[Contact]:
    return query.options(joinedload(Contact.organisation)).order_by(Contact.sort_key, Contact.id)


def _chosen(mailing: Mailing) -> Select[Contact]:
    """Everyone who was chosen, each once however often. Whom a second invitation and a message to
    a circle are for nobody chooses: that follows from the answers and the places."""
    selection = mailing.selection
    if mailing.kind == MailingKind.REINVITATION:
        return select(Contact).where(_answered(mailing.talk_id, Answer.NONE))
    if "circle" in selection:
        return select(Contact).where(_holds(mailing.talk_id, Circle(selection["circle"])))
    members = select(audience_members.c.contact_id).where(
        audience_members.c.audience_id.in_(selection.get("audiences", ()))
    )
    return select(Contact).where(
        or_(Contact.id.in_(members), Contact.id.in_(selection.get("contacts", ())))
    )


def _excluded(mailing: Mailing) -> ColumnElement[bool]:
    return Contact.id.in_(mailing.selection.get("excluded", ()))


def may_get(mailing: Mailing) -> ColumnElement[bool]:
    """In office and, for what was not asked for, not unsubscribed; for invitations also neither
    invited nor registered by themselves yet, for a second invitation still without an answer, for
    a message to a circle still in it."""
    active = and_(Contact.retired_at.is_(None), Contact.erased_at.is_(None))
    if mailing.kind == MailingKind.MATERIALS:
        return active
    if "circle" in mailing.selection:
        return and_(active, _holds(mailing.talk_id, Circle(mailing.selection["circle"])))
    wanted = and_(active, Contact.unsubscribed_at.is_(None))
    if mailing.kind == MailingKind.INVITATION:
        return and_(wanted, not_(_invited(mailing.talk_id)), not_(_registered(mailing.talk_id)))
    if mailing.kind == MailingKind.REINVITATION:
        return and_(wanted, _answered(mailing.talk_id, Answer.NONE))
    return wanted


def _answered(talk_id: int, answer: Answer) -> ColumnElement[bool]:
    return exists().where(
        Invitation.contact_id == Contact.id,
        Invitation.talk_id == talk_id,
        Invitation.answer == answer,
    )


def _holds(talk_id: int, circle: Circle) -> ColumnElement[bool]:
    held = {
        Circle.COMING: Registration.state == RegistrationState.CONFIRMED,
        Circle.WAITING: places.waits(),
        Circle.BOTH: Registration.state.in_(
            (RegistrationState.CONFIRMED, RegistrationState.WAITING)
        ),
    }
    return exists().where(
        Registration.contact_id == Contact.id, Registration.talk_id == talk_id, held[circle]
    )


def _invited(talk_id: int) -> ColumnElement[bool]:
    """Whether the contact has an invitation that stands. One whose mail an organiser stopped never
    arrived: another mailing may bring it."""
    letters = select(Mail.id).where(
        Mail.contact_id == Contact.id,
        Mail.talk_id == talk_id,
        Mail.template == MailingKind.INVITATION,
    )
    stopped = and_(
        letters.where(Mail.state == MailState.ABORTED).exists(),
        not_(letters.where(Mail.state != MailState.ABORTED).exists()),
    )
    standing = exists().where(
        Invitation.contact_id == Contact.id,
        Invitation.talk_id == talk_id,
        Invitation.answer != Answer.WITHDRAWN,
    )
    return and_(standing, not_(stopped))


def _registered(talk_id: int) -> ColumnElement[bool]:
    """Whether the contact holds a place or a waiting place without having been invited."""
    return exists().where(
        Registration.contact_id == Contact.id,
        Registration.talk_id == talk_id,
        Registration.state.in_((RegistrationState.CONFIRMED, RegistrationState.WAITING)),
    )
