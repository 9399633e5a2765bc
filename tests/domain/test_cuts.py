"""Cutting a recording: what moves along, what has to be asked, on real films."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from webinar import settings_of
from webinar.adapters import films, media
from webinar.adapters import subtitles as files
from webinar.adapters.storage import FolderStorage, StoredFile
from webinar.demo import decks
from webinar.domain import chapters, cuts, materials, pages, subtitles
from webinar.domain.subtitles import Line
from webinar.errors import Conflict, RuleError
from webinar.extensions import db
from webinar.jobs import queue
from webinar.jobs.handlers import HANDLERS
from webinar.models import Account, Material, MaterialKind, RecordingCut, Talk

pytestmark = pytest.mark.usefixtures("read_once")

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")


@pytest.mark.parametrize(
    ("moments", "after"),
    [
        ([0, 3000, 6000, 9000, 15000], [None, 0, 1000, 4000, None]),
        ([5000, 14999], [0, 9999]),
        ([6000], [1000]),
        ([1000, 2000], [None, 0]),
        ([], []),
    ],
)
def test_moments_move_and_the_one_on_show_stands_at_the_start(
    moments: list[int], after: list[int | None]
) -> None:
    assert cuts.moved(moments, start=5000, length=10000) == after


@pytest.fixture
def storage(app: Flask) -> FolderStorage:
    return FolderStorage(settings_of(app).storage_folder, reserve=0)


@pytest.fixture
def talk(app: Flask) -> Talk:
    return factories.talk()


@pytest.fixture
def office(app: Flask) -> Account:
    return factories.account()


def add(storage: FolderStorage, talk: Talk, path: Path, kind: MaterialKind) -> Material:
    with path.open("rb") as file:
        stored = storage.put(file, limit=10**9)
    media_type = {".mp4": "video/mp4", ".webm": "video/webm", ".pdf": "application/pdf"}
    row = materials.add(
        talk,
        kind=kind,
        title="Abend",
        stored=stored,
        media_type=media_type[path.suffix],
        file_name=path.name,
        by=None,
    )
    db.session.commit()
    return row


def work(app: Flask) -> None:
    while queue.work(settings_of(app), HANDLERS):
        pass
    db.session.expire_all()


@needs_ffmpeg
def test_cut_replaces_the_recording_and_everything_moves_along(
    app: Flask, storage: FolderStorage, talk: Talk, office: Account
) -> None:
    film = add(storage, talk, decks.RECORDING, MaterialKind.RECORDING)
    deck = add(storage, talk, decks.SLIDES, MaterialKind.SLIDES)
    work(app)

    def write(lines: Sequence[Line]) -> StoredFile:
        data = files.write(lines)
        return storage.put(BytesIO(data), limit=len(data))

    chapters.set_chapters(film, [(0, "Anfang"), (9000, "Mitte"), (17000, "Ende")], by=office)
    pages.set_times(deck, times={1: 0, 2: 3000, 3: 9000, 8: 17000}, recording=film, by=office)
    lines = [files.Cue(0, 2000, "weg"), files.Cue(5000, 7000, "halb"), files.Cue(9000, 9500, "da")]
    track = subtitles.put(
        film,
        language="de",
        title="Untertitel",
        stored=write(lines),
        file_name="a.vtt",
        lines=lines,
        by=office,
    )
    original = film.storage_key
    cuts.ask(film, start_ms=7000, end_ms=15000, by=office)
    db.session.commit()
    work(app)
    cut = cuts.of_recording(film)
    assert cut is not None
    # Pictures that stand alone come every six seconds in this film.
    assert (cut.state, cut.start_ms) == ("ready", 6000)
    assert cut.duration_ms == pytest.approx(9000, abs=300)
    assert film.storage_key == original
    path = storage.path(str(cut.storage_key))
    assert path is not None
    facts = media.probe(path)
    assert facts is not None
    assert facts.playable
    cuts.take(film, write=write, by=office)
    db.session.commit()
    work(app)
    assert (film.storage_key, film.duration_seconds) == (cut.storage_key, 9)
    found = [(one.start_ms, one.title) for one in chapters.chapters_of([film])[film.id]]
    assert found == [(0, "Anfang"), (3000, "Mitte")]
    times = {page.number: page.starts_at_ms for page in deck.pages if page.starts_at_ms is not None}
    assert times == {2: 0, 3: 3000}
    spoken = [(one.start_ms, one.end_ms, one.text) for one in subtitles.lines_of(track)]
    assert spoken == [(0, 1000, "halb"), (3000, 3500, "da")]
    with storage.open(str(track.storage_key)) as file:
        assert files.read(file.read()).cues[0].text == "halb"
    assert original not in set(storage.keys())
    assert db.session.scalars(select(RecordingCut)).all() == []
    with pytest.raises(Conflict, match="cut_changed"):
        cuts.take(film, write=write, by=office)


@needs_ffmpeg
def test_cut_of_a_broken_film_fails_with_its_reason_and_leaves_it(
    app: Flask,
    storage: FolderStorage,
    talk: Talk,
    office: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    film = add(storage, talk, decks.RECORDING, MaterialKind.RECORDING)
    film.duration_seconds = 18
    db.session.commit()
    work(app)
    before = set(storage.keys())
    monkeypatch.setattr(films, "TOLERANCE", -1.0)
    cuts.ask(film, start_ms=7000, end_ms=15000, by=office)
    db.session.commit()
    work(app)
    cut = cuts.of_recording(film)
    assert cut is not None
    assert (cut.state, cut.note) == ("failed", "film_failed")
    assert set(storage.keys()) == before
    cuts.discard(film, by=office)
    cuts.discard(film, by=office)
    assert cuts.of_recording(film) is None


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (5000, 5500, "cut_leaves_nothing"),
        (9000, 2000, "cut_leaves_nothing"),
        (50000, 90000, "cut_leaves_nothing"),
        (0, 18000, "cut_changes_nothing"),
        (0, 90000, "cut_changes_nothing"),
    ],
)
def test_cut_that_makes_no_sense_is_refused(
    storage: FolderStorage, talk: Talk, office: Account, *, start: int, end: int, code: str
) -> None:
    film = add(storage, talk, decks.RECORDING, MaterialKind.RECORDING)
    film.duration_seconds = 18
    with pytest.raises(RuleError, match=code):
        cuts.ask(film, start_ms=start, end_ms=end, by=office)


@needs_ffmpeg
def test_webm_is_cut_too(tmp_path: Path) -> None:
    source, target = tmp_path / "a.webm", tmp_path / "b.webm"
    made = ["-f", "lavfi", "-i", "testsrc=d=6:s=160x90:r=10", "-c:v", "libvpx", "-g", "10"]
    subprocess.run(["ffmpeg", "-v", "error", *made, str(source)], check=True)
    start = films.stand_alone_before(source, seconds=2.5)
    assert start == pytest.approx(2.0, abs=0.1)
    found = films.cut(source, target, start=start, end=5.0, kind="webm", beat=lambda: None)
    assert found == pytest.approx(3.0, abs=0.3)
