"""One evening in every calendar that this program writes, from the invitation to the cancellation,
read again by another library: the rules that hold for all of them, for any title and any date.

What single outputs say besides is in `tests/adapters/test_calendar.py`, `tests/web/test_feeds.py`
and `tests/jobs/test_letters.py`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from itertools import pairwise
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from ical.calendar_stream import CalendarStream
from ical.event import Event
from sqlalchemy import select

from tests import factories
from tests.adapters.test_calendar import assert_well_formed
from tests.conftest import ENVIRON
from tests.domain.test_talks import as_values
from tests.lengths import length
from tests.personal import address
from webinar import settings_of
from webinar.adapters.mime import message_bytes
from webinar.clock import BERLIN, frozen
from webinar.domain import invitations, mailings, participation, talks
from webinar.extensions import db
from webinar.jobs.letters import letter_of
from webinar.models import Account, Contact, Mail, MailingKind, Mode, Purpose, Talk

LETTERS = "abcXYZ äöüÄÖÜß éÅ 0189 ,;:\"'\\„“–…€%&<>=@^|\n\r\t 🏛🏗️ 漢字 नम"
TITLES = st.one_of(
    st.text(st.sampled_from(LETTERS), min_size=5, max_size=90),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=5, max_size=90),
).map(lambda text: f"B{text[1:]}")
"""Control characters besides blanks and line breaks come through no form (`webinar.text.clean`)."""
HARD = (
    "Bauen",
    "Grün, günstig; größer",
    'Was heißt "digital"? Und „vernetzt“, was heißt das?',
    "Zeile eins\nZeile zwei\r\nZeile drei",
    "Ablage C:\\Neu\\Nord, C:\\neu;",
    "Fußgängerüberführungsgenehmigungsverfahrensbeschleunigung für kleine Städte und Märkte in Bay",
    "🏛️ Rathaus der Zukunft: " + "🏗️" * 20,
    "Ä" * 90,
    "100 % & <b>mehr</b> + 'x' = ^n {titel} %(title)s",
    "漢字 und नमस्ते: Übersetzen, dolmetschen; verstehen\tim Rathaus",
)
NIGHTS = (
    datetime(2026, 12, 10, 18, 0, tzinfo=BERLIN),
    datetime(2027, 7, 8, 18, 0, tzinfo=BERLIN),
    datetime(2026, 3, 28, 18, 0, tzinfo=BERLIN),
    datetime(2026, 3, 29, 1, 30, tzinfo=BERLIN),
    datetime(2026, 10, 24, 23, 30, tzinfo=BERLIN),
    datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN),
    datetime(2027, 3, 27, 18, 0, tzinfo=BERLIN),
    datetime(2027, 3, 28, 1, 30, tzinfo=BERLIN),
    datetime(2027, 10, 30, 18, 0, tzinfo=BERLIN),
    datetime(2027, 10, 31, 2, 30, fold=1, tzinfo=BERLIN),
)
"""Winter, summer, and the days before, in and after both changes of the clocks."""


@pytest.fixture
def environ(database_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        **ENVIRON,
        "WEBINAR_DATABASE_URL": database_url,
        "WEBINAR_INBOX_MODE": "folder",
        "WEBINAR_INBOX_FOLDER": str(tmp_path),
    }


@dataclass
class Sent:
    """A calendar as it left the house, at one point of the story. `method` and `recipient` are what
    the mail around it says; a plain file and what is fetched have none."""

    name: str
    point: str
    content: bytes
    uid: str
    method: str | None = None
    recipient: str | None = None

    @property
    def lines(self) -> list[str]:
        """Those of the talk, unfolded."""
        text = self.content.replace(b"\r\n ", b"").decode()
        parts = text.split("BEGIN:VEVENT")[1:]
        (mine,) = [part for part in parts if f"\r\nUID:{self.uid}\r\n" in part]
        return mine.split("END:VEVENT")[0].split("\r\n")

    @property
    def event(self) -> Event:
        (calendar,) = CalendarStream.from_ics(self.content.decode()).calendars
        (event,) = [one for one in calendar.events if one.uid == self.uid]
        return event


@dataclass
class Story:
    """One talk and one person, and a clock that goes on a minute with whatever happens."""

    app: Flask
    organiser: Account
    talk: Talk
    contact: Contact
    moment: datetime
    told: list[Sent] = field(default_factory=list)

    def happens(self, point: str, act: Callable[[], object], *, mail: bool = True) -> None:
        """Do it, render the mail that tells of it, fetch whatever can be fetched."""
        with self.later():
            act()
            db.session.commit()
        if mail:
            self.told.append(self._mailed(point))
        self.told += self._fetched(point)

    def later(self) -> AbstractContextManager[None]:
        self.moment += timedelta(minutes=1)
        return frozen(self.moment)

    def invite(self) -> None:
        mailing = mailings.draft(
            self.talk, kind=MailingKind.INVITATION, by=self.organiser, subject="S", text="T"
        )
        mailings.choose(mailing, contacts=[self.contact.id])
        mailings.send(mailing, by=self.organiser)
        mailings.expand(mailing, ask_calendars=True)

    def answer(self, *, accept: bool) -> None:
        row = invitations.invitation_of(self.talk, contact=self.contact)
        assert row is not None
        if accept:
            participation.accept(row, mode=Mode.ONLINE)
        else:
            participation.decline(row)

    def edit(self, **changes: object) -> None:
        values = as_values(self.talk, **{"second_hour": self.talk.second_hour, **changes})
        revision = self.talk.revision
        talks.edit(self.talk, values, revision=revision, by=self.organiser, tell=True)

    def _mailed(self, point: str) -> Sent:
        query = select(Mail).where(Mail.contact_id == self.contact.id).order_by(Mail.id.desc())
        mail = db.session.scalars(query.limit(1)).one()
        with self.later():
            content = message_bytes(letter_of(mail, settings_of(self.app)))
        parts = list(message_from_bytes(content, policy=policy.default).walk())
        (file,) = [part for part in parts if part.get_content_type() == "application/ics"]
        (asking,) = [part for part in parts if part.get_content_type() == "text/calendar"]
        calendar = file.get_payload(decode=True)
        assert isinstance(calendar, bytes)
        assert asking.get_payload(decode=True) == calendar
        method = str(asking.get_param("method"))
        return Sent("mail", point, calendar, self.talk.uid, method, mail.recipient)

    def _fetched(self, point: str) -> list[Sent]:
        client, found = self.app.test_client(), []
        page = f"/veranstaltungen/{self.talk.slug}"
        for name, path in (
            ("own file", address(self.contact, Purpose.ANSWER, self.talk) + "/kalender.ics"),
            ("own feed", address(self.contact, Purpose.FEED)),
            ("public file", f"{page}/kalender.ics"),
            ("programme", "/veranstaltungen.ics"),
            ("series", f"/reihen/{self.talk.series.slug}.ics"),
        ):
            with self.later():
                content = client.get(path).data
            if self.talk.uid.encode() in content.replace(b"\r\n ", b""):
                found.append(Sent(name, point, content, self.talk.uid))
        return found


def beginning(app: Flask, organiser: Account, *, title: str, start: datetime) -> Story:
    """The invitation and its acceptance."""
    moment = start.astimezone(UTC) - timedelta(days=14)
    with frozen(moment):
        talk = factories.talk(
            starts_at=start.astimezone(UTC), title=title, second_hour=bool(start.fold)
        )
        made = Story(app, organiser, talk, factories.contact(), moment)
        factories.speaker(talk)
    made.happens("invited", made.invite)
    made.happens("accepted", lambda: made.answer(accept=True))
    return made


def story(app: Flask, organiser: Account, *, title: str, start: datetime) -> Story:
    """The same, and on to the cancellation; what was told is in `told`, in order."""
    made = beginning(app, organiser, title=title, start=start)
    talk, local = made.talk, made.talk.local_start
    day = local.date()
    made.happens("reworded", lambda: made.edit(title=f"{title[:80]} neu"))
    made.happens("moved", lambda: made.edit(day=day + timedelta(days=1), second_hour=False))
    made.happens("moved back", lambda: made.edit(day=day, second_hour=bool(start.fold)))
    assert talk.local_start == local
    made.happens("declined", lambda: made.answer(accept=False))
    made.happens("back", lambda: made.answer(accept=True))
    made.happens("cancelled", lambda: talks.cancel(talk, reason="", by=organiser))
    return made


SEQUENCES = {
    "invited": (0, 0),
    "accepted": (0, 0),
    "reworded": (0, 0),
    "moved": (1, 1),
    "moved back": (2, 2),
    "declined": (3, 2),
    "back": (4, 2),
    "cancelled": (5, 3),
}
"""What the person's calendar is told, and what everybody's."""
OWN = ("mail", "own file", "own feed")


@pytest.mark.once
@pytest.mark.parametrize(("start", "title"), [*zip(NIGHTS, HARD, strict=True)])
def test_every_calendar_of_an_evening_keeps_the_rules(
    app: Flask, organiser: Account, start: datetime, title: str
) -> None:
    made = story(app, organiser, title=title, start=start)
    # Who declined has no file of the own, nor has anybody of a cancelled evening.
    names = Counter(sent.name for sent in made.told)
    public = dict.fromkeys(("public file", "programme", "series"), 8)
    assert names == {"mail": 8, "own file": 5, "own feed": 6, **public}
    for sent in made.told:
        check_all(sent, made, title=title, start=start)
        assert sent.event.sequence == SEQUENCES[sent.point][sent.name not in OWN], sent
    for name in names:
        check_order([sent for sent in made.told if sent.name == name])


@pytest.mark.property
@pytest.mark.deep
@settings(
    max_examples=length(3, soak=40),
    deadline=None,
    phases=[Phase.generate],  # a story is long: what fails is shown as it was found
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(title=TITLES, start=st.sampled_from(NIGHTS))
def test_any_title_keeps_the_rules_in_every_calendar(
    app: Flask, organiser: Account, title: str, start: datetime
) -> None:
    made = beginning(app, organiser, title=title, start=start)
    for sent in made.told:
        check_all(sent, made, title=title, start=start)


def check_all(sent: Sent, made: Story, *, title: str, start: datetime) -> None:
    check_form(sent)
    check_people(sent, made)
    check_link(sent, made)
    check_entry(sent, title if sent.point in ("invited", "accepted") else made.talk.title)
    check_time(sent, start)


def check_form(sent: Sent) -> None:
    assert_well_formed(sent.content)
    text = sent.content.decode()
    assert "VALARM" not in text
    assert "RDATE" not in text
    assert text.count("BEGIN:VTIMEZONE") <= 1
    assert text.count("RRULE") == 2 * text.count("BEGIN:VTIMEZONE")
    (calendar,) = CalendarStream.from_ics(text).calendars
    feed = sent.name in ("own feed", "programme", "series")
    assert calendar.method == ("PUBLISH" if feed else sent.method)
    for name in ("NAME:", "X-WR-CALNAME:", "REFRESH-INTERVAL;", "X-PUBLISHED-TTL:"):
        assert (f"\r\n{name}" in text) is feed


def check_people(sent: Sent, made: Story) -> None:
    attendees = [line for line in sent.lines if line.startswith("ATTENDEE")]
    assert len(attendees) == (1 if sent.recipient else 0)
    for line in attendees:
        assert line.endswith(f":mailto:{sent.recipient}")
        asked = sent.point == "invited"
        assert ("PARTSTAT=NEEDS-ACTION" in line) is asked
        assert ("RSVP=TRUE" in line) is asked
    organizer = sent.event.organizer
    assert organizer is not None
    assert str(organizer.uri) == f"mailto:{settings_of(made.app).mail.sender}"
    others = sent.content.replace(b"\r\n ", b"").count(b"gemeinde.example")
    assert others == len(attendees)


def check_link(sent: Sent, made: Story) -> None:
    """It stands in all three places, and is the public page's or the one that only enters."""
    event, link = sent.event, str(sent.event.url)
    assert link in (event.location or "")
    assert (event.description or "").endswith(link)
    page = f"http://localhost/veranstaltungen/{made.talk.slug}"
    door = f"http://localhost{address(made.contact, Purpose.ENTER, made.talk)}"
    # Nobody enters a cancelled evening; the feed leads to the page that says so.
    leads_in = sent.name in OWN and (sent.name, sent.point) != ("own feed", "cancelled")
    assert link == (door if leads_in else page)
    # "/e/", "/a/" and the like answer, download or change settings.
    text = "\n".join(sent.lines)
    assert re.findall(r"localhost/[a-z]/", text) == ["localhost/r/"] * (3 if leads_in else 0)


def check_entry(sent: Sent, title: str) -> None:
    ended = sent.method == "CANCEL" or sent.point == "cancelled"
    before = "Abgesagt: " if sent.point == "cancelled" and sent.method is None else ""
    assert sent.event.summary == before + as_written(title)
    assert sent.event.status == ("CANCELLED" if ended else "CONFIRMED")
    assert sent.event.transparency == ("TRANSPARENT" if ended else "OPAQUE")
    assert f"X-MICROSOFT-CDO-BUSYSTATUS:{'FREE' if ended else 'BUSY'}" in sent.lines
    assert "X-MICROSOFT-DISALLOW-COUNTER:TRUE" in sent.lines


def as_written(title: str) -> str:
    plain = re.sub("\r\n?", "\n", title)
    return re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]", "", plain)


def check_time(sent: Sent, start: datetime) -> None:
    """Also for a reader who trusts nothing but the rules in the file."""
    if sent.point == "moved":
        start = start.replace(fold=0) + timedelta(days=1)  # on the wall clock
    minutes = timedelta(minutes=90)
    strange = Sent("", "", sent.content.replace(b"Europe/Berlin", b"Amtsstube"), sent.uid)
    for event in (sent.event, strange.event):
        assert event.dtstart.astimezone(UTC) == start.astimezone(UTC)
        if sent.point != "moved":
            assert event.dtend.astimezone(UTC) == start.astimezone(UTC) + minutes


def check_order(told: list[Sent]) -> None:
    """Each message is newer than the one before; what is fetched is so where it differs."""
    for before, after in pairwise(told):
        assert (after.event.sequence or 0) >= (before.event.sequence or 0)
        if after.name == "mail" or after.lines != before.lines:
            assert after.event.dtstamp > before.event.dtstamp, (before, after)
