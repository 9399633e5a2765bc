"""Reading pages in a process of its own: a deck that crashes PDFium, hangs or eats memory ends that
process and nothing else, and the process knows no setting of ours.

Parent and child are both here: `read_pages` and `draw_pages` start this module as a program, which
writes one line of JSON for each page. Neighbours: `pdf` and `office` do the reading.
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
from webinar.adapters.documents.page import Drawing, Page
from webinar.adapters.documents.pdf import page_count, pdf_drawings, pdf_pages
from webinar.config import ROOT
from webinar.errors import RuleError

SECONDS = 240
"""Shorter than the lease of a job: who waits for the child still holds its work."""
MEMORY = 2 * 1024**3


@dataclass(frozen=True)
class Deck:
    """`count` is the true number of pages; `pages` holds at most the first `MAX_PAGES`."""

    count: int
    pages: tuple[Page, ...]


def read_pages(path: Path, *, media_type: MediaType, seconds: float = SECONDS) -> Deck:
    """The texts of a PDF or PPTX.

    Raises `RuleError` `file_damaged`, `file_encrypted`, or `file_too_slow` after `seconds`.
    """
    rows, last = _ask(["text", media_type.name, str(path)], seconds=seconds)
    pages = tuple(Page(number=int(row["number"]), text=row["text"]) for row in rows)
    return Deck(count=int(last["count"]), pages=pages)


def draw_pages(
    path: Path, *, first: int, last: int, seconds: float = SECONDS
) -> tuple[Drawing, ...]:
    """Pictures of some pages of a PDF; raises as `read_pages`."""
    rows, _ = _ask(["draw", str(first), str(last), str(path)], seconds=seconds)
    return tuple(
        Drawing(
            number=int(row["number"]),
            picture=base64.b64decode(row["picture"]) or None,
            thumbnail=base64.b64decode(row["thumbnail"]) or None,
        )
        for row in rows
    )


def _ask(arguments: list[str], *, seconds: float) -> tuple[list[dict[str, str]], dict[str, str]]:
    """What the child wrote: a row for each page, and its last line; without that it did not live
    to the end."""
    environ = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed list, no shell, the path is our own key
            [sys.executable, "-m", __name__, *arguments],
            capture_output=True,
            timeout=seconds,
            check=False,
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise RuleError("file_too_slow", field="file") from error
    try:
        rows = [json.loads(line) for line in done.stdout.decode().splitlines()]
        last = rows.pop()
    except (ValueError, IndexError) as error:
        raise RuleError("file_damaged", field="file") from error
    if last.get("refused") == "file_encrypted":
        raise RuleError("file_encrypted", field="file")
    if "count" not in last:
        raise RuleError("file_damaged", field="file")
    return rows, last


def main(act: str, *arguments: str) -> None:
    """The child: pages to standard output, then their number or why there are none."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        for line in _texts(*arguments) if act == "text" else _drawings(*arguments):
            sys.stdout.write(json.dumps(line) + "\n")
    except RuleError as error:
        sys.stdout.write(json.dumps({"refused": error.code}) + "\n")


def _texts(kind: str, name: str) -> Iterator[dict[str, object]]:
    path, number = Path(name), 0
    is_pdf = MediaType[kind] is MediaType.PDF
    for page in pdf_pages(path) if is_pdf else pptx_pages(path):
        yield {"number": page.number, "text": page.text}
        number = page.number
    yield {"count": page_count(path) if is_pdf else number}


def _drawings(first: str, last: str, name: str) -> Iterator[dict[str, object]]:
    number = 0
    for page in pdf_drawings(Path(name), first=int(first), last=int(last)):
        picture, thumbnail = (
            base64.b64encode(data or b"").decode() for data in (page.picture, page.thumbnail)
        )
        yield {"number": page.number, "picture": picture, "thumbnail": thumbnail}
        number += 1
    yield {"count": number}


if __name__ == "__main__":
    main(*sys.argv[1:])
