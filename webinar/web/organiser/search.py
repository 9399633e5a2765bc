"""The search at the desk: everything, released or not, with drafts."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import true

from webinar.domain import search
from webinar.domain.search import Hit
from webinar.web import searching

blueprint = Blueprint("desk_search", __name__)


@blueprint.get("")
def show() -> ResponseReturnValue:
    """Hits that lead to the desk's page of the talk or of the file."""
    found = searching.page(search.for_desk(), _address, offered=true())
    return render_template("organiser/search.html", here="search", **found)


def _address(hit: Hit, anchor: str) -> str:
    if hit.material_id is None:
        return url_for("talks.show", talk_id=hit.talk_id)
    file = url_for("materials.show", talk_id=hit.talk_id, material_id=hit.material_id)
    return f"{file}#{anchor}" if anchor else file
