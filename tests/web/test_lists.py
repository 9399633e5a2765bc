"""The lists from every side, their files, and the mailings that begin there."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.queries import counted
from webinar.adapters.spreadsheet import read_table
from webinar.clock import now
from webinar.domain import mailings, participation
from webinar.extensions import db
from webinar.models import (
    Answer,
    Contact,
    Mail,
    Mailing,
    Mode,
    OrganisationKind,
    Question,
    QuestionAnswer,
    QuestionKind,
    Talk,
)


def home(talk: Talk, rest: str = "/einladungen") -> str:
    return f"/desk/veranstaltungen/{talk.id}{rest}"


def text_of(desk: FlaskClient, address: str) -> str:
    answer = desk.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True).replace("\xa0", " ")


def accept(talk: Talk, name: str) -> Contact:
    contact = factories.contact(last_name=name)
    participation.accept(factories.invitation(talk, contact), mode=Mode.ONLINE)
    db.session.commit()
    return contact


@pytest.mark.parametrize("page", ["/einladungen", "/anmeldungen"])
def test_headings_sort_say_so_and_turn_round(app: Flask, desk: FlaskClient, page: str) -> None:
    talk = factories.talk()
    for name in ("Brandl", "Adam"):
        accept(talk, name)
    shown = text_of(desk, home(talk, page + "?sort=name-down&q=hannah"))
    assert shown.index("Brandl, ") < shown.index("Adam, ")
    assert 'aria-sort="descending"' in shown
    link = re.search(r'class="sort" href="([^"]+)"', shown)
    assert link is not None
    assert "sort=name" in link[1]
    assert "q=hannah" in link[1]
    turned = text_of(desk, link[1].replace("&amp;", "&"))
    assert turned.index("Adam, ") < turned.index("Brandl, ")
    assert 'aria-sort="ascending"' in turned


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("page", ["einladungen", "anmeldungen"])
def test_file_holds_what_is_on_the_screen_and_the_answers(
    app: Flask, desk: FlaskClient, page: str, kind: str
) -> None:
    talk = factories.talk()
    question = Question(talk=talk, position=0, kind=QuestionKind.YES_NO, text="=Mit Bahn?")
    factories.save(question)
    for name in ("Adam", "=Brandl", "Zehnder"):
        contact = accept(talk, name)
        registration = participation.registrations.active_registration(talk, contact=contact)
        assert registration is not None
        factories.save(QuestionAnswer(registration=registration, question=question, text="yes"))
    factories.invitation(talk, factories.contact(last_name="Ott", first_name="Max"))
    answer = desk.get(home(talk, f"/{page}/liste.{kind}?sort=name-down&q=hannah"))
    table = read_table(answer.data, filename=f"liste.{kind}")
    assert table.headers[-1] == "=Mit Bahn?"
    assert [row.cells[2] for row in table.rows] == ["Zehnder", "=Brandl", "Adam"]
    assert {row.cells[-1] for row in table.rows} == {"ja"}
    assert f".{kind}" in answer.headers["Content-Disposition"]


def test_municipality_that_nobody_comes_from_is_found_by_the_filter(
    app: Flask, desk: FlaskClient
) -> None:
    talk = factories.talk()
    kind = OrganisationKind.MUNICIPALITY
    kist = factories.organisation("Kist", kind=kind, in_county=True)
    rimpar = factories.organisation("Rimpar", kind=kind, in_county=True)
    contact = accept(talk, "Seubert")
    contact.organisation = kist
    factories.invitation(talk, factories.contact(organisation=rimpar), answer=Answer.DECLINED)
    page = text_of(desk, home(talk, "/einladungen/gemeinden"))
    assert "Aus 1 von 2 Gemeinden kommt jemand" in page
    assert "jemand kommt" in page
    narrowed = text_of(desk, home(talk, "/einladungen/gemeinden?state=nobody"))
    assert "Rimpar</a>" in narrowed
    assert "Kist</a>" not in narrowed
    assert f"/einladungen?organisation={rimpar.id}" in narrowed
    assert "Kist</a>" in text_of(desk, home(talk, "/einladungen/gemeinden?state=quatsch"))


@pytest.mark.parametrize(
    ("page", "number"), [("/einladungen/gemeinden", 5), ("/einladungen/verlauf", 4)]
)
def test_views_need_the_same_queries_for_one_and_many(
    app: Flask, desk: FlaskClient, page: str, number: int
) -> None:
    talk = factories.talk()
    counts = []
    for names in ("A", "BC"):
        for name in names:
            accept(talk, name).organisation = factories.organisation(
                f"Gemeinde {name}", kind=OrganisationKind.MUNICIPALITY, in_county=True
            )
            db.session.commit()
        with counted() as statements:
            text_of(desk, home(talk, page))
        counts.append(len(statements))
    assert counts == [number, number]


def test_days_show_bars_and_the_same_figures_as_a_table(app: Flask, desk: FlaskClient) -> None:
    talk = factories.talk()
    assert "Noch hat niemand geantwortet." in text_of(desk, home(talk, "/einladungen/verlauf"))
    answered = factories.at("2026-12-15T10:00")
    for answer in (Answer.ACCEPTED, Answer.DECLINED):
        factories.invitation(talk, factories.contact(), answer=answer, answered_at=answered)
    page = text_of(desk, home(talk, "/einladungen/verlauf"))
    assert "15. Dezember 2026: 1 zugesagt, 0 Vertretung, 1 abgesagt, 0 offen" in page
    assert 'width="50.0%"' in page


def draft() -> Mailing:
    db.session.expire_all()
    return db.session.scalars(select(Mailing).order_by(Mailing.id.desc())).first() or pytest.fail(
        "none"
    )


def test_second_invitation_goes_to_those_without_an_answer_alone(
    app: Flask, desk: FlaskClient
) -> None:
    talk = factories.talk()
    silent = factories.contact(last_name="Stumm")
    factories.invitation(talk, silent)
    accept(talk, "Brandl")
    factories.invitation(talk, factories.contact(unsubscribed_at=now()))
    assert "1 eingeladene Person hat noch nicht geantwortet." in text_of(desk, home(talk))
    answer = desk.post(home(talk, "/einladungen/erneut"))
    first = answer.headers["Location"]
    page = text_of(desk, first)
    assert "Stumm, " in page
    assert "Brandl, " not in page
    assert desk.post(home(talk, "/einladungen/erneut")).headers["Location"] == first
    base = home(talk, f"/einladungen/{draft().id}")
    assert desk.get(f"{base}/auswahl").headers["Location"].endswith("/empfaenger")
    assert "dürfen wir noch einmal fragen" in text_of(desk, f"{base}/text")
    assert "Bitte um Ihre Antwort" in text_of(desk, f"{base}/pruefen")
    assert desk.post(f"{base}/senden").status_code == 303
    mailings.expand(draft())
    db.session.commit()
    sent = db.session.scalars(
        select(Mail).where(Mail.template == "reinvitation").order_by(Mail.id)
    ).all()
    assert [mail.contact_id for mail in sent] == [silent.id]


@pytest.mark.parametrize(
    ("circle", "names"),
    [("coming", ["Adam"]), ("waiting", ["Brandl"]), ("both", ["Adam", "Brandl"])],
)
def test_message_goes_to_the_circle_that_was_chosen(
    app: Flask, desk: FlaskClient, circle: str, names: list[str]
) -> None:
    talk = factories.talk(places_online=1)
    for name in ("Adam", "Brandl"):
        accept(talk, name).unsubscribed_at = now()  # still wants to know about the own place
    factories.invitation(talk, factories.contact())
    db.session.commit()
    assert desk.post(home(talk, "/einladungen/nachricht"), data={}).status_code == 422
    answer = desk.post(home(talk, "/einladungen/nachricht"), data={"circle": circle})
    page = text_of(desk, answer.headers["Location"])
    assert re.findall(r">(\w+), Hannah</a>", page) == names
    base = home(talk, f"/einladungen/{draft().id}")
    assert f'value="{circle}" checked' in text_of(desk, f"{base}/auswahl")
    assert desk.post(f"{base}/senden").status_code == 303
    mailings.expand(draft())
    db.session.commit()
    query = select(Contact.last_name).join(Mail, Mail.contact_id == Contact.id)
    told = db.session.scalars(query.where(Mail.template == "message").order_by(Contact.last_name))
    assert list(told) == names


def test_nobody_is_invited_again_once_the_talk_has_begun(app: Flask, desk: FlaskClient) -> None:
    talk = factories.talk(starts_at=now())
    factories.invitation(talk, factories.contact())
    assert desk.post(home(talk, "/einladungen/erneut")).headers["Location"] == home(talk)
    assert db.session.scalars(select(Mailing)).all() == []
