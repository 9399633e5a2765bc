"""Texts that are the same for everybody but for a few words: rendered once, filled many times.

A mail is rendered with a mark in each place where the reader's own words belong. Lines without a
mark are finished; the others are wrapped anew for each reader, since names differ in length. That
this gives what rendering for the reader would give is proved by `webinar.jobs.prepared_letters`.
Neighbour: `mails`, which renders and wraps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from webinar.rendering import dates, mails

Marks = Mapping[str, str]
"""The mark of each slot, by its name."""
Values = Mapping[str, str]
"""What stands in each slot, by its name."""


class Line:
    """One line with slots; its line end belongs to it."""

    def __init__(self, text: str, marks: Marks) -> None:
        self._pieces = split(text, marks)
        self.slots = frozenset(self._pieces[1::2])

    def fill(self, values: Values) -> str:
        pieces = self._pieces.copy()
        for place in range(1, len(pieces), 2):
            pieces[place] = values[pieces[place]]
        return "".join(pieces)


class WrappedLine(Line):
    """A line of plain text, which becomes several where it is long."""

    def __init__(self, text: str, marks: Marks) -> None:
        super().__init__(text, marks)
        self._usual = Line(_wrapped(text), marks)
        self._lengths = {name: len(marks[name]) for name in self.slots}

    def fill(self, values: Values) -> str:
        # Words as long as the marks break the line in the same places.
        if all(
            len(values[name]) == length and " " not in values[name]
            for name, length in self._lengths.items()
        ):
            return self._usual.fill(values)
        return _wrapped(super().fill(values))


def split(text: str, marks: Marks) -> list[str]:
    """The text cut at its marks: text, name, text, name, text."""
    names = {mark: name for name, mark in marks.items()}
    if not names:
        return [text]
    cut = re.split("(" + "|".join(map(re.escape, names)) + ")", text)
    return [names[piece] if place % 2 else piece for place, piece in enumerate(cut)]


def lines_of_text(draft: str, marks: Marks) -> list[str | Line]:
    """Plain text that is not wrapped yet, as finished stretches and lines with slots."""
    mark = "".join(marks.values())  # one word, which no line holds
    found: list[Line] = []
    lines = []
    for line in draft.strip().split("\n"):
        if any(one in line for one in marks.values()):
            found.append(WrappedLine(line, marks))
            lines.append(mark)
        else:
            lines.append(line)
    finished = mails.wrapped("\n".join(lines)).split(mark + "\n")
    made: list[str | Line] = [finished[0]]
    for line_with_slots, text in zip(found, finished[1:], strict=True):
        made += [line_with_slots, text]
    return made


def lines_of_html(html: str, marks: Marks) -> list[str | Line]:
    """HTML as stretches without a slot and lines with slots. Values are filled in escaped."""
    lines = [f"{line}\n" for line in html.removesuffix("\n").split("\n")]
    made: list[str | Line] = []
    common = ""
    for line in lines:
        if any(mark in line for mark in marks.values()):
            made += [common, Line(line, marks)]
            common = ""
        else:
            common += line
    return [*made, common]


def escaped(value: str) -> str:
    """The value as it stands in the text of a mail's HTML, where quotation marks need no escape."""
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _wrapped(line: str) -> str:
    return "\n".join(mails.folded(line)).replace(dates.HARD_SPACE, " ") + "\n"
