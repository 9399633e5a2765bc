"""Asking for the link to the personal page, and the page itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.personal import address, everything, looked_at
from tests.queries import counted
from webinar.clock import frozen, now
from webinar.domain import links, participation
from webinar.extensions import db
from webinar.models import (
    AuditEntry,
    Contact,
    Grant,
    Grantee,
    Mail,
    Material,
    Mode,
    Purpose,
    Talk,
)

QUERIES = 8
MORNING = factories.at("2027-01-04T09:00")


def ask(client: FlaskClient, email: str, **more: str) -> Any:
    return client.post("/meine", data={"email": email, **more})


def mails() -> list[tuple[str, int | None]]:
    rows = db.session.execute(select(Mail.template, Mail.contact_id).order_by(Mail.id)).all()
    db.session.rollback()
    return [(row[0], row[1]) for row in rows]


def page_of(contact: Contact) -> str:
    return address(contact, Purpose.PREFERENCES)


def released(talk: Talk) -> None:
    factories.save(
        Material(
            talk=talk,
            kind="link",
            title="Merkblatt",
            url="https://example.org/merkblatt",
            processing="done",
            released_at=now(),
            grants=[Grant(grantee=Grantee.INVITED)],
        )
    )


def test_each_active_contact_at_the_address_gets_the_own_link(client: FlaskClient) -> None:
    first = factories.contact(email="rathaus@gemeinde.example")
    second = factories.contact(email="rathaus@gemeinde.example")
    factories.contact(email="rathaus@gemeinde.example", retired_at=now())
    factories.contact()
    assert ask(client, " Rathaus@Gemeinde.example ").status_code == 303
    assert mails() == [("personal_page", first.id), ("personal_page", second.id)]


def test_answers_for_all_addresses_are_the_same_bytes(client: FlaskClient) -> None:
    known = factories.contact()
    retired = factories.contact(retired_at=now())
    unsubscribed = factories.contact(unsubscribed_at=now())
    answers = set()
    for email in (known.email, "niemand@x.example", retired.email, unsubscribed.email):
        answer = ask(client, email)
        page = client.get(answer.headers["Location"])
        assert "Set-Cookie" not in answer.headers
        answers.add((answer.status_code, answer.headers["Location"], answer.data, page.data))
    answers.add(
        (
            303,
            *ask(client, "niemand", homepage="x").headers.get_all("Location"),
            answer.data,
            page.data,
        )
    )
    assert len(answers) == 1


def test_link_is_sent_three_times_an_hour_at_most(client: FlaskClient) -> None:
    contact = factories.contact()
    for minute in range(0, 50, 5):
        with frozen(MORNING + timedelta(minutes=minute)):
            ask(client, contact.email)
            ask(client, contact.email)
    assert len(mails()) == 3


def test_bad_address_is_named_at_its_field(client: FlaskClient) -> None:
    for email in ("", "eva", "a@b.example, c@d.example", "<b>@x"):
        answer = ask(client, email)
        assert answer.status_code == 422
        assert 'id="email-e"' in answer.get_data(as_text=True)
    assert "Set-Cookie" not in client.get("/meine").headers


def test_page_shows_where_the_person_stands(client: FlaskClient) -> None:
    contact = factories.contact()
    for number, title in enumerate(("Offen", "Zugesagt", "Voll", "Abgelehnt", "Anderswo")):
        talk = factories.talk(title=title, places_online=0 if title == "Voll" else None)
        row = factories.invitation(talk, contact if number < 4 else factories.contact())
        if title in ("Zugesagt", "Voll"):
            participation.accept(row, mode=Mode.ONLINE)
        if title == "Abgelehnt":
            participation.decline(row)
    withdrawn = factories.talk(title="Zurückgezogen")
    factories.invitation(withdrawn, contact, answer="withdrawn")
    past = factories.talk(title="Vorbei", starts_at=now() - timedelta(days=3))
    factories.invitation(past, contact)
    released(past)
    page = client.get(page_of(contact)).get_data(as_text=True)
    for word in ("Offen", "Zugesagt", "bestätigt", "Warteliste, Platz 1", "abgesagt", "Vorbei"):
        assert word in page
    assert "1 Datei" in page
    assert "Anderswo" not in page
    assert "Zurückgezogen" not in page
    assert contact.email in page.replace("<wbr>", "")


def test_looking_changes_nothing(client: FlaskClient) -> None:
    contact = factories.contact()
    factories.invitation(factories.talk(), contact)
    page = page_of(contact)
    before = everything()
    assert set(looked_at(client, page)) == {200}
    assert everything() == before
    assert "Set-Cookie" not in client.get(page).headers


def test_buttons_lead_to_the_talks_own_pages(client: FlaskClient) -> None:
    contact = factories.contact()
    talk, other = factories.talk(), factories.talk()
    factories.invitation(talk, contact)
    page = page_of(contact)
    answer = client.post(f"{page}/veranstaltung/{talk.slug}")
    assert answer.status_code == 303
    assert answer.headers["Location"] == address(contact, Purpose.ANSWER, talk)
    assert client.get(answer.headers["Location"]).status_code == 200
    answer = client.post(f"{page}/unterlagen/{talk.slug}")
    assert answer.headers["Location"] == address(contact, Purpose.ARCHIVE, talk)
    assert client.post(f"{page}/veranstaltung/{other.slug}").status_code == 404
    assert client.post(f"{page}/unterlagen/nichts").status_code == 404


def test_language_changes_are_mailed_once(client: FlaskClient) -> None:
    contact = factories.contact()
    page = page_of(contact)
    for _ in range(2):
        assert client.post(f"{page}/sprache", data={"language": "en"}).status_code == 303
    assert client.post(f"{page}/sprache", data={"language": "xx"}).status_code == 422
    assert "My talks" in client.get(page).get_data(as_text=True)
    assert mails() == [("language_changed", contact.id)]
    assert db.session.scalars(select(AuditEntry.action)).all() == ["contact.edited"]


def test_invitations_are_switched_and_mailed(client: FlaskClient) -> None:
    contact = factories.contact()
    page = page_of(contact)
    client.post(f"{page}/einladungen/nein")
    assert "keine Einladungen mehr" in client.get(page).get_data(as_text=True)
    client.post(f"{page}/einladungen/ja")
    assert [name for name, _contact in mails()] == ["unsubscribed", "resubscribed"]


def test_calendar_is_set_up_once_and_its_address_replaced_once(client: FlaskClient) -> None:
    contact = factories.contact()
    page = page_of(contact)
    assert "webcal:" not in client.get(page).text
    for _ in range(2):
        answer = client.post(f"{page}/kalender")
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{page}#kalender")
    first = address(contact, Purpose.FEED)
    shown = client.get(page).text
    assert f'href="webcal://localhost{first}"' in shown
    assert f">http://localhost{first}</code>" in shown
    assert 'name="version" value="1"' in shown
    for version in ("1", "1", "", "x", "9" * 30):
        assert client.post(f"{page}/kalender/neu", data={"version": version}).status_code == 303
    second = address(contact, Purpose.FEED)
    assert [client.get(path).status_code for path in (first, second)] == [410, 200]
    assert second in client.get(page).text
    assert mails() == [("calendar_feed", contact.id)] * 2
    actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["contact.feed_opened", "contact.feed_renewed"]


def test_calendar_that_was_closed_is_offered_anew(client: FlaskClient) -> None:
    contact = factories.contact()
    page, path = page_of(contact), address(contact, Purpose.FEED)
    link = links.find_contact_link(contact, purpose=Purpose.FEED)
    assert link is not None
    links.revoke(link)
    db.session.commit()
    assert "webcal:" not in client.get(page).text
    client.post(f"{page}/kalender")
    assert client.get(path).status_code == 410
    assert client.get(address(contact, Purpose.FEED)).status_code == 200


def test_page_asks_a_fixed_number_of_queries(client: FlaskClient) -> None:
    numbers = []
    for rows in (1, 3):
        contact = factories.contact()
        for _ in range(rows):
            full = factories.talk(places_online=0)
            participation.accept(factories.invitation(full, contact), mode=Mode.ONLINE)
            past = factories.talk(starts_at=now() - timedelta(days=3))
            factories.invitation(past, contact)
            released(past)
        db.session.commit()
        page = page_of(contact)
        db.session.remove()
        with counted() as statements:
            assert client.get(page).status_code == 200
        numbers.append(len(statements))
    assert numbers == [QUERIES, QUERIES]


def test_public_and_personal_pages_lead_to_it(client: FlaskClient) -> None:
    contact, talk = factories.contact(), factories.talk()
    factories.invitation(talk, contact)
    assert 'href="/meine"' in client.get("/").get_data(as_text=True)
    page = client.get(address(contact, Purpose.ANSWER, talk)).get_data(as_text=True)
    assert 'href="/meine"' in page
