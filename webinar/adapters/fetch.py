"""Fetching one large file from an address that came from outside: only where it may lead.

The address arrives in a signed message, but whoever can make the service send one could point it at
our own network. So: https alone, hosts of a list, addresses that are public when the connection is
made (not merely when the name was first looked up), no redirect, no more bytes than wanted.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import SplitResult, urlsplit

TIMEOUT = 60
"""Seconds without a byte."""
LONGEST = 2 * 3600
"""Seconds in all."""
# Both reach IPv4 addresses through IPv6 ones that look public (RFC 6052, RFC 3056).
TUNNELS = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "2002::/16", "2001::/32"))
_HOST = re.compile(r"[a-z0-9.-]+", re.ASCII)
Resolve = Callable[[str, int], Sequence[str]]


class Forbidden(Exception):
    """Nothing will ever come from there: the reason is the message."""


class Trouble(Exception):
    """Nothing came this time; later it may."""


class Body:
    """The bytes of the answer, as `storage.put` reads them."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self._answer = answer
        self._expected = answer.length
        self._got = 0
        self._until = time.monotonic() + LONGEST

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; raises `Trouble` when the answer breaks off or takes too long."""
        if time.monotonic() > self._until:
            raise Trouble("too slow")
        try:
            piece = self._answer.read(size)
        except (OSError, http.client.HTTPException) as problem:
            raise Trouble(type(problem).__name__) from problem
        self._got += len(piece)
        if not piece and self._expected is not None and self._got < self._expected:
            raise Trouble("broke off")
        return piece


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of the name."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as problem:
        raise Trouble("the name leads nowhere") from problem
    return [str(entry[4][0]) for entry in found]


def is_public(address: str) -> bool:
    """Whether the address lies in no private, local or reserved network, however it is written."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if any(found in net for net in TUNNELS):
            return False
    return found.is_global and not found.is_multicast


@contextmanager
def fetched(
    url: str,
    *,
    hosts: Collection[str],
    limit: int,
    resolve: Resolve = resolve,
    public: Callable[[str], bool] = is_public,
    ports: Collection[int] = (443,),
    context: ssl.SSLContext | None = None,
) -> Iterator[Body]:
    """The body of the answer, while the block lasts. Raises `Forbidden` or `Trouble`.

    The last four are for tests, which have no public host.
    """
    parts = checked(url, hosts=hosts, ports=ports)
    host, port = parts.hostname or "", parts.port or 443
    addresses = resolve(host, port)
    if not addresses or not all(public(address) for address in addresses):
        raise Forbidden("the name leads into a network that is not public")
    connection = _Pinned(
        host, port, address=addresses[0], context=context or ssl.create_default_context()
    )
    try:
        yield _asked(connection, parts, limit=limit)
    finally:
        connection.close()


def checked(url: str, *, hosts: Collection[str], ports: Collection[int] = (443,)) -> SplitResult:
    """The parts of an address that may be fetched from; raises `Forbidden` for any other."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError as problem:
        raise Forbidden("no address") from problem
    host = (parts.hostname or "").lower()
    # Programs disagree on where a host ends that holds other signs than these.
    if not url.isascii() or any(char <= " " for char in url) or not _HOST.fullmatch(host):
        raise Forbidden("no address")
    if parts.scheme != "https" or port not in ports or parts.username is not None:
        raise Forbidden("only https, its own port, and no password")
    if not any(host.endswith(one) if one.startswith(".") else host == one for one in hosts):
        raise Forbidden("the host is not in the list")
    return parts


def _asked(connection: _Pinned, parts: SplitResult, *, limit: int) -> Body:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET", path, headers={"Accept": "*/*", "Accept-Encoding": "identity"})
        answer = connection.getresponse()
    except (OSError, http.client.HTTPException) as problem:
        raise Trouble(type(problem).__name__) from problem
    if answer.status >= 500 or answer.status == 429:
        raise Trouble(f"status {answer.status}")
    if answer.status != 200:
        raise Forbidden(f"status {answer.status}")
    if answer.length is not None and answer.length > limit:
        raise Forbidden("larger than wanted")
    return Body(answer)


class _Pinned(http.client.HTTPSConnection):
    """Connects to the address that was checked, whatever the name says by then; the certificate
    must still be the name's."""

    def __init__(self, host: str, port: int, *, address: str, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=TIMEOUT, context=context)
        self._address, self._tls = address, context

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise
