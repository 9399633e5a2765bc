"""The forms of an import: the file, and which column holds what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from flask_babel import gettext as _
from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField

from webinar.domain.contact_import_rows import REQUIRED, Column
from webinar.web.forms.base import DeskForm
from webinar.web.forms.base import lazy_gettext as _l

LABELS: dict[Column, str] = {
    Column.FORM: _l("Form of address"),
    Column.TITLE: _l("Academic title"),
    Column.FIRST_NAME: _l("First name"),
    Column.LAST_NAME: _l("Last name"),
    Column.OFFICE: _l("Office or function"),
    Column.ORGANISATION: _l("Organisation"),
    Column.EMAIL: _l("E-mail address"),
    Column.AUDIENCES: _l("Audiences"),
    Column.SALUTATION: _l("Own salutation"),
    Column.LANGUAGE: _l("Language"),
}
NONE = -1


class UploadForm(DeskForm):
    """The table itself."""

    file = FileField(
        _l("File"),
        [FileRequired(message=_l("Please choose a file."))],
        description=_l("CSV or XLSX, at most 5 MB and 20,000 rows. The first row holds headers."),
    )


class ColumnsForm(DeskForm):
    """One choice of a column per kind of data."""

    def prepare(self, headers: Sequence[str], mapping: Mapping[str, int]) -> None:
        """Offer the headers; what was recognised is chosen unless something was sent."""
        choices = [(NONE, _("not in the file"))]
        choices += [(n, header or _("Column %(n)d", n=n + 1)) for n, header in enumerate(headers)]
        for column in Column:
            field = cast("SelectField", self[column])
            field.choices = choices
            field.flags.required = column in REQUIRED
            if not self.sent():
                field.data = mapping.get(column, NONE)

    def mapping(self) -> dict[str, int | None]:
        """Column to index, None for what the file lacks."""
        return {
            column.value: None if self[column].data in (NONE, None) else int(self[column].data)
            for column in Column
        }


for _column in Column:
    setattr(ColumnsForm, _column, SelectField(LABELS[_column], coerce=int))
