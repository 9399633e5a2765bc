"""What people thought of a talk: figures and words, from so many on that no single one shows."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from webinar.domain import feedback, talks

blueprint = Blueprint("feedback", __name__)

HERE = "talks"
ENOUGH = 3
"""Fewer would name their authors to whoever knows who was there."""


@blueprint.get("")
def show(talk_id: int) -> ResponseReturnValue:
    """How many gave which mark, and what they wrote."""
    talk = talks.find(talk_id)
    found = feedback.summary(talk)
    return render_template(
        "organiser/talks/feedback.html",
        here=HERE,
        talk=talk,
        found=found,
        enough=ENOUGH,
    )
