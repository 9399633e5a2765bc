"""The personal page: one's talks, invitations, materials, calendar feed, and what is stored.

Behind a link that was asked for by mail. Each talk keeps its own page: the buttons here make its
link, as the answer page does for the archive, and lead there.
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webinar.domain import attendances, links, personal, preferences, subscriptions
from webinar.extensions import db
from webinar.models import Contact, Link, Purpose
from webinar.web.forms.choices import LANGUAGES
from webinar.web.guest import pages
from webinar.web.numbers import row_number
from webinar.web.settings import attendance_rule, days_of, settings

blueprint = Blueprint("guest_overview", __name__)


@blueprint.get("")
def show() -> ResponseReturnValue:
    """Everything at a glance."""
    contact = pages.contact()
    mine = personal.talks(contact)
    past = [one.talk for one in mine.past]
    return render_template(
        "guest/overview.html",
        contact=contact,
        mine=mine,
        feed=_feed(contact),
        presences=attendances.of_contact(contact.id, past, rule=attendance_rule()),
        languages=LANGUAGES,
        days=days_of("evenings"),
    )


@blueprint.post("/veranstaltung/<slug>")
def open_talk(slug: str) -> ResponseReturnValue:
    """To the person's own page of that talk."""
    return _to(slug, Purpose.ANSWER)


@blueprint.post("/unterlagen/<slug>")
def open_archive(slug: str) -> ResponseReturnValue:
    """To the person's archive of that talk."""
    return _to(slug, Purpose.ARCHIVE)


@blueprint.post("/kalender")
def open_feed() -> ResponseReturnValue:
    """The link under which a calendar program finds the person's evenings."""
    preferences.open_feed(pages.contact())
    db.session.commit()
    return redirect(url_for(".show") + "#kalender", 303)


@blueprint.post("/kalender/neu")
def renew_feed() -> ResponseReturnValue:
    """Another link; the one so far ends."""
    version = request.form.get("version", 0, type=row_number)
    preferences.renew_feed(pages.contact(), version=version)
    db.session.commit()
    return redirect(url_for(".show") + "#kalender", 303)


@blueprint.post("/sprache")
def choose_language() -> ResponseReturnValue:
    """The language of messages and pages."""
    preferences.choose_language(pages.contact(), language=request.form.get("language", ""))
    db.session.commit()
    return redirect(url_for(".show"), 303)


@blueprint.post("/einladungen/nein")
def unsubscribe() -> ResponseReturnValue:
    """No more invitations."""
    subscriptions.unsubscribe(pages.contact())
    db.session.commit()
    return redirect(url_for(".show"), 303)


@blueprint.post("/einladungen/ja")
def resubscribe() -> ResponseReturnValue:
    """Invitations again."""
    subscriptions.resubscribe(pages.contact())
    db.session.commit()
    return redirect(url_for(".show"), 303)


def _feed(contact: Contact) -> Link | None:
    """The link to the person's feed, if one was made and is open."""
    link = links.find_contact_link(contact, purpose=Purpose.FEED)
    return link if link is not None and link.revoked_at is None else None


def _to(slug: str, purpose: Purpose) -> ResponseReturnValue:
    talk = personal.one_of(pages.contact(), slug=slug)
    link = links.contact_link(pages.contact(), purpose=purpose, talk=talk)
    db.session.commit()
    return redirect(links.address(link, base_url="", keys=settings().link_keys), 303)
