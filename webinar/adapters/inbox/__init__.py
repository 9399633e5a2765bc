"""Mail that comes in: from bytes to what they mean, and the places where they lie.

`understand` never raises, whatever the bytes are. Values are in `values`; a mailbox read by IMAP is
`imap`, a folder of files `folder`. Nothing here queries: what follows from a message is
`webinar.domain.inbox`'s.
"""

from __future__ import annotations

from email.message import Message

from webinar.adapters.inbox import automatic, bounces, replies, senders, wording
from webinar.adapters.inbox.message import (
    MOST_BYTES,
    addresses,
    fingerprint,
    header,
    headers,
    message_ids,
    parse,
)
from webinar.adapters.inbox.values import (
    Answer,
    Automatic,
    Bounce,
    Content,
    Meant,
    Reply,
    Said,
    Trouble,
    Understood,
    Unknown,
)

__all__ = [
    "Answer",
    "Automatic",
    "Bounce",
    "Content",
    "Meant",
    "Reply",
    "Said",
    "Trouble",
    "Understood",
    "Unknown",
    "understand",
]

SUBJECT_LENGTH = 300
SENDER_LENGTH = 254


def understand(content: bytes, *, server: str = "", own: str = "") -> Understood:
    """What the message is. `server` is the authserv-id of the receiving server, without which
    nobody is believed; `own` the address that our mails come from."""
    mark = fingerprint(content[:MOST_BYTES])
    if len(content) > MOST_BYTES:
        return _unknown(mark, Trouble.TOO_LARGE)
    try:
        return _understood(parse(content), mark, server=server, own=own)
    except Exception:
        # Purpose-made bytes reach corners of the parsers that no list of exceptions covers; the
        # mailbox must go on being read.
        return _unknown(mark, Trouble.DAMAGED)


def _unknown(mark: str, trouble: Trouble) -> Understood:
    return Understood(fingerprint=mark, content=Unknown(trouble=trouble))


def _understood(message: Message, mark: str, *, server: str, own: str) -> Understood:
    sender = _sender(message)
    subject = header(message, "Subject")[:SUBJECT_LENGTH]
    whole = wording.body(message)
    words = wording.written(whole)
    content = _content(message, sender=sender, subject=subject, whole=whole, words=words, own=own)
    refers = message_ids(
        " ".join((*headers(message, "In-Reply-To"), *headers(message, "References")))
    )
    if isinstance(content, Bounce):
        refers = [*refers, *bounces.returned_ids(message)]
        words = whole[: wording.TEXT_LENGTH]
    return Understood(
        fingerprint=mark,
        sender=sender,
        subject=subject,
        text=words,
        proven=senders.proven(message, sender=sender, server=server),
        machine=automatic.wants_no_answer(message),
        refers_to=tuple(dict.fromkeys(refers)),
        content=content,
    )


def _sender(message: Message) -> str:
    """The one address of From; of several or none nothing, since nobody can vouch for it."""
    values = headers(message, "From")
    found = addresses(values[0]) if len(values) == 1 else []
    return found[0] if len(found) == 1 and len(found[0]) <= SENDER_LENGTH else ""


def _content(
    message: Message, *, sender: str, subject: str, whole: str, words: str, own: str
) -> Content:
    """In the order of certainty: a calendar, a report, a machine, at last a person."""
    calendars = replies.calendars(message)
    for found in calendars:
        answer = replies.reply(found, sender=sender) if found.method == "REPLY" else None
        if answer is not None:
            return answer
    report = bounces.bounce(message, sender=sender, subject=subject, words=whole)
    if report is not None:
        return report
    if sender and sender != own.lower() and automatic.is_automatic(message, subject=subject):
        return Automatic()
    trouble = _trouble(message, sender=sender, own=own)
    if trouble is not None:
        return Unknown(trouble=trouble)
    counter = any(found.method == "COUNTER" for found in calendars)
    return Answer(
        meant=Meant.QUESTION if counter else wording.meaning(words, subject=subject),
        counter=counter,
    )


def _trouble(message: Message, *, sender: str, own: str) -> Trouble | None:
    """Why nobody needs to read the message as an answer."""
    if not sender:
        return Trouble.NO_SENDER
    if sender == own.lower():
        return Trouble.OWN_MAIL
    return Trouble.MASS_MAIL if automatic.is_mass_mail(message) else None
