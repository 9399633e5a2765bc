"""Where Jibri's script brings recordings: announced, then in pieces, until the checksum agrees.

POST announces (and finds again), PATCH brings a piece at its offset, GET says how far it is. A
piece counts once its own checksum agreed and it lies on the disk; the whole is compared by
`webinar.jobs.recordings`. Whoever repeats, repeats without harm; whoever is at the wrong place is
told the right one. The other side of it: `deploy/jitsi/finalize.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, jsonify, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ClientDisconnected

from webinar.adapters.incoming import Incoming, incoming_of
from webinar.domain import recording_uploads, recordings
from webinar.errors import Conflict, NotThere, RuleError
from webinar.extensions import db
from webinar.models import Recording, RecordingState
from webinar.web.callbacks import authority
from webinar.web.callbacks.events import NotUnderstood, message_of, refused, text
from webinar.web.settings import settings

blueprint = Blueprint("recording_uploads", __name__)

PIECE = 32 * 1024 * 1024
"""Bytes of a piece at most: short enough for every proxy between, long enough to be quick."""
NAME_LENGTH = 255
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True)
class Announced:
    """What the script says of a file; the names are its own and only tell it from others."""

    session: str
    file: str
    room: str
    size: int
    sha256: str


@blueprint.post("")
def announce() -> ResponseReturnValue:
    """Begin an upload, or find the one that was begun."""
    try:
        given = _announced(message_of(request.get_data()))
    except NotUnderstood as problem:
        return refused(problem)
    if given.size > settings().callbacks.recording_limit:
        return make_response(jsonify(message="too large"), 413)
    key = recording_uploads.key_of(given.session, given.file, str(given.size), given.sha256)
    row = recording_uploads.announce(
        key, room_name=given.room, size=given.size, sha256=given.sha256
    )
    if row.state == RecordingState.RECEIVING:
        try:
            # Twice: what was received, and the copy that the comparison makes of it.
            _incoming().check_space(2 * given.size - row.received)
        except RuleError:
            db.session.rollback()
            return make_response(jsonify(message="no space"), 507)
    db.session.commit()
    return jsonify(_told(row))


@blueprint.get("/<public_id>")
def show(public_id: str) -> ResponseReturnValue:
    """How far it is."""
    try:
        return jsonify(_told(recording_uploads.upload(public_id)))
    except NotThere:
        return make_response(jsonify(message="unknown"), 404)


@blueprint.patch("/<public_id>")
def take(public_id: str) -> ResponseReturnValue:
    """One piece, at `Upload-Offset`; read while it comes, never whole in memory."""
    try:
        row = recording_uploads.upload(public_id)
    except NotThere:
        return make_response(jsonify(message="unknown"), 404)
    offset = _offset()
    # Reading takes seconds: on SQLite an open transaction would keep all others from writing.
    db.session.commit()
    if row.state != RecordingState.RECEIVING or offset != row.received:
        return make_response(jsonify(_told(row)), 409)
    try:
        size = _write(row, offset)
        row = recording_uploads.take_piece(public_id, offset=offset, size=size)
    except Conflict:
        db.session.rollback()
        return make_response(jsonify(_told(recording_uploads.upload(public_id))), 409)
    except (NotUnderstood, ClientDisconnected):
        return make_response(jsonify(message="the piece is damaged"), 400)
    except RuleError as error:
        full = error.code == "storage_full"
        return make_response(jsonify(message=error.code), 507 if full else 413)
    db.session.commit()
    return jsonify(_told(row))


def _write(row: Recording, offset: int) -> int:
    """Put the body to its place and compare its checksum; how many bytes came."""
    left = (row.size or 0) - offset
    written = _incoming().write(
        row.public_id, request.stream, offset=offset, limit=min(PIECE, left)
    )
    promised = request.headers.get(authority.PIECE_NAME, "")
    if not written.size or not authority.same(promised, written.sha256):
        raise NotUnderstood("the piece is damaged")
    return written.size


def _announced(message: Mapping[str, object]) -> Announced:
    size, sha256 = message.get("size"), text(message, "sha256")
    if isinstance(size, bool) or not isinstance(size, int) or not 0 < size < 2**62:
        raise NotUnderstood("size is no number of bytes")
    if not _SHA256.fullmatch(sha256):
        raise NotUnderstood("sha256 is no checksum")
    session, file, room = (text(message, name) for name in ("session", "file", "room"))
    if max(map(len, (session, file, room))) > NAME_LENGTH:
        raise NotUnderstood("a name is too long")
    return Announced(session=session, file=file, room=room, size=size, sha256=sha256)


def _offset() -> int:
    given = request.headers.get("Upload-Offset", "")
    plain = given.isascii() and given.isdecimal() and len(given) < 20
    return int(given) if plain else -1


def _told(row: Recording) -> dict[str, object]:
    """`done`: the bytes are here and their checksum agreed; the sender may delete its own."""
    return {
        "id": row.public_id,
        "received": row.received,
        "state": row.state,
        "done": row.state in recordings.SETTLED,
        "piece": PIECE,
    }


def _incoming() -> Incoming:
    return incoming_of(settings())
