"""The form of one reminder: to whom, and how long before."""

from __future__ import annotations

from wtforms import IntegerField, RadioField, SelectField
from wtforms.validators import InputRequired

from webinar.models import Reminded, Reminder
from webinar.text import clean
from webinar.web.forms.base import DeskForm
from webinar.web.forms.base import lazy_gettext as _l
from webinar.web.forms.choices import options

DAYS, HOURS = "days", "hours"
HOUR = 60


class NumberField(IntegerField):
    """A whole number in figures; how large it may be is the domain's to say."""

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = clean(valuelist[0]) if valuelist else ""
        if not (typed.isascii() and typed.isdecimal()):
            self.data = None
            raise ValueError(_l("Please enter a whole number."))
        self.data = int(typed[:6])


class ReminderForm(DeskForm):
    """Days are counted by the calendar, hours by the clock."""

    whom = RadioField(
        _l("To whom"),
        choices=options(
            (Reminded.UNANSWERED, _l("who has not answered")),
            (Reminded.COMING, _l("who has a place")),
            (Reminded.SPEAKERS, _l("the speakers")),
        ),
        default=Reminded.COMING,
        validate_choice=False,
    )
    number = NumberField(_l("How long before"), [InputRequired(_l("Please enter a whole number."))])
    unit = SelectField(
        _l("Unit"),
        [InputRequired()],
        choices=options((DAYS, _l("days")), (HOURS, _l("hours"))),
        default=DAYS,
        validate_choice=False,
    )

    def fill(self, reminder: Reminder) -> None:
        """Show the step, unless something was sent."""
        if not self.sent():
            self.whom.data = reminder.reminded
            self.number.data = reminder.days or -(-reminder.minutes // HOUR)
            self.unit.data = DAYS if reminder.days else HOURS

    @property
    def reminded(self) -> Reminded:
        """Whom the step is for; what is no choice means those who come."""
        given = self.whom.data
        return Reminded(given) if given in list(Reminded) else Reminded.COMING

    @property
    def days(self) -> int:
        return (self.number.data or 0) if self.unit.data != HOURS else 0

    @property
    def minutes(self) -> int:
        return (self.number.data or 0) * HOUR if self.unit.data == HOURS else 0
