"""Where a person stands in words: address and full name in every column that may hold either.

The columns are taken from their classification (`models.base.Privacy`), so that a new one is
searched without being named here. Rows that hang on the person are `domain.forgetting`'s. Nobody
can find "the mayor" or a name with a slip of the pen; what was found is shown before it goes.
"""

from __future__ import annotations

import email
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header
from typing import Any

from sqlalchemy import JSON, LargeBinary, String, Table, update
from sqlalchemy import select as select_columns

from webinar.domain import audit, forgetting
from webinar.extensions import db
from webinar.models import AuditEntry, Contact, Speaker

ERASED = "[gelöscht]"
MANY = 500


@dataclass(frozen=True)
class Trace:
    """A row and column in which the person was found."""

    table: str
    column: str
    row_id: int


def pattern(person: Contact | Speaker, *, with_address: bool) -> re.Pattern[str] | None:
    """What is looked for: "Hannah Seubert", "Seubert, Dr. Hannah", and the address where nobody
    else has it. None where neither is there."""
    address = person.email if with_address else ""
    return pattern_of(person.first_name, person.last_name, address=address)


def pattern_of(first_name: str, last_name: str, *, address: str) -> re.Pattern[str] | None:
    """As `pattern`; an empty `address` is not looked for."""
    wanted = []
    if address:
        wanted.append(rf"(?<![\w.+-]){re.escape(address)}(?![\w-])")
    if first_name and last_name:
        first, last = (
            r"\s+".join(map(re.escape, name.split())) for name in (first_name, last_name)
        )
        wanted += [rf"\b{first}\s+{last}\b", rf"\b{last},\s*(?:\S+\s+){{0,2}}{first}\b"]
    return re.compile("|".join(wanted), re.IGNORECASE) if wanted else None


def by_place(found: Iterable[Trace]) -> dict[tuple[str, str], int]:
    """How many they are by table and column."""
    return dict(Counter((one.table, one.column) for one in found))


def find(wanted: re.Pattern[str] | None) -> list[Trace]:
    """Every place of the database where the person is named, but for other people's own rows."""
    if wanted is None:
        return []
    return [
        Trace(table.name, column.name, row_id)
        for table, column in columns()
        for row_id, value in _values(table, column)
        if _names(wanted, value)
    ]


def excerpt(wanted: re.Pattern[str] | None, trace: Trace, *, around: int) -> str:
    """What stands around the name at the place that was found."""
    table = db.metadata.tables[trace.table]
    query = select_columns(table.c[trace.column]).where(table.c.id == trace.row_id)
    for text in _texts(db.session.scalar(query)):
        match = wanted.search(text) if wanted is not None else None
        if match is not None:
            return " ".join(text[max(0, match.start() - around) : match.end() + around].split())
    return ""


def scrub(wanted: re.Pattern[str] | None) -> int:
    """Take the person out of all of them; returns how many places that were.

    In texts a mark stands in the place of the name; bytes go as a whole, and so do the details of
    the audit log, which can only be emptied.
    """
    found = find(wanted)
    if wanted is None:
        return 0
    audit.redact([one.row_id for one in found if one.table == AuditEntry.__tablename__])
    for one in found:
        if one.table == AuditEntry.__tablename__:
            continue
        table = db.metadata.tables[one.table]
        column, row = table.c[one.column], table.c.id == one.row_id
        before = db.session.scalar(select_columns(column).where(row))
        value = _without(wanted, before, length=getattr(column.type, "length", None))
        db.session.execute(update(table).where(row).values({column: value}))
    db.session.expire_all()
    return len(found)


def columns() -> Iterator[tuple[Table, Any]]:
    """Where is looked: every text that may name somebody in passing."""
    for table in db.metadata.sorted_tables:
        if table.name in forgetting.PEOPLE or "id" not in table.c:
            continue
        for column in forgetting.personal_columns(table):
            if isinstance(column.type, (String, JSON, LargeBinary)):
                yield table, column


def _values(table: Table, column: Any) -> Iterator[tuple[int, object]]:
    query = select_columns(table.c.id, column).where(column.is_not(None)).order_by(table.c.id)
    if isinstance(column.type, String):
        query = query.where(column != "")
    # By stretches instead of a cursor: what only reads is no transaction on PostgreSQL.
    rows = db.session.execute(query.limit(MANY)).all()
    while rows:
        for row in rows:
            yield row[0], row[1]
        rows = db.session.execute(query.where(table.c.id > rows[-1][0]).limit(MANY)).all()


def _names(wanted: re.Pattern[str], value: object) -> bool:
    return any(wanted.search(text) for text in _texts(value))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield from _read(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _read(content: bytes) -> Iterator[str]:
    """The bytes as text, and what a mail says under its transfer encodings."""
    yield content.decode("utf-8", errors="replace")
    # The old policy parses four times faster, and a review reads every mail that is kept.
    message = email.message_from_bytes(content)
    for name in ("subject", "to", "from", "reply-to"):
        yield _header(str(message.get(name, "")))
    for part in message.walk():
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            # Calendar lines are folded; a name may stand across the fold (RFC 5545, 3.1).
            yield re.sub(r"\r?\n[ \t]", "", payload.decode("utf-8", errors="replace"))


def _header(raw: str) -> str:
    try:
        return str(make_header(decode_header(raw)))
    except (ValueError, LookupError, MessageError):  # an import that only looks like a mail
        return raw


def _without(wanted: re.Pattern[str], value: object, *, length: int | None) -> object:
    if isinstance(value, str):
        return wanted.sub(ERASED, value)[:length]
    if isinstance(value, dict):
        return {
            wanted.sub(ERASED, str(key)): _without(wanted, inner, length=None)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_without(wanted, inner, length=None) for inner in value]
    return None if isinstance(value, bytes) else value
