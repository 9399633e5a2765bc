"""Programme, past talks, one talk, the series, legal pages: for everybody, without a cookie.

Of the archive it shows what was released to everyone; the rest is behind personal links.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from flask import Blueprint, abort, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webinar.clock import now
from webinar.domain import legal_texts, materials, registrations, retention, signups, times
from webinar.domain import programme as talks
from webinar.models import LegalPage, Material, MaterialKind, Talk, TalkState
from webinar.rendering import legal, schema
from webinar.rendering.dates import half_year
from webinar.web import counting, downloads, events
from webinar.web.forms.signups import SignupForm
from webinar.web.language import language
from webinar.web.public import feeds
from webinar.web.settings import retention_terms, settings, storage

blueprint = Blueprint("public", __name__)

LEGAL = {"impressum": "imprint", "datenschutz": "privacy", "barrierefreiheit": "accessibility"}
SHOWN_PAST = 6


@blueprint.get("/")
def programme() -> ResponseReturnValue:
    """The next talk large, the following ones by half-year, and the last past ones."""
    coming = talks.upcoming()
    first = next((talk for talk in coming if talk.state == TalkState.PUBLISHED), None)
    past = talks.past(limit=SHOWN_PAST)
    return render_template(
        "public/programme.html",
        here="programme",
        first=first,
        free=talks.free_places(first) if first else {},
        coming=by_half_year([talk for talk in coming if talk is not first]),
        past=by_half_year(past),
        released=talks.released(past),
        past_count=talks.past_count(),
        closes=times.registration_end(first) if first else None,
        open=first is not None and times.registration_open(first),
        feed=feeds.address(),
    )


@blueprint.get("/rueckblick")
def review() -> ResponseReturnValue:
    """All talks that took place."""
    past = talks.past()
    return render_template(
        "public/review.html",
        here="review",
        past=by_half_year(past),
        released=talks.released(past),
    )


@blueprint.get("/ueber-die-reihe")
def about() -> ResponseReturnValue:
    """What the series are."""
    return render_template(
        "public/about.html", here="about", all_series=talks.all_series(), feed=feeds.address
    )


@blueprint.get("/veranstaltungen/<slug>")
def talk(slug: str) -> ResponseReturnValue:
    """One talk, with its schema.org event."""
    found = talks.talk(slug)
    return talk_page(found, form=signup_form(found))


def signup_form(found: Talk) -> SignupForm:
    """The form for who registers without an invitation, with the sides as they stand now."""
    form = SignupForm()
    form.offer(registrations.modes(found), free=talks.free_places(found))
    return form


def talk_page(found: Talk, *, form: SignupForm, notice: str = "") -> str:
    """The page of the talk; `notice` says why a registration was refused."""
    past = times.end(found) <= now()
    free_for_all = materials.public_materials(found)
    return render_template(
        "public/talk.html",
        here="review" if past else "programme",
        talk=found,
        past=past,
        free=talks.free_places(found),
        materials=free_for_all,
        shown_in_place=_shown_in_place(free_for_all),
        released=talks.released([found]).get(found.id),
        withheld=len(materials.released(found)) > len(free_for_all),
        closes=times.registration_end(found),
        open=times.registration_open(found),
        ahead=times.registration_ahead(found),
        started=times.started(found),
        signup=signups.open_to_all(found),
        form=form,
        notice=notice,
        ways=events.ways(
            events.public_event(found), file=url_for("public.talk_calendar", slug=found.slug)
        ),
        event=schema.event(
            found,
            address=events.public_address(found),
            office=settings().office,
        ),
    )


def _shown_in_place(found: Sequence[Material]) -> str:
    """What the button to the page of the archive says; empty where nothing is to be seen there."""
    if any(material.kind == MaterialKind.RECORDING for material in found):
        return _("Watch the recording")
    if any(material.kind == MaterialKind.SLIDES and material.page_count for material in found):
        return _("Look at the slides")
    return ""


@blueprint.get("/veranstaltungen/<slug>/datei/<public_id>")
def download(slug: str, public_id: str) -> ResponseReturnValue:
    """What was released to everyone: a recording plays, everything else is saved."""
    found = materials.find_public(talks.talk(slug), public_id=public_id)
    answer = downloads.public_file(found)
    plays = found.kind == MaterialKind.RECORDING
    return counting.view(answer, found) if plays else counting.download(answer, found)


@blueprint.get("/veranstaltungen/<slug>/kalender.ics")
def talk_calendar(slug: str) -> ResponseReturnValue:
    """The talk as a calendar file: no attendee, no room."""
    found = talks.talk(slug)
    return downloads.calendar_file(events.public_event(found))


@blueprint.get("/referenten/<int:speaker_id>/foto")
def photo(speaker_id: int) -> ResponseReturnValue:
    """The photo of a speaker of a public talk."""
    key = talks.photo_key(speaker_id)
    return send_file(
        storage().open(key), mimetype="image/webp", max_age=3600, etag=key, conditional=True
    )


@blueprint.get("/<any(impressum, datenschutz, barrierefreiheit):page>", endpoint="legal")
def legal_page(page: str) -> ResponseReturnValue:
    """Imprint, privacy notice, accessibility statement."""
    if page not in LEGAL:
        abort(404)
    own = legal_texts.current(LegalPage(LEGAL[page]), language=language())
    text = legal.text(
        LEGAL[page],
        language=language(),
        settings=settings(),
        terms=retention.gaps(retention_terms()),
        own=own.text if own is not None else None,
    )
    return render_template("public/legal.html", text=text, page=page)


def by_half_year(found: Sequence[Talk]) -> list[tuple[str, list[Talk]]]:
    """The talks under headings such as "1. Halbjahr 2027", in the order given."""
    halves = groupby(
        found, key=lambda talk: half_year(talk.starts_at, talk.zone, language=language())
    )
    return [(heading, list(group)) for heading, group in halves]
