"""`kill -9` of web server, workers, mail relay and database while a mailing goes out: no mail is
lost, none is stuck, and doubled deliveries stay within one for each connection that was killed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.jobs import cluster
from tests.jobs.processes import wait_for
from tests.jobs.siege import Siege, siege

PEOPLE = 250
CROWD = 10_000
SORRY = "Zurzeit nicht erreichbar"

postgres = pytest.param(
    "postgres",
    2,
    marks=[
        pytest.mark.postgres,
        pytest.mark.skipif(cluster.BINARIES is None, reason=cluster.MISSING),
    ],
)
sqlite = pytest.param("sqlite", 1)


def send(sieged: Siege) -> None:
    """The organiser presses the button, the server is killed, and the organiser looks again."""
    sieged.start_web()
    sieged.sign_in()
    sieged.press_send_and_kill_web()
    sieged.start_web()
    for _again in range(2):  # what is sent already is not sent again
        assert sieged.press_send() in (302, 303)


def lose_database(sieged: Siege) -> None:
    """Killed and started again; pages apologise in between, and come back by themselves."""
    assert sieged.database is not None
    sieged.kill_database()
    status, page = sieged.asked("/")
    assert (status, SORRY in page) == (503, True)
    sieged.database.start()
    wait_for(sieged.answers, why="the web server does not recover")


def lose_web(sieged: Siege) -> None:
    sieged.kill_web()
    sieged.start_web()


@pytest.mark.kill
@pytest.mark.soak
@pytest.mark.parametrize(("kind", "workers"), [sqlite, postgres])
def test_mailing_survives_a_kill_of_each_part(kind: str, workers: int, tmp_path: Path) -> None:
    with siege(kind, tmp_path, people=PEOPLE, workers=workers, seed=1) as sieged:
        send(sieged)
        sieged.start_relay()
        for worker in sieged.workers:
            worker.start()
        sieged.after(1, sieged.kill_workers)
        for worker in sieged.workers:
            worker.start()
        sieged.after(30, sieged.kill_relay)
        if sieged.database is not None:
            sieged.after(30, lambda: lose_database(sieged))
        sieged.after(30, sieged.kill_workers)
        sieged.workers[0].start()
        wait_for(sieged.all_sent, why="mails are left over")
        assert sieged.workers[0].end() == 0
        sieged.check()


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(("kind", "workers"), [sqlite, postgres])
def test_ten_thousand_mails_survive_a_series_of_kills(
    kind: str, workers: int, seed: int, tmp_path: Path
) -> None:
    """Nobody helps: leases and pauses run out by themselves."""
    timeout = 10  # seconds, on a busy machine
    with siege(kind, tmp_path, people=CROWD, workers=workers, seed=seed, timeout=timeout) as sieged:
        blows: list[Callable[[], None]] = [
            sieged.kill_worker,
            sieged.kill_relay,
            lambda: lose_web(sieged),
        ]
        if sieged.database is not None:
            blows.append(lambda: lose_database(sieged))
        send(sieged)
        sieged.start_relay()
        for worker in sieged.workers:
            worker.start()
        for blow in sieged.rng.sample(blows * 4, len(blows) * 4):
            sieged.after(sieged.rng.randrange(CROWD // 25), blow)
        wait_for(sieged.all_sent, seconds=900, why="mails are left over")
        assert [worker.end() for worker in sieged.workers] == [0] * workers
        sieged.check()
