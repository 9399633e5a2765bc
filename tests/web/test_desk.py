"""The first page of the desk: what it shows is really there, at a fixed cost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.queries import counted
from webinar.clock import frozen
from webinar.domain import mail
from webinar.extensions import db
from webinar.models import Mail, MailState, Material, MaterialKind, Talk

NOW = factories.at("2027-01-05T09:00")
START = factories.at("2027-01-14T17:00")


@pytest.fixture(autouse=True)
def _january(app: Flask) -> Iterator[None]:
    with frozen(NOW):
        yield


def section(page: str, name: str) -> str:
    """The section with that heading's id; empty where there is none."""
    found = re.search(rf'<section[^>]*aria-labelledby="{name}".*?</section>', page, re.DOTALL)
    return "" if found is None else found[0]


def words_of(markup: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def part(page: str, name: str) -> str:
    """The words of that section."""
    return words_of(section(page, name))


def failed_mail(talk: Talk | None, number: int) -> Mail:
    mail.to_contact("moved", factories.contact(), key=f"test:{number}", talk=talk)
    found = factories.mail_of(f"test:{number}")
    found.state = MailState.FAILED
    db.session.commit()
    return found


def test_empty_desk_invites_to_begin(desk: FlaskClient) -> None:
    page = desk.get("/desk/").text
    assert part(page, "naechste") == ""
    assert "/desk/veranstaltungen/neu" in page
    assert "<table" not in page


def test_next_talk_shows_its_answers(desk: FlaskClient) -> None:
    talk = factories.talk(starts_at=START, title="Der digitale Bauantrag")
    factories.talk(starts_at=START + timedelta(days=30), title="Später")
    factories.talk(starts_at=NOW - timedelta(days=1), title="Vorbei")
    factories.talk(starts_at=START - timedelta(days=2), title="Entwurf", state="draft")
    for answer in ("accepted", "accepted", "declined", "none", "none", "none", "delegated"):
        factories.invitation(talk, factories.contact(), answer=answer)
    shown = part(desk.get("/desk/").text, "naechste")
    assert "14. Januar 2027 18:00–19:30 Uhr" in shown.replace("\u00a0", " ")
    assert "in 9 Tagen" in shown
    assert "Der digitale Bauantrag" in shown
    figures = [int(figure) for figure in re.findall(r"\b(\d+)\b", shown.split("öffnen")[-1])]
    assert figures[-6:] == [2, 1, 1, 3, 7, 0]


def test_running_talk_is_still_the_next_one(desk: FlaskClient) -> None:
    factories.talk(starts_at=NOW - timedelta(minutes=30), title="Läuft gerade")
    assert "Läuft gerade" in part(desk.get("/desk/").text, "naechste")


def test_what_waits_is_there_and_nothing_else(desk: FlaskClient) -> None:
    invited = factories.talk(starts_at=START, title="Eingeladen")
    factories.invitation(invited, factories.contact())
    for number in range(2):
        failed_mail(invited, number)
    factories.talk(starts_at=START, title="Ohne Einladung")
    factories.talk(starts_at=START, title="Entwurf", state="draft")
    factories.talk(starts_at=START + timedelta(days=200), title="Ferner Entwurf", state="draft")
    past = factories.talk(starts_at=NOW - timedelta(days=47), title="Rahmenverträge")
    failed_mail(past, 99)
    db.session.add(
        Material(
            talk_id=past.id, kind=MaterialKind.LINK, title="Aufzeichnung", url="https://a.example"
        )
    )
    db.session.commit()
    page = desk.get("/desk/").text
    rows = re.findall(r"<li>(.*?)</li>", section(page, "ansteht"), re.DOTALL)
    words = [words_of(row) for row in rows]
    named = ("Eingeladen", "Rahmenverträge", "Entwurf", "Ohne Einladung")
    assert [next(name for name in named if name in row) for row in words] == list(named)
    assert words[0].startswith("2 ")
    assert "vor 47 Tagen" in words[1]
    assert f"talk={invited.id}" in rows[0]


def test_mails_are_summed_up(desk: FlaskClient) -> None:
    for number in range(3):
        failed_mail(None, number)
    sent = failed_mail(None, 4)
    sent.state, sent.sent_at = MailState.SENT, factories.at("2027-01-04T08:04")
    db.session.commit()
    shown = part(desk.get("/desk/").text, "lauf").replace("\u00a0", " ")
    assert re.findall(r"\b\d+\b", shown)[:3] == ["1", "0", "3"]
    assert "Montag, 4. Januar 2027, 9:04 Uhr" in shown


def test_desk_costs_the_same_for_one_and_three_of_everything(desk: FlaskClient) -> None:
    costs = []
    for number in (1, 2):
        for _ in range(number):
            talk = factories.talk(starts_at=START)
            factories.invitation(talk, factories.contact())
            failed_mail(talk, talk.id)
            factories.talk(starts_at=START)
            factories.talk(starts_at=START, state="draft")
            past = factories.talk(starts_at=NOW - timedelta(days=40))
            db.session.add(
                Material(
                    talk_id=past.id, kind=MaterialKind.LINK, title="A", url="https://a.example"
                )
            )
            db.session.commit()
        db.session.expire_all()
        with counted() as statements:
            assert desk.get("/desk/").status_code == 200
        costs.append(len(statements))
    assert costs == [18, 18]
