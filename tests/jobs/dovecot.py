"""A real IMAP server for tests: Debian's Dovecot on a port of its own, with everything in one
folder and without root's help. What is put into it and what stands in it is asked by IMAP too."""

from __future__ import annotations

import getpass
import grp
import imaplib
import os
import shutil
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port

USER, PASSWORD = "postfach", "ein-langes-Kennwort"
BINARY = shutil.which("dovecot") or (
    "/usr/sbin/dovecot" if Path("/usr/sbin/dovecot").exists() else ""
)
MISSING = "no Dovecot; as root: apt-get install dovecot-imapd"

CONFIG = """
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
protocols = imap
listen = 127.0.0.1
ssl = {ssl}
{certificate}
disable_plaintext_auth = no
auth_failure_delay = 0
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{root}/mail
mail_uid = {uid}
mail_gid = {gid}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True)
class Server:
    root: Path
    port: int
    tls_port: int
    certificate: Path

    @contextmanager
    def mailbox(self, name: str = "INBOX") -> Iterator[imaplib.IMAP4]:
        """A connection of the test's own with the mailbox open."""
        line = imaplib.IMAP4("127.0.0.1", self.port, timeout=60)
        line.login(USER, PASSWORD)
        line.select(name)
        try:
            yield line
        finally:
            with suppress(imaplib.IMAP4.error, OSError):
                line.logout()

    def deliver(self, *contents: bytes) -> None:
        with self.mailbox() as line:
            for content in contents:
                line.append("INBOX", "", "", content)

    def flags(self, name: str = "INBOX") -> list[str]:
        """The flags of each message in the mailbox."""
        with self.mailbox(name) as line:
            if line.response("EXISTS")[1] in ([b"0"], [None]):
                return []
            found = line.fetch("1:*", "(FLAGS)")[1]
        return [item.decode() for item in found if isinstance(item, bytes)]

    def recreate(self) -> None:
        """The mailbox made anew, as after a restore: other UIDs, another UIDVALIDITY."""
        for name in (
            "dovecot-uidlist",
            "dovecot.index",
            "dovecot.index.log",
            "dovecot.index.cache",
        ):
            (self.root / "mail" / name).unlink(missing_ok=True)
        for name in self.root.glob("mail/dovecot-uidvalidity*"):
            name.unlink()
        time.sleep(1.1)  # UIDVALIDITY is a time in seconds


@contextmanager
def running() -> Iterator[Server]:
    """The server until the block ends; only its own process is ended."""
    root = Path(tempfile.mkdtemp(prefix="dovecot-"))
    port, tls_port = free_port(), free_port()
    server = Server(root, port, tls_port, root / "cert.pem")
    _certificate(root)
    uid, gid, user, group, login = _identity()
    for name in ("run", "state", "mail", "home"):
        (root / name).mkdir()
    _own(root, uid, gid)
    (root / "dovecot.conf").write_text(
        CONFIG.format(
            root=root, port=port, tls_port=tls_port, uid=uid, gid=gid, user=user, group=group,
            login=login, password=PASSWORD, ssl="yes",
            certificate=f"ssl_cert = <{root}/cert.pem\nssl_key = <{root}/key.pem",
        )
    )  # fmt: skip
    process = subprocess.Popen(
        [BINARY, "-F", "-c", str(root / "dovecot.conf")], stderr=subprocess.DEVNULL
    )
    try:
        _wait(server, process)
        yield server
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(root, ignore_errors=True)


def _identity() -> tuple[int, int, str, str, str]:
    """Root hands the work to Debian's users for it; anybody else does everything alone."""
    if os.geteuid() == 0:
        return 65534, 65534, "dovecot", "dovecot", "dovenull"
    me = getpass.getuser()
    return os.getuid(), os.getgid(), me, grp.getgrgid(os.getgid()).gr_name, me


def _own(root: Path, uid: int, gid: int) -> None:
    root.chmod(0o755)
    if os.geteuid() == 0:
        for name in ("mail", "home"):
            os.chown(root / name, uid, gid)


def _certificate(root: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", str(root / "key.pem"), "-out", str(root / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    ssl.create_default_context(cafile=str(root / "cert.pem"))


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + 120
    while time.monotonic() < ends and process.poll() is None:
        with suppress(imaplib.IMAP4.error, OSError), server.mailbox():
            return
        time.sleep(0.1)
    log = server.root / "log"
    raise RuntimeError(f"Dovecot did not start: {log.read_text()[-800:] if log.exists() else ''}")
