"""What an organiser fills in when acting for one person at a talk; each form asks whether to tell
the person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask_babel import gettext as _
from wtforms import BooleanField, HiddenField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from webinar.domain.waiting_list import REASON_LENGTH
from webinar.models import Mode
from webinar.text import clean
from webinar.web.forms.base import DeskForm
from webinar.web.forms.base import lazy_gettext as _l
from webinar.web.forms.contacts import LONG, ContactFields
from webinar.web.forms.guest import side_label

DECLINED = "declined"
CHOOSE = _l("Please choose an answer.")
FROM_ONE = _l("Please enter a place, from 1.")


class PositionField(IntegerField):
    """A place in a queue, from 1; one beyond its end means the end."""

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = clean(valuelist[0]) if valuelist else ""
        self.data = int(typed[:9]) if typed.isascii() and typed.isdecimal() else None


class NotifyForm(DeskForm):
    """Whether the person gets a message."""

    notify = BooleanField(_l("Tell the person by e-mail"), default=True)


class AnswerForm(NotifyForm):
    """The answer that somebody gave: a side, or that they do not come."""

    answer = RadioField(_l("Answer"), [DataRequired(message=CHOOSE)])

    def offer(
        self, sides: Iterable[Mode], *, free: Mapping[Mode, int | None], held: Mode | None = None
    ) -> None:
        """Fill in the sides with their free places, and the refusal; `held` is what stands now."""
        self.answer.choices = [*side_choices(sides, free=free), (DECLINED, _("does not come"))]
        if not self.sent() and held is not None:
            self.answer.data = held.value

    @property
    def mode(self) -> Mode | None:
        """The chosen side; None for a refusal."""
        return None if self.answer.data == DECLINED else Mode(self.answer.data)


class RegisterForm(NotifyForm):
    """The side on which somebody is registered by hand."""

    side = RadioField(_l("Takes part"), [DataRequired(message=_l("Please choose a side."))])

    def offer(self, sides: Iterable[Mode], *, free: Mapping[Mode, int | None]) -> None:
        """Fill in the sides with their free places; a single one is chosen."""
        offer_sides(self.side, sides, free=free, sent=self.sent())

    @property
    def mode(self) -> Mode:
        return Mode(self.side.data)


class NewPersonForm(ContactFields):
    """A person who is not in the address book, and the side."""

    side = RadioField(_l("Takes part"), [DataRequired(message=_l("Please choose a side."))])
    notify = BooleanField(_l("Tell the person by e-mail"), default=True)

    def offer(self, sides: Iterable[Mode], *, free: Mapping[Mode, int | None]) -> None:
        """As `RegisterForm.offer`."""
        offer_sides(self.side, sides, free=free, sent=self.sent())

    @property
    def mode(self) -> Mode:
        return Mode(self.side.data)


def offer_sides(
    field: RadioField, sides: Iterable[Mode], *, free: Mapping[Mode, int | None], sent: bool
) -> None:
    """Fill the sides into a field; unless something was sent, the first is chosen."""
    field.choices = side_choices(sides, free=free)
    if not sent:
        field.data = field.choices[0][0]


def side_choices(
    sides: Iterable[Mode], *, free: Mapping[Mode, int | None]
) -> list[tuple[str, str]]:
    """The sides of a talk to choose from, each with the places that are left."""
    return [(side.value, side_label(side, free.get(side))) for side in sides]


class ReasonForm(NotifyForm):
    """Why; what was typed stands in the audit log."""

    reason = StringField(
        _l("Reason"),
        [
            DataRequired(message=_l("Please say why, in a few words.")),
            Length(max=REASON_LENGTH, message=LONG),
        ],
        description=_l("Stays in the office: it stands in the record, not in the message."),
    )


class MoveForm(ReasonForm):
    """The new place in the queue."""

    position = PositionField(_l("New place"), [DataRequired(message=FROM_ONE)])


class PromoteForm(ReasonForm):
    """Whether the number of places may rise for it."""

    raise_places = HiddenField()


class RefuseForm(ReasonForm):
    """What the person reads beside the kind standard words."""

    words = TextAreaField(
        _l("Words to the person"),
        [Length(max=2000, message=LONG)],
        description=_l("Stand in the message, below the sentence that there is no place."),
    )
