"""The journal of what must not come back: erasures and closed links, kept outside of the database.

A restore brings rows back that were erased or revoked after the backup. The journal names each by
table and number, and by a keyed hash of when it was made, so that another row that got the same
number later is left alone. It holds no name and no address. Writing the file is
`adapters.journal`'s.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from webinar.clock import now
from webinar.domain import account_erasures, erasures
from webinar.extensions import db
from webinar.models import Account, Contact, Link, Speaker

MARK = 32
ERASED, REVOKED = "erased", "revoked"
Entry = Mapping[str, object]


@dataclass
class Applied:
    """What was done again, and how many entries no key of ours has made."""

    erased: int = 0
    revoked: int = 0
    foreign: int = 0


def erasure(table: str, row_id: int, made: str, *, keys: Sequence[str]) -> Entry:
    """The line for a person who was erased; `made` is when the row was written first."""
    return {
        "at": now().isoformat(timespec="seconds"),
        "what": ERASED,
        "table": table,
        "id": row_id,
        "mark": _mark(f"{table}:{row_id}:{made}", keys[0]),
    }


def closed_links(since: datetime, *, keys: Sequence[str]) -> Iterator[Entry]:
    """The lines for links that were closed or replaced since the moment."""
    query = select(Link).where(
        Link.changed_at >= since, or_(Link.version > 1, Link.revoked_at.is_not(None))
    )
    for link in db.session.scalars(query.order_by(Link.id)):
        yield {
            "at": now().isoformat(timespec="seconds"),
            "what": REVOKED,
            "id": link.id,
            "version": link.version,
            "closed": link.revoked_at is not None,
            "mark": _mark(link.public_id, keys[0]),
        }


def apply(entries: Iterable[Entry], *, keys: Sequence[str]) -> Applied:
    """Do again what the entries tell of, as far as the rows are there. Twice is no harm."""
    done = Applied()
    for entry in entries:
        if entry.get("what") == ERASED:
            _erase(entry, done, keys=keys)
        elif entry.get("what") == REVOKED:
            _close(entry, done, keys=keys)
    db.session.flush()
    return done


def _erase(entry: Entry, done: Applied, *, keys: Sequence[str]) -> None:
    number, table = int(str(entry["id"])), str(entry["table"])
    person = _person(table, number)
    if person is None or (not isinstance(person, Speaker) and person.erased_at is not None):
        return
    if not _genuine(entry, f"{table}:{number}:{person.created_at.isoformat()}", keys=keys):
        done.foreign += 1
        return
    if isinstance(person, Contact):
        erasures.erase_contact(person, by=None)
    elif isinstance(person, Account):
        account_erasures.take_out(person, by=None)
    else:
        erasures.erase_speaker(person, by=None)
    done.erased += 1


def _person(table: str, number: int) -> Contact | Speaker | Account | None:
    if table == Contact.__tablename__:
        return db.session.get(Contact, number, populate_existing=True)
    if table == Account.__tablename__:
        return db.session.get(Account, number, populate_existing=True)
    return db.session.get(Speaker, number, populate_existing=True)


def _close(entry: Entry, done: Applied, *, keys: Sequence[str]) -> None:
    link = db.session.get(Link, int(str(entry["id"])), populate_existing=True)
    if link is None:
        return
    if not _genuine(entry, link.public_id, keys=keys):
        done.foreign += 1
        return
    version = max(link.version, int(str(entry["version"])))
    closing = bool(entry["closed"]) and link.revoked_at is None
    if version > link.version or closing:
        link.version = version
        link.revoked_at = link.revoked_at or (now() if closing else None)
        done.revoked += 1
        db.session.flush()


def _genuine(entry: Entry, text: str, *, keys: Sequence[str]) -> bool:
    given = str(entry.get("mark", ""))
    return any(hmac.compare_digest(given, _mark(text, key)) for key in keys)


def _mark(text: str, key: str) -> str:
    made = hmac.new(key.encode(), f"webinar.journal:{text}".encode(), hashlib.sha256)
    return made.hexdigest()[:MARK]
