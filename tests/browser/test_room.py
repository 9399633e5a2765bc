"""The room's page in a real browser, with a stand-in for Jitsi's embedding script.

The stand-in is served over HTTPS as a Jitsi host would be. It keeps the options that it was given,
shows a frame of that host, and fires Jitsi's events when the test asks for it.
"""

from __future__ import annotations

import http.server
import re
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import jwt
import pytest
from axe_playwright_python.sync_playwright import Axe
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from tests import factories
from tests.browser.test_accessibility import BOTH, OPTIONS
from tests.personal import address
from webinar import create_app
from webinar.clock import now
from webinar.domain import participation
from webinar.extensions import db
from webinar.models import Feedback, Mode, Purpose, Registration, Room

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

SECRET = "a shared secret of more than thirty-two bytes"
STAND_IN = """
window.JitsiMeetExternalAPI = class {
  constructor(host, options) {
    this.listeners = {};
    this.frame = document.createElement("iframe");
    this.frame.src = `https://${host}/${options.roomName}`;
    this.frame.allow = "camera; microphone; display-capture; autoplay; fullscreen";
    options.parentNode.append(this.frame);
    window.standIn = { api: this, host, options };
  }
  getIFrame() { return this.frame; }
  addListener(name, heard) { this.listeners[name] = heard; }
  fire(name) { this.listeners[name]({}); }
};
"""


@dataclass
class Jitsi:
    """The stand-in: where it answers, and what it was asked for and by whom."""

    host: str
    asked: list[str] = field(default_factory=list)
    referrers: list[str] = field(default_factory=list)


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    at = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / "jitsi.pem"
    path.write_bytes(private + built.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def jitsi(tmp_path: Path) -> Iterator[Jitsi]:
    found = Jitsi("")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            found.referrers.append(self.headers.get("Referer", ""))
            script = self.path == "/external_api.js"
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if script else "text/html")
            self.end_headers()
            self.wfile.write(STAND_IN.encode() if script else b"<p>Konferenz</p>")

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        secure.load_cert_chain(certificate(tmp_path))
        server.socket = secure.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        found.host = f"127.0.0.1:{server.server_port}"
        yield found
        server.shutdown()
        thread.join()


@dataclass
class Evening:
    """The application at work with the stand-in as its host, and somebody with a place."""

    web: str
    registration: Registration
    answer: str

    @property
    def name(self) -> str:
        contact = self.registration.contact
        return f"{contact.first_name} {contact.last_name}"


@pytest.fixture
def evening(app: Flask, environ: dict[str, str], jitsi: Jitsi) -> Iterator[Evening]:
    talk = factories.talk(starts_at=now() + timedelta(minutes=10), title="Wärme & Netze")
    contact = factories.contact()
    place = participation.accept(factories.invitation(talk, contact), mode=Mode.ONLINE)
    db.session.commit()
    answer = address(contact, Purpose.ANSWER, talk)
    served = create_app(
        {
            **environ,
            "WEBINAR_JITSI_MODE": "hs256",
            "WEBINAR_JITSI_HOST": jitsi.host,
            "WEBINAR_JITSI_APP_ID": "webinar",
            "WEBINAR_JITSI_SECRET": SECRET,
        }
    )
    server = make_server("127.0.0.1", 0, served, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield Evening(f"http://127.0.0.1:{server.server_port}", place, answer)
    server.shutdown()
    thread.join()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser that trusts the stand-in's certificate and refuses whatever a policy forbids."""
    context = browser.new_context(locale="de-DE", ignore_https_errors=True)
    yield context.new_page()
    context.close()


def entered(page: Page, evening: Evening) -> dict[str, Any]:
    """Go through the door; what the stand-in was given."""
    page.goto(f"{evening.web}{evening.answer}")
    page.get_by_role("link", name="Zum Raum").click()
    page.get_by_role("button", name="Raum betreten").click()
    page.wait_for_function("() => window.standIn !== undefined")
    given: dict[str, Any] = page.evaluate(
        """() => {
            const { host, options } = window.standIn;
            const { parentNode, ...others } = options;
            return { host, parent: parentNode.id, ...others };
        }"""
    )
    return given


def test_embedding_script_gets_exactly_the_options_expected(
    page: Page, evening: Evening, jitsi: Jitsi
) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    given = entered(page, evening)
    token = given.pop("jwt")
    db.session.rollback()
    room = db.session.scalars(select(Room)).one().name
    assert given == {
        "host": jitsi.host,
        "parent": "raum",
        "roomName": room,
        "lang": "de",
        "width": "100%",
        "height": "100%",
        "configOverwrite": {
            "prejoinConfig": {"enabled": True},
            "startWithAudioMuted": True,
            "startWithVideoMuted": True,
            "readOnlyName": True,
            "disableInviteFunctions": True,
            "disableThirdPartyRequests": True,
            "localRecording": {"disable": True},
        },
        "userInfo": {"displayName": evening.name},
    }
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], audience="webinar", issuer="webinar")
    assert claims["room"] == room
    assert claims["context"]["user"]["id"] == evening.registration.pseudonym
    expect(page.frame_locator("#raum iframe").get_by_text("Konferenz")).to_be_visible()
    assert page.locator("#raum iframe").get_attribute("title") == "Videoraum: Wärme & Netze"
    assert jitsi.asked[:2] == ["/external_api.js", f"/{room}"]
    assert not [path for path in jitsi.asked if token in path]
    assert set(jitsi.referrers) <= {""}  # the personal link stays at home
    assert page.locator("#raum").get_attribute("data-token") is None
    assert not [line for line in said if "Content Security Policy" in line or "blocked" in line]


def test_page_shows_title_time_left_and_the_way_to_a_window_of_its_own(
    page: Page, evening: Evening, jitsi: Jitsi
) -> None:
    token = entered(page, evening)["jwt"]
    expect(page.get_by_role("heading", level=1)).to_have_text("Wärme & Netze")
    expect(page.locator("#rest")).to_have_text(re.compile(r"noch (99|100) Minuten"))
    plain = page.get_by_role("link", name="In neuem Fenster öffnen").get_attribute("href") or ""
    before, _, fragment = plain.partition("#")
    assert before.startswith(f"https://{jitsi.host}/")
    assert token not in before
    assert fragment.startswith(f"jwt=%22{token}%22&")


def test_leaving_leads_to_the_page_behind_the_room_and_feedback(
    page: Page, evening: Evening
) -> None:
    entered(page, evening)
    page.evaluate("window.standIn.api.fire('readyToClose')")
    page.wait_for_url(re.compile(rf"{re.escape(evening.answer)}/danach\?t="))
    expect(page.get_by_role("heading", level=1)).to_have_text("Sie haben den Raum verlassen.")
    page.get_by_label("sehr gut").check()
    page.get_by_label(re.compile("Was sollen wir wissen")).fill("Kurz und klar")
    page.get_by_role("button", name="Absenden").click()
    expect(page.get_by_role("status")).to_contain_text("Danke")
    db.session.rollback()
    row = db.session.scalars(select(Feedback)).one()
    assert (row.rating, row.text) == (5, "Kurz und klar")
    db.session.rollback()  # else this test's own transaction keeps the click waiting
    page.get_by_role("link", name="Zurück in den Raum").click()
    page.get_by_role("button", name="Raum betreten").click()
    page.wait_for_function("() => window.standIn !== undefined")


def test_extension_offers_one_click_that_enters_with_a_new_token(
    page: Page, evening: Evening
) -> None:
    page.clock.install()
    first = entered(page, evening)["jwt"]
    expect(page.locator("#verlaengert")).to_be_hidden()
    talk = evening.registration.talk
    talk.extended_until = talk.ends_at + timedelta(minutes=30)
    db.session.commit()
    page.clock.fast_forward(25_000)
    expect(page.locator("#verlaengert")).to_contain_text("verlängert")
    with page.expect_navigation():
        page.get_by_role("button", name="Raum neu betreten").click()
    page.wait_for_function("() => window.standIn !== undefined")
    second = page.evaluate("window.standIn.options.jwt")
    ends = [jwt.decode(one, options={"verify_signature": False})["exp"] for one in (first, second)]
    assert ends[1] - ends[0] == 30 * 60
    expect(page.locator("#verlaengert")).to_be_hidden()


def test_break_out_room_is_no_leaving_and_a_lost_connection_is(
    page: Page, evening: Evening
) -> None:
    page.clock.install()
    entered(page, evening)
    fire = "name => window.standIn.api.fire(name)"
    page.evaluate(fire, "videoConferenceLeft")
    page.clock.run_for(5_000)
    page.evaluate(fire, "videoConferenceJoined")
    page.clock.run_for(60_000)
    assert page.url.endswith("/raum")
    page.evaluate(fire, "videoConferenceLeft")
    page.clock.run_for(15_000)
    page.wait_for_url(re.compile("/danach"))


@pytest.mark.parametrize("width", [1280, 320])
def test_pages_around_the_room_are_accessible(page: Page, evening: Evening, width: int) -> None:
    """In front with a refused name, inside with the frame, behind with the form."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{evening.web}{evening.answer}/raum")
    page.get_by_text("Anderen Namen wählen").click()
    page.get_by_label(re.compile("Unter anderem Namen")).fill("Moderation")
    page.get_by_role("button", name="Raum betreten").click()
    expect(page.get_by_role("alert")).to_contain_text("könnte mit dem Büro")
    wrong = violations(page)
    page.get_by_label(re.compile("Unter anderem Namen")).fill("Hannah S.")
    page.get_by_role("button", name="Raum betreten").click()
    page.wait_for_function("() => window.standIn !== undefined")
    wrong += violations(page)
    page.get_by_role("link", name="Verlassen").click()
    expect(page.get_by_role("heading", name="Ihre Rückmeldung")).to_be_visible()
    wrong += violations(page)
    assert wrong == []


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands, light and dark, and whether it scrolls sideways."""
    page.evaluate(Axe().axe_script)
    wrong = []
    for scheme in BOTH:
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate("options => axe.run(options)", OPTIONS)["violations"]
        wrong += [f"{page.url} {scheme}: {rule['id']} {rule['nodes'][0]['html']}" for rule in found]
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    return wrong + ([f"{page.url} scrolls sideways"] if page.evaluate(wide) else [])


def test_page_helps_where_the_host_cannot_be_reached(
    page: Page, evening: Evening, jitsi: Jitsi
) -> None:
    page.route(f"https://{jitsi.host}/**", lambda route: route.abort())
    page.goto(f"{evening.web}{evening.answer}/raum")
    page.get_by_role("button", name="Raum betreten").click()
    expect(page.get_by_role("alert")).to_contain_text("Der Raum lässt sich hier nicht anzeigen")
    expect(page.get_by_role("link", name="In neuem Fenster öffnen")).to_be_visible()


def test_technical_check_finds_camera_and_microphone_by_keyboard(
    evening: Evening, browser: Browser
) -> None:
    """Chromium's own pretended devices; nothing but the page and its files is asked for."""
    started = browser.browser_type.launch(
        executable_path="/usr/bin/chromium",
        args=[
            "--no-sandbox",
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
        ],
    )
    page = started.new_context(locale="de-DE").new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{evening.web}/technik")
    button = page.get_by_role("button", name="Jetzt prüfen")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Die Kamera funktioniert.")).to_be_visible()
    expect(page.get_by_text("Das Mikrofon ist an.")).to_be_visible()
    page.wait_for_function("() => document.getElementById('bild').videoWidth > 0")
    page.wait_for_function("() => document.getElementById('pegel').value > 0")
    assert [url for url in asked if not url.startswith(evening.web)] == []
    started.close()


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        ("NotAllowedError", "Kamera und Mikrofon sind nicht erlaubt."),
        ("NotReadableError", "Ein anderes Programm benutzt Kamera oder Mikrofon."),
        ("NotFoundError", "Kein Mikrofon gefunden."),
    ],
)
def test_technical_check_says_what_is_in_the_way(
    page: Page, evening: Evening, trouble: str, says: str
) -> None:
    page.add_init_script(
        f"navigator.mediaDevices.getUserMedia = async () => {{"
        f" throw new DOMException('', '{trouble}'); }};"
    )
    page.goto(f"{evening.web}/technik")
    page.get_by_role("button", name="Jetzt prüfen").click()
    expect(page.get_by_text(says)).to_be_visible()
    expect(page.get_by_text("Der Browser fragt Sie jetzt.")).to_be_hidden()
