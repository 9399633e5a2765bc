"""A PostgreSQL of a test's own that can be killed: a cluster in a folder of its own, on a port of
its own. Killing spares nobody, postmaster and children; the next start recovers from the crash."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.jobs.processes import children_of
from tests.ports import free_port

USER = "webinar"


def _binaries() -> Path | None:
    """Where Debian keeps the server's programs: the newest version that is there."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    path = found[-1] if found else shutil.which("initdb")
    return Path(path).parent if path else None


BINARIES = _binaries()
MISSING = "no PostgreSQL server; as root: apt-get install postgresql"


@dataclass
class Cluster:
    root: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start, and wait until it answers: after a kill it recovers first."""
        # The kill takes processes, not the machine: what the kernel holds stays, and waiting for
        # the disk would prove nothing here. What a commit has promised must be in the kernel.
        given = {
            "fsync": "off",
            "synchronous_commit": "on",
            "shared_buffers": "16MB",
            "unix_socket_directories": "",
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
        }
        options = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
        self.process = _as_user("postgres", "-D", str(self.root / "data"), *options)
        ends = time.monotonic() + 120
        while not self.answers():
            assert time.monotonic() < ends, (self.root / "log").read_text()[-2000:]
            assert self.process.poll() is None, (self.root / "log").read_text()[-2000:]
            time.sleep(0.05)

    def answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            psycopg.connect(self.url, connect_timeout=2).close()
            return True
        return False

    def kill(self) -> None:
        """SIGKILL to all of them, the postmaster first so that it cannot tidy up."""
        assert self.process is not None
        family = [self.process.pid, *children_of(self.process.pid)]
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


def _as_user(program: str, *arguments: str) -> subprocess.Popen[bytes]:
    """PostgreSQL refuses to run as root; Debian's user for it does the work then."""
    assert BINARIES is not None
    root = Path(arguments[arguments.index("-D") + 1]).parent
    whom: dict[str, Any] = {}
    if os.geteuid() == 0:
        known = pwd.getpwnam("postgres")
        whom = {"user": known.pw_uid, "group": known.pw_gid, "extra_groups": []}
    with (root / "log").open("ab") as log:
        return subprocess.Popen(
            [str(BINARIES / program), *arguments],
            cwd=root, stdout=log, stderr=log, start_new_session=True, **whom,
        )  # fmt: skip


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A fresh cluster, running; gone with its folder when the block ends."""
    root = Path(tempfile.mkdtemp(prefix="cluster-"))
    if os.geteuid() == 0:
        known = pwd.getpwnam("postgres")
        os.chown(root, known.pw_uid, known.pw_gid)
    made = _as_user(
        "initdb", "-D", str(root / "data"), "-U", USER, "-A", "trust", "-E", "UTF8",
        "--locale=C", "--no-sync",
    )  # fmt: skip
    assert made.wait(60) == 0, (root / "log").read_text()
    found = Cluster(root, free_port())
    try:
        found.start()
        yield found
    finally:
        if found.process is not None:
            found.kill()
        shutil.rmtree(root, ignore_errors=True)
