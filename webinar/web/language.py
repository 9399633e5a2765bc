"""Which language a page speaks: the link holder's, the account's, `?lang=`, else German.

The browser's own preference is not asked: an office's page is German, and a link that is passed on
should look the same to both.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, g, has_request_context, request
from flask_security import current_user

from webinar.extensions import babel

LANGUAGES = ("de", "en")


def register(app: Flask) -> None:
    babel.init_app(app, locale_selector=language)
    app.url_defaults(_carry_language)
    app.context_processor(lambda: {"language": language(), "languages": LANGUAGES})


def language() -> str:
    """ "de" or "en"."""
    if not has_request_context():
        return "de"
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        return asked
    held: str | None = g.get("holder_language")
    if held in LANGUAGES:
        return str(held)
    if g.get("personal") and current_user and current_user.is_authenticated:
        return str(current_user.language)
    return "de"


def _carry_language(endpoint: str, values: dict[str, Any]) -> None:
    """Links on a page that was asked for in another language stay in that language."""
    if endpoint == "static" or not has_request_context() or "lang" in values:
        return
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        values["lang"] = asked
