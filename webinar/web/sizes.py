"""How large a request may be, by who sends it: decided before anything reads the body.

Files come from the office alone, so that nobody else fills the disk: WEBINAR_UPLOAD_LIMIT_MB holds
for whoever is signed in. Machines get their limits from `webinar.web.callbacks.authority`.
"""

from __future__ import annotations

from flask import Flask, request, session

FORM = 256 * 1024
"""Bytes of a form without files: the longest text that one takes, many times over."""


def register(app: Flask) -> None:
    app.before_request(limit_body)


def limit_body() -> None:
    """The check of the CSRF token reads the whole form, before any guard asks who sends it."""
    if not request.path.startswith("/desk/") or "_user_id" not in session:
        request.max_content_length = FORM
