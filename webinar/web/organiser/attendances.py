"""Who was there: the list with minutes, the hall ticked off by hand, and the file of it.

Minutes are rounded, and nobody's attention is measured: who was in the room or the hall was there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import Select

from webinar.adapters.spreadsheet import Value
from webinar.domain import attendances, hall, places, talks
from webinar.domain.attendances import NOBODY, Presence
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Account, Contact, Mode, Registration, RegistrationState, Talk
from webinar.web.filters import full_name
from webinar.web.guards import account
from webinar.web.numbers import searched
from webinar.web.organiser import invitation_lists, lists, signs
from webinar.web.organiser.lists import word_of
from webinar.web.organiser.signs import Sign
from webinar.web.paging import page_of
from webinar.web.sentences import sentence
from webinar.web.settings import attendance_rule

blueprint = Blueprint("attendances", __name__)

TOOK_PART = Sign(_l("took part"), "success", "yes")
BRIEFLY = Sign(_l("was there briefly"), "app-icon--clock", "wait")
NOT_SEEN = Sign(_l("not noted"), "app-icon--open")


@dataclass(frozen=True)
class Row:
    """A person with a place; `sign` says whether they took part, its note how."""

    contact: Contact
    office: str
    side: str
    presence: Presence
    sign: Sign


@dataclass(frozen=True)
class Chosen:
    """How the address narrows the list."""

    text: str
    side: Mode | None

    @classmethod
    def of_request(cls) -> Chosen:
        return cls(text=searched(), side=word_of("side", Mode))

    @property
    def kept(self) -> dict[str, object]:
        given = {"q": self.text, "side": self.side}
        return {name: value for name, value in given.items() if value}


@blueprint.app_template_global()
def attendance_shown(talk: Talk) -> bool:
    """Whether the pages of the talk lead here: from its day on."""
    return hall.open_for(talk)


@blueprint.app_template_global()
def attendance_counts(talk: Talk) -> attendances.Counts:
    """The numbers for the page of the talk."""
    return attendances.counts(talk, rule=attendance_rule())


@blueprint.get("")
def index(talk_id: int) -> ResponseReturnValue:
    """Everybody who has a place, and whether they came."""
    talk, chosen = talks.find(talk_id), Chosen.of_request()
    page = page_of(_found(talk, chosen))
    people = attendances.of_talk(talk, rule=attendance_rule())
    return render_template(
        "organiser/attendances/index.html",
        here="talks",
        talk=talk,
        page=page,
        rows=[_row(row, people) for row in page.rows],
        chosen=chosen,
        sides=signs.SIDES.items(),
        counts=attendances.counts(talk, rule=attendance_rule()),
        rule=attendances.rule_of(talk, usual=attendance_rule()),
        may_tick=hall.open_for(talk),
    )


@blueprint.get("/liste.<any(csv, xlsx):kind>")
def export(talk_id: int, kind: str) -> ResponseReturnValue:
    """The list as it is narrowed, for a spreadsheet."""
    talk = talks.find(talk_id)
    people = attendances.of_talk(talk, rule=attendance_rule())
    query = _found(talk, Chosen.of_request())
    rows = (
        _cells(_row(row, people))
        for row in db.session.scalars(query).yield_per(invitation_lists.PART)
    )
    return lists.file(_headers(), rows, kind=kind, name=f"teilnahme-{talk.slug}")


@blueprint.post("/<int:contact_id>")
def tick(talk_id: int, contact_id: int) -> ResponseReturnValue:
    """Somebody is in the hall."""
    return _act(talk_id, contact_id, hall.tick, _("%(name)s is in the hall."))


@blueprint.post("/<int:contact_id>/zuruecknehmen")
def untick(talk_id: int, contact_id: int) -> ResponseReturnValue:
    """The click was wrong."""
    return _act(talk_id, contact_id, hall.untick, _("The entry for %(name)s was taken back."))


def _act(
    talk_id: int, contact_id: int, act: Callable[..., Registration], done: str
) -> ResponseReturnValue:
    by: Account = account()
    try:
        registration = act(talks.find(talk_id), contact_id=contact_id, by=by)
    except RuleError as error:
        if error.code == "record_missing":
            raise
        db.session.rollback()
        flash(sentence(error), "warning")
        return _back(talk_id)
    db.session.commit()
    flash(done % {"name": full_name(registration.contact)}, "success")
    return _back(talk_id)


def _back(talk_id: int) -> ResponseReturnValue:
    """To the same place of the list; what the form says of it is checked like an address."""
    side, page = request.form.get("side", ""), request.form.get("page", "")
    kept = {
        "q": request.form.get("q", "")[:100],
        "side": side if side in list(Mode) else "",
        "page": page if page.isdecimal() and len(page) < 7 and page != "1" else "",
    }
    given = {name: value for name, value in kept.items() if value}
    return redirect(url_for(".index", talk_id=talk_id, **given), 303)  # type: ignore[arg-type]


def _found(talk: Talk, chosen: Chosen) -> Select[Registration]:
    return places.listed(
        talk, text=chosen.text, side=chosen.side, state=RegistrationState.CONFIRMED
    )


def _row(row: Registration, people: Mapping[int, Presence]) -> Row:
    presence = people.get(row.contact_id, NOBODY)
    return Row(
        contact=row.contact,
        office=invitation_lists.office_line(row.contact),
        side=str(signs.SIDES[Mode(row.mode)]),
        presence=presence,
        sign=_sign(presence),
    )


def _sign(presence: Presence) -> Sign:
    sign = TOOK_PART if presence.took_part else BRIEFLY if presence else NOT_SEEN
    where = [_("in the hall")] if presence.hall else []
    if presence.online:
        where.append(ngettext("%(num)d minute online", "%(num)d minutes online", presence.minutes))
    return sign.noted(", ".join(where))


def _headers() -> list[str]:
    return [
        *invitation_lists.person_headers(),
        _("Registered for"),
        _("Took part"),
        _("Minutes online"),
        _("In the hall"),
    ]


def _cells(row: Row) -> list[Value]:
    yes, no = _("yes"), _("no")
    return [
        *invitation_lists.person_cells(row.contact),
        row.side,
        yes if row.presence.took_part else no,
        row.presence.minutes,
        yes if row.presence.hall else no,
    ]
