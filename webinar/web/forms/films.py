"""Forms for what an organiser makes of a recording: subtitles, chapters, times of pages, a cut."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired

from webinar.domain.subtitles import LANGUAGES
from webinar.models import Chapter, MaterialPage
from webinar.text import clean
from webinar.web.archives import language_name
from webinar.web.filters import timecode
from webinar.web.forms.base import DeskForm
from webinar.web.forms.base import lazy_gettext as _l
from webinar.web.forms.choices import options

SUBTITLES = ".vtt,.srt"
MOMENT = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)(?:[.,](\d{1,3}))?", re.ASCII)
LONGEST = 20_000
"""Characters of a list of chapters."""


def milliseconds(typed: str) -> int | None:
    """ "1:17:05", "17:05" or "17:05,5" as milliseconds; None for anything else."""
    found = MOMENT.fullmatch(clean(typed))
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[:3])
    rest = int((found.group(4) or "0").ljust(3, "0"))
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest


class MomentField(StringField):
    """A moment of a recording; `moment` holds it in milliseconds, None where nothing was typed."""

    moment: int | None = None

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        if not clean(self.data or ""):
            return
        self.moment = milliseconds(self.data or "")
        if self.moment is None:
            raise ValueError(_l("This is no moment. This is how one looks: 17:05 or 1:17:05"))


class SubtitlesForm(DeskForm):
    """One file of subtitles in one language."""

    file = FileField(
        _l("File"),
        [FileRequired(message=_l("Please choose a file."))],
        description=_l("WebVTT or SRT, at most 4 MB. Only the words and their times are kept."),
    )
    language = SelectField(_l("Language"), default="de")

    def offer(self) -> None:
        """Name the languages in the reader's own."""
        self.language.choices = options(*((code, language_name(code)) for code in LANGUAGES))


class ChaptersForm(DeskForm):
    """One chapter a line; a line that cannot be read is named."""

    chapters = TextAreaField(
        _l("Chapters"),
        description=_l(
            "One a line, first the time, then the title: 12:30 Questions from the hall. "
            "Left empty, there are none."
        ),
    )

    def fill(self, chapters: Sequence[Chapter]) -> None:
        """What stands there now, unless something was sent."""
        if not self.sent():
            lines = (f"{timecode(one.start_ms)} {one.title}" for one in chapters)
            self.chapters.data = "\n".join(lines)

    def read(self) -> list[tuple[int, str]]:
        """The chapters as typed; errors stand at the field."""
        typed = (self.chapters.data or "")[:LONGEST]
        found: list[tuple[int, str]] = []
        wrong = []
        for number, line in enumerate(typed.splitlines(), start=1):
            if not clean(line):
                continue
            moment, _blank, title = clean(line).partition(" ")
            at = milliseconds(moment)
            if at is None or not clean(title):
                wrong.append(number)
            else:
                found.append((at, clean(title)))
        if wrong:
            self.chapters.errors = [
                _("Line %(number)d needs a time and a title: 12:30 Questions", number=wrong[0])
            ]
        return found


class PageTimesForm(DeskForm):
    """When each page appears; the entries are named after the pages and made by the template."""

    def read(
        self, pages: Sequence[MaterialPage], sent: dict[str, str]
    ) -> tuple[dict[int, int | None], dict[int, str]]:
        """The moments by page number, and what is wrong with which entry."""
        times: dict[int, int | None] = {}
        wrong: dict[int, str] = {}
        for page in pages:
            typed = clean(sent.get(f"seite-{page.number}", ""))
            times[page.number] = milliseconds(typed) if typed else None
            if typed and times[page.number] is None:
                wrong[page.number] = _("This is no moment. This is how one looks: 17:05")
        return times, wrong


class CutForm(DeskForm):
    """Where the cut recording begins and ends."""

    start = MomentField(
        _l("Begins at"),
        [DataRequired(message=_l("Please enter where the recording is to begin."))],
    )
    end = MomentField(
        _l("Ends at"), [DataRequired(message=_l("Please enter where the recording is to end."))]
    )
