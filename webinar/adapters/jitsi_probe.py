"""What can be seen of a Jitsi server from outside: whether it is set as this application relies on.

Asks like a browser: its files, its configuration, its way in (BOSH, XEP-0206) with and without a
token. Writes nothing there, and joins no room. What only an administrator of the server can see is
named by `UNSEEN`. The settings themselves: `deploy/jitsi/README.md`.
"""

from __future__ import annotations

import http.client
import re
import secrets
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

TIMEOUT = 15
_NOT_CODE = re.compile(
    r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|//[^\n]*|/\*.*?\*/""", re.DOTALL
)
_TRACKERS = re.compile(
    r"\b(googleAnalyticsTrackingId|matomoEndpoint|amplitudeAPPKey|analyticsScriptUrls"
    r"|scriptURLs)\b\s*[:=]\s*(?!undefined|null|''|\"\"|\[\s*\]|false)"
)
UNSEEN = (
    "the room must be the token's (JWT_ENABLE_DOMAIN_VERIFICATION, no wildcard rooms)",
    "only moderators may record (filter_iq_jibri in XMPP_MODULES)",
    "nobody becomes a moderator by entering first (ENABLE_AUTO_OWNER=false, JICOFO_ENABLE_AUTH=0)",
    "rooms exist only at their hour (reservations) and attendance is told (event_sync)",
)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remedy` says what to set where it is not as it should be."""

    what: str
    good: bool
    seen: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Tokens:
    """What is tried at the door: a right token, and the same for another audience."""

    right: str
    other_audience: str
    room: str


class Unreachable(Exception):
    """No answer; the message says why."""


def look(
    host: str, *, tokens: Tokens | None, context: ssl.SSLContext | None = None
) -> Iterator[Finding]:
    """Look at a server of one's own, one finding after the other."""
    server = _Server(host, context or ssl.create_default_context())
    try:
        script = server.get("/external_api.js")
    except Unreachable as problem:
        yield Finding("the server answers over TLS", False, str(problem), "certificate, DNS, port")
        return
    yield Finding("the server answers over TLS", True)
    yield _script(script)
    try:
        config = without_comments(server.get("/config.js").text)
    except Unreachable as problem:
        yield Finding("config.js can be read", False, str(problem))
        return
    yield from of_config(config, host=host)
    yield server.websocket()
    if tokens is not None:
        yield from _door(server, domain_of(config) or host.partition(":")[0], tokens)


def look_at_service(
    host: str, app_id: str, *, context: ssl.SSLContext | None = None
) -> Iterator[Finding]:
    """Look at JaaS, whose settings are the service's."""
    server = _Server(host, context or ssl.create_default_context())
    try:
        yield _script(server.get(f"/{quote(app_id)}/external_api.js"))
    except Unreachable as problem:
        yield Finding("the service answers over TLS", False, str(problem))


def without_comments(source: str) -> str:
    """JavaScript without its comments; addresses in strings keep their slashes."""
    return _NOT_CODE.sub(lambda found: found[1] or " ", source)


def of_config(config: str, *, host: str) -> Iterator[Finding]:
    """What the server's config.js says, comments left out."""
    third = setting(config, "disableThirdPartyRequests")
    yield Finding(
        "no requests to third parties",
        third == "true",
        f"disableThirdPartyRequests: {third or 'not set'}",
        "config.disableThirdPartyRequests = true in custom-config.js",
    )
    prejoin = _prejoin(config)
    yield Finding(
        "a page before entering, to check camera and microphone",
        prejoin != "false",
        f"prejoinConfig.enabled: {prejoin or 'not set, on by default'}",
        "ENABLE_PREJOIN_PAGE=1",
    )
    tracker = _TRACKERS.search(config)
    statistics = setting(config, "rtcstatsEnabled") == "true"
    yield Finding(
        "no analytics",
        tracker is None and not statistics,
        tracker[1] if tracker else "rtcstatsEnabled" if statistics else "",
        "take the analytics settings out of the configuration",
    )
    foreign = foreign_stun(config, host=host)
    yield Finding(
        "no STUN server of others",
        not foreign,
        ", ".join(foreign),
        "P2P_STUN_SERVERS=<your own>:3478, or ENABLE_P2P=false",
    )


def setting(config: str, name: str) -> str:
    """The last value that is given to the name; empty where none is."""
    found = re.findall(rf"\b{name}\s*[:=]\s*([\w.]+)", config)
    return str(found[-1]) if found else ""


def domain_of(config: str) -> str:
    """The XMPP domain."""
    found = re.search(r"\bhosts\.domain\s*=\s*['\"]([^'\"]+)", config) or re.search(
        r"\bhosts\s*[:=]\s*\{[^}]*?\bdomain\s*:\s*['\"]([^'\"]+)", config
    )
    return found[1] if found else ""


def foreign_stun(config: str, *, host: str) -> list[str]:
    """STUN servers outside the domain of the host: they learn every participant's address."""
    own = host.partition(":")[0]
    parent = own.partition(".")[2]
    named = re.findall(r"stuns?:([A-Za-z0-9.-]+)", config)
    near = (own, parent) if "." in parent else (own,)
    return sorted(
        {name for name in named if not any(name == one or name.endswith("." + one) for one in near)}
    )


def _prejoin(config: str) -> str:
    dotted = re.findall(r"\bprejoinConfig\.enabled\s*=\s*(\w+)", config)
    nested = re.findall(r"\bprejoinConfig\s*[:=]\s*\{[^}]*?\benabled\s*:\s*(\w+)", config)
    found = dotted or nested
    return str(found[-1]) if found else ""


def _script(answer: _Answer) -> Finding:
    good = answer.status == 200 and "JitsiMeetExternalAPI" in answer.text
    return Finding(
        "external_api.js, which shows the room inside our page",
        good,
        "" if good else f"status {answer.status}",
        "WEBINAR_JITSI_HOST must be the host of the Jitsi pages",
    )


def _door(server: _Server, domain: str, tokens: Tokens) -> Iterator[Finding]:
    """The way in, as a browser takes it: without a token, with a foreign one, with ours."""
    tried = (
        (
            "nobody enters without a token",
            "",
            False,
            "ENABLE_AUTH=1, AUTH_TYPE=jwt, ENABLE_GUESTS=0",
        ),
        (
            "nobody enters with a token for somebody else",
            tokens.other_audience,
            False,
            "JWT_ACCEPTED_AUDIENCES must name WEBINAR_JITSI_AUDIENCE alone",
        ),
        (
            "our token opens",
            tokens.right,
            True,
            "JWT_APP_ID, JWT_APP_SECRET (or the public key) and JWT_ACCEPTED_ISSUERS as here; the "
            "clocks of both servers",
        ),
    )
    for what, token, expected, remedy in tried:
        try:
            entered = server.enters(domain, room=tokens.room, token=token)
        except Unreachable as problem:
            yield Finding("the way in answers (BOSH)", False, str(problem), "/http-bind")
            return
        yield Finding(what, entered is expected, "let in" if entered else "refused", remedy)


@dataclass(frozen=True)
class _Answer:
    status: int
    text: str


class _Server:
    def __init__(self, host: str, context: ssl.SSLContext) -> None:
        self._host, self._context = host, context

    def get(self, path: str) -> _Answer:
        return self._ask("GET", path)

    def websocket(self) -> Finding:
        """Whether the WebSocket of XMPP (RFC 7395) is open; without it browsers fall back."""
        headers = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": "d2ViaW5hci1jaGVjay0xMg==",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Protocol": "xmpp",
        }
        try:
            status = self._ask("GET", "/xmpp-websocket", headers=headers, read=False).status
        except Unreachable as problem:
            return Finding("the WebSocket answers", False, str(problem), "ENABLE_XMPP_WEBSOCKET=1")
        return Finding(
            "the WebSocket answers", status == 101, f"status {status}", "ENABLE_XMPP_WEBSOCKET=1"
        )

    def enters(self, domain: str, *, room: str, token: str) -> bool:
        """Whether a stranger with that token is let in; leaves at once."""
        query = f"/http-bind?room={quote(room)}" + (f"&token={quote(token)}" if token else "")
        number = secrets.randbelow(10**9) + 1
        opened = self._bosh(
            query,
            f"rid='{number}' to='{domain}' ver='1.6' wait='5' hold='1' xml:lang='en' "
            "xmpp:version='1.0' xmlns:xmpp='urn:xmpp:xbosh'",
        )
        session = re.search(r"\bsid=['\"]([^'\"]+)", opened)
        if session is None:
            raise Unreachable("BOSH gave no session")
        asked = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>"
        answer = self._bosh(query, f"rid='{number + 1}' sid='{session[1]}'", asked)
        self._bosh(query, f"rid='{number + 2}' sid='{session[1]}' type='terminate'")
        if "<success" not in answer and "<failure" not in answer:
            raise Unreachable("BOSH gave neither success nor failure")
        return "<success" in answer

    def _bosh(self, query: str, attributes: str, content: str = "") -> str:
        body = f"<body {attributes} xmlns='http://jabber.org/protocol/httpbind'>{content}</body>"
        answer = self._ask("POST", query, body.encode(), {"Content-Type": "text/xml"})
        if answer.status != 200:
            raise Unreachable(f"BOSH answered {answer.status}")
        return answer.text

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        *,
        read: bool = True,
    ) -> _Answer:
        connection = http.client.HTTPSConnection(self._host, timeout=TIMEOUT, context=self._context)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            text = answer.read(2_000_000).decode("utf-8", "replace") if read else ""
        except (OSError, http.client.HTTPException) as problem:
            raise Unreachable(f"{type(problem).__name__}: {problem}") from problem
        finally:
            connection.close()
        return _Answer(answer.status, text)
