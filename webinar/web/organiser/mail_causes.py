"""Why a mail did not arrive and what the office can do, in its words.

A relay answers with an SMTP code and often an enhanced one (RFC 3463, 3: class, subject, detail;
RFC 7372 for what cannot be authenticated). Subject and detail name the cause, whatever the sentence
beside them says; where there is no answer at all, our own adapter names the error. What is known of
neither gets a sentence that is true of the code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

ADDRESS = _l("Check the address, best by telephone, and send the message again.")
ROOM = _l("The person has to make room. Try again afterwards, or telephone.")
SHORTER = _l("Send a shorter message; files belong into the archive of the talk.")
WAIT = _l("Nothing needs to be done: it is tried again by itself.")
OPERATOR = _l("Please tell whoever runs this program; the answer of the server helps.")
SETTLE = _l(
    "Please tell whoever runs your mail server; the other side's server has to be asked. "
    "Reach the person by telephone meanwhile."
)


@dataclass(frozen=True)
class Cause:
    """What happened, and what to do about it."""

    words: LazyString
    advice: LazyString


DETAILS: dict[str, Cause] = {
    "1.1": Cause(_l("This address does not exist."), ADDRESS),
    "1.2": Cause(_l("There is no mail server for the part after the @."), ADDRESS),
    "1.3": Cause(_l("The address is misspelled."), ADDRESS),
    "1.6": Cause(_l("The mailbox has moved; nobody left a new address."), ADDRESS),
    "1.8": Cause(_l("Your own sender's address is not accepted."), OPERATOR),
    "1.10": Cause(_l("The domain takes no mail."), ADDRESS),
    "2.1": Cause(_l("The mailbox is closed."), ADDRESS),
    "2.2": Cause(_l("The mailbox is full."), ROOM),
    "2.3": Cause(_l("The message is too large for this mailbox."), SHORTER),
    "3.4": Cause(_l("The message is too large for the recipient's server."), SHORTER),
    "4.1": Cause(_l("The recipient's server does not answer."), ADDRESS),
    "4.4": Cause(_l("The way to the recipient's server is not known."), ADDRESS),
    "4.7": Cause(_l("The recipient's server could not be reached for too long."), ADDRESS),
    "7.1": Cause(_l("The recipient's server refuses messages from us."), SETTLE),
    "7.8": Cause(_l("The mail server does not accept this program's sign-in."), OPERATOR),
    "7.9": Cause(_l("The mail server does not accept this program's sign-in."), OPERATOR),
    "7.10": Cause(_l("The recipient's server insists on encryption."), OPERATOR),
    "7.28": Cause(_l("The recipient's server finds that too much mail comes at once."), SETTLE),
}
NOT_PROVEN = Cause(
    _l("The recipient's server doubts that the message comes from you (SPF, DKIM, DMARC)."),
    OPERATOR,
)
SPAM = Cause(_l("The recipient's server took the message for advertising."), SETTLE)
RELAYING = Cause(_l("Your mail server passes on nothing to this address."), OPERATOR)
LATER = Cause(_l("The recipient's server asks us to try again later."), WAIT)
SUBJECTS: dict[str, Cause] = {
    "1": Cause(_l("The address was not accepted."), ADDRESS),
    "2": Cause(_l("The mailbox takes no messages."), ADDRESS),
    "3": Cause(_l("The recipient's server could not take the message."), SETTLE),
    "4": Cause(_l("The recipient's server could not be reached."), ADDRESS),
    "5": Cause(_l("The recipient's server did not understand the message."), OPERATOR),
    "6": Cause(_l("The recipient's server did not accept the content."), OPERATOR),
    "7": Cause(_l("The recipient's server refused the message for reasons of security."), SETTLE),
}
SIGN_IN = Cause(_l("The mail server does not accept this program's sign-in."), OPERATOR)
TLS = Cause(_l("No encrypted connection to the mail server comes about."), OPERATOR)
CODES: dict[str, Cause] = {
    "421": Cause(_l("The mail server was busy."), WAIT),
    "450": Cause(_l("The mailbox is not available at the moment."), WAIT),
    "451": Cause(_l("The mail server asks us to try again later."), WAIT),
    "452": Cause(_l("The mail server has no room at the moment."), WAIT),
    "454": TLS,
    "530": SIGN_IN,
    "534": SIGN_IN,
    "535": SIGN_IN,
    "538": SIGN_IN,
    "550": Cause(_l("The address does not exist or takes no messages."), ADDRESS),
    "552": Cause(_l("The mailbox is full."), ROOM),
    "553": Cause(_l("The address is misspelled."), ADDRESS),
    "554": Cause(_l("The mail server refused the message."), SETTLE),
}
ERRORS: tuple[tuple[str, Cause], ...] = (
    ("gaierror", Cause(_l("The name of the mail server cannot be found."), OPERATOR)),
    ("ssl", TLS),
    ("certificate", TLS),
    ("timeout", Cause(_l("The mail server does not answer in time."), OPERATOR)),
    ("timed out", Cause(_l("The mail server does not answer in time."), OPERATOR)),
)
"""What the name of an error says where there was no answer."""
UNREACHABLE = Cause(_l("The mail server could not be reached."), OPERATOR)
UNWRITTEN = Cause(_l("The message could not be written."), OPERATOR)
UNNAMED = Cause(_l("The message came back, and nothing says why."), ADDRESS)
REFUSED = Cause(_l("The mail server did not take the message."), SETTLE)
UNPROVEN_DETAILS = range(20, 28)
"""RFC 7372, 3: DKIM, SPF, reverse names, several of them."""
ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
CODE = re.compile(r"^\d{1,3}\b")
"""0: the relay said nothing at all."""
_RELAYING = re.compile(r"\brelay", re.IGNORECASE)
_SPAM = re.compile(
    r"\b(?:spam|junk|blacklist|blocklist|blocked|spamhaus|reputation)", re.IGNORECASE
)
_DOUBTS = re.compile(r"\b(?:dmarc|dkim|spf)\b", re.IGNORECASE)


def found(reply: str) -> Cause:
    """The cause that an answer names."""
    if not reply.strip():
        return UNNAMED
    code = CODE.match(reply)
    if code is not None and code[0] in ("454", "530", "534", "535", "538"):
        return CODES[code[0]]
    named = ENHANCED.search(reply)
    if named is not None and named[2] in SUBJECTS:
        return _enhanced(named[1], named[2], named[3], reply)
    if code is None:
        return UNWRITTEN
    if code[0] == "0":
        words = reply.lower()
        return next((cause for name, cause in ERRORS if name in words), UNREACHABLE)
    return CODES.get(code[0], REFUSED)


def _enhanced(kind: str, subject: str, detail: str, reply: str) -> Cause:
    if subject == "7" and int(detail) in UNPROVEN_DETAILS:
        return NOT_PROVEN
    if subject == "7" and kind == "4":
        return LATER  # greylisting, as a rule: a temporary refusal accuses nobody
    if subject == "7" and detail in ("0", "1"):
        # The code that everything is given which has none of its own; here the words help.
        for words, cause in ((_RELAYING, RELAYING), (_DOUBTS, NOT_PROVEN), (_SPAM, SPAM)):
            if words.search(reply):
                return cause
    return DETAILS.get(f"{subject}.{detail}") or SUBJECTS[subject]


def words(reply: str) -> str:
    """The cause as a sentence."""
    return str(found(reply).words)


def advice(reply: str, *, retried: bool) -> str:
    """What the office can do; while it is tried again by itself, mostly nothing."""
    cause = found(reply)
    if retried and cause.advice is not OPERATOR:
        return _("Nothing needs to be done: it is tried again by itself.")
    return str(cause.advice)
