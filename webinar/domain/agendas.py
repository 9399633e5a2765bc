"""The evening's order: one line each, "18:05 Vortrag", to pairs of time and text and back."""

from __future__ import annotations

import re

from webinar.errors import RuleError
from webinar.text import clean

LINES = 40
TEXT = 200
_LINE = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)(?:\s*Uhr)?[\s,;:–-]+(\S.*)", re.IGNORECASE)


def read(text: str) -> list[list[str]]:
    """The pairs `["18:05", "Vortrag"]` in the order given; empty lines are skipped.

    Raises `RuleError` on the field `agenda` that names the line (from 1) and what stands there.
    """
    pairs = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = clean(raw)
        if not line:
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise RuleError("agenda_line", field="agenda", line=number, text=line[:60])
        if len(found[3]) > TEXT:
            raise RuleError("agenda_line_long", field="agenda", line=number, limit=TEXT)
        pairs.append([f"{int(found[1])}:{found[2]}", found[3]])
    if len(pairs) > LINES:
        raise RuleError("agenda_long", field="agenda", limit=LINES)
    return pairs


def written(pairs: list[list[str]]) -> str:
    """The pairs as they are typed, one line each."""
    return "\n".join(f"{time} {text}" for time, text in pairs)
