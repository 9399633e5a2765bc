"""What an organiser fills in on the evening: until when, another meeting, whose link goes again."""

from __future__ import annotations

from datetime import UTC, datetime

from wtforms import HiddenField, StringField
from wtforms.validators import DataRequired

from webinar.errors import RuleError
from webinar.web.forms.base import DeskForm
from webinar.web.forms.base import lazy_gettext as _l
from webinar.web.numbers import RowField

DIGITS = 10
"""Of a moment in seconds, until the year 2286."""


class ExtendForm(DeskForm):
    """The new end, in seconds since 1970: the same button pressed twice means the same end."""

    until = HiddenField()

    @property
    def moment(self) -> datetime:
        """The new end; raises `RuleError` for what is none."""
        text = self.until.data or ""
        if not (text.isascii() and text.isdecimal() and len(text) <= DIGITS):
            raise RuleError("extension_too_short")
        return datetime.fromtimestamp(int(text), UTC)


class OtherRoomForm(DeskForm):
    """The address of the meeting that takes the room's place."""

    url = StringField(
        _l("Link to the other meeting"),
        [DataRequired(message=_l("Please paste the link to the meeting."))],
        description=_l("It begins with https://. Paste it whole, with its password if it has one."),
    )
    step = HiddenField()


class SendForm(DeskForm):
    """Whom to find again afterwards, and the number of the sending: a double click sends once."""

    q = HiddenField()
    number = RowField()
