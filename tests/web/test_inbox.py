"""The inbox at the desk: lists, suggestions, what an organiser takes down."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.queries import counted
from webinar.domain import inbox, inbox_bounces
from webinar.extensions import db
from webinar.models import (
    Answer,
    Contact,
    Format,
    InboxKind,
    InboxMessage,
    InboxState,
    Mail,
    MailState,
    Mode,
    Outcome,
    Registration,
    Suggestion,
    Talk,
)

LIST = "/desk/posteingang"


@pytest.fixture
def environ(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    return {**environ, "WEBINAR_INBOX_MODE": "folder", "WEBINAR_INBOX_FOLDER": str(tmp_path)}


def message(
    contact: Contact | None = None, talk: Talk | None = None, **values: object
) -> InboxMessage:
    number = db.session.query(InboxMessage).count()
    given = {
        "fingerprint": f"{number:064}",
        "kind": InboxKind.ANSWER,
        "sender": contact.email if contact is not None else "fremd@x.example",
        "subject": "AW: Einladung",
        "text": "Ich komme gern. http://localhost/e/AbCdEfGhIjKlMnOp.signatur12345 <b>fett</b>",
        "contact": contact,
        "talk": talk,
        "suggestion": Suggestion.ACCEPT,
        **values,
    }
    row = InboxMessage(**given)
    factories.save(row)
    return row


def text_of(desk: FlaskClient, address: str) -> str:
    answer = desk.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True).replace("\xa0", " ").replace("<wbr>", "")


def test_index_sorts_by_what_is_to_do(app: Flask, desk: FlaskClient) -> None:
    contact = factories.contact()
    message(contact, factories.talk(title="Schulen ans Netz"))
    message(
        state=InboxState.ASIDE,
        outcome=Outcome.MASS_MAIL,
        sender="rundbrief@x.example",
        suggestion="",
    )
    message(state=InboxState.ACTED, outcome=Outcome.DECLINED, sender="ab@x.example", suggestion="")
    page = text_of(desk, LIST)
    for words in (contact.last_name, "Schulen ans Netz", "Sagt offenbar zu", "AW: Einladung"):
        assert words in page
    assert "rundbrief@x.example" not in page
    assert "rundbrief@x.example" in text_of(desk, f"{LIST}?state=aside")
    assert "ab@x.example" in text_of(desk, f"{LIST}?state=acted")
    assert "ab@x.example" not in text_of(desk, f"{LIST}?state=quatsch")


def test_navigation_counts_what_waits(app: Flask, desk: FlaskClient) -> None:
    assert "Posteingang</a>" in text_of(desk, "/desk/reihen")
    message()
    assert 'Posteingang <span class="num">1</span>' in text_of(desk, "/desk/reihen")


def test_overview_says_that_somebody_is_needed(app: Flask, desk: FlaskClient) -> None:
    assert "beantworten" not in text_of(desk, "/desk/")
    message()
    message()
    assert "2 Nachrichten beantworten" in text_of(desk, "/desk/")


def test_index_needs_the_same_queries_for_one_and_three(app: Flask, desk: FlaskClient) -> None:
    counts = []
    for many in (1, 2):
        for _ in range(many):
            message(factories.contact(organisation=factories.organisation()), factories.talk())
        with counted() as statements:
            text_of(desk, LIST)
        counts.append(len(statements))
    assert counts == [6, 6]


def test_index_says_since_when_the_mailbox_is_not_read(app: Flask, desk: FlaskClient) -> None:
    inbox.note_reading("folder", trouble="FileNotFoundError: <script>")
    db.session.commit()
    page = text_of(desk, LIST)
    assert "Das Postfach kann seit" in page
    assert "&lt;script&gt;" in page


def test_show_escapes_the_text_and_blacks_links_out(app: Flask, desk: FlaskClient) -> None:
    page = text_of(desk, f"{LIST}/{message().id}")
    assert "&lt;b&gt;fett" in page
    assert "signatur12345" not in page
    assert desk.get(f"{LIST}/999").status_code == 404


def test_acceptance_is_taken_down_on_the_side_that_was_chosen(
    app: Flask, desk: FlaskClient
) -> None:
    talk = factories.talk(format=Format.HYBRID)
    invitation = factories.invitation(talk, factories.contact())
    row = message(invitation.contact, talk)
    page = text_of(desk, f"{LIST}/{row.id}")
    assert "Sagt zu: im Saal" in page
    answer = desk.post(f"{LIST}/{row.id}/zusage", data={"talk": talk.id, "mode": "hall"})
    assert answer.status_code == 303
    db.session.expire_all()
    assert (invitation.answer, row.state) == (Answer.ACCEPTED, InboxState.DONE)
    assert db.session.query(Registration).one().mode == Mode.HALL


def test_refusal_is_taken_down_once(app: Flask, desk: FlaskClient) -> None:
    invitation = factories.invitation(factories.talk(), factories.contact())
    row = message(invitation.contact, invitation.talk, suggestion=Suggestion.DECLINE)
    data = {"talk": invitation.talk_id}
    assert desk.post(f"{LIST}/{row.id}/absage", data=data).status_code == 303
    again = desk.post(f"{LIST}/{row.id}/absage", data=data)
    assert again.status_code == 422
    assert "schon bearbeitet" in again.get_data(as_text=True)
    db.session.expire_all()
    assert invitation.answer == Answer.DECLINED


def test_answer_for_somebody_who_is_not_invited_is_refused(app: Flask, desk: FlaskClient) -> None:
    row = message(factories.contact())
    talk = factories.talk()
    answer = desk.post(f"{LIST}/{row.id}/zusage", data={"talk": talk.id, "mode": "online"})
    assert answer.status_code == 422
    assert "nicht eingeladen" in answer.get_data(as_text=True)
    assert desk.post(f"{LIST}/{row.id}/zusage", data={"talk": "x"}).status_code == 404


def test_message_without_a_contact_can_only_be_done(app: Flask, desk: FlaskClient) -> None:
    row = message()
    page = text_of(desk, f"{LIST}/{row.id}")
    assert "/zusage" not in page
    assert desk.post(f"{LIST}/{row.id}/erledigt").status_code == 303
    assert "/erledigt" not in text_of(desk, f"{LIST}/{row.id}")


def delegation(talk: Talk | None = None) -> InboxMessage:
    invitation = factories.invitation(talk or factories.talk(), factories.contact())
    return message(
        invitation.contact,
        invitation.talk,
        kind=InboxKind.REPLY,
        outcome=Outcome.DELEGATED,
        suggestion=Suggestion.DELEGATE,
        details={"delegated_to": "bauamt@gemeinde.example"},
    )


def test_deputy_that_a_calendar_named_is_named_here(app: Flask, desk: FlaskClient) -> None:
    row = delegation(factories.talk(format=Format.HYBRID))
    factories.contact(first_name="Jonas", last_name="Bauer", email="bauamt@gemeinde.example")
    assert f"{LIST}/{row.id}/vertretung" in text_of(desk, f"{LIST}/{row.id}")
    page = text_of(desk, f"{LIST}/{row.id}/vertretung")
    for words in ('value="bauamt@gemeinde.example"', 'value="Jonas"', 'value="Bauer"', "Im Saal"):
        assert words.lower() in page.lower() or words == "Im Saal"
    data = {"first_name": "Jonas", "last_name": "Bauer", "email": "bauamt@gemeinde.example"}
    answer = desk.post(
        f"{LIST}/{row.id}/vertretung", data={**data, "mode": "hall"}, follow_redirects=True
    )
    assert "Die Vertretung wurde benannt." in answer.text
    db.session.expire_all()
    assert row.state == InboxState.DONE
    place = db.session.query(Registration).one()
    assert (place.contact.last_name, place.mode) == ("Bauer", Mode.HALL)
    assert desk.get(f"{LIST}/{row.id}/vertretung").status_code == 303


def test_deputy_who_cannot_be_named_is_refused_at_the_field(app: Flask, desk: FlaskClient) -> None:
    row = delegation()
    assert row.contact is not None
    data = {"first_name": "", "last_name": "", "email": "kein at"}
    answer = desk.post(f"{LIST}/{row.id}/vertretung", data=data)
    assert answer.status_code == 422
    assert 'value="kein at"' in answer.text
    oneself = {
        "first_name": row.contact.first_name,
        "last_name": row.contact.last_name,
        "email": row.contact.email,
    }
    answer = desk.post(f"{LIST}/{row.id}/vertretung", data=oneself)
    assert answer.status_code == 422
    db.session.expire_all()
    assert row.state == InboxState.WAITING


def test_message_that_names_no_deputy_leads_back(app: Flask, desk: FlaskClient) -> None:
    row = message(factories.contact(), factories.talk())
    assert desk.get(f"{LIST}/{row.id}/vertretung").status_code == 303
    assert "/vertretung" not in text_of(desk, f"{LIST}/{row.id}")


def test_page_says_that_the_person_was_told(app: Flask, desk: FlaskClient) -> None:
    row = message(
        factories.contact(), outcome=Outcome.REFUSED,
        details={"rule": "registration_closed", "told": "yes"},
    )  # fmt: skip
    assert "wurde per E-Mail benachrichtigt" in text_of(desk, f"{LIST}/{row.id}")


def test_report_without_proof_is_believed_by_the_organiser(app: Flask, desk: FlaskClient) -> None:
    contact = factories.contact()
    mail = Mail(
        template="x", key="k", recipient=contact.email, contact=contact, state=MailState.SENT
    )
    factories.save(mail)
    row = message(contact, kind=InboxKind.BOUNCE, mail=mail, suggestion=Suggestion.BOUNCE,
                  outcome=Outcome.BOUNCE_NOT_PROVEN)  # fmt: skip
    assert "Adresse als unzustellbar kennzeichnen" in text_of(desk, f"{LIST}/{row.id}")
    assert desk.post(f"{LIST}/{row.id}/unzustellbar").status_code == 303
    db.session.expire_all()
    assert mail.state == MailState.BOUNCED
    assert "unzustellbar" in text_of(desk, f"/desk/kontakte/{contact.id}")
    assert inbox_bounces is not None
