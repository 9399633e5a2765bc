"""The readable part of public addresses: made from a title, unique within its table.

Used by `series` and `talks`. When an address may still change is theirs to say.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute

from webinar.extensions import db

LENGTH = 90
TRIES = 5
_WRITTEN_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "œ": "oe", "ł": "l"}
)
_OTHER = re.compile(r"[^a-z0-9]+")


def made_from(title: str) -> str:
    """ "Fördermittel für Gemeinden" as "foerdermittel-fuer-gemeinden"; at most 90 characters, cut
    between words. A title without any letter or figure of the Latin alphabet gives "thema"."""
    plain = unicodedata.normalize("NFC", title).lower().translate(_WRITTEN_OUT)
    bare = unicodedata.normalize("NFD", plain).encode("ascii", "ignore").decode()
    words = _OTHER.sub("-", bare).strip("-")
    if len(words) > LENGTH:
        head, between, _rest = words[: LENGTH + 1].rpartition("-")
        words = head if between else words[:LENGTH]
    return words or "thema"


def free(column: InstrumentedAttribute[str], title: str, *, own: str | None = None) -> str:
    """The slug of the title, with the lowest number behind it that makes it unique in the column;
    `own` is the row's present slug, which is free to it."""
    base = made_from(title)
    taken = set(db.session.scalars(select(column).where(column.startswith(base, autoescape=True))))
    taken.discard(own or "")
    number, slug = 1, base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def flush_with(assign: Callable[[], None]) -> None:
    """Flush with the slug that `assign` sets, and with the next one where a rival took it between
    looking and writing (only PostgreSQL lets two write at a time)."""
    for rest in reversed(range(TRIES)):
        try:
            with db.session.begin_nested():
                assign()
                db.session.flush()
            return
        except IntegrityError:
            if not rest:
                raise
