"""The lists of the invitations' pages as rows ready to print, and as a table for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from webinar.adapters.spreadsheet import Value
from webinar.clock import berlin
from webinar.domain import answers, outbox, question_columns
from webinar.domain.answers import Invitee, Shown
from webinar.domain.outbox import Run
from webinar.domain.places import Sort
from webinar.domain.question_columns import Columns
from webinar.extensions import db
from webinar.models import (
    Audience,
    Contact,
    Invitation,
    Mode,
    Registration,
    Source,
    Talk,
)
from webinar.web import filters
from webinar.web.forms.questions import answer_words
from webinar.web.numbers import row_number, searched
from webinar.web.organiser import mail_words, signs
from webinar.web.organiser.lists import word_of
from webinar.web.organiser.signs import Sign

PART = 500
"""Rows that are read at once for a file."""


@dataclass(frozen=True)
class Chosen:
    """How the address narrows the list; what makes no sense narrows nothing."""

    text: str
    shown: Shown | None
    audience_id: int | None
    organisation_id: int | None
    side: Mode | None
    source: Source | None
    sort: Sort

    @classmethod
    def of_request(cls) -> Chosen:
        return cls(
            text=searched(),
            shown=word_of("answer", Shown),
            audience_id=request.args.get("audience", type=row_number),
            organisation_id=request.args.get("organisation", type=row_number),
            side=word_of("side", Mode),
            source=word_of("source", Source),
            sort=word_of("sort", Sort) or Sort.NAME,
        )

    def __bool__(self) -> bool:
        return bool(self.narrowed)

    @property
    def narrowed(self) -> dict[str, object]:
        """What an address needs to narrow a list in the same way."""
        given = {
            "q": self.text,
            "answer": self.shown,
            "audience": self.audience_id,
            "organisation": self.organisation_id,
            "side": self.side,
            "source": self.source,
        }
        return {name: value for name, value in given.items() if value}

    @property
    def kept(self) -> dict[str, object]:
        """The same with the order."""
        return self.narrowed if self.sort is Sort.NAME else {**self.narrowed, "sort": self.sort}


@dataclass(frozen=True)
class Row:
    contact: Contact
    office: str
    sign: Sign
    audiences: str
    answered_at: datetime | None
    registration: Registration | None


@dataclass(frozen=True)
class RunRow:
    run: Run
    sign: Sign
    title: str
    note: str
    address: str


def office_line(contact: Contact) -> str:
    """ "Erste Bürgermeisterin, Gemeinde Kürnach"."""
    organisation = contact.organisation.name if contact.organisation is not None else ""
    return ", ".join(part for part in (contact.office, organisation) if part)


def rows(talk: Talk, found: Sequence[Invitation]) -> list[Row]:
    """What the table of invited people shows."""
    return [_row(invitee) for invitee in answers.invitees(talk, found)]


def _row(invitee: Invitee) -> Row:
    contact = invitee.invitation.contact
    audiences = ", ".join(audience.name for audience in contact.audiences)
    if invitee.sent_by is not None:
        name = filters.full_name(invitee.sent_by)
        audiences = audiences or _("deputy of %(name)s", name=name)
    return Row(
        contact=contact,
        office=office_line(contact),
        sign=signs.of_invitee(invitee),
        audiences=audiences,
        answered_at=invitee.invitation.answered_at,
        registration=invitee.registration,
    )


def table(talk: Talk, found: Sequence[Invitation]) -> tuple[list[str], Iterator[list[Value]]]:
    """The same rows for a spreadsheet, names and addresses in columns of their own, and one for
    each question of the organiser's own; worked through in parts, since there may be thousands."""
    columns = question_columns.columns(talk)
    headers = [*_headers(), *(question.text for question in columns.questions)]
    parts = (found[start : start + PART] for start in range(0, len(found), PART))
    return headers, (
        [*_cells(row), *answer_cells(columns, row.registration)]
        for part in parts
        for row in rows(talk, part)
    )


def answer_cells(columns: Columns, registration: Registration | None) -> list[Value]:
    """What was answered to each question of the organiser's own."""
    return [answer_words(question, text) for question, text in columns.of(registration)]


def _headers() -> list[str]:
    return [*person_headers(), _("Answer"), _("Details"), _("Audiences"), _("Answered on")]


def person_headers() -> list[str]:
    """What stands above `person_cells`; the import of contacts knows these names."""
    return [
        _("Title"),
        _("First name"),
        _("Last name"),
        _("Office"),
        _("Organisation"),
        _("E-mail"),
    ]


def _cells(row: Row) -> list[Value]:
    return [
        *person_cells(row.contact),
        str(row.sign.word),
        row.sign.note,
        row.audiences,
        day_cell(row.answered_at),
    ]


def person_cells(contact: Contact) -> list[Value]:
    """Title, names, office, organisation and address."""
    organisation = contact.organisation.name if contact.organisation is not None else ""
    return [
        contact.title,
        contact.first_name,
        contact.last_name,
        contact.office,
        organisation,
        contact.email,
    ]


def day_cell(at: datetime | None) -> str:
    """ "2027-01-14", which every spreadsheet takes for a date."""
    return berlin(at).date().isoformat() if at is not None else ""


def run_rows(talk: Talk) -> list[RunRow]:
    """The mailings about the talk; drafts of materials are continued on their own pages."""
    found = [
        run for run in outbox.runs(talk) if not run.draft or run.mailing.kind in mail_words.DRAFTED
    ]
    names = _audience_names(found)
    return [_run_row(talk, run, names) for run in found]


def _run_row(talk: Talk, run: Run, names: dict[int, str]) -> RunRow:
    page = "mailings.choose" if run.draft else "dispatches.progress"
    return RunRow(
        run=run,
        sign=signs.of_run(run),
        title=str(mail_words.TEMPLATES.get(run.mailing.kind, run.mailing.kind)),
        note=", ".join(
            names[key] for key in run.mailing.selection.get("audiences", ()) if key in names
        ),
        address=url_for(page, talk_id=talk.id, mailing_id=run.mailing.id),
    )


def _audience_names(runs: Sequence[Run]) -> dict[int, str]:
    ids = {key for run in runs for key in run.mailing.selection.get("audiences", ())}
    found = db.session.execute(select(Audience.id, Audience.name).where(Audience.id.in_(ids)))
    return {row[0]: row[1] for row in found}
