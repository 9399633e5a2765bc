"""The page behind the room: back inside, the slides, and feedback that names nobody."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.personal import address, everything
from tests.web.test_entry import START, Guest, guest
from webinar.clock import frozen
from webinar.extensions import db
from webinar.models import AuditEntry, Feedback, Mail, Purpose


def left(client: FlaskClient, who: Guest, path: str = "") -> str:
    """Enter the room and follow the way out of it."""
    with frozen(START):
        entered = client.post(path or f"{who.answer}/raum").text
    found = re.search(r'href="([^"]+/danach\?t=[^"]+)"', entered)
    assert found is not None
    return html.unescape(found[1])


def test_leaving_leads_to_a_page_with_the_way_back(client: FlaskClient) -> None:
    who = guest()
    way_out = left(client, who)
    before = everything()
    with frozen(START):
        text = client.get(way_out).text
    assert "You have left the room." in text
    assert f'href="{who.answer}/raum"' in text
    assert "Your feedback" in text
    assert everything() == before
    with frozen(who.talk.ends_at + timedelta(minutes=30)):
        assert f'href="{who.answer}/raum"' not in client.get(way_out).text


def test_feedback_is_kept_without_the_person_and_once_for_each_click(client: FlaskClient) -> None:
    who = guest()
    way_out = left(client, who)
    with frozen(START):
        answer = client.post(way_out, data={"rating": "4", "text": "  Sehr <anschaulich> "})
        assert (answer.status_code, answer.headers["Location"]) == (303, way_out)
        client.post(way_out, data={"rating": "1"})
        text = client.get(way_out).text
    assert "Thank you, your feedback has arrived." in text
    assert "<form" not in text.split("You have left the room.")[1].split("Back into")[1]
    row = db.session.scalars(select(Feedback)).one()
    assert (row.rating, row.text) == (4, "Sehr <anschaulich>")
    assert row.given_on == START.date()
    stored = " ".join(everything()["feedbacks"])
    for trace in (who.registration.pseudonym, who.contact.email, who.contact.last_name):
        assert trace not in stored
        assert trace not in way_out
    assert db.session.scalars(select(AuditEntry)).all() == []
    assert [m for m in db.session.scalars(select(Mail)) if m.created_at >= START] == []


def test_second_click_into_the_room_may_give_feedback_again(client: FlaskClient) -> None:
    who = guest()
    with frozen(START):
        for _ in range(2):
            client.post(left(client, who), data={"rating": "5"})
    assert len(db.session.scalars(select(Feedback)).all()) == 2


@pytest.mark.parametrize("rating", ["", "0", "6", "x", "٣"])
def test_feedback_without_a_mark_is_refused_at_its_field(client: FlaskClient, rating: str) -> None:
    way_out = left(client, guest())
    with frozen(START):
        answer = client.post(way_out, data={"rating": rating, "text": "Gut & kurz"})
    assert answer.status_code == 422
    assert "Please choose a mark." in answer.text
    assert "Gut &amp; kurz" in answer.text
    assert db.session.scalar(select(Feedback)) is None


def test_feedback_needs_a_ticket_of_this_talk(client: FlaskClient) -> None:
    who, other = guest(), guest()
    strange = left(client, other).partition("?")[2]
    with frozen(START):
        for query in ("", "?t=", "?t=x.y", f"?{strange}", f"?{strange[:-2]}"):
            path = f"{who.answer}/danach{query}"
            assert "Your feedback" not in client.get(path).text
            assert client.post(path, data={"rating": "5"}).status_code == 303
    assert db.session.scalar(select(Feedback)) is None


def test_link_of_the_calendar_gives_feedback_and_reaches_no_slides(client: FlaskClient) -> None:
    who = guest()
    way_out = left(client, who, who.enter)
    assert way_out.startswith(f"{who.enter}/danach?t=")
    with frozen(START):
        text = client.get(way_out).text
        assert "/unterlagen" not in text
        assert f'href="{who.enter}"' in text
        assert client.post(way_out, data={"rating": "5"}).status_code == 303
    assert db.session.scalars(select(Feedback)).one().rating == 5


def test_office_reads_figures_and_words_from_three_people_on(desk: FlaskClient) -> None:
    talk = factories.talk()
    path = f"/desk/veranstaltungen/{talk.id}"

    def give(rating: int, text: str) -> None:
        number = len(db.session.scalars(select(Feedback)).all())
        factories.save(
            Feedback(
                talk_id=talk.id,
                ticket=f"t{number}",
                given_on=START.date(),
                rating=rating,
                text=text,
            )
        )

    assert "rueckmeldungen" not in desk.get(path).text
    give(5, "Anschaulich")
    give(4, "")
    assert "2 Rückmeldungen" in desk.get(path).text
    few = desk.get(f"{path}/rueckmeldungen").text
    assert "Anschaulich" not in few
    assert "ab 3 Personen" in few
    give(4, "<b>Zu kurz</b>")
    text = desk.get(f"{path}/rueckmeldungen").text
    assert "Im Durchschnitt 4,3 von 5." in text
    assert "Anschaulich" in text
    assert "&lt;b&gt;Zu kurz&lt;/b&gt;" in text


def test_feedback_can_be_given_after_the_evening_without_having_been_embedded(
    client: FlaskClient,
) -> None:
    who = guest()
    archive = address(who.contact, Purpose.ARCHIVE, who.talk)
    later = who.talk.ends_at + timedelta(days=1)
    for page in (who.answer, archive):
        with frozen(START):
            assert "danach/rueckmeldung" not in client.get(page).text
            refused = client.post(f"{page}/danach/rueckmeldung").headers["Location"]
            assert "?t=" not in refused
        with frozen(later):
            assert f"{page}/danach/rueckmeldung" in client.get(page).text
            before = everything()
            drawn = client.post(f"{page}/danach/rueckmeldung").headers["Location"]
            assert "Your feedback" in client.get(drawn).text
            assert everything() == before  # a ticket leaves no trace
            assert client.post(drawn, data={"rating": "5"}).status_code == 303
        with frozen(who.talk.ends_at + timedelta(days=30)):
            assert "danach/rueckmeldung" not in client.get(page).text
    assert len(db.session.scalars(select(Feedback)).all()) == 2
