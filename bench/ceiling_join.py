"""The ceiling of 18:00: Flask, the two templates of the door, and the signing of a token.

No guard, no hook before or after, no database: the values are those that the application gave its
templates once, at start. What is left is what showing both pages and minting a token costs at all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import ModuleType
from typing import Any
from unittest import mock

from flask import Flask, g, render_template
from werkzeug.test import TestResponse

from webinar import create_app, settings_of
from webinar.adapters import jitsi
from webinar.adapters.jitsi import Role, RoomClaims
from webinar.clock import now
from webinar.models import Purpose
from webinar.web import room_entry, room_keys
from webinar.web.guest import door

FRONT = "guest/entry.html"
ROOM = "guest/room.html"


def build() -> Flask:
    """The application reduced to one route: GET shows the door at BENCH_PATH, POST the room."""
    path = os.environ["BENCH_PATH"]
    app = create_app()
    token = path.rpartition("/")[2]
    front: dict[str, Any] = {}
    room: dict[str, Any] = {}
    found = settings_of(app).jitsi

    def stand_there() -> None:
        g.personal, g.holder_of, g.token, g.holder_language = True, Purpose.ENTER, token, "de"

    # Endpoints of the page's blueprint: the templates' addresses are relative to it.
    @app.get("/joined/<_token>", endpoint="guest_entry.rendered")
    def page(_token: str) -> str:
        stand_there()
        return render_template(FRONT, **front)

    @app.post("/joined/<_token>", endpoint="guest_entry.minted")
    def minted(_token: str) -> str:
        stand_there()
        claims = RoomClaims(
            room=room["room"],
            user_id="abcdefghijklmnop",
            name=room["name"],
            role=Role.PARTICIPANT,
            expires=now() + timedelta(hours=4),
        )
        signed = jitsi.room_token(room_keys.server(found), claims)
        plain = jitsi.meeting_url(found.host, claims.room, signed)
        return render_template(ROOM, **{**room, "token": signed, "plain": plain})

    client = app.test_client()
    front.update(_values(door, FRONT, lambda: client.get(path)))
    room.update(_values(room_entry, ROOM, lambda: client.post(path)))
    for hooks in (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs):
        hooks.clear()
    app.teardown_appcontext_funcs.clear()
    return app


def _values(
    module: ModuleType, template: str, ask: Callable[[], TestResponse]
) -> Mapping[str, Any]:
    """What a request hands the template."""
    with mock.patch.object(module, "render_template", side_effect=render_template) as spy:
        response = ask()
    if response.status_code != 200:
        raise RuntimeError(f"the page answered {response.status_code}")
    spy.assert_called_once_with(template, **spy.call_args.kwargs)
    values: Mapping[str, Any] = spy.call_args.kwargs
    return values


app = build()
