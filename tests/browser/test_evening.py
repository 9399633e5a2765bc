"""One evening, end to end, on the parts that `make run` starts: from an address book to the bytes
of a downloaded slide deck, through the links of caught mails."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import cast

import pytest
from ical.calendar import Calendar
from ical.calendar_stream import IcsCalendarStream
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import ROOT, Setup, sign_in
from webinar.clock import berlin, now

pytestmark = pytest.mark.browser

RECORDING = ROOT / "webinar" / "demo" / "files" / "eakte-posteingang-aufzeichnung.mp4"
SLIDES = ROOT / "webinar" / "demo" / "files" / "eakte-posteingang-folien.pdf"
TITLE = "Wärmeplanung: was „Müller, Höchberg & Co.“ wissen"
ANNA = "anna.probst@pruefstadt.example"
BERT = "bert.kraus@pruefstadt.example"
PEOPLE = f"""Anrede;Titel;Vorname;Nachname;Amt;Organisation;E-Mail;Verteiler
Frau;Dr.;Anna;Probst;Erste Bürgermeisterin;Stadt Prüfstadt;{ANNA};Prüfkreis
Herr;;Bert;Kraus;Kreisrat;Kreistag;{BERT};Prüfkreis
Herr;;Ohne;Adresse;Kreisrat;Kreistag;;Prüfkreis
"""


def letter(content: bytes) -> EmailMessage:
    return cast(EmailMessage, message_from_bytes(content, policy=default))


def words(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link(mail: EmailMessage, setup: Setup, purpose: str) -> str:
    """The personal link of that purpose in the mail's text."""
    found = re.search(rf"{re.escape(setup.web)}/{purpose}/[\w.-]+", words(mail))
    assert found is not None, words(mail)
    return found[0]


def calendar(mail: EmailMessage) -> Calendar:
    """The calendar of the mail, read by a library that did not write it. Where the mail carries it
    twice, once to answer and once as a file, both are the same bytes."""
    kinds = ("text/calendar", "application/ics")
    parts = [part for part in mail.walk() if part.get_content_type() in kinds]
    contents = {cast(bytes, part.get_payload(decode=True)) for part in parts}
    assert len(contents) == 1
    read = IcsCalendarStream.calendar_from_ics(contents.pop().decode("utf-8"))
    methods = {part.get_param("method") for part in parts} - {None}
    assert methods == ({read.method} if read.method else set())
    assert len(read.events) == 1
    return read


def import_people(page: Page, setup: Setup, tmp_path: Path) -> None:
    file = tmp_path / "kreis.csv"
    file.write_bytes(PEOPLE.encode("cp1252"))
    page.goto(f"{setup.web}/desk/kontakte/import")
    page.set_input_files("input[type=file]", file)
    page.locator("main form button").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("kreis.csv")
    expect(page.locator("main")).to_contain_text("Die E-Mail-Adresse fehlt.")
    page.get_by_role("button", name=re.compile("2 .*(übernehmen|importieren)")).click()


def plan_talk(page: Page, setup: Setup) -> None:
    """A talk that starts in ten minutes, with one place online."""
    start = berlin(now()) + timedelta(minutes=10)
    end = start + timedelta(minutes=90)
    page.goto(f"{setup.web}/desk/veranstaltungen/neu")
    page.fill("#title", TITLE)
    page.fill("#abstract", "Kommunale **Wärmeplanung** in kleinen Gemeinden.\n\n- Fristen\n- Daten")
    page.fill("#day", start.strftime("%Y-%m-%d"))
    page.fill("#start", start.strftime("%H:%M"))
    page.fill("#end", end.strftime("%H:%M"))
    page.get_by_label("online", exact=True).check()
    page.fill("#places_online", "1")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    page.locator("select#speaker").select_option(index=1)
    page.get_by_role("button", name="Hinzufügen").click()
    page.get_by_role("link", name="Veröffentlichen", exact=True).click()
    page.get_by_role("button", name="Jetzt veröffentlichen").click()
    expect(page.locator("main")).to_contain_text("Die Veranstaltung ist veröffentlicht.")


def invite(page: Page, setup: Setup) -> None:
    """Choose the audience, see who gets it, read the mail, test it, send it."""
    page.get_by_role("link", name="Einladen", exact=True).click()
    page.get_by_label("Prüfkreis").check()
    page.get_by_role("button", name="Weiter zu den Empfängern").click()
    expect(page.get_by_role("row", name=re.compile("Kraus, Bert"))).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Probst, Dr. Anna"))).to_be_visible()
    page.get_by_role("link", name="Weiter zum Text").click()
    page.get_by_role("button", name="Speichern und prüfen").click()
    preview = page.frame_locator("iframe").locator("body")
    expect(preview).to_contain_text("Sehr geehrter Herr Kreisrat Kraus")
    page.get_by_role("button", name="Test an mich senden").click()
    setup.mail(setup.email, "Wärmeplanung")
    page.get_by_role("button", name="2 Einladungen senden").click()
    setup.mail(ANNA, "Einladung")
    setup.mail(BERT, "Einladung")
    page.reload()
    expect(page.locator("main")).to_contain_text("2 von 2 versendet")


def add_material(page: Page, kind: str, file: Path) -> None:
    page.get_by_role("link", name="Datei hinzufügen").click()
    page.get_by_role("radio", name=re.compile(f"^{kind}")).check()
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Datei hinzufügen").click()
    page.wait_for_url(re.compile("/unterlagen/$"))
    added = page.get_by_role("link", name=file.stem)
    for _ in range(240):  # it is checked first
        if added.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(added).to_be_visible()


def release_materials(page: Page, talk: str) -> None:
    """Slides and recording, added and released to all who were invited."""
    page.goto(f"{talk}/unterlagen/")
    add_material(page, "Folien", SLIDES)
    add_material(page, "Aufzeichnung", RECORDING)
    for _ in range(240):
        page.reload()
        if page.get_by_text("vollständig").count() == 2:
            break
        page.wait_for_timeout(500)
    expect(page.get_by_text("8 Seiten")).to_be_visible()
    page.get_by_role("link", name=re.compile("reigeben")).first.click()
    page.get_by_role("button", name="Weiter zur Prüfung").click()
    page.get_by_role("button", name="Freigeben und 2 Nachrichten senden").click()


def guest(browser: Browser, *, scripts: bool = True) -> BrowserContext:
    """A participant on a small telephone."""
    return browser.new_context(
        locale="de-DE", viewport={"width": 320, "height": 640}, java_script_enabled=scripts
    )


def answer_box(page: Page):  # type: ignore[no-untyped-def]
    return page.locator("main")


@pytest.fixture(scope="module")
def evening(browser: Browser, setup: Setup, tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    """The organiser's part until the invitations are out; yields the address of the talk."""
    context = browser.new_context(locale="de-DE", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    sign_in(page, setup)
    import_people(page, setup, tmp_path_factory.mktemp("import"))
    plan_talk(page, setup)
    talk = page.url
    invite(page, setup)
    yield page, talk
    context.close()


@pytest.fixture(scope="module")
def released(evening: tuple[Page, str]) -> None:
    """The organiser's part after the talk."""
    release_materials(*evening)


@pytest.mark.usefixtures("evening")
def test_evening_from_address_book_to_slides(
    request: pytest.FixtureRequest, browser: Browser, setup: Setup
) -> None:
    invitation = letter(setup.mail(ANNA, "Einladung"))
    planned = calendar(invitation)
    assert planned.method is None
    assert planned.events[0].summary == TITLE

    anna = guest(browser).new_page()
    for _ in range(3):
        anna.goto(link(invitation, setup, "e"))
    expect(answer_box(anna)).to_contain_text("Kommen Sie?")
    anna.get_by_role("button", name="Zusagen").click()
    expect(answer_box(anna)).to_contain_text("Sie haben zugesagt")
    confirmed = calendar(letter(setup.mail(ANNA, "Ihre Teilnahme")))
    assert confirmed.method == "REQUEST"
    assert confirmed.events[0].uid == planned.events[0].uid
    assert confirmed.events[0].dtstart == planned.events[0].dtstart
    assert [str(person.uri) for person in confirmed.events[0].attendees] == [f"mailto:{ANNA}"]

    bert = guest(browser).new_page()
    bert.goto(link(letter(setup.mail(BERT, "Einladung")), setup, "e"))
    bert.get_by_role("button", name="Auf die Warteliste").or_(
        bert.get_by_role("button", name="Warteliste")
    ).first.click()
    expect(answer_box(bert)).to_contain_text("Platz 1 der Warteliste")
    setup.mail(BERT, "Warteliste")

    anna.get_by_role("button", name="Doch absagen").click()
    expect(answer_box(anna)).to_contain_text("Sie haben abgesagt")
    cancelled = calendar(letter(setup.mail(ANNA, "Ihre Absage")))
    assert cancelled.method == "CANCEL"
    assert cancelled.events[0].sequence > confirmed.events[0].sequence

    moved_up = letter(setup.mail(BERT, "Ihre Teilnahme"))
    assert calendar(moved_up).method == "REQUEST"
    bert.reload()
    expect(answer_box(bert)).to_contain_text("Der Raum ist geöffnet")
    bert.get_by_role("link", name="Zum Raum").click()
    bert.get_by_role("button", name="Raum betreten").click()
    expect(bert.get_by_role("heading", level=1)).to_contain_text("Videoraum")
    expect(answer_box(bert)).to_contain_text("Bert Kraus")
    expect(answer_box(bert)).not_to_contain_text(BERT)

    request.getfixturevalue("released")
    archive = link(letter(setup.mail(BERT, "Unterlagen")), setup, "a")
    bert.goto(archive)
    seen = bert.locator("main img").first
    expect(seen).to_be_visible()
    loaded_image = "image => image.decode().then(() => image.naturalWidth)"
    assert seen.evaluate(loaded_image) > 0
    assert plays(bert)
    with bert.expect_download() as loading:
        bert.get_by_role("link", name=re.compile(SLIDES.stem)).click()
    loaded = Path(loading.value.path()).read_bytes()
    assert hashlib.sha256(loaded).digest() == hashlib.sha256(SLIDES.read_bytes()).digest()

    address = loading.value.url
    stranger = browser.new_context().request
    assert stranger.get(address).status == 200  # the link itself is the key
    forged = address.replace(archive.rpartition("/")[2], "x" * 16 + "." + "y" * 43)
    assert stranger.get(forged).status == 404
    assert bert.context.cookies() == []


def plays(page: Page) -> bool:
    """Whether the recording gets as far as moving pictures."""
    script = """video => new Promise(done => {
        video.muted = true;
        video.addEventListener('timeupdate', () => done(video.videoWidth > 0));
        setTimeout(() => done(false), 10000);
        video.play().catch(() => done(false));
    })"""
    return bool(page.locator("video").first.evaluate(script))


@pytest.mark.usefixtures("released")
def test_participant_needs_no_script_and_no_cookie(browser: Browser, setup: Setup) -> None:
    """Anna comes back: opening, accepting, declining, archive, all as plain pages."""
    context = guest(browser, scripts=False)
    page = context.new_page()
    page.goto(link(letter(setup.mail(ANNA, "Einladung")), setup, "e"))
    page.get_by_role("button", name=re.compile("Warteliste|Zusagen")).first.click()
    expect(answer_box(page)).to_contain_text(re.compile("Warteliste|zugesagt"))
    page.get_by_role("button", name=re.compile("Warteliste verlassen|Doch absagen")).click()
    expect(answer_box(page)).to_contain_text("Sie haben abgesagt")
    page.goto(link(letter(setup.mail(ANNA, "Unterlagen")), setup, "a"))
    with page.expect_download() as loading:
        page.get_by_role("link", name=re.compile(SLIDES.stem)).click()
    assert Path(loading.value.path()).read_bytes() == SLIDES.read_bytes()
    assert context.cookies() == []
    context.close()
