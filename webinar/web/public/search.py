"""The search for everybody: the talks of the programme, and what was released to everyone."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from webinar.domain import materials, programme, search
from webinar.domain.search import Hit
from webinar.extensions import limiter
from webinar.models import Talk
from webinar.web import searching

blueprint = Blueprint("search", __name__)


@blueprint.get("/suche")
@limiter.limit(searching.OFTEN)
def show() -> ResponseReturnValue:
    """Hits that lead to the public page of their talk, or to the place in its open archive."""
    found = searching.page(
        search.for_everyone(day=materials.today()),
        _address,
        offered=Talk.state.in_(programme.SHOWN),
    )
    return render_template("public/search.html", here="review", **found)


def _address(hit: Hit, anchor: str) -> str:
    if hit.material_id is None:
        return url_for("public.talk", slug=hit.slug)
    return searching.at(url_for("public_archive.show", slug=hit.slug), hit, anchor)
