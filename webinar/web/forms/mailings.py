"""What an organiser fills in for a mailing: whom it is for, and its words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flask_babel import ngettext
from wtforms import RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired

from webinar.models import Audience
from webinar.web.forms.base import DeskForm
from webinar.web.forms.base import lazy_gettext as _l
from webinar.web.numbers import RowField, row_number


class ChooseForm(DeskForm):
    """Audiences to tick, a name to search for, and the buttons beside people."""

    audiences = SelectMultipleField(_l("Audiences"), coerce=row_number, validate_choice=False)
    q = StringField(_l("Name, office or place"))
    add = RowField()
    remove = RowField()

    def offer(self, audiences: Iterable[Audience], counts: Mapping[int, tuple[int, int]]) -> None:
        """Fill in the audiences with the number of people who can be invited."""
        self.audiences.choices = [
            (row.id, f"{row.name} ({people(counts.get(row.id, (0, 0))[1])})") for row in audiences
        ]

    def ticked(self) -> Sequence[int]:
        """The ids of the ticked audiences; what is no number ticks nothing."""
        found: Sequence[int] = self.audiences.data or []
        return found


class CircleForm(DeskForm):
    """Whom a message is for."""

    circle = RadioField(_l("To"), [DataRequired(message=_l("Please choose whom to write to."))])

    def offer(self, circles: Iterable[tuple[str, str]], *, chosen: str = "") -> None:
        """Fill in the circles."""
        self.circle.choices = list(circles)
        if not self.sent() and chosen:
            self.circle.data = chosen


class LeaveOutForm(DeskForm):
    """The buttons that leave one person out, or take the person in again."""

    exclude = RowField()
    include = RowField()


class TextForm(DeskForm):
    """Subject and Markdown text; what may stand in them is the domain's to say."""

    subject = StringField(_l("Subject"), [DataRequired(message=_l("Please enter a subject."))])
    text = TextAreaField(
        _l("Text"),
        [DataRequired(message=_l("Please write a text."))],
        description=_l(
            "The first paragraph stands above the date, the rest below the answer. "
            "Salutation and closing come by themselves."
        ),
    )


class SampleForm(DeskForm):
    """The number of the test, so that a double click sends one."""

    number = RowField()


def people(count: int) -> str:
    """ "52 Personen"."""
    return ngettext("%(num)d person", "%(num)d people", count)
