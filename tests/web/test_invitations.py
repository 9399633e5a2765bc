"""The list of answers, and the way from choosing people to the last delivery."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.conftest import signed_in
from tests.queries import counted
from webinar.clock import now
from webinar.domain import mailings, participation
from webinar.extensions import db
from webinar.models import (
    Account,
    Answer,
    Audience,
    AuditEntry,
    Contact,
    Invitation,
    Job,
    Mail,
    Mailing,
    MailingState,
    MailState,
    Role,
    Talk,
    TalkState,
)

TEXT = "{gastgeber} lädt Sie ein.\n\n{beschreibung}"


def home(talk: Talk) -> str:
    return f"/desk/veranstaltungen/{talk.id}/einladungen"


def mailing() -> Mailing:
    db.session.expire_all()
    return db.session.query(Mailing).order_by(Mailing.id.desc()).first() or pytest.fail("none")


def chosen(desk: FlaskClient, talk: Talk, *audiences: Audience) -> str:
    """A draft for these audiences, through the page; its address."""
    form = {"audiences": [audience.id for audience in audiences], "on": "y"}
    answer = desk.post(f"{home(talk)}/neu", data=form)
    assert answer.status_code == 303
    return f"{home(talk)}/{mailing().id}"


def text_of(desk: FlaskClient, address: str, status: int = 200) -> str:
    answer = desk.get(address)
    assert answer.status_code == status
    return answer.get_data(as_text=True).replace("\xa0", " ").replace("<wbr>", "")


def test_index_shows_bars_figures_and_people(app: Flask, desk: FlaskClient) -> None:
    talk = factories.talk()
    organisation = factories.organisation("Gemeinde Kürnach")
    going, silent = (
        factories.contact(last_name="Seubert", title="Dr.", organisation=organisation),
        factories.contact(last_name="Ott", office="Kreisrat"),
    )
    factories.audience("Kreistag", [going, silent])
    answered = factories.at("2026-12-15T10:00")
    factories.invitation(talk, going, answer=Answer.ACCEPTED, answered_at=answered)
    factories.invitation(talk, silent, created_at=factories.at("2026-12-14T10:00"))
    factories.invitation(talk, factories.contact(), remark=participation.TENTATIVE)
    page = text_of(desk, home(talk))
    assert "1 von 3 haben geantwortet" in page
    assert 'aria-label="Kreistag: 1 zugesagt, 0 Vertretung, 0 abgesagt, 1 offen"' in page
    assert 'class="seg--yes" x="0.0%" y="0" width="50.0%"' in page
    assert "mit Vorbehalt" in page
    assert "Seubert, Dr. Hannah" in page
    assert "Erste Bürgermeisterin, Gemeinde Kürnach" in page
    assert "15. Dezember" in page
    assert "eingeladen am 14. Dezember" in page
    assert page.index("Ott, Hannah") < page.index("Seubert, Dr. Hannah")


def test_index_keeps_the_filters_and_exports_what_they_show(app: Flask, desk: FlaskClient) -> None:
    talk = factories.talk()
    factories.invitation(talk, factories.contact(last_name="=Ott"), answer=Answer.DECLINED)
    factories.invitation(talk, factories.contact(last_name="Haag"))
    address = f"{home(talk)}?q=ott&answer=declined"
    page = text_of(desk, address)
    assert "=Ott, Hannah" in page
    assert "Haag" not in page
    assert '<option value="declined" selected>' in page
    link = re.search(r'href="([^"]*liste\.csv[^"]*)"', page)
    assert link is not None
    answer = desk.get(link[1].replace("&amp;", "&"))
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=einladungen-")
    rows = answer.get_data().decode("utf-8-sig").splitlines()
    assert len(rows) == 2
    assert rows[0].endswith("E-Mail;Antwort;Angaben;Verteiler;Geantwortet am")
    assert ";'=Ott;" in rows[1]
    assert ";abgesagt;" in rows[1]


def test_index_says_when_nothing_matches_and_when_nobody_is_invited(
    app: Flask, desk: FlaskClient
) -> None:
    talk = factories.talk()
    assert "Noch keine Einladungen." in text_of(desk, home(talk))
    factories.invitation(talk, factories.contact())
    assert "Keine Treffer." in text_of(
        desk, f"{home(talk)}?q=niemand&answer=unsinn&audience=x&talk_id=7&endpoint=x"
    )


def invite_with_audience(talk: Talk) -> None:
    contact = factories.contact(organisation=factories.organisation())
    factories.audience(members=[contact])
    factories.invitation(talk, contact, answer=Answer.ACCEPTED)


def test_index_needs_the_same_queries_for_one_and_many(
    app: Flask, desk: FlaskClient, organiser: Account
) -> None:
    talk = factories.talk()
    counts = []
    for more in (1, 2):
        for _ in range(more):
            invite_with_audience(talk)
            mailings.draft(talk, kind="invitation", by=organiser)  # type: ignore[arg-type]
        db.session.commit()
        with counted() as statements:
            text_of(desk, home(talk))
        counts.append(len(statements))
    assert counts == [18, 18]


def test_draft_talk_leads_to_publishing_and_takes_no_invitation(
    app: Flask, desk: FlaskClient
) -> None:
    talk = factories.talk(state=TalkState.DRAFT)
    for address in (home(talk), f"{home(talk)}/neu"):
        page = text_of(desk, address)
        assert "noch ein Entwurf" in page
        assert f'href="/desk/veranstaltungen/{talk.id}"' in page
    assert desk.post(f"{home(talk)}/neu").status_code == 422
    assert db.session.query(Mailing).count() == 0


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"state": TalkState.CANCELLED}, "ist abgesagt"),
        ({"starts_at": now() - timedelta(hours=1)}, "hat begonnen"),
    ],
)
def test_cancelled_and_begun_talks_take_no_invitation(
    app: Flask, desk: FlaskClient, values: dict[str, object], words: str
) -> None:
    talk = factories.talk(**values)
    assert words in text_of(desk, f"{home(talk)}/neu")
    assert desk.post(f"{home(talk)}/neu").status_code == 422


def test_choosing_keeps_ticks_while_people_are_searched_and_added(
    app: Flask, desk: FlaskClient
) -> None:
    talk = factories.talk()
    audience = factories.audience("Kreistag", [factories.contact()])
    single = factories.contact(last_name="Öttinger")
    assert "Kreistag (1 Person)" in text_of(desk, f"{home(talk)}/neu")
    found = desk.post(
        f"{home(talk)}/neu", data={"audiences": [audience.id], "q": "oettinger", "find": "y"}
    )
    address = found.headers["Location"]
    page = text_of(desk, address)
    assert f'name="add" value="{single.id}"' in page
    assert re.search(rf'value="{audience.id}" checked', page)
    step = f"{home(talk)}/{mailing().id}/auswahl"
    desk.post(step, data={"audiences": [audience.id], "q": "oettinger", "add": single.id})
    assert f'name="remove" value="{single.id}"' in text_of(desk, step)
    assert mailing().selection["audiences"] == [audience.id]
    assert mailing().selection["contacts"] == [single.id]
    desk.post(step, data={"remove": single.id})
    assert mailing().selection["contacts"] == mailing().selection["audiences"] == []


def test_recipients_are_exactly_those_who_will_get_it(app: Flask, desk: FlaskClient) -> None:
    talk = factories.talk()
    people = [factories.contact(last_name=name) for name in ("Abel", "Bär", "Cron")]
    people[1].unsubscribed_at = now()
    both = factories.audience(members=people), factories.audience(members=people[:1])
    address = chosen(desk, talk, *both) + "/empfaenger"
    page = text_of(desk, address)
    assert "2 Personen erhalten die Einladung" in page
    assert page.count("Abel, Hannah</a>") == 1
    assert "Bär" not in page
    assert people[0].email in page
    others = text_of(desk, f"{address}?ausgelassen=ja")
    assert "Bär" in others
    assert "wünscht keine Einladungen mehr" in others


def test_single_people_are_left_out_and_taken_in_again(app: Flask, desk: FlaskClient) -> None:
    talk = factories.talk()
    people = [factories.contact(last_name=name) for name in ("Abel", "Bär")]
    address = chosen(desk, talk, factories.audience(members=people)) + "/empfaenger"
    answer = desk.post(f"{address}?page=1", data={"exclude": people[0].id})
    assert answer.status_code == 303
    assert "1 Person erhält die Einladung" in text_of(desk, address)
    others = text_of(desk, f"{address}?ausgelassen=ja")
    assert "von Ihnen ausgelassen" in others
    desk.post(f"{address}?ausgelassen=ja", data={"include": people[0].id})
    assert "2 Personen erhalten" in text_of(desk, address)


def test_recipients_need_the_same_queries_for_one_and_many(app: Flask, desk: FlaskClient) -> None:
    talk = factories.talk()
    counts = []
    for many in (1, 3):
        people = [
            factories.contact(organisation=factories.organisation(), unsubscribed_at=gone)
            for gone in (None, now())
            for _ in range(many)
        ]
        address = chosen(desk, talk, factories.audience(members=people)) + "/empfaenger"
        with counted() as statements:
            text_of(desk, address)
        counts.append(len(statements))
    assert counts == [5, 5]


def test_text_begins_with_the_usual_words_and_names_the_placeholders(
    app: Flask, desk: FlaskClient
) -> None:
    talk = factories.talk()
    address = chosen(desk, talk, factories.audience(members=[factories.contact()])) + "/text"
    page = text_of(desk, address)
    assert "{titel}" in page
    assert "die Anrede, ohne Komma" in page
    desk.post(address, data={"subject": "Herzlich: {titel}", "text": TEXT})
    assert (mailing().subject, mailing().text) == ("Herzlich: {titel}", TEXT)


@pytest.mark.parametrize(
    ("subject", "text", "field", "words"),
    [
        ("", TEXT, "subject", "Bitte geben Sie einen Betreff ein."),
        ("Betreff", "Guten Tag {vorname}", "text", "{vorname}"),
        ("x" * 301, TEXT, "subject", "300"),
    ],
)
def test_text_errors_stand_at_their_field_and_nothing_typed_is_lost(
    desk: FlaskClient, *, subject: str, text: str, field: str, words: str
) -> None:
    talk = factories.talk()
    address = chosen(desk, talk, factories.audience(members=[factories.contact()])) + "/text"
    before = mailing().subject
    answer = desk.post(address, data={"subject": subject, "text": text})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    error = re.search(rf'id="{field}-e">.*?</p>', page, re.DOTALL)
    assert error is not None
    assert words in error[0]
    assert f'value="{subject}"' in page
    assert text in page
    assert mailing().subject == before


def test_check_shows_the_mail_of_the_first_recipient_in_a_closed_frame(
    app: Flask, desk: FlaskClient
) -> None:
    talk = factories.talk()
    people = [factories.contact(last_name=name) for name in ("Bär", "Abel")]
    address = chosen(desk, talk, factories.audience(members=people))
    answer = desk.get(f"{address}/pruefen")
    page = answer.get_data(as_text=True)
    assert "So liest sie Hannah Abel" in page
    assert "Sehr geehrte Frau Bürgermeisterin Abel" in page
    assert "2 Einladungen senden" in page
    frame = re.search(r'<iframe class="letter" sandbox title="([^"]+)" src="([^"]+)">', page)
    assert frame is not None
    assert frame.groups() == ("Die Nachricht, wie Hannah Abel sie liest", f"{address}/vorschau")
    assert "frame-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    inner = desk.get(frame[2])
    assert "Sehr geehrte Frau Bürgermeisterin Abel" in inner.get_data(as_text=True)
    assert inner.headers["X-Frame-Options"] == "SAMEORIGIN"
    policy = inner.headers["Content-Security-Policy"]
    for rule in ("frame-ancestors 'self'", "script-src 'none'", "form-action 'none'", "sandbox"):
        assert rule in policy
    assert db.session.query(Mail).count() == 0


def test_check_without_recipients_offers_no_sending(app: Flask, desk: FlaskClient) -> None:
    address = chosen(desk, factories.talk())
    page = text_of(desk, f"{address}/pruefen")
    assert "Niemand würde diese Einladung erhalten." in page
    assert "/senden" not in page
    answer = desk.post(f"{address}/senden")
    assert answer.status_code == 422
    assert mailing().state == MailingState.DRAFT


def test_test_mail_goes_to_oneself_and_once_for_two_clicks(
    app: Flask, desk: FlaskClient, organiser: Account
) -> None:
    talk = factories.talk()
    address = chosen(desk, talk, factories.audience(members=[factories.contact()]))
    number = re.search(r'name="number" value="(\d+)"', text_of(desk, f"{address}/pruefen"))
    assert number is not None
    for _ in range(2):
        assert desk.post(f"{address}/test", data={"number": number[1]}).status_code == 303
    assert [mail.recipient for mail in db.session.query(Mail)] == [organiser.email]
    page = text_of(desk, f"{address}/pruefen")
    assert f"auf dem Weg an {organiser.email}" in page
    assert 'name="number" value="2"' in page
    assert mailing().state == MailingState.DRAFT


def test_sending_twice_sends_once_and_leaves_a_line(
    app: Flask, desk: FlaskClient, organiser: Account
) -> None:
    talk = factories.talk()
    people = [factories.contact(), factories.contact()]
    address = chosen(desk, talk, factories.audience(members=people))
    for _ in range(2):
        answer = desk.post(f"{address}/senden")
        assert (answer.status_code, answer.headers["Location"]) == (303, address)
    assert db.session.query(Job).filter_by(name="expand_mailing").count() == 1
    lines = db.session.query(AuditEntry).filter_by(action="mailing.sent").all()
    assert [(line.account_id, line.changes) for line in lines] == [
        (organiser.id, {"recipients": 2})
    ]
    page = text_of(desk, address)
    assert "2 Einladungen sind auf dem Weg." in page
    for step in ("auswahl", "empfaenger", "text", "pruefen"):
        assert desk.get(f"{address}/{step}").headers["Location"] == address


def sent(desk: FlaskClient, talk: Talk, *people: Contact) -> str:
    """A mailing to these people with its mails written."""
    address = chosen(desk, talk, factories.audience(members=list(people)))
    desk.post(f"{address}/senden")
    current = mailing()
    while not mailings.expand(current):
        db.session.commit()
    db.session.commit()
    return address


def test_progress_counts_and_says_why_a_mail_failed(app: Flask, desk: FlaskClient) -> None:
    talk = factories.talk()
    people = [factories.contact(last_name=name) for name in "ABC"]
    address = sent(desk, talk, *people)
    given = {
        people[0].id: (MailState.SENT, ""),
        people[1].id: (MailState.FAILED, "550 5.1.1 User unknown"),
        people[2].id: (MailState.RETRY, "451 4.7.1 Greylisted, try later"),
    }
    for mail in db.session.query(Mail):
        mail.state, mail.reply = given[mail.contact_id or 0]
        mail.sent_at = now() if mail.state == MailState.SENT else None
    db.session.commit()
    answer = desk.get(address)
    page = answer.get_data(as_text=True)
    assert "1 von 3 versendet" in page
    assert '<progress id="bar" max="3" value="2">' in page
    for words in ("unzustellbar", "Diese Adresse gibt es nicht.", "neuer Versuch"):
        assert words in page
    assert "User unknown" not in page
    assert answer.headers["Refresh"] == "60"
    only = text_of(desk, f"{address}?state=failed&still=ja")
    assert "B, Hannah" in only
    assert "C, Hannah" not in only


def test_progress_refreshes_itself_only_while_something_goes_out(
    app: Flask, desk: FlaskClient
) -> None:
    address = sent(desk, factories.talk(), factories.contact())
    assert desk.get(address).headers["Refresh"] == "5"
    assert "Refresh" not in desk.get(f"{address}?still=ja").headers
    db.session.query(Mail).one().state = MailState.SENT
    db.session.commit()
    answer = desk.get(address)
    assert "Refresh" not in answer.headers
    assert "Versand anhalten" not in answer.get_data(as_text=True)
    assert "Fertig: 1 von 1 versendet" in answer.get_data(as_text=True)


def test_progress_needs_the_same_queries_for_one_and_many(app: Flask, desk: FlaskClient) -> None:
    counts = []
    for many in (1, 3):
        people = [factories.contact(organisation=factories.organisation()) for _ in range(many)]
        address = sent(desk, factories.talk(), *people)
        with counted() as statements:
            text_of(desk, address)
        counts.append(len(statements))
    assert counts == [6, 6]


def test_stopping_leaves_the_rest_unsent(app: Flask, desk: FlaskClient) -> None:
    address = sent(desk, factories.talk(), factories.contact(), factories.contact())
    first = db.session.query(Mail).first()
    assert first is not None
    first.state = MailState.SENT
    db.session.commit()
    assert desk.post(f"{address}/anhalten").status_code == 303
    page = text_of(desk, address)
    assert "1 Nachricht geht nicht mehr hinaus" in page
    assert "Angehalten: 1 von 2 versendet" in page
    assert db.session.query(AuditEntry).filter_by(action="mailing.stopped").count() == 1
    assert desk.post(f"{address}/anhalten").status_code == 303
    assert "lässt sich so nicht mehr ändern" in text_of(desk, address)


def test_drafts_are_listed_continued_and_deleted(app: Flask, desk: FlaskClient) -> None:
    talk = factories.talk()
    address = chosen(desk, talk, factories.audience("Kreistag", [factories.contact()]))
    page = text_of(desk, home(talk))
    assert f'href="{address}/auswahl"' in page
    assert "Entwurf" in page
    assert desk.post(f"{address}/loeschen").status_code == 303
    assert address not in text_of(desk, home(talk))
    assert desk.get(f"{address}/auswahl").status_code == 404


def test_mailing_of_another_talk_is_not_found(app: Flask, desk: FlaskClient) -> None:
    talk, other = factories.talk(), factories.talk()
    chosen(desk, talk, factories.audience(members=[factories.contact()]))
    assert desk.get(f"{home(other)}/{mailing().id}/pruefen").status_code == 404
    assert desk.post(f"{home(other)}/{mailing().id}/senden").status_code == 404


def test_viewer_reads_and_finds_nothing_to_press(app: Flask, organiser: Account) -> None:
    talk = factories.talk()
    address = chosen(
        signed_in(app, organiser), talk, factories.audience(members=[factories.contact()])
    )
    viewer = signed_in(app, factories.account(role=Role.VIEWER))
    page = text_of(viewer, f"{address}/pruefen")
    assert "Einladung senden" not in page
    assert "Test an mich senden" not in page
    assert viewer.post(f"{address}/senden").status_code == 403
    assert db.session.query(Invitation).count() == 0
