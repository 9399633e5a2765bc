"""Verifying a store and moving it: what is found, and a whole after being killed on the way."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from flask import Flask

from tests import factories
from tests.jobs.processes import Program, wait_for
from webinar import settings_of
from webinar.adapters.storage import Storage, storage_of
from webinar.cli import main
from webinar.config import Settings, StorageMode
from webinar.domain import materials
from webinar.extensions import db
from webinar.models import Material, MaterialKind, MaterialPage, Upload, UploadState

F, S3 = StorageMode.FOLDER, StorageMode.S3


@pytest.fixture
def environ(environ: dict[str, str], s3: dict[str, str]) -> dict[str, str]:
    return environ | s3 | {"WEBINAR_STORAGE": "folder"}


@pytest.fixture
def stores(app: Flask) -> dict[StorageMode, Storage]:
    return {mode: storage_of(settings_of(app), mode) for mode in (F, S3)}


def keep(store: Storage, content: bytes) -> Material:
    stored = store.put(io.BytesIO(content), limit=len(content))
    row = materials.add(
        factories.talk(),
        kind=MaterialKind.HANDOUT,
        title="Merkblatt",
        stored=stored,
        media_type="application/pdf",
        file_name="merkblatt.pdf",
        by=None,
    )
    picture = store.put(io.BytesIO(content[:10]), limit=10)
    row.pages.append(MaterialPage(number=1, thumbnail_key=picture.key))
    db.session.commit()
    return row


def there(store: Storage, keys: Iterable[str], count: int) -> bool:
    return sum(map(store.exists, keys)) >= count


def in_mode(app: Flask, mode: StorageMode) -> Settings:
    found = settings_of(app)
    return replace(found, storage=replace(found.storage, mode=mode))


def command(app: Flask, *arguments: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(main, ["storage", *arguments])
    return done.exit_code, done.output


@pytest.mark.parametrize("mode", [F, S3])
def test_verify_tells_missing_changed_and_surplus(
    environ: dict[str, str], app: Flask, stores: dict[StorageMode, Storage], mode: StorageMode
) -> None:
    app.extensions["settings"] = in_mode(app, mode)
    store = stores[mode]
    whole, gone, changed, shorter = (keep(store, os.urandom(2000)) for _ in range(4))
    upload = Upload(
        talk=whole.talk, account=factories.account(), kind="handout", file_name="a", size=1,
        state=UploadState.COMPLETE, storage_key="b" * 32, expires_at=whole.created_at,
    )  # fmt: skip
    factories.save(upload)
    assert command(app, "verify")[0] == 0
    store.delete(str(gone.storage_key))
    store.put(io.BytesIO(bytes(2000)), limit=2000, key=str(changed.storage_key))
    store.put(io.BytesIO(bytes(20)), limit=20, key=str(shorter.storage_key))
    stray = store.put(io.BytesIO(b"nobody's"), limit=20).key
    status, said = command(app, "verify")
    found = {tuple(line.split(maxsplit=2)) for line in said.splitlines() if line[:1] in "mcs"}
    assert status == 1
    assert found >= {
        ("missing", str(gone.storage_key), f"material {gone.id}"),
        ("changed", str(changed.storage_key), f"material {changed.id}"),
        ("changed", str(shorter.storage_key), f"material {shorter.id}"),
        ("surplus", stray),
    }
    assert str(changed.storage_key) not in command(app, "verify", "--quick")[1]


def test_files_move_there_and_back_and_leave_where_they_were(
    app: Flask, stores: dict[StorageMode, Storage]
) -> None:
    rows = [keep(stores[F], os.urandom(3000)) for _ in range(2)]
    damaged = keep(stores[F], os.urandom(3000))
    stores[F].put(io.BytesIO(bytes(3000)), limit=3000, key=str(damaged.storage_key))
    status, said = command(app, "move", "--to", "s3")
    assert (status, "5 carried, 0 were there already." in said) == (1, True)
    assert f"missing or changed: {damaged.storage_key}" in said
    assert not stores[S3].exists(str(damaged.storage_key))
    materials.delete(damaged, by=None)
    db.session.commit()
    assert "4 were there already" in command(app, "move", "--to", "s3", "--clear")[1]
    assert not stores[F].exists(str(rows[0].storage_key))
    assert command(app, "move", "--to", "folder", "--clear")[0] == 0
    assert command(app, "verify")[1].count("missing") == 0


@pytest.fixture
def database_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """Keys are text in any database: SQLite is enough here."""
    path = tmp_path / "test.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture
def movers() -> Iterator[list[Program]]:
    programs: list[Program] = []
    yield programs
    for program in programs:
        program.kill()


@pytest.mark.kill
@pytest.mark.parametrize("target", [S3, F])
def test_move_that_was_killed_goes_on_and_ends_whole(
    environ: dict[str, str],
    app: Flask,
    stores: dict[StorageMode, Storage],
    movers: list[Program],
    target: StorageMode,
) -> None:
    source = F if target is S3 else S3
    rows = [keep(stores[source], os.urandom(6 * 1024 * 1024)) for _ in range(4)]
    names = {str(row.storage_key): row.sha256 for row in rows}
    db.session.remove()
    for count in (1, 2):
        mover = Program(
            f"mover{count}", "webinar.cli", "storage", "move", "--to", target, "--clear",
            environ=environ, folder=Path(environ["WEBINAR_STORAGE_FOLDER"]).parent,
        )  # fmt: skip
        movers.append(mover)
        mover.start()
        wait_for(partial(there, stores[target], names, count))
        mover.kill()
        # Nothing is in neither store, and what is under a key is whole.
        assert all(any(store.exists(key) for store in stores.values()) for key in names)
    assert command(app, "move", "--to", target.value, "--clear")[0] == 0
    app.extensions["settings"] = in_mode(app, target)
    assert command(app, "verify")[0] == 0
    assert not any(map(stores[source].exists, names))
