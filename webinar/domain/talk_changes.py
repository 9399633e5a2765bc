"""What a talk said before it was changed; and what others did to it since a form was filled, read
from the audit log, used where two edit the same talk. The refusal itself is `talks`'."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from webinar.extensions import db
from webinar.models import Account, AuditEntry, Talk
from webinar.text import fingerprint


@dataclass(frozen=True)
class Meanwhile:
    """Who changed the talk, by name, and which columns; both without repetition, in order."""

    names: tuple[str, ...]
    columns: tuple[str, ...]


def since(talk: Talk, *, revision: int) -> Meanwhile:
    """What was changed after the talk stood at `revision`."""
    rows = db.session.execute(
        select(AuditEntry, Account.name)
        .join(Account, Account.id == AuditEntry.account_id, isouter=True)
        .where(
            AuditEntry.record_type == Talk.__tablename__,
            AuditEntry.record_id == talk.id,
            AuditEntry.action == "talk.edited",
        )
        .order_by(AuditEntry.id)
    )
    later = [(row[0], row[1]) for row in rows if row[0].changes.get("revision", 0) > revision]
    names = dict.fromkeys(name for _entry, name in later if name)
    columns = dict.fromkeys(
        column for entry, _name in later for column in entry.changes if column != "revision"
    )
    return Meanwhile(names=tuple(names), columns=tuple(columns))


def facts(talk: Talk) -> dict[str, str]:
    """When and where the talk is and what it is about, as a mail about a change keeps it:
    `rendering.moves` reads it. Of the abstract only what tells another from it."""
    return {
        "title": talk.title,
        "abstract": fingerprint(talk.abstract),
        "start": talk.starts_at.isoformat(),
        "end": talk.ends_at.isoformat(),
        "zone": talk.zone,
        "format": str(talk.format),
        "venue": talk.venue,
        "venue_address": talk.venue_address,
    }
