"""The mails of one claim on their way to bytes: checked together, written, frozen, given out.

Frozen is each mail before the first byte of it leaves. Whoever waits for the relay or the disk has
a later one written (`write_one`): nothing of that asks the database. Its bytes are kept together
with the end of the mail that was sent meanwhile (`later`, `kept`), at no wait of their own. What is
missing then, such as the first letters and those that have to be rendered, is frozen here, by
stretches. Used by `webinar.jobs.outbox`, which sends; `webinar.jobs.ledger` keeps.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from webinar.adapters.mime import message_bytes
from webinar.config import Settings
from webinar.domain import delivery
from webinar.extensions import db
from webinar.jobs.ledger import Written
from webinar.jobs.letters import letter_of
from webinar.jobs.prepared_letters import Press
from webinar.models import Mail, MailState

AT_ONCE = 10
"""How many mails a stretch has: enough that one is always frozen while others are kept."""

Unwritten = Callable[[Mail, str], None]
"""Told of a mail that cannot be written now, and why."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Parcel:
    """A mail on its way to the relay."""

    mail: Mail
    recipient: str
    content: bytes


class Batch:
    """The mails of the claim `token`, checked; whoever makes it commits.

    `unwritten` ends the try of a mail that cannot be written: it must not hold up the others for
    ever.
    """

    def __init__(
        self,
        mails: list[Mail],
        *,
        token: str,
        settings: Settings,
        press: Press,
        unwritten: Unwritten,
    ) -> None:
        self._token = token
        self._settings = settings
        self._unwritten = unwritten
        self._written: dict[int, bytes | None] = {}
        with delivery.read_ahead(mails):
            self._wanted = deque(mail for mail in mails if self._holds(mail))
            fresh = [mail for mail in self._wanted if mail.content is None]
            self._plans = press.plans(fresh)
        self._waiting = deque(self._plans)
        self._begun: Parcel | None = None
        """Whose bytes are on their way to the disk."""
        self._ready: deque[Parcel] = deque()

    def _holds(self, mail: Mail) -> bool:
        if delivery.still_wanted(mail):
            return True
        delivery.settle(mail, token=self._token, state=MailState.OBSOLETE)
        return False

    def parcels(self, wait: Callable[[], object] = lambda: None) -> Iterator[Parcel]:
        """What is to be sent, each frozen and committed before it is given out. `wait` is called
        where `kept` has to be told before there is anything to give out."""
        while self._ready or self._begun is not None or self._wanted:
            if not self._ready and self._begun is not None:
                wait()
            if not self._ready and self._wanted:
                self._freeze()
            if self._ready:
                yield self._ready.popleft()

    def later(self) -> Written | None:
        """The next letter that is to be frozen, if it has been written; whoever takes it tells by
        `kept` what became of it."""
        while self._wanted:
            mail = self._wanted[0]
            content = mail.content or self._written.pop(mail.id, None)
            if content is None:
                return None
            parcel = Parcel(self._wanted.popleft(), mail.recipient, content)
            if mail.content is None:
                self._begun = parcel
                return Written(mail.id, content)
            self._ready.append(parcel)
        return None

    def kept(self, mail_id: int | None) -> None:
        """The bytes of that mail are on the disk; those of none if its lease was lost."""
        if self._begun is not None and self._begun.mail.id == mail_id:
            self._ready.append(self._begun)
        self._begun = None

    def write_one(self) -> None:
        """Write a mail that comes later, if one is left: for whoever has to wait."""
        while self._waiting:
            mail_id = self._waiting.popleft()
            if mail_id in self._plans:
                self._fill(mail_id)
                return

    def _freeze(self) -> None:
        """Freeze the next stretch."""
        mails = [self._wanted.popleft() for _ in range(min(AT_ONCE, len(self._wanted)))]
        fresh = [mail for mail in mails if mail.content is None]
        found = {mail.id: self._content(mail) for mail in fresh}
        contents = {mail_id: content for mail_id, content in found.items() if content is not None}
        kept = delivery.freeze_all(contents, token=self._token)
        db.session.commit()
        ready = {mail_id: contents[mail_id] for mail_id in kept}
        ready |= {mail.id: mail.content for mail in mails if mail.content is not None}
        self._ready += [
            Parcel(mail, mail.recipient, ready[mail.id]) for mail in mails if mail.id in ready
        ]

    def _content(self, mail: Mail) -> bytes | None:
        """The mail's bytes, filled in or rendered; None where they cannot be written now."""
        if mail.id in self._plans:
            self._fill(mail.id)
        content = self._written.pop(mail.id, None)
        if content is not None:
            return content
        try:
            with db.session.begin_nested():
                return message_bytes(letter_of(mail, self._settings))
        except (OperationalError, InterfaceError):
            raise  # the database's trouble, not the mail's
        except Exception as problem:
            # One mail that cannot be written must not hold up the others for ever.
            log.exception("mail not rendered", mail_id=mail.id, template=mail.template)
            self._unwritten(mail, f"{type(problem).__name__}: {problem}")
            return None

    def _fill(self, mail_id: int) -> None:
        plan = self._plans.pop(mail_id)
        try:
            self._written[mail_id] = plan()
        except Exception:
            # Whoever waits must not suffer for it; rendering says what is wrong with the mail.
            self._written[mail_id] = None
