"""Keeps that a mail was sent, while the relay already hears of the next one.

A mail may be handed over only once the end of the one before is kept: then a crash doubles at most
the mail that was on its way. On PostgreSQL that is one prepared statement on a connection of its
own, sent off with `begin` and waited for with `wait`, so that the disk and the relay work at the
same time. On SQLite, which has one writer and no such wait, it is done at once.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

import psycopg
import structlog
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from webinar.clock import now
from webinar.domain import delivery
from webinar.extensions import db
from webinar.models import Mail, MailState

_NAME = b"webinar_sent"
_SENT = """\
UPDATE mails SET state = 'sent', attempts = $1, sent_at = $2, changed_at = $2, reply = '',
 lease_owner = NULL, lease_until = NULL
 WHERE id = $3 AND lease_owner = $4 AND state = 'sending'"""

log = structlog.get_logger()


class Ledger:
    """Open between two batches; `close` when nothing is to be sent for a while."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._pending: int | None = None
        """The id of the mail whose end is on its way to the disk."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def begin(self, mail: Mail, *, token: str) -> None:
        """Have it kept that the mail was sent just now; `wait` says when that is so."""
        if db.engine.dialect.name == "sqlite":
            _keep(mail, token)
            return
        self.wait()
        moment = now().isoformat()
        values = [str(mail.attempts + 1), moment, str(mail.id), token]
        try:
            self._wire().send_query_prepared(_NAME, [value.encode() for value in values])
        except psycopg.Error as trouble:
            raise self._broken(trouble) from trouble
        self._pending = mail.id

    def wait(self) -> None:
        """Return once what was begun is on the disk; raises `OperationalError` if nobody knows."""
        if self._pending is None:
            return
        mail_id, self._pending = self._pending, None
        try:
            kept = self._results()
        except psycopg.Error as trouble:
            raise self._broken(trouble) from trouble
        if not kept:
            log.warning("lease lost", mail_id=mail_id, state=MailState.SENT)

    def close(self) -> None:
        """Give the connection up; the prepared statement goes with it."""
        connection, self._connection = self._connection, None
        self._pending = None
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

    def _results(self) -> bool:
        """Whether the row was still the claim's."""
        wire = self._wire()
        kept = False
        while (result := wire.get_result()) is not None:
            if result.status != ExecStatus.COMMAND_OK:
                raise psycopg.OperationalError(result.get_error_message())
            kept = result.command_tuples == 1
        if wire.status != psycopg.pq.ConnStatus.OK:
            raise psycopg.OperationalError(wire.get_error_message())
        return kept

    def _broken(self, trouble: psycopg.Error) -> OperationalError:
        self.close()
        return OperationalError(_SENT, None, trouble)


def _keep(mail: Mail, token: str) -> None:
    values = {"attempts": mail.attempts + 1, "sent_at": now(), "reply": ""}
    if not delivery.settle(mail, token=token, state=MailState.SENT, **values):
        log.warning("lease lost", mail_id=mail.id, state=MailState.SENT)
    db.session.commit()
