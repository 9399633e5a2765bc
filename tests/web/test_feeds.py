"""Calendars that subscribe: what they are given, and how they learn that nothing has changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from flask import Flask
from flask.testing import FlaskClient
from ical.calendar import Calendar
from ical.calendar_stream import CalendarStream
from werkzeug.http import http_date
from werkzeug.test import TestResponse

from tests import factories
from tests.personal import address, everything, looked_at
from tests.queries import counted
from webinar.clock import frozen, now
from webinar.domain import links, participation, talks
from webinar.extensions import db, limiter
from webinar.models import Account, Contact, Mode, Purpose, Talk, TalkState
from webinar.web.logs import redact

MORNING = factories.at("2027-01-04T09:00")
SECRETS = (Purpose.ANSWER, Purpose.ARCHIVE, Purpose.PREFERENCES, Purpose.UNSUBSCRIBE, Purpose.FEED)
QUERIES = {"programme": 3, "series": 4, "mine": 4}


def read(answer: TestResponse) -> Calendar:
    assert answer.mimetype == "text/calendar"
    (found,) = CalendarStream.from_ics(answer.data.decode()).calendars
    return found


def titles(answer: TestResponse) -> list[str]:
    return [event.summary or "" for event in read(answer).events]


def unfolded(answer: TestResponse) -> str:
    return answer.data.replace(b"\r\n ", b"").decode()


def coming(talk: Talk, contact: Contact) -> None:
    participation.accept(factories.invitation(talk, contact), mode=Mode.ONLINE)
    db.session.commit()


def feed_of(contact: Contact) -> str:
    return address(contact, Purpose.FEED)


@pytest.fixture(params=["programme", "series", "mine"])
def feed(request: pytest.FixtureRequest, app: Flask) -> str:
    """The address of each feed, with one evening in it that was last changed in the morning."""
    with frozen(MORNING):
        contact, talk = factories.contact(), factories.talk(title="Der digitale Bauantrag")
        coming(talk, contact)
        addresses = {
            "programme": "/veranstaltungen.ics",
            "series": f"/reihen/{talk.series.slug}.ics",
            "mine": feed_of(contact),
        }
    return addresses[request.param]


@pytest.fixture(autouse=True)
def evening(app: Flask) -> Iterator[None]:
    """Long enough after the last change that seconds do not matter."""
    with frozen(MORNING + timedelta(hours=9)):
        yield


def test_feed_publishes_the_evening_and_names_nobody(client: FlaskClient, feed: str) -> None:
    answer = client.get(feed)
    calendar = read(answer)
    assert (answer.status_code, calendar.method) == (200, "PUBLISH")
    assert titles(answer) == ["Der digitale Bauantrag"]
    assert "Set-Cookie" not in answer.headers
    text = unfolded(answer)
    for word in ("ATTENDEE", "VALARM", "Seubert", "gemeinde.example", "RDATE"):
        assert word not in text
    assert "DTSTAMP:20270104T090000Z" in text


def test_feed_is_told_apart_by_its_bytes(client: FlaskClient, feed: str) -> None:
    first = client.get(feed)
    etag = first.headers["ETag"]
    assert etag.startswith('"')
    assert client.get(feed).headers["ETag"] == etag
    with frozen(MORNING + timedelta(hours=10)):
        assert client.get(feed).headers["ETag"] == etag
    for asked in (etag, f"W/{etag}", f'"x", {etag}, W/"y"', "*"):
        answer = client.get(feed, headers={"If-None-Match": asked})
        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["ETag"] == etag
        assert answer.headers["Cache-Control"] == first.headers["Cache-Control"]
        assert "Content-Type" not in answer.headers
    for asked in ('"x"', 'W/"x", "y"', '""', "nonsense"):
        assert client.get(feed, headers={"If-None-Match": asked}).status_code == 200


def test_etag_counts_before_the_date(client: FlaskClient, feed: str) -> None:
    first = client.get(feed)
    changed = first.headers["Last-Modified"]
    assert changed == http_date(MORNING)
    later, earlier = http_date(now()), http_date(MORNING - timedelta(seconds=1))
    for date, status in ((changed, 304), (later, 304), (earlier, 200), ("gestern", 200)):
        assert client.get(feed, headers={"If-Modified-Since": date}).status_code == status
    for asked in ('"x"', '"'):
        headers = {"If-None-Match": asked, "If-Modified-Since": later}
        assert client.get(feed, headers=headers).status_code == 200
    headers = {"If-None-Match": first.headers["ETag"], "If-Modified-Since": earlier}
    assert client.get(feed, headers=headers).status_code == 304


def test_date_is_kept_back_while_another_change_may_follow(client: FlaskClient, feed: str) -> None:
    with frozen(MORNING + timedelta(seconds=1)):
        answer = client.get(feed)
        assert "Last-Modified" not in answer.headers
        headers = {"If-Modified-Since": http_date(MORNING)}
        assert client.get(feed, headers=headers).status_code == 200


def test_head_says_the_same_without_the_bytes(client: FlaskClient, feed: str) -> None:
    got, asked = client.get(feed), client.head(feed)
    assert (asked.status_code, asked.data) == (200, b"")
    for name in ("ETag", "Last-Modified", "Content-Length", "Content-Type", "Cache-Control"):
        assert asked.headers[name] == got.headers[name]
    assert client.head(feed, headers={"If-None-Match": got.headers["ETag"]}).status_code == 304


def test_asking_writes_nothing(client: FlaskClient, feed: str) -> None:
    before = everything()
    assert set(looked_at(client, feed)) == {200}
    assert everything() == before
    assert client.post(feed).status_code == 405


def test_public_feeds_are_kept_for_minutes_and_personal_ones_by_nobody(client: FlaskClient) -> None:
    assert client.get("/veranstaltungen.ics").headers["Cache-Control"] == "public, max-age=600"
    headers = client.get(feed_of(factories.contact())).headers
    assert headers["Cache-Control"] == "private, no-cache"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in headers["X-Robots-Tag"]


def test_public_feed_leads_to_the_pages_and_knows_no_room(client: FlaskClient) -> None:
    talk, contact = factories.talk(format="hybrid", venue="Saal"), factories.contact()
    factories.speaker(talk)
    coming(talk, contact)
    factories.talk(state=TalkState.DRAFT, title="Entwurf")
    factories.talk(state=TalkState.CANCELLED, title="Ausgefallen")
    answer = client.get("/veranstaltungen.ics")
    first, second = read(answer).events
    assert str(first.url) == f"http://localhost/veranstaltungen/{talk.slug}"
    assert first.location == f"Online oder vor Ort: Saal, {first.url}"
    assert "Katharina Brandl" in (first.description or "")
    assert first.organizer is not None
    assert str(first.organizer.uri) == "mailto:after-work-wissen@lra.example"
    assert (second.summary, second.status) == ("Abgesagt: Ausgefallen", "CANCELLED")
    assert second.sequence == 0
    assert "/r/" not in unfolded(answer)
    assert "Entwurf" not in unfolded(answer)


def test_feeds_have_the_names_of_what_they_hold(client: FlaskClient) -> None:
    series = factories.series(name="Kreis, digital", slug="kreis-digital")
    names = {
        "/veranstaltungen.ics": "After-Work-Wissen",
        "/reihen/kreis-digital.ics": "Kreis, digital",
        feed_of(factories.contact()): "After-Work-Wissen: meine Veranstaltungen",
        feed_of(factories.contact(language="en")): "After-Work-Wissen: my talks",
    }
    for path, name in names.items():
        text = unfolded(client.get(path))
        written = name.replace(",", "\\,")
        assert f"\r\nNAME:{written}\r\n" in text
        assert f"\r\nX-WR-CALNAME:{written}\r\n" in text
        assert "\r\nREFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in text
        assert "\r\nX-PUBLISHED-TTL:PT1H\r\n" in text
    assert series.talks == []
    assert client.get("/reihen/nichts.ics").status_code == 404


def test_own_feed_carries_the_door_and_no_other_link(client: FlaskClient) -> None:
    talk, contact = factories.talk(), factories.contact()
    coming(talk, contact)
    others = [address(contact, purpose, talk) for purpose in SECRETS[:2]]
    others += [address(contact, purpose) for purpose in SECRETS[2:]]
    answer = client.get(feed_of(contact))
    (event,) = read(answer).events
    door = f"http://localhost{address(contact, Purpose.ENTER, talk)}"
    assert str(event.url) == door
    assert event.location == f"Online, {door}"
    assert (event.description or "").endswith(f"Ihr Zugang zur Veranstaltung:\n\n{door}")
    text = unfolded(answer)
    assert [path for path in others if path.split("/")[2] in text] == []


def test_waiting_is_tentative_and_says_so_and_turns_into_a_place(client: FlaskClient) -> None:
    talk, contact = factories.talk(places_online=0, title="Voll"), factories.contact()
    coming(talk, contact)
    answer = client.get(feed_of(contact))
    (event,) = read(answer).events
    assert (event.summary, event.status) == ("Warteliste: Voll", "TENTATIVE")
    assert "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE" in unfolded(answer)
    assert str(event.url) == f"http://localhost/veranstaltungen/{talk.slug}"
    with frozen(now() + timedelta(minutes=5)):
        talk.places_online = 1
        participation.places_changed(talk)
        db.session.commit()
        (after,) = read(client.get(feed_of(contact))).events
    assert (after.summary, after.status, after.uid) == ("Voll", "CONFIRMED", event.uid)
    assert after.dtstamp > event.dtstamp


def test_own_feed_shows_what_was_cancelled_and_forgets_what_was_declined(
    client: FlaskClient, organiser: Account
) -> None:
    contact = factories.contact()
    off, left = factories.talk(title="Ausgefallen"), factories.talk(title="Abgesagt")
    coming(off, contact)
    row = factories.invitation(left, contact)
    participation.accept(row, mode=Mode.ONLINE)
    db.session.commit()
    before = {event.uid: event for event in read(client.get(feed_of(contact))).events}
    with frozen(now() + timedelta(minutes=5)):
        talks.cancel(off, reason="", by=organiser)
        participation.decline(row)
        db.session.commit()
        (event,) = read(client.get(feed_of(contact))).events
    assert (event.summary, event.status) == ("Abgesagt: Ausgefallen", "CANCELLED")
    assert event.sequence == (before[off.uid].sequence or 0) + 1
    assert event.dtstamp > before[off.uid].dtstamp


def test_replaced_address_is_gone_and_a_wrong_one_is_unknown(client: FlaskClient) -> None:
    contact = factories.contact()
    path = feed_of(contact)
    assert client.get(path).status_code == 200
    link = links.find_contact_link(contact, purpose=Purpose.FEED)
    assert link is not None
    links.reissue(link)
    db.session.commit()
    for method in ("GET", "HEAD"):
        answer = client.open(path, method=method, headers={"If-None-Match": "*"})
        assert answer.status_code == 410
        assert answer.headers["Cache-Control"] == "no-store"
    assert "Dieser Link gilt nicht mehr" in client.get(path).text
    assert client.get(feed_of(contact)).status_code == 200
    assert client.get(path[:-4] + "AAAA").status_code == 404
    assert client.get("/f/nichts.nichts").status_code == 404
    links.revoke(link)
    db.session.commit()
    assert client.get(feed_of(contact)).status_code == 410


def test_other_links_that_were_replaced_stay_unknown(client: FlaskClient) -> None:
    contact = factories.contact()
    path = address(contact, Purpose.PREFERENCES)
    link = links.find_contact_link(contact, purpose=Purpose.PREFERENCES)
    assert link is not None
    links.reissue(link)
    db.session.commit()
    assert client.get(path).status_code == 404


def test_feeds_ask_a_fixed_number_of_queries(client: FlaskClient) -> None:
    numbers = []
    for rows in (1, 3):
        contact, series = factories.contact(), factories.series()
        for _ in range(rows):
            talk = factories.talk(series=series)
            factories.speaker(talk)
            coming(talk, contact)
        paths = ("/veranstaltungen.ics", f"/reihen/{series.slug}.ics", feed_of(contact))
        db.session.commit()
        found = {}
        for name, path in zip(QUERIES, paths, strict=True):
            db.session.remove()
            with counted() as statements:
                assert len(read(client.get(path)).events) >= rows
            found[name] = len(statements)
        numbers.append(found)
    assert numbers == [QUERIES, QUERIES]


def test_feeds_are_limited_each_by_its_own_link(client: FlaskClient) -> None:
    limiter.enabled = True
    limiter.reset()
    first, second = (feed_of(factories.contact()) for _ in range(2))
    try:
        statuses = [client.get(first).status_code for _ in range(31)]
        assert statuses == [200] * 30 + [429]
        assert client.get(second).status_code == 200
        public = [client.get("/veranstaltungen.ics").status_code for _ in range(61)]
        assert public == [200] * 60 + [429]
    finally:
        limiter.reset()
        limiter.enabled = False


def test_logs_hold_no_address_of_a_feed() -> None:
    assert redact("/f/Hbyv3pklujZEfGPN.8nXrlCYTOBsxgtAbtToVU_Qrq") == "/f/[link]"


def test_sequence_and_stamp_never_fall_whatever_happens_to_the_evening(
    client: FlaskClient, organiser: Account
) -> None:
    talk, contact = factories.talk(), factories.contact()
    row = factories.invitation(talk, contact)
    seen = []
    for minute, act in enumerate(
        (
            lambda: participation.accept(row, mode=Mode.ONLINE),
            lambda: participation.decline(row),
            lambda: participation.accept(row, mode=Mode.ONLINE),
            lambda: participation.withdraw(row, by=organiser),
            lambda: participation.register_by_hand(
                talk, contact=contact, mode=Mode.ONLINE, by=organiser
            ),
            lambda: talks.cancel(talk, reason="", by=organiser),
        )
    ):
        with frozen(now() + timedelta(minutes=minute)):
            act()
            db.session.commit()
            seen += read(client.get(feed_of(contact))).events
    assert [event.sequence for event in seen] == [0, 2, 4, 5]
    assert all(after.dtstamp > before.dtstamp for before, after in pairwise(seen))
