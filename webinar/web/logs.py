"""One JSON line per event, with the request's number and without personal data.

The number stands on the error page, so that a person on the telephone can read it out. Paths with
a personal link are redacted here and, in gunicorn's access log, by `deploy/gunicorn.conf.py`.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
from collections.abc import MutableMapping

import structlog
from flask import Flask, g

PERSONAL_PATH = re.compile(r"/(?P<kind>[eraufsm]|kennwort)/[A-Za-z0-9_\-.]{12,}")


def redact(path: str) -> str:
    """The path with the token of a personal link replaced."""
    return PERSONAL_PATH.sub(r"/\g<kind>/[link]", path)


ADDRESS = re.compile(
    r"[^\s<>\"'`(),;:=\[\]{}|/]+@[^\s<>\"'`(),;:=\[\]{}|/]+\.[^\s<>\"'`(),;:=\[\]{}|/]+"
)
DETAIL = re.compile(
    r"^(DETAIL|CONTEXT): .*?(?=\n\[SQL|\n\(Background|\n\nThe above|\n  File |\Z)", re.M | re.S
)
"""PostgreSQL quotes there the row that it refuses."""


def without_people(
    _logger: object, _method: str, event: MutableMapping[str, object]
) -> MutableMapping[str, object]:
    """Every text of the event without what errors quote: links, mail addresses, rows."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = ADDRESS.sub("[address]", DETAIL.sub(r"\1: [left out]", redact(value)))
    return event


def register(app: Flask) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            without_people,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_names: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    app.before_request(_number_request)


def _number_request() -> None:
    g.request_number = secrets.token_hex(4)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=g.request_number)
