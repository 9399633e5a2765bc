"""What was downloaded and watched of a talk: the counts, and who it was as long as that is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from webinar.adapters.spreadsheet import Value
from webinar.clock import berlin
from webinar.domain import openings, talks
from webinar.errors import NotThere
from webinar.extensions import db
from webinar.models import Contact, Material, Opening, OpeningKind
from webinar.web.numbers import row_number, searched
from webinar.web.organiser import invitation_lists, lists
from webinar.web.paging import page_of
from webinar.web.settings import days_of

blueprint = Blueprint("openings", __name__)

KINDS: dict[OpeningKind, LazyString] = {
    OpeningKind.DOWNLOAD: _l("downloaded"),
    OpeningKind.VIEW: _l("started"),
}


@dataclass(frozen=True)
class Row:
    """One thing that somebody took."""

    contact: Contact
    office: str
    material: Material
    what: str
    at: datetime


@dataclass(frozen=True)
class Chosen:
    """How the address narrows the list."""

    text: str
    material_id: int | None

    @classmethod
    def of_request(cls) -> Chosen:
        return cls(text=searched(), material_id=request.args.get("material", type=row_number))

    @property
    def kept(self) -> dict[str, object]:
        given = {"q": self.text, "material": self.material_id}
        return {name: value for name, value in given.items() if value}


@blueprint.get("")
def index(talk_id: int) -> ResponseReturnValue:
    """The counts of each material, and the people."""
    talk, chosen = talks.find(talk_id), Chosen.of_request()
    days = days_of("openings")
    found = openings.listed(talk, days=days, text=chosen.text, material_id=chosen.material_id)
    page = page_of(found)
    figures = openings.figures(talk)
    return render_template(
        "organiser/openings/index.html",
        here="talks",
        talk=talk,
        figures=figures,
        page=page,
        rows=[_row(row) for row in page.rows],
        chosen=chosen,
        materials=[(one.material.id, one.material.title) for one in figures],
        days=days,
    )


@blueprint.get("/liste.<any(csv, xlsx):kind>")
def export(talk_id: int, kind: str) -> ResponseReturnValue:
    """The list as it is narrowed, for a spreadsheet."""
    talk, chosen = talks.find(talk_id), Chosen.of_request()
    query = openings.listed(
        talk, days=days_of("openings"), text=chosen.text, material_id=chosen.material_id
    )
    found = db.session.scalars(query).yield_per(invitation_lists.PART)
    headers = [*invitation_lists.person_headers(), _("Material"), _("What"), _("When")]
    rows = (_cells(_row(row)) for row in found)
    return lists.file(headers, rows, kind=kind, name=f"abrufe-{talk.slug}")


def _row(row: Opening) -> Row:
    if row.contact is None:
        raise NotThere("record_missing")
    return Row(
        contact=row.contact,
        office=invitation_lists.office_line(row.contact),
        material=row.material,
        what=str(KINDS[OpeningKind(row.kind)]),
        at=row.opened_at,
    )


def _cells(row: Row) -> list[Value]:
    return [
        *invitation_lists.person_cells(row.contact),
        row.material.title,
        row.what,
        berlin(row.at).strftime("%Y-%m-%d %H:%M"),
    ]
