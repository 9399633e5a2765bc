"""The ceiling of the personal page: Flask and the page's own template, with all values at hand.

No guard, no hook before or after, no database: the values are those that the application gave its
template once, at start. What is left is what rendering the page costs at all.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from unittest import mock

from flask import Flask, g, render_template

from webinar import create_app
from webinar.models import Purpose
from webinar.web.guest import answer

TEMPLATE = "guest/answer.html"


def build() -> Flask:
    """The application reduced to one route that renders the page at BENCH_PATH."""
    path = os.environ["BENCH_PATH"]
    app = create_app()
    token = path.rpartition("/")[2]
    seen: dict[str, Any] = {}

    # An endpoint of the page's blueprint: the template's addresses are relative to it.
    @app.get("/rendered/<_token>", endpoint="guest_answer.rendered")
    def page(_token: str) -> str:
        g.personal, g.holder_of, g.token, g.holder_language = True, Purpose.ANSWER, token, "de"
        return render_template(TEMPLATE, **seen)

    seen.update(_values(app, path))
    for hooks in (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs):
        hooks.clear()
    app.teardown_appcontext_funcs.clear()
    return app


def _values(app: Flask, path: str) -> Mapping[str, Any]:
    """What a request to the page hands its template."""
    with mock.patch.object(answer, "render_template", side_effect=render_template) as spy:
        response = app.test_client().get(path)
    if response.status_code != 200:
        raise RuntimeError(f"the page answered {response.status_code}")
    spy.assert_called_once_with(TEMPLATE, **spy.call_args.kwargs)
    values: Mapping[str, Any] = spy.call_args.kwargs
    return values


app = build()
