"""Keeps that a mail was sent, and the bytes of a later one, while the relay already hears of the
next.

A mail may be handed over only once the end of the one before is kept: then a crash doubles at most
the mail that was on its way. On PostgreSQL that is one prepared statement on a connection of its
own, sent off with `begin` and waited for with `wait`, so that the disk and the relay work at the
same time. A letter that was written meanwhile is frozen by the same statement, at no wait of its
own. On SQLite, which has one writer and no such wait, it is done at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from select import POLLIN, poll
from types import TracebackType
from typing import Self

import psycopg
import structlog
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from webinar.clock import now
from webinar.domain import delivery
from webinar.extensions import db
from webinar.models import Mail, MailState

_NAME = b"webinar_sent"
_SENT = """\
WITH sent AS (
 UPDATE mails SET state = 'sent', attempts = $1, sent_at = $2, changed_at = $2, reply = '',
 lease_owner = NULL, lease_until = NULL
 WHERE id = $3 AND lease_owner = $4 AND state = 'sending' RETURNING id
), frozen AS (
 UPDATE mails SET content = $6, changed_at = $2
 WHERE id = $5 AND lease_owner = $4 AND state = 'sending' RETURNING id
) SELECT (SELECT count(*) FROM sent), (SELECT count(*) FROM frozen)"""
_FORMATS = (0, 0, 0, 0, 0, 1)
"""Text, and the bytes as they are."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Written:
    """A letter whose bytes are to be kept before its first try."""

    mail_id: int
    content: bytes


class Ledger:
    """Open between two batches; `close` when nothing is to be sent for a while."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._pending: int | None = None
        """The id of the mail whose end is on its way to the disk."""
        self._later: int | None = None
        """The id of the mail whose bytes go with it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def begin(self, mail: Mail, *, token: str, later: Written | None = None) -> None:
        """Have it kept that the mail was sent just now, and what was written for a later one of the
        same claim; `wait` says when that is so."""
        self.wait()
        if db.engine.dialect.name == "sqlite":
            self._later = _keep(mail, token, later)
            return
        moment = now().isoformat()
        values = [str(mail.attempts + 1), moment, str(mail.id), token]
        given: list[bytes | None] = [value.encode() for value in values]
        given += [None, None] if later is None else [str(later.mail_id).encode(), later.content]
        try:
            self._wire().send_query_prepared(_NAME, given, _FORMATS)
        except psycopg.Error as trouble:
            raise self._broken(trouble) from trouble
        self._pending, self._later = mail.id, None if later is None else later.mail_id

    def wait(self) -> int | None:
        """Return once what was begun is on the disk; raises `OperationalError` if nobody knows.
        Tells the id of the mail whose bytes are kept now, if there were any and its lease was not
        lost."""
        later, self._later = self._later, None
        if self._pending is None:
            return later
        mail_id, self._pending = self._pending, None
        try:
            sent, frozen = self._results()
        except psycopg.Error as trouble:
            raise self._broken(trouble) from trouble
        if not sent:
            log.warning("lease lost", mail_id=mail_id, state=MailState.SENT)
        return later if frozen else None

    def close(self) -> None:
        """Give the connection up; the prepared statement goes with it."""
        connection, self._connection = self._connection, None
        self._pending = self._later = None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def _wire(self) -> PGconn:
        if self._connection is None:
            connection = db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._connection = connection
            wire = self._driver(connection).pgconn
            prepared = wire.prepare(_NAME, _SENT.encode())
            if prepared.status != ExecStatus.COMMAND_OK:
                raise psycopg.OperationalError(prepared.get_error_message())
            return wire
        return self._driver(self._connection).pgconn

    @staticmethod
    def _driver(connection: Connection) -> psycopg.Connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)  # noqa: S101  the only driver for PostgreSQL
        return driver

    def _results(self) -> tuple[bool, bool]:
        """Whether the mail that was sent was still the claim's, and whether the later one was."""
        wire = self._wire()
        sent = frozen = False
        while (result := _next(wire)) is not None:
            if result.status != ExecStatus.TUPLES_OK:
                raise psycopg.OperationalError(result.get_error_message())
            sent, frozen = (result.get_value(0, place) == b"1" for place in (0, 1))
        if wire.status != psycopg.pq.ConnStatus.OK:
            raise psycopg.OperationalError(wire.get_error_message())
        return sent, frozen

    def _broken(self, trouble: psycopg.Error) -> OperationalError:
        self.close()
        return OperationalError(_SENT, None, trouble)


def _next(wire: PGconn) -> PGresult | None:
    """Waits outside libpq, which would keep every other thread from running: the answer can depend
    on a row that one of them holds (`webinar.jobs.heart`)."""
    answer = poll()
    answer.register(wire.socket, POLLIN)
    while wire.is_busy():
        answer.poll()
        wire.consume_input()
    return wire.get_result()


def _keep(mail: Mail, token: str, later: Written | None) -> int | None:
    """Both at once; returns the id of the mail whose bytes are kept."""
    values = {"attempts": mail.attempts + 1, "sent_at": now(), "reply": ""}
    if not delivery.settle(mail, token=token, state=MailState.SENT, **values):
        log.warning("lease lost", mail_id=mail.id, state=MailState.SENT)
    contents = {} if later is None else {later.mail_id: later.content}
    frozen = delivery.freeze_all(contents, token=token)
    db.session.commit()
    return next(iter(frozen), None)
