"""Somebody who is written into every column that can hold a person, and looked for in every column
and every file afterwards."""

from __future__ import annotations

import base64
import re
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import JSON, Column, LargeBinary, select, update

from webinar.clock import now
from webinar.domain import forgetting
from webinar.extensions import db
from webinar.models import AuditEntry, Material, Talk

FIRST, LAST = "Zenobia", "Quastenflößer"
ADDRESS = "zenobia.quastenfloesser@gemeinde.example"
NAME = f"{FIRST} {LAST}"
MARKS = (re.compile(r"quastenfl", re.IGNORECASE), re.compile(r"zenobia", re.IGNORECASE))


def letter() -> bytes:
    """A mail that hides the name under base64."""
    message = EmailMessage()
    message["Subject"] = "Ihre Vertretung"
    message["To"] = ADDRESS
    message.set_content(f"{NAME} kommt für Sie.", cte="base64")
    return message.as_bytes()


def value_for(column: Column[object]) -> object:
    """The person, in whatever the column holds."""
    if isinstance(column.type, JSON):
        return {"said": [{"who": f"{LAST}, Dr. {FIRST}"}], "to": ADDRESS}
    if isinstance(column.type, LargeBinary):
        return letter()
    length = getattr(column.type, "length", None)
    said = f"{NAME} ({ADDRESS}) kommt."
    return said if length is None or length >= len(said) else NAME


def write_into_everything(number: int) -> set[str]:
    """Every classified column of every row but the people's own; returns the columns."""
    written = set()
    for table in db.metadata.sorted_tables:
        if table.name in forgetting.PEOPLE | {AuditEntry.__tablename__} or "id" not in table.c:
            continue
        columns = forgetting.personal_columns(table)
        values = {column: value_for(column) for column in columns}
        if values:
            if table is Talk.__table__:
                values[table.c.other_room_at] = now()
            if table is Material.__table__:
                values[table.c.storage_key] = None  # with an address it is a link
            db.session.execute(update(table).values(values))
            written |= {str(column) for column in columns}
    changes = {"reason": f"{NAME} bat darum"}
    db.session.add(
        AuditEntry(action="talk.edited", record_type="talks", record_id=number, changes=changes)
    )
    db.session.commit()
    db.session.expire_all()
    return written | {"audit_entries.changes"}


def found_in(value: object) -> bool:
    if isinstance(value, bytes):
        decoded = re.sub(rb"[A-Za-z0-9+/=\n]{24,}", lambda m: _decoded(m[0]), value)
        return found_in((value + decoded).decode("utf-8", errors="replace"))
    text = str(value)
    return any(mark.search(text) for mark in MARKS)


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text)
    except ValueError:
        return text


def left_in_database() -> list[str]:
    """Where the person still stands."""
    found = []
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(select(table)).mappings():
            found += [f"{table.name}.{name}" for name, value in row.items() if found_in(value)]
    return sorted(set(found))


def left_in_files(folder: Path) -> list[str]:
    return [
        str(path) for path in folder.rglob("*") if path.is_file() and found_in(path.read_bytes())
    ]
