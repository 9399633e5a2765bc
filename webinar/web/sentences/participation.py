"""Sentences about answers, places and the room."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

DEPUTIES: dict[str, LazyString] = {
    "deputy_named_already": _l(
        "You have named somebody else already. Please take that back first."
    ),
    "deputy_cannot_delegate": _l("You come as a deputy yourself and cannot pass this on."),
    "deputies_too_many": _l(
        "You have named %(count)d deputies for this evening. Please write to us if it is to be "
        "somebody else."
    ),
    "deputy_is_oneself": _l("These are your own name and address."),
    "deputy_retired": _l(
        "Our address book says that %(name)s no longer holds the office at this address. "
        "Please check the address."
    ),
    "deputy_not_free": _l(
        "%(name)s cannot come instead of you on this evening. "
        "Please ask there, or name somebody else."
    ),
}
SERIES: dict[str, LazyString] = {
    "series_unsubscribed": _l(
        "You get no invitations from us at present. Please subscribe again first."
    ),
}
EVENING: dict[str, LazyString] = {
    "evening_over": _l("The evening is over; the room has closed."),
    "room_closed": _l("The room is closed. Please open it again first."),
    "room_not_open": _l("The room is not open yet."),
    "room_too_early": _l("The room can be opened from %(hours)d hours before the start."),
    "extension_too_long": _l(
        "The talk can be extended by %(minutes)d minutes in all: the room is reserved until then."
    ),
    "extension_too_short": _l("The new end has passed already. Please load the page again."),
    "talk_without_room": _l("This talk takes place in the hall only; it has no room."),
    "place_held_already": _l(
        "This person has a place online already and can enter. Send the link again."
    ),
    "url_not_https": _l("The address has to begin with https://."),
}
ROOM: dict[str, LazyString] = {
    "display_name_chosen": _l(
        "You have chosen a name already. If it is to be another one, please write to us."
    ),
    "display_name_length": _l("Please enter %(least)d to %(most)d characters."),
    "display_name_signs": _l(
        "Please enter a name of letters, without e-mail or web addresses and hidden characters."
    ),
    "display_name_misleads": _l(
        "This name could be taken for the office, the moderation or a speaker. "
        "Please choose another one."
    ),
    "rating_missing": _l("Please choose a mark."),
    "feedback_too_long": _l("Please enter at most %(length)d characters."),
}
SENTENCES: dict[str, LazyString] = {
    **DEPUTIES,
    **SERIES,
    **EVENING,
    **ROOM,
    "talk_cancelled": _l("This talk has been cancelled."),
    "talk_started": _l("The talk has begun; the answer can no longer be changed."),
    "invitation_withdrawn": _l("This invitation is no longer valid."),
    "contact_retired": _l(
        "This link belongs to somebody who no longer holds the office. Please contact us."
    ),
    "registration_closed": _l("Registration is closed."),
    "registration_not_open": _l("Registration is not open yet."),
    "answer_missing": _l("Please answer this question."),
    "answer_too_long": _l("Please enter at most %(length)d characters."),
    "answer_not_offered": _l("Please choose one of the answers."),
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
    "contact_deactivated": _l("This contact is deactivated: messages would reach somebody else."),
    "not_invited": _l("This person is not invited to this talk and holds no place."),
    "talk_not_published": _l("This talk is not published yet."),
    "registration_not_waiting": _l("This person is no longer on the waiting list."),
    "no_place_free": _l("No place is free on this side. Raise the number of places, or wait."),
    "attendance_too_early": _l("People can be ticked off on the day of the talk."),
    "reason_missing": _l("Please say why, in a few words."),
}
