"""Large files for a talk, by tus 1.0 (https://tus.io/protocols/resumable-upload): announced, then
in pieces of any size, over any number of connections and machines, given up or finished.

Extensions: creation, termination, checksum, expiration. Whoever sends is signed in, owns the
upload, and proves by the header `X-CSRFToken` that its request comes from our own page. What is
taken is said before the first byte; what it really is finds `webinar.jobs.uploads`.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import BadRequest, HTTPException, PreconditionFailed, UnsupportedMediaType
from werkzeug.http import http_date

from webinar.adapters.documents import promised, shorten
from webinar.adapters.incoming import incoming_of
from webinar.adapters.storage import StorageAway
from webinar.domain import talks, uploads
from webinar.errors import Conflict, NotThere, RuleError
from webinar.extensions import db
from webinar.models import MaterialKind, Talk, Upload, UploadState
from webinar.web.guards import account
from webinar.web.receiving import CHECKED, Altered, Checksum, receive
from webinar.web.sentences import sentence
from webinar.web.settings import settings

blueprint = Blueprint("uploads", __name__)

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,checksum,expiration"
ALGORITHMS = ("sha1", "sha256", "sha512")
BODY_TYPE = "application/offset+octet-stream"
METADATA = 4096
"""Bytes of what is said of a file."""


class ChecksumMismatch(HTTPException):
    """The protocol's own status."""

    code = 460


@blueprint.after_request
def add_version(response: Response) -> Response:
    """Every answer carries the version, and none is kept."""
    response.headers["Tus-Resumable"] = VERSION
    response.headers["Tus-Version"] = VERSION
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.route("/", methods=["OPTIONS"], provide_automatic_options=False)
def options(talk_id: int) -> ResponseReturnValue:
    """What this server takes."""
    talks.find(talk_id)
    response = Response(status=204)
    response.headers["Tus-Extension"] = EXTENSIONS
    response.headers["Tus-Max-Size"] = str(settings().large_upload_limit)
    response.headers["Tus-Checksum-Algorithm"] = ",".join(ALGORITHMS)
    return response


@blueprint.post("/")
def create(talk_id: int) -> ResponseReturnValue:
    """Announce a file."""
    talk = _talk(talk_id)
    given = _metadata()
    length = _number("Upload-Length")
    name = shorten(given.get("filename", ""), length=255)
    found = settings()
    incoming_of(found).check_space(length)
    upload = uploads.begin(
        talk,
        kind=_kind(given.get("kind", "")),
        title=given.get("title", ""),
        file_name=name,
        media_type=promised(name, declared=given.get("filetype", "")).media_type,
        size=length,
        limit=found.large_upload_limit,
        quota=found.storage_quota,
        by=account(),
    )
    db.session.commit()
    address = url_for(".show", talk_id=talk_id, name=upload.public_id)
    response = Response(status=201, headers={"Location": address})
    return _dated(response, upload.expires_at)


@blueprint.route("/<name>", methods=["HEAD"], provide_automatic_options=False)
def show(talk_id: int, name: str) -> ResponseReturnValue:
    """How far it is."""
    upload = _upload(talk_id, name)
    response = Response(status=200)
    response.headers["Upload-Length"] = str(upload.size)
    return _told(response, upload, upload.received)


@blueprint.patch("/<name>")
def take(talk_id: int, name: str) -> ResponseReturnValue:
    """Bytes from `Upload-Offset` on; they stay, also where the connection breaks."""
    upload = _upload(talk_id, name)
    if request.mimetype != BODY_TYPE:
        raise UnsupportedMediaType
    offset, checksum = _number("Upload-Offset"), _checksum()
    longest = min(CHECKED, upload.size) if checksum else upload.size - offset
    if (request.content_length or 0) > longest:
        raise RuleError("file_too_large", limit=longest)
    db.session.commit()
    try:
        received = receive(upload, incoming_of(settings()), offset=offset, checksum=checksum)
    except Altered:
        raise ChecksumMismatch(sentence(RuleError("upload_damaged"))) from None
    return _told(Response(status=204), upload, received)


@blueprint.delete("/<name>")
def delete(talk_id: int, name: str) -> ResponseReturnValue:
    """Give it up."""
    _give_up(_upload(talk_id, name))
    return Response(status=204)


@blueprint.post("/<name>")
def override(talk_id: int, name: str) -> ResponseReturnValue:
    """For proxies that know no other methods than GET and POST."""
    method = request.headers.get("X-HTTP-Method-Override", "").upper()
    if method == "PATCH":
        return take(talk_id, name)
    if method == "DELETE":
        return delete(talk_id, name)
    talks.find(talk_id)
    raise BadRequest


@blueprint.post("/<int:upload_id>/verwerfen")
def discard(talk_id: int, upload_id: int) -> ResponseReturnValue:
    """Take it off the page, whoever brought it."""
    upload = uploads.one_of(talks.find(talk_id), upload_id=upload_id)
    name = upload.file_name
    _give_up(upload)
    flash(_("The upload of “%(name)s” was given up.", name=name), "success")
    return redirect(url_for("materials.index", talk_id=talk_id), 303)


@blueprint.errorhandler(RuleError)
def refuse(error: RuleError) -> ResponseReturnValue:
    """A sentence in plain text: a script shows it where the file was chosen."""
    db.session.rollback()
    status = 422
    if error.code == "upload_locked":
        status = 423
    elif isinstance(error, NotThere):
        status = 404
    elif isinstance(error, Conflict):
        status = 409
    elif isinstance(error, StorageAway):
        status = 503
    elif error.code in ("file_too_large", "storage_quota"):
        status = 413
    elif error.code == "storage_full":
        status = 507
    return Response(sentence(error), status=status, mimetype="text/plain")


@blueprint.errorhandler(HTTPException)
def refuse_request(error: HTTPException) -> ResponseReturnValue:
    """What the protocol forbids, in its own words."""
    db.session.rollback()
    if error.code is not None and error.code < 400:
        return error.get_response()
    text = str(error.description or error.name)
    return Response(text, status=error.code or 500, mimetype="text/plain")


def _talk(talk_id: int) -> Talk:
    """The talk, for whoever speaks our version of the protocol."""
    talk = talks.find(talk_id)
    if request.headers.get("Tus-Resumable") != VERSION:
        raise PreconditionFailed
    return talk


def _give_up(upload: Upload) -> None:
    uploads.discard(upload)
    db.session.commit()


def _upload(talk_id: int, name: str) -> Upload:
    return uploads.find(_talk(talk_id), public_id=name, by=account())


def _told(response: Response, upload: Upload, received: int) -> Response:
    response.headers["Upload-Offset"] = str(received)
    return _dated(response, upload.expires_at if upload.state == UploadState.RECEIVING else None)


def _dated(response: Response, expires: datetime | None) -> Response:
    if expires is not None:
        response.headers["Upload-Expires"] = http_date(expires)
    return response


def _number(name: str) -> int:
    """A header that holds a count of bytes."""
    given = request.headers.get(name, "")
    if not (given.isascii() and given.isdecimal() and len(given) < 19):
        raise BadRequest(f"{name} is no number of bytes")
    return int(given)


def _kind(given: str) -> MaterialKind:
    if given not in set(MaterialKind) - {MaterialKind.LINK}:
        raise BadRequest("kind is none of slides, recording, handout, subtitles")
    return MaterialKind(given)


def _metadata() -> dict[str, str]:
    """Pairs of a key and a value in Base64, separated by commas."""
    raw = request.headers.get("Upload-Metadata", "")
    found: dict[str, str] = {}
    try:
        for pair in filter(None, (part.strip() for part in raw[:METADATA].split(","))):
            key, _space, value = pair.partition(" ")
            found[key] = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise BadRequest("Upload-Metadata is not readable") from error
    if "\0" in "".join(found.values()):
        raise BadRequest("Upload-Metadata is not readable")
    return found


def _checksum() -> Checksum | None:
    raw = request.headers.get("Upload-Checksum")
    if raw is None:
        return None
    algorithm, _space, value = raw.partition(" ")
    if algorithm not in ALGORITHMS:
        raise BadRequest("the checksum's algorithm is none of " + ", ".join(ALGORITHMS))
    try:
        return Checksum(algorithm, base64.b64decode(value, validate=True))
    except binascii.Error as error:
        raise BadRequest("Upload-Checksum is not readable") from error
