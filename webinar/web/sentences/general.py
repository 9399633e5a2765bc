"""Sentences that belong to no noun."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

SENTENCES: dict[str, LazyString] = {
    "link_not_valid": _l("This link is no longer valid."),
    "name_missing": _l("Please enter a name."),
    "crossed": _l("Somebody, or a second click, saved the same thing at the same moment."),
    "language_not_offered": _l("Please choose one of the languages."),
    "record_missing": _l("This record does not exist."),
}
