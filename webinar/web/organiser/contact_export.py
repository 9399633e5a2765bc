"""The list of contacts as a file. The columns bear the names that the import recognises, so that
what was exported and edited comes back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flask import Response
from flask_babel import gettext as _

from webinar.adapters import spreadsheet
from webinar.clock import berlin, now
from webinar.models import Contact

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def response(found: Iterable[Contact], *, kind: str) -> Response:
    """The contacts as "csv" or "xlsx", for download."""
    write = spreadsheet.write_csv if kind == "csv" else spreadsheet.write_xlsx
    answer = Response(write(_headers(), _rows(found)), content_type=TYPES[kind])
    name = _("contacts")
    file_name = f"{name}-{berlin(now()):%Y-%m-%d}.{kind}"
    answer.headers.set("Content-Disposition", "attachment", filename=file_name)
    return answer


def _headers() -> list[str]:
    return [
        _("Form of address"),
        _("Title"),
        _("First name"),
        _("Last name"),
        _("Office"),
        _("Organisation"),
        _("E-mail"),
        _("Audiences"),
        _("Own salutation"),
        _("Language"),
        _("State"),
    ]


def _rows(found: Iterable[Contact]) -> Iterator[list[str]]:
    for contact in found:
        yield [
            contact.form.capitalize(),
            contact.title,
            contact.first_name,
            contact.last_name,
            contact.office,
            contact.organisation.name if contact.organisation is not None else "",
            contact.email,
            "; ".join(audience.name for audience in contact.audiences),
            contact.salutation,
            contact.language,
            _state(contact),
        ]


def _state(contact: Contact) -> str:
    if not contact.active:
        return _("deactivated")
    return _("active") if contact.invitable else _("unsubscribed")
