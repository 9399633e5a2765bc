"""The form of a legal page."""

from __future__ import annotations

from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length

from webinar.domain.legal_texts import LONGEST
from webinar.web.forms.base import DeskForm
from webinar.web.forms.base import lazy_gettext as _l


class LegalForm(DeskForm):
    """The text of a page."""

    text = TextAreaField(
        _l("Text"),
        [
            DataRequired(message=_l("Please enter the text of the page.")),
            Length(max=LONGEST, message=_l("Please enter at most %(max)d characters.")),
        ],
        description=_l(
            "Markdown: # for the heading of the page, ## for those below, **bold**, lists with a "
            "dash, links. Names in double brackets such as [[EMail]] are filled from the settings, "
            "those such as [[Frist_Abende]] from the terms of retention."
        ),
    )

    def fill(self, text: str) -> None:
        """Show the text, unless something was sent."""
        if not self.sent():
            self.text.data = text
