"""Counting what is taken from the archive, at the request that begins it.

A GET that was answered with the file from its first byte begins: not HEAD, not a piece from the
middle (a player that jumps, a download that goes on), not "unchanged", not what a browser fetches
ahead. Mails lead to pages and never to a file, so a gateway that follows their links counts
nothing. What counts as the same start says `webinar.domain.openings`.

The row is written in a transaction of its own: requests that read begin none. If it cannot be
written the file is sent all the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from flask import Response, request
from sqlalchemy.exc import SQLAlchemyError

from webinar.domain import openings
from webinar.extensions import db, reading
from webinar.models import Contact, Material, OpeningKind

BEGUN = frozenset({200, 206, 302})
"""The file, a piece of it, or where the storage gives it out."""

log = structlog.get_logger()


def download(response: Response, *materials: Material, contact: Contact | None = None) -> Response:
    """The response, counted as files that the contact saves; without one, somebody does."""
    return _counted(response, materials, kind=OpeningKind.DOWNLOAD, contact=contact)


def view(response: Response, material: Material, *, contact: Contact | None = None) -> Response:
    """The response, counted as a recording that is begun; subtitles are part of it."""
    if not material.media_type.startswith("video/"):
        return response
    return _counted(response, [material], kind=OpeningKind.VIEW, contact=contact)


def begins(response: Response) -> bool:
    """Whether the request begins the file that the response gives."""
    if request.method != "GET" or response.status_code not in BEGUN:
        return False
    ahead = request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))
    return "prefetch" not in ahead.lower() and _from_the_first_byte()


def _from_the_first_byte() -> bool:
    asked = request.range
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return True
    return asked.ranges[0][0] == 0


def _counted(
    response: Response,
    materials: Sequence[Material],
    *,
    kind: OpeningKind,
    contact: Contact | None,
) -> Response:
    if not begins(response):
        return response
    ids = [material.id for material in materials]
    contact_id = contact.id if contact is not None else None
    db.session.rollback()
    try:
        with reading(only=False):
            openings.note(ids, kind=kind, contact_id=contact_id)
            db.session.commit()
    except SQLAlchemyError:
        db.session.rollback()
        log.exception("opening not counted")
    return response
