"""The speakers' pages, with real photos through the real store."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from tests import factories
from tests.queries import counted
from webinar.domain import speakers
from webinar.extensions import db
from webinar.models import Account, AuditEntry, Speaker
from webinar.web.settings import storage

LIST = "/desk/referenten"


def picture(size: tuple[int, int] = (900, 1200), kind: str = "JPEG") -> io.BytesIO:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Kamera von Katharina"
    Image.new("RGB", size, "teal").save(out, kind, exif=exif)
    out.seek(0)
    return out


def typed(**changes: object) -> dict[str, object]:
    usual = {"last_name": "Brandl", "email": "brandl@lra.example", "form": "frau", "language": "de"}
    return {**usual, **changes}


def with_photo(**changes: object) -> dict[str, object]:
    usual = {
        "photo": (picture(), "../../portraet.jpg"),
        "photo_alt": "Porträt einer Frau",
        "photo_credit": "Foto: Clara Hofmann",
    }
    return typed(**{**usual, **changes})


def stored() -> list[str]:
    return list(storage().keys())


def test_list_costs_the_same_for_one_and_three(desk: FlaskClient) -> None:
    costs = []
    for number in (1, 2):
        for _ in range(number):
            factories.speaker(factories.talk())
        db.session.expire_all()
        with counted() as statements:
            assert desk.get(LIST).status_code == 200
        costs.append(len(statements))
    assert costs == [4, 4]


def test_list_is_searched_by_name(desk: FlaskClient) -> None:
    factories.speaker(last_name="Östreicher", first_name="Jana")
    factories.speaker(last_name="Brandl", first_name="Karin")
    page = desk.get(f"{LIST}?q=ostr").text
    assert "Östreicher, Dr. Jana" in page
    assert "Brandl" not in page
    assert "Zzz" in desk.get(f"{LIST}?q=Zzz").text


def test_speaker_page_costs_the_same_for_one_and_three_talks(
    desk: FlaskClient, organiser: Account
) -> None:
    speaker = factories.speaker()
    costs = []
    for number in (1, 2):
        for _ in range(number):
            speakers.add_to_talk(factories.talk(), speaker, by=organiser)
            db.session.commit()
        db.session.expire_all()
        with counted() as statements:
            assert desk.get(f"{LIST}/{speaker.id}").status_code == 200
        costs.append(len(statements))
    assert costs[0] == costs[1]


def test_speaker_is_added_with_a_small_bare_photo(desk: FlaskClient) -> None:
    answer = desk.post(f"{LIST}/neu", data=with_photo(first_name="Katharina", title="Dr."))
    assert answer.status_code == 303
    found = db.session.scalars(select(Speaker)).one()
    assert stored() == [found.photo_key]
    photo = desk.get(f"{LIST}/{found.id}/foto")
    assert photo.mimetype == "image/webp"
    with Image.open(io.BytesIO(photo.data)) as image:
        assert image.size == (600, 800)
        assert not image.getexif()
    page = desk.get(f"{LIST}/{found.id}").text
    for shown in ("Dr. Katharina Brandl", "Foto: Clara Hofmann", 'alt="Porträt einer Frau"'):
        assert shown in page


def test_speaker_is_added_from_a_talk_and_put_on_it(desk: FlaskClient) -> None:
    talk = factories.talk()
    answer = desk.post(f"{LIST}/neu?talk={talk.id}", data=typed())
    assert answer.headers["Location"].startswith(f"/desk/veranstaltungen/{talk.id}")
    db.session.expire_all()
    assert [one.last_name for one in talk.speakers] == ["Brandl"]
    assert len(speakers.links_of(talk)) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"last_name": ""}, "last_name"),
        ({"email": "brandl.lra.example"}, "email"),
        ({"email": ""}, "email"),
        ({"photo_alt": " "}, "photo_alt"),
        ({"photo_credit": ""}, "photo_credit"),
        ({"photo": (io.BytesIO(b"%PDF-1.7 kein Bild"), "foto.jpg")}, "photo"),
        ({"photo": (io.BytesIO(b"<svg onload=alert(1)>"), "foto.svg")}, "photo"),
        ({"title": "x" * 61}, "title"),
    ],
)
def test_bad_input_stands_at_its_field_and_leaves_no_file(
    desk: FlaskClient, changes: dict[str, object], field: str
) -> None:
    fresh = {
        name: (io.BytesIO(value[0].getvalue()), value[1]) if isinstance(value, tuple) else value
        for name, value in changes.items()
    }
    answer = desk.post(f"{LIST}/neu", data=with_photo(biography="Bleibt <da>", **fresh))
    assert answer.status_code == 422
    assert f'id="{field}-e"' in answer.text
    assert "Bleibt &lt;da&gt;" in answer.text
    assert 'id="photo-e"' in answer.text
    assert stored() == []
    assert db.session.scalars(select(Speaker)).all() == []


def test_photo_may_have_ten_megabytes_and_not_more(desk: FlaskClient) -> None:
    large = io.BytesIO(picture().getvalue() + b"\0" * (10 * 1024 * 1024))
    answer = desk.post(f"{LIST}/neu", data=with_photo(photo=(large, "gross.jpg")))
    assert answer.status_code == 422
    assert "10" in answer.text
    assert stored() == []


def test_new_photo_replaces_the_old_and_removing_leaves_none(desk: FlaskClient) -> None:
    desk.post(f"{LIST}/neu", data=with_photo())
    found = db.session.scalars(select(Speaker)).one()
    address, old = f"{LIST}/{found.id}/bearbeiten", found.photo_key
    assert 'name="remove_photo"' in desk.get(address).text

    desk.post(address, data=with_photo(photo=(picture((300, 300), "PNG"), "neu.png")))
    db.session.refresh(found)
    assert found.photo_key != old
    assert stored() == [found.photo_key]

    words = {"photo_alt": "Porträt", "photo_credit": "Foto: LRA"}
    assert desk.post(address, data=typed(**words)).status_code == 303
    assert stored() == [found.photo_key]

    desk.post(address, data=typed(remove_photo="y", **words))
    db.session.refresh(found)
    assert (found.photo_key, stored()) == (None, [])
    assert desk.get(f"{LIST}/{found.id}/foto").status_code == 404
    changes = db.session.scalars(
        select(AuditEntry.changes)
        .where(AuditEntry.action == "speaker.edited")
        .order_by(AuditEntry.id)
    ).all()
    assert all(
        value is True for entry in changes for key, value in entry.items() if key != "photo_key"
    )


def test_speaker_of_a_talk_is_kept_and_another_removed_with_the_photo(
    app: Flask, desk: FlaskClient
) -> None:
    busy = factories.speaker(factories.talk())
    assert desk.post(f"{LIST}/{busy.id}/loeschen").status_code == 303
    assert "kern-alert--danger" in desk.get(f"{LIST}/{busy.id}").text
    desk.post(f"{LIST}/neu", data=with_photo())
    found = db.session.scalars(select(Speaker).where(Speaker.id != busy.id)).one()
    assert Path(str(storage().path(found.photo_key or ""))).is_file()
    desk.post(f"{LIST}/{found.id}/loeschen")
    assert db.session.scalars(select(Speaker.id)).all() == [busy.id]
    assert stored() == []
