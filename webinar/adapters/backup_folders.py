"""A folder of backups: each named after its time in UTC, of which the newest stay.

Files of other names are nobody's business here.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from webinar.clock import now

NAME = re.compile(r"webinar-\d{4}-\d\d-\d\dT\d{6}Z\.tar")
PARTIAL = re.compile(NAME.pattern + r"\.partial")
ABANDONED = timedelta(days=2)
"""What was not written on for so long belongs to a backup that was killed."""


def next_file(folder: Path) -> Path:
    """The name for a backup that begins now."""
    return folder / f"webinar-{now():%Y-%m-%dT%H%M%SZ}.tar"


def tidy(folder: Path, *, keep: int) -> list[Path]:
    """Remove all but the newest `keep` backups, and what killed ones left; returns what went."""
    whole = sorted(path for path in folder.iterdir() if NAME.fullmatch(path.name))
    old = (now() - ABANDONED).timestamp()
    partial = [path for path in folder.iterdir() if PARTIAL.fullmatch(path.name)]
    gone = whole[:-keep] + [path for path in partial if path.stat().st_mtime < old]
    for path in gone:
        path.unlink()
    return gone
