"""Backup and restore: a full round with a diff of everything, sealed or not, from either database
to either; nothing is touched where anything is wrong."""

from __future__ import annotations

import io
import os
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import insert, select

from tests import factories
from tests.backups import KEY, another, by_digest, files, rows, run
from tests.web import everything
from webinar import settings_of
from webinar.adapters import archive
from webinar.adapters.sealing import PIECE, Damaged, Opener, Sealer
from webinar.adapters.storage import FolderStorage
from webinar.clock import frozen, now
from webinar.commands.backup import backup, restore
from webinar.domain import erasures, snapshots
from webinar.extensions import db
from webinar.jobs import worker
from webinar.models import Account, Contact, Material, Organisation, Speaker

DAY = 24 * 60 * 60


@pytest.fixture
def filled(app: Flask, organiser: Account) -> Flask:
    """A row in every table, and bytes behind those that name a file."""
    everything.fill(app, organiser)
    storage = FolderStorage(settings_of(app).storage_folder)
    speaker = db.session.scalars(select(Speaker)).first()
    assert speaker is not None
    speaker.photo_key = storage.put(io.BytesIO(b"a photo"), limit=99).key
    db.session.commit()
    return app


@pytest.fixture(autouse=True)
def remembered(request: pytest.FixtureRequest, environ: dict[str, str]) -> None:
    if "app" in request.fixturenames:
        request.getfixturevalue("app").extensions["environ"] = environ


def servers(request: pytest.FixtureRequest, kind: str) -> str:
    return str(request.getfixturevalue("postgres_url")) if kind == "postgres" else ""


@pytest.mark.parametrize("sealed", [False, True])
def test_full_round(filled: Flask, tmp_path: Path, postgres_url: str, *, sealed: bool) -> None:
    """To the same kind of database openly, to the other one sealed."""
    path, key_file = tmp_path / "backup.tar", tmp_path / "key"
    key_file.write_text(KEY)
    options = ["--key-file", key_file] if sealed else []
    here = db.engine.dialect.name == "postgresql"
    before, kept = rows(), files(filled)
    assert [name for name, some in before.items() if not some] == []
    result = run(backup, path, *options)
    assert result.exit_code == 0, result.output
    assert path.stat().st_mode & 0o077 == 0
    assert (b"gemeinde.example" in path.read_bytes()) is not sealed
    with another(filled, tmp_path, server=postgres_url if here is not sealed else "") as other:
        result = run(restore, path, *options)
        assert result.exit_code == 0, (result.output, result.exception)
        assert by_digest(rows(), files(other)) == by_digest(before, kept)
        assert sorted(files(other).values()) == sorted(kept.values())
        factories.contact()  # numbers go on after the last
        result = run(restore, path, *options)
        assert result.exit_code == 1
        assert "not empty" in result.output


def test_what_was_erased_after_the_backup_stays_erased(
    filled: Flask, organiser: Account, tmp_path: Path
) -> None:
    contact = db.session.scalars(select(Contact).where(Contact.erased_at.is_(None))).first()
    assert contact is not None
    number, path = contact.id, tmp_path / "backup.tar"
    assert run(backup, path).exit_code == 0
    erasures.erase_contact(contact, by=organiser)
    db.session.commit()
    worker.run_once(filled)
    with another(filled, tmp_path):
        result = run(restore, path)
        assert result.exit_code == 0, result.output
        assert "1 people erased again" in result.output
        assert db.session.get(Contact, number) is None


def test_snapshot_is_of_one_moment(filled: Flask) -> None:
    table = db.metadata.tables["organisations"]
    count = db.session.query(Organisation).count()
    db.session.rollback()
    with snapshots.moment() as connection:
        assert snapshots.revision(connection)
        with db.engine.begin() as rival:
            values = {"kind": "other", "name": "Neu", "name_key": "neu", "sort_key": "neu"}
            times = dict.fromkeys(("created_at", "changed_at"), factories.now())
            rival.execute(insert(table).values(**values, **times, in_county=False))
        assert sum(number for _part, number in snapshots.parts(connection, table)) == count


@pytest.mark.parametrize("harm", ["flipped", "cut", "key", "none"])
def test_nothing_is_touched_where_anything_is_wrong(
    filled: Flask, tmp_path: Path, harm: str
) -> None:
    path, key_file = tmp_path / "backup", tmp_path / "key"
    key_file.write_text(KEY)
    sealed = harm in ("key", "cut")
    assert run(backup, path, *(["--key-file", key_file] if sealed else [])).exit_code == 0
    content = bytearray(path.read_bytes())
    if harm == "flipped":
        where = content.index(b"Landrat")
        content[where] ^= 1
    if harm == "cut":
        del content[-40_000:]
    path.write_bytes(content)
    key_file.write_text(KEY.replace("a key", "another key") if harm == "key" else KEY)
    with another(filled, tmp_path) as other:
        result = run(restore, path, "--check", "--key-file", key_file)
        assert (result.exit_code == 0) is (harm == "none"), result.output
        if harm != "none":
            assert run(restore, path, "--key-file", key_file).exit_code == 1
            assert "Nothing was touched" in result.output
        with snapshots.moment() as connection:
            assert snapshots.revision(connection) == ""
        assert files(other) == {}


def test_restore_that_fails_in_the_middle_leaves_no_rows_and_no_files(
    filled: Flask, tmp_path: Path
) -> None:
    path = tmp_path / "backup"
    assert run(backup, path).exit_code == 0
    wrong = tmp_path / "wrong"
    with archive.written(wrong, key="") as writer, archive.members(path, key="") as each:
        for name, content in each:
            if name != archive.MANIFEST:
                writer.add_bytes(name, content.read().replace(b'"series_id"', b'"nonsense_"'))
        said = archive.verify(path, key="")
        writer.finish({k: said[k] for k in ("made_at", "version", "revision", "tables")})
    with another(filled, tmp_path) as other:
        assert isinstance(run(restore, wrong).exception, KeyError)
        assert files(other) == {}
        assert run(restore, path).exit_code == 0, "the place is still empty"


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_sealed_is_opened_again_and_cannot_be_cut(size: int) -> None:
    content, file = bytes(range(256)) * (size // 256 + 1), io.BytesIO()
    with io.BufferedWriter(Sealer(file, key=KEY)) as sealer:
        sealer.write(content[:size])
    whole = file.getvalue()
    assert io.BufferedReader(Opener(io.BytesIO(whole), key=KEY)).read() == content[:size]
    for harmed in (whole[:-1], whole[: -min(size, PIECE) - 16], whole + b"x"):
        with pytest.raises(Damaged):
            io.BufferedReader(Opener(io.BytesIO(harmed), key=KEY)).read()


def test_backup_does_not_write_over_another(filled: Flask, tmp_path: Path) -> None:
    path = tmp_path / "backup"
    path.write_text("an older one")
    result = run(backup, path)
    assert result.exit_code == 1
    assert path.read_text() == "an older one"
    assert list(tmp_path.glob("*.partial")) == []
    assert Material.__tablename__ in rows()


def test_folder_of_backups_keeps_the_newest_and_what_is_not_its_own(
    filled: Flask, tmp_path: Path
) -> None:
    folder, start = tmp_path / "backups", now()
    folder.mkdir()
    others = [folder / name for name in ("webinar-old.tar", "notes.txt")]
    fresh, abandoned = (
        folder / f"webinar-2026-01-0{number}T010000Z.tar.partial" for number in (1, 2)
    )
    for path in (*others, fresh, abandoned):
        path.write_text("mine")
    os.utime(abandoned, (0, 0))
    os.utime(fresh, times=(start.timestamp() + 5 * DAY, start.timestamp() + 5 * DAY))
    made = []
    for number in range(4):
        with frozen(start + timedelta(days=number)):
            assert run(backup, folder, "--keep", 2).exit_code == 0
        made.append(folder / f"webinar-{start + timedelta(days=number):%Y-%m-%dT%H%M%SZ}.tar")
    assert set(folder.iterdir()) == {*others, fresh, *made[2:]}
    assert archive.verify(made[3], key="")["tables"]["contacts"] > 0


def test_backup_that_cannot_be_written_removes_no_older_one(filled: Flask, tmp_path: Path) -> None:
    missing = tmp_path / "not there"
    result = run(backup, missing, "--keep", 1)
    assert result.exit_code == 1
    assert "Nothing was written" in result.output
    folder = tmp_path / "backups"
    folder.mkdir()
    assert run(backup, folder, "--keep", 1).exit_code == 0
    (old,) = folder.iterdir()
    with pytest.MonkeyPatch.context() as patch:

        def damaged(_path: Path, *, key: str) -> dict[str, object]:
            raise Damaged("the disk lies")

        patch.setattr(archive, "verify", damaged)
        with frozen(now() + timedelta(minutes=1)):
            result = run(backup, folder, "--keep", 1)
    assert result.exit_code == 1
    assert "Older ones were left alone" in result.output
    assert old.is_file()
