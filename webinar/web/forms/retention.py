"""The form of the terms of retention: a number of days for each kind, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from flask_babel import gettext as _

from webinar.domain.retention_changes import Choice
from webinar.web.forms.base import DeskForm
from webinar.web.forms.fields import PlacesField


class DaysField(PlacesField):
    """A number of days; empty: as the settings say."""


class TermsForm(DeskForm):
    """Its fields are the kinds'; `terms_form` makes it."""

    def fill(self, written: Mapping[str, int]) -> None:
        """Show what was written at the desk, unless something was sent."""
        if not self.sent():
            for name, days in written.items():
                if name in self:
                    self[name].data = days

    def chosen(self, choices: Sequence[Choice]) -> dict[str, int | None]:
        """What was typed, by kind."""
        return {one.name: self[one.name].data for one in choices}


def terms_form(
    choices: Sequence[Choice], *, names: Mapping[str, str], notes: Mapping[str, str]
) -> TermsForm:
    """A form with a field for each choice; `notes` say from when the term counts."""
    fields = {
        one.name: DaysField(names[one.name], description=f"{notes[one.name]} {_hint(one)}")
        for one in choices
    }
    return cast("TermsForm", type("KindsForm", (TermsForm,), fields)())


def _hint(one: Choice) -> str:
    least, most = one.bounds
    return _(
        "Empty: %(usual)d days. From %(least)d to %(most)d.",
        usual=one.usual,
        least=least,
        most=most,
    )
