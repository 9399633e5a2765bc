"""What an invited person says of a deputy. No CSRF token, as in `forms.guest`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import request
from flask_babel import gettext as _
from wtforms import Form, RadioField, StringField
from wtforms.validators import DataRequired, Length

from webinar.domain.contacts import ContactData
from webinar.models import Mode
from webinar.web.forms.base import lazy_gettext as _l
from webinar.web.forms.choices import options
from webinar.web.forms.contacts import LONG, MISSING, MISSING_ADDRESS
from webinar.web.forms.guest import side_label

FORMS = options(("frau", "Frau"), ("herr", "Herr"), ("", _l("no form of address")))
TEXTS = ("title", "first_name", "last_name", "office", "email")


class DeputyForm(Form):
    """The deputy, and the side where no place passes."""

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
        return ContactData(form=form or "", **{name: self[name].data or "" for name in TEXTS})

    @property
    def side(self) -> Mode | None:
        """The chosen side; None where none, or none that there is, was chosen."""
        return Mode(self.mode.data) if self.mode.data in list(Mode) else None


def deputy_form(sides: Iterable[Mode], *, free: Mapping[Mode, int | None]) -> DeputyForm:
    """The form with what was sent; with a choice for each side and its free places."""
    form = DeputyForm(request.form if request.method == "POST" else None)
    offered = list(sides)
    form.mode.choices = [(side.value, side_label(side, free.get(side))) for side in offered]
    if form.side is None:
        form.mode.data = next((s for s in offered if free.get(s) != 0), offered[0]).value
    form.title.description = _("For example Dr.")
    return form
