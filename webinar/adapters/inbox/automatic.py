"""Answers that a machine gives: out of office, read receipts, notifications.

RFC 3834 has a header for it; the rest is what Exchange, Notes and webmailers do instead. A header
that only asks others for silence (`X-Auto-Response-Suppress: OOF`) stands in people's mails too.
"""

from __future__ import annotations

import re
from email.message import Message

from webinar.adapters.inbox.message import header, headers

_SUBJECT = re.compile(
    r"""^\s*(?:
      automatische\ (?:antwort|r.ckmeldung|eingangsbest.tigung) | automatic\ (?:reply|response)
    | auto(?:matic|matische)?[-:\ ]?(?:reply|antwort|response) | autoreply | autoantwort
    | abwesenheits?(?:notiz|nachricht|meldung|assistent|benachrichtigung)? | abwesend\b
    | (?:ich\ bin\ )?(?:derzeit\ |zurzeit\ )?(?:nicht\ im\ b.ro|au(?:ß|ss)er\ haus)
    | out\ of\ (?:the\ )?office | out\ of\ office\ autoreply | urlaub(?:snotiz|svertretung)?\b
    | vacation | (?:auto|ooo)\s*: | eingangsbest.tigung | empfangsbest.tigung
    | gelesen: | read: | nicht\ gelesen: | not\ read:
    | lesebest.tigung | read\ receipt
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply-From", "X-Vacation")
_MASS = re.compile(r"\b(?:bulk|list|junk)\b", re.IGNORECASE)


def is_automatic(message: Message, *, subject: str) -> bool:
    """Whether a machine answered or notified."""
    submitted = header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    if submitted and submitted != "no":
        return True
    if any(header(message, name).strip().lower() not in ("", "no") for name in _HEADERS):
        return True
    if "auto_reply" in header(message, "Precedence").lower():
        return True
    if header(message, "X-Auto-Response-Suppress").strip().lower() == "all":
        return True
    report = str(message.get_param("report-type") or "").lower()
    return report == "disposition-notification" or _SUBJECT.match(subject) is not None


def wants_no_answer(message: Message) -> bool:
    """Whether a program must not answer (RFC 3834, 2): also of a calendar's answer, which can be a
    resource's own. By headers alone: what a subject says is no reason to be silent."""
    submitted = header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    asked = header(message, "X-Auto-Response-Suppress").strip().lower() == "all"
    return submitted not in ("", "no") or asked or is_mass_mail(message)


def is_mass_mail(message: Message) -> bool:
    """Whether it went to a list: nobody writes to us there."""
    listed = headers(message, "List-Id") or headers(message, "List-Unsubscribe")
    return bool(listed) or _MASS.search(header(message, "Precedence")) is not None
