"""The audit log for administrators: who did what to which record, narrowed, and as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Select

from webinar.clock import berlin, now
from webinar.domain import audit, audit_subjects
from webinar.extensions import db
from webinar.models import AuditEntry
from webinar.web.numbers import row_number
from webinar.web.organiser import audit_fields, audit_words, lists
from webinar.web.organiser.audit_fields import Change
from webinar.web.organiser.audit_subjects import Subject, subject
from webinar.web.paging import page_of

blueprint = Blueprint("audit", __name__)

TOGETHER = 500
"""How many lines of a file look up their records in one go."""


@dataclass(frozen=True)
class Chosen:
    """How the address narrows the log; what makes no sense narrows nothing."""

    account: int | None
    record: str | None
    since: date | None
    until: date | None

    @classmethod
    def of_request(cls) -> Chosen:
        record = request.args.get("record", "")
        return cls(
            account=request.args.get("account", type=row_number),
            record=record if record in audit_words.KINDS else None,
            since=request.args.get("since", type=_day),
            until=request.args.get("until", type=_day),
        )

    @property
    def narrowed(self) -> dict[str, object]:
        """What an address needs to narrow the log in the same way."""
        given = {
            "account": self.account,
            "record": self.record,
            "since": self.since,
            "until": self.until,
        }
        return {name: str(value) for name, value in given.items() if value is not None}

    @property
    def found(self) -> Select[AuditEntry]:
        return audit.entries(
            account=self.account, record_type=self.record, since=self.since, until=self.until
        )


@dataclass(frozen=True)
class Row:
    """A line ready to print; `subject` is None for a record that is gone."""

    entry: AuditEntry
    who: str
    what: str
    kind: str
    subject: Subject | None
    changes: list[Change]


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The lines, the newest first."""
    chosen = Chosen.of_request()
    page = page_of(chosen.found)
    return render_template(
        "organiser/audit/index.html",
        here="audit",
        chosen=chosen,
        accounts=[(account.id, account.name) for account in audit.actors()],
        kinds=sorted(audit_words.KINDS.items(), key=lambda pair: str(pair[1])),
        page=page,
        rows=_rows(page.rows),
    )


@blueprint.get("/protokoll.<any(csv, xlsx):kind>")
def export(kind: Literal["csv", "xlsx"]) -> ResponseReturnValue:
    """The lines that match, as a file."""
    headers = [_("Time"), _("By"), _("What"), _("Kind"), _("No."), _("Record"), _("Fields")]
    found = db.session.scalars(Chosen.of_request().found).partitions(TOGETHER)
    name = _("audit-log")
    return lists.file(
        headers,
        _cells(found),
        kind=kind,
        name=f"{name}-{berlin(now()):%Y-%m-%d}",
    )


def _rows(entries: Sequence[AuditEntry]) -> list[Row]:
    records = audit_subjects.subjects(entries)
    return [
        Row(
            entry=entry,
            who=entry.account.name if entry.account is not None else "",
            what=audit_words.done(entry.action, entry.changes),
            kind=audit_words.kind(entry.record_type),
            subject=subject(records.get((entry.record_type, entry.record_id))),
            changes=audit_fields.changes(entry.changes),
        )
        for entry in entries
    ]


def _cells(found: Iterable[Sequence[AuditEntry]]) -> Iterator[list[str | int]]:
    for entries in found:
        for row in _rows(entries):
            about = row.subject
            yield [
                f"{berlin(row.entry.at):%Y-%m-%d %H:%M:%S}",
                row.who or _("Program or personal link"),
                row.what,
                row.kind,
                row.entry.record_id,
                ", ".join(filter(None, (about.name, about.about))) if about is not None else "",
                "; ".join(str(change) for change in row.changes),
            ]


def _day(raw: str) -> date:
    """A day of the filter; raises `ValueError` for what no log can hold."""
    found = date.fromisoformat(raw)
    if not 2000 <= found.year < 3000:
        raise ValueError("a day of another millennium")
    return found
