"""A large file from a browser, over a wire that breaks twice: it arrives whole."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Setup
from tests.cutting import wire
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
