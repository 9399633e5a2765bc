"""The folder store: whole files or none, keys of our own, nothing touched beside the one asked."""

import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from webinar.adapters.storage import CHUNK, FolderStorage, Storage
from webinar.errors import NotThere, RuleError


@pytest.fixture
def store(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "files", reserve=0)


def on_disk(store: FolderStorage) -> list[Path]:
    return [path for path in store._root.rglob("*") if path.is_file()]


class Recorder(io.BytesIO):
    """A stream that remembers how much was asked for at once."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.asked: list[int] = []

    def read(self, size: int | None = -1, /) -> bytes:
        self.asked.append(-1 if size is None else size)
        return super().read(size)


def test_put_keeps_bytes_with_size_and_digest(store: FolderStorage) -> None:
    data = os.urandom(3 * CHUNK + 17)
    kept = store.put(io.BytesIO(data), limit=len(data))
    with store.open(kept.key) as file:
        assert file.read() == data
    assert kept.size == len(data)
    assert kept.sha256 == hashlib.sha256(data).hexdigest()
    assert store.exists(kept.key)


def test_put_reads_in_pieces_of_one_mebibyte(store: FolderStorage) -> None:
    stream = Recorder(bytes(5 * CHUNK))
    store.put(stream, limit=10 * CHUNK)
    assert set(stream.asked) == {CHUNK}


def test_put_over_the_limit_is_refused_and_leaves_nothing(store: FolderStorage) -> None:
    with pytest.raises(RuleError) as refused:
        store.put(io.BytesIO(bytes(2 * CHUNK)), limit=2 * CHUNK - 1)
    assert refused.value.code == "file_too_large"
    assert refused.value.field == "file"
    assert refused.value.values == {"limit": 2 * CHUNK - 1}
    assert on_disk(store) == []


def test_put_whose_stream_breaks_leaves_nothing(store: FolderStorage) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > CHUNK:
                raise ConnectionResetError
            return super().read(size)

    with pytest.raises(ConnectionResetError):
        store.put(Broken(bytes(3 * CHUNK)), limit=4 * CHUNK)
    assert on_disk(store) == []


def test_put_keeps_the_reserve_free(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    store = FolderStorage(tmp_path / "files", reserve=free + CHUNK)
    with pytest.raises(RuleError) as refused:
        store.put(io.BytesIO(b"anything"), limit=100)
    assert refused.value.code == "storage_full"
    assert on_disk(store) == []


def test_put_lets_group_read_and_others_not(store: FolderStorage) -> None:
    before = os.umask(0o022)
    try:
        place = store.path(store.put(io.BytesIO(b"x"), limit=1).key)
    finally:
        os.umask(before)
    assert place is not None
    assert place.stat().st_mode & 0o777 == 0o640


def test_same_bytes_twice_are_two_files_and_deleting_one_leaves_the_other(
    store: FolderStorage,
) -> None:
    first = store.put(io.BytesIO(b"same"), limit=10)
    second = store.put(io.BytesIO(b"same"), limit=10)
    store.delete(first.key)
    assert first.key != second.key
    assert not store.exists(first.key)
    assert store.open(second.key).read() == b"same"


def test_delete_twice_is_no_error(store: FolderStorage) -> None:
    kept = store.put(io.BytesIO(b"x"), limit=1)
    store.delete(kept.key)
    store.delete(kept.key)
    assert list(store.keys()) == []


def test_delete_while_reading_lets_the_reader_finish(store: FolderStorage) -> None:
    kept = store.put(io.BytesIO(b"still here"), limit=100)
    with store.open(kept.key) as reader:
        store.delete(kept.key)
        assert reader.read() == b"still here"


def test_keys_lists_complete_files_only(store: FolderStorage) -> None:
    kept = {store.put(io.BytesIO(b"x"), limit=1).key for _ in range(5)}
    (store._root / "ab").mkdir(exist_ok=True)
    (store._root / "ab" / "notes.txt").write_text("not ours")
    (store._partial / ("0" * 32)).write_bytes(b"half")
    assert set(store.keys()) == kept


def test_path_is_absolute_and_none_for_what_is_gone(store: FolderStorage) -> None:
    kept = store.put(io.BytesIO(b"x"), limit=1)
    place = store.path(kept.key)
    assert place is not None
    assert place.is_absolute()
    assert place.read_bytes() == b"x"
    store.delete(kept.key)
    assert store.path(kept.key) is None
    with pytest.raises(NotThere):
        store.open(kept.key)


@pytest.mark.hostile
@pytest.mark.parametrize(
    "key",
    [
        "",
        "../../etc/passwd",
        "/etc/passwd",
        "a" * 31,
        "a" * 33,
        "A" * 32,
        "a" * 32 + "\n",
        "a" * 31 + "/",
        "٣" * 32,
        ".partial",
        "a" * 31 + "\0",
    ],
)
def test_key_that_we_did_not_make_is_refused(store: FolderStorage, key: str) -> None:
    for use in (store.open, store.path, store.delete, store.exists):
        with pytest.raises(NotThere):
            use(key)


def test_sweep_removes_old_partials_and_spares_running_ones(store: FolderStorage) -> None:
    kept = store.put(io.BytesIO(b"x"), limit=1)
    old, fresh = store._partial / ("1" * 32), store._partial / ("2" * 32)
    for partial in (old, fresh):
        partial.write_bytes(b"half")
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))
    assert store.sweep(before=datetime.now(UTC) - timedelta(hours=1)) == 1
    assert not old.exists()
    assert fresh.exists()
    assert store.exists(kept.key)


def test_folder_storage_fits_the_protocol(store: FolderStorage) -> None:
    taken: Storage = store
    assert taken.put(io.BytesIO(b"x"), limit=1).size == 1


WRITER = """
import sys
from pathlib import Path
from webinar.adapters.storage import FolderStorage

class Endless:
    def read(self, size, /):
        print("chunk", flush=True)
        return bytes(size)

FolderStorage(Path(sys.argv[1]), reserve=0).put(Endless(), limit=2**40)
"""


@pytest.mark.kill
@pytest.mark.parametrize("chunks", [1, 3, 9])
def test_writer_that_is_killed_leaves_nothing_visible(store: FolderStorage, chunks: int) -> None:
    kept = store.put(io.BytesIO(b"before"), limit=10)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(store._root)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    for _ in range(chunks + 1):
        assert writer.stdout.readline() == "chunk\n"
    writer.send_signal(signal.SIGKILL)
    assert writer.wait() == -signal.SIGKILL
    writer.stdout.close()

    again = FolderStorage(store._root, reserve=0)
    assert list(again.keys()) == [kept.key]
    assert again.open(kept.key).read() == b"before"
    assert len(on_disk(again)) == 2  # the control: the killed writer had really begun
    assert again.sweep(before=datetime.now(UTC) + timedelta(seconds=1)) == 1
    assert len(on_disk(again)) == 1
