"""Taking people out of the database: whatever hangs on a row goes with it, by the tables' own keys.

Foreign keys say what hangs on a person, so that a new table is found without being named here.
Answers and places are the exception: they go to a stand-in (`domain.anonymous`), so that counts
stay. Who goes when is `domain.retention`'s; erasing at a person's wish, with free places, texts and
files, is `domain.erasures`'.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Column, String, Table, cast, delete, func, literal, or_, select, update

from webinar.domain import anonymous
from webinar.extensions import db
from webinar.models import Contact, InboxMessage, Invitation, Mail, Mailing, Registration, Speaker
from webinar.models.base import Privacy

STAY = frozenset({"mails", "inbox_messages"})
"""Rows that stay for the counts once they name nobody: what was sent, and that something came."""
PEOPLE = frozenset({"contacts", "speakers", "accounts"})
LENT = frozenset({"materials"})
"""Rows that point at a person and are the office's, not the person's own: whose slides they are."""
COUNTED = frozenset({"openings"})
"""Rows that stay as a count once they point at nobody."""
CUT = STAY | LENT | COUNTED
NAMING = ("delegated", "deputy", "deputy_ended", "reopened")
"""Templates of mails whose params name another person by number."""
IDS = ("contacts", "excluded", "recipients")
"""Where a mailing's selection holds the numbers of contacts."""


def forget_contacts(ids: Sequence[int]) -> int:
    """Remove the contacts and what hangs on them; returns how many. Their answers stay as counts.

    They hold no place at a coming talk: whoever calls has given it up.
    """
    if not ids:
        return 0
    for talk_id in _talks_of(ids):
        anonymous.anonymise(talk_id, ids, keep_archive=False)
    _leave_mailings(set(ids))
    detach(Contact.__table__, ids)  # type: ignore[arg-type]  # declared wider than it is
    db.session.execute(delete(Contact).where(Contact.id.in_(ids)))
    db.session.expire_all()
    return len(ids)


def forget_speakers(ids: Sequence[int]) -> list[str]:
    """Remove the speakers and what hangs on them; returns the keys of their photos, whose bytes are
    to be removed after the commit."""
    query = select(Speaker.photo_key).where(Speaker.id.in_(ids), Speaker.photo_key.is_not(None))
    keys = [key for key in db.session.scalars(query) if key is not None]
    detach(Speaker.__table__, ids)  # type: ignore[arg-type]  # as above
    db.session.execute(delete(Speaker).where(Speaker.id.in_(ids)))
    db.session.expire_all()
    return keys


def blank_mails(ids: Sequence[int]) -> None:
    """Let the mails name nobody any more; state, time, template and talk stay."""
    db.session.execute(
        update(Mail)
        .where(Mail.id.in_(ids))
        .values(
            key=literal("gone:").concat(cast(Mail.id, String)),
            recipient="",
            contact_id=None,
            speaker_id=None,
            account_id=None,
            content=None,
            params={},
            reply="",
            # The last change of a mail is the last thing that happened to it.
            changed_at=Mail.changed_at,
        )
        .execution_options(synchronize_session=False)
    )


def blank_messages(ids: Sequence[int]) -> None:
    """Let the messages that came in name nobody any more."""
    db.session.execute(
        update(InboxMessage)
        .where(InboxMessage.id.in_(ids))
        .values(contact_id=None, sender="", subject="", text="", details={})
        .execution_options(synchronize_session=False)
    )


def detach(table: Table, ids: Sequence[int]) -> None:
    """Take away what points at the rows, so that they can go: rows of `STAY` are emptied, pointers
    between people are cut, everything else is deleted with what hangs on it in turn."""
    for child, column in pointing_at(table):
        if child.name == "mails":
            blank_mails(_ids(child, column, ids))
        elif child.name == "inbox_messages" and table.name in PEOPLE:
            blank_messages(_ids(child, column, ids))
        elif child.name in PEOPLE or (child.name in CUT and column.nullable):
            db.session.execute(update(child).where(column.in_(ids)).values({column: None}))
        elif "id" in child.c:
            below = _ids(child, column, ids)
            if below:
                detach(child, below)
                db.session.execute(delete(child).where(child.c.id.in_(below)))
        else:
            db.session.execute(delete(child).where(column.in_(ids)))


def pointing_at(table: Table) -> Iterator[tuple[Table, Column[int]]]:
    """Every column of any table that points at the table's rows, with its table."""
    for child in db.metadata.sorted_tables:
        for column in child.columns:
            if any(key.column.table is table for key in column.foreign_keys):
                yield child, column


def owned(root: Table, row_id: int) -> dict[str, set[int]]:
    """The numbers of all rows that hang on the row, by table, its own included."""
    rows: dict[str, set[int]] = {root.name: {row_id}}
    waiting = [(root, {row_id})]
    while waiting:
        table, ids = waiting.pop(0)
        for child, column in pointing_at(table):
            if child.name in PEOPLE | LENT or "id" not in child.c:
                continue
            found = set(db.session.scalars(select(child.c.id).where(column.in_(ids))))
            new = found - rows.get(child.name, set())
            if new:
                rows.setdefault(child.name, set()).update(new)
                waiting.append((child, new))
    return rows


def personal_columns(table: Table) -> list[Column[object]]:
    """The columns of the table that may hold something of a person."""
    return [c for c in table.columns if c.info.get("privacy", Privacy.NONE) is not Privacy.NONE]


def unname(contact_id: int) -> None:
    """Let mails to others that name the contact by number say nobody's name: they are written
    without it (`jobs.references`)."""
    query = select(Mail.id, Mail.params).where(Mail.template.in_(NAMING))
    for row in db.session.execute(query).all():
        named = {name: 0 for name in ("inviter", "deputy") if row[1].get(name) == contact_id}
        if named:
            changed = {"params": {**row[1], **named}, "changed_at": Mail.changed_at}
            db.session.execute(update(Mail).where(Mail.id == row[0]).values(**changed))


def _ids(table: Table, column: Column[int], ids: Sequence[int]) -> list[int]:
    return list(db.session.scalars(select(table.c.id).where(column.in_(ids))))


def _talks_of(ids: Sequence[int]) -> list[int]:
    found: set[int] = set()
    for table in (Invitation, Registration):
        found |= set(db.session.scalars(select(table.talk_id).where(table.contact_id.in_(ids))))
    return sorted(found)


def _leave_mailings(ids: set[int]) -> None:
    """Nobody who is gone stands in what an organiser chose; how many were written to stays."""
    for mailing in db.session.scalars(select(Mailing)):
        kept = dict(mailing.selection)
        for name in IDS:
            kept[name] = [one for one in kept.get(name, ()) if one not in ids]
        if any(len(kept[name]) != len(mailing.selection.get(name, ())) for name in IDS):
            mailing.expanded -= sum(
                one in ids for one in mailing.selection.get("recipients", [])[: mailing.expanded]
            )
            mailing.selection = {k: v for k, v in kept.items() if v or k in mailing.selection}
    db.session.flush()


def addressed_to(address: str) -> tuple[list[int], list[int]]:
    """Mails to and messages from the address that hang on nobody."""
    mails = select(Mail.id).where(func.lower(Mail.recipient) == address.lower())
    mails = mails.where(Mail.contact_id.is_(None), Mail.account_id.is_(None))
    messages = select(InboxMessage.id).where(
        func.lower(InboxMessage.sender) == address.lower(),
        or_(InboxMessage.contact_id.is_(None)),
    )
    return list(db.session.scalars(mails)), list(db.session.scalars(messages))
