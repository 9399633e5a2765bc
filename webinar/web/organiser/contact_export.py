"""The list of contacts as a file. The columns bear the names that the import recognises, so that
what was exported and edited comes back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flask import Response
from flask_babel import gettext as _

from webinar.clock import berlin, now
from webinar.models import Contact
from webinar.web.organiser import lists


def response(found: Iterable[Contact], *, kind: str) -> Response:
    """The contacts as "csv" or "xlsx", for download."""
    name = _("contacts")
    file_name = f"{name}-{berlin(now()):%Y-%m-%d}"
    return lists.file(_headers(), _rows(found), kind=kind, name=file_name)


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
