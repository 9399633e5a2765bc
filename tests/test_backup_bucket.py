"""Backup and restore where the files lie in a bucket of a real S3 server: the full round with a
diff of everything, into a bucket and into a folder and back; what fails leaves no object behind."""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from tests.backups import KEY, another, by_digest, files, rows, run
from tests.web import everything
from webinar import settings_of
from webinar.adapters import archive
from webinar.adapters.storage import Storage, storage_of
from webinar.adapters.storage.bucket import PART
from webinar.commands.backup import backup, restore
from webinar.extensions import db
from webinar.models import Account, Material, Speaker

FOLDER = {"WEBINAR_STORAGE": "folder"}


@pytest.fixture
def environ(environ: dict[str, str], s3: dict[str, str]) -> dict[str, str]:
    """As elsewhere, but for the files."""
    return environ | s3


@pytest.fixture
def filled(app: Flask, organiser: Account, environ: dict[str, str]) -> Flask:
    """A row in every table; in the bucket a photo, and a recording that goes there in parts."""
    app.extensions["environ"] = environ
    everything.fill(app, organiser)
    storage = storage_of(settings_of(app))
    speaker = db.session.scalars(select(Speaker)).first()
    assert speaker is not None
    speaker.photo_key = storage.put(io.BytesIO(b"a photo"), limit=99).key
    recording = os.urandom(PART + 17)
    stored = storage.put(io.BytesIO(recording), limit=len(recording))
    material = db.session.scalars(select(Material).where(Material.storage_key.is_not(None))).first()
    assert material is not None
    material.storage_key, material.size = stored.key, stored.size
    material.sha256 = hashlib.sha256(recording).hexdigest()
    db.session.commit()
    return app


def elsewhere() -> dict[str, str]:
    """An empty part of the same bucket."""
    return {"WEBINAR_S3_PREFIX": secrets.token_hex(8)}


@pytest.mark.parametrize("where", ["bucket", "folder"])
def test_full_round(filled: Flask, tmp_path: Path, where: str) -> None:
    """Sealed into another bucket, openly into a folder; and from there into a bucket again."""
    path, key_file = tmp_path / "backup.tar", tmp_path / "key"
    key_file.write_text(KEY)
    options = ["--key-file", key_file] if where == "bucket" else []
    before, kept = rows(), files(filled)
    assert [name for name, some in before.items() if not some] == []
    assert len(kept) == 2, "what was put above"
    result = run(backup, path, *options)
    assert result.exit_code == 0, result.output
    assert files(filled) == kept
    extra = elsewhere() if where == "bucket" else FOLDER
    with another(filled, tmp_path, extra=extra) as other:
        result = run(restore, path, *options)
        assert result.exit_code == 0, (result.output, result.exception)
        assert by_digest(rows(), files(other)) == by_digest(before, kept)
        assert sorted(files(other).values()) == sorted(kept.values())
        assert set(files(other)).isdisjoint(kept), "the objects of the first are left alone"
        again = tmp_path / "again.tar"
        assert run(backup, again).exit_code == 0
        result = run(restore, again)
        assert result.exit_code == 1
        assert "not empty" in result.output
    assert files(filled) == kept
    (tmp_path / "restored.db").unlink()
    with another(filled, tmp_path, extra=elsewhere()) as third:
        result = run(restore, again)
        assert result.exit_code == 0, (result.output, result.exception)
        assert by_digest(rows(), files(third)) == by_digest(before, kept)


def test_bucket_that_is_not_empty_is_not_touched(filled: Flask, tmp_path: Path) -> None:
    path, extra = tmp_path / "backup.tar", elsewhere()
    assert run(backup, path).exit_code == 0
    with another(filled, tmp_path, extra=extra) as other:
        storage = storage_of(settings_of(other))
        key = storage.put(io.BytesIO(b"somebody's"), limit=99).key
        result = run(restore, path)
        assert result.exit_code == 1
        assert "The bucket or folder of files is not empty" in result.output
        assert list(storage.keys()) == [key]


def test_restore_that_fails_in_the_middle_leaves_no_object(filled: Flask, tmp_path: Path) -> None:
    path, wrong = tmp_path / "backup", tmp_path / "wrong"
    assert run(backup, path).exit_code == 0
    with archive.written(wrong, key="") as writer, archive.members(path, key="") as each:
        for name, content in each:
            if name != archive.MANIFEST:
                writer.add_bytes(name, content.read().replace(b'"series_id"', b'"nonsense_"'))
        said = archive.verify(path, key="")
        writer.finish({k: said[k] for k in ("made_at", "version", "revision", "tables")})
    with another(filled, tmp_path, extra=elsewhere()) as other:
        assert isinstance(run(restore, wrong).exception, KeyError)
        assert files(other) == {}
        assert run(restore, path).exit_code == 0, "the place is still empty"


def test_object_that_goes_while_the_backup_runs_is_named(
    filled: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, path = storage_of(settings_of(filled)), tmp_path / "backup"
    gone = sorted(storage.keys())[-1]
    kind: type[Storage] = type(storage)
    listed = kind.keys

    def and_then_one_goes(self: Storage) -> object:
        found = list(listed(self))
        if gone in found:
            self.delete(gone)
        return iter(found)

    monkeypatch.setattr(kind, "keys", and_then_one_goes)
    result = run(backup, path)
    assert result.exit_code == 0, result.output
    assert f"The file {gone} was deleted meanwhile" in result.output
    monkeypatch.undo()
    assert not storage.exists(gone)
    assert gone not in str(archive.verify(path, key="")["members"])
