"""Files outside the archive's own page: what speakers may open, and what everybody may."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.personal import address, everything, looked_at, speaker_address
from tests.queries import counted
from webinar import settings_of
from webinar.adapters.storage import FolderStorage
from webinar.domain import materials, releases
from webinar.domain.releases import Access
from webinar.extensions import db
from webinar.models import Grantee, Material, MaterialKind, Purpose, Talk, TalkSpeaker, TalkState

EVERYONE = Access(groups=frozenset({Grantee.EVERYONE}))
INVITED = Access()
SLIDES = b"%PDF-1.7 slides"


def kept(app: Flask, talk: Talk, access: Access | None, **values: Any) -> Material:
    """A stored file of the talk; released if `access` says to whom."""
    content = values.pop("content", SLIDES)
    storage = FolderStorage(settings_of(app).storage_folder, reserve=0)
    given = {
        "kind": MaterialKind.SLIDES,
        "title": "Folien des Abends",
        "media_type": "application/pdf",
        "file_name": "Folien für alle.pdf",
        **values,
    }
    stored = storage.put(BytesIO(content), limit=len(content))
    row = materials.add(talk, stored=stored, by=None, **given)
    if access is not None:
        releases.release(talk, material_ids=[row.id], access=access, by=None)
    db.session.commit()
    return row


def film(app: Flask, talk: Talk, access: Access) -> Material:
    return kept(
        app,
        talk,
        access,
        content=bytes(range(100)),
        kind=MaterialKind.RECORDING,
        title="Aufzeichnung",
        media_type="video/mp4",
        file_name="abend.mp4",
    )


def test_speaker_opens_what_was_released_to_others(app: Flask, client: FlaskClient) -> None:
    talk = factories.talk()
    path = speaker_address(factories.speaker(talk), talk)
    deck, early = kept(app, talk, INVITED), kept(app, talk, None, content=b"%PDF-1.7 draft")
    page = client.get(path).text
    assert f'href="{path}/datei/{deck.public_id}"' in page
    assert early.public_id not in page
    answer = client.get(f"{path}/datei/{deck.public_id}")
    assert (answer.status_code, answer.data) == (200, SLIDES)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert client.get(f"{path}/datei/{early.public_id}").status_code == 404


def test_speaker_opens_nothing_of_another_talk_or_once_taken_off(
    app: Flask, client: FlaskClient
) -> None:
    talk, elsewhere = factories.talk(), factories.talk()
    speaker = factories.speaker(talk)
    path = speaker_address(speaker, talk)
    other = kept(app, elsewhere, EVERYONE)
    mine = kept(app, talk, EVERYONE)
    assert client.get(f"{path}/datei/{other.public_id}").status_code == 404
    guest = factories.contact()
    stolen = address(guest, Purpose.ARCHIVE, talk).replace("/a/", "/s/")
    assert client.get(f"{stolen}/datei/{mine.public_id}").status_code == 404
    db.session.delete(db.session.query(TalkSpeaker).filter_by(talk_id=talk.id).one())
    db.session.commit()
    assert client.get(f"{path}/datei/{mine.public_id}").status_code == 404


def test_speakers_downloads_write_nothing(app: Flask, client: FlaskClient) -> None:
    talk = factories.talk()
    path = speaker_address(factories.speaker(talk), talk)
    file = f"{path}/datei/{kept(app, talk, INVITED).public_id}"
    before = everything()
    assert set(looked_at(client, file)) == {200}
    assert everything() == before


def test_public_page_offers_what_is_for_everyone(app: Flask, client: FlaskClient) -> None:
    talk = factories.talk(starts_at=factories.at("2026-09-17T16:00"))
    deck, private = kept(app, talk, EVERYONE), kept(app, talk, INVITED, content=b"%PDF-1.7 b")
    recording = film(app, talk, EVERYONE)
    link = materials.add_link(talk, title="Leitfaden", url="https://lra.example/a", by=None)
    releases.release(talk, material_ids=[link.id], access=EVERYONE, by=None)
    db.session.commit()
    path = f"/veranstaltungen/{talk.slug}"
    page = client.get(path)
    assert f'href="{path}/datei/{deck.public_id}"' in page.text
    assert 'href="https://lra.example/a"' in page.text
    assert private.public_id not in page.text
    assert "Der Link in Ihrer Nachricht öffnet sie" in page.text
    answer = client.get(f"{path}/datei/{deck.public_id}")
    assert answer.data == SLIDES
    assert answer.headers["Content-Disposition"].startswith("attachment")
    played = client.get(f"{path}/datei/{recording.public_id}", headers={"Range": "bytes=10-19"})
    assert (played.status_code, played.data) == (206, bytes(range(10, 20)))
    assert played.headers["Content-Disposition"] == "inline"
    assert client.get(f"{path}/datei/{private.public_id}").status_code == 404
    assert client.get(f"{path}/datei/{link.public_id}").status_code == 404
    assert "Set-Cookie" not in page.headers
    assert "Set-Cookie" not in answer.headers


def test_public_page_speaks_of_links_only_where_something_is_withheld(
    app: Flask, client: FlaskClient
) -> None:
    talk = factories.talk(starts_at=factories.at("2026-09-17T16:00"))
    kept(app, talk, EVERYONE)
    assert "Der Link in Ihrer Nachricht" not in client.get(f"/veranstaltungen/{talk.slug}").text


@pytest.mark.parametrize("reason", ["draft", "withdrawn", "expired", "other talk"])
def test_public_file_is_not_there(app: Flask, client: FlaskClient, reason: str) -> None:
    talk = factories.talk()
    row, slug = kept(app, talk, EVERYONE), talk.slug
    assert client.get(f"/veranstaltungen/{slug}/datei/{row.public_id}").status_code == 200
    if reason == "draft":
        talk.state = TalkState.DRAFT
    elif reason == "withdrawn":
        releases.withdraw(row, by=None)
    elif reason == "expired":
        row.delete_on = materials.today()
    else:
        slug = factories.talk().slug
    db.session.commit()
    missing = client.get(f"/veranstaltungen/{slug}/datei/{row.public_id}")
    never = client.get(f"/veranstaltungen/{slug}/datei/{'x' * 16}")
    assert missing.status_code == 404
    assert missing.text == never.text


def test_public_page_asks_the_same_queries_for_one_file_and_for_three(
    app: Flask, client: FlaskClient
) -> None:
    talk = factories.talk()
    path = f"/veranstaltungen/{talk.slug}"
    numbers = []
    for contents in ([b"%PDF-1.7 1"], [b"%PDF-1.7 2", b"%PDF-1.7 3"]):
        for content in contents:
            kept(app, talk, EVERYONE, content=content)
        db.session.remove()
        with counted() as statements:
            assert client.get(path).status_code == 200
        numbers.append(len(statements))
        talk = db.session.get_one(Talk, talk.id)
    assert numbers == [5, 5]
