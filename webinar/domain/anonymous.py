"""Taking people out of the evenings that they were at: the answers stay, nobody stays behind them.

An answer hangs on a contact. Anonymised it hangs on a stand-in: an erased contact without name and
address that stands for somebody else at every evening. So every count stays what it was, also by
audience where the audience is large enough to hide in; counts by organisation go. When that is due
is decided by `domain.retention` and `domain.erasures`.
"""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import delete, insert, or_, select, update

from webinar.clock import now
from webinar.domain import grants, materials
from webinar.extensions import db
from webinar.models import (
    Attendance,
    CalendarEntry,
    CalendarReply,
    Contact,
    Grant,
    Grantee,
    Invitation,
    Link,
    Material,
    Purpose,
    Question,
    QuestionAnswer,
    QuestionKind,
    Registration,
    audience_members,
)
from webinar.models.base import public_id

CROWD = 5
"""As many of an audience have to be at an evening for its name to stay with the answers: among
fewer a stand-in would still be somebody."""
NOBODY = ""
Circle = frozenset[int]
"""The audiences of a person, by number."""


def people_at(talk_id: int) -> set[int]:
    """The contacts behind the answers and places of the talk who still are somebody."""
    found: set[int] = set()
    for table in (Invitation, Registration):
        query = (
            select(table.contact_id)
            .join(Contact, Contact.id == table.contact_id)
            .where(table.talk_id == talk_id, Contact.erased_at.is_(None))
        )
        found |= set(db.session.scalars(query))
    return found


def anonymise(talk_id: int, contact_ids: Collection[int], *, keep_archive: bool) -> int:
    """Put a stand-in in the place of each of the people at the talk; returns how many.

    `keep_archive`: what they may open of the talk's materials stays theirs (rule 10), with the link
    to it, until the material or the grant goes.
    """
    people = sorted(people_at(talk_id) & set(contact_ids))
    if not people:
        return 0
    if keep_archive:
        _keep_archive(talk_id, people)
    stand_ins = _stand_ins(talk_id, people)
    _forget_words(talk_id, people)
    _forget_ways_in(talk_id, people, keep_archive=keep_archive)
    _replace(talk_id, stand_ins)
    return len(people)


def _replace(talk_id: int, stand_ins: Mapping[int, int]) -> None:
    invitations = _of(Invitation, talk_id, stand_ins)
    if invitations:
        rows = [
            {"id": number, "contact_id": stand_ins[person], "remark": ""}
            for number, person in invitations
        ]
        db.session.execute(update(Invitation), rows)
    registrations = _of(Registration, talk_id, stand_ins)
    if registrations:
        places = [
            {
                "id": number,
                "contact_id": stand_ins[person],
                "reason": "",
                "display_name": "",
                "pseudonym": public_id(),
            }
            for number, person in registrations
        ]
        db.session.execute(update(Registration), places)
    db.session.expire_all()


def _of(
    table: type[Invitation] | type[Registration], talk_id: int, people: Iterable[int]
) -> list[tuple[int, int]]:
    query = select(table.id, table.contact_id).where(
        table.talk_id == talk_id, table.contact_id.in_(list(people))
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


def _keep_archive(talk_id: int, people: list[int]) -> None:
    """Grants by name in the place of those that follow from the answers."""
    for condition, grantee in (
        (grants.invited(Contact.id, talk_id), Grantee.INVITED),
        (grants.registered(Contact.id, talk_id), Grantee.REGISTERED),
    ):
        opened = db.session.scalars(
            select(Material.id)
            .join(Grant, Grant.material_id == Material.id)
            .where(
                Material.talk_id == talk_id,
                Grant.grantee == grantee,
                or_(Material.delete_on.is_(None), Material.delete_on > materials.today()),
            )
        ).all()
        entitled = db.session.scalars(
            select(Contact.id).where(Contact.id.in_(people), condition)
        ).all()
        for material_id in opened:
            _grant(material_id, set(entitled))


def _grant(material_id: int, people: set[int]) -> None:
    there = set(
        db.session.scalars(
            select(Grant.contact_id).where(
                Grant.material_id == material_id, Grant.contact_id.is_not(None)
            )
        )
    )
    db.session.add_all(
        Grant(material_id=material_id, grantee=Grantee.CONTACT, contact_id=person)
        for person in sorted(people - there)
    )
    db.session.flush()


def _forget_words(talk_id: int, people: list[int]) -> None:
    """What they wrote about themselves, and the room's name for their connection. Answers that were
    chosen from a list stay: they are counts."""
    places = select(Registration.id).where(
        Registration.talk_id == talk_id, Registration.contact_id.in_(people)
    )
    written = select(Question.id).where(
        Question.talk_id == talk_id, Question.kind == QuestionKind.TEXT
    )
    db.session.execute(
        update(QuestionAnswer)
        .where(QuestionAnswer.registration_id.in_(places), QuestionAnswer.question_id.in_(written))
        .values(text="")
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        update(Attendance)
        .where(Attendance.registration_id.in_(places))
        .values(occupant=None)
        .execution_options(synchronize_session=False)
    )


def _forget_ways_in(talk_id: int, people: list[int], *, keep_archive: bool) -> None:
    kept = select(Grant.contact_id).join(Material, Material.id == Grant.material_id)
    kept = kept.where(Material.talk_id == talk_id, Grant.contact_id.is_not(None))
    gone = delete(Link).where(Link.talk_id == talk_id, Link.contact_id.in_(people))
    if keep_archive:
        gone = gone.where(or_(Link.purpose != Purpose.ARCHIVE, Link.contact_id.not_in(kept)))
    db.session.execute(gone.execution_options(synchronize_session=False))
    for table in (CalendarEntry, CalendarReply):
        db.session.execute(
            delete(table)
            .where(table.talk_id == talk_id, table.contact_id.in_(people))
            .execution_options(synchronize_session=False)
        )


def _stand_ins(talk_id: int, people: list[int]) -> dict[int, int]:
    """Who stands in for whom, in no order that could be followed back."""
    circles = _circles(people)
    by_circle: dict[Circle, list[int]] = defaultdict(list)
    for person in people:
        by_circle[circles[person]].append(person)
    found: dict[int, int] = {}
    for circle, members in by_circle.items():
        free = _free(talk_id, circle)[: len(members)]
        free += _made(circle, len(members) - len(free))
        secrets.SystemRandom().shuffle(free)
        found |= dict(zip(members, free, strict=True))
    return found


def _circles(people: list[int]) -> dict[int, Circle]:
    """The audiences of each, as far as they are large enough here."""
    member = audience_members.c
    rows = db.session.execute(
        select(member.contact_id, member.audience_id).where(member.contact_id.in_(people))
    ).all()
    sizes = Counter(row[1] for row in rows)
    found: dict[int, set[int]] = {person: set() for person in people}
    for person, audience in rows:
        if sizes[audience] >= CROWD:
            found[person].add(audience)
    return {person: frozenset(audiences) for person, audiences in found.items()}


def _free(talk_id: int, circle: Circle) -> list[int]:
    """The stand-ins of just these audiences who are not at the talk yet."""
    query = select(Contact.id).where(Contact.erased_at.is_not(None)).order_by(Contact.id)
    for table in (Invitation, Registration):
        there = select(table.contact_id).where(table.talk_id == talk_id)
        query = query.where(Contact.id.not_in(there))
    known = db.session.scalars(query).all()
    member = audience_members.c
    belongs: dict[int, set[int]] = defaultdict(set)
    for person, audience in db.session.execute(
        select(member.contact_id, member.audience_id)
        .join(Contact, Contact.id == member.contact_id)
        .where(Contact.erased_at.is_not(None))
    ):
        belongs[person].add(audience)
    return [number for number in known if belongs[number] == circle]


def _made(circle: Circle, count: int) -> list[int]:
    rows = [
        Contact(
            last_name=NOBODY,
            email=NOBODY,
            name_key=NOBODY,
            sort_key=NOBODY,
            search_key=NOBODY,
            erased_at=now(),
        )
        for _ in range(count)
    ]
    db.session.add_all(rows)
    db.session.flush()
    members = [{"contact_id": row.id, "audience_id": one} for row in rows for one in circle]
    if members:
        db.session.execute(insert(audience_members), members)
    return [row.id for row in rows]
