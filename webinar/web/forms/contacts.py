"""The form of a contact. What a new name or a shared address means is asked in the same form,
once the domain raised the question; the choices then come from the page."""

from __future__ import annotations

from flask_babel import gettext as _
from wtforms import HiddenField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, Length

from webinar.domain import audiences, organisations
from webinar.domain.contacts import ContactData, Decision, stamp
from webinar.models import Contact
from webinar.web.forms.base import DeskForm
from webinar.web.forms.base import lazy_gettext as _l
from webinar.web.forms.choices import FORMS, LANGUAGES

TEXTS = ("title", "first_name", "last_name", "office", "organisation", "salutation", "email")
CHOSEN = ("form", "language")
MISSING = _l("Please enter the last name.")
MISSING_ADDRESS = _l("The e-mail address is missing.")
LONG = _l("Please enter at most %(max)d characters.")


class ContactFields(DeskForm):
    """Everything an organiser can say about a contact."""

    form = SelectField(_l("Form of address"), choices=FORMS)
    title = StringField(_l("Academic title"), [Length(max=60, message=LONG)])
    first_name = StringField(_l("First name"), [Length(max=100, message=LONG)])
    last_name = StringField(
        _l("Last name"), [DataRequired(message=MISSING), Length(max=100, message=LONG)]
    )
    office = StringField(_l("Office or function"), [Length(max=200, message=LONG)])
    organisation = StringField(
        _l("Municipality, department or group"), [Length(max=200, message=LONG)]
    )
    email = StringField(
        _l("E-mail address"), [DataRequired(message=MISSING_ADDRESS), Length(max=254, message=LONG)]
    )
    salutation = StringField(
        _l("Own salutation"),
        [Length(max=200, message=LONG)],
        description=_l("Replaces the salutation that is made from form of address and office."),
    )
    language = SelectField(_l("Language of the messages"), choices=LANGUAGES)
    audiences = SelectMultipleField(_l("Audiences"), coerce=int)
    decision = RadioField(_l("What this means"), validate_choice=False)
    seen = HiddenField()

    def prepare(self, contact: Contact | None = None) -> None:
        """Fill in the audiences to choose from and, unless something was sent, the contact."""
        self.audiences.choices = [(row.id, row.name) for row in audiences.everything()]
        self.decision.choices = []
        if contact is None or self.sent():
            return
        for name in (*TEXTS, *CHOSEN):
            if name != "organisation":
                self[name].data = getattr(contact, name)
        self.organisation.data = contact.organisation.name if contact.organisation else ""
        self.audiences.data = [row.id for row in contact.audiences]
        self.seen.data = stamp(contact)

    def values(self) -> ContactData:
        """What was typed, as the domain takes it."""
        texts = {name: self[name].data or "" for name in (*TEXTS, *CHOSEN)}
        return ContactData(**texts)

    def answer(self) -> tuple[str, int | None]:
        """The decision and the contact that it names."""
        kind, _colon, number = (self.decision.data or "").partition(":")
        return kind, int(number) if number.isdecimal() and len(number) < 10 else None

    @property
    def organisations(self) -> list[str]:
        """The names to choose from while typing."""
        return [row.name for row in organisations.all_in_use()]


def name_choices() -> list[tuple[str, str]]:
    """What a changed name can mean."""
    return [
        (Decision.CORRECTION, _("The name is corrected, it is the same person")),
        (
            Decision.SUCCESSOR,
            _("A successor in the office: the present contact is deactivated, audiences pass on"),
        ),
    ]


def address_choices(known: list[tuple[int, str]]) -> list[tuple[str, str]]:
    """What a new name at a known address can mean; `known` are id and name of who is there."""
    found = []
    for number, name in known:
        found.append(
            (f"{Decision.CORRECTION}:{number}", _("The same person: correct “%(name)s”", name=name))
        )
        found.append(
            (f"{Decision.SUCCESSOR}:{number}", _("Successor of %(name)s in the office", name=name))
        )
    return [*found, (Decision.SECOND, _("A second person at the same address"))]


def shared_choices() -> list[tuple[str, str]]:
    """What moving to somebody else's address can mean."""
    return [(Decision.SECOND, _("Both use this address"))]
