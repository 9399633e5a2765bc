"""Everything that the database holds about one person, for them (Art. 15 GDPR).

Rows are found by the tables' own keys, from the person's row outwards; a new table that hangs on
people is therefore in the answer without being named here. What others wrote with the person's name
in it comes from `domain.traces`. How it is written down is `rendering.personal_data`'s.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, select

from webinar.clock import now
from webinar.domain import forgetting, traces
from webinar.domain.erasures import wanted_of
from webinar.extensions import db
from webinar.models import AuditEntry, Contact, Speaker

Row = dict[str, object]
NAMED = {
    "audiences": "name",
    "materials": "title",
    "organisations": "name",
    "questions": "text",
    "series": "name",
    "talks": "title",
}
"""What stands beside a number that points at a record which is nobody's own, by its table."""
OTHERS = frozenset({"contact_id", "speaker_id", "account_id", "successor_id"})
AROUND = 80
"""Signs before and after a name that stands in a text."""


@dataclass(frozen=True)
class Mention:
    """A text that names the person, with what stands around the name."""

    table: str
    column: str
    row_id: int
    text: str


@dataclass(frozen=True)
class PersonalData:
    """`rows` by table, the person's own row first. `photo_key` opens the photo of a speaker."""

    made_at: datetime
    rows: Mapping[str, Sequence[Row]]
    mentions: Sequence[Mention]
    photo_key: str | None = None


def of(person: Contact | Speaker) -> PersonalData:
    """All of it, read now."""
    root = db.metadata.tables[person.__tablename__]
    owned = forgetting.owned(root, person.id)
    rows = {table: _rows(db.metadata.tables[table], sorted(ids)) for table, ids in owned.items()}
    rows |= _memberships(root, person.id)
    lines = _audit_lines(owned)
    if lines:
        rows[AuditEntry.__tablename__] = lines
    wanted = wanted_of(person)
    seen = {(table, row["id"]) for table, found in rows.items() for row in found if "id" in row}
    mentions = [
        Mention(one.table, one.column, one.row_id, traces.excerpt(wanted, one, around=AROUND))
        for one in traces.find(wanted)
        if (one.table, one.row_id) not in seen
    ]
    photo = person.photo_key if isinstance(person, Speaker) else None
    return PersonalData(now(), rows, mentions, photo)


def reached(root: Table) -> set[str]:
    """The tables whose rows can hang on a row of the table; for the test that none is forgotten."""
    found, waiting = {root.name}, [root]
    while waiting:
        for child, _column in forgetting.pointing_at(waiting.pop()):
            if child.name not in found | forgetting.PEOPLE | forgetting.LENT:
                found.add(child.name)
                waiting.append(child)
    return found


def _memberships(root: Table, row_id: int) -> dict[str, list[Row]]:
    """Tables of pairs, such as the members of an audience."""
    found = {}
    for child, column in forgetting.pointing_at(root):
        if "id" not in child.c:
            query = select(child).where(column == row_id)
            rows = [_readable(child, dict(row)) for row in db.session.execute(query).mappings()]
            if rows:
                found[child.name] = rows
    return found


def _rows(table: Table, ids: Sequence[int]) -> list[Row]:
    query = select(table).where(table.c.id.in_(ids)).order_by(table.c.id)
    return [_readable(table, dict(row)) for row in db.session.execute(query).mappings()]


def _audit_lines(owned: Mapping[str, set[int]]) -> list[Row]:
    found: list[Row] = []
    for table, ids in owned.items():
        query = select(AuditEntry).where(
            AuditEntry.record_type == table, AuditEntry.record_id.in_(ids)
        )
        found += [
            {
                "id": line.id,
                "at": line.at.isoformat(),
                "action": line.action,
                "changes": line.changes,
            }
            for line in db.session.scalars(query.order_by(AuditEntry.id))
        ]
    return found


def _readable(table: Table, row: dict[Any, Any]) -> Row:
    """The row as plain values; numbers that point at something that has a name bring it along,
    those of other people are left out: they are not this person's data."""
    found: Row = {}
    for name, value in row.items():
        for key in table.c[name].foreign_keys:
            target = key.column.table
            if target.name in NAMED and value is not None:
                label = target.c[NAMED[target.name]]
                found[name.removesuffix("_id")] = db.session.scalar(
                    select(label).where(target.c.id == value)
                )
        if name not in OTHERS:
            found[name] = _plain(value)
    return found


def _plain(value: object) -> object:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return _text_of(value) if isinstance(value, bytes) else value


def _text_of(content: bytes) -> str:
    """What a mail said, in plain text; other bytes as far as they are text."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    body = message.get_body(("plain",)) if message.keys() else None
    if body is not None:
        return str(body.get_content())
    return content.decode("utf-8", errors="replace")
