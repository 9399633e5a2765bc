"""Data protection for one person, contact or speaker: everything that is kept, as a file to read
and one for programs, and erasing it after a page that says what that means."""

from __future__ import annotations

import base64
import json
from typing import Literal

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.domain import erasures, personal_data, speakers
from webinar.domain.personal_data import PersonalData
from webinar.extensions import db
from webinar.models import Contact, Speaker
from webinar.rendering import pdf
from webinar.web import downloads
from webinar.web.filters import full_name, moment
from webinar.web.guards import account
from webinar.web.language import language
from webinar.web.organiser import personal_words
from webinar.web.settings import settings, storage

blueprint = Blueprint("personal_data", __name__)

Form = Literal["json", "pdf"]
PAGE = "organiser/personal_data/show.html"


@blueprint.get("/kontakte/<int:contact_id>/datenschutz")
def contact(contact_id: int) -> ResponseReturnValue:
    """What can be done, and what erasing would mean."""
    found = erasures.find_contact(contact_id)
    return _page(found, erasures.review_contact(found))


@blueprint.get("/kontakte/<int:contact_id>/auskunft.<any(json, pdf):form>")
def contact_file(contact_id: int, form: Form) -> ResponseReturnValue:
    """Everything that is kept of the contact."""
    return _file(erasures.find_contact(contact_id), form)


@blueprint.post("/kontakte/<int:contact_id>/loeschen")
def erase_contact(contact_id: int) -> ResponseReturnValue:
    """Erase the contact for good."""
    erasures.erase_contact(erasures.find_contact(contact_id), by=account())
    db.session.commit()
    flash(_("The person was erased. Files and journal follow within minutes."), "success")
    return redirect(url_for("contacts.index"), 303)


@blueprint.get("/referenten/<int:speaker_id>/datenschutz")
def speaker(speaker_id: int) -> ResponseReturnValue:
    """What can be done, and what erasing would mean."""
    found = speakers.find(speaker_id)
    return _page(found, erasures.review_speaker(found))


@blueprint.get("/referenten/<int:speaker_id>/auskunft.<any(json, pdf):form>")
def speaker_file(speaker_id: int, form: Form) -> ResponseReturnValue:
    """Everything that is kept of the speaker."""
    return _file(speakers.find(speaker_id), form)


@blueprint.post("/referenten/<int:speaker_id>/daten-loeschen")
def erase_speaker(speaker_id: int) -> ResponseReturnValue:
    """Erase the speaker for good."""
    erasures.erase_speaker(speakers.find(speaker_id), by=account())
    db.session.commit()
    flash(_("The person was erased. Files and journal follow within minutes."), "success")
    return redirect(url_for("speakers.index"), 303)


def _page(person: Contact | Speaker, review: erasures.Review) -> ResponseReturnValue:
    return render_template(
        PAGE,
        here="contacts" if isinstance(person, Contact) else "speakers",
        person=person,
        is_contact=isinstance(person, Contact),
        review=review,
        places=[
            (personal_words.table_name(table), personal_words.column_name(column), count)
            for (table, column), count in review.places.items()
        ],
        others=[(full_name(one), isinstance(one, Contact), one.id) for one in review.same_address],
    )


def _file(person: Contact | Speaker, form: Form) -> Response:
    found = personal_data.of(person)
    if form == "json":
        content, kind = _json(found), "application/json"
    else:
        content, kind = _pdf(person, found), "application/pdf"
    answer = Response(content, content_type=kind)
    name = _("information-no-%(number)d", number=person.id)
    answer.headers["Content-Disposition"] = downloads.disposition(f"{name}.{form}")
    return answer


def _json(found: PersonalData) -> bytes:
    said: dict[str, object] = {
        "made_at": found.made_at.isoformat(),
        "records": found.rows,
        "mentions": [vars(one) for one in found.mentions],
    }
    if found.photo_key is not None and storage().exists(found.photo_key):
        with storage().open(found.photo_key) as file:
            said["photo_webp"] = base64.b64encode(file.read()).decode()
    return json.dumps(said, ensure_ascii=False, indent=2).encode()


def _pdf(person: Contact | Speaker, found: PersonalData) -> bytes:
    return pdf.document(
        "person",
        {
            "title": _("What we keep about %(name)s", name=full_name(person)),
            "said": _(
                "Information under Article 15 GDPR, as of %(moment)s.",
                moment=moment(found.made_at),
            ),
            "office": settings().office.name,
            "language": language(),
            "sections": personal_words.sections(found),
        },
    )
