"""HTTP: what the application registers, in the order in which a request meets it."""

from __future__ import annotations

from flask import Flask

from webinar.web import (
    blueprints,
    errors,
    figures,
    filters,
    headers,
    language,
    logs,
    room_keys,
    sign_in,
    sizes,
    uploads,
)
from webinar.web.numbers import RowConverter


def register(app: Flask) -> None:
    """Bind everything that belongs to HTTP to the application."""
    room_keys.check(app)
    # People type addresses: a slash too many must not lead nowhere.
    app.url_map.strict_slashes = False
    app.url_map.converters["int"] = RowConverter
    logs.register(app)
    if app.extensions["settings"].metrics_token:
        figures.register(app)
    uploads.register(app)
    headers.register(app)
    language.register(app)
    sizes.register(app)
    sign_in.register(app)
    filters.register(app)
    errors.register(app)
    blueprints.register(app)
