"""The file of a backup: a tar whose last member lists all others with size and SHA-256.

It can be read with `tar` where it is not sealed (`adapters.sealing`). What the members mean is
`domain.snapshots`' and `webinar.commands.backup`'s. A file appears under its name whole or not at
all.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from webinar.adapters.sealing import Damaged, Opener, Sealer, is_sealed, sync

MANIFEST = "manifest.json"
FORMAT = 1


class Writer:
    """Adds members one after the other; `finish` writes the list."""

    def __init__(self, stream: IO[bytes]) -> None:
        # Open as long as the writer; `finish` closes it.
        self._tar = tarfile.open(  # noqa: SIM115
            fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT
        )
        self._members: dict[str, dict[str, object]] = {}

    def add(self, name: str, source: IO[bytes], *, size: int) -> None:
        """A member of that size, read from where the source stands."""
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        counted = _Counted(source)
        self._tar.addfile(info, cast("IO[bytes]", counted))
        self._members[name] = {"size": size, "sha256": counted.digest.hexdigest()}

    def add_bytes(self, name: str, content: bytes) -> None:
        """A small member."""
        self.add(name, io.BytesIO(content), size=len(content))

    def finish(self, about: Mapping[str, object]) -> None:
        """The last member: what this is, and all others."""
        said = {**about, "format": FORMAT, "members": self._members}
        self.add_bytes(MANIFEST, json.dumps(said, indent=1).encode())
        self._tar.close()


class _Counted:
    """A source whose bytes are hashed as they pass."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self.digest = source, hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        found = self._source.read(size)
        self.digest.update(found)
        return found


@contextmanager
def written(path: Path, *, key: str) -> Iterator[Writer]:
    """A new backup at the path, readable by its owner alone; sealed where there is a key. Raises
    `FileExistsError`."""
    if path.exists():
        raise FileExistsError(path)
    partial = path.with_name(f"{path.name}.partial")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            if key:
                with io.BufferedWriter(Sealer(file, key=key)) as sealed:
                    yield Writer(sealed)
            else:
                yield Writer(file)
            sync(file)
        partial.rename(path)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()


@contextmanager
def members(path: Path, *, key: str) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
    """The members in their order, each to be read before the next. Raises `Damaged`."""
    with path.open("rb") as file:
        stream = _opened(file, key=key)
        try:
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                yield _each(tar)
        except (tarfile.TarError, EOFError) as problem:
            raise Damaged(f"this is no backup, or not all of it: {problem}") from problem


def _opened(file: BinaryIO, *, key: str) -> IO[bytes]:
    if not is_sealed(file):
        return file
    if not key:
        raise Damaged("the file is sealed: give its key")
    return io.BufferedReader(Opener(file, key=key))


def _each(tar: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    for info in tar:
        content = tar.extractfile(info)
        if content is None:
            raise Damaged(f"{info.name} is no file")
        yield info.name, content


def verify(
    path: Path, *, key: str, progress: Callable[[str, int], None] = lambda _name, _size: None
) -> dict[str, Any]:
    """Read all of it and compare with its list; returns the list. Raises `Damaged`."""
    found: dict[str, dict[str, object]] = {}
    said: dict[str, Any] | None = None
    with members(path, key=key) as each:
        for name, content in each:
            if said is not None:
                raise Damaged(f"{name} stands after the list")
            if name == MANIFEST:
                said = json.loads(content.read())
                continue
            if name in found:
                raise Damaged(f"{name} is there twice")
            found[name] = _measured(content)
            progress(name, int(str(found[name]["size"])))
    if said is None:
        raise Damaged("the list at the end is missing: the file was cut off")
    if said.get("format") != FORMAT:
        raise Damaged(f"format {said.get('format')} is not known to this version")
    wrong = sorted(set(found) ^ set(said["members"]))
    wrong += sorted(name for name in found if found[name] != said["members"].get(name))
    if wrong:
        raise Damaged(f"not what was written: {', '.join(dict.fromkeys(wrong))}")
    return said


def _measured(content: IO[bytes]) -> dict[str, object]:
    size, digest = 0, hashlib.sha256()
    while piece := content.read(1024 * 1024):
        size += len(piece)
        digest.update(piece)
    return {"size": size, "sha256": digest.hexdigest()}
