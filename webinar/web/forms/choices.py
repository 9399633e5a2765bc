"""What can be chosen: how forms declare it, and the choices that several forms share."""

from __future__ import annotations

from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs of 3.2

from webinar.web.forms.base import lazy_gettext as _l


def options(*pairs: tuple[str, str]) -> list[SelectChoice]:
    """The values with their labels; WTForms is about to refuse plain pairs."""
    return [SelectChoice(value, label) for value, label in pairs]


FORMS = options(("", _l("neutral")), ("frau", "Frau"), ("herr", "Herr"))
LANGUAGES = options(("de", "Deutsch"), ("en", "English"))
