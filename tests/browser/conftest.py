"""A real Chromium before what `make run` starts: web server, worker, local mailbox, sample data.

The set-up is started once per test process in a folder of its own, on free ports, and must end
cleanly, with logs that hold nothing personal. Where there is no Chromium the browser tests are
skipped and say how to get it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser import leaks
from tests.ports import free_port

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 240
"""Seconds that the set-up may take on a busy machine to start, sample data included, or to send."""


@dataclass(frozen=True)
class Setup:
    """Where the running set-up answers, and how to sign in."""

    web: str
    mailbox: str
    folder: Path
    email: str
    password: str

    def mails(self, to: str = "") -> list[dict[str, str]]:
        """The caught mails to that address, newest first."""
        address = f"{self.mailbox}/messages.json?to={to}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            found: list[dict[str, str]] = json.load(answer)
        return found

    def mail(self, to: str, subject: str) -> bytes:
        """The newest mail to that address whose subject holds the words; waits for it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for entry in self.mails(to):
                if subject in entry["subject"]:
                    address = f"{self.mailbox}/messages/{entry['id']}.eml"
                    with urllib.request.urlopen(address, timeout=10) as answer:
                        content: bytes = answer.read()
                        return content
            time.sleep(0.2)
        raise AssertionError(f"no mail to {to} about {subject!r}: {self.mails(to)}")


@pytest.fixture(scope="session")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    """What `make run` starts, running."""
    folder = tmp_path_factory.mktemp("var")
    ports = {name: free_port() for name in ("PORT", "MAILBOX_PORT", "SMTP_PORT")}
    environ = {**os.environ, "WEBINAR_VAR": str(folder)}
    environ |= {f"WEBINAR_{name}": str(port) for name, port in ports.items()}
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "webinar.demo.run"],
            cwd=ROOT,
            env=environ,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        said = wait_for_welcome(process, folder / "output")
        password = re.search(r"Kennwort\s+(\S+)", said)
        email = re.search(r"anmelden mit\s+(\S+)", said)
        assert password is not None
        assert email is not None
        yield Setup(
            web=f"http://127.0.0.1:{ports['PORT']}",
            mailbox=f"http://127.0.0.1:{ports['MAILBOX_PORT']}",
            folder=folder,
            email=email[1],
            password=password[1],
        )
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=PATIENCE)
    assert process.returncode == 0
    # Whatever the browsers did: links, keys, passwords, addresses and names stand in no log.
    assert leaks.in_logs(folder, leaks.secrets(folder)) == []


def wait_for_welcome(process: subprocess.Popen[bytes], output: Path) -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        said = output.read_text("utf-8")
        if "Beenden mit" in said:
            return said
        time.sleep(0.2)
    raise AssertionError("the set-up did not start:\n" + output.read_text("utf-8"))


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody with a fresh browser, in German."""
    context = browser.new_context(locale="de-DE", viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def desk_page(browser: Browser, setup: Setup) -> Iterator[Page]:
    """A page of the organiser, signed in through the form."""
    context = browser.new_context(locale="de-DE", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    sign_in(page, setup)
    yield page
    context.close()


def sign_in(page: Page, setup: Setup) -> None:
    page.goto(f"{setup.web}/anmelden")
    page.get_by_label("E-Mail-Adresse").fill(setup.email)
    page.get_by_label("Kennwort").fill(setup.password)
    page.get_by_role("button", name="Anmelden", exact=True).click()
    page.wait_for_url(f"{setup.web}/desk/")
