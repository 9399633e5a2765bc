"""The letters that leave the house, word for word, and the calendars in them read by another
library.

The golden files are in tests/mails; `WEBINAR_WRITE_MAILS=1` writes them anew, to be read in the
difference before they are kept.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from ical.calendar_stream import IcsCalendarStream

from tests import factories
from tests.jobs.scene import MOMENT, TITLE, Scene, mail, mailing, registration, scene
from webinar.adapters.mime import Letter, message_bytes
from webinar.clock import frozen
from webinar.config import Settings
from webinar.domain import calendar_entries, talk_changes
from webinar.extensions import db
from webinar.jobs.letters import letter_of, preview
from webinar.models import (
    Account,
    Contact,
    Format,
    Mail,
    MailingKind,
    Material,
    MaterialKind,
    Mode,
    RegistrationState,
    TalkState,
)

pytestmark = pytest.mark.once  # texts from rows that any database gives back alike

OTHER_ROOM = "https://treffen.example.org/abend?pwd=1&lang=de"
MAILS = Path(__file__).parent.parent / "mails"
Make = Callable[[Scene], Mail]


def settings_of(app: Flask) -> Settings:
    settings: Settings = app.extensions["settings"]
    return settings


def invitation(evening: Scene) -> Mail:
    return mail(evening, "invitation", mailing=mailing(evening))


def confirmation(**params: object) -> Make:
    def make(evening: Scene) -> Mail:
        mode = Mode(str(params.get("mode", Mode.ONLINE)))
        registration(evening, mode=mode)
        given = {"reason": "accepted", "mode": mode, "wanted_mode": None, "position": None}
        return mail(
            evening,
            "confirmation",
            params={**given, **params},
            calendar_method="REQUEST",
            calendar_sequence=0,
        )

    return make


def waiting(mode: Mode, **params: object) -> Make:
    given = {"reason": "accepted", "mode": mode, "wanted_mode": None, "position": 2}
    return lambda evening: mail(evening, "waiting", params={**given, **params})


def limited(evening: Scene) -> Mail:
    """Waiting although the hall has places: the municipality has all that it may have."""
    evening.contact.organisation = factories.organisation("Gemeinde Kürnach")
    return waiting(Mode.HALL, kept_out=2)(evening)


def opening(evening: Scene) -> Mail:
    evening.talk.registration_opens_at = factories.at("2026-12-14T07:00")
    return invitation(evening)


def moved(evening: Scene) -> Mail:
    """Later, and in another hall, with a sentence of the organiser."""
    registration(evening, mode=Mode.ONLINE)
    before = talk_changes.facts(evening.talk)
    evening.talk.starts_at = factories.at("2027-01-14T17:30")
    evening.talk.ends_at = factories.at("2027-01-14T19:00")
    evening.talk.venue = "Kreistagssaal"
    evening.talk.format = Format.HYBRID
    return _moved(evening, before=before, note="Der Saal <unten> ist größer.\nBis bald.")


def moved_unknown(evening: Scene) -> Mail:
    """Written before mails kept what the talk said until then."""
    registration(evening, mode=Mode.ONLINE)
    return _moved(evening)


def reworded(evening: Scene) -> Mail:
    """Another title and another description; time and place as before."""
    registration(evening, mode=Mode.ONLINE)
    before = talk_changes.facts(evening.talk)
    evening.talk.title = "Bauanträge, „digital“ & schnell"
    evening.talk.abstract = "Neu gefasst."
    return _moved(evening, before=before)


def _moved(evening: Scene, **params: object) -> Mail:
    sequence = calendar_entries.request(evening.talk, contact=evening.contact)
    return mail(
        evening, "moved", calendar_method="REQUEST", calendar_sequence=sequence, params=params
    )


def details(evening: Scene) -> Mail:
    answers = [
        ["Haben Sie <Fragen> vorab?", "text", "Ja: <b>Fristen</b>?"],
        ["Bleiben Sie zum Essen?", "yes_no", "yes"],
        ["Anreise", "choice", ""],
    ]
    return mail(evening, "details", params={"answers": answers})


def side_dropped(evening: Scene) -> Mail:
    evening.talk.format = Format.ONLINE
    return ended("side_dropped")(evening)


def ended(template: str) -> Make:
    def make(evening: Scene) -> Mail:
        place = registration(evening, mode=Mode.ONLINE)
        place.state = RegistrationState.CANCELLED
        sequence = calendar_entries.cancel(evening.talk, contact=evening.contact)
        if template == "cancelled":
            evening.talk.state = TalkState.CANCELLED
            evening.talk.cancel_reason = "Die Referentin ist erkrankt."
        return mail(evening, template, calendar_method="CANCEL", calendar_sequence=sequence)

    return make


def materials(evening: Scene) -> Mail:
    rows = [
        Material(
            talk_id=evening.talk.id,
            kind=MaterialKind.LINK,
            title=title,
            url="https://example.org",
            position=place,
            released_at=MOMENT if place else None,
        )
        for place, title in enumerate(("Noch nicht frei", "Folien <Bauantrag>", "Aufzeichnung"))
    ]
    for row in rows:
        factories.save(row)
    return mail(
        evening,
        "materials",
        mailing=mailing(evening, kind=MailingKind.MATERIALS),
        params={"materials": [row.id for row in rows]},
    )


def message(evening: Scene) -> Mail:
    text = "Parken Sie bitte im *Innenhof*.\n\nBis bald in {ort}."
    news = mailing(evening, kind=MailingKind.MESSAGE, subject="Parken: {titel}", text=text)
    return mail(evening, "message", mailing=news)


def reinvitation(evening: Scene) -> Mail:
    return mail(evening, "reinvitation", mailing=mailing(evening, kind=MailingKind.REINVITATION))


def personal_link(evening: Scene) -> Mail:
    params = {"version": 1, "renewed": False}
    return mail(evening, "personal_link", params=params)


def renewed_link(evening: Scene) -> Mail:
    registration(evening, mode=Mode.ONLINE)
    return mail(
        evening,
        "personal_link",
        params={"version": 2, "renewed": True},
        calendar_method="REQUEST",
        calendar_sequence=0,
    )


def other_room(evening: Scene) -> Mail:
    return mail(evening, "other_room", params={"url": OTHER_ROOM})


def other_room_speaker(evening: Scene) -> Mail:
    speaker, params = evening.speaker, {"url": OTHER_ROOM}
    return mail(evening, "other_room", speaker=speaker, recipient=speaker.email, params=params)


def refused(evening: Scene) -> Mail:
    words = "Der Abend wird aufgezeichnet; Sie erhalten den Link zur Aufzeichnung."
    return mail(evening, "refused", params={"words": words})


def reply_refused(rule: str, *, answer: str = "accepted") -> Make:
    return lambda evening: mail(evening, "reply_refused", params={"rule": rule, "answer": answer})


def speaker_link(evening: Scene) -> Mail:
    speaker = evening.speaker
    return mail(evening, "speaker_link", speaker=speaker, recipient=speaker.email)


def recording_consent(answer: str, **params: object) -> Make:
    given = {"answer": answer, "by_office": False, "taken_down": False}

    def make(evening: Scene) -> Mail:
        speaker = evening.speaker
        return mail(
            evening,
            "recording_consent",
            speaker=speaker,
            recipient=speaker.email,
            params={**given, **params},
        )

    return make


def reminder_speaker(evening: Scene) -> Mail:
    registration(evening, mode=Mode.ONLINE)
    speaker = evening.speaker
    return mail(evening, "reminder_speaker", speaker=speaker, recipient=speaker.email)


def reminder_coming(mode: Mode) -> Make:
    def make(evening: Scene) -> Mail:
        registration(evening, mode=mode)
        return mail(evening, "reminder_coming")

    return make


def subscription(template: str) -> Make:
    return lambda evening: mail(evening, template, talk=None)


def calendar_feed(*, renewed: bool) -> Make:
    params = {"renewed": renewed}
    return lambda evening: mail(evening, "calendar_feed", talk=None, params=params)


def other_person(evening: Scene) -> Contact:
    return factories.contact(
        form="herr",
        first_name="Jonas",
        last_name="Weiß",
        office="Zweiter Bürgermeister",
        email="weiss@musterort.example",
        organisation_id=factories.organisation("Gemeinde Musterort").id,
        language=evening.contact.language,
    )


def deputy(*, mode: Mode = Mode.ONLINE, position: int | None = None, keeps: bool = False) -> Make:
    def make(evening: Scene) -> Mail:
        calendar = {"calendar_method": "REQUEST", "calendar_sequence": 0} if not position else {}
        state = RegistrationState.WAITING if position else RegistrationState.CONFIRMED
        registration(evening, mode=mode, state=state)
        params = {"reason": "deputy", "mode": mode, "wanted_mode": None, "position": position}
        inviter = other_person(evening).id
        params |= {"inviter": inviter, "keeps": keeps}
        return mail(evening, "deputy", params=params, **calendar)

    return make


def delegated(evening: Scene) -> Mail:
    made = ended("delegated")(evening)
    made.params = {"deputy": other_person(evening).id}
    return made


def deputy_ended(*, invited: bool, keeps: bool = False) -> Make:
    def make(evening: Scene) -> Mail:
        params = {"invited": invited, "keeps": keeps, "inviter": other_person(evening).id}
        if keeps:
            return mail(evening, "deputy_ended", params=params)
        made = ended("deputy_ended")(evening)
        made.params = params
        return made

    return make


def reopened(reason: str, *, still: bool = True) -> Make:
    return lambda evening: mail(
        evening,
        "reopened",
        params={"reason": reason, "open": still, "deputy": other_person(evening).id},
    )


def of_series(template: str, **params: object) -> Make:
    def make(evening: Scene) -> Mail:
        given = {"series": evening.talk.series_id, "mode": Mode.ONLINE, **params}
        if template == "series_accepted":
            given["closed"] = [evening.talk.id]
        return mail(evening, template, params=given)

    return make


def signup(template: str) -> Make:
    return lambda evening: mail(evening, template)


def recording_arrived(state: str, reason: str = "", *, known: bool = True) -> Make:
    """To the office: of a talk, or of nobody knows which."""

    def make(evening: Scene) -> Mail:
        account = factories.account(
            name="Miriam Hartmann",
            email="m.hartmann@lra.example",
            language=evening.contact.language,
        )
        # A number that is the same in every run: the golden files hold it.
        params = {"state": state, "reason": reason, "talk_id": 7 if known else None}
        return mail(
            evening,
            "recording_arrived",
            account=account,
            recipient=account.email,
            params=params,
            talk=evening.talk if known else None,
        )

    return make


LETTERS: dict[str, Make] = {
    "recording_arrived": recording_arrived("stored"),
    "recording_arrived-no_consent": recording_arrived("aside", "no_consent"),
    "recording_arrived-room_unknown": recording_arrived("aside", "room_unknown", known=False),
    "recording_arrived-no_video": recording_arrived("aside", "no_video"),
    "recording_arrived-link": recording_arrived("failed", "link", known=False),
    "recording_arrived-too_large": recording_arrived("failed", "too_large", known=False),
    "confirmation-series": confirmation(reason="series"),
    "confirmation-series-hall": confirmation(reason="series", mode="hall"),
    "confirmation-taken_back": confirmation(reason="taken_back"),
    "confirmation-taken_back-hall": confirmation(reason="taken_back", mode="hall"),
    "deputy-online": deputy(),
    "deputy-hall": deputy(mode=Mode.HALL),
    "deputy-waiting": deputy(position=2),
    "deputy-waiting-hall": deputy(mode=Mode.HALL, position=2),
    "deputy-keeps": deputy(keeps=True),
    "delegated": delegated,
    "deputy_ended": deputy_ended(invited=False),
    "deputy_ended-invited": deputy_ended(invited=True),
    "deputy_ended-keeps": deputy_ended(invited=True, keeps=True),
    "reopened-declined": reopened("deputy_declined"),
    "reopened-closed": reopened("deputy_declined", still=False),
    "reopened-taken_back": reopened("taken_back"),
    "series_accepted": of_series("series_accepted"),
    "series_left": of_series("series_left", kept=True),
    "invitation": invitation,
    "confirmation-online": confirmation(),
    "confirmation-hall": confirmation(mode="hall", reason="promoted"),
    "confirmation-both": confirmation(reason="side", wanted_mode="hall", position=2),
    "confirmation-registered": confirmation(reason="registered"),
    "waiting-hall": waiting(Mode.HALL),
    "waiting-online": waiting(Mode.ONLINE),
    "waiting-limited": limited,
    "waiting-format": waiting(Mode.ONLINE, reason="format", kept_out=0),
    "confirmation-format": confirmation(mode="online", reason="format"),
    "invitation-opening": opening,
    "moved-unknown": moved_unknown,
    "moved-words": reworded,
    "details": details,
    "side_dropped": side_dropped,
    "declined": ended("declined"),
    "moved": moved,
    "cancelled": ended("cancelled"),
    "materials": materials,
    "message": message,
    "speaker_link": speaker_link,
    "recording_consent-yes": recording_consent("yes", by_office=True),
    "recording_consent-no": recording_consent("no", taken_down=True),
    "reminder_unanswered": lambda evening: mail(evening, "reminder_unanswered"),
    "reminder_coming-online": reminder_coming(Mode.ONLINE),
    "reminder_coming-hall": reminder_coming(Mode.HALL),
    "reminder_speaker": reminder_speaker,
    "reinvitation": reinvitation,
    "personal_link": personal_link,
    "confirmation-admitted": confirmation(reason="admitted"),
    "other_room": other_room,
    "other_room-speaker": other_room_speaker,
    "room_back": lambda evening: mail(evening, "room_back"),
    "personal_link-renewed": renewed_link,
    "withdrawn": ended("withdrawn"),
    "relay_test": subscription("relay_test"),
    "reply_refused-closed": reply_refused("registration_closed"),
    "reply_refused-not_open": reply_refused("registration_not_open"),
    "reply_refused-cancelled": reply_refused("talk_cancelled"),
    "reply_refused-started": reply_refused("talk_started"),
    "reply_refused-outdated": reply_refused("outdated"),
    "reply_refused-held": reply_refused("place_held", answer="tentative"),
    "reply_refused-declined": reply_refused("talk_started", answer="declined"),
    "reply_refused-other": reply_refused("contact_retired"),
    "refused": refused,
    "signup_confirm": signup("signup_confirm"),
    "signup_again": signup("signup_again"),
    "signup_invited": signup("signup_invited"),
    "personal_page": subscription("personal_page"),
    "language_changed": subscription("language_changed"),
    "calendar_feed": calendar_feed(renewed=False),
    "calendar_feed-renewed": calendar_feed(renewed=True),
    "unsubscribed": subscription("unsubscribed"),
    "resubscribed": subscription("resubscribed"),
}


def letter(app: Flask, make: Make, *, language: str = "de") -> Letter:
    with frozen(MOMENT):
        made = make(scene(language))
        return letter_of(made, settings_of(app))


def compare(name: str, made: str) -> None:
    path = MAILS / name
    if os.environ.get("WEBINAR_WRITE_MAILS"):
        path.write_text(made, encoding="utf-8", newline="")
    with path.open(encoding="utf-8", newline="") as kept:
        assert made == kept.read()


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", LETTERS)
def test_letter_is_word_for_word_the_golden_one(app: Flask, name: str, language: str) -> None:
    made = letter(app, LETTERS[name], language=language)
    compare(f"{name}.{language}.txt", f"{made.subject}\n\n{made.text}")
    compare(f"{name}.{language}.html", made.html)


@pytest.mark.parametrize("name", ["invitation", "confirmation-online", "cancelled"])
def test_message_is_byte_for_byte_the_golden_one(app: Flask, name: str) -> None:
    content = message_bytes(letter(app, LETTERS[name]))
    compare(f"{name}.de.eml", content.decode("ascii"))


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.add(tag)


def tags(html: str) -> set[str]:
    """The names of all elements, as a reader's program would find them."""
    parser = _Tags()
    parser.feed(html)
    return parser.found


def parsed(made: Letter) -> EmailMessage:
    found = message_from_bytes(message_bytes(made), policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def calendar_of(made: Letter, media: str) -> str:
    part = next(part for part in parsed(made).walk() if part.get_content_type() == media)
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


def test_invitation_carries_the_evening_as_a_mere_file(app: Flask) -> None:
    made = letter(app, invitation)
    types = [part.get_content_type() for part in parsed(made).walk()]
    assert types == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "application/ics",
    ]
    calendar = IcsCalendarStream.calendar_from_ics(calendar_of(made, "application/ics"))
    (event,) = calendar.events
    assert calendar.method is None
    assert event.attendees == []
    assert event.uid == "2027-01-14.bauantrag@lra.example"
    assert event.dtstart.astimezone(UTC) == factories.at("2027-01-14T17:00")
    assert event.dtend.astimezone(UTC) == factories.at("2027-01-14T18:30")
    assert event.summary == TITLE


def test_invitation_calendar_holds_the_link_that_only_enters(app: Flask) -> None:
    made = letter(app, invitation)
    (event,) = IcsCalendarStream.calendar_from_ics(calendar_of(made, "application/ics")).events
    assert "/r/enter-Qm7x2K." in str(event.url)
    assert str(event.url) in str(event.location)
    assert str(event.url) in str(event.description)
    assert "/e/answer" not in calendar_of(made, "application/ics").replace("\r\n ", "")


def test_confirmation_carries_a_request_to_exactly_the_recipient(app: Flask) -> None:
    made = letter(app, confirmation())
    calendar = IcsCalendarStream.calendar_from_ics(calendar_of(made, "text/calendar"))
    (event,) = calendar.events
    (attendee,) = event.attendees
    assert calendar.method == "REQUEST"
    assert str(attendee.uri) == f"mailto:{made.recipient}"
    assert (attendee.common_name, attendee.rsvp) == ("Hannah Seubert", False)
    assert event.organizer is not None
    assert str(event.organizer.uri) == f"mailto:{made.sender_address}"
    assert (event.sequence, event.dtstamp) == (0, MOMENT)
    assert str(event.location).startswith("Online, http")
    assert calendar_of(made, "application/ics") == calendar_of(made, "text/calendar")


def test_confirmation_in_the_hall_names_the_hall(app: Flask) -> None:
    made = letter(app, confirmation(mode="hall"))
    (event,) = IcsCalendarStream.calendar_from_ics(calendar_of(made, "text/calendar")).events
    assert str(event.location).startswith("Großer Sitzungssaal, Zeppelinstraße 15, 97074 Würzburg,")


def test_moved_carries_the_new_time_with_a_higher_sequence(app: Flask) -> None:
    made = letter(app, moved)
    calendar = IcsCalendarStream.calendar_from_ics(calendar_of(made, "text/calendar"))
    (event,) = calendar.events
    assert (calendar.method, event.sequence) == ("REQUEST", 1)
    assert event.dtstart.astimezone(UTC) == factories.at("2027-01-14T17:30")


@pytest.mark.parametrize("template", ["declined", "cancelled"])
def test_end_takes_the_entry_out_of_the_calendar(app: Flask, template: str) -> None:
    made = letter(app, ended(template))
    calendar = IcsCalendarStream.calendar_from_ics(calendar_of(made, "text/calendar"))
    (event,) = calendar.events
    assert (calendar.method, event.sequence, event.status) == ("CANCEL", 1, "CANCELLED")
    assert [str(one.uri) for one in event.attendees] == [f"mailto:{made.recipient}"]


def test_request_is_written_with_the_newest_sequence(app: Flask) -> None:
    """A confirmation that waits while the evening is moved tells the new time: so it needs the
    number that goes with it."""

    def late(evening: Scene) -> Mail:
        made = confirmation()(evening)
        evening.talk.ends_at = factories.at("2027-01-14T19:00")
        calendar_entries.request(evening.talk, contact=evening.contact)
        db.session.commit()
        return made

    made = letter(app, late)
    (event,) = IcsCalendarStream.calendar_from_ics(calendar_of(made, "text/calendar")).events
    assert event.sequence == 1


def test_headers_name_sender_office_and_the_way_out(app: Flask) -> None:
    found = parsed(letter(app, invitation))
    assert found["From"].addresses[0].display_name == "Landratsamt Würzburg"
    assert found["To"].addresses[0].addr_spec == "buergermeisterin@musterort.example"
    assert found["Reply-To"] == "after-work-wissen@lra.example"
    assert found["Message-ID"] == "<b3NlbmRlci1pZA@lra.example>"
    assert found["Auto-Submitted"] == "auto-generated"
    assert "/u/unsubscribe-Qm7x2K." in found["List-Unsubscribe"]
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert found["Date"].datetime == MOMENT


def test_nobody_is_addressed_by_a_name_that_a_stranger_typed(app: Flask) -> None:
    made = letter(app, signup("signup_confirm"))
    assert "Hannah" not in made.text + made.html + made.subject
    assert "Seubert" not in made.text + made.html + made.subject
    assert made.recipient_name == ""


@pytest.mark.parametrize(("template", "offered"), [("unsubscribed", 0), ("resubscribed", 1)])
def test_who_has_unsubscribed_is_not_offered_to_do_it_again(
    app: Flask, template: str, offered: int
) -> None:
    found = parsed(letter(app, subscription(template)))
    assert len(found.get_all("List-Unsubscribe", [])) == offered


def golden(ending: str) -> list[Path]:
    return sorted(MAILS.glob(f"*.{ending}"))


def test_every_golden_file_belongs_to_a_letter() -> None:
    expected = {f"{name}.{language}" for name in LETTERS for language in ("de", "en")}
    assert {path.stem for path in golden("txt")} == expected
    assert {path.stem for path in golden("html")} == expected


ABOUT_INVITATIONS = (
    "invitation",
    "reinvitation",
    "reminder_unanswered",
    "unsubscribed",
    "resubscribed",
)


@pytest.mark.parametrize("path", golden("txt"), ids=lambda path: path.name)
def test_only_mails_about_invitations_lead_to_the_page_of_unsubscribing(path: Path) -> None:
    about = path.name.startswith(ABOUT_INVITATIONS)
    assert ("/u/unsubscribe" in path.read_text("utf-8")) is about


@pytest.mark.parametrize("path", golden("txt"), ids=lambda path: path.name)
def test_plain_text_is_narrow_with_addresses_on_lines_of_their_own(path: Path) -> None:
    _subject, _, text = path.read_text("utf-8").partition("\n")
    lines = text.split("\n")
    assert [line for line in lines if len(line) > 72 and not line.startswith("http")] == []
    personal = [line for line in lines if "Qm7x2K" in line]
    assert all(line.startswith("http://localhost/") for line in personal)


@pytest.mark.parametrize("path", golden("html"), ids=lambda path: path.name)
def test_html_asks_nobody_for_anything(path: Path) -> None:
    html = path.read_text("utf-8")
    assert {"img", "script", "link"}.isdisjoint(tags(html))
    assert "url(" not in html
    assert "@import" not in html
    assert html.count("<h1") <= 1
    words = re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
    assert "!" not in re.sub(r"<!.*?>", "", words)


@pytest.mark.parametrize("path", golden("html"), ids=lambda path: path.name)
def test_html_needs_no_sheet_to_be_read(path: Path) -> None:
    """Word's engine and Gmail's filters drop sheets: the one that is kept holds nothing but what
    asks for the screen, and every cell carries its own style."""
    html = path.read_text("utf-8")
    (sheet,) = re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL)
    outside = re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}", "", sheet)
    assert outside.strip() == ""
    body = html.partition("<body")[2]
    assert re.findall(r"<(?:td|h1|p)(?![^>]*style=)[^>]*>", re.sub(r"<!--.*?-->", "", body)) == []
    assert "flex" not in body
    assert "grid" not in body


def test_hostile_titles_and_names_stay_words(app: Flask) -> None:
    evening = scene()
    evening.talk.title = "<b>{{ 7*7 }}</b> {datum} & *Stern*\r\nBcc: x@example.org"
    evening.contact.salutation = "Hallo <script>alert(1)</script>"
    with frozen(MOMENT):
        made = letter_of(mail(evening, "invitation", mailing=mailing(evening)), settings_of(app))
    assert "Bcc" not in parsed(made)
    assert "{{ 7*7 }}" in made.subject
    assert {"b", "script"}.isdisjoint(tags(made.html))


def test_words_of_the_organiser_stay_as_written_in_both_languages(app: Flask) -> None:
    evening = scene("en")
    words = {"subject": "Herzliche Einladung, {name}", "text": "Bitte kommen Sie, **{name}**.\n\nX"}
    with frozen(MOMENT):
        row = mail(evening, "invitation", mailing=mailing(evening, **words))
        made = letter_of(row, settings_of(app))
    assert made.subject == "Herzliche Einladung, Mayor Seubert"
    assert "<strong>Mayor Seubert</strong>" in made.html
    assert made.text.startswith("Dear Mayor Seubert,\n\nBitte kommen Sie, Mayor Seubert.\n")


def test_test_to_staff_reads_as_the_first_recipient_with_links_that_open_nothing(
    app: Flask, organiser: Account
) -> None:
    evening = scene()
    row = mail(
        evening,
        "invitation",
        mailing=mailing(evening),
        account=organiser,
        recipient=organiser.email,
        params={"as_contact": evening.contact.id},
    )
    made = letter_of(row, settings_of(app))
    assert made.text.startswith("Sehr geehrte Frau Bürgermeisterin Seubert,")
    assert made.recipient == organiser.email
    assert "http://localhost/e/beispiel\n" in made.text
    assert "Qm7x2K" not in message_bytes(made).decode() + calendar_of(made, "application/ics")
    assert made.unsubscribe == ""


def test_preview_shows_what_the_contact_will_read_and_writes_nothing(
    app: Flask, organiser: Account
) -> None:
    evening = scene()
    row = mailing(evening)
    made = preview(row, contact=evening.contact, account=organiser, settings=settings_of(app))
    sent = letter_of(mail(evening, "invitation", mailing=row), settings_of(app))
    assert made.subject == sent.subject
    assert made.text.splitlines()[0] == sent.text.splitlines()[0]
    assert not db.session.new
    assert not db.session.dirty
    nobody = preview(row, contact=None, account=organiser, settings=settings_of(app))
    assert nobody.text.startswith(f"Guten Tag {organiser.name},")


def test_letter_without_hall_speaker_and_signature_still_reads_well(app: Flask) -> None:
    evening = scene()
    evening.talk.format = Format.ONLINE
    evening.talk.venue = evening.talk.venue_address = evening.talk.venue_notes = ""
    evening.talk.appearances.clear()
    evening.talk.series.signature = evening.talk.series.host = ""
    evening.talk.registration_closes_at = None
    db.session.commit()
    with frozen(MOMENT):
        made = letter_of(invitation(evening), settings_of(app))
    assert "Landratsamt Würzburg lädt Sie herzlich" in made.text
    assert "    Online\n" in made.text
    assert "Sie können Ihre Antwort bis zum Beginn ändern." in made.text
    assert "Mit freundlichen Grüßen\nBüro des Landrats\nLandratsamt Würzburg\n" in made.text


def test_second_hour_of_the_autumn_night_is_written_as_it_is_meant(app: Flask) -> None:
    evening = scene()
    evening.talk.starts_at = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    evening.talk.ends_at = datetime(2027, 10, 31, 3, 0, tzinfo=UTC)
    db.session.commit()
    with frozen(MOMENT):
        made = letter_of(confirmation()(evening), settings_of(app))
    (event,) = IcsCalendarStream.calendar_from_ics(calendar_of(made, "text/calendar")).events
    assert event.dtstart.astimezone(UTC) == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    assert "MEZ" in made.text


def test_contact_with_an_address_of_a_foreign_alphabet_gets_the_same_in_calendar_and_header(
    app: Flask,
) -> None:
    evening = scene()
    evening.contact.email = "kim@xn--mller-kva.example"
    db.session.commit()
    with frozen(MOMENT):
        made = letter_of(confirmation()(evening), settings_of(app))
    (event,) = IcsCalendarStream.calendar_from_ics(calendar_of(made, "text/calendar")).events
    assert [str(one.uri) for one in event.attendees] == ["mailto:kim@xn--mller-kva.example"]
    assert parsed(made)["To"].addresses[0].addr_spec == "kim@xn--mller-kva.example"
