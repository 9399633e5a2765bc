"""Reading pages in a process of its own: a deck that crashes PDFium, hangs or eats memory ends that
process and nothing else, and the process knows no setting of ours.

Parent and child are both here: `read_pages` starts `python -m webinar.adapters.documents.apart`,
which writes one line of JSON for each page. Neighbours: `pdf` and `office` do the reading.
"""

import base64
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from webinar.adapters.documents.filetypes import MediaType
from webinar.adapters.documents.office import pptx_pages
from webinar.adapters.documents.page import Page
from webinar.adapters.documents.pdf import page_count, pdf_pages
from webinar.config import ROOT
from webinar.errors import RuleError

SECONDS = 240
"""Shorter than the lease of a job: who waits for the child still holds its work."""
MEMORY = 2 * 1024**3
READABLE = (MediaType.PDF, MediaType.PPTX)


@dataclass(frozen=True)
class Deck:
    """`count` is the true number of pages; `pages` holds at most the first `MAX_PAGES`."""

    count: int
    pages: tuple[Page, ...]


def read_pages(
    path: Path, *, media_type: MediaType, width: int, seconds: float = SECONDS
) -> Deck | None:
    """The pages of a PDF or PPTX, pictures `width` pixels wide; None for files without pages.

    Raises `RuleError` `file_damaged`, `file_encrypted`, or `file_too_slow` after `seconds`.
    """
    if media_type not in READABLE:
        return None
    command = [sys.executable, "-m", __name__, media_type.name, str(path), str(width)]
    environ = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed list, no shell, the path is our own key
            command,
            capture_output=True,
            timeout=seconds,
            check=False,
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise RuleError("file_too_slow", field="file") from error
    return _deck(done.stdout.decode().splitlines())


def _deck(lines: list[str]) -> Deck:
    """What the child wrote; without its last line it did not live to the end."""
    try:
        rows = [json.loads(line) for line in lines]
        last = rows.pop()
    except (ValueError, IndexError) as error:
        raise RuleError("file_damaged", field="file") from error
    if last.get("refused") == "file_encrypted":
        raise RuleError("file_encrypted", field="file")
    if "count" not in last:
        raise RuleError("file_damaged", field="file")
    return Deck(count=int(last["count"]), pages=tuple(_page(row) for row in rows))


def _page(row: dict[str, str]) -> Page:
    picture = base64.b64decode(row["picture"]) or None
    return Page(number=int(row["number"]), text=row["text"], thumbnail=picture)


def main(kind: str, path: str, width: str) -> None:
    """The child: pages to standard output, then their number or why there are none."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        for line in _lines(MediaType[kind], Path(path), int(width)):
            sys.stdout.write(json.dumps(line) + "\n")
    except RuleError as error:
        sys.stdout.write(json.dumps({"refused": error.code}) + "\n")


def _lines(kind: MediaType, path: Path, width: int) -> Iterator[dict[str, object]]:
    number = 0
    pages = pdf_pages(path, width=width) if kind is MediaType.PDF else pptx_pages(path)
    for page in pages:
        picture = base64.b64encode(page.thumbnail or b"").decode()
        yield {"number": page.number, "text": page.text, "picture": picture}
        number = page.number
    yield {"count": page_count(path) if kind is MediaType.PDF else number}


if __name__ == "__main__":
    main(*sys.argv[1:4])
