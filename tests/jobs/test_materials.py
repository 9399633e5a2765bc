"""Reading added files in the background, and removing the bytes of what was deleted."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from pptx import Presentation
from sqlalchemy import select

from tests import factories
from webinar import settings_of
from webinar.adapters.documents import MediaType, apart
from webinar.adapters.storage import FolderStorage
from webinar.clock import frozen, now
from webinar.demo import decks
from webinar.domain import materials
from webinar.extensions import db
from webinar.jobs import decks as slides
from webinar.jobs import queue
from webinar.jobs.handlers import HANDLERS, PERIODIC
from webinar.models import Job, JobState, Material, MaterialKind, MaterialPage, Processing, Talk

Add = Callable[..., Material]


@pytest.fixture
def storage(app: Flask) -> FolderStorage:
    return FolderStorage(settings_of(app).storage_folder, reserve=0)


@pytest.fixture
def add(storage: FolderStorage) -> Add:
    def add(
        content: bytes | Path,
        *,
        kind: MaterialKind = MaterialKind.SLIDES,
        media: MediaType = MediaType.PDF,
        talk: Talk | None = None,
    ) -> Material:
        data = content.read_bytes() if isinstance(content, Path) else content
        stored = storage.put(BytesIO(data), limit=len(data))
        row = materials.add(
            talk or factories.talk(),
            kind=kind,
            title="Folien",
            stored=stored,
            media_type=media.media_type,
            file_name="folien" + media.extension,
            by=None,
        )
        db.session.commit()
        return row

    return add


def work(app: Flask) -> int:
    """Run every job that is due; how many."""
    count = 0
    while queue.work(settings_of(app), HANDLERS):
        count += 1
    return count


def states(row: Material) -> dict[str, tuple[str, str]]:
    return {step.step: (step.state, step.note) for step in row.steps}


def pptx(*titles: str) -> bytes:
    deck = Presentation()
    for title in titles:
        deck.slides.add_slide(deck.slide_layouts[5]).shapes.title.text = title
    out = BytesIO()
    deck.save(out)
    return out.getvalue()


def test_pdf_gets_pages_texts_and_pictures(app: Flask, add: Add, storage: FolderStorage) -> None:
    row = add(decks.SLIDES)
    assert work(app) == 1
    db.session.refresh(row)
    assert (row.processing, row.page_count, row.processing_note) == (Processing.DONE, 8, "")
    assert [page.number for page in row.pages] == list(range(1, 9))
    assert row.pages[3].text.startswith("Scannen und ersetzen")
    for page in row.pages:
        for key in (page.thumbnail_key, page.picture_key):
            with storage.open(str(key)) as picture:
                assert picture.read(16)[8:12] == b"WEBP"
    assert states(row) == {"text": ("done", ""), "pictures": ("done", "")}


def test_pptx_gets_the_text_of_its_slides(app: Flask, add: Add) -> None:
    row = add(pptx("Warum der Posteingang", "Zahlen"), media=MediaType.PPTX)
    work(app)
    db.session.refresh(row)
    assert [(page.text, page.thumbnail_key) for page in row.pages] == [
        ("Warum der Posteingang", None),
        ("Zahlen", None),
    ]
    assert row.page_count == 2


def test_recording_gets_its_length(app: Flask, add: Add) -> None:
    row = add(decks.RECORDING, kind=MaterialKind.RECORDING, media=MediaType.MP4)
    work(app)
    db.session.refresh(row)
    assert row.processing == Processing.DONE
    assert 15 <= (row.duration_seconds or 0) <= 25
    assert row.page_count is None


@pytest.mark.hostile
@pytest.mark.parametrize(
    ("content", "media", "kind", "note"),
    [
        (b"%PDF-1.7 nothing\n%%EOF", MediaType.PDF, MaterialKind.SLIDES, "file_damaged"),
        (b"PK\x05\x06" + bytes(18), MediaType.PPTX, MaterialKind.SLIDES, "file_damaged"),
        (b"not a film", MediaType.MP4, MaterialKind.RECORDING, "file_damaged"),
    ],
)
def test_broken_file_is_marked_and_does_not_stop_the_next(
    app: Flask, add: Add, *, content: bytes, media: MediaType, kind: MaterialKind, note: str
) -> None:
    broken = add(content, media=media, kind=kind)
    good = add(decks.LEAFLET, kind=MaterialKind.HANDOUT)
    assert work(app) == 2
    db.session.refresh(broken)
    db.session.refresh(good)
    assert (broken.processing, broken.processing_note) == (Processing.FAILED, note)
    assert broken.pages == []
    assert (good.processing, good.processing_note) == (Processing.DONE, "")


@pytest.mark.hostile
def test_reader_that_dies_or_hangs_damages_one_file_only(
    app: Flask, add: Add, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A crash of PDFium ends the reading process; here a stand-in interpreter dies and hangs."""
    interpreter = tmp_path / "python"
    monkeypatch.setattr(apart.sys, "executable", str(interpreter))
    for script, seconds, note in (
        ("kill -SEGV $$", 60, "file_damaged"),
        ("exec sleep 600", 0.2, "file_too_slow"),
    ):
        interpreter.write_text(f"#!/bin/sh\n{script}\n")
        interpreter.chmod(0o755)
        row = add(decks.LEAFLET, kind=MaterialKind.HANDOUT)
        with monkeypatch.context() as patch:
            for reader in (apart.read_pages, apart.draw_pages):
                patch.setattr(reader, "__kwdefaults__", {"seconds": seconds})
            assert work(app) == 1
        db.session.refresh(row)
        assert (row.processing, row.processing_note) == (Processing.FAILED, note)


def test_reading_process_knows_no_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = tmp_path / "seen"
    interpreter = tmp_path / "python"
    interpreter.write_text(f"#!/bin/sh\nenv > {seen}\n")
    interpreter.chmod(0o755)
    monkeypatch.setenv("WEBINAR_LINK_KEYS", "secret")
    monkeypatch.setattr(apart.sys, "executable", str(interpreter))
    with pytest.raises(apart.RuleError):
        apart.read_pages(decks.SLIDES, media_type=MediaType.PDF)
    assert "PATH=" in seen.read_text()
    assert "WEBINAR" not in seen.read_text()


@pytest.mark.usefixtures("read_once")
def test_doing_it_again_changes_nothing(app: Flask, add: Add, storage: FolderStorage) -> None:
    row = add(decks.SLIDES)
    work(app)
    before = set(storage.keys())
    pages = [page.id for page in db.session.scalars(select(MaterialPage))]
    db.session.commit()
    job = db.session.scalars(select(Job)).one()
    job.state = JobState.QUEUED
    db.session.commit()
    assert work(app) == 1
    assert set(storage.keys()) == before
    assert [page.id for page in db.session.scalars(select(MaterialPage))] == pages
    assert row.processing == Processing.DONE


@pytest.mark.usefixtures("read_once")
def test_work_that_died_before_the_commit_is_begun_anew_and_leaves_nothing(
    app: Flask, add: Add, storage: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = add(decks.SLIDES)

    def die(*_args: object, **_values: object) -> None:
        raise OSError("the machine went away")

    with monkeypatch.context() as patch:
        patch.setattr(slides, "_write_pictures", die)
        work(app)
    assert set(storage.keys()) == {row.storage_key}
    db.session.expire_all()
    assert states(row) == {"text": ("done", ""), "pictures": ("waiting", "")}
    assert row.processing == Processing.WAITING
    db.session.commit()
    with frozen(now() + timedelta(hours=1)):
        assert work(app) == 1
    db.session.refresh(row)
    assert row.processing == Processing.DONE
    assert len(set(storage.keys())) == 17


@pytest.mark.usefixtures("read_once")
def test_material_deleted_meanwhile_leaves_no_pictures(
    app: Flask, add: Add, storage: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = add(decks.SLIDES)
    draw = slides.draw_pages

    def draw_and_delete(path: Path, **values: object) -> object:
        found = draw(path, **values)  # type: ignore[arg-type]  # passed on by name
        materials.delete(db.session.get_one(Material, row.id), by=None)
        db.session.commit()
        return found

    monkeypatch.setattr(slides, "draw_pages", draw_and_delete)
    work(app)
    assert db.session.scalars(select(Material)).all() == []
    assert list(storage.keys()) == []


@pytest.mark.usefixtures("read_once")
def test_deleting_one_never_takes_the_bytes_of_another(
    app: Flask, add: Add, storage: FolderStorage
) -> None:
    talk = factories.talk()
    first, second = add(decks.SLIDES), add(decks.SLIDES)
    third = add(decks.LEAFLET, kind=MaterialKind.HANDOUT, talk=talk)
    work(app)
    kept = {row.storage_key for row in (second, third)}
    kept |= {
        key
        for row in (second, third)
        for page in row.pages
        for key in (page.thumbnail_key, page.picture_key)
    }
    materials.delete(db.session.get_one(Material, first.id), by=None)
    # A defect elsewhere that names a living file must not cost it.
    materials.remove_files([str(third.storage_key)], cause="mistaken")
    db.session.commit()
    assert len(set(storage.keys())) > len(kept)
    assert work(app) == 2
    assert set(storage.keys()) == kept


@pytest.mark.usefixtures("read_once")
def test_expired_material_goes_with_its_bytes(app: Flask, add: Add, storage: FolderStorage) -> None:
    row, stays = add(decks.SLIDES), add(decks.LEAFLET, kind=MaterialKind.HANDOUT)
    work(app)
    row.delete_on = materials.today() + timedelta(days=3)
    db.session.add(Job(name="delete_expired_materials", key="slot", run_at=now()))
    db.session.commit()
    kept = {stays.storage_key}
    kept |= {key for page in stays.pages for key in (page.thumbnail_key, page.picture_key)}
    with frozen(now() + timedelta(days=3)):
        work(app)
    assert db.session.scalars(select(Material)).all() == [stays]
    assert set(storage.keys()) == kept
    assert "delete_expired_materials" in PERIODIC


def test_missing_bytes_are_named(app: Flask, add: Add, storage: FolderStorage) -> None:
    row = add(decks.SLIDES)
    shutil.rmtree(settings_of(app).storage_folder)
    work(app)
    db.session.refresh(row)
    assert (row.processing, row.processing_note) == (Processing.FAILED, "file_gone")
