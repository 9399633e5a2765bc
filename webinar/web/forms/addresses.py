"""The form that corrects a contact's address, where a mail did not arrive."""

from __future__ import annotations

from collections.abc import Iterable

from wtforms import HiddenField, RadioField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, Length

from webinar.domain.contacts import stamp
from webinar.models import Contact
from webinar.web.forms.base import DeskForm
from webinar.web.forms.base import lazy_gettext as _l
from webinar.web.forms.contacts import LONG, MISSING_ADDRESS
from webinar.web.numbers import row_number


class AddressForm(DeskForm):
    """The right address; `decision` is asked once somebody else turns out to be there."""

    email = StringField(
        _l("Right address"), [DataRequired(message=MISSING_ADDRESS), Length(max=254, message=LONG)]
    )
    decision = RadioField(_l("What this means"), validate_choice=False)
    seen = HiddenField()

    def prepare(self, contact: Contact) -> None:
        """Begin with the address as it stands."""
        self.decision.choices = []
        if not self.sent():
            self.email.data, self.seen.data = contact.email, stamp(contact)


class ContactAddressForm(AddressForm):
    """The same beside the contact, with the mails that are sent again."""

    mails = SelectMultipleField(_l("Send again"), coerce=row_number, validate_choice=False)

    def offer(self, lost: Iterable[tuple[int, str]]) -> None:
        """Fill in the mails that did not arrive; unless something was sent, all are ticked."""
        found = list(lost)
        self.mails.choices = found
        if not self.sent():
            self.mails.data = [number for number, _words in found]
