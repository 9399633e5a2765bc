"""Registrations for one talk: who has a place, who waits in which order, and what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Select

from webinar.adapters.spreadsheet import Value, write_csv
from webinar.domain import overview, places, questions, registrations, talks
from webinar.extensions import db
from webinar.models import Contact, Mode, Registration, RegistrationState, Talk
from webinar.web.forms.questions import answer_words
from webinar.web.numbers import searched
from webinar.web.organiser import invitation_lists, signs
from webinar.web.organiser.invitations import csv_file
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

    @classmethod
    def of_request(cls) -> Chosen:
        side, state = request.args.get("side", ""), request.args.get("state", "")
        return cls(
            text=searched(),
            side=Mode(side) if side in list(Mode) else None,
            state=RegistrationState(state) if state in STATES else None,
        )

    def __bool__(self) -> bool:
        return bool(self.text or self.side or self.state)

    @property
    def kept(self) -> dict[str, object]:
        """What an address needs to narrow a list in the same way."""
        given = {"q": self.text, "side": self.side, "state": self.state}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class Row:
    contact: Contact
    office: str
    sign: Sign
    side: str
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
    )


@blueprint.get("/liste.csv")
def export(talk_id: int) -> ResponseReturnValue:
    """The list as it is narrowed, for a spreadsheet."""
    talk = talks.find(talk_id)
    found = db.session.scalars(_found(talk, Chosen.of_request())).unique().all()
    content = write_csv(_headers(talk), [_cells(row) for row in _rows(talk, found)])
    return csv_file(content, name=f"anmeldungen-{talk.slug}.csv")


def _found(talk: Talk, chosen: Chosen) -> Select[Registration]:
    return places.listed(talk, text=chosen.text, side=chosen.side, state=chosen.state)


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
    queue = places.positions(talk)
    asked = questions.asked(talk)
    answers = questions.answers_by(row.id for row in found) if asked else {}
    return [
        Row(
            contact=row.contact,
            office=invitation_lists.office_line(row.contact),
            sign=signs.of_registration(row, queue.get(row.id)),
            side=str(signs.SIDES[Mode(row.mode)]),
            registration=row,
            answers=[
                (one.text, answer_words(one, answers.get(row.id, {}).get(one.id, "")))
                for one in asked
            ],
        )
        for row in found
    ]


def _headers(talk: Talk) -> list[str]:
    return [
        *invitation_lists.person_headers(),
        _("Takes part"),
        _("State"),
        _("Details"),
        _("Registered on"),
        *(question.text for question in questions.asked(talk)),
    ]


def _cells(row: Row) -> list[Value]:
    return [
        *invitation_lists.person_cells(row.contact),
        row.side,
        str(row.sign.word),
        row.sign.note,
        invitation_lists.day_cell(row.registration.created_at),
        *(answer for _question, answer in row.answers),
    ]
