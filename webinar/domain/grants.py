"""Who may open which material (rule 10), as conditions that one query can ask.

Each says by `correlate_except` which table is its own. Left to itself SQLAlchemy binds a condition
to the query right around it alone; two levels up a table would be read a second time, and one
invitation to whatever talk would open the material of all.

`invited` and `registered` mean those of the material's talk and follow the answers as they change:
a withdrawn invitation opens nothing. Releasing and withdrawing are `domain.releases`'.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    ScalarSelect,
    SQLColumnExpression,
    and_,
    exists,
    func,
    or_,
    select,
)

from webinar.models import (
    Answer,
    Attendance,
    Grant,
    Grantee,
    Invitation,
    Material,
    Registration,
    RegistrationState,
    audience_members,
)

Number = SQLColumnExpression[int] | int


def released(day: date | BindParameter[date]) -> tuple[ColumnElement[bool], ...]:
    """The conditions on `Material` that it was released, and that on `day` the release has not
    ended and it is not yet due to be deleted."""
    return (
        Material.released_at.is_not(None),
        or_(Material.closes_on.is_(None), Material.closes_on > day),
        or_(Material.delete_on.is_(None), Material.delete_on > day),
    )


def opens(contact_id: Number) -> ColumnElement[bool]:
    """The condition on `Material` that a grant lets the contact in."""
    audiences = select(audience_members.c.audience_id).where(
        audience_members.c.contact_id == contact_id
    )
    let_in = or_(
        Grant.grantee == Grantee.EVERYONE,
        and_(Grant.grantee == Grantee.CONTACT, Grant.contact_id == contact_id),
        and_(Grant.grantee == Grantee.AUDIENCE, Grant.audience_id.in_(audiences)),
        and_(Grant.grantee == Grantee.INVITED, invited(contact_id, Material.talk_id)),
        and_(Grant.grantee == Grantee.REGISTERED, registered(contact_id, Material.talk_id)),
    )
    return exists().where(Grant.material_id == Material.id, let_in).correlate_except(Grant)


def opens_to_everyone() -> ColumnElement[bool]:
    """The condition on `Material` that it is for the public."""
    of_everyone = Grant.material_id == Material.id, Grant.grantee == Grantee.EVERYONE
    return exists().where(*of_everyone).correlate_except(Grant)


def invited(contact_id: Number, talk_id: Number) -> ColumnElement[bool]:
    """Has an invitation that was not withdrawn, whatever the answer."""
    return (
        exists()
        .where(
            Invitation.contact_id == contact_id,
            Invitation.talk_id == talk_id,
            Invitation.answer != Answer.WITHDRAWN,
        )
        .correlate_except(Invitation)
    )


def registered(contact_id: Number, talk_id: Number) -> ColumnElement[bool]:
    """Holds a place, or was there."""
    was_there = exists().where(Attendance.registration_id == Registration.id)
    return (
        exists()
        .where(
            Registration.contact_id == contact_id,
            Registration.talk_id == talk_id,
            or_(Registration.state == RegistrationState.CONFIRMED, was_there),
        )
        .correlate_except(Registration)
    )


def count_open(
    contact_id: Number, talk_id: Number, day: date | BindParameter[date]
) -> ScalarSelect[int]:
    """How much of the talk the contact may open on `day`."""
    return (
        select(func.count(Material.id))
        .where(Material.talk_id == talk_id, *released(day), opens(contact_id))
        .scalar_subquery()
    )
