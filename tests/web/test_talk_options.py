"""The rarer options of a talk at the desk: opening time, limit per organisation, own questions;
whom a move reaches and what they will read; copies that carry who was invited."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.conftest import signed_in
from tests.queries import counted
from tests.web.test_talks import LIST, NEW, START, errors_of, text_of, typed, with_places
from webinar.clock import frozen, now
from webinar.domain import mailings, participation, questions
from webinar.domain.questions import QuestionValues
from webinar.extensions import db
from webinar.models import Answer, Mail, Mailing, MailingState, Mode, Registration, Talk, TalkState

HOSTILE = "<script>alert(1)</script> {{ 7*7 }} {titel}"


@pytest.fixture(autouse=True)
def _january(app: Flask):  # type: ignore[no-untyped-def]
    with frozen(factories.at("2027-01-02T08:00")):
        yield


def edit(talk: Talk) -> str:
    return f"{LIST}/{talk.id}/bearbeiten"


def asking(talk: Talk, *values: QuestionValues) -> Talk:
    questions.set_questions(talk, values)
    db.session.commit()
    return talk


def handed_on(page: str) -> dict[str, str]:
    """What the page before a move hands on of what was typed."""
    sent = re.findall(r'<textarea name="(\w+)" hidden[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    return {name: unescape(value) for name, value in sent}


def letter_of(page: str) -> str:
    found = re.search(r"<pre>(.*?)</pre>", page, re.DOTALL)
    assert found is not None
    return unescape(found[1])


def moved_mails() -> list[Mail]:
    return list(db.session.scalars(select(Mail).where(Mail.template == "moved").order_by(Mail.id)))


def test_options_are_saved_shown_and_copied(desk: FlaskClient) -> None:
    data = typed(
        opens_on="04.01.2027",
        opens_from="8:00",
        places_per_organisation="2",
        took_part_percent="60",
        question_1="Kommen Sie mit dem Auto?",
        question_1_kind="yes_no",
        question_1_required="y",
        question_2="Essen?",
        question_2_kind="choice",
        question_2_choices="Fisch\r\nTofu",
    )
    assert desk.post(NEW, data=data).status_code == 303
    talk = db.session.scalars(select(Talk)).one()
    assert talk.registration_opens_at == factories.at("2027-01-04T07:00")
    assert talk.places_per_organisation == 2
    assert (talk.took_part_minutes, talk.took_part_percent) == (None, 60)
    page = text_of(desk.get(f"{LIST}/{talk.id}").text)
    for shown in ("öffnet am", "2 Plätze je Gemeinde", "Kommen Sie mit dem Auto?", "(Fisch, Tofu)"):
        assert shown in page
    form = desk.get(edit(talk)).text
    assert 'value="2027-01-04"' in form
    assert "Fisch\nTofu</textarea>" in form
    copy = desk.get(f"{NEW}?template={talk.id}").text
    assert 'value="Kommen Sie mit dem Auto?"' in copy
    assert 'value="2027-01-04"' not in copy
    desk.post(edit(talk), data=typed(talk, question_1="Kommen Sie mit dem Auto?"))
    assert [one.kind for one in questions.asked(talk)] == ["text"]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"opens_from": "08:00"}, {"opens_on"}),
        ({"opens_on": "2027-01-15"}, {"opens_on"}),
        ({"opens_on": "2027-01-14", "opens_from": "18:00"}, {"opens_from"}),
        ({"opens_on": "2027-01-13", "closes_on": "2027-01-12"}, {"opens_on"}),
        (
            {"opens_on": "2027-01-13", "opens_from": "12:00", "closes_on": "2027-01-13"}
            | {"closes_at": "12:00"},
            {"opens_from"},
        ),
        (
            {"day": "2027-04-10", "opens_on": "2027-03-28", "opens_from": "02:30"},
            {"opens_from"},
        ),
        ({"opens_on": "bald"}, {"opens_on"}),
        ({"places_per_organisation": "0"}, {"places_per_organisation"}),
        ({"places_per_organisation": "zwei"}, {"places_per_organisation"}),
        ({"took_part_minutes": "0"}, {"took_part_minutes"}),
        ({"took_part_percent": "101"}, {"took_part_percent"}),
        ({"took_part_minutes": "30", "took_part_percent": "50"}, {"took_part_percent"}),
        ({"question_1": "x" * 301}, {"question_1"}),
        ({"question_2": "A", "question_2_kind": "choice"}, {"question_2_choices"}),
        ({"question_1": "A", "question_1_kind": "unsinn"}, {"question_1_kind"}),
    ],
)
def test_bad_options_stand_at_their_field_in_an_open_part(
    desk: FlaskClient, changes: dict[str, object], fields: set[str]
) -> None:
    answer = desk.post(NEW, data=typed(abstract="Bleibt stehen.", **changes))
    assert answer.status_code == 422
    assert set(errors_of(answer.text)) == fields
    assert "Bleibt stehen." in answer.text
    assert '<details class="plain stack" open>' in answer.text
    assert db.session.scalars(select(Talk)).all() == []


def test_what_was_typed_into_options_shows_as_text_everywhere(desk: FlaskClient) -> None:
    talk = factories.talk(starts_at=START)
    given = {
        "question_1": HOSTILE,
        "question_1_kind": "choice",
        "question_1_choices": f"{HOSTILE}\nTofu",
    }
    assert desk.post(edit(talk), data=typed(talk, **given)).status_code == 303
    for path in (f"{LIST}/{talk.id}", edit(talk), f"{NEW}?template={talk.id}"):
        page = desk.get(path).text
        assert "alert(1)" in page
        assert "<script>alert" not in page
        assert "{{ 7*7 }}" in unescape(page)


def test_second_editor_of_the_options_is_told_and_loses_nothing(
    app: Flask, desk: FlaskClient
) -> None:
    talk = asking(factories.talk(starts_at=START), QuestionValues(text="Alte Frage?"))
    colleague = signed_in(app, factories.account(name="Miriam Hartmann"))
    theirs = typed(
        talk, question_1="Ihre Frage?", places_per_organisation="3", opens_on="2027-01-04"
    )
    mine = typed(talk, question_1="Meine Frage?", places_per_organisation="2")
    assert colleague.post(edit(talk), data=theirs).status_code == 303
    answer = desk.post(edit(talk), data=mine)
    assert answer.status_code == 409
    page = text_of(answer.text)
    for shown in ("Miriam Hartmann", "Ihre Frage?", "Meine Frage?", "04.01.2027"):
        assert shown in page
    assert 'value="Meine Frage?"' in answer.text
    found = re.search(r'name="revision"[^>]*value="(\d+)"', answer.text)
    assert found is not None
    assert desk.post(edit(talk), data={**mine, "revision": found[1]}).status_code == 303
    assert [one.text for one in questions.asked(talk)] == ["Meine Frage?"]


def test_question_with_answers_goes_only_when_said_twice(desk: FlaskClient) -> None:
    talk = asking(factories.talk(starts_at=START), QuestionValues(text="Frage?"))
    with_places(talk, 1)
    row = db.session.scalars(select(Registration)).one()
    questions.answer(row, {questions.asked(talk)[0].id: "Ja"})
    db.session.commit()
    answer = desk.post(edit(talk), data=typed(talk))
    assert (answer.status_code, set(errors_of(answer.text))) == (422, {"question_1"})
    assert 'name="question_1_drop"' in answer.text
    assert desk.post(edit(talk), data=typed(talk, question_1_drop="y")).status_code == 303
    assert list(questions.asked(talk)) == []


def test_list_and_table_show_the_answers_in_a_fixed_number_of_queries(desk: FlaskClient) -> None:
    talk = asking(
        factories.talk(starts_at=START),
        QuestionValues(text="Frage <1>?"),
        QuestionValues(text="Auto?", kind=questions.QuestionKind.YES_NO),
    )
    home, costs = f"{LIST}/{talk.id}/anmeldungen", []
    first, second = questions.asked(talk)
    for count in (1, 2):
        with_places(talk, count)
        for row in db.session.scalars(select(Registration)).all():
            questions.answer(row, {first.id: '=1+1 <b data-x="">', second.id: "yes"})
        db.session.commit()
        with counted() as statements:
            page = desk.get(home).text
        costs.append(len(statements))
    assert costs == [10, 10]
    assert "&lt;b data-x=&#34;&#34;&gt;" in page
    assert "<b data-x" not in page
    table = desk.get(f"{home}/liste.csv").get_data().decode("utf-8-sig").splitlines()
    assert table[0].endswith("Frage <1>?;Auto?")
    assert table[1].endswith(";ja")
    assert ";=1+1" not in table[1]


def test_move_shows_the_message_with_what_was_and_the_sentence(desk: FlaskClient) -> None:
    talk = factories.talk(starts_at=START)
    people = with_places(talk, 2)
    revision = talk.revision
    review = desk.post(edit(talk), data=typed(talk, start="18:30"))
    assert review.status_code == 200
    letter = letter_of(review.text)
    assert f"Seubert{people[0].last_name.removeprefix('Seubert')}" in letter
    assert "der Beginn hat sich geändert: 18:30 statt 18:00 Uhr." in letter
    assert "/e/beispiel" in letter
    again = {**handed_on(review.text), "whom": "holders", "note": HOSTILE}
    shown = desk.post(edit(talk), data={**again, "step": "review"}).text
    assert HOSTILE in letter_of(shown)
    assert "<script>alert" not in shown
    db.session.expire_all()
    assert (talk.starts_at, talk.revision, moved_mails()) == (START, revision, [])
    assert desk.post(edit(talk), data={**again, "step": "tell"}).status_code == 303
    db.session.expire_all()
    assert talk.starts_at == factories.at("2027-01-14T17:30")
    assert [mail.params["note"] for mail in moved_mails()] == [HOSTILE] * 2


def test_second_click_on_a_move_tells_nobody_twice(desk: FlaskClient) -> None:
    talk = factories.talk(starts_at=START)
    with_places(talk, 2)
    data = typed(talk, start="18:30", whom="holders", step="tell")
    assert desk.post(edit(talk), data=data).status_code == 303
    assert desk.post(edit(talk), data=data).status_code == 409
    assert len(moved_mails()) == 2


def test_move_without_a_message_is_a_choice(desk: FlaskClient) -> None:
    talk = factories.talk(starts_at=START)
    with_places(talk, 1)
    shown = desk.post(edit(talk), data=typed(talk, start="18:30", whom="nobody", step="review"))
    assert "<pre>" not in shown.text
    data = typed(talk, start="18:30", whom="nobody", step="tell")
    assert desk.post(edit(talk), data=data).status_code == 303
    assert moved_mails() == []


def test_new_room_can_be_told_to_those_who_come_there(desk: FlaskClient) -> None:
    talk = factories.talk(starts_at=START, format="hybrid", venue="Saal")
    with_places(talk, 1)
    guest = factories.contact()
    participation.accept(factories.invitation(talk, guest), mode=Mode.HALL)
    db.session.commit()
    data = typed(talk, venue="Kreistagssaal")
    review = desk.post(edit(talk), data=data)
    assert "Nur wer in den Saal kommt (1)" in text_of(review.text)
    desk.post(edit(talk), data={**data, "whom": "side", "step": "tell"})
    assert [mail.contact_id for mail in moved_mails()] == [guest.id]


@pytest.mark.parametrize(("how", "state"), [("move", "confirmed"), ("end", "cancelled")])
def test_format_without_a_side_in_use_asks_what_becomes_of_them(
    desk: FlaskClient, how: str, state: str
) -> None:
    talk = factories.talk(starts_at=START, format="hybrid", venue="Saal")
    guest = factories.contact()
    participation.accept(factories.invitation(talk, guest), mode=Mode.HALL)
    db.session.commit()
    data = typed(talk, format="online", whom="nobody", step="tell")
    answer = desk.post(edit(talk), data=data)
    assert answer.status_code == 422
    assert set(errors_of(answer.text)) == {"dropped"}
    assert 'value="move"' in answer.text
    assert desk.post(edit(talk), data={**data, "dropped": how}).status_code == 303
    db.session.expire_all()
    row = db.session.scalars(select(Registration)).one()
    assert row.state == state
    templates = [mail.template for mail in db.session.scalars(select(Mail).order_by(Mail.id))]
    assert templates[-1] == {"move": "confirmation", "end": "side_dropped"}[how]


def test_cancelling_shows_the_message_with_the_reason(desk: FlaskClient) -> None:
    talk = factories.talk(starts_at=START)
    with_places(talk, 1)
    address = f"{LIST}/{talk.id}/absagen"
    assert "entfällt" in letter_of(desk.get(address).text)
    shown = desk.post(address, data={"reason": HOSTILE, "step": "preview"})
    assert shown.status_code == 200
    assert HOSTILE in letter_of(shown.text)
    assert "<script>alert" not in shown.text
    db.session.expire_all()
    assert (talk.state, talk.cancel_reason) == (TalkState.PUBLISHED, "")


def test_copy_of_a_cancelled_talk_takes_over_who_was_invited_as_a_draft(desk: FlaskClient) -> None:
    talk = factories.talk(starts_at=START, state=TalkState.CANCELLED)
    kept = factories.contact()
    for contact in (
        kept,
        factories.contact(unsubscribed_at=now()),
        factories.contact(retired_at=now()),
    ):
        factories.invitation(talk, contact)
    factories.invitation(talk, factories.contact(), answer=Answer.WITHDRAWN)
    page = desk.get(f"{NEW}?template={talk.id}").text
    assert re.search(r'type="checkbox" value="y" checked[^>]*id="copy_invited"', page)
    data = typed(template=talk.id, day="2027-06-10", copy_invited="y")
    answer = desk.post(NEW, data=data, follow_redirects=True)
    assert "1 Person ist in einem Entwurf der Einladung ausgewählt." in text_of(answer.text)
    mailing = db.session.scalars(select(Mailing)).one()
    assert (mailing.state, mailing.talk.copied_from_id) == (MailingState.DRAFT, talk.id)
    assert mailings.recipients(mailing) == [kept]
    assert db.session.scalars(select(Mail)).all() == []


def test_copy_without_the_wish_chooses_nobody(desk: FlaskClient) -> None:
    talk = factories.talk(starts_at=START)
    factories.invitation(talk, factories.contact())
    assert 'id="copy_invited"' in desk.get(f"{NEW}?template={talk.id}").text
    desk.post(NEW, data=typed(template=talk.id))
    assert db.session.scalars(select(Mailing)).all() == []
