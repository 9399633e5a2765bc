"""The technical check: whether this browser, its camera and its microphone are ready for the room.

The script of the page asks the browser alone; nothing leaves the device. The one page besides the
room that may ask for camera and microphone.
"""

from __future__ import annotations

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from webinar.web.headers import PERMISSIONS

blueprint = Blueprint("technique", __name__)


@blueprint.get("/technik")
def show() -> ResponseReturnValue:
    """A button, and what it finds."""
    g.permissions = PERMISSIONS.replace(
        "camera=(), microphone=()", "camera=(self), microphone=(self)"
    )
    return render_template("public/technique.html", here="")
