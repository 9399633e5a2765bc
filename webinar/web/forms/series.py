"""The form of a series."""

from __future__ import annotations

from wtforms import StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from webinar.domain.series import SeriesValues
from webinar.models import Series
from webinar.web.forms.base import DeskForm
from webinar.web.forms.base import lazy_gettext as _l

LONG = _l("Please enter at most %(max)d characters.")


class SeriesForm(DeskForm):
    """What all invitations of a series say."""

    name = StringField(
        _l("Name"),
        [
            DataRequired(message=_l("Please enter a name.")),
            Length(max=200, message=LONG),
        ],
    )
    host = StringField(
        _l("Who invites"),
        [Length(max=200, message=LONG)],
        description=_l("As it is read in the invitation: District Administrator Johannes Weidner"),
    )
    signature = TextAreaField(
        _l("Signature"),
        [Length(max=1000, message=LONG)],
        description=_l("Stands under the messages: name and office, one per line."),
    )
    description = TextAreaField(
        _l("About the series"),
        [Length(max=20_000, message=LONG)],
        description=_l("Stands on the public page. Markdown: **bold**, lists with a dash, links."),
    )

    def fill(self, series: Series) -> None:
        """Show the series, unless something was sent."""
        if not self.sent():
            for name in ("name", "host", "signature", "description"):
                self[name].data = getattr(series, name)

    def values(self) -> SeriesValues:
        """What was typed, as the domain takes it."""
        return SeriesValues(
            name=self.name.data or "",
            host=self.host.data or "",
            signature=self.signature.data or "",
            description=self.description.data or "",
        )
