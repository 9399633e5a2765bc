"""`make run`: the whole application with sample data, on this machine alone, until Ctrl-C.

Prepares the database once, starts local mailbox, web server and worker, and says where to click.
Leaves secrets and ports to `environment`, processes to `children`, the sample data to `load`. It
speaks German, like the set-up that it shows.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import flask_migrate

from webinar import create_app, settings_of
from webinar.config import ROOT, ConfigError
from webinar.demo import load
from webinar.demo.children import Child, Children, Ended, Stop
from webinar.demo.environment import (
    HOST,
    ORGANISER,
    PORTS,
    CannotStart,
    Setup,
    prepare,
    require_free,
)
from webinar.extensions import db

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_NAMES = {
    "WEBINAR_PORT": "Das Programm",
    "WEBINAR_MAILBOX_PORT": "Das Postfach",
    "WEBINAR_SMTP_PORT": "Die Annahme der Mails",
}


def main(outer: Mapping[str, str] | None = None) -> int:
    """Run until a signal; returns the exit status: 0, or 1 with a reason on standard error."""
    for number in _SIGNALS:
        signal.signal(number, _stop)
    try:
        setup = prepare(os.environ if outer is None else outer)
        with _alone(setup):
            require_free(setup)
            _run(setup)
    except (CannotStart, Ended) as problem:
        return _refuse(str(problem))
    except ConfigError as problem:
        return _refuse("\n".join(["Die Einstellungen in demo.env:", *problem.problems]))
    except Stop:
        print("Beendet.")
    return 0


def _run(setup: Setup) -> None:
    environ = setup.environ(os.environ)
    for name in setup.moved:
        print(f"Port {PORTS[name]} ist belegt. {_NAMES[name]} nimmt {setup.ports[name]}.")
    _prepare_database(setup, environ)
    asked = threading.Event()
    for number in _SIGNALS:
        signal.signal(number, lambda *_: asked.set())
    logs = setup.folder / "log"
    with Children(folder=ROOT, logs=logs, environ=environ, asked=asked) as children:
        _start(children, setup)
        print(_welcome(setup), flush=True)
        children.watch()


def _prepare_database(setup: Setup, environ: Mapping[str, str]) -> None:
    app = create_app(environ)
    with app.app_context():
        flask_migrate.upgrade()
        if load.needed():
            print("Beispieldaten werden angelegt …", flush=True)
            load.load(settings=settings_of(app), password=setup.password)
        db.session.remove()
        db.engine.dispose()


def _start(children: Children, setup: Setup) -> None:
    python = [sys.executable, "-m"]
    smtp = setup.ports["WEBINAR_SMTP_PORT"]
    children.start(
        "postfach",
        [
            *(*python, "webinar.demo.mailbox", "--folder", str(setup.folder / "mailbox")),
            *("--http-port", str(setup.ports["WEBINAR_MAILBOX_PORT"]), "--smtp-port", str(smtp)),
        ],
        answers=lambda _child: _page(setup.mailbox) and _greets(smtp),
    )
    children.start(
        "web",
        [
            *(*python, "gunicorn", "-c", str(ROOT / "deploy" / "gunicorn.conf.py")),
            *("--bind", f"{HOST}:{setup.ports['WEBINAR_PORT']}"),
        ],
        answers=lambda _child: _page(setup.web),
    )
    children.start("worker", [*python, "webinar.cli", "worker"], answers=_works)


def _page(url: str) -> bool:
    try:
        with urllib.request.urlopen(url + "/", timeout=5) as response:  # noqa: S310  our own http
            return bool(response.status < 500)
    except urllib.error.HTTPError as refused:
        return refused.code < 500
    except OSError:
        return False


def _greets(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=5) as connection:
            return connection.recv(3) == b"220"
    except OSError:
        return False


def _works(child: Child) -> bool:
    """The worker listens nowhere; it says in its log that it has begun."""
    return "worker started" in child.since_start()


def _welcome(setup: Setup) -> str:
    return f"""
Alles läuft, nur auf diesem Rechner. Zum Anklicken:

  Programm der Reihe     {setup.web}/
  Schreibtisch           {setup.web}/desk/
      anmelden mit       {ORGANISER}
      Kennwort           {setup.password}
  Postfach aller Mails   {setup.mailbox}/

Beenden mit Strg+C. Was die Programme sagen, steht in {setup.folder / "log"}."""


@contextmanager
def _alone(setup: Setup) -> Iterator[None]:
    """Two at once would share one database and one mailbox under different addresses."""
    with (setup.folder / "run.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(f"Es läuft schon: {setup.web}/") from None
        yield


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return 1


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Stop


if __name__ == "__main__":
    sys.exit(main())
