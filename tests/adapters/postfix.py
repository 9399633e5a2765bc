"""A real Postfix for tests: Debian's package with configuration, queue and mailboxes in one folder,
on a port of its own. It hands its work to unprivileged users, so only root can start it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port

BINARY = Path("/usr/sbin/postfix")
MISSING = "no Postfix, or not root; as root: apt-get install postfix"
AVAILABLE = BINARY.exists() and os.geteuid() == 0
NOBODY = 65534

MAIN = """
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {root}/log
maillog_file_prefixes = {root}
mail_owner = postfix
setgid_group = postdrop
inet_protocols = ipv4
myhostname = relay.lra.example
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = gemeinde.example
virtual_mailbox_base = {root}/boxes
virtual_mailbox_maps =
  inline:{{ {{weiss@gemeinde.example=weiss/}} {{lang@gemeinde.example=lang/}} }}
virtual_minimum_uid = 1
virtual_uid_maps = static:{nobody}
virtual_gid_maps = static:{nobody}
smtpd_recipient_restrictions =
  check_recipient_access inline:{{
    {{grau@gemeinde.example=450 4.2.0 greylisted}} {{zu@gemeinde.example=552 5.2.2 full}} }},
  permit_mynetworks, reject
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = {chain}
smtpd_tls_key_file = {chain}
message_size_limit = 20000
smtpd_client_connection_rate_limit = 0
"""
MASTER = """
{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    root: Path
    port: int

    def box(self, name: str, *, count: int) -> list[bytes]:
        """The messages that lie in the mailbox, once there are so many."""
        folder = self.root / "boxes" / name / "new"
        ends = time.monotonic() + 120
        while time.monotonic() < ends:
            found = sorted(folder.glob("*")) if folder.is_dir() else []
            if len(found) >= count:
                return [path.read_bytes() for path in found]
            time.sleep(0.05)
        raise AssertionError(self.log())

    def log(self) -> str:
        path = self.root / "log"
        return path.read_text()[-3000:] if path.exists() else "no log"


@contextmanager
def running(chain: Path) -> Iterator[Postfix]:
    """The server with that key and certificate until the block ends."""
    root = Path(tempfile.mkdtemp(prefix="postfix-"))
    root.chmod(0o755)
    port = free_port()
    for name in ("conf", "queue", "data", "boxes"):
        (root / name).mkdir()
    shutil.chown(root / "data", "postfix")
    os.chown(root / "boxes", NOBODY, NOBODY)
    shutil.copy(chain, root / "chain.pem")
    main = MAIN.format(root=root, chain=root / "chain.pem", nobody=NOBODY)
    (root / "conf" / "main.cf").write_text(main)
    (root / "conf" / "master.cf").write_text(MASTER.format(port=f"127.0.0.1:{port}"))
    process = subprocess.Popen(
        [str(BINARY), "-c", str(root / "conf"), "start-fg"],
        stdout=(root / "said").open("wb"),
        stderr=subprocess.STDOUT,
    )
    found = Postfix(root, port)
    try:
        _wait(found, process)
        yield found
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(root, ignore_errors=True)


def _wait(server: Postfix, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + 120
    while time.monotonic() < ends and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 5) as line:
            if line.recv(3) == b"220":
                return
        time.sleep(0.1)
    raise RuntimeError(f"Postfix did not start: {(server.root / 'said').read_text()}{server.log()}")
