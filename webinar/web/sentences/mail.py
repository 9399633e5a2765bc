"""Sentences about mail."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

SENTENCES: dict[str, LazyString] = {
    "inbox_done_already": _l("Somebody has dealt with this message already."),
    "inbox_without_invitation": _l(
        "This person is not invited to the talk, or the talk has begun or is cancelled."
    ),
    "inbox_without_mail": _l("No message of ours belongs to this report."),
    "place_held": _l("This person holds a place and is not sure of coming any more."),
    "address_unchanged": _l("This is the address that the message went to already."),
    "mail_address_changed": _l(
        "This person has another address now. Please send the message again instead."
    ),
    "mail_being_sent": _l(
        "This message is being handed over at this moment. Please load the page again in a minute."
    ),
    "mail_late": _l("What this message is about is over; it does not go out any more."),
    "mail_not_correctable": _l("This message is not waiting for another address."),
    "mail_overtaken": _l(
        "The reason for this message no longer holds: the person has answered, withdrawn or "
        "unsubscribed since, or something newer is on its way."
    ),
    "mail_person_left": _l("This contact is deactivated and gets no mail any more."),
    "mail_resent_already": _l("This message was sent again already."),
    "mail_sent_already": _l("This message has gone out already."),
    "mail_talk_cancelled": _l("The talk is cancelled, so this message does not go out any more."),
    "mail_move_forbidden": _l("This message can no longer be changed in this way."),
    "mailing_move_forbidden": _l("This mailing can no longer be changed in this way."),
    "mailing_sent_already": _l("This mailing has been sent already."),
    "mailing_talk_cancelled": _l("The talk is cancelled. Nothing more can be sent about it."),
    "mailing_talk_not_published": _l("Publish the talk first. Its pages open only then."),
    "mailing_talk_started": _l("The talk has begun. Invitations can no longer be sent."),
    "mailing_without_recipients": _l(
        "Nobody would receive this mailing. Choose an audience or single people."
    ),
    "mailing_words_missing": _l("Please write a text."),
    "mailing_words_too_long": _l("Please shorten the text to %(length)d characters."),
    "placeholder_unknown": _l("There is no such placeholder: %(names)s"),
}
