"""What the lines of the audit log are about: the records as they are now, found by kind and number.

Reads only. A record that was deleted since is missing in the answer; words and addresses for the
rest are `webinar.web.organiser.audit_subjects`'.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import defer, joinedload

from webinar.extensions import db
from webinar.models import (
    Account,
    Audience,
    AuditEntry,
    Contact,
    ContactImport,
    InboxMessage,
    Invitation,
    LegalText,
    Link,
    Mail,
    Mailing,
    Material,
    PlannedRelease,
    Recording,
    Registration,
    RetentionTerm,
    Series,
    Speaker,
    Talk,
)
from webinar.models.base import Model

Key = tuple[str, int]

QUERIES: dict[str, Select[Any]] = {
    Account.__tablename__: select(Account),
    Audience.__tablename__: select(Audience),
    Contact.__tablename__: select(Contact),
    ContactImport.__tablename__: select(ContactImport).options(defer(ContactImport.content)),
    InboxMessage.__tablename__: select(InboxMessage),
    Invitation.__tablename__: select(Invitation).options(
        joinedload(Invitation.contact), joinedload(Invitation.talk)
    ),
    LegalText.__tablename__: select(LegalText),
    Link.__tablename__: select(Link).options(
        joinedload(Link.contact), joinedload(Link.speaker), joinedload(Link.talk)
    ),
    Mail.__tablename__: select(Mail).options(joinedload(Mail.contact), defer(Mail.content)),
    Mailing.__tablename__: select(Mailing).options(joinedload(Mailing.talk)),
    Material.__tablename__: select(Material),
    PlannedRelease.__tablename__: select(PlannedRelease).options(joinedload(PlannedRelease.talk)),
    Recording.__tablename__: select(Recording).options(joinedload(Recording.talk)),
    Registration.__tablename__: select(Registration).options(
        joinedload(Registration.contact), joinedload(Registration.talk)
    ),
    RetentionTerm.__tablename__: select(RetentionTerm),
    Series.__tablename__: select(Series),
    Speaker.__tablename__: select(Speaker),
    Talk.__tablename__: select(Talk),
}
"""How the records of each audited table are read, with what their names need."""


def subjects(entries: Iterable[AuditEntry]) -> dict[Key, Model]:
    """The records that the lines are about, in one query for each kind."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for entry in entries:
        wanted[entry.record_type].add(entry.record_id)
    found: dict[Key, Model] = {}
    for kind, ids in wanted.items():
        if kind in QUERIES:
            query = QUERIES[kind]
            table = query.column_descriptions[0]["entity"]
            rows = db.session.scalars(query.where(table.id.in_(ids))).unique()
            found |= {(kind, row.id): row for row in rows}
    return found
