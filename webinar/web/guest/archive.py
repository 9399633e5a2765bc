"""The archive of one talk behind a personal link: slides, recording, files to save.

Each address asks anew whether the link holds and whether the person may have the file; whatever
is not released, not granted, deleted or another talk's looks like what never was.
"""

from __future__ import annotations

import re

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from webinar.clock import now
from webinar.domain import materials, times
from webinar.domain import pages as decks
from webinar.models import Material, MaterialKind
from webinar.web import downloads
from webinar.web.guest import pages

blueprint = Blueprint("guest_archive", __name__)

MOMENT = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,3}):)?(\d{1,5})", re.ASCII)


@blueprint.get("")
def show() -> ResponseReturnValue:
    """Whatever the holder may open of the talk; `?t=17:05` starts the recording there."""
    talk = pages.talk()
    found = materials.visible_to(talk, pages.contact())
    return render_template(
        "guest/archive/show.html",
        talk=talk,
        block=pages.date_block(talk),
        past=now() >= times.end(talk),
        materials=found,
        recordings=_of(found, MaterialKind.RECORDING),
        subtitles=_of(found, MaterialKind.SUBTITLES),
        decks=_decks(found),
        begin=seconds(request.args.get("t", "")),
    )


@blueprint.get("/datei/<public_id>")
def download(public_id: str) -> ResponseReturnValue:
    """The file to save."""
    return downloads.attachment(_granted(public_id))


@blueprint.get("/wiedergabe/<public_id>")
def play(public_id: str) -> ResponseReturnValue:
    """A recording or its subtitles, for the page's player."""
    return downloads.playing(_granted(public_id))


@blueprint.get("/seite/<public_id>/<int:number>")
def thumbnail(public_id: str, number: int) -> ResponseReturnValue:
    """The small picture of a page."""
    return downloads.thumbnail(decks.page_of(_granted(public_id), number=number))


def seconds(text: str) -> int:
    """Seconds from "1025", "17:05" or "1:17:05"; 0 for anything else."""
    found = MOMENT.fullmatch(text)
    if found is None:
        return 0
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + rest


def _granted(public_id: str) -> Material:
    return materials.find_visible(pages.talk(), pages.contact(), public_id=public_id)


def _of(found: list[Material], kind: MaterialKind) -> list[Material]:
    return [material for material in found if material.kind == kind]


def _decks(found: list[Material]) -> list[dict[str, object]]:
    """Each set of slides with its pages; those without any are only files to save."""
    slides = _of(found, MaterialKind.SLIDES)
    pages_of = decks.pages_of(slides)
    return [
        {"material": material, "pages": pages_of[material.id]}
        for material in slides
        if pages_of[material.id]
    ]
