"""What an invited person says of a deputy, without a CSRF token as in `forms.guest`; and what an
organiser says for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import request
from flask_babel import gettext as _
from wtforms import BooleanField, Form, RadioField, StringField
from wtforms.validators import DataRequired, Length

from webinar.domain.contacts import ContactData
from webinar.domain.inbox_delegations import Meant
from webinar.models import Mode
from webinar.web.forms.base import DeskForm
from webinar.web.forms.base import lazy_gettext as _l
from webinar.web.forms.choices import options
from webinar.web.forms.contacts import LONG, MISSING, MISSING_ADDRESS
from webinar.web.forms.guest import side_label

FORMS = options(("frau", "Frau"), ("herr", "Herr"), ("", _l("no form of address")))
TEXTS = ("title", "first_name", "last_name", "office", "email")


class DeputyFields:
    """The deputy, and the side where no place passes; of a form that bears them."""

    form = RadioField(_l("Form of address"), choices=FORMS, default="", validate_choice=False)
    title = StringField(_l("Academic title"), [Length(max=60, message=LONG)])
    first_name = StringField(
        _l("First name"),
        [DataRequired(message=_l("Please enter the first name.")), Length(max=100, message=LONG)],
    )
    last_name = StringField(
        _l("Last name"), [DataRequired(message=MISSING), Length(max=100, message=LONG)]
    )
    office = StringField(_l("Office or function"), [Length(max=200, message=LONG)])
    email = StringField(
        _l("E-mail address"), [DataRequired(message=MISSING_ADDRESS), Length(max=254, message=LONG)]
    )
    mode = RadioField(_l("How the deputy takes part"), validate_choice=False)

    def person(self) -> ContactData:
        """What was typed, as the domain takes it."""
        form = self.form.data if self.form.data in ("frau", "herr") else ""
        texts = {name: getattr(self, name).data or "" for name in TEXTS}
        return ContactData(form=form or "", **texts)

    @property
    def side(self) -> Mode | None:
        """The chosen side; None where none, or none that there is, was chosen."""
        return Mode(self.mode.data) if self.mode.data in list(Mode) else None


class DeputyForm(DeputyFields, Form):
    """As the invited person fills it in."""


class DeskDeputyForm(DeputyFields, DeskForm):
    """As an organiser fills it in for them."""

    notify = BooleanField(_l("Tell both by e-mail"), default=True)

    def offer(self, sides: Iterable[Mode], *, free: Mapping[Mode, int | None]) -> None:
        """The sides with their free places; the first is chosen."""
        self.mode.choices = [(side.value, side_label(side, free.get(side))) for side in sides]
        if not self.sent():
            self.mode.data = self.mode.choices[0][0]

    def prepare(self, meant: Meant, sides: Iterable[Mode]) -> None:
        """Begin with what is known of whom the calendar named."""
        self.mode.choices = [(side.value, side_label(side, None)) for side in sides]
        if self.sent():
            return
        self.email.data, self.mode.data = meant.address, self.mode.choices[0][0]
        if meant.contact is not None:
            for name in ("form", *TEXTS):
                getattr(self, name).data = getattr(meant.contact, name)


def deputy_form(sides: Iterable[Mode], *, free: Mapping[Mode, int | None]) -> DeputyForm:
    """The form with what was sent; with a choice for each side and its free places."""
    form = DeputyForm(request.form if request.method == "POST" else None)
    offered = list(sides)
    form.mode.choices = [(side.value, side_label(side, free.get(side))) for side in offered]
    if form.side is None:
        form.mode.data = next((s for s in offered if free.get(s) != 0), offered[0]).value
    form.title.description = _("For example Dr.")
    return form
