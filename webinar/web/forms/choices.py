"""Choices that several forms share: forms of address, languages."""

from __future__ import annotations

from webinar.web.forms.base import lazy_gettext as _l

FORMS = [("", _l("neutral")), ("frau", "Frau"), ("herr", "Herr")]
LANGUAGES = [("de", "Deutsch"), ("en", "English")]
