"""What a person behind a personal link can fill in. No CSRF token: it would need a cookie; the
signature in the path proves more (docs/decisions/0005-personal-links.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flask import request
from flask_babel import gettext as _
from flask_babel import ngettext
from wtforms import Field, Form, RadioField, StringField, TextAreaField

from webinar.domain.feedback import RATINGS
from webinar.models import Mode
from webinar.web.forms.base import lazy_gettext as _l
from webinar.web.forms.choices import options


class AnswerForm(Form):
    """Which side; the answer itself is the button, that is the address."""

    mode = RadioField(validate_choice=False)
    asked: Sequence[Field] = ()
    """The fields of the organiser's own questions."""


class EnterForm(Form):
    """The name to appear under in the room; empty: the own."""

    display_name = StringField(
        _l("Appear under another name"),
        description=_l("You can choose it once. The office sees your own name beside it."),
    )


class FeedbackForm(Form):
    """A mark, and words."""

    rating = RadioField(
        _l("How was the evening?"),
        choices=options(
            ("5", _l("very good")),
            ("4", _l("good")),
            ("3", _l("fair")),
            ("2", _l("not so good")),
            ("1", _l("poor")),
        ),
        validate_choice=False,
    )
    text = TextAreaField(_l("What should we know?"))

    @property
    def mark(self) -> int:
        """The chosen mark; 0 where none, or none that there is, was chosen."""
        chosen = [mark for mark in RATINGS if str(mark) == self.rating.data]
        return chosen[0] if chosen else 0


def enter_form() -> EnterForm:
    """The form with what was sent."""
    return EnterForm(request.form if request.method == "POST" else None)


def feedback_form() -> FeedbackForm:
    """The form with what was sent."""
    return FeedbackForm(request.form if request.method == "POST" else None)


def answer_form(sides: Iterable[Mode], *, free: Mapping[Mode, int | None]) -> AnswerForm:
    """The form with a choice for each side and its free places.

    The first side with a free place is chosen beforehand; where there is only one side, it is
    meant without being asked.
    """
    offered = list(sides)
    form = AnswerForm(request.form if request.method == "POST" else None)
    form.mode.label.text = _("How I take part")
    form.mode.choices = [(side.value, side_label(side, free.get(side))) for side in offered]
    if request.method != "POST":
        form.mode.data = next((s for s in offered if free.get(s) != 0), offered[0]).value
    elif len(offered) == 1 and not form.mode.data:
        form.mode.data = offered[0].value
    return form


def chosen_side(sides: Sequence[Mode]) -> Mode | None:
    """The side that was sent, read without the form; None where none, or none that there is, was
    chosen."""
    sent = request.form.get("mode", "")
    if not sent and len(sides) == 1:
        return sides[0]
    return Mode(sent) if sent in list(Mode) else None


def side_label(side: Mode, places: int | None) -> str:
    """ "Online, noch 12 Plätze"; without a limit "Online"."""
    name = _("Online") if side is Mode.ONLINE else _("On site")
    if places is None:
        return name
    if places == 0:
        return _("%(side)s: fully booked, waiting list", side=name)
    return ngettext(
        "%(side)s: %(num)d place left", "%(side)s: %(num)d places left", places, side=name
    )
