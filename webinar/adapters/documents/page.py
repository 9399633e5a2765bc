"""One page as the archive shows and searches it, whatever kind of file it comes from."""

from dataclasses import dataclass

MAX_PAGES = 1000
"""A document with more is refused: the slides of an evening have a hundred pages, a statute book
some hundred, and whatever is taken is read to its last page."""
MAX_TEXT = 20_000


@dataclass(frozen=True)
class Page:
    """`number` counts from 1."""

    number: int
    text: str


@dataclass(frozen=True)
class Drawing:
    """A page as WebP: to be read, and small; both None where there is no picture to be had."""

    number: int
    picture: bytes | None
    thumbnail: bytes | None


def clean_text(raw: str) -> str:
    """Text as databases take it: no control characters, broken words joined, at most `MAX_TEXT`.

    PDFium marks a hyphen at a line's end with U+0002 or U+FFFE; PostgreSQL takes no NUL.
    """
    for mark in ("\x02", "\ufffe"):
        raw = raw.replace(mark + "\r\n", "").replace(mark + "\n", "").replace(mark, "")
    raw = raw.encode("utf-8", "ignore").decode("utf-8")
    lines = ("".join(c if c.isprintable() else " " for c in line) for line in raw.splitlines())
    return "\n".join(joined for line in lines if (joined := " ".join(line.split())))[:MAX_TEXT]
