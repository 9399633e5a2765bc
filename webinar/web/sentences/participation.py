"""Sentences about answers, places and the room."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

SENTENCES: dict[str, LazyString] = {
    "talk_cancelled": _l("This talk has been cancelled."),
    "talk_started": _l("The talk has begun; the answer can no longer be changed."),
    "invitation_withdrawn": _l("This invitation is no longer valid."),
    "contact_retired": _l(
        "This link belongs to somebody who no longer holds the office. Please contact us."
    ),
    "registration_closed": _l("Registration is closed."),
    "registration_not_open": _l("Registration is not open yet."),
    "signup_not_public": _l("Registration for this talk is by invitation only."),
    "signup_talk_started": _l("The talk has begun; nobody can register any more."),
    "signup_not_valid": _l("This registration is no longer valid."),
    "signup_lapsed": _l(
        "This registration was not confirmed in time. Please register once more on the page of "
        "the talk."
    ),
    "mode_not_offered": _l("Please choose how you will take part."),
    "answer_move_forbidden": _l("This answer is no longer possible. Please load the page again."),
    "registration_move_forbidden": _l(
        "This registration has changed in the meantime. Please load the page again."
    ),
}
