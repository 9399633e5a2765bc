"""Sentences about contacts, audiences and the rows of an import."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

ADDRESSES: dict[str, LazyString] = {
    "address_missing": _l("The e-mail address is missing."),
    "address_without_at": _l(
        "The @ sign is missing. An address looks like this: name@gemeinde.example"
    ),
    "address_several": _l("Please enter one address only."),
    "address_with_blank": _l("There is a blank inside the address."),
    "address_local_part": _l("The part before the @ sign is not valid."),
    "address_not_ascii": _l("The part before the @ sign can have no umlauts."),
    "address_domain": _l("The part after the @ sign is not valid."),
    "address_too_long": _l("The address is too long."),
}
CONTACTS: dict[str, LazyString] = {
    "last_name_missing": _l("Please enter the last name."),
    "contact_exists": _l("There is already a contact of this name with the address %(address)s."),
    "address_known": _l(
        "Somebody else is already listed with the address %(address)s. Please say who this is."
    ),
    "address_shared": _l(
        "Somebody else is already listed with the address %(address)s. "
        "Please confirm that both use it."
    ),
    "name_changed": _l("The name has changed. Please say what this means."),
    "contact_changed": _l(
        "Somebody else has changed this contact in the meantime. Please open it again."
    ),
    "merge_same": _l("Please choose another contact than this one."),
    "merge_retired": _l("Only active contacts can be merged."),
    "merge_deputy": _l(
        "A deputy has been named for “%(talk)s”, to which both are invited. "
        "Please have the deputy taken back first."
    ),
}
AUDIENCES: dict[str, LazyString] = {
    "audience_name_missing": _l("Please enter a name."),
    "audience_name_long": _l("The name may have at most %(length)s characters."),
    "audience_exists": _l("There is already an audience called “%(name)s”."),
}
ROWS: dict[str, LazyString] = {
    "row_short": _l("The row has fewer cells than the %(expected)s headers."),
    "row_long": _l("The row has more cells than the %(expected)s headers."),
    "row_repeated": _l("The same as row %(row)s."),
    "row_contradicts": _l("The same person as in row %(row)s, with other data."),
    "row_follows": _l("The same person as in row %(row)s, with another audience."),
    "row_retired": _l("%(name)s was deactivated."),
    "row_address_known": _l("Already listed with the address %(address)s: %(names)s."),
    "row_address_in_file": _l("Row %(row)s has another name with the address %(address)s."),
    "cell_formula": _l("The cell begins like a formula: %(value)s"),
    "cell_long": _l("The cell has more than %(length)s characters."),
    "language_unknown": _l("The language “%(value)s” is not known; use de or en."),
    "blanks_removed": _l("Blanks removed: %(value)s"),
    "form_neutral": _l(
        "“%(value)s” is neither Herr nor Frau: the salutation will be neutral, with the full name."
    ),
    "address_normalised": _l("The address was written as %(address)s."),
    "audiences_split": _l("Several audiences in one cell: %(names)s"),
}
IMPORTS: dict[str, LazyString] = {
    "column_missing": _l("Please choose the column that holds this."),
    "column_double": _l("This column is already used for something else."),
    "import_applied": _l("This import has already been carried out."),
    "import_outdated": _l(
        "The address book has changed since this preview. Nothing was written. "
        "Please check the preview again."
    ),
    "import_questions_open": _l(
        "Please answer the open questions: %(count)s. Nothing was written."
    ),
}
SENTENCES: dict[str, LazyString] = {**ADDRESSES, **CONTACTS, **AUDIENCES, **ROWS, **IMPORTS}
