"""The pages of a talk's reminders at the desk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.conftest import signed_in
from tests.factories import at
from tests.queries import counted
from webinar.clock import frozen
from webinar.domain import participation, reminders
from webinar.extensions import db
from webinar.models import (
    AuditEntry,
    Format,
    Mail,
    MailState,
    Mode,
    Reminded,
    Reminder,
    Role,
    Talk,
    TalkState,
)

NOW = at("2026-12-28T09:00")
START = at("2027-01-14T17:00")


@pytest.fixture(autouse=True)
def _december(app: Flask) -> Iterator[None]:
    with frozen(NOW):
        yield


def evening(**values: object) -> Talk:
    closes = at("2027-01-13T22:59")
    return factories.talk(**{"starts_at": START, "registration_closes_at": closes, **values})


def step(talk: Talk, whom: Reminded, *, days: int = 0, minutes: int = 0) -> Reminder:
    row = Reminder(talk=talk, reminded=whom, days=days, minutes=minutes)
    factories.save(row)
    return row


def path(talk: Talk, rest: str = "") -> str:
    return f"/desk/veranstaltungen/{talk.id}/erinnerungen{rest}"


def text(page: str) -> str:
    return " ".join(unescape(page).split())


def wanted(talk: Talk) -> list[tuple[str, int, int]]:
    return [(row.reminded, row.days, row.minutes) for row in reminders.of_talk(talk)]


def test_list_says_when_each_goes_out_and_to_how_many(desk: FlaskClient) -> None:
    talk = evening()
    step(talk, Reminded.UNANSWERED, days=7)
    step(talk, Reminded.COMING, minutes=60)
    for _ in range(2):
        factories.invitation(talk, factories.contact())
    page = text(desk.get(path(talk)).text)
    first, second = page.index("6. Januar, 8:00 Uhr"), page.index("14. Januar, 17:00 Uhr")
    assert first < second
    assert "7 Tage vor Anmeldeschluss" in page
    assert "1 Stunde vor Beginn" in page
    assert 'data-label="Personen">2<' in page
    assert 'data-label="Personen">–<' in page


def test_list_says_how_many_got_one_that_went_out(desk: FlaskClient) -> None:
    talk = evening()
    reminder = step(talk, Reminded.COMING, days=1)
    participation.accept(factories.invitation(talk, factories.contact()), mode=Mode.ONLINE)
    db.session.commit()
    with frozen(START - timedelta(days=1)):
        assert reminders.remind(reminder.id)
        db.session.commit()
        page = text(desk.get(path(talk)).text)
    assert "versendet" in page
    assert "13. Januar, 18:00 Uhr" in page
    assert 'data-label="Personen">1<' in page


def test_list_costs_the_same_for_one_and_three(desk: FlaskClient) -> None:
    talk = evening()
    costs = []
    for days in ((1,), (2, 3)):
        for number in days:
            step(talk, Reminded.COMING, days=number)
            factories.invitation(talk, factories.contact())
        db.session.expire_all()
        with counted() as statements:
            assert desk.get(path(talk)).status_code == 200
        costs.append(len(statements))
    assert costs == [COST, COST]


COST = 9


def test_reminder_is_added_changed_and_removed(desk: FlaskClient) -> None:
    talk = evening()
    sent = {"whom": "coming", "number": "2", "unit": "hours"}
    answer = desk.post(path(talk, "/neu"), data=sent, follow_redirects=True)
    assert "Die Erinnerung geht am Donnerstag, 14. Januar 2027, 16:00 Uhr hinaus." in text(
        answer.text
    )
    assert wanted(talk) == [("coming", 0, 120)]
    (row,) = reminders.of_talk(talk)
    shown = desk.get(path(talk, f"/{row.id}")).text
    assert 'value="2"' in shown
    desk.post(path(talk, f"/{row.id}"), data={**sent, "number": "3", "unit": "days"})
    assert wanted(talk) == [("coming", 3, 0)]
    desk.post(path(talk, f"/{row.id}/entfernen"))
    assert wanted(talk) == []
    assert list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))) == [
        "talk.reminder_added",
        "talk.reminder_changed",
        "talk.reminder_removed",
    ]


@pytest.mark.parametrize("number", ["", "0", "-1", "1,5", "bald", "99", "²", "1" * 400])
def test_bad_number_stands_at_its_field_and_stays(desk: FlaskClient, number: str) -> None:
    talk = evening()
    sent = {"whom": "speakers", "number": number, "unit": "days"}
    answer = desk.post(path(talk, "/neu"), data=sent)
    assert answer.status_code == 422
    assert 'id="number-e"' in answer.text
    assert f'value="{number}"' in answer.text
    assert wanted(talk) == []


def test_reminder_that_is_there_is_said_to_be(desk: FlaskClient) -> None:
    talk = evening()
    step(talk, Reminded.COMING, days=1)
    sent = {"whom": "coming", "number": "1", "unit": "days"}
    answer = desk.post(path(talk, "/neu"), data=sent)
    assert answer.status_code == 422
    assert "Diese Erinnerung gibt es schon." in answer.text


def test_reminder_whose_moment_is_over_says_so(desk: FlaskClient) -> None:
    talk = evening()
    sent = {"whom": "unanswered", "number": "30", "unit": "days"}
    answer = desk.post(path(talk, "/neu"), data=sent, follow_redirects=True)
    assert "Sie geht nicht mehr hinaus." in answer.text


def test_all_are_switched_off_and_the_usual_ones_on(desk: FlaskClient) -> None:
    talk = evening()
    step(talk, Reminded.COMING, days=5)
    page = desk.post(path(talk, "/aus"), follow_redirects=True).text
    assert "An diese Veranstaltung wird niemand erinnert." in page
    page = desk.post(path(talk, "/ein"), follow_redirects=True).text
    assert len(wanted(talk)) == 4
    assert "Alle Erinnerungen ausschalten" in page


@pytest.mark.parametrize(
    ("whom", "words"),
    [
        (Reminded.UNANSWERED, "Sie haben noch nicht geantwortet"),
        (Reminded.COMING, "Sie nehmen online teil"),
        (Reminded.SPEAKERS, "Bisher ist 1 Person angemeldet."),
    ],
)
def test_preview_shows_the_mail_of_the_first_reader_with_sample_links(
    desk: FlaskClient, whom: Reminded, words: str
) -> None:
    talk = evening(format=Format.HYBRID)
    factories.speaker(talk, last_name="Brandl")
    factories.invitation(talk, factories.contact(last_name="Auer"))
    coming = factories.invitation(talk, factories.contact(last_name="Zöller"))
    participation.accept(coming, mode=Mode.ONLINE)
    reminder = step(talk, whom, days=1)
    mails = len(db.session.scalars(select(Mail)).all())
    page = desk.get(path(talk, f"/{reminder.id}/vorschau")).text
    frame = desk.get(path(talk, f"/{reminder.id}/vorschau/nachricht"))
    names = {Reminded.UNANSWERED: "Auer", Reminded.COMING: "Zöller", Reminded.SPEAKERS: "Brandl"}
    assert names[whom] in page
    assert words in text(page)
    assert words in text(frame.text)
    assert "/beispiel" in frame.text
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert len(db.session.scalars(select(Mail)).all()) == mails


@pytest.mark.parametrize("whom", list(Reminded))
def test_preview_for_nobody_is_addressed_to_who_looks(desk: FlaskClient, whom: Reminded) -> None:
    talk = evening()
    reminder = step(talk, whom, days=1)
    page = desk.get(path(talk, f"/{reminder.id}/vorschau")).text
    assert "Noch würde niemand diese Nachricht erhalten." in page


def test_viewer_looks_and_changes_nothing(app: Flask) -> None:
    talk = evening()
    reminder = step(talk, Reminded.COMING, days=1)
    viewer = signed_in(app, factories.account(role=Role.VIEWER))
    page = viewer.get(path(talk)).text
    assert "Vorschau" in page
    assert "ausschalten" not in page
    assert viewer.post(path(talk, f"/{reminder.id}/entfernen")).status_code == 403


def test_reminder_is_not_found_under_another_talk(desk: FlaskClient) -> None:
    reminder = step(evening(), Reminded.COMING, days=1)
    assert desk.get(path(evening(), f"/{reminder.id}")).status_code == 404


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"state": TalkState.DRAFT}, "Diese Veranstaltung ist noch ein Entwurf."),
        ({"state": TalkState.CANCELLED}, "Es geht keine Erinnerung mehr hinaus."),
        ({"starts_at": NOW - timedelta(minutes=5)}, "Es geht keine Erinnerung mehr hinaus."),
    ],
)
def test_list_says_why_nothing_goes_out(
    desk: FlaskClient, values: dict[str, object], words: str
) -> None:
    talk = evening(**{"registration_closes_at": None, **values})
    step(talk, Reminded.COMING, days=1)
    assert words in desk.get(path(talk)).text


def test_change_after_the_start_is_refused_in_words(desk: FlaskClient) -> None:
    talk = evening(starts_at=NOW - timedelta(minutes=5), registration_closes_at=None)
    answer = desk.post(path(talk, "/aus"))
    assert "Es geht keine Erinnerung mehr hinaus." in answer.text


def test_talk_page_says_who_has_not_answered_and_when_they_are_reminded(desk: FlaskClient) -> None:
    talk = evening()
    reminder = step(talk, Reminded.UNANSWERED, days=7)
    for _ in range(2):
        factories.invitation(talk, factories.contact())
    page = text(desk.get(f"/desk/veranstaltungen/{talk.id}").text)
    assert "2 Eingeladene haben noch nicht geantwortet." in page
    assert "Die Erinnerung geht am 6. Januar, 8:00 Uhr hinaus." in page
    db.session.delete(reminder)
    db.session.commit()
    page = text(desk.get(f"/desk/veranstaltungen/{talk.id}").text)
    assert "Es geht keine Erinnerung mehr hinaus." in page


def test_what_a_removed_reminder_had_not_sent_is_stopped(desk: FlaskClient) -> None:
    talk = evening()
    reminder = step(talk, Reminded.COMING, days=1)
    participation.accept(factories.invitation(talk, factories.contact()), mode=Mode.ONLINE)
    db.session.commit()
    with frozen(START - timedelta(days=1)):
        assert reminders.remind(reminder.id)
        db.session.commit()
        desk.post(path(talk, f"/{reminder.id}/entfernen"))
    mail = db.session.scalars(select(Mail).where(Mail.template == "reminder_coming")).one()
    db.session.refresh(mail)
    assert mail.state == MailState.ABORTED
