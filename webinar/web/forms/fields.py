"""Fields that take what people type: a day, a time, a number; each with its own sentence."""

from __future__ import annotations

from typing import Any

from wtforms import DateField, IntegerField, TimeField

from webinar.text import clean
from webinar.web.forms.base import lazy_gettext as _l

LARGEST = 100_000


class DayField(DateField):
    """A day: as browsers send it, or as people in Germany write it."""

    def __init__(self, label: str, validators: Any = None, **more: Any) -> None:
        super().__init__(label, validators, format=["%Y-%m-%d", "%d.%m.%Y"], **more)

    def process_formdata(self, valuelist: list[Any]) -> None:
        if not valuelist or not clean(valuelist[0]):
            return
        try:
            super().process_formdata([clean(valuelist[0])])
            if self.data is not None and not 1970 <= self.data.year <= 2200:
                raise ValueError  # beyond it databases and calendars disagree
        except ValueError as problem:
            self.data = None
            raise ValueError(
                _l("This is not a date. This is how one looks: 14.01.2027")
            ) from problem


class ClockField(TimeField):
    """A time of the day in hours and minutes."""

    def __init__(self, label: str, validators: Any = None, **more: Any) -> None:
        super().__init__(label, validators, format=["%H:%M", "%H:%M:%S", "%H.%M"], **more)

    def process_formdata(self, valuelist: list[Any]) -> None:
        if not valuelist or not clean(valuelist[0]):
            return
        try:
            super().process_formdata([clean(valuelist[0])])
        except ValueError as problem:
            self.data = None
            raise ValueError(_l("This is not a time. This is how one looks: 18:00")) from problem


class PlacesField(IntegerField):
    """A number of places, from none to more than any office has; empty means without limit."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        typed = clean(valuelist[0]) if valuelist else ""
        if not typed:
            self.data = None
            return
        # `isdecimal` alone would take figures of other scripts, and many of them.
        if not (typed.isascii() and typed.isdecimal() and int(typed[:9]) <= LARGEST):
            self.data = None
            raise ValueError(_l("Please enter a whole number, or leave the field empty."))
        self.data = int(typed[:9])
