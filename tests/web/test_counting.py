"""Counting over HTTP: what begins a file and what does not, and the page of the desk about it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.personal import address
from tests.web.test_archive import Archive
from webinar.adapters.documents import MediaType
from webinar.adapters.spreadsheet import read_table
from webinar.clock import frozen, now
from webinar.domain import links, office_acts
from webinar.domain.releases import Access
from webinar.extensions import db
from webinar.models import Account, Contact, Grantee, Mail, MaterialKind, Opening, Purpose

DAY = now() - timedelta(days=1)


@pytest.fixture
def archive(app: Flask) -> Archive:
    talk = factories.talk(starts_at=DAY)
    person = factories.contact(first_name="Zoe", last_name="Zapf")
    factories.invitation(talk, person)
    link = links.contact_link(person, purpose=Purpose.ARCHIVE, talk=talk)
    db.session.commit()
    return Archive(app, talk, person, link)


def opened() -> list[tuple[str, int | None]]:
    db.session.expire_all()
    rows = db.session.scalars(select(Opening).order_by(Opening.id))
    return [(row.kind, row.contact_id) for row in rows]


def test_only_what_begins_a_file_is_counted(client: FlaskClient, archive: Archive) -> None:
    film = archive.film()
    path = f"{archive.path}/wiedergabe/{film.public_id}"
    # What a mail leads to: a gateway asks it. Its player asks for nothing before somebody plays.
    assert 'preload="none"' in client.get(archive.path).text
    ignored: list[dict[str, str]] = [
        {"Range": "bytes=100-"},
        {"Range": "bytes=-50"},
        {"If-None-Match": f'"{film.sha256}"'},
        {"Sec-Purpose": "prefetch;prerender"},
    ]
    for headers in ignored:
        assert client.get(path, headers=headers).status_code in (200, 206, 304)
    client.head(path)
    client.get(f"{archive.path}/wiedergabe/unbekannt")
    assert opened() == []
    for headers in ({"Range": "bytes=0-1"}, {"Range": "bytes=0-"}, {}):
        client.get(path, headers=headers)
    client.get(f"{archive.path}/datei/{film.public_id}")
    assert opened() == [("view", archive.person.id), ("download", archive.person.id)]


def test_the_public_page_is_counted_without_a_name_and_subtitles_not(
    client: FlaskClient, archive: Archive
) -> None:
    film = archive.add(
        b"film", kind=MaterialKind.RECORDING, media=MediaType.MP4, name="a.mp4", release=False
    )
    lines = archive.add(
        b"WEBVTT\n", kind=MaterialKind.SUBTITLES, media=MediaType.VTT, name="a.vtt", release=False
    )
    deck = archive.add(b"%PDF-1", release=False)
    everyone = Access(groups=frozenset({Grantee.EVERYONE}))
    archive.release(film, lines, deck, access=everyone)
    for material in (film, deck):
        page = f"/veranstaltungen/{archive.talk.slug}/datei/{material.public_id}"
        assert client.get(page).status_code == 200
    assert client.get(f"{archive.path}/wiedergabe/{lines.public_id}").status_code == 200
    assert opened() == [("view", None), ("download", None)]


def test_desk_shows_figures_and_people_and_gives_the_list_as_a_file(
    client: FlaskClient, desk: FlaskClient, archive: Archive
) -> None:
    deck = archive.add(b"%PDF-1")
    path = f"/desk/veranstaltungen/{archive.talk.id}/unterlagen/abrufe"
    assert "In den letzten 90 Tagen hat niemand etwas" in desk.get(path).text
    client.get(f"{archive.path}/datei/{deck.public_id}")
    page = desk.get(path).text
    assert "1 Abruf, 1 bis 1 angezeigt" in page
    assert ">Zapf, Zoe</a>" in page
    assert "Niemand passt" not in page
    assert "Zapf" not in desk.get(f"{path}?q=anders").text
    for kind in ("csv", "xlsx"):
        found = read_table(desk.get(f"{path}/liste.{kind}").data, filename=f"x.{kind}")
        assert found.rows[0].cells[1:3] == ("Zoe", "Zapf")
    with frozen(now() + timedelta(days=90)):
        assert "Zapf" not in desk.get(path).text


def test_a_leaked_link_is_replaced_for_one_person_alone(
    app: Flask, client: FlaskClient, desk: FlaskClient, archive: Archive, organiser: Account
) -> None:
    deck, other = archive.add(b"%PDF-1"), factories.contact()
    factories.audience(members=[other])
    old, theirs = archive.path, address(other, Purpose.ARCHIVE, archive.talk)
    answer = address(archive.person, Purpose.ANSWER, archive.talk)
    mine = address(archive.person, Purpose.PREFERENCES)
    path = f"/desk/veranstaltungen/{archive.talk.id}/personen/{archive.person.id}"
    page = desk.get(path).text
    assert "Link zu den Unterlagen senden" in page
    sent = desk.post(f"{path}/link/ersetzen", data={"notify": "y"}, follow_redirects=True)
    assert "Der Link ist ersetzt." in sent.text
    db.session.expire_all()
    for gone in (old, f"{old}/datei/{deck.public_id}", answer, mine):
        assert client.get(gone).status_code == 404
    assert client.get(archive.path).status_code == client.get(theirs).status_code == 200
    assert [mail.template for mail in mails(archive.person)] == ["archive_link"]
    # Who holds nothing but a link to the archive has a page of their own, too.
    assert "nicht eingeladen" in desk.get(f"{path.rpartition('/')[0]}/{other.id}").text
    office_acts.send_link(archive.talk, contact=other, number=1, by=organiser)
    assert [mail.template for mail in mails(other)] == ["archive_link"]


def mails(contact: Contact) -> list[Mail]:
    return list(db.session.scalars(select(Mail).where(Mail.contact_id == contact.id)))
