"""The search behind personal links: in one talk's archive, and in all that the person may open.

The link to an archive opens that talk's alone (rule 4), and so its search looks nowhere else. The
personal page looks everywhere; its hits open by a POST, which makes the link to the talk's archive
as the page's own buttons do, once more asking whether the person may.
"""

from __future__ import annotations

import re

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webinar.domain import links, materials, programme, search, talks
from webinar.domain.search import Hit, Scope
from webinar.errors import NotThere
from webinar.extensions import db, limiter
from webinar.models import Purpose, Talk
from webinar.web import guards, searching
from webinar.web.guest import pages
from webinar.web.settings import settings

of_archive = Blueprint("search_archive", __name__)
of_overview = Blueprint("search_mine", __name__)

ANCHOR = re.compile(r"seite-\d{1,6}|t=\d{1,6}", re.ASCII)


def holder() -> str:
    """Whom the limit counts: the link, since a whole office asks from one address."""
    return guards.link().public_id


@of_archive.get("")
@limiter.limit(searching.OFTEN, key_func=holder)
def show() -> ResponseReturnValue:
    """Pages and moments of this talk that the holder may open."""
    talk = pages.talk()
    archive = url_for("guest_archive.show")
    scope = search.for_contact(pages.contact().id, day=materials.today(), talk_id=talk.id)
    found = searching.page(scope, lambda hit, anchor: searching.at(archive, hit, anchor))
    return render_template("guest/archive/search.html", talk=talk, **found)


@of_overview.get("", endpoint="show")
@limiter.limit(searching.OFTEN, key_func=holder)
def show_all() -> ResponseReturnValue:
    """Whatever the holder may open, of all talks."""
    found = searching.page(_everything(), _address, offered=Talk.state.in_(programme.SHOWN))
    return render_template("guest/search.html", **found)


@of_overview.post("/<int:entry_id>")
def open_hit(entry_id: int) -> ResponseReturnValue:
    """To the hit in the person's own archive of its talk."""
    hit = search.find_one(entry_id, _everything())
    if hit is None or hit.material_id is None:
        raise NotThere("material_missing")
    talk = talks.find(hit.talk_id)
    link = links.contact_link(pages.contact(), purpose=Purpose.ARCHIVE, talk=talk)
    db.session.commit()
    address = links.address(link, base_url="", keys=settings().link_keys)
    asked = request.form.get("anchor", "")
    return redirect(searching.at(address, hit, asked if ANCHOR.fullmatch(asked) else ""), 303)


def _everything() -> Scope:
    return search.for_contact(pages.contact().id, day=materials.today())


def _address(hit: Hit, _anchor: str) -> str:
    """Of a talk its public page; what stands in a file opens by a form."""
    return url_for("public.talk", slug=hit.slug) if hit.material_id is None else ""
