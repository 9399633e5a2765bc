"""What is measured, and beside which ceiling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from bench import client, rows, search_rows
from bench.client import Measured
from bench.databases import settings
from bench.files import download, download_direct, ranges, upload
from bench.sending import sending, two_workers
from bench.servers import serving

CEILING = "bench.ceiling:app"
PEOPLE = 200
JITSI = {
    "WEBINAR_JITSI_MODE": "hs256",
    "WEBINAR_JITSI_HOST": "meet.example.org",
    "WEBINAR_JITSI_APP_ID": "webinar",
    "WEBINAR_JITSI_SECRET": "a shared secret of more than thirty-two bytes",
}


@dataclass(frozen=True)
class Side:
    """One of the two that are compared: where it listens and what it is asked, round by round."""

    port: int
    rounds: Sequence[Sequence[bytes]]


@dataclass(frozen=True)
class Pair:
    """The application and its ceiling, both running, and the status that both answer with."""

    application: Side
    ceiling: Side
    status: int

    def run(self, number: int, *, connections: int) -> tuple[Measured, Measured]:
        """One round of each. Which comes first alternates: the second finds warmer caches."""
        sides = (self.application, self.ceiling)
        order = sides if number % 2 == 0 else sides[::-1]
        measured = {
            side.port: client.drive(
                side.port, side.rounds[number], connections=connections, status=self.status
            )
            for side in order
        }
        return measured[self.application.port], measured[self.ceiling.port]

    def told(self) -> dict[str, object]:
        """What was measured besides: nothing."""
        return {}


@contextmanager
def answers(database: str, folder: Path, *, rounds: int, size: int) -> Iterator[Pair]:
    """Accepting an invitation: each request another person's, all of a round to one talk.

    Ceiling: the same transaction in bare Flask and the bare driver (`bench.ceiling.accept`).
    """
    environ = settings(database, folder)
    talks = rows.invited(environ, talks=2 * rounds, people=size)
    asked = [[client.post(path + "/zusage", "mode=online") for path in t.paths] for t in talks]
    with ExitStack() as stack:
        ports = _both(stack, folder, environ, bare=CEILING, given={"BENCH_DATABASE": database})
        yield Pair(Side(ports[0], asked[:rounds]), Side(ports[1], asked[rounds:]), 303)


@contextmanager
def page(database: str, folder: Path, *, rounds: int, size: int) -> Iterator[Pair]:
    """The personal page before the answer, of many people in turn.

    Ceiling: Flask and the page's template, the values at hand (`bench.ceiling_page`).
    """
    environ = settings(database, folder)
    paths = rows.invited(environ, talks=1, people=PEOPLE)[0].paths
    given = environ | {"BENCH_PATH": paths[0]}
    with ExitStack() as stack:
        ports = _both(stack, folder, environ, bare="bench.ceiling_page:app", given=given)
        yield _pages(ports, paths, "/rendered", rounds=rounds, size=size)


@contextmanager
def page_bytes(database: str, folder: Path, *, rounds: int, size: int) -> Iterator[Pair]:
    """The same page beside the same bytes from bare Flask, out of memory.

    No program that renders comes near (`bench.ceiling.constant`): for information, no target.
    """
    environ = settings(database, folder)
    paths = rows.invited(environ, talks=1, people=PEOPLE)[0].paths
    kept = folder / "page.html"
    with ExitStack() as stack:
        once = serving("app:app", environ=environ, log=folder / "once.log")
        with once as port:
            kept.write_bytes(client.body(port, client.get(paths[0])))
        ports = _both(stack, folder, environ, bare=CEILING, given={"BENCH_PAGE": str(kept)})
        yield _pages(ports, paths, "/constant", rounds=rounds, size=size)


@contextmanager
def join(database: str, folder: Path, *, rounds: int, size: int) -> Iterator[Pair]:
    """18:00, everybody clicks: the page in front of the room, and the click that mints the token.

    Ceiling: Flask, the same two templates with their values at hand, and the same token signed
    (`bench.ceiling_join`).
    """
    environ = settings(database, folder) | JITSI
    paths = rows.entering(environ, people=PEOPLE)
    given = environ | {"BENCH_PATH": paths[0]}
    with ExitStack() as stack:
        ports = _both(stack, folder, environ, bare="bench.ceiling_join:app", given=given)
        turn = [paths[number // 2 % len(paths)] for number in range(size)]
        asked = [_joining(path, clicks=bool(number % 2)) for number, path in enumerate(turn)]
        same = [
            _joining("/joined/" + path.rpartition("/")[2], clicks=bool(number % 2))
            for number, path in enumerate(turn)
        ]
        yield Pair(Side(ports[0], [asked] * rounds), Side(ports[1], [same] * rounds), 200)


@dataclass
class Searching:
    """Both sides of the search; the rates are those of the slowest twentieth, for its target is
    about them."""

    pair: Pair

    def run(self, number: int, *, connections: int) -> tuple[Measured, Measured]:
        """One round of each, one question at a time: the database is what is measured."""
        mine, bare = self.pair.run(number, connections=1)
        self.last = mine, bare
        return replace(mine, rate=1000 / mine.p95), replace(bare, rate=1000 / bare.p95)

    def told(self) -> dict[str, object]:
        """The median as well: most questions are not the hardest."""
        return {"median ratio": round(self.last[1].median / self.last[0].median, 2)}


@contextmanager
def search(database: str, folder: Path, *, rounds: int, size: int) -> Iterator[Searching]:
    """The search of personal pages in 10,000 pages and 100 hours of subtitles, each another's.

    Ceiling: the bare index query (`bench.ceiling_search`).
    """
    environ = settings(database, folder)
    questions = [quote(q) for q in search_rows.archive(environ)[:size]]
    people = rows.searching(environ, people=size)
    both = (
        [client.get(f"{path}/suche?q={q}") for path, q in zip(people, questions, strict=True)],
        [client.get(f"/suche?q={q}") for q in questions],
    )
    with ExitStack() as stack:
        bare = "bench.ceiling_search:app"
        ports = _both(stack, folder, environ, bare=bare, given={"BENCH_DATABASE": database})
        mine, same = (Side(port, [asked] * rounds) for port, asked in zip(ports, both, strict=True))
        yield Searching(Pair(mine, same, 200))


def _joining(path: str, *, clicks: bool) -> bytes:
    return client.post(path, "display_name=") if clicks else client.get(path)


def _pages(
    ports: tuple[int, int], paths: Sequence[str], bare: str, *, rounds: int, size: int
) -> Pair:
    """The same people's pages on both sides; the ceiling has them under another path."""
    turn = [paths[number % len(paths)] for number in range(size)]
    asked = [client.get(path) for path in turn]
    same = [client.get(bare + path.removeprefix("/e")) for path in turn]
    return Pair(Side(ports[0], [asked] * rounds), Side(ports[1], [same] * rounds), 200)


def _both(
    stack: ExitStack, folder: Path, environ: dict[str, str], *, bare: str, given: dict[str, str]
) -> tuple[int, int]:
    """The ports of the application and of the `bare` program, with its environment."""
    first = serving("app:app", environ=environ, log=folder / "application.log")
    second = serving(bare, environ=given, log=folder / "ceiling.log")
    return stack.enter_context(first), stack.enter_context(second)


class Measuring(Protocol):
    """A workload and its ceiling, both ready."""

    def run(self, number: int, *, connections: int) -> tuple[Measured, Measured]:
        """One round of each; round 0 warms up."""

    def told(self) -> dict[str, object]:
        """What was measured besides the rate."""


class Workload(Protocol):
    """What makes a workload ready, on an empty database and in a folder of its own."""

    def __call__(
        self, database: str, folder: Path, *, rounds: int, size: int
    ) -> AbstractContextManager[Measuring]: ...


WORKLOADS: dict[str, Workload] = {
    "answers": answers,
    "page": page,
    "page-bytes": page_bytes,
    "join": join,
    "search": search,
    "sending": sending,
    "two-workers": two_workers,
    "download": download,
    "download-direct": download_direct,
    "ranges": ranges,
    "upload": upload,
}
SIZES = {
    "answers": 400,
    "page": 1000,
    "page-bytes": 1000,
    "join": 1000,
    "search": 50,
    "sending": 10_000,
    "two-workers": 1600,
    "download": 16,
    "download-direct": 16,
    "ranges": 2000,
    "upload": 512,
}
"""Requests or mails in a round; MiB of an upload."""
ROUNDS = {
    "answers": 5,
    "page": 5,
    "page-bytes": 5,
    "join": 5,
    "search": 5,
    "sending": 2,
    "two-workers": 1,
    "download": 5,
    "download-direct": 5,
    "ranges": 5,
    "upload": 5,
}
TARGETS = {
    "answers": 0.5,
    "page": 0.5,
    "page-bytes": 0.0,
    "join": 0.5,
    "search": 0.5,
    "sending": 0.3,
    "two-workers": 1.7,
    "download": 0.8,
    "download-direct": 0.0,
    "ranges": 0.0,
    "upload": 0.0,
}
"""The least share of the ceiling; with two workers, of what one sends."""
UNITS = {"download": "MiB", "download-direct": "MiB", "upload": "MiB"}
"""What the rates count, where it is neither requests nor mails."""
