"""The archive of one talk behind a personal link: slides, recording, files to save.

Each address asks anew whether the link holds and whether the person may have the file; whatever
is not released, not granted, deleted or another talk's looks like what never was. What stands on
the page is `web.archives`'.
"""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from webinar.clock import now
from webinar.domain import materials, times
from webinar.domain import pages as decks
from webinar.models import Material
from webinar.web import archives, counting, downloads
from webinar.web.guest import pages

blueprint = Blueprint("guest_archive", __name__)


@blueprint.get("")
def show() -> ResponseReturnValue:
    """Whatever the holder may open of the talk."""
    talk = pages.talk()
    return render_template(
        "guest/archive/show.html",
        talk=talk,
        block=pages.date_block(talk),
        past=now() >= times.end(talk),
        view=archives.view(materials.visible_to(talk, pages.contact())),
    )


@blueprint.get("/datei/<public_id>")
def download(public_id: str) -> ResponseReturnValue:
    """The file to save."""
    material = _granted(public_id)
    return counting.download(downloads.attachment(material), material, contact=pages.contact())


@blueprint.get("/alles.zip")
def everything() -> ResponseReturnValue:
    """All files at once."""
    talk, contact = pages.talk(), pages.contact()
    found = materials.visible_to(talk, contact)
    return counting.download(downloads.everything(talk, found), *found, contact=contact)


@blueprint.get("/wiedergabe/<public_id>")
def play(public_id: str) -> ResponseReturnValue:
    """A recording or its subtitles, for the page's player."""
    material = _granted(public_id)
    return counting.view(downloads.playing(material), material, contact=pages.contact())


@blueprint.get("/standbild/<public_id>")
def poster(public_id: str) -> ResponseReturnValue:
    """The still of a recording."""
    return downloads.poster(_granted(public_id))


@blueprint.get("/seite/<public_id>/<int:number>")
def thumbnail(public_id: str, number: int) -> ResponseReturnValue:
    """The small picture of a page."""
    return downloads.thumbnail(decks.page_of(_granted(public_id), number=number))


@blueprint.get("/seite/<public_id>/<int:number>/gross")
def picture(public_id: str, number: int) -> ResponseReturnValue:
    """The picture of a page, to be read."""
    return downloads.picture(decks.page_of(_granted(public_id), number=number))


def _granted(public_id: str) -> Material:
    return materials.find_visible(pages.talk(), pages.contact(), public_id=public_id)
