"""The archive behind a personal link: page, player, downloads, and who gets nothing."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import factories
from tests.queries import counted
from webinar import settings_of
from webinar.adapters.documents import MediaType
from webinar.adapters.storage import FolderStorage
from webinar.adapters.subtitles import Cue, write
from webinar.clock import frozen
from webinar.demo import decks
from webinar.domain import chapters, invitations, links, materials, pages, releases, subtitles
from webinar.domain.releases import Access
from webinar.extensions import db
from webinar.jobs import queue
from webinar.jobs.handlers import HANDLERS
from webinar.models import (
    Answer,
    Contact,
    Grantee,
    Link,
    Material,
    MaterialKind,
    Purpose,
    Talk,
)
from webinar.web.archives import seconds

pytestmark = pytest.mark.usefixtures("read_once")

FILM = bytes(range(256)) * 40
SLIDES, RECORDING, HANDOUT = MaterialKind.SLIDES, MaterialKind.RECORDING, MaterialKind.HANDOUT


@dataclass
class Archive:
    """One talk with one invited person and the link to the archive."""

    app: Flask
    talk: Talk
    person: Contact
    link: Link

    @property
    def path(self) -> str:
        return path_of(self.app, self.link)

    def add(
        self,
        content: bytes,
        *,
        kind: MaterialKind = SLIDES,
        media: MediaType = MediaType.PDF,
        name: str = "folien.pdf",
        title: str = "Folien",
        release: bool = True,
    ) -> Material:
        storage = FolderStorage(settings_of(self.app).storage_folder, reserve=0)
        stored = storage.put(BytesIO(content), limit=len(content))
        row = materials.add(
            self.talk,
            kind=kind,
            title=title,
            stored=stored,
            media_type=media.media_type,
            file_name=name,
            by=None,
        )
        if release:
            self.release(row)
        db.session.commit()
        return row

    def film(self, content: bytes = FILM) -> Material:
        return self.add(content, kind=RECORDING, media=MediaType.MP4, name="abend.mp4")

    def release(self, *rows: Material, access: Access | None = None) -> None:
        ids = [row.id for row in rows]
        releases.release(self.talk, material_ids=ids, access=access or Access(), by=None)
        db.session.commit()


def path_of(app: Flask, link: Link) -> str:
    return links.address(link, base_url="", keys=settings_of(app).link_keys)


@pytest.fixture
def archive(app: Flask) -> Archive:
    talk = factories.talk(starts_at=factories.at("2026-09-17T16:00"))
    factories.speaker(talk)
    person = factories.contact()
    factories.invitation(talk, person)
    link = links.contact_link(person, purpose=Purpose.ARCHIVE, talk=talk)
    db.session.commit()
    return Archive(app, talk, person, link)


def processed(app: Flask) -> None:
    while queue.work(settings_of(app), HANDLERS):
        pass


def test_page_shows_player_slides_with_text_and_files(
    client: FlaskClient, archive: Archive
) -> None:
    deck = archive.add(decks.SLIDES.read_bytes())
    film = archive.add(
        decks.RECORDING.read_bytes(),
        kind=RECORDING,
        media=MediaType.MP4,
        name="abend.mp4",
        title="Aufzeichnung",
    )
    address = "https://lra.example/a"
    link = materials.add_link(archive.talk, title="Leitfaden", url=address, by=None)
    archive.release(link)
    processed(archive.app)
    db.session.refresh(film)
    film.delete_on = materials.today() + timedelta(days=400)
    db.session.commit()
    page = client.get(archive.path)
    assert page.status_code == 200
    text = page.text
    assert archive.talk.title in text
    assert f'src="{archive.path}/wiedergabe/{film.public_id}"' in text
    assert f'href="{archive.path}/datei/{deck.public_id}"' in text
    assert 'href="#seite-4"' in text
    assert 'id="seite-4"' in text
    assert f'src="{archive.path}/seite/{deck.public_id}/4/gross"' in text
    assert "Scannen und ersetzen" in text
    assert '<small class="num">PDF, 8 Seiten, ' in text
    assert "Im Archiv seit" in text
    assert "Sie steht hier bis" in text
    assert 'href="https://lra.example/a" rel="noopener noreferrer"' in text
    assert "Set-Cookie" not in page.headers
    assert page.headers["Cache-Control"] == "no-store"


def test_page_without_anything_says_so(client: FlaskClient, archive: Archive) -> None:
    page = client.get(archive.path)
    assert page.status_code == 200
    assert "Noch ist nichts freigegeben." in page.text
    assert "<video" not in page.text


@pytest.mark.parametrize(
    ("asked", "begin"),
    [("1025", 1025), ("17:05", 1025), ("1:17:05", 4625), ("", 0), ("x", 0), ("1:2:3:4", 0)],
)
def test_moment_in_the_address_is_read(asked: str, begin: int) -> None:
    assert seconds(asked) == begin


def test_moment_in_the_address_starts_the_recording_there(
    client: FlaskClient, archive: Archive
) -> None:
    film = archive.film()
    assert f'{film.public_id}#t=1025"' in client.get(archive.path + "?t=17:05").text
    assert "#t=" not in client.get(archive.path + '?t="><script>').text


def test_subtitles_stand_at_their_recording_and_open_and_close_with_it(
    client: FlaskClient, archive: Archive
) -> None:
    film = archive.film()
    lines = [Cue(0, 2000, "Guten Abend.")]
    text = write(lines)
    storage = FolderStorage(settings_of(archive.app).storage_folder, reserve=0)
    track = subtitles.put(
        film,
        language="de",
        title="Untertitel",
        stored=storage.put(BytesIO(text), limit=len(text)),
        file_name="a.vtt",
        lines=lines,
        by=factories.account(),
    )
    db.session.commit()
    other = archive.film(FILM + b"2")
    address = f"{archive.path}/wiedergabe/{track.public_id}"
    shown = f'<track kind="subtitles" label="Deutsch" srclang="de" src="{address}" default>'
    page = client.get(archive.path).text
    assert page.count("<track") == page.count(shown) == 1
    assert page.index(film.public_id) < page.index(shown) < page.index(other.public_id)
    sent = client.get(address)
    assert (sent.data, sent.content_type) == (text, "text/vtt; charset=utf-8")
    releases.withdraw(film, by=None)
    db.session.commit()
    assert client.get(address).status_code == 404
    archive.release(film)
    assert client.get(address).status_code == 200


def test_pages_with_times_and_chapters_lead_to_their_second(
    client: FlaskClient, archive: Archive
) -> None:
    office = factories.account()
    deck, film = archive.add(decks.SLIDES.read_bytes()), archive.film()
    processed(archive.app)
    film = db.session.get_one(Material, film.id)
    deck = db.session.get_one(Material, deck.id)
    pages.set_times(deck, times={1: 0, 4: 1025_000}, recording=film, by=office)
    chapters.set_chapters(film, [(1025_500, "Scannen <ersetzen>")], by=office)
    db.session.commit()
    page = client.get(archive.path).text
    assert '<ol class="leaves leaves--one" tabindex="0"' in page
    assert '<li class="leaf" id="seite-4" data-from="1025.0">' in page
    assert f'href="{archive.path}?t=17:05#video" data-at="1025.0">17:05</a>' in page
    assert 'data-at="1025.5" data-chapter><span class="num">17:05</span>' in page
    assert "Scannen &lt;ersetzen&gt;" in page
    assert "<script>" not in page
    large = client.get(f"{archive.path}/seite/{deck.public_id}/4/gross")
    assert (large.status_code, large.content_type) == (200, "image/webp")


def test_everything_comes_as_one_zip_of_what_the_person_may_open(
    client: FlaskClient, archive: Archive
) -> None:
    archive.add(b"a" * 300_000, name="Überblick.pdf")
    archive.add(b"b", name="überblick.PDF")
    archive.add(b"secret", name="geheim.pdf", release=False)
    assert f"{archive.path}/alles.zip" in client.get(archive.path).text
    sent = client.get(f"{archive.path}/alles.zip")
    assert sent.headers["Content-Length"] == str(len(sent.data))
    disposition = sent.headers["Content-Disposition"]
    assert disposition == f"attachment; filename=unterlagen-{archive.talk.slug}.zip"
    with zipfile.ZipFile(BytesIO(sent.data)) as folder:
        assert folder.namelist() == ["Überblick.pdf", "überblick (2).pdf"]
        assert folder.read("Überblick.pdf") == b"a" * 300_000
    assert client.head(f"{archive.path}/alles.zip").data == b""


def test_what_everybody_may_open_has_a_page_of_its_own(
    client: FlaskClient, archive: Archive
) -> None:
    base = f"/veranstaltungen/{archive.talk.slug}/unterlagen"
    deck, film = archive.add(decks.SLIDES.read_bytes(), release=False), archive.film()
    assert client.get(base).status_code == 404
    archive.release(deck, access=Access(groups=frozenset({Grantee.EVERYONE})))
    processed(archive.app)
    page = client.get(base).text
    assert f'src="{base}/seite/{deck.public_id}/1/gross"' in page
    assert film.public_id not in page
    for rest in (f"datei/{deck.public_id}", f"seite/{deck.public_id}/1", "alles.zip"):
        assert client.get(f"{base}/{rest}").status_code == 200
    for row in (film, deck):
        assert client.get(f"{base}/wiedergabe/{row.public_id}").status_code == 404
    assert f'href="{base}"' in client.get(f"/veranstaltungen/{archive.talk.slug}").text


def test_one_query_count_for_one_and_for_three(client: FlaskClient, archive: Archive) -> None:
    counts = []
    for number in (1, 2, 3):
        archive.add(f"deck {number}".encode())
        path = archive.path
        db.session.expire_all()
        with counted() as statements:
            assert client.get(path).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[2] == 3


def test_download_is_byte_for_byte_with_name_and_type(
    client: FlaskClient, archive: Archive
) -> None:
    content = decks.SLIDES.read_bytes()
    row = archive.add(content, name="Überblick „Bauantrag“.pdf")
    sent = client.get(f"{archive.path}/datei/{row.public_id}")
    assert (
        hashlib.sha256(sent.data).hexdigest() == row.sha256 == hashlib.sha256(content).hexdigest()
    )
    assert sent.headers["Content-Type"] == "application/pdf"
    assert sent.headers["Content-Length"] == str(len(content))
    assert sent.headers["X-Content-Type-Options"] == "nosniff"
    assert sent.headers["Content-Disposition"] == (
        'attachment; filename="_berblick _Bauantrag_.pdf"; '
        "filename*=UTF-8''%C3%9Cberblick%20%E2%80%9EBauantrag%E2%80%9C.pdf"
    )
    assert sent.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.hostile
@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Windows\\system32\\cmd.exe", "cmd.pdf"),
        ('a"; filename="evil.exe', "a-; filename=-evil.pdf"),
        ("a\r\nX-Evil: 1.pdf", "aX-Evil- 1.pdf"),
        ("fdp.\u202eexe", "Datei.pdf"),
        ("", "Datei.pdf"),
        ("x" * 255, "x" * 100 + ".pdf"),
    ],
)
def test_hostile_names_become_harmless_ones(
    client: FlaskClient, archive: Archive, name: str, plain: str
) -> None:
    row = archive.add(b"bytes", name=name)
    sent = client.get(f"{archive.path}/datei/{row.public_id}")
    assert sent.data == b"bytes"
    header = sent.headers["Content-Disposition"]
    assert "X-Evil" not in sent.headers
    assert "\n" not in header
    if name != "fdp.\u202eexe":
        assert header in (f'attachment; filename="{plain}"', f"attachment; filename={plain}")
    else:
        assert header.endswith(".pdf")


def play(client: FlaskClient, archive: Archive, row: Material, **headers: str) -> TestResponse:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(f"{archive.path}/wiedergabe/{row.public_id}", headers=names)


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, len(FILM)),
        ("bytes=100-299", 100, 300),
        ("bytes=10000-99999", 10000, len(FILM)),
        ("bytes=-7", len(FILM) - 7, len(FILM)),
        (f"bytes={len(FILM) - 1}-", len(FILM) - 1, len(FILM)),
    ],
)
def test_range_is_served_byte_for_byte(
    client: FlaskClient, archive: Archive, *, asked: str, start: int, stop: int
) -> None:
    sent = play(client, archive, archive.film(), Range=asked)
    assert sent.status_code == 206
    assert sent.data == FILM[start:stop]
    assert sent.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(FILM)}"
    assert sent.headers["Content-Length"] == str(stop - start)
    assert sent.headers["Accept-Ranges"] == "bytes"
    assert sent.headers["Content-Type"] == "video/mp4"
    assert sent.headers["Content-Disposition"] == "inline"


def test_pieces_of_any_size_make_up_the_whole(client: FlaskClient, archive: Archive) -> None:
    content = bytes(n * 7 % 251 for n in range(700_001))
    row = archive.film(content)
    parts = []
    for start in range(0, len(content), 99_991):
        sent = play(client, archive, row, Range=f"bytes={start}-{start + 99_990}")
        assert sent.status_code == 206
        parts.append(sent.data)
    assert b"".join(parts) == content


@pytest.mark.parametrize("asked", [f"bytes={len(FILM)}-", "bytes=99999999-99999999999"])
def test_range_behind_the_end_is_refused(client: FlaskClient, archive: Archive, asked: str) -> None:
    sent = play(client, archive, archive.film(), Range=asked)
    assert sent.status_code == 416
    assert sent.headers["Content-Range"] == f"bytes */{len(FILM)}"
    assert sent.data == b""


@pytest.mark.hostile
@pytest.mark.parametrize(
    "asked",
    ["bytes=0-1,5-6", "bytes=5-1", "bytes=x-y", "lines=1-2", "bytes", "bytes=" + "0-1," * 999],
)
def test_ranges_that_are_not_served_get_the_whole(
    client: FlaskClient, archive: Archive, asked: str
) -> None:
    sent = play(client, archive, archive.film(), Range=asked)
    assert (sent.status_code, sent.data) == (200, FILM)


def test_etag_is_the_digest_and_saves_the_bytes(client: FlaskClient, archive: Archive) -> None:
    row = archive.film()
    sent = play(client, archive, row)
    assert sent.headers["ETag"] == f'"{row.sha256}"'
    again = play(client, archive, row, If_None_Match=f'"{row.sha256}"')
    assert (again.status_code, again.data) == (304, b"")


def test_range_of_an_older_file_gets_the_whole(client: FlaskClient, archive: Archive) -> None:
    row = archive.film()
    for condition, status in (
        (f'"{row.sha256}"', 206),
        ('"other"', 200),
        (f'W/"{row.sha256}"', 200),
        ("Thu, 17 Sep 2026 16:00:00 GMT", 200),
    ):
        sent = play(client, archive, row, Range="bytes=0-9", If_Range=condition)
        assert (condition, sent.status_code) == (condition, status)


def test_head_sends_no_bytes_and_their_number(client: FlaskClient, archive: Archive) -> None:
    row = archive.film()
    sent = client.head(f"{archive.path}/wiedergabe/{row.public_id}")
    assert (sent.status_code, sent.data) == (200, b"")
    assert sent.headers["Content-Length"] == str(len(FILM))


def test_only_recordings_and_subtitles_play_in_the_page(
    client: FlaskClient, archive: Archive
) -> None:
    row = archive.add(b"%PDF", name="folien.pdf")
    assert play(client, archive, row).status_code == 404


def test_thumbnail_is_a_picture_and_keeps_while_it_holds(
    client: FlaskClient, archive: Archive
) -> None:
    row = archive.add(decks.SLIDES.read_bytes())
    processed(archive.app)
    path = f"{archive.path}/seite/{row.public_id}"
    sent = client.get(f"{path}/1")
    assert (sent.status_code, sent.content_type) == (200, "image/webp")
    assert sent.data[:4] == b"RIFF"
    again = client.get(f"{path}/1", headers={"If-None-Match": sent.headers["ETag"]})
    assert again.status_code == 304
    assert client.get(f"{path}/9").status_code == 404


def all_of(path: str, row: Material) -> list[str]:
    return [
        f"{path}/datei/{row.public_id}",
        f"{path}/wiedergabe/{row.public_id}",
        f"{path}/seite/{row.public_id}/1",
    ]


@pytest.fixture
def both(archive: Archive) -> list[Material]:
    """A recording and a deck with its pictures, both released."""
    rows = [archive.film(), archive.add(decks.SLIDES.read_bytes())]
    processed(archive.app)
    return rows


def nothing(client: FlaskClient, path: str, rows: list[Material]) -> None:
    for row in rows:
        for address in all_of(path, row):
            assert client.get(address).status_code == 404, address


def test_addresses_open_for_the_holder(
    client: FlaskClient, archive: Archive, both: list[Material]
) -> None:
    film, deck = (all_of(archive.path, row) for row in both)
    for address in (film[0], film[1], deck[0], deck[2]):
        assert client.get(address).status_code == 200


def test_nothing_without_the_signature_or_with_a_link_of_another_purpose(
    client: FlaskClient, archive: Archive, both: list[Material]
) -> None:
    nothing(client, f"/a/{archive.link.public_id}", both)
    nothing(client, archive.path[:-1], both)
    for purpose in (Purpose.ENTER, Purpose.ANSWER):
        other = links.contact_link(archive.person, purpose=purpose, talk=archive.talk)
        db.session.commit()
        token = path_of(archive.app, other).split("/")[2]
        nothing(client, f"/a/{token}", both)
        nothing(client, path_of(archive.app, other), both)


def test_nothing_with_another_talks_link_or_another_persons(
    client: FlaskClient, archive: Archive, both: list[Material]
) -> None:
    elsewhere = factories.talk()
    factories.invitation(elsewhere, archive.person)
    stranger = factories.contact()
    others = [
        links.contact_link(archive.person, purpose=Purpose.ARCHIVE, talk=elsewhere),
        links.contact_link(stranger, purpose=Purpose.ARCHIVE, talk=archive.talk),
    ]
    db.session.commit()
    for link in others:
        path = path_of(archive.app, link)
        nothing(client, path, both)
        assert both[0].public_id not in client.get(path).text


def test_nothing_with_a_revoked_or_reissued_link(
    client: FlaskClient, archive: Archive, both: list[Material]
) -> None:
    before = archive.path
    links.reissue(archive.link)
    db.session.commit()
    nothing(client, before, both)
    assert client.get(before).status_code == 404
    links.revoke(archive.link)
    db.session.commit()
    nothing(client, archive.path, both)


def test_nothing_once_the_grant_has_gone(
    client: FlaskClient, archive: Archive, both: list[Material]
) -> None:
    for row in both:
        releases.withdraw(row, by=None)
    db.session.commit()
    nothing(client, archive.path, both)
    archive.release(*both, access=Access(groups=frozenset({Grantee.REGISTERED})))
    nothing(client, archive.path, both)
    for row in both:
        releases.withdraw(row, by=None)
    archive.release(*both)
    assert client.get(all_of(archive.path, both[0])[0]).status_code == 200
    found = invitations.invitation_of(archive.talk, contact=archive.person)
    assert found is not None
    found.answer = Answer.WITHDRAWN
    db.session.commit()
    nothing(client, archive.path, both)


def test_nothing_of_what_was_never_released(client: FlaskClient, archive: Archive) -> None:
    row = archive.add(b"early", release=False)
    nothing(client, archive.path, [row])
    assert row.public_id not in client.get(archive.path).text


def test_nothing_of_what_was_deleted_or_has_expired(
    client: FlaskClient, archive: Archive, both: list[Material]
) -> None:
    film, deck = both
    film.delete_on = materials.today()
    db.session.commit()
    nothing(client, archive.path, [film])
    public_id = deck.public_id
    materials.delete(deck, by=None)
    db.session.commit()
    for kind in ("datei", "wiedergabe"):
        assert client.get(f"{archive.path}/{kind}/{public_id}").status_code == 404


def test_strangers_page_looks_like_one_that_never_was(
    client: FlaskClient, archive: Archive
) -> None:
    row = archive.add(b"secret", release=False)
    there = client.get(f"{archive.path}/datei/{row.public_id}").text
    never = client.get(f"{archive.path}/datei/{'x' * 16}").text
    assert there == never


def test_past_evening_stands_in_the_muted_date(client: FlaskClient, archive: Archive) -> None:
    with frozen(factories.at("2026-09-17T18:00")):
        assert "date--past" in client.get(archive.path).text
    with frozen(factories.at("2026-09-17T15:00")):
        assert "date--past" not in client.get(archive.path).text
