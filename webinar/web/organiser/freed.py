"""What a message at the desk adds where somebody who left office gave up places."""

from __future__ import annotations

from flask_babel import ngettext


def with_freed(message: str, freed: int) -> str:
    """The message, and how many places at coming talks became free, if any did."""
    if not freed:
        return message
    places = ngettext(
        "One place at a coming talk became free.",
        "%(num)d places at coming talks became free.",
        freed,
    )
    return f"{message} {places}"
