"""The form that decides who sees a series."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import SelectField, SelectMultipleField

from webinar.models import Account, Series
from webinar.web.forms.base import DeskForm
from webinar.web.forms.base import lazy_gettext as _l


class ShareForm(DeskForm):
    """The owner, and the accounts that see the series besides."""

    owner = SelectField(
        _l("Whose series it is"),
        description=_l("Without an owner everybody in the office sees it."),
        validate_choice=True,
    )
    accounts = SelectMultipleField(_l("Shared with"))

    def offer(self, everybody: Sequence[Account]) -> None:
        """Who can be chosen."""
        self.known = {str(one.id): one for one in everybody}
        writers = [(str(one.id), one.name) for one in everybody if one.may_write]
        self.owner.choices = [("", _l("The whole office")), *writers]
        self.accounts.choices = [
            (str(one.id), one.name) for one in everybody if not one.administers
        ]

    def fill(self, series: Series) -> None:
        """Show the series, unless something was sent."""
        if not self.sent():
            self.owner.data = str(series.owner_id or "")
            self.accounts.data = [str(share.account_id) for share in series.shares]

    def chosen(self) -> tuple[Account | None, list[Account]]:
        """The owner, and the accounts."""
        shared = [self.known[number] for number in self.accounts.data or []]
        return self.known.get(self.owner.data or ""), shared
