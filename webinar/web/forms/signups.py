"""What anybody may fill in without a link: the registration for a public talk, and the address for
the link to the personal page.

No CSRF token: it would need a cookie, and these acts have no authority that a forger could borrow;
whoever makes somebody else's browser send them could as well send them himself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import request
from wtforms import Form, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, Length

from webinar.domain.signups import SignupData
from webinar.models import Mode
from webinar.web.forms.base import lazy_gettext as _l
from webinar.web.forms.choices import options
from webinar.web.forms.contacts import LONG, MISSING, MISSING_ADDRESS
from webinar.web.forms.guest import side_label

FORMS = options(("", _l("none")), ("frau", "Frau"), ("herr", "Herr"))
SENDABLE = ("form", "first_name", "last_name", "office", "organisation", "email")


def _address() -> StringField:
    return StringField(
        _l("E-mail address"), [DataRequired(message=MISSING_ADDRESS), Length(max=254, message=LONG)]
    )


class _OpenForm(Form):
    """A form whose trap no person sees: programs that fill in everything fall into it."""

    homepage = StringField(_l("Please leave this field empty"))

    def __init__(self) -> None:
        super().__init__(request.form if self.sent() else None)

    def sent(self) -> bool:
        """Whether the request sends the form."""
        return request.method == "POST"

    @property
    def trapped(self) -> bool:
        """Whether the entry that no person sees was filled in."""
        return bool(self.homepage.data)


class SignupForm(_OpenForm):
    """Who comes, and on which side."""

    form = SelectField(_l("Form of address"), choices=FORMS, validate_choice=False)
    first_name = StringField(
        _l("First name"),
        [DataRequired(message=_l("Please enter the first name.")), Length(max=100, message=LONG)],
    )
    last_name = StringField(
        _l("Last name"), [DataRequired(message=MISSING), Length(max=100, message=LONG)]
    )
    email = _address()
    organisation = StringField(
        _l("Municipality, department or group"), [Length(max=200, message=LONG)]
    )
    office = StringField(_l("Office or function"), [Length(max=200, message=LONG)])
    mode = RadioField(_l("How I take part"), validate_choice=False)

    def offer(self, sides: Iterable[Mode], *, free: Mapping[Mode, int | None]) -> None:
        """The sides to choose from with their free places; a single one needs no choice."""
        offered = list(sides)
        self.mode.choices = [(side.value, side_label(side, free.get(side))) for side in offered]
        if not self.sent() or (len(offered) == 1 and not self.mode.data):
            self.mode.data = next((s for s in offered if free.get(s) != 0), offered[0]).value

    @property
    def side(self) -> Mode | None:
        """The chosen side; None where none, or none that there is, was chosen."""
        return Mode(self.mode.data) if self.mode.data in list(Mode) else None

    def values(self, *, language: str) -> SignupData:
        """What was typed, as the domain takes it; a form of address that there is not is none."""
        texts = {name: self[name].data or "" for name in SENDABLE}
        if texts["form"] not in {form.value for form in FORMS}:
            texts["form"] = ""
        return SignupData(**texts, language=language)


class AddressForm(_OpenForm):
    """Where the link to the personal page goes."""

    email = _address()
