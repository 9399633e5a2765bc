"""What the forms of the desk share: typed entries to Flask-WTF, and lazy texts as the strings that
WTForms takes them for."""

from __future__ import annotations

from typing import cast

import flask_babel
from flask import request
from flask_wtf import FlaskForm


def lazy_gettext(text: str) -> str:
    """The text in the reader's language, looked up when it is shown."""
    return cast("str", flask_babel.lazy_gettext(text))


class DeskForm(FlaskForm):
    """A form with a CSRF token that reads the request by itself."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Flask-WTF has no types

    def sent(self) -> bool:
        """Whether the request sends the form."""
        return request.method == "POST"

    def accepted(self) -> bool:
        """Whether the form was sent and every field is in order."""
        return self.sent() and self.validate()
