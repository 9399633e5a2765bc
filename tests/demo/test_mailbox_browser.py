"""A hostile message in the local mailbox, seen by a real browser."""

import http.server
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from webinar.demo.mailbox import Mailbox

pytestmark = [pytest.mark.browser, pytest.mark.hostile]


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    box = Mailbox(tmp_path / "mailbox", smtp_port=0, http_port=0)
    box.start()
    yield box
    box.stop()


class _Elsewhere(http.server.BaseHTTPRequestHandler):
    """A host outside the mailbox that remembers what was asked of it."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>Elsewhere</title>")

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    handler = type("Handler", (_Elsewhere,), {"asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def hostile_html(host: str) -> str:
    return f"""
<base href="{host}/base/"><meta http-equiv="refresh" content="0;url={host}/refresh">
<link rel="stylesheet" href="{host}/sheet"><style>@import "{host}/import";
body {{ background: url({host}/background) }}</style>
<script>fetch("{host}/script"); parent.document.title = "taken"</script>
<img src="{host}/pixel" onerror="parent.location = '{host}/onerror'">
<iframe src="{host}/frame"></iframe><form action="{host}/form"><button>Senden</button></form>
<a href="{host}/link" onclick="fetch('{host}/onclick')">Einladung beantworten</a>
"""


def test_hostile_message_loads_nothing_and_its_link_opens_a_new_tab(
    mailbox: Mailbox, browser: Browser, elsewhere: tuple[str, list[str]]
) -> None:
    host, asked = elsewhere
    message = EmailMessage()
    message["Subject"] = "Angriff"
    message.set_content(hostile_html(host), subtype="html")
    key = mailbox.store.save(message.as_bytes(policy=SMTP), sender="", recipients=("a@b.example",))
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{mailbox.http_port}/messages/{key}")
    frame = page.frame_locator("iframe").first
    frame.get_by_role("button").click()
    page.wait_for_timeout(500)
    assert asked == []
    assert page.title().startswith("Angriff")
    with page.expect_popup() as opened:
        frame.get_by_role("link").click()
    opened.value.wait_for_load_state()
    assert opened.value.title() == "Elsewhere"
    assert opened.value.evaluate("window.opener") is None
    assert [path for path in asked if path != "/favicon.ico"] == ["/link"]
