"""What the legal pages are called, and where they stand."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from webinar.models import LegalPage

PAGES: dict[str, LazyString] = {
    LegalPage.IMPRINT: _l("Imprint"),
    LegalPage.PRIVACY: _l("Privacy"),
    LegalPage.ACCESSIBILITY: _l("Accessibility statement"),
}
PATHS: dict[str, str] = {
    LegalPage.IMPRINT: "impressum",
    LegalPage.PRIVACY: "datenschutz",
    LegalPage.ACCESSIBILITY: "barrierefreiheit",
}
LANGUAGES: dict[str, LazyString] = {"de": _l("German"), "en": _l("English")}
