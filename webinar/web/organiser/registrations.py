"""Registrations for one talk: who has a place, who waits in which order, and what is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Select

from webinar.adapters.spreadsheet import Value
from webinar.domain import (
    audiences,
    overview,
    people,
    places,
    question_columns,
    registrations,
    talks,
)
from webinar.domain.places import Sort
from webinar.domain.question_columns import Columns
from webinar.extensions import db
from webinar.models import Contact, Mode, Registration, RegistrationState, Source, Talk
from webinar.web.forms.questions import answer_words
from webinar.web.numbers import row_number, searched
from webinar.web.organiser import invitation_lists, lists, signs
from webinar.web.organiser.lists import word_of
from webinar.web.organiser.signs import Sign
from webinar.web.paging import page_of

blueprint = Blueprint("registrations", __name__)

STATES = (RegistrationState.CONFIRMED, RegistrationState.WAITING)


@dataclass(frozen=True)
class Side:
    """One side of the talk: places held, places there are (None without limit), people waiting."""

    word: str
    taken: int
    limit: int | None
    waiting: int

    @property
    def free(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.taken)


@dataclass(frozen=True)
class Chosen:
    """How the address narrows the list; what makes no sense narrows nothing."""

    text: str
    side: Mode | None
    state: RegistrationState | None
    source: Source | None
    audience_id: int | None
    organisation_id: int | None
    sort: Sort | None

    @classmethod
    def of_request(cls) -> Chosen:
        state = word_of("state", RegistrationState)
        return cls(
            text=searched(),
            side=word_of("side", Mode),
            state=state if state in STATES else None,
            source=word_of("source", Source),
            audience_id=request.args.get("audience", type=row_number),
            organisation_id=request.args.get("organisation", type=row_number),
            sort=word_of("sort", Sort),
        )

    def __bool__(self) -> bool:
        return bool(self.narrowed)

    @property
    def narrowed(self) -> dict[str, object]:
        """What an address needs to narrow a list in the same way."""
        given = {
            "q": self.text,
            "side": self.side,
            "state": self.state,
            "source": self.source,
            "audience": self.audience_id,
            "organisation": self.organisation_id,
        }
        return {name: value for name, value in given.items() if value}

    @property
    def kept(self) -> dict[str, object]:
        """The same with the order."""
        return {**self.narrowed, "sort": self.sort} if self.sort else self.narrowed


@dataclass(frozen=True)
class Row:
    contact: Contact
    office: str
    sign: Sign
    side: str
    source: str
    registration: Registration
    answers: Sequence[tuple[str, str]] = ()
    """The organiser's own questions, in order, with what was answered."""


@blueprint.get("")
def index(talk_id: int) -> ResponseReturnValue:
    """The places of each side, and everybody who has one or waits."""
    talk = talks.find(talk_id)
    chosen = Chosen.of_request()
    page = page_of(_found(talk, chosen))
    return render_template(
        "organiser/registrations/index.html",
        here="talks",
        talk=talk,
        sides=_sides(talk),
        page=page,
        rows=_rows(talk, page.rows),
        chosen=chosen,
        side_names=signs.SIDES.items(),
        states=[(state, signs.PLACES[state].word) for state in STATES],
        sources=signs.SOURCES.items(),
        audiences=[(row.id, row.name) for row in audiences.everything()],
        organisations=[(row.id, row.name) for row in places.organisations_of(talk)],
        headings=lists.headings(chosen.sort, kept=chosen.narrowed, talk_id=talk_id),
        may_register=people.still_open(talk),
    )


@blueprint.get("/liste.<any(csv, xlsx):kind>")
def export(talk_id: int, kind: str) -> ResponseReturnValue:
    """The list as it is narrowed and ordered, for a spreadsheet, with a column for each question of
    the organiser's own."""
    talk = talks.find(talk_id)
    query = _found(talk, Chosen.of_request())
    columns = question_columns.columns(talk)
    queue = places.positions(talk)
    rows = (
        _cells(_row(row, queue, columns))
        for row in db.session.scalars(query).yield_per(invitation_lists.PART)
    )
    return lists.file(_headers(columns), rows, kind=kind, name=f"anmeldungen-{talk.slug}")


def _found(talk: Talk, chosen: Chosen) -> Select[Registration]:
    return places.listed(
        talk,
        text=chosen.text,
        side=chosen.side,
        state=chosen.state,
        source=chosen.source,
        audience_id=chosen.audience_id,
        organisation_id=chosen.organisation_id,
        sort=chosen.sort,
    )


def _sides(talk: Talk) -> list[Side]:
    numbers = overview.numbers_of([talk])[talk.id]
    held = {
        Mode.ONLINE: (numbers.online, numbers.waiting_online),
        Mode.HALL: (numbers.hall, numbers.waiting_hall),
    }
    words = {Mode.ONLINE: _("Online"), Mode.HALL: _("In the hall")}
    return [
        Side(words[mode], held[mode][0], registrations.limit(talk, mode), held[mode][1])
        for mode in Mode
        if mode in registrations.modes(talk) or any(held[mode])
    ]


def _rows(talk: Talk, found: Sequence[Registration]) -> list[Row]:
    queue = places.positions(talk, among=found)
    columns = question_columns.columns(talk, only=[row.id for row in found])
    return [_row(row, queue, columns) for row in found]


def _row(row: Registration, queue: Mapping[int, int], columns: Columns) -> Row:
    return Row(
        contact=row.contact,
        office=invitation_lists.office_line(row.contact),
        sign=signs.of_registration(row, queue.get(row.id)),
        side=str(signs.SIDES[Mode(row.mode)]),
        source=str(signs.SOURCES[Source(row.source)]),
        registration=row,
        answers=[(one.text, answer_words(one, text)) for one, text in columns.of(row)],
    )


def _headers(columns: Columns) -> list[str]:
    return [
        *invitation_lists.person_headers(),
        _("Takes part"),
        _("State"),
        _("Details"),
        _("Source"),
        _("Registered on"),
        *(question.text for question in columns.questions),
    ]


def _cells(row: Row) -> list[Value]:
    return [
        *invitation_lists.person_cells(row.contact),
        row.side,
        str(row.sign.word),
        row.sign.note,
        row.source,
        invitation_lists.day_cell(row.registration.created_at),
        *(answer for _question, answer in row.answers),
    ]
