"""What organisers make of a recording at the desk: subtitles, chapters, times of pages, cuts."""

from __future__ import annotations

import io
import shutil

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from webinar import settings_of
from webinar.adapters.storage import FolderStorage
from webinar.demo import decks
from webinar.domain import chapters, materials, subtitles
from webinar.extensions import db
from webinar.jobs import queue
from webinar.jobs.handlers import HANDLERS
from webinar.models import Material, MaterialKind, MaterialPage, Talk

pytestmark = pytest.mark.usefixtures("read_once")

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")


@pytest.fixture
def talk(app: Flask) -> Talk:
    """An evening with a recording and slides, both read."""
    talk = factories.talk()
    storage = FolderStorage(settings_of(app).storage_folder, reserve=0)
    for path, kind in ((decks.RECORDING, "recording"), (decks.SLIDES, "slides")):
        with path.open("rb") as file:
            stored = storage.put(file, limit=10**8)
        materials.add(
            talk,
            kind=MaterialKind(kind),
            title=kind,
            stored=stored,
            media_type="video/mp4" if kind == "recording" else "application/pdf",
            file_name=path.name,
            by=None,
        )
    db.session.commit()
    work(app)
    return talk


def work(app: Flask) -> None:
    while queue.work(settings_of(app), HANDLERS):
        pass
    db.session.expire_all()


def of_kind(talk: Talk, kind: str) -> Material:
    return next(row for row in materials.of_talk(talk) if row.kind == kind)


def path_of(row: Material, rest: str = "") -> str:
    return f"/desk/veranstaltungen/{row.talk_id}/unterlagen/{row.id}{rest}"


def test_subtitles_are_cleaned_kept_and_replaced_by_language(
    app: Flask, desk: FlaskClient, talk: Talk
) -> None:
    film = of_kind(talk, "recording")
    srt = "1\n00:00:01,000 --> 00:00:03,000\n<i>{text}</i>\n"
    for text, language in (("Grüß Gott", "de"), ("Good evening", "en"), ("Ämter", "de")):
        data = srt.format(text=text).encode("cp1252")
        fields = {"language": language, "file": (io.BytesIO(data), "a.srt")}
        answer = desk.post(path_of(film, "/untertitel"), data=fields)
        assert answer.status_code == 303, answer.text
    rows = subtitles.of_recording(film)
    assert [row.language for row in rows] == ["de", "en"]
    assert [line.text for line in subtitles.lines_of(rows[0])] == ["Ämter"]
    assert b"<i>" not in desk.get(path_of(rows[0], "/wiedergabe")).data
    page = desk.get(path_of(film)).text
    assert 'srclang="en"' in page
    work(app)
    storage = FolderStorage(settings_of(app).storage_folder, reserve=0)
    assert {row.storage_key for row in rows} <= set(storage.keys())
    materials.delete(db.session.get_one(Material, film.id), by=None)
    db.session.commit()
    work(app)
    assert {row.kind for row in materials.of_talk(talk)} == {"slides"}
    assert not {row.storage_key for row in rows} & set(storage.keys())


@pytest.mark.hostile
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"%PDF-1.7", "In dieser Datei sind keine Untertitel."),
        (b"00:00:05,000 --> 00:00:04,000\nx", "Was in Zeile 1 beginnt, endet vor seinem Anfang."),
        (b"01:00:05,000 --> 01:00:06,000\nx", "Ist es die richtige Datei?"),
    ],
)
def test_wrong_subtitles_are_refused_at_the_field(
    desk: FlaskClient, talk: Talk, *, data: bytes, said: str
) -> None:
    film = of_kind(talk, "recording")
    fields = {"language": "en", "file": (io.BytesIO(data), "a.vtt")}
    answer = desk.post(path_of(film, "/untertitel"), data=fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert '<option value="en" selected>' in answer.text
    assert subtitles.of_recording(film) == []


def test_chapters_are_typed_a_line_each_and_a_wrong_line_is_named(
    desk: FlaskClient, talk: Talk
) -> None:
    film = of_kind(talk, "recording")
    for typed, said in (
        ("0:00 Anfang\nohne Zeit", "Zeile 2 braucht eine Zeit und einen Titel"),
        ("1:00 Zu spät", "„Zu spät“ beginnt nach dem Ende der Aufzeichnung."),
        ("0:05 A\n0:05 B", "„B“ beginnt im selben Augenblick"),
    ):
        answer = desk.post(path_of(film, "/kapitel"), data={"chapters": typed})
        assert answer.status_code == 422
        assert said in answer.text
        assert typed.splitlines()[0] in answer.text
    typed = "0:09 Scannen und ersetzen\n\n0:00 Anfang"
    assert desk.post(path_of(film, "/kapitel"), data={"chapters": typed}).status_code == 303
    found = [(one.start_ms, one.title) for one in chapters.chapters_of([film])[film.id]]
    assert found == [(0, "Anfang"), (9000, "Scannen und ersetzen")]
    assert "0:00 Anfang\n0:09 Scannen" in desk.get(path_of(film, "/kapitel")).text


def test_times_of_pages_are_kept_and_a_wrong_one_keeps_the_others(
    desk: FlaskClient, talk: Talk
) -> None:
    deck = of_kind(talk, "slides")
    times = {"seite-1": "0:00", "seite-2": "0:03,5", "seite-4": "0:09"}
    for wrong, said in (
        ("morgen", "Das ist keine Zeitangabe."),
        ("0:09", "Eine andere Seite erscheint im selben Augenblick."),
        ("9:00", "Das liegt nach dem Ende der Aufzeichnung."),
    ):
        answer = desk.post(path_of(deck, "/zeiten"), data={**times, "seite-5": wrong})
        assert answer.status_code == 422
        assert said in answer.text
        assert 'name="seite-2" value="0:03,5"' in answer.text
        assert f'name="seite-5" value="{wrong}"' in answer.text
    assert desk.post(path_of(deck, "/zeiten"), data=times).status_code == 303
    query = select(MaterialPage.number, MaterialPage.starts_at_ms).where(
        MaterialPage.material_id == deck.id, MaterialPage.starts_at_ms.is_not(None)
    )
    found = db.session.execute(query.order_by(MaterialPage.number)).all()
    assert [tuple(row) for row in found] == [(1, 0), (2, 3500), (4, 9000)]


@needs_ffmpeg
def test_cut_is_looked_at_and_then_used(app: Flask, desk: FlaskClient, talk: Talk) -> None:
    film = of_kind(talk, "recording")
    before = film.storage_key
    wrong = desk.post(path_of(film, "/schnitt"), data={"start": "7", "end": "0:15"})
    assert wrong.status_code == 422
    assert "So sieht eine aus: 17:05 oder 1:17:05" in wrong.text
    asked = desk.post(path_of(film, "/schnitt"), data={"start": "0:07", "end": "0:15"})
    assert asked.status_code == 303
    assert "wird erstellt" in desk.get(path_of(film, "/schnitt")).text
    assert desk.get(path_of(film, "/schnitt/datei")).status_code == 404
    work(app)
    page = desk.get(path_of(film, "/schnitt")).text
    assert "Beginn bei 0:06 der Aufzeichnung" in page
    assert desk.get(path_of(film, "/schnitt/datei")).content_type == "video/mp4"
    assert of_kind(talk, "recording").storage_key == before
    assert desk.post(path_of(film, "/schnitt/uebernehmen")).status_code == 303
    work(app)
    film = of_kind(talk, "recording")
    assert (film.storage_key != before, film.duration_seconds) == (True, 9)
    again = desk.post(path_of(film, "/schnitt/uebernehmen"), follow_redirects=True)
    assert "Es wurde nichts geändert." in again.text


def test_server_without_ffmpeg_says_so_before_anything_is_typed(
    desk: FlaskClient, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = of_kind(talk, "recording")
    monkeypatch.setenv("PATH", "/nowhere")
    assert "ffmpeg nicht installiert" in desk.get(path_of(film, "/schnitt")).text
    asked = desk.post(path_of(film, "/schnitt"), data={"start": "0:07", "end": "0:15"})
    assert asked.status_code == 422


def test_what_is_not_there_for_a_kind_is_no_page(desk: FlaskClient, talk: Talk) -> None:
    film, deck = of_kind(talk, "recording"), of_kind(talk, "slides")
    for row, rest in ((deck, "/kapitel"), (deck, "/untertitel"), (deck, "/schnitt")):
        assert desk.get(path_of(row, rest)).status_code == 404
    assert desk.get(path_of(film, "/zeiten")).status_code == 404
