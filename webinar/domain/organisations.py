"""Organisations: what contacts belong to, found by name or made from it.

Matching is by the folded name, so that the same office in another spelling is the same row. Who
belongs to it is `domain.contacts`'.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from webinar.domain.rows import find_or_add
from webinar.extensions import db
from webinar.models import Contact, Organisation, OrganisationKind
from webinar.text import clean, fold, sort_key

NAME_LENGTH = 200
_KINDS: tuple[tuple[OrganisationKind, tuple[str, ...]], ...] = (
    (OrganisationKind.MUNICIPALITY, ("stadt", "markt", "gemeinde", "verwaltungsgemeinschaft")),
    (OrganisationKind.GROUP, ("fraktion", "fraktionslos", "ausschussgemeinschaft", "gruppe")),
    (OrganisationKind.DEPARTMENT, ("landratsamt", "abteilung", "fachbereich", "sachgebiet")),
)


def kind_of(name: str) -> OrganisationKind:
    """The kind that the first word of a name tells; `OTHER` where it tells nothing."""
    words = fold(name).split()
    for kind, marks in _KINDS:
        if words and words[0] in marks:
            return kind
    return OrganisationKind.OTHER


def named(name: str) -> Organisation | None:
    """The organisation of that name, made if there is none; None for an empty name."""
    name = clean(name)[:NAME_LENGTH]
    if not name:
        return None
    return find_or_add(
        select(Organisation).where(Organisation.name_key == key_of(name)), lambda: new(name)
    )


def new(name: str) -> Organisation:
    """An unsaved organisation. Whether it lies in the county nobody said, so it does not."""
    name = clean(name)[:NAME_LENGTH]
    return Organisation(
        name=name, kind=kind_of(name), name_key=key_of(name), sort_key=sort_key(name)[:NAME_LENGTH]
    )


def key_of(name: str) -> str:
    """What organisations are matched by."""
    return fold(name)[:NAME_LENGTH]


def by_key(keys: Iterable[str]) -> dict[str, Organisation]:
    """The organisations with these keys."""
    found = db.session.scalars(select(Organisation).where(Organisation.name_key.in_(set(keys))))
    return {organisation.name_key: organisation for organisation in found}


def all_keys() -> set[str]:
    """The keys of all organisations."""
    return set(db.session.scalars(select(Organisation.name_key)))


def all_in_use() -> Sequence[Organisation]:
    """Every organisation that a contact belongs to, sorted by name."""
    used = select(Contact.organisation_id).where(Contact.organisation_id.is_not(None))
    query = select(Organisation).where(Organisation.id.in_(used)).order_by(Organisation.sort_key)
    return db.session.scalars(query).all()
