"""Names and addresses as people have them, and what nobody should type: from form to page."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from webinar.extensions import db
from webinar.models import Contact, Speaker

NEW = "/desk/kontakte/neu"
HOSTILE = '<b data-x="">\'& {{ 7*7 }}'


def contact(**changes: str) -> dict[str, str]:
    given = {"last_name": "Kern", "email": "kern@gemeinde.example", "form": "", "language": "de"}
    return {**given, **changes}


@pytest.mark.parametrize("name", ["Ö", "x" * 60, "von und zu der Tann-Rathsamhausen", HOSTILE])
def test_name_of_any_length_is_kept_and_shown_as_text(desk: FlaskClient, name: str) -> None:
    assert desk.post(NEW, data=contact(first_name=name, last_name=name)).status_code == 303
    row = db.session.scalars(select(Contact)).one()
    assert (row.first_name, row.last_name) == (name, name)
    for path in ("/desk/kontakte", f"/desk/kontakte/{row.id}"):
        page = desk.get(path).text
        assert "<b data-x" not in page


@pytest.mark.parametrize(
    "second", ["KERN@Gemeinde.Example", " kern@gemeinde.example ", "kern@GEMEINDE.example"]
)
def test_same_address_in_another_case_is_no_second_contact(desk: FlaskClient, second: str) -> None:
    desk.post(NEW, data=contact())
    desk.post(NEW, data=contact(email=second))
    assert len(db.session.scalars(select(Contact)).all()) == 1


def test_same_address_with_an_international_domain_is_no_second_contact(
    desk: FlaskClient,
) -> None:
    for email in ("kern@kürnach.example", "kern@xn--krnach-3ya.example", "kern@KÜRNACH.example"):
        desk.post(NEW, data=contact(email=email))
    assert len(db.session.scalars(select(Contact)).all()) == 1


def test_speaker_and_series_show_what_was_typed_as_text(desk: FlaskClient) -> None:
    talk = factories.talk()
    speaker = factories.speaker(talk, last_name=HOSTILE, role=HOSTILE, biography=HOSTILE)
    talk.title, talk.venue_notes, talk.series.name = HOSTILE, HOSTILE, HOSTILE
    talk.series.description = talk.cancel_reason = HOSTILE
    db.session.commit()
    paths = (
        f"/desk/veranstaltungen/{talk.id}",
        f"/desk/veranstaltungen/{talk.id}/bearbeiten",
        f"/desk/veranstaltungen/{talk.id}/absagen",
        f"/desk/referenten/{speaker.id}",
        "/desk/reihen",
        f"/veranstaltungen/{talk.slug}",
        "/ueber-die-reihe",
    )
    for path in paths:
        answer = desk.get(path)
        assert answer.status_code == 200
        assert "<b data-x" not in answer.text
    assert db.session.scalars(select(Speaker)).one().last_name == HOSTILE
