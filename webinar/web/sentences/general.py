"""Sentences that belong to no noun."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

SENTENCES: dict[str, LazyString] = {
    "legal_empty": _l("Please enter the text of the page."),
    "legal_heading": _l("Please begin with a heading: a line with # and the name of the page."),
    "legal_gap": _l("No setting fills %(gaps)s. Write what belongs there in its place."),
    "link_not_valid": _l("This link is no longer valid."),
    "name_missing": _l("Please enter a name."),
    "crossed": _l("Somebody, or a second click, saved the same thing at the same moment."),
    "language_not_offered": _l("Please choose one of the languages."),
    "term_out_of_bounds": _l("Please enter a number of days from %(least)d to %(most)d."),
    "record_missing": _l("This record does not exist."),
}
