"""The local mailbox's folder: one .eml file per message, byte for byte as it arrived.

Beside each lies a small .json file with the SMTP envelope, which the message itself does not hold.
Leaves reading a message's parts to `mailview` and the network to `mailbox` and `mailweb`.
"""

import json
import re
import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from webinar import clock
from webinar.demo import mailheaders

_STAMP = "%Y%m%dT%H%M%S%f"
_ID = re.compile(r"[0-9A-Za-z_.-]{1,120}")
_HEAD_BYTES = 65_536  # headers beyond this are hostile; the list does not need them


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """Who handed a message over and for whom (RFC 5321, section 2.3.1), and when it arrived."""

    sender: str
    recipients: tuple[str, ...]
    arrived: datetime


@dataclass(frozen=True, kw_only=True)
class Summary:
    """One row of the list. `to` is what the header shows, `addresses` is where it really went."""

    id: str
    to: str
    addresses: tuple[str, ...]
    subject: str
    arrived: datetime

    def matches(self, term: str) -> bool:
        """Whether `term` occurs in a recipient's name or address, upper and lower case alike."""
        wanted = term.strip().casefold()
        return any(wanted in text.casefold() for text in (self.to, *self.addresses))


class MailStore:
    """The folder of messages; safe for several threads, and for a second process that reads."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._lock = threading.Lock()
        self._last = datetime.min.replace(tzinfo=UTC)
        # Files never change once they have their name, so a summary is read only once.
        self._summaries: dict[str, Summary] = {}

    def save(self, raw: bytes, *, sender: str, recipients: tuple[str, ...]) -> str:
        """Store one message and return its id; ids sort in the order of arrival."""
        arrived = self._next_moment()
        key = f"{arrived:{_STAMP}}-{secrets.token_hex(4)}"
        envelope = {"from": sender, "to": list(recipients), "arrived": arrived.isoformat()}
        # The message comes last: what the list can see is complete.
        self._put(f"{key}.json", json.dumps(envelope, ensure_ascii=False).encode())
        self._put(f"{key}.eml", raw)
        return key

    def summaries(self, *, recipient: str = "") -> list[Summary]:
        """All messages, newest first, or those for whoever `recipient` occurs in."""
        keys = sorted((path.stem for path in self.folder.glob("*.eml")), reverse=True)
        rows = [self._summary(key) for key in keys]
        return [row for row in rows if row is not None and row.matches(recipient)]

    def raw(self, key: str) -> bytes | None:
        """The bytes of one message; None if there is none of that id."""
        path = self._path(key)
        return path.read_bytes() if path else None

    def envelope(self, key: str) -> Envelope | None:
        """The SMTP envelope of one message; None if its file is missing or damaged."""
        path = self._path(key)
        if path is None:
            return None
        try:
            data = json.loads(path.with_name(f"{path.stem}.json").read_text("utf-8"))
            return Envelope(
                sender=str(data["from"]),
                recipients=tuple(str(address) for address in data["to"]),
                arrived=datetime.fromisoformat(data["arrived"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _summary(self, key: str) -> Summary | None:
        if key not in self._summaries:
            path = self._path(key)
            if path is None:
                return None
            with path.open("rb") as file:
                headers = mailheaders.parse(file.read(_HEAD_BYTES))
            self._summaries[key] = self._summarise(key, path, dict(reversed(headers)))
        return self._summaries[key]

    def _summarise(self, key: str, path: Path, headers: dict[str, str]) -> Summary:
        folded = {name.casefold(): value for name, value in headers.items()}
        envelope = self.envelope(key)
        shown = folded.get("to", "")
        return Summary(
            id=key,
            to=shown or ", ".join(envelope.recipients if envelope else ()),
            addresses=envelope.recipients if envelope else mailheaders.addresses(shown),
            subject=folded.get("subject", ""),
            arrived=envelope.arrived
            if envelope
            else datetime.fromtimestamp(path.stat().st_mtime, UTC),
        )

    def _path(self, key: str) -> Path | None:
        # The id comes out of an address line: it must never leave the folder.
        if not _ID.fullmatch(key) or key.startswith("."):
            return None
        path = self.folder / f"{key}.eml"
        return path if path.is_file() else None

    def _put(self, name: str, content: bytes) -> None:
        part = self.folder / f"{name}.part"
        part.write_bytes(content)
        part.replace(self.folder / name)

    def _next_moment(self) -> datetime:
        with self._lock:
            self._last = max(clock.now(), self._last + timedelta(microseconds=1))
            return self._last
