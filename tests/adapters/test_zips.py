"""A ZIP that is made while it is sent: whole, of known length, with safe names."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import BinaryIO

import pytest

from webinar.adapters import zips

DAY = datetime(2026, 9, 17, 18, 30)  # noqa: DTZ001  a ZIP shows a wall clock


def entry(name: str, data: bytes) -> zips.Entry:
    return zips.Entry(name=name, size=len(data), open=lambda: io.BytesIO(data), changed=DAY)


def test_archive_is_whole_and_as_long_as_said() -> None:
    files = {"Überblick „Bauantrag“.pdf": b"a" * 600_000, "leer.txt": b"", "b.mp4": b"film" * 9}
    entries = [entry(name, data) for name, data in files.items()]
    pieces = list(zips.stream(entries))
    assert max(len(piece) for piece in pieces) < 2 * zips.PIECE
    whole = b"".join(pieces)
    assert len(whole) == zips.length(entries)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert {info.filename: archive.read(info) for info in archive.infolist()} == files
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        assert archive.infolist()[0].date_time == (2026, 9, 17, 18, 30, 0)


def test_file_that_ends_early_breaks_the_transfer() -> None:
    short = zips.Entry("a", 10, lambda: io.BytesIO(b"12345"), DAY)
    with pytest.raises(EOFError):
        list(zips.stream([short]))


def test_names_differ_on_every_file_system() -> None:
    names = ["Folien.pdf", "folien.PDF", "Folien.pdf", "Folien (2).pdf", "ohne"]
    assert zips.unique(names) == [
        *("Folien.pdf", "folien (2).PDF", "Folien (3).pdf", "Folien (2) (2).pdf", "ohne"),
    ]


class Zeros(io.RawIOBase):
    """As many bytes as are asked for."""

    def read(self, size: int = -1, /) -> bytes:
        return bytes(size)


@pytest.mark.soak
def test_archive_of_more_than_four_gigabytes_is_as_long_as_said() -> None:
    def zeros() -> BinaryIO:
        return Zeros()  # type: ignore[return-value]  # all that is asked of it is to be read

    entries = [
        zips.Entry("a.mp4", 3 * 1024**3, zeros, DAY),
        zips.Entry("b.mp4", 1536 * 1024**2, zeros, DAY),
        entry("c.pdf", b"behind four gigabytes"),
    ]
    count, tail = 0, b""
    for piece in zips.stream(entries):
        count += len(piece)
        tail = (tail + piece)[-1000:]
    assert count == zips.length(entries)
    assert b"PK\x06\x06" in tail
