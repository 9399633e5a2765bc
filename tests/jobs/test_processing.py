"""Steps of reading: recordings put in order, what is missing on a server, trying again, kills."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, select

from tests import factories
from tests.jobs.processes import die, died
from webinar import settings_of
from webinar.adapters import media
from webinar.adapters.documents import MediaType
from webinar.adapters.storage import FolderStorage
from webinar.clock import now
from webinar.demo import decks
from webinar.domain import files, materials, processing
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.jobs import films as film_jobs
from webinar.jobs import queue
from webinar.jobs.handlers import HANDLERS
from webinar.models import Job, JobState, Material, MaterialKind, MaterialPage, Processing, Talk

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
DONE = ("done", "")


@pytest.fixture
def storage(app: Flask) -> FolderStorage:
    return FolderStorage(settings_of(app).storage_folder, reserve=0)


@pytest.fixture(scope="module")
def index_last(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The sample recording as a recorder writes it: with its index at the end."""
    target = tmp_path_factory.mktemp("film") / "a.mp4"
    command = ["ffmpeg", "-v", "error", "-i", str(decks.RECORDING), "-c", "copy", str(target)]
    subprocess.run(command, check=True)
    return target.read_bytes()


def add(
    storage: FolderStorage, data: bytes, media_type: MediaType, *, talk: Talk | None = None
) -> Material:
    video = media_type in (MediaType.MP4, MediaType.WEBM)
    row = materials.add(
        talk or factories.talk(),
        kind=MaterialKind.RECORDING if video else MaterialKind.SLIDES,
        title="Abend",
        stored=storage.put(BytesIO(data), limit=len(data)),
        media_type=media_type.media_type,
        file_name="abend" + media_type.extension,
        by=None,
    )
    db.session.commit()
    return row


def work(app: Flask) -> None:
    while queue.work(settings_of(app), HANDLERS):
        pass
    db.session.expire_all()


def states(row: Material) -> dict[str, tuple[str, str]]:
    found = {step.step: (step.state, step.note) for step in row.steps}
    db.session.commit()
    return found


@needs_ffmpeg
def test_recording_is_put_in_order_without_a_new_picture(
    app: Flask, storage: FolderStorage, index_last: bytes
) -> None:
    row = add(storage, index_last, MediaType.MP4)
    before = row.storage_key
    work(app)
    assert states(row) == {"length": DONE, "order": DONE, "poster": DONE}
    path = storage.path(str(row.storage_key))
    assert path is not None
    with path.open("rb") as file:
        outline = media.mp4_outline(file)
    assert outline is not None
    assert outline.index_first
    assert row.sha256 == hashlib.sha256(path.read_bytes()).hexdigest() != row.sent_sha256
    assert row.sent_sha256 == hashlib.sha256(index_last).hexdigest()
    assert frames(path) == frames(decks.RECORDING)
    with storage.open(str(row.poster_key)) as still:
        assert still.read(16)[8:12] == b"WEBP"
    assert before not in set(storage.keys())
    twin = storage.put(BytesIO(index_last), limit=len(index_last))
    with pytest.raises(RuleError, match="material_already_there"):
        materials.add(
            row.talk,
            kind=MaterialKind.RECORDING,
            title="",
            stored=twin,
            media_type="video/mp4",
            file_name="noch einmal.mp4",
            by=None,
        )


def frames(path: Path) -> str:
    """A digest over every packet of picture and sound."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0", "-c", "copy"]
    return subprocess.run(
        [*command, "-f", "streamhash", "-"], check=True, capture_output=True, text=True
    ).stdout


@needs_ffmpeg
def test_server_without_ffmpeg_says_so_and_goes_on_once_it_is_there(
    app: Flask, storage: FolderStorage, index_last: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = add(storage, index_last, MediaType.MP4)
    missing = ("skipped", "ffmpeg_missing")
    with monkeypatch.context() as patch:
        patch.setenv("PATH", "/nowhere")
        work(app)
    assert states(row) == {"length": DONE, "order": missing, "poster": missing}
    assert (row.processing, row.processing_note) == (Processing.DONE, "")
    processing.try_again(row, by=factories.account())
    db.session.commit()
    work(app)
    assert states(row) == {"length": DONE, "order": DONE, "poster": DONE}
    with pytest.raises(RuleError, match="nothing_to_try"):
        processing.try_again(row, by=factories.account())


@needs_ffmpeg
@pytest.mark.hostile
def test_film_cut_short_and_film_that_hangs_fail_by_step(
    app: Flask, storage: FolderStorage, index_last: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = add(storage, index_last[: len(index_last) // 2], MediaType.MP4)
    work(app)
    assert short.processing == Processing.FAILED
    assert {state for state, _note in states(short).values()} == {"failed"}

    def too_slow(*_args: object, **_values: object) -> None:
        raise RuleError("film_too_slow", field="file")

    slow = add(storage, index_last, MediaType.MP4)
    monkeypatch.setattr(film_jobs.films, "put_in_order", too_slow)
    work(app)
    assert states(slow)["order"] == ("failed", "film_too_slow")
    assert states(slow)["poster"] == DONE
    assert slow.sha256 == hashlib.sha256(index_last).hexdigest()


def test_work_that_was_given_up_shows_as_failed_and_can_be_tried_again(
    app: Flask, storage: FolderStorage
) -> None:
    row = add(storage, decks.LEAFLET.read_bytes(), MediaType.PDF)
    assert not processing.can_try_again(row)
    job = db.session.scalars(select(Job)).one()
    job.state = JobState.FAILED
    db.session.commit()
    shown = [(step.state, step.note) for step in processing.shown_steps(row)]
    assert shown == [("failed", "worker_died")] * 2
    db.session.rollback()
    processing.try_again(row, by=factories.account())
    db.session.commit()
    work(app)
    assert states(row) == {"text": DONE, "pictures": DONE}


def test_fault_of_the_server_stops_one_step_and_is_told_after_the_last_try(
    app: Flask, storage: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = add(storage, decks.LEAFLET.read_bytes(), MediaType.PDF)

    def broken(*_args: object, **_values: object) -> None:
        raise OSError("the disk says no")

    monkeypatch.setattr("webinar.jobs.decks.read_pages", broken)
    work(app)
    assert states(row) == {"text": ("waiting", ""), "pictures": DONE}
    job = db.session.scalars(select(Job)).one()
    job.attempts, job.run_at = len(queue.PAUSES), now()
    db.session.commit()
    work(app)
    assert states(row)["text"] == ("failed", "processing_broke")
    assert row.processing == Processing.FAILED


@needs_ffmpeg
@pytest.mark.kill
@pytest.mark.parametrize(
    "patience", [[2, 9, 12], pytest.param([*range(3, 60, 4)], marks=pytest.mark.soak)]
)
def test_workers_killed_between_their_writes_leave_a_whole(
    app: Flask, storage: FolderStorage, index_last: bytes, patience: list[int]
) -> None:
    """One worker after the other dies by SIGKILL after so many writes, to disk or database. What
    was written before stays, nothing is named that is not there, and the next one goes on."""
    talk = factories.talk()
    rows = [
        add(storage, index_last, MediaType.MP4, talk=talk),
        add(storage, decks.SLIDES.read_bytes(), MediaType.PDF, talk=talk),
    ]
    deaths = 0
    for writes in [*patience, 1000]:
        if not killed_at(app, writes):
            break
        deaths += 1
        nothing_missing(storage)
        for job in db.session.scalars(select(Job).where(Job.state == JobState.RUNNING)):
            job.lease_until = now() - timedelta(seconds=1)
        db.session.commit()
    assert deaths >= 3
    nothing_missing(storage)
    for row in [db.session.get_one(Material, row.id) for row in rows]:
        assert {state for state, _note in states(row).values()} == {"done"}
        with storage.open(str(row.storage_key)) as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == row.sha256
    numbers = db.session.scalars(select(MaterialPage.number).order_by(MaterialPage.number))
    assert numbers.all() == list(range(1, 9))
    surplus = files.unused(storage.keys())
    assert len(surplus) <= deaths * 16


def killed_at(app: Flask, write: int) -> bool:
    """Whether a worker in a process of its own died at that write before its work was done."""
    left = write

    def step(*_args: object) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            die()

    publish = FolderStorage._publish

    def publish_and_step(self: FolderStorage, partial: Path, place: Path) -> None:
        publish(self, partial, place)
        step()

    def work_to_the_end() -> None:
        FolderStorage._publish = publish_and_step  # type: ignore[method-assign]
        event.listen(db.engine, "commit", step)
        while queue.work(settings_of(app), HANDLERS):
            pass

    return died(work_to_the_end)


def nothing_missing(storage: FolderStorage) -> None:
    rows = db.session.scalars(select(Material)).all()
    named = {key for row in rows for key in files.keys_of(row)}
    db.session.commit()
    assert named <= set(storage.keys())
