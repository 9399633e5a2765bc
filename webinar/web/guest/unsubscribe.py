"""No more invitations: a page with a button, and the one click of mail programs (RFC 8058).

The mail program posts `List-Unsubscribe=One-Click` to the address of the header; it sends no
cookie and shows no page, so the answer is a plain 200 (RFC 8058, 3.1). GET changes nothing, since
filters follow every link.
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webinar.domain import subscriptions
from webinar.extensions import db
from webinar.web.guest import pages

blueprint = Blueprint("guest_unsubscribe", __name__)

ONE_CLICK = "One-Click"


@blueprint.get("")
def show() -> ResponseReturnValue:
    """Whether invitations arrive, and the button to change it."""
    return render_template("guest/unsubscribe.html", contact=pages.contact())


@blueprint.post("")
def unsubscribe() -> ResponseReturnValue:
    """No more invitations; to a mail program a plain answer, to a person the page."""
    subscriptions.unsubscribe(pages.contact())
    db.session.commit()
    if request.form.get("List-Unsubscribe") == ONE_CLICK:
        return "", 200
    return redirect(url_for(".show"), 303)


@blueprint.post("/zurueck")
def resubscribe() -> ResponseReturnValue:
    """Invitations again."""
    subscriptions.resubscribe(pages.contact())
    db.session.commit()
    return redirect(url_for(".show"), 303)
