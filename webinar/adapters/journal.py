"""The journal file: one JSON object per line, only ever appended, readable by its owner alone.

What the lines mean is `domain.journals`'. A line is on the disk when `append` returns. A line that
a power cut left half is skipped when the file is read: what it told of is written again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path


def append(path: Path, entries: Iterable[Mapping[str, object]]) -> int:
    """Add a line for each; returns how many."""
    lines = [json.dumps(entry, sort_keys=True) + "\n" for entry in entries]
    if not lines:
        return 0
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "wb") as file:
        start = "" if _whole(path) else "\n"
        file.write((start + "".join(lines)).encode())
        file.flush()
        os.fsync(file.fileno())
    return len(lines)


def read(path: Path) -> Iterator[dict[str, object]]:
    """The entries in their order; none where there is no file."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8") as file:
        for line in file:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                yield entry


def _whole(path: Path) -> bool:
    """Whether the last line has its end."""
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
