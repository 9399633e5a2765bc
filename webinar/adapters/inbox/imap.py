"""A mailbox read by IMAP (RFC 9051 and 3501), with imaplib.

Messages are named by UIDVALIDITY and UID, looked at without marking them as read, and put away one
by one: moved to another mailbox (RFC 6851, else copied and deleted), or, where none is named, given
a keyword that this program alone sets. So nothing has to be remembered between two runs, and a
person may read along. A handle of another UIDVALIDITY names another message, and is left alone.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from binascii import b2a_base64
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar

from webinar.adapters.inbox.message import MOST_BYTES
from webinar.adapters.inbox.source import SourceTrouble, Waiting

T = TypeVar("T")
TAKEN = "$WebinarTaken"
ASIDE = "$WebinarAside"
_NUMBER = re.compile(rb"\d+")
# imaplib takes lines of a megabyte at most; more would be the server's doing, not a message.
_ERRORS = (imaplib.IMAP4.error, OSError, ValueError, TypeError, IndexError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """Where the mailbox is. `done` and `aside` are mailboxes to move to; empty: stay and be marked.
    Certificates are verified against `ca_file` (PEM) if given, else against the system's."""

    host: str
    port: int
    user: str
    password: str
    security: Literal["none", "starttls", "tls"] = "tls"
    mailbox: str = "INBOX"
    done: str = ""
    aside: str = ""
    timeout: float = 30.0
    ca_file: str | None = None


class ImapSource:
    """The mailbox of the account, connected when it is first asked for."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._line: imaplib.IMAP4 | None = None
        self.validity = ""
        self.capabilities: frozenset[str] = frozenset()

    def waiting(self, *, most: int) -> Iterator[Waiting]:
        """Raises SourceTrouble; a message that another program takes away meanwhile is skipped."""
        uids = self._guarded(self._search)
        for uid in uids[:most]:
            content = self._guarded(partial(self._fetch, uid))
            if content is not None:
                yield Waiting(handle=f"{self.validity}/{uid}", content=content)

    def put_away(self, message: Waiting, *, aside: bool) -> None:
        validity, _, uid = message.handle.partition("/")
        self._guarded(self._selected)
        if validity != self.validity:
            # The mailbox was made anew: the number belongs to another message now. This one, if it
            # is still there, comes again and is recognised.
            return
        target = (self.account.aside or self.account.done) if aside else self.account.done
        if target:
            self._guarded(lambda: self._move(uid, target))
        else:
            flags = f"({TAKEN} {ASIDE})" if aside else f"({TAKEN})"
            self._guarded(lambda: _ok(self._selected().uid("STORE", uid, "+FLAGS.SILENT", flags)))

    def close(self) -> None:
        with suppress(*_ERRORS):
            if self._line is not None:
                self._line.logout()
        self._drop()

    def _drop(self) -> None:
        with suppress(*_ERRORS):
            if self._line is not None:
                self._line.shutdown()
        self._line = None

    def _guarded(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except _ERRORS as trouble:
            self._drop()
            raise SourceTrouble(f"{type(trouble).__name__}: {trouble}"[:500]) from trouble

    def _selected(self) -> imaplib.IMAP4:
        """The connection with the mailbox open; a new one has its UIDVALIDITY read anew."""
        if self._line is None:
            line = self._connected()
            self._line = line
            _ok(line.login(_string(self.account.user), self.account.password))
            # Asked anew: before the sign-in servers name a part of what they can.
            said = b" ".join(x for x in _ok(line.capability()) if isinstance(x, bytes))
            self.capabilities = frozenset(said.decode("ascii", "replace").upper().split())
            _ok(line.select(_quoted(self.account.mailbox)))
            found = line.response("UIDVALIDITY")[1]
            self.validity = found[-1].decode("ascii", "replace") if found and found[-1] else ""
            self._check_keywords(line)
        return self._line

    def _connected(self) -> imaplib.IMAP4:
        account = self.account
        if account.security == "none":
            return imaplib.IMAP4(account.host, account.port, timeout=account.timeout)
        context = ssl.create_default_context(cafile=account.ca_file)
        if account.security == "tls":
            return imaplib.IMAP4_SSL(
                account.host, account.port, ssl_context=context, timeout=account.timeout
            )
        line = imaplib.IMAP4(account.host, account.port, timeout=account.timeout)
        try:
            _ok(line.starttls(ssl_context=context))
        except BaseException:
            line.shutdown()
            raise
        return line

    def _check_keywords(self, line: imaplib.IMAP4) -> None:
        """A server that takes no keywords of ours would show the same messages for ever."""
        if self.account.done:
            return
        permanent = b" ".join(x for x in line.response("PERMANENTFLAGS")[1] if x)
        if b"\\*" not in permanent and TAKEN.encode() not in permanent:
            raise imaplib.IMAP4.error("the mailbox takes no keywords: name a mailbox to move to")

    def _search(self) -> list[str]:
        criteria = "UNDELETED" if self.account.done else f"UNDELETED UNKEYWORD {TAKEN}"
        answer = _ok(self._selected().uid("SEARCH", criteria))
        uids = {int(n) for line in answer if isinstance(line, bytes) for n in _NUMBER.findall(line)}
        return [str(uid) for uid in sorted(uids)]

    def _fetch(self, uid: str) -> bytes | None:
        """The message without marking it as read; of one that is too large a little more than is
        allowed, so that whoever reads it sees that."""
        answer = _ok(self._selected().uid("FETCH", uid, f"(UID BODY.PEEK[]<0.{MOST_BYTES + 1}>)"))
        for item in answer:
            if isinstance(item, tuple) and len(item) == 2:
                return bytes(item[1])
        return None

    def _move(self, uid: str, target: str) -> None:
        line = self._selected()
        if "MOVE" in self.capabilities:
            self._to(line, "MOVE", uid, target)
            return
        self._to(line, "COPY", uid, target)
        _ok(line.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"))
        if "UIDPLUS" in self.capabilities:
            _ok(line.uid("EXPUNGE", uid))

    def _to(self, line: imaplib.IMAP4, verb: str, uid: str, target: str) -> None:
        """Move or copy, into a mailbox that is made if it is missing."""
        kind, answer = line.uid(verb, uid, _quoted(target))
        if kind == "NO" and b"TRYCREATE" in b" ".join(x for x in answer if isinstance(x, bytes)):
            _ok(line.create(_quoted(target)))
            kind, answer = line.uid(verb, uid, _quoted(target))
        _ok((kind, answer))


def _ok(answered: tuple[str, list[Any]]) -> list[Any]:
    kind, answer = answered
    if kind != "OK":
        raise imaplib.IMAP4.error(f"{kind} {answer[:1]!r}")
    return answer


def _quoted(mailbox: str) -> str:
    """A mailbox name as IMAP writes it: modified UTF-7 (RFC 3501 5.1.3) in quotation marks."""
    return _string(utf7(mailbox))


def _string(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def utf7(name: str) -> str:
    """`Entwürfe` as `Entw&APw-rfe`."""

    def coded(match: re.Match[str]) -> str:
        base64 = match[0].encode("utf-16-be")
        return "&" + b2a_base64(base64, newline=False).decode().rstrip("=").replace("/", ",") + "-"

    return re.sub(r"[^\x20-\x7e]+", coded, name.replace("&", "&-"))
