"""Planning a release at the desk, calling it off, and a speaker who takes slides out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.domain.archive import slides
from tests.personal import speaker_address
from webinar.clock import now
from webinar.domain import materials, releases, times
from webinar.domain.releases import Access
from webinar.extensions import db
from webinar.models import PlannedRelease, Talk


@pytest.fixture
def talk(app: Flask) -> Talk:
    made = factories.talk(starts_at=now() - timedelta(days=1))
    factories.invitation(made, factories.contact())
    return made


def test_release_is_planned_in_two_steps_and_called_off(desk: FlaskClient, talk: Talk) -> None:
    material = slides(talk)
    there = f"/desk/veranstaltungen/{talk.id}/unterlagen"
    due = times.wall_clock(now() + timedelta(days=2), zone=talk.zone).replace(second=0)
    given = {
        "materials": material.id,
        "who": "both",
        "when": "later",
        "day": f"{due:%d.%m.%Y}",
        "time": "18:30",
        "closes_on": f"{due + timedelta(days=30):%Y-%m-%d}",
        "tell": "y",
    }
    wrong = desk.get(f"{there}/freigeben/pruefen", query_string={**given, "time": ""})
    assert (wrong.status_code, "Bitte geben Sie eine Uhrzeit an." in wrong.text) == (422, True)
    page = desk.get(f"{there}/freigeben/pruefen", query_string=given).text
    assert "18:30\u00a0Uhr" in page
    assert "Freigabe planen" in page
    done = desk.post(
        f"{there}/freigeben/pruefen",
        data={**given, "subject": "Unterlagen", "text": "Die Folien sind da."},
        follow_redirects=True,
    ).text
    assert "Geplant: Die Freigabe erfolgt am" in done
    assert "Für: Eingeladene, Angemeldete" in done
    row = db.session.scalars(select(PlannedRelease)).one()
    assert times.wall_clock(row.due_at, zone=talk.zone).time().isoformat() == "18:30:00"
    assert materials.released(talk) == []
    called = desk.post(f"{there}/freigeben/{row.id}/absagen", follow_redirects=True).text
    assert "Die geplante Freigabe wurde abgesagt." in called
    assert desk.post(f"{there}/freigeben/4711/absagen").status_code == 404


def test_speaker_takes_slides_out_and_gives_them_back(
    client: FlaskClient, desk: FlaskClient, talk: Talk
) -> None:
    speaker, material = factories.speaker(talk), slides(talk)
    releases.release(talk, material_ids=[material.id], access=Access(), by=None)
    db.session.commit()
    page = speaker_address(speaker, talk)
    path = f"{page}/unterlagen/{material.public_id}"
    assert f"{path}" in client.get(page).text
    assert "Nobody" not in client.get(path).text
    assert materials.released(talk) == [material]  # looking changes nothing
    assert client.post(path).status_code == 303
    assert "wieder zeigen lassen" in client.get(page).text
    assert materials.released(talk) == []
    there = f"/desk/veranstaltungen/{talk.id}/unterlagen/{material.id}"
    assert "von der vortragenden Person herausgenommen" in desk.get(there).text
    assert "Zustimmung liegt wieder vor" in desk.get(there).text
    client.post(f"{path}/zurueckgeben")
    assert "von der vortragenden Person" not in desk.get(there).text
    assert client.get(f"{page}/unterlagen/unbekannt").status_code == 404


def test_desk_edits_owner_and_end_and_lets_it_stay_longer(desk: FlaskClient, talk: Talk) -> None:
    speakers = [factories.speaker(talk), factories.speaker(talk)]
    material = slides(talk)
    releases.release(talk, material_ids=[material.id], access=Access(), by=None)
    material.delete_on = ends = materials.today() + timedelta(days=3)
    db.session.commit()
    there = f"/desk/veranstaltungen/{talk.id}/unterlagen/{material.id}"
    assert "wird bald gelöscht" in desk.get(there).text
    given = {
        "title": "Folien",
        "delete_on": str(ends),
        "closes_on": str(materials.today() + timedelta(days=1)),
        "speaker": str(speakers[1].id),
    }
    assert desk.post(f"{there}/bearbeiten", data=given).status_code == 303
    late = desk.post(f"{there}/bearbeiten", data={**given, "closes_on": "2020-01-01"})
    assert (late.status_code, "Tag in der Zukunft" in late.text) == (422, True)
    db.session.expire_all()
    assert (material.speaker_id, material.title) == (speakers[1].id, "Folien")
    assert "bis " in desk.post(f"{there}/verlaengern", follow_redirects=True).text
    db.session.expire_all()
    assert material.delete_on is not None
    assert material.delete_on > ends + timedelta(days=100)
