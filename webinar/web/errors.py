"""The edge: where errors become pages and sentences for people, in one place.

A `RuleError` that a form can show never comes here; what arrives means that a page cannot be
shown. An unknown, expired or revoked link and an unknown record look the same. What no database
takes is refused here too, before any page reads it.
"""

from __future__ import annotations

import sqlite3

import structlog
from flask import Flask, abort, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_security.core import AnonymousUser
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError, InterfaceError, NoResultFound, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from webinar.adapters.storage import StorageAway
from webinar.errors import Conflict, Gone, NotAllowed, NotThere, RuleError
from webinar.extensions import db
from webinar.web.logs import redact
from webinar.web.sentences import sentence

log = structlog.get_logger()

CROSSED = (IntegrityError, NoResultFound, StaleDataError)
"""What the database says when somebody else wrote, or removed, the same thing at the same moment:
the last line behind the rules, which lock wherever a sentence of their own would help more."""
AWAY = (OperationalError, InterfaceError, PoolTimeout)
"""What is raised while the database restarts, or is busier than anybody should wait for."""
AWAY_SECONDS = 30

MACHINES = frozenset({"reservations", "room_events", "room_webhooks", "recording_uploads"})
"""Blueprints of `webinar.web.callbacks`."""

PAGES = {400: "400", 403: "403", 413: "413", 429: "429"}


def register(app: Flask) -> None:
    app.before_request(refuse_json)
    app.before_request(refuse_nul)
    app.register_error_handler(RuleError, rule_error)
    app.register_error_handler(CSRFError, csrf_error)
    app.register_error_handler(HTTPException, http_error)
    for kind in CROSSED:
        app.register_error_handler(kind, crossed)
    for lost in AWAY:
        app.register_error_handler(lost, away)
    app.register_error_handler(Exception, unexpected)


def refuse_nul() -> None:
    """Refuse U+0000 in path, query and form: PostgreSQL stores it in no text and raises at
    every comparison with one. No keyboard types it. The bytes of uploaded files may hold it."""
    if request.blueprint in MACHINES:
        return  # their bodies are not forms; each reads its own and looks itself
    texts: list[str | None] = [request.path, *_texts(request.args)]
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        texts += _texts(request.form)
        texts += [name for file in request.files.values() for name in (file.filename, file.name)]
    if any(text is not None and "\0" in text for text in texts):
        abort(400)


def refuse_json() -> None:
    """No page takes JSON, but the library of the sign-in would read some of any shape."""
    if request.blueprint in MACHINES:
        return
    if request.is_json and request.method not in ("GET", "HEAD", "OPTIONS"):
        abort(400)


def _texts(pairs: MultiDict[str, str]) -> list[str]:
    return [text for pair in pairs.items(multi=True) for text in pair]


def rule_error(error: RuleError) -> ResponseReturnValue:
    """A page that says which rule stood in the way; nothing was written."""
    db.session.rollback()
    if isinstance(error, NotThere):
        page = (
            "errors/link.html" if g.get("personal") and "link" in error.code else "errors/404.html"
        )
        return render_template(page), 410 if isinstance(error, Gone) else 404
    if isinstance(error, StorageAway):
        log.error("storage away", path=redact(request.path), exc_info=error)
        page = render_template("errors/rule.html", sentence=sentence(error))
        return page, 503, {"Retry-After": str(AWAY_SECONDS)}
    status = 403 if isinstance(error, NotAllowed) else 409 if isinstance(error, Conflict) else 422
    return render_template("errors/rule.html", sentence=sentence(error)), status


def crossed(error: Exception) -> ResponseReturnValue:
    """Two at the same moment: the first has saved, the second is told. Logged, since the same
    error without a second person would be a defect."""
    db.session.rollback()
    log.warning("crossed", path=redact(request.path), method=request.method, exc_info=error)
    return rule_error(Conflict("crossed"))


def away(error: Exception) -> ResponseReturnValue:
    """The database does not answer. If it was lost while it committed, nobody knows whether it
    did: the page says so. Nothing here may ask it again."""
    if not _passes(error):
        return unexpected(error)
    db.session.remove()
    # Flask-Login offers every template the user, and would ask the database who that is.
    g._login_user = AnonymousUser()
    log.error("database away", path=redact(request.path), method=request.method, exc_info=error)
    page = render_template("errors/503.html")
    return page, 503, {"Retry-After": str(AWAY_SECONDS)}


def _passes(error: Exception) -> bool:
    """SQLite calls a wrong statement an operational error, too."""
    cause = getattr(error, "orig", None)
    return not isinstance(cause, sqlite3.Error) or cause.sqlite_errorname.startswith(
        ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_FULL")
    )


def csrf_error(_error: CSRFError) -> ResponseReturnValue:
    """The form was older than the sign-in, or came from elsewhere."""
    db.session.rollback()
    return render_template("errors/csrf.html"), 400


def http_error(error: HTTPException) -> ResponseReturnValue:
    """Flask's own refusals: not found, method, size, rate."""
    db.session.rollback()
    if error.code is not None and error.code < 400:
        return error.get_response()
    name = PAGES.get(error.code or 0, "404")
    return render_template(f"errors/{name}.html"), error.code or 500


def unexpected(error: Exception) -> ResponseReturnValue:
    """A defect of ours: the page shows a number, the log knows it."""
    db.session.rollback()
    number = g.get("request_number", "-")
    log.error("unexpected error", path=redact(request.path), method=request.method, exc_info=error)
    return render_template("errors/500.html", number=number), 500
