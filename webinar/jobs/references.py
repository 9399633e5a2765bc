"""What the params of a mail name by number, written out when the mail is rendered.

So no names lie in the outbox, and a name that was corrected in between is the right one. Used by
`webinar.jobs.letters`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select

from webinar.extensions import db
from webinar.models import Contact, Series, Speaker, Talk
from webinar.rendering import dates, salutations
from webinar.rendering.mails import catalogue

PEOPLE = ("inviter", "deputy")


def resolved(params: Mapping[str, object], *, language: str) -> dict[str, object]:
    """People as `name` and `who` (with office and organisation), the series by its name, evenings
    with day and title, the day `on` in full."""
    found: dict[str, object] = {
        name: person(db.session.get_one(Contact, params[name]))
        if params[name]
        else erased(name, language=language)
        for name in PEOPLE
        if name in params
    }
    if "series" in params:
        found["series"] = db.session.get_one(Series, params["series"]).name
    if "speaker" in params:
        found["speaker"] = {"name": _name(db.session.get_one(Speaker, params["speaker"]))}
    if "on" in params:
        found["day"] = dates.calendar_day(date.fromisoformat(str(params["on"])), language=language)
    closed = params.get("closed")
    if isinstance(closed, list):
        found["closed"] = evenings(closed, language=language)
    return found


def erased(name: str, *, language: str) -> dict[str, str]:
    """What stands in the place of a name whose person was erased in between."""
    words = catalogue(language)
    said = words.gettext("Your deputy") if name == "deputy" else words.gettext("Somebody")
    return {"name": said, "who": said}


def person(contact: Contact) -> dict[str, str]:
    """ "Hannah Seubert", and "Hannah Seubert (Erste Bürgermeisterin, Gemeinde Kürnach)"."""
    name = _name(contact)
    organisation = contact.organisation.name if contact.organisation is not None else ""
    office = ", ".join(filter(None, (contact.office, organisation)))
    return {"name": name, "who": f"{name} ({office})" if office else name}


def _name(person: Contact | Speaker) -> str:
    return salutations.full_name(
        title=person.title, first_name=person.first_name, last_name=person.last_name
    )


def evenings(ids: list[int], *, language: str) -> list[str]:
    """Each talk in one line, by time."""
    query = select(Talk).where(Talk.id.in_(ids)).order_by(Talk.starts_at, Talk.id)
    return [
        f"{dates.day(talk.starts_at, talk.zone, language=language)}: {talk.title}"
        for talk in db.session.scalars(query)
    ]
