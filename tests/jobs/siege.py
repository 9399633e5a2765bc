"""A whole installation in processes of its own, each of which can be killed: web server, workers,
mail relay and, on PostgreSQL, the database. What arrived is counted at the relay's end, what became
of the rows in the database."""

from __future__ import annotations

import http.client
import random
import re
import socket
import sqlite3
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import flask_migrate
import psycopg
from flask import Flask
from sqlalchemy import text, update

from tests import factories
from tests.conftest import ENVIRON
from tests.jobs.cluster import Cluster, cluster
from tests.jobs.keeper import Delivery, deliveries
from tests.jobs.processes import Program, wait_for
from tests.ports import free_port
from webinar import create_app
from webinar.clock import now
from webinar.config import ROOT
from webinar.domain import mailings
from webinar.extensions import db
from webinar.models import Contact, Job, Mail, MailingKind, MailState
from webinar.rendering.wording import wording

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass
class Siege:
    app: Flask
    url: str
    people: int
    send_path: str
    email: str
    web_port: int
    web: Program
    relay: Program
    relay_port: int
    workers: list[Program]
    inbox: Path
    database: Cluster | None
    rng: random.Random
    cookies: dict[str, str] = field(default_factory=dict)
    killed_connections: int = 0
    kills: Counter[str] = field(default_factory=Counter)

    # What arrived and what the rows say

    def delivered(self) -> list[Delivery]:
        return list(deliveries(self.inbox))

    def count(self, query: str) -> dict[str, int]:
        """Rows of two columns, asked without the application."""
        if self.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.url.partition("///")[2], timeout=15)) as reader:
                return dict(reader.execute(query).fetchall())
        with psycopg.connect(self.url, connect_timeout=2) as connection:
            return dict(connection.execute(query.encode()).fetchall())

    def states(self) -> dict[str, int]:
        return self.count("SELECT state, count(*) FROM mails GROUP BY state")

    def all_sent(self) -> bool:
        with suppress(psycopg.OperationalError):
            return self.states() == {MailState.SENT: self.people}
        return False

    def let_time_pass(self) -> None:
        """What hours would do while no worker runs: leases end, the next tries are due."""
        assert not any(worker.running for worker in self.workers)
        past = now() - timedelta(seconds=1)
        with self.app.app_context():
            for table in (Mail, Job):
                ends = update(table).where(table.lease_until.is_not(None))
                db.session.execute(ends.values(lease_until=past))
            waiting = update(Mail).where(Mail.state == MailState.RETRY)
            db.session.execute(waiting.values(next_try_at=past))
            db.session.execute(update(Job).where(Job.state == "queued").values(run_at=past))
            db.session.commit()

    # The web server, as a browser meets it

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def asked(
        self, path: str, form: dict[str, str] | None = None, *, seconds: float = 60
    ) -> tuple[int, str]:
        """Status and text of an answer; raises OSError or HTTPException where none comes."""
        line = http.client.HTTPConnection("127.0.0.1", self.web_port, timeout=seconds)
        headers = {"Cookie": self.cookie}
        with closing(line):
            if form is None:
                line.request("GET", path, headers=headers)
            else:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
                line.request("POST", path, body=urllib.parse.urlencode(form), headers=headers)
            answer = line.getresponse()
            fresh = answer.headers.get_all("Set-Cookie", [])
            self.cookies |= dict(one.split(";")[0].split("=", 1) for one in fresh)
            return answer.status, answer.read().decode()

    def answers(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return self.asked("/", seconds=5)[0] == 200
        return False

    def start_web(self) -> None:
        self.web.start()
        wait_for(self.answers, why="the web server does not answer")

    def sign_in(self) -> None:
        token = TOKEN.search(self.asked("/anmelden")[1])
        assert token is not None
        form = {"email": self.email, "password": factories.PASSWORD, "csrf_token": token[1]}
        assert self.asked("/anmelden", form)[0] == 303

    def press_send(self) -> int:
        """Press "send" on the page that asks for it; a mailing that is sent already shows no such
        button, and 302 instead of the page."""
        status, page = self.asked(f"{self.send_path}/pruefen")
        token = TOKEN.search(page)
        if status != 200 or token is None:
            return status
        return self.asked(f"{self.send_path}/senden", {"csrf_token": token[1]})[0]

    def press_send_and_kill_web(self) -> None:
        """The button is pressed, and nobody ever learns what the server made of it."""
        token = TOKEN.search(self.asked(f"{self.send_path}/pruefen")[1])
        assert token is not None
        body = urllib.parse.urlencode({"csrf_token": token[1]}).encode()
        head = (
            f"POST {self.send_path}/senden HTTP/1.1\r\nHost: localhost\r\nCookie: {self.cookie}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", self.web_port)) as line:
            line.sendall(head.encode() + body)
            time.sleep(self.rng.uniform(0, 0.15))
            self.kill_web()

    # Killing

    def kill_web(self) -> None:
        self.kills["web"] += 1
        self.web.kill()

    def kill_worker(self) -> None:
        """One of them; a new one takes its place."""
        worker = self.rng.choice(self.workers)
        self.kills["worker"] += 1
        self.killed_connections += 1
        worker.kill()
        worker.start()

    def kill_workers(self) -> None:
        """All of them at once: what they held can be taken up as soon as time has passed."""
        for worker in self.workers:
            worker.kill()
        self.kills["worker"] += len(self.workers)
        self.killed_connections += len(self.workers)
        self.let_time_pass()

    def kill_relay(self) -> None:
        """Its connections go with it; it is away for a moment."""
        self.kills["relay"] += 1
        self.killed_connections += len(self.workers)
        self.relay.kill()
        time.sleep(self.rng.uniform(0, 0.5))
        self.start_relay()

    def kill_database(self) -> None:
        """It takes every connection along; while it is away, `meanwhile` runs."""
        assert self.database is not None
        self.kills["database"] += 1
        self.killed_connections += len(self.workers)
        self.database.kill()

    def start_relay(self) -> None:
        self.relay.start()

        def listens() -> bool:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", self.relay_port), timeout=1).close()
                return True
            return False

        wait_for(listens, why="the relay does not listen")

    def after(self, more: int, act: Callable[[], None]) -> None:
        """Act at a random moment after so many further deliveries."""
        mark = len(self.delivered()) + more
        wait_for(
            lambda: len(self.delivered()) >= mark or self.all_sent(),
            seconds=600,
            why="no mail arrives any more",
        )
        time.sleep(self.rng.uniform(0, 0.1))
        act()

    # The count at the end

    def check(self) -> None:
        """Nothing lost, nothing stuck, and no more doubles than killed connections."""
        arrived = self.delivered()
        assert len({one.recipient for one in arrived}) == self.people
        # One message for ever: a doubled delivery has the same name and the same bytes.
        assert len(set(arrived)) == self.people
        assert len({one.message_id for one in arrived}) == self.people
        doubles = len(arrived) - self.people
        assert doubles <= self.killed_connections, (doubles, self.kills)
        assert self.states() == {MailState.SENT: self.people}
        left = "SELECT state, count(*) FROM mails WHERE lease_owner IS NOT NULL GROUP BY state"
        assert self.count(left) == {}
        assert self.count("SELECT state, expanded FROM mailings") == {"expanded": self.people}
        jobs = "SELECT state, count(*) FROM jobs WHERE name = 'expand_mailing' GROUP BY state"
        assert self.count(jobs) == {"done": 1}


@contextmanager
def siege(
    kind: str, folder: Path, *, people: int, workers: int, seed: int, timeout: int = 30
) -> Iterator[Siege]:
    """The installation with a mailing to so many people that is ready to be sent; web server, relay
    and workers are not started yet. The clock of the leases follows the relay's `timeout`."""
    with ExitStack() as stack:
        database = stack.enter_context(cluster()) if kind == "postgres" else None
        url = database.url if database is not None else f"sqlite:///{folder / 'webinar.db'}"
        web_port, relay_port = free_port(), free_port()
        environ = {
            **ENVIRON,
            "WEBINAR_BASE_URL": f"http://127.0.0.1:{web_port}",
            "WEBINAR_DATABASE_URL": url,
            "WEBINAR_STORAGE_FOLDER": str(folder / "files"),
            "WEBINAR_MAIL_HOST": "127.0.0.1",
            "WEBINAR_MAIL_PORT": str(relay_port),
            "WEBINAR_MAIL_TIMEOUT_SECONDS": str(timeout),
            "WEB_CONCURRENCY": "1",
        }
        app = create_app(environ)
        with app.app_context():
            stack.callback(db.engine.dispose)
            flask_migrate.upgrade()
            send_path, email = _ready_to_send(people)
            db.session.remove()

        def program(name: str, *arguments: str) -> Program:
            found = Program(name, *arguments, environ=environ, folder=folder)
            stack.callback(found.kill)
            return found

        yield Siege(
            app=app, url=url, people=people, send_path=send_path, email=email,
            web_port=web_port, relay_port=relay_port, database=database,
            inbox=folder / "inbox.txt",
            web=program(
                "web", "gunicorn", "-c", str(ROOT / "deploy" / "gunicorn.conf.py"),
                "--bind", f"127.0.0.1:{web_port}",
            ),
            relay=program("relay", "tests.jobs.keeper", str(relay_port), str(folder / "inbox.txt")),
            workers=[
                program(f"worker{number}", "webinar.cli", "worker") for number in range(workers)
            ],
            rng=random.Random(seed),
        )  # fmt: skip


def _ready_to_send(people: int) -> tuple[str, str]:
    """Where the mailing stands at the desk, and who may send it."""
    contacts = [
        Contact(
            last_name=f"Person {number}",
            email=f"person{number}@gemeinde.example",
            name_key=f"person {number}",
            sort_key=f"person {number:05}",
            search_key="",
        )
        for number in range(people)
    ]
    db.session.add_all(contacts)
    talk = factories.talk()
    words = wording(MailingKind.INVITATION, language="de")
    mailing = mailings.draft(
        talk, kind=MailingKind.INVITATION, by=None, subject=words.subject, text=words.text
    )
    mailings.choose(mailing, contacts=[contact.id for contact in contacts])
    email = factories.account().email
    db.session.commit()
    db.session.execute(text("ANALYZE"))
    db.session.commit()
    return f"/desk/veranstaltungen/{talk.id}/einladungen/{mailing.id}", email
