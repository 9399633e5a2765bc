"""One set of promises, kept by the folder and by a real S3 server; pieces that wait in either."""

from __future__ import annotations

import hashlib
import io
import itertools
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.conftest import ENVIRON
from webinar.adapters.incoming import Incoming, incoming_of
from webinar.adapters.storage import CHUNK, Storage, StorageAway, new_key, storage_of
from webinar.adapters.storage.bucket import PART, Bucket
from webinar.config import Settings, StorageMode
from webinar.errors import NotThere, RuleError

SOON = timedelta(minutes=1)


@pytest.fixture(params=["folder", "s3"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    extra = request.getfixturevalue("s3") if request.param == "s3" else {}
    return Settings.load({**ENVIRON, "WEBINAR_STORAGE_FOLDER": str(tmp_path / "files"), **extra})


@pytest.fixture
def store(settings: Settings) -> Storage:
    return storage_of(settings)


@pytest.fixture
def incoming(settings: Settings) -> Incoming:
    return incoming_of(settings)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("size", [0, 1, 3 * CHUNK + 17, PART, PART + 1, 2 * PART])
def test_what_was_put_is_read_back(store: Storage, size: int) -> None:
    data = os.urandom(size)
    kept = store.put(io.BytesIO(data), limit=size)
    assert (kept.size, kept.sha256) == (size, sha256(data))
    assert (store.size(kept.key), store.exists(kept.key)) == (size, True)
    with store.open(kept.key) as file:
        assert file.read() == data
    with store.local(kept.key) as path:
        assert path.read_bytes() == data
    assert list(store.keys()) == [kept.key]


def test_reading_stands_where_it_was_asked_to_and_seeks(store: Storage) -> None:
    data = os.urandom(CHUNK)
    key = store.put(io.BytesIO(data), limit=CHUNK).key
    with store.open(key, start=1000, stop=2000) as file:
        assert file.read(1000) == data[1000:2000]
        assert file.read(5) == data[2000:2005]  # `stop` is a promise, not a wall
        assert file.seek(-10, 2) == CHUNK - 10
        assert file.read() == data[-10:]
        assert file.seek(7) == 7
        assert file.read(3) == data[7:10]


def test_stream_that_is_too_long_or_breaks_leaves_nothing(store: Storage) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > PART + CHUNK:
                raise ConnectionResetError
            return super().read(size)

    with pytest.raises(RuleError, match="file_too_large") as refused:
        store.put(io.BytesIO(bytes(2 * PART)), limit=2 * PART - 1)
    assert (refused.value.field, refused.value.values) == ("file", {"limit": 2 * PART - 1})
    with pytest.raises(ConnectionResetError):
        store.put(Broken(bytes(3 * PART)), limit=4 * PART)
    assert list(store.keys()) == []
    assert store.sweep(before=datetime.now(UTC) + SOON) == 0


def test_key_made_before_is_written_again_without_harm(store: Storage) -> None:
    key = new_key()
    for content in (b"first", b"second"):
        assert store.put(io.BytesIO(content), limit=10, key=key).key == key
    with store.open(key) as file:
        assert file.read() == b"second"


def test_same_bytes_twice_are_two_files_and_deleting_one_leaves_the_other(store: Storage) -> None:
    first, second = (store.put(io.BytesIO(b"same"), limit=10) for _ in range(2))
    store.delete(first.key)
    store.delete(first.key)
    assert list(store.keys()) == [second.key]
    assert (store.size(first.key), store.exists(first.key)) == (None, False)
    with pytest.raises(NotThere):
        store.open(first.key)
    with pytest.raises(NotThere), store.local(first.key):
        pass


@pytest.mark.hostile
@pytest.mark.parametrize("key", ["", "../../etc/passwd", "A" * 32, "a" * 32 + "\n", "a" * 31 + "/"])
def test_key_that_we_did_not_make_is_refused(store: Storage, key: str) -> None:
    for use in (store.open, store.path, store.delete, store.exists, store.size):
        with pytest.raises(NotThere):
            use(key)


def test_pieces_become_the_file_whatever_their_sizes(
    store: Storage, incoming: Incoming, settings: Settings
) -> None:
    data = os.urandom(2 * PART + 12345)
    cuts = [0, 10, PART - 1, PART, PART + 5, 2 * PART + 1, len(data)]
    for start, stop in itertools.pairwise(cuts):
        # Each piece by another machine, which knows nothing but the offset.
        piece = incoming_of(settings).write(
            "upload-1", io.BytesIO(data[start:stop]), offset=start, limit=stop - start
        )
        assert (piece.size, piece.sha256) == (stop - start, sha256(data[start:stop]))
    for _ in range(2):
        incoming.finish("upload-1", size=len(data))
    with incoming.open("upload-1") as file:
        assert file.read() == data
    key = new_key()
    incoming.hand_over("upload-1", key=key)
    incoming.remove("upload-1")
    with store.open(key) as file:
        assert file.read() == data
    assert incoming.untouched(before=datetime.now(UTC) + SOON) == []


def test_what_never_counted_is_written_over(incoming: Incoming) -> None:
    data, wrong = os.urandom(PART + 100), bytes(PART + 4000)
    incoming.write("upload-2", io.BytesIO(data[:50]), offset=0, limit=50)
    # A writer that died before its bytes were counted, and left more than the file will have.
    incoming.write("upload-2", io.BytesIO(wrong), offset=50, limit=len(wrong))
    incoming.write("upload-2", io.BytesIO(data[50:]), offset=50, limit=len(data))
    incoming.finish("upload-2", size=len(data))
    with incoming.open("upload-2") as file:
        assert file.read() == data


def test_file_with_missing_bytes_is_not_finished(incoming: Incoming) -> None:
    incoming.write("upload-3", io.BytesIO(bytes(PART)), offset=0, limit=PART)
    for name, size in (("upload-3", PART + 1), ("upload-3", 2 * PART), ("upload-4", 1)):
        with pytest.raises(NotThere):
            incoming.finish(name, size=size)


def test_uploads_that_nobody_goes_on_with_are_named(incoming: Incoming) -> None:
    incoming.write("upload-5", io.BytesIO(b"half"), offset=0, limit=4)
    assert incoming.untouched(before=datetime.now(UTC) - SOON) == []
    assert incoming.untouched(before=datetime.now(UTC) + SOON) == ["upload-5"]
    incoming.remove("upload-5")
    assert incoming.untouched(before=datetime.now(UTC) + SOON) == []


def test_parts_of_a_killed_writer_are_swept(s3: dict[str, str], tmp_path: Path) -> None:
    settings = Settings.load({**ENVIRON, "WEBINAR_STORAGE_FOLDER": str(tmp_path), **s3})
    bucket, store = Bucket(settings.storage, "files"), storage_of(settings)
    bucket.part(key := new_key(), bucket.begin(key), 1, bytes(PART))
    assert store.sweep(before=datetime.now(UTC) - SOON) == 0
    assert store.sweep(before=datetime.now(UTC) + SOON) == 1
    assert (bucket.begun(), list(store.keys())) == ([], [])


def test_address_of_the_bucket_sends_the_file_to_whoever_has_it_and_only_as_signed(
    s3: dict[str, str], tmp_path: Path
) -> None:
    given = {**ENVIRON, "WEBINAR_STORAGE_FOLDER": str(tmp_path), **s3}
    store = storage_of(Settings.load(given | {"WEBINAR_S3_PRESIGN": "true"}))
    key = store.put(io.BytesIO(b"slides"), limit=10).key
    asked = {"media_type": "application/pdf", "disposition": "attachment; filename=a.pdf"}
    assert storage_of(Settings.load(given)).link(key, **asked) is None
    link = store.link(key, **asked) or ""
    with urlopen(link) as answer:
        assert answer.read() == b"slides"
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["Content-Disposition"] == "attachment; filename=a.pdf"
    with pytest.raises(HTTPError):
        urlopen(link.replace("a.pdf", "b.pdf"))


def test_server_that_does_not_answer_is_said_to_be_away(s3: dict[str, str], tmp_path: Path) -> None:
    loaded = Settings.load({**ENVIRON, "WEBINAR_STORAGE_FOLDER": str(tmp_path), **s3})
    nobody = replace(loaded.storage, endpoint="http://127.0.0.1:9")
    with pytest.raises(StorageAway):
        storage_of(replace(loaded, storage=nobody)).exists(new_key())
    assert loaded.storage.mode is StorageMode.S3
    with pytest.raises(StorageAway):
        storage_of(replace(loaded, storage=nobody)).put(io.BytesIO(b"x"), limit=1)
