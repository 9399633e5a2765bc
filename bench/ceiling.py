"""The ceilings: what bare Flask and the bare driver reach for the same work, same server settings.

`python -m bench` serves `bench.ceiling:app` beside the application. Two routes: the transaction of
an answer without ORM, domain, form, guard or template; and the bytes of the personal page out of
memory. Neighbour: `bench.ceiling_page`, which renders them.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask, Response, redirect
from flask.typing import ResponseReturnValue

URL = os.environ.get("BENCH_DATABASE", "")
PAGE = os.environ.get("BENCH_PAGE", "")
POSTGRESQL = URL.startswith("postgresql")
_local = threading.local()

app = Flask(__name__)
_page = Path(PAGE).read_bytes() if PAGE else b""


def connection() -> Any:
    """This thread's own, kept open, set up as the application sets up its own."""
    if not hasattr(_local, "connection"):
        if POSTGRESQL:
            _local.connection = psycopg.connect(URL, autocommit=True)
            _local.connection.execute("SET random_page_cost = 1.1")
        else:
            opened = sqlite3.connect(URL.removeprefix("sqlite:///"), isolation_level=None)
            for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=15000"):
                opened.execute(f"PRAGMA {pragma}")
            opened.execute("PRAGMA synchronous=NORMAL")
            _local.connection = opened
    return _local.connection


def sql(statement: str) -> str:
    """The statement with the driver's placeholders."""
    return statement.replace("?", "%s") if POSTGRESQL else statement


LOCK = sql("SELECT places_online FROM talks WHERE id = ?")
if POSTGRESQL:
    LOCK += " FOR NO KEY UPDATE"
FIND = sql(
    "SELECT l.talk_id, l.contact_id, c.email, i.id FROM links l"
    " JOIN contacts c ON c.id = l.contact_id"
    " JOIN invitations i ON i.talk_id = l.talk_id AND i.contact_id = l.contact_id"
    " WHERE l.public_id = ?"
)
COUNT = sql(
    "SELECT count(*) FROM registrations WHERE talk_id = ? AND mode = ? AND state = 'confirmed'"
)
REGISTER = sql(
    "INSERT INTO registrations (talk_id, contact_id, invitation_id, state, mode, queued_at,"
    " confirmed_at, source, reason, revision, pseudonym, display_name, created_at, changed_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, 'answer', '', 1, ?, '', ?, ?)"
)
ANSWER = sql(
    "UPDATE invitations SET answer = 'accepted', answered_at = ?, revision = revision + 1,"
    " changed_at = ? WHERE id = ?"
)
ENTER = sql(
    "INSERT INTO calendar_entries (talk_id, contact_id, sequence, cancelled, told_start, told_end,"
    " told_place, created_at, changed_at)"
    " SELECT id, ?, 0, false, starts_at, ends_at, venue, ?, ? FROM talks WHERE id = ?"
)
TELL = sql(
    "INSERT INTO mails (public_id, key, template, params, state, recipient, contact_id, talk_id,"
    " calendar_method, calendar_sequence, attempts, next_try_at, reply, created_at, changed_at)"
    " VALUES (?, ?, 'confirmation', '{}', 'queued', ?, ?, ?, 'REQUEST', 0, 0, ?, '', ?, ?)"
)


@app.post("/e/<token>/zusage")
def accept(token: str) -> ResponseReturnValue:
    """Lock the talk, count, register, answer, write calendar entry and mail, commit."""
    at = datetime.now(UTC)
    run = connection().execute
    run("BEGIN" if POSTGRESQL else "BEGIN IMMEDIATE")
    try:
        talk, contact, email, invitation = run(FIND, (token.partition(".")[0],)).fetchone()
        (places,) = run(LOCK, (talk,)).fetchone()
        (taken,) = run(COUNT, (talk, "online")).fetchone()
        state = "confirmed" if taken < places else "waiting"
        moment = at if POSTGRESQL else at.strftime("%Y-%m-%d %H:%M:%S.%f")
        name = secrets.token_urlsafe(12)
        run(
            REGISTER,
            (talk, contact, invitation, state, "online", moment, moment, name, moment, moment),
        )
        run(ANSWER, (moment, moment, invitation))
        run(ENTER, (contact, moment, moment, talk))
        key = f"place:{invitation}"
        run(TELL, (name, key, email, contact, talk, moment, moment, moment))
        run("COMMIT")
    except BaseException:
        run("ROLLBACK")
        raise
    return redirect(f"/e/{token}", 303)


@app.get("/constant/<_token>")
def constant(_token: str) -> Response:
    """The page's bytes, from memory."""
    return Response(_page, mimetype="text/html")
