"""Numbers of rows and searches as they stand in addresses and forms: anybody can type anything.

A number that no row can have raises in the database instead of finding nothing: SQLite's driver
stops at 64 bits, PostgreSQL's INTEGER at 32. A search of thousands of words exceeds what SQLite
takes in one statement. Both are met here, before any query.
"""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext
from werkzeug.routing import IntegerConverter, Map
from wtforms import IntegerField

LARGEST = 2**31 - 1
"""The largest id (PostgreSQL's INTEGER)."""
SEARCH = 100
"""Characters of a search: more than any name, office or place has."""


class RowConverter(IntegerConverter):
    """`<int:...>` for the number of a row; a larger one is no page."""

    def __init__(self, url_map: Map, **more: Any) -> None:
        super().__init__(url_map, max=LARGEST, **more)


class RowField(IntegerField):
    """The number of a row in a form; an impossible one is an error of the field."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None and not 0 <= self.data <= LARGEST:
            self.data = None
            raise ValueError(gettext("Please choose what the list offers."))


def row_number(raw: object) -> int:
    """The number of a row; raises `ValueError` for what cannot be one. For `args.get(type=...)`
    and as `coerce` of fields that choose rows."""
    text = str(raw)
    if not (text.isascii() and text.isdecimal() and len(text) < 11) or int(text) > LARGEST:
        raise ValueError("no number of a row")
    return int(text)


def searched(name: str = "q", *, otherwise: str = "") -> str:
    """What the address searches for, no longer than a search makes sense."""
    return shortened(request.args.get(name, otherwise))


def shortened(text: str) -> str:
    """The beginning of a search that was typed."""
    return text.strip()[:SEARCH].strip()
