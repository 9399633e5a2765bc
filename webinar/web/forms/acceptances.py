"""Leaving a series: whether the places go, too. No CSRF token, as in `forms.guest`."""

from __future__ import annotations

from flask import request
from wtforms import BooleanField, Form

from webinar.web.forms.base import lazy_gettext as _l


class LeaveForm(Form):
    """One box to tick."""

    places = BooleanField(_l("Also give up the places that I have by this acceptance"))

    @classmethod
    def sent(cls) -> LeaveForm:
        """With what the request sends."""
        return cls(request.form)
