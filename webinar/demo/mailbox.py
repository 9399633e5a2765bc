"""A mailbox on this machine for trying the application out: it takes every mail and sends none.

An SMTP server (RFC 5321) on 127.0.0.1 puts each message into a folder, a web view shows them; both
run in one process. Leaves the folder to `mailstore`, the pages to `mailweb`.

    python -m webinar.demo.mailbox --smtp-port 2525 --http-port 5001 --folder var/mailbox
"""

import argparse
import signal
import socket
import sys
import threading
from asyncio import AbstractServer
from collections.abc import Awaitable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from webinar.demo.mailstore import MailStore
from webinar.demo.mailweb import create_mailbox_app

HOST = "127.0.0.1"


class _Keep:
    """Takes what SMTP delivers; the method's name and arguments are aiosmtpd's."""

    def __init__(self, store: MailStore) -> None:
        self._store = store

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode()
        key = self._store.save(
            raw, sender=envelope.mail_from or "", recipients=tuple(envelope.rcpt_tos)
        )
        return f"250 2.0.0 Kept as {key}"


class _Controller(Controller):
    """aiosmtpd's server thread over a socket that is already open."""

    def __init__(self, store: MailStore, opened: socket.socket) -> None:
        super().__init__(
            _Keep(store),
            hostname=HOST,
            port=opened.getsockname()[1],
            # Its default asks the name service who this machine is, which may take seconds.
            server_hostname="localhost",
        )
        self._opened = opened

    def _create_server(self) -> Awaitable[AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._opened)


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: pages of a mailbox in the terminal hide what the application says."""


class Mailbox:
    """The running pair of servers. Port 0 takes a free one; read the ports after `start`."""

    def __init__(self, folder: Path, *, smtp_port: int, http_port: int) -> None:
        self.store = MailStore(folder)
        self.smtp_port = smtp_port
        self.http_port = http_port
        self._smtp: Any = None
        self._http: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Open both ports; raises OSError, and leaves nothing running, if one is taken."""
        smtp_socket = socket.create_server((HOST, self.smtp_port))
        try:
            web_socket = socket.create_server((HOST, self.http_port))
        except OSError:
            smtp_socket.close()
            raise
        self.smtp_port = smtp_socket.getsockname()[1]
        self.http_port = web_socket.getsockname()[1]
        self._smtp = _Controller(self.store, smtp_socket)
        self._smtp.start()
        self._serve_pages(web_socket)

    def _serve_pages(self, opened: socket.socket) -> None:
        self._http = make_server(
            HOST,
            self.http_port,
            create_mailbox_app(self.store),
            threaded=True,
            request_handler=_Quiet,
            fd=opened.fileno(),
        )
        opened.close()  # the server has its own copy
        # The poll interval is how long `stop` may wait.
        serve = partial(self._http.serve_forever, poll_interval=0.05)
        self._thread = threading.Thread(target=serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close both ports; what was taken lies in the folder."""
        if self._http is not None and self._thread is not None:
            self._http.shutdown()
            self._thread.join()
            self._http.server_close()
            self._smtp.stop()
        self._http = self._thread = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM; returns the exit status, 1 if a port is taken."""
    options = _options(arguments)
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    mailbox = Mailbox(options.folder, smtp_port=options.smtp_port, http_port=options.http_port)
    try:
        mailbox.start()
    except OSError as error:
        print(f"Das Postfach konnte nicht starten: {error}", file=sys.stderr)
        return 1
    print(f"Postfach:  http://{HOST}:{mailbox.http_port}/", flush=True)
    print(f"SMTP:      {HOST}:{mailbox.smtp_port}, Ablage in {options.folder}", flush=True)
    done.wait()
    # A client that keeps its connection open must not keep the process; every message is on disk.
    stopping = threading.Thread(target=mailbox.stop, daemon=True)
    stopping.start()
    stopping.join(timeout=5)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m webinar.demo.mailbox", description=__doc__)
    parser.add_argument("--smtp-port", type=int, default=2525)
    parser.add_argument("--http-port", type=int, default=5001)
    parser.add_argument("--folder", type=Path, default=Path("var/mailbox"))
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
