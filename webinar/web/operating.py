"""For those who run the program: does the web server answer, does everything work, the figures.

`/healthz` asks nothing of anybody else: a load balancer may ask it every second. `/readyz` tells
what an operator must look at, with status 503; `/metrics` needs the token of the settings.
"""

from __future__ import annotations

import hmac
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache

import structlog
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError

from webinar.adapters.antivirus import Scanner
from webinar.adapters.storage import StorageAway
from webinar.clock import now
from webinar.domain import health
from webinar.extensions import db
from webinar.web import figures
from webinar.web.settings import settings, storage

blueprint = Blueprint("operating", __name__)

SILENT = timedelta(minutes=15)
"""Workers give a sign of life once a minute, unless a long job keeps them."""
WAITS = timedelta(hours=1)
"""A relay that greylists, or was restarted, keeps mail waiting for some of it."""
FREE_BYTES = 2 * 1024**3

log = structlog.get_logger()


@dataclass(frozen=True)
class Check:
    """What was looked at; `says` is for an operator, in English like the logs."""

    ok: bool
    says: str


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """This process answers."""
    return _plain("ok\n")


@blueprint.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Everything that an evening needs; 503 if anything fails."""
    found = {name: _checked(check) for name, check in CHECKS.items()}
    ready = all(check.ok for check in found.values())
    answer = jsonify(ready=ready, checks={name: asdict(check) for name, check in found.items()})
    answer.status_code = 200 if ready else 503
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    """The figures, for who holds the token; without one in the settings there are none."""
    token = settings().metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        abort(404)
    return _plain(figures.rendered().decode(), "text/plain; version=0.0.4; charset=utf-8")


def _plain(text: str, kind: str = "text/plain; charset=utf-8") -> Response:
    answer = Response(text, content_type=kind)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _checked(check: Callable[[], Check]) -> Check:
    try:
        return check()
    except DBAPIError:
        db.session.rollback()
        log.exception("readiness check failed")
        return Check(ok=False, says="the database does not answer")


def _database() -> Check:
    db.session.connection().exec_driver_sql("SELECT 1")
    return Check(ok=True, says="answers")


def _tables() -> Check:
    current = MigrationContext.configure(db.session.connection()).get_current_revision()
    if current == _newest():
        return Check(ok=True, says=f"at revision {current}")
    return Check(ok=False, says=f"at revision {current}, the program needs {_newest()}")


@cache
def _newest() -> str | None:
    folder: str = current_app.extensions["migrate"].directory
    return ScriptDirectory(folder).get_current_head()


def _worker() -> Check:
    return _since(health.last_beat(), SILENT, "sign of life", none=Check(False, "no worker runs"))


def _mail() -> Check:
    none = Check(ok=True, says="nothing waits")
    since = health.mail_stands_since(settings().mail.quiet_hours)
    return _since(since, WAITS, "mail is due, the last went or should have gone", none=none)


def _since(at: datetime | None, longest: timedelta, what: str, *, none: Check) -> Check:
    if at is None:
        return none
    age = now() - at
    return Check(ok=age <= longest, says=f"{what} {int(age.total_seconds())} seconds ago")


def _space() -> Check:
    folder = settings().storage_folder
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    return Check(ok=free >= FREE_BYTES, says=f"{free // 1024**2} MiB free")


def _files() -> Check:
    try:
        storage().exists("0" * 32)
    except StorageAway:
        return Check(ok=False, says="the store of files does not answer")
    return Check(ok=True, says="the store of files answers")


def _scanner() -> Check:
    found = settings()
    if not found.clamav:
        return Check(ok=True, says="none is set")
    answers = Scanner(found.clamav, found.clamav_stream).ping()
    return Check(ok=answers, says="answers" if answers else "does not answer")


CHECKS: dict[str, Callable[[], Check]] = {
    "database": _database,
    "tables": _tables,
    "worker": _worker,
    "mail": _mail,
    "space": _space,
    "files": _files,
    "virus scanner": _scanner,
}
