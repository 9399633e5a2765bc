"""Large files from a browser: over a wire that breaks twice, and with a pause in which the page
goes; they arrive whole."""

from __future__ import annotations

import hashlib
import random
import re
import struct
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Setup
from tests.cutting import wire
from tests.lengths import length
from tests.recorder import film

MEBIBYTE = 1024 * 1024


@pytest.mark.browser
def test_recording_arrives_whole_over_a_wire_that_breaks_twice(
    desk_page: Page, setup: Setup, tmp_path: Path
) -> None:
    content = film(40 * MEBIBYTE)
    file = tmp_path / "Aufzeichnung des Abends.mp4"
    file.write_bytes(content)
    desk_page.goto(f"{setup.web}/desk/veranstaltungen")
    desk_page.locator("main table a").first.click()
    path = re.sub(r"^http://[^/]+", "", desk_page.url)
    port = int(setup.web.rpartition(":")[2])
    errors: list[str] = []
    desk_page.on("pageerror", lambda error: errors.append(str(error)))
    with wire(port, 9 * MEBIBYTE, 24 * MEBIBYTE) as broken:
        desk_page.goto(f"{broken.address}{path}/unterlagen/neu")
        expect(desk_page.get_by_text("Sie können Dateien auch hierher ziehen")).to_be_visible()
        desk_page.get_by_label("Aufzeichnung: MP4 oder WebM").check()
        desk_page.get_by_label("Datei", exact=True).set_input_files(file)
        desk_page.get_by_role("button", name="Datei hinzufügen").click()
        desk_page.wait_for_url(f"{broken.address}{path}/unterlagen/", timeout=60_000)
        assert broken.cuts == []
        # Twice the wire broke; had everything been sent again, far more would have passed.
        assert broken.sent < 60 * MEBIBYTE
    assert errors == []
    shown = desk_page.get_by_role("link", name="Aufzeichnung des Abends", exact=True)
    for _ in range(240):
        desk_page.goto(f"{setup.web}{path}/unterlagen/")
        if shown.count():
            break
        desk_page.wait_for_timeout(500)
    shown.click()
    with desk_page.expect_download() as download:
        desk_page.get_by_role("link", name="Aufzeichnung des Abends.mp4").click()
    received = download.value.path().read_bytes()
    assert hashlib.sha256(received).digest() == hashlib.sha256(content).digest()


@pytest.mark.browser
@pytest.mark.deep
def test_recording_pauses_and_goes_on_after_the_laptop_was_closed(
    desk_page: Page, setup: Setup, tmp_path: Path
) -> None:
    """Paused in the middle; the page is gone; another one takes the same file on where it was."""
    size, held = length((24, 18), soak=(4000, 2500))
    file = tmp_path / "Langer Abend.mp4"
    write(file, size)
    desk_page.goto(f"{setup.web}/desk/veranstaltungen")
    desk_page.locator("main table a").first.click()
    path = re.sub(r"^http://[^/]+", "", desk_page.url)
    port = int(setup.web.rpartition(":")[2])
    with wire(port, hold=held * MEBIBYTE) as slow:
        form = f"{slow.address}{path}/unterlagen/neu"
        desk_page.goto(form)
        choose(desk_page, file)
        assert slow.holds.wait(600)
        desk_page.get_by_role("button", name="Anhalten").click()
        expect(desk_page.get_by_role("status")).to_contain_text("angehalten")
        expect(desk_page.get_by_role("button", name="Fortsetzen")).to_be_visible()
        slow.release()
        desk_page.reload()
        expect(desk_page.get_by_label("Datei", exact=True)).to_be_visible()
        choose(desk_page, file)
        desk_page.wait_for_url(f"{slow.address}{path}/unterlagen/", timeout=600_000)
        # Had it begun anew, all that was sent before the pause would have passed twice.
        assert slow.sent < (size + held // 2) * MEBIBYTE
    shown = desk_page.get_by_role("link", name="Langer Abend", exact=True)
    for _ in range(length(60, soak=600)):
        desk_page.goto(f"{setup.web}{path}/unterlagen/")
        if shown.count():
            break
        desk_page.wait_for_timeout(500)
    shown.click()
    with desk_page.expect_download(timeout=600_000) as download:
        desk_page.get_by_role("link", name="Langer Abend.mp4").click()
    assert digest(download.value.path()) == digest(file)


def choose(page: Page, file: Path) -> None:
    """Fill in the form and send it."""
    page.get_by_label("Aufzeichnung: MP4 oder WebM").check()
    page.get_by_label("Datei", exact=True).set_input_files(file)
    page.get_by_role("button", name="Datei hinzufügen").click()


def write(file: Path, mebibytes: int) -> None:
    """A film of somewhat more than so many mebibytes, no two of them the same."""
    head = film(0)[:-8]
    pattern = random.Random(3).randbytes(MEBIBYTE - 8)
    with file.open("wb") as target:
        target.write(head + struct.pack(">I4s", 8 + mebibytes * MEBIBYTE, b"mdat"))
        for number in range(mebibytes):
            target.write(number.to_bytes(8, "big") + pattern)


def digest(file: Path) -> bytes:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").digest()


@pytest.mark.browser
def test_refusal_is_said_before_anything_is_sent_and_what_was_chosen_stays(
    desk_page: Page, setup: Setup, tmp_path: Path
) -> None:
    archive = tmp_path / "alles.zip"
    archive.write_bytes(b"PK\5\6" + bytes(18))
    desk_page.goto(f"{setup.web}/desk/veranstaltungen")
    desk_page.locator("main table a").first.click()
    desk_page.goto(f"{desk_page.url}/unterlagen/neu")
    desk_page.get_by_role("textbox", name="Titel").fill("Alles")
    desk_page.get_by_role("button", name="Datei hinzufügen").click()
    expect(desk_page.get_by_role("alert")).to_have_text("Bitte wählen Sie eine Datei.")
    desk_page.get_by_label("Handreichung").or_(desk_page.get_by_label("Folien:")).first.check()
    desk_page.get_by_label("Datei", exact=True).set_input_files(archive)
    desk_page.get_by_role("button", name="Datei hinzufügen").click()
    expect(desk_page.get_by_role("alert")).to_contain_text("Archiv")
    expect(desk_page.get_by_role("textbox", name="Titel")).to_have_value("Alles")
