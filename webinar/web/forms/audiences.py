"""The form of an audience."""

from __future__ import annotations

from wtforms import StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from webinar.models import Audience
from webinar.web.forms.base import DeskForm
from webinar.web.forms.base import lazy_gettext as _l

MISSING = _l("Please enter a name.")
LONG = _l("Please enter at most %(max)d characters.")


class AudienceForm(DeskForm):
    """Name and description."""

    name = StringField(
        _l("Name"),
        [DataRequired(message=MISSING), Length(max=200, message=LONG)],
        description=_l("For example: the mayors"),
    )
    description = TextAreaField(_l("Description"), [Length(max=2000, message=LONG)])

    def prepare(self, audience: Audience) -> None:
        """Fill in the audience unless something was sent."""
        if not self.sent():
            self.name.data = audience.name
            self.description.data = audience.description
