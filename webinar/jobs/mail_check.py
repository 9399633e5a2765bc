"""One real message through the relay, to learn what it says: for `webinar mail test`.

Sent at once and past the outbox, so that it works without database, worker and talks. What the
answer means for whoever runs the program is said here; for the office `web.organiser.mail_causes`
says it.
"""

from __future__ import annotations

from dataclasses import dataclass

from webinar.adapters.mime import message_bytes
from webinar.adapters.smtp import FinalRefusal, Refusal, Relay
from webinar.config import Settings
from webinar.jobs.letters import letter_of
from webinar.models import Account, Mail
from webinar.models.base import public_id

SIGN_IN = (530, 534, 535, 538)
ERRORS = (
    ("gaierror", "The name of the relay is not known to the resolver: check WEBINAR_MAIL_HOST."),
    (
        "sslcert",
        "The relay's certificate is not trusted: does it name WEBINAR_MAIL_HOST? For an authority "
        "of your own set WEBINAR_MAIL_CA_FILE.",
    ),
    ("ssl", "No TLS came about: check WEBINAR_MAIL_SECURITY and WEBINAR_MAIL_PORT."),
    ("notsupported", "The relay offers no STARTTLS or no sign-in: check WEBINAR_MAIL_SECURITY."),
    ("timeout", "The relay does not answer: a firewall, or a wrong WEBINAR_MAIL_PORT."),
    ("timed out", "The relay does not answer: a firewall, or a wrong WEBINAR_MAIL_PORT."),
)


@dataclass(frozen=True)
class Checked:
    """What became of the message; `meaning` and `reply` are empty where the relay took it."""

    message_id: str
    meaning: str = ""
    reply: str = ""

    @property
    def taken(self) -> bool:
        return not self.meaning


def check(settings: Settings, relay: Relay, *, recipient: str) -> Checked:
    """Send the test to the address, written as every other mail is."""
    reader = Account(name="", email=recipient, language="de")
    mail = Mail(
        public_id=public_id(), template="relay_test", recipient=recipient, account=reader, params={}
    )
    letter = letter_of(mail, settings)
    try:
        with relay:
            relay.deliver(
                sender=settings.mail.sender, recipient=recipient, content=message_bytes(letter)
            )
    except Refusal as refusal:
        reply = f"{refusal.code} {refusal.reply}".strip()
        return Checked(letter.message_id, meaning(refusal), reply)
    return Checked(letter.message_id)


def meaning(refusal: Refusal) -> str:
    """The refusal as a sentence for whoever sets the relay up."""
    words = refusal.reply.lower()
    if refusal.code == 0:
        found = (sentence for name, sentence in ERRORS if name in words)
        return next(found, "The relay could not be reached: check host, port and firewall.")
    if refusal.code in SIGN_IN:
        return "The sign-in was refused: check WEBINAR_MAIL_USER and WEBINAR_MAIL_PASSWORD."
    if "relay" in words or "client host" in words:
        return "The relay passes nothing on for this machine: allow its address, or set a sign-in."
    if "sender" in words:
        return "The relay does not accept the sender: check WEBINAR_MAIL_SENDER and its SPF record."
    if isinstance(refusal, FinalRefusal):
        return "The relay refuses the message for good; the worker would not try again."
    return "Not now: the worker would try again after a minute, and then less and less often."
