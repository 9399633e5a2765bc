"""Fetching from an address that came from outside, against a real server with TLS: where it may
lead, and what is made of answers that are too large, too short, or elsewhere."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.ports import free_port
from webinar.adapters.fetch import Forbidden, Trouble, checked, fetched, is_public, resolve

HOST = "recordings.8x8.example"
FILM = b"film" * 50_000


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = self.path.partition("?")[0].strip("/")
        if name == "film":
            self.answer(200, FILM)
        elif name == "short":
            self.answer(200, FILM[:1000], length=len(FILM))
        elif name == "endless":
            self.answer(200, FILM, length=None)
        elif name == "away":
            self.send_response(302)
            self.send_header("Location", "https://169.254.169.254/")
            self.end_headers()
        else:
            self.answer(int(name), b"")

    def answer(self, status: int, body: bytes, *, length: int | None = -1) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(len(body) if length < 0 else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


@dataclass(frozen=True)
class Server:
    port: int
    certificate: Path

    def url(self, path: str) -> str:
        return f"https://{HOST}:{self.port}/{path}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", str(key), "-out", str(certificate), "-subj", f"/CN={HOST}"),
            *("-addext", f"subjectAltName=DNS:{HOST}"),
        ],
        check=True,
        capture_output=True,
    )
    with serving(key, certificate) as port:
        yield Server(port, certificate)


@contextmanager
def serving(key: Path, certificate: Path) -> Iterator[int]:
    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    found.socket = context.wrap_socket(found.socket, server_side=True)
    thread = threading.Thread(target=found.serve_forever)
    thread.start()
    yield found.server_address[1]
    found.shutdown()
    thread.join()
    found.server_close()


def fetch(server: Server, path: str, *, limit: int = 10**7, host: str = HOST) -> bytes:
    context = ssl.create_default_context(cafile=str(server.certificate))
    with fetched(
        server.url(path).replace(HOST, host),
        hosts=[host],
        limit=limit,
        resolve=lambda _host, _port: ["127.0.0.1"],
        public=lambda _address: True,
        ports=[server.port],
        context=context,
    ) as body:
        found = b""
        while piece := body.read(4096):
            found += piece
        return found


def test_fetched_gives_the_bytes(server: Server) -> None:
    assert fetch(server, "film?X-Amz-Signature=abc") == FILM
    assert fetch(server, "endless") == FILM


def test_answer_that_breaks_off_is_trouble_and_no_file(server: Server) -> None:
    with pytest.raises(Trouble):
        fetch(server, "short")


@pytest.mark.parametrize("status", [500, 503, 429])
def test_server_in_trouble_is_asked_again(server: Server, status: int) -> None:
    with pytest.raises(Trouble):
        fetch(server, str(status))


@pytest.mark.parametrize("path", ["403", "404", "410", "204", "away"])
def test_other_answers_and_redirects_are_final(server: Server, path: str) -> None:
    with pytest.raises(Forbidden):
        fetch(server, path)


def test_announced_length_over_the_limit_is_refused_before_a_byte(server: Server) -> None:
    with pytest.raises(Forbidden, match="larger"):
        fetch(server, "film", limit=len(FILM) - 1)


def test_certificate_must_be_the_names(server: Server) -> None:
    with pytest.raises(Trouble):
        fetch(server, "film", host="other.8x8.example")


def test_nobody_there_is_trouble(server: Server) -> None:
    port = free_port()
    with pytest.raises(Trouble):
        fetch(Server(port, server.certificate), "film")
    with pytest.raises(Trouble):
        resolve("name.invalid", 443)


HOSTS = [".8x8.vc", "files.example.org"]


@pytest.mark.parametrize(
    "url",
    ["https://a.8x8.vc/x", "https://A.B.8X8.VC/x?y=1#z", "https://files.example.org:443/x"],
)
def test_hosts_of_the_list_may_be_fetched_from(url: str) -> None:
    assert checked(url, hosts=HOSTS).hostname


@pytest.mark.parametrize(
    "url",
    [
        "http://a.8x8.vc/x",
        "ftp://a.8x8.vc/x",
        "file:///etc/passwd",
        "//a.8x8.vc/x",
        "",
        "https://",
        "https://8x8.vc/x",
        "https://evil8x8.vc/x",
        "https://a.8x8.vc.evil.example/x",
        "https://evil.example/?.8x8.vc",
        "https://a.8x8.vc@evil.example/x",
        "https://user:word@a.8x8.vc/x",
        "https://evil.example#.8x8.vc",
        "https://evil.example\\.8x8.vc/x",
        "https://a.8x8.vc:8443/x",
        "https://a.8x8.vc:99999/x",
        "https://sub.files.example.org/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://a.8x8.vc/x\r\nHost: evil.example",
        "https://a.8x8.vc/\u00fc",
    ],
)
def test_other_addresses_may_not(url: str) -> None:
    with pytest.raises(Forbidden):
        checked(url, hosts=HOSTS)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.5.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104  an address to refuse
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:7f00:1::1",
        "2001:db8::1",
    ],
)
def test_private_and_reserved_addresses_are_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("answer", [["93.184.215.14", "10.0.0.1"], ["127.0.0.1"], []])
def test_name_that_leads_inside_is_not_connected_to(answer: list[str]) -> None:
    """Also where only one of several addresses does: the next look could choose that one."""
    with (
        pytest.raises(Forbidden, match="not public"),
        fetched("https://a.8x8.vc/x", hosts=HOSTS, limit=9, resolve=lambda *_asked: answer),
    ):
        pass
