"""The speaker's page."""

from __future__ import annotations

from datetime import timedelta

from flask.testing import FlaskClient

from tests import factories
from tests.personal import everything, looked_at, speaker_address
from webinar.clock import frozen, now
from webinar.domain import participation
from webinar.extensions import db
from webinar.models import Material, Mode, Speaker, Talk, TalkSpeaker, TalkState


def speaking(**values: object) -> tuple[Talk, Speaker, str]:
    talk = factories.talk(**values)
    speaker = factories.speaker(talk, language="en", last_name="Brandl")
    return talk, speaker, speaker_address(speaker, talk)


def text(client: FlaskClient, path: str) -> str:
    return client.get(path).get_data(as_text=True)


def test_page_shows_the_evening_and_how_many_come(client: FlaskClient) -> None:
    talk, _, path = speaking(format="hybrid", contact_person="Miriam Hartmann")
    for mode in (Mode.ONLINE, Mode.ONLINE, Mode.HALL):
        contact = factories.contact(last_name="Geheim")
        participation.accept(factories.invitation(talk, contact), mode=mode)
    db.session.commit()
    page = text(client, path)
    assert "Der digitale Bauantrag" in page
    assert "2 people come online" in page
    assert "1 person comes to the hall" in page
    assert "Miriam Hartmann" in page
    assert "Geheim" not in page


def test_page_is_private_and_looking_changes_nothing(client: FlaskClient) -> None:
    _, _, path = speaking()
    before = everything()
    assert set(looked_at(client, path)) == {200}
    assert everything() == before
    answer = client.get(path)
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_page_says_when_the_room_opens_and_comes_back(client: FlaskClient) -> None:
    talk, _, path = speaking(starts_at=factories.at("2027-01-14T17:00"))
    with frozen(talk.starts_at - timedelta(minutes=40)):
        answer = client.get(path)
        assert "The room opens for you at 17:30." in answer.get_data(as_text=True)
        assert 600 <= int(answer.headers["Refresh"]) <= 611
    with frozen(talk.starts_at - timedelta(minutes=30)):
        assert f'action="{path}/raum"' in text(client, path)
        assert client.post(f"{path}/raum").status_code == 200
    with frozen(talk.ends_at + timedelta(minutes=30)):
        assert "The evening is over." in text(client, path)


def test_page_lists_what_was_released(client: FlaskClient) -> None:
    talk, _, path = speaking()
    for title, released in (("Folien", now()), ("Entwurf der Folien", None)):
        row = Material(
            talk=talk, kind="link", title=title, url="https://example.org/", released_at=released
        )
        factories.save(row)
    page = text(client, path)
    assert "Folien" in page
    assert "Entwurf der Folien" not in page


def test_page_of_a_draft_says_so(client: FlaskClient) -> None:
    _, _, path = speaking(state=TalkState.DRAFT)
    assert "The talk is not published yet." in text(client, path)
    assert client.post(f"{path}/raum").status_code == 303


def test_link_opens_nothing_once_the_speaker_was_taken_off(client: FlaskClient) -> None:
    talk, speaker, path = speaking()
    row = db.session.query(TalkSpeaker).filter_by(talk_id=talk.id, speaker_id=speaker.id).one()
    db.session.delete(row)
    db.session.commit()
    db.session.expire_all()
    db.session.rollback()
    assert client.get(path).status_code == 404
    assert client.post(f"{path}/raum").status_code == 404
