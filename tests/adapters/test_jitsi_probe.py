"""The check of a Jitsi server, against a local stand-in with answers as docker-jitsi-meet gives
them; what a whole Jitsi says could not be tried here."""

from __future__ import annotations

import re
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from tests.conftest import ENVIRON
from webinar.adapters.jitsi_probe import domain_of, foreign_stun, of_config, without_comments
from webinar.cli import main

SECRET = "a shared secret for the video server, long enough"
DOCKER = """
/* eslint-disable */
// Jitsi Meet configuration.
var config = {};
config.hosts = {};
config.hosts.domain = 'meet.jitsi';
config.bosh = 'https://jitsi.lra.example/http-bind';
config.websocket = 'wss://jitsi.lra.example/xmpp-websocket';
config.p2p = { enabled: true };
config.p2p.stunServers = [{ urls: 'stun:stun.lra.example:3478' }];
config.prejoinConfig = { enabled: true, hideDisplayName: false };
config.analytics = {};
// config.analytics.googleAnalyticsTrackingId = 'UA-123456-1';
config.disableThirdPartyRequests = true;
"""
DEBIAN = """
var config = {
    hosts: {
        // XMPP domain.
        domain: 'jitsi.lra.example',
        muc: 'conference.' + subdomain + 'jitsi.lra.example',
    },
    bosh: 'https://jitsi.lra.example/http-bind', // 'a comment with a quote
    // disableThirdPartyRequests: true,
    p2p: { stunServers: [{ urls: 'stun:meet-jit-si-turnrelay.jitsi.net:443' }] },
    prejoinConfig: {
        enabled: false,
    },
    analytics: {
        googleAnalyticsTrackingId: 'UA-123456-1',
    },
};
"""


class StandIn(BaseHTTPRequestHandler):
    """Answers like nginx and Prosody; what is wrong with it says `faults`."""

    protocol_version = "HTTP/1.1"
    faults: frozenset[str] = frozenset()

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/xmpp-websocket":
            self.answer("", status=404 if "websocket" in self.faults else 101)
        elif path == "/external_api.js":
            script = "" if "script" in self.faults else "var JitsiMeetExternalAPI=function(){}"
            self.answer(script)
        elif path == "/config.js":
            self.answer(DOCKER.replace("stun.lra.example", "stun.localhost"))
        else:
            self.answer("", status=404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if "bosh" in self.faults:
            self.answer("", status=502)
        elif "type='terminate'" in body:
            self.answer("<body type='terminate' xmlns='http://jabber.org/protocol/httpbind'/>")
        elif "<auth" in body:
            sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
            refused = f"<failure {sasl}><not-allowed/></failure>"
            self.answer(f"<body sid='3f2c'>{self.success(sasl) or refused}</body>")
        else:
            assert "to='meet.jitsi'" in body
            self.answer(
                "<body wait='5' requests='2' sid='3f2c' xmpp:version='1.0'><stream:features>"
                "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
                "<mechanism>ANONYMOUS</mechanism></mechanisms></stream:features></body>"
            )

    def success(self, sasl: str) -> str:
        token = parse_qs(urlsplit(self.path).query).get("token", [""])[0]
        if not token:
            return f"<success {sasl}/>" if "open" in self.faults else ""
        audience = None if "audience" in self.faults else "webinar"
        secret = "x" * 40 if "secret" in self.faults else SECRET
        try:
            jwt.decode(
                token,
                secret,
                algorithms=["HS256"],
                issuer="webinar",
                audience=audience,
                options={"verify_aud": audience is not None},
            )
        except jwt.PyJWTError:
            return ""
        return f"<success {sasl}/>"

    def answer(self, text: str, *, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(text.encode())
        self.close_connection = True

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    return folder / "cert.pem"


@contextmanager
def serving(certificate: Path, *faults: str) -> Iterator[str]:
    handler = type("Handler", (StandIn,), {"faults": frozenset(faults)})
    found = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    found.socket = context.wrap_socket(found.socket, server_side=True)
    thread = threading.Thread(target=found.serve_forever)
    thread.start()
    yield f"localhost:{found.server_address[1]}"
    found.shutdown()
    thread.join()
    found.server_close()


def check(
    monkeypatch: pytest.MonkeyPatch, certificate: Path, host: str, **values: str
) -> tuple[int, str]:
    """The command as an operator gives it: exit status and output."""
    from click.testing import CliRunner  # noqa: PLC0415  only here

    environ = {
        **ENVIRON,
        "WEBINAR_JITSI_MODE": "hs256",
        "WEBINAR_JITSI_HOST": host,
        "WEBINAR_JITSI_APP_ID": "webinar",
        "WEBINAR_JITSI_SECRET": SECRET,
        "SSL_CERT_FILE": str(certificate),
        **values,
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(main, ["jitsi", "check"])
    return result.exit_code, result.output


def test_server_that_is_set_right_passes_and_a_token_is_shown(
    monkeypatch: pytest.MonkeyPatch, certificate: Path
) -> None:
    with serving(certificate) as host:
        status, output = check(monkeypatch, certificate, host)
    assert status == 0, output
    assert "FAIL" not in output
    assert output.count("  ok    ") == 10
    link = re.search(r"https://localhost:\d+/[a-z2-7]{32}\?lang=de#jwt=%22([\w.-]+)%22", output)
    assert link is not None
    claims = jwt.decode(link[1], SECRET, algorithms=["HS256"], audience="webinar")
    assert claims["exp"] - claims["iat"] == 600
    assert SECRET not in output
    assert "Diesen Raum" in output


@pytest.mark.parametrize(
    ("fault", "wrong"),
    [
        ("script", ["external_api.js, which shows the room inside our page"]),
        ("websocket", ["the WebSocket answers"]),
        ("open", ["nobody enters without a token"]),
        ("audience", ["nobody enters with a token for somebody else"]),
        ("secret", ["our token opens"]),
        ("bosh", ["the way in answers (BOSH)"]),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, certificate: Path, fault: str, wrong: list[str]
) -> None:
    with serving(certificate, fault) as host:
        status, output = check(monkeypatch, certificate, host)
    assert status == 1
    assert re.findall(r"FAIL  (.+?)(?: \(.*)?$", output, re.MULTILINE) == [
        one.replace(" (BOSH)", "") for one in wrong
    ]


def test_server_without_a_certificate_that_fits_is_not_talked_to(
    monkeypatch: pytest.MonkeyPatch, certificate: Path
) -> None:
    with serving(certificate) as host:
        local = host.replace("localhost", "127.0.0.1")
        status, output = check(monkeypatch, certificate, local)
    assert status == 1
    assert "FAIL  the server answers over TLS" in output


def test_without_a_server_there_is_nothing_to_check(
    monkeypatch: pytest.MonkeyPatch, certificate: Path
) -> None:
    status, _output = check(monkeypatch, certificate, "", WEBINAR_JITSI_MODE="none")
    assert status == 2


def findings(config: str) -> dict[str, bool]:
    found = of_config(without_comments(config), host="jitsi.lra.example")
    return {one.what: one.good for one in found}


def test_configuration_is_read_without_its_comments() -> None:
    assert set(findings(DOCKER).values()) == {True}
    assert set(findings(DEBIAN).values()) == {False}
    assert domain_of(without_comments(DOCKER)) == "meet.jitsi"
    assert domain_of(without_comments(DEBIAN)) == "jitsi.lra.example"


def test_last_value_of_a_setting_counts() -> None:
    """docker-jitsi-meet puts custom-config.js behind the rest."""
    good = findings(DOCKER + "config.prejoinConfig.enabled = false;\n")
    assert not good["a page before entering, to check camera and microphone"]
    third = findings("config.disableThirdPartyRequests = false;\n" + DOCKER)
    assert third["no requests to third parties"]


@pytest.mark.parametrize("server", ["stun.lra.example", "jitsi.lra.example"])
def test_stun_server_of_the_own_domain_is_ones_own(server: str) -> None:
    assert foreign_stun(f"'stun:{server}:3478'", host="jitsi.lra.example") == []
    assert foreign_stun(f"'stun:{server}:3478'", host="meet.other.example") == [server]
