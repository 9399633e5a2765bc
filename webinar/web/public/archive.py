"""What was released of a past talk to everyone, as a page: slides, recording, files to save.

The page is the one behind personal links (`web.archives`); here it shows what everybody may open
and nothing else.
"""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from webinar.clock import now
from webinar.domain import materials, times
from webinar.domain import pages as decks
from webinar.domain import programme as talks
from webinar.errors import NotThere
from webinar.models import Material
from webinar.web import archives, counting, downloads

blueprint = Blueprint("public_archive", __name__)


@blueprint.url_defaults
def _keep_talk(_endpoint: str, values: dict[str, object]) -> None:
    slug = (request.view_args or {}).get("slug")
    if slug is not None:
        values.setdefault("slug", slug)


@blueprint.get("/veranstaltungen/<slug>/unterlagen")
def show(slug: str) -> ResponseReturnValue:
    """Whatever everybody may open of the talk; not there while that is nothing."""
    talk = talks.talk(slug)
    found = materials.public_materials(talk)
    if not found:
        raise NotThere("material_missing")
    past = now() >= times.end(talk)
    return render_template(
        "public/archive.html",
        here="review" if past else "programme",
        talk=talk,
        past=past,
        view=archives.view(found),
    )


@blueprint.get("/veranstaltungen/<slug>/unterlagen/datei/<public_id>")
def download(slug: str, public_id: str) -> ResponseReturnValue:
    """The file to save."""
    material = _public(slug, public_id)
    return counting.download(downloads.attachment(material), material)


@blueprint.get("/veranstaltungen/<slug>/unterlagen/alles.zip")
def everything(slug: str) -> ResponseReturnValue:
    """All files at once."""
    talk = talks.talk(slug)
    found = materials.public_materials(talk)
    return counting.download(downloads.everything(talk, found), *found)


@blueprint.get("/veranstaltungen/<slug>/unterlagen/wiedergabe/<public_id>")
def play(slug: str, public_id: str) -> ResponseReturnValue:
    """A recording or its subtitles, for the page's player."""
    material = _public(slug, public_id)
    return counting.view(downloads.playing(material), material)


@blueprint.get("/veranstaltungen/<slug>/unterlagen/standbild/<public_id>")
def poster(slug: str, public_id: str) -> ResponseReturnValue:
    """The still of a recording."""
    return downloads.poster(_public(slug, public_id))


@blueprint.get("/veranstaltungen/<slug>/unterlagen/seite/<public_id>/<int:number>")
def thumbnail(slug: str, public_id: str, number: int) -> ResponseReturnValue:
    """The small picture of a page."""
    return downloads.thumbnail(decks.page_of(_public(slug, public_id), number=number))


@blueprint.get("/veranstaltungen/<slug>/unterlagen/seite/<public_id>/<int:number>/gross")
def picture(slug: str, public_id: str, number: int) -> ResponseReturnValue:
    """The picture of a page, to be read."""
    return downloads.picture(decks.page_of(_public(slug, public_id), number=number))


def _public(slug: str, public_id: str) -> Material:
    return materials.find_public(talks.talk(slug), public_id=public_id)
