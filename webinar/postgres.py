"""How lines to PostgreSQL are kept and read: what a server of its own needs beside SQLite's file.

Leaves to `webinar.extensions` how a transaction begins. The database is a network away: a round
trip costs as much as a short query, and a page asks only a few.
"""

from __future__ import annotations

import select
from collections.abc import Mapping
from typing import Any

from psycopg import Connection, Cursor
from sqlalchemy import Pool, event
from sqlalchemy.exc import DisconnectionError

# A line for every thread of a process (deploy/gunicorn.conf.py): those beyond the pool's size would
# be opened and closed with every request.
POOLED: Mapping[str, object] = {"pool_size": 8}
OPTIONS: Mapping[str, object] = {
    **POOLED,
    # Where there is no transaction (`extensions.reading`) there is none to roll back.
    "skip_autocommit_rollback": True,
}
PAGE_COST = 1.1
"""Of a page anywhere, where the next one costs 1."""
Described = tuple[str, int, None, None, None, None, None]


class TerseCursor(Cursor[Any]):
    """Describes columns by name and type alone, the two of PEP 249's seven that SQLAlchemy reads.

    psycopg makes an object with all of them for each column of each result, and SQLAlchemy asks
    every time: a third of what reading a row of a few joined tables costs.
    """

    @property
    def description(self) -> list[Described] | None:  # type: ignore[override]  # a list of these
        result = self.pgresult
        if result is None or not result.nfields:
            return None
        return [
            ((result.fname(n) or b"").decode(), result.ftype(n), None, None, None, None, None)
            for n in range(result.nfields)
        ]


def engine_options(database_url: str) -> dict[str, object]:
    """What SQLAlchemy is to know of the database at that address."""
    if not database_url.startswith("postgresql"):
        return dict(POOLED)
    # Seconds of silence before the kernel asks whether the other side is still there.
    kept = {"keepalives_idle": 60, "keepalives_interval": 10}
    return {**OPTIONS, "connect_args": {**kept, "cursor_factory": TerseCursor}}


@event.listens_for(Pool, "connect")
def _prices(connection: object, _record: object) -> None:
    """Say what a page costs that is not the next one: little, for the whole lies in memory or on a
    disk without a head. By PostgreSQL's preset of 4, made for disks with one, the planner reads all
    of the search's rows where the index of trigrams answers in a fourth of the time.

    Asked for here and not in the address: poolers refuse options that they do not know.
    """
    if isinstance(connection, Connection):
        connection.execute(f"SET random_page_cost = {PAGE_COST}")
        connection.commit()


@event.listens_for(Pool, "checkout")
def _still_there(connection: object, _record: object, _proxy: object) -> None:
    """Look at a kept line instead of asking over it. A server that goes away ends the line, and
    the kernel knows: there is something to read although nothing was asked. What a firewall cut
    in silence is found by the keepalives."""
    if not isinstance(connection, Connection):
        return
    line = select.poll()
    line.register(connection.fileno(), select.POLLIN)
    if line.poll(0):
        raise DisconnectionError("the server ended the line")
