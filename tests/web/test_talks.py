"""The talks' pages: list, writing, two editors, publishing, moving, cancelling, speakers."""

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
from webinar.clock import frozen
from webinar.domain import links, participation, speakers
from webinar.extensions import db
from webinar.models import (
    Account,
    AuditEntry,
    Contact,
    Mail,
    Mode,
    Role,
    Series,
    Talk,
    TalkState,
)
from webinar.web.settings import settings

LIST = "/desk/veranstaltungen"
NEW = f"{LIST}/neu"
NOW = factories.at("2027-01-02T08:00")
START = factories.at("2027-01-14T17:00")


@pytest.fixture(autouse=True)
def _january(app: Flask):  # type: ignore[no-untyped-def]
    with frozen(NOW):
        yield


def typed(talk: Talk | None = None, /, **changes: object) -> dict[str, object]:
    """What a browser sends for a new talk, or for the one that is given, unchanged."""
    if talk is None:
        first = db.session.scalars(select(Series)).first() or factories.series()
        data: dict[str, object] = {
            "series": first.id,
            "title": "Die eAkte",
            "day": "2027-01-14",
            "start": "18:00",
            "end": "19:30",
        }
    else:
        data = {
            "series": talk.series_id,
            "title": talk.title,
            "abstract": talk.abstract,
            "day": f"{talk.local_start:%Y-%m-%d}",
            "start": f"{talk.local_start:%H:%M}",
            "end": f"{talk.local_end:%H:%M}",
            "format": talk.format,
            "places_online": "" if talk.places_online is None else talk.places_online,
            "revision": talk.revision,
        }
    usual = {"zone": "Europe/Berlin", "format": "online", "visibility": "invited"}
    return {**usual, **data, **changes}


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def errors_of(page: str) -> dict[str, str]:
    """The message at each field, by the field's id."""
    found = re.findall(r'id="([\w-]+)-e">.*?<span class="kern-body">(.*?)</span>', page)
    return {field: unescape(message) for field, message in found}


def with_places(talk: Talk, count: int) -> list[Contact]:
    people = [factories.contact() for _ in range(count)]
    for person in people:
        participation.accept(factories.invitation(talk, person), mode=Mode.ONLINE)
    db.session.commit()
    return people


def test_list_costs_the_same_for_one_and_three(desk: FlaskClient) -> None:
    costs = []
    for number in (1, 2):
        for _ in range(number):
            talk = factories.talk(starts_at=START)
            factories.speaker(talk)
            factories.invitation(talk, factories.contact())
        db.session.expire_all()
        with counted() as statements:
            assert desk.get(LIST).status_code == 200
        costs.append(len(statements))
    assert costs == [5, 5]


def test_talk_page_costs_the_same_for_one_and_three_speakers(
    desk: FlaskClient, organiser: Account
) -> None:
    talk = factories.talk(starts_at=START)
    costs = []
    for number in (1, 2):
        for _ in range(number):
            speakers.add_to_talk(talk, factories.speaker(), by=organiser)
            db.session.commit()
        db.session.expire_all()
        with counted() as statements:
            assert desk.get(f"{LIST}/{talk.id}").status_code == 200
        costs.append(len(statements))
    assert costs[0] == costs[1]


def test_lists_are_told_apart_and_searched(desk: FlaskClient) -> None:
    factories.talk(starts_at=START, title="Kommt bald")
    past = factories.talk(starts_at=factories.at("2026-11-19T17:00"), title="Übergangszeit")
    factories.speaker(past, last_name="Östreicher")
    factories.talk(starts_at=START, title="Noch Entwurf", state="draft")

    def titles(query: str) -> set[str]:
        page = text_of(desk.get(LIST + query).text)
        return {t for t in ("Kommt bald", "Übergangszeit", "Noch Entwurf") if t in page}

    assert titles("") == {"Kommt bald"}
    assert titles("?list=past") == titles("?list=past&q=ostreicher") == {"Übergangszeit"}
    assert titles("?list=drafts") == {"Noch Entwurf"}
    assert titles("?q=nichts") == set()
    assert titles("?list=unsinn&page=99") == {"Kommt bald"}


def test_list_shows_answers_and_places(desk: FlaskClient) -> None:
    talk = factories.talk(starts_at=START, places_online=150)
    with_places(talk, 2)
    factories.invitation(talk, factories.contact())
    numbers = re.findall(r'cell--numeric[^>]*data-label="[^"]*">([^<]+)<', desk.get(LIST).text)
    assert numbers == ["2", "1", "150"]


def test_talk_is_written_as_a_draft(desk: FlaskClient, organiser: Account) -> None:
    data = typed(
        agenda="18:00 Begrüßung\n18:05 Vortrag",
        format="hybrid",
        places_hall="40",
        venue="Großer Sitzungssaal",
        closes_on="13.01.2027",
        closes_at="12:00",
        visibility="public",
        recorded="y",
        contact_person="Miriam Hartmann",
    )
    answer = desk.post(NEW, data=data)
    talk = db.session.scalars(select(Talk)).one()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{LIST}/{talk.id}")
    assert (talk.state, talk.starts_at, talk.places_hall) == ("draft", START, 40)
    assert talk.agenda == [["18:00", "Begrüßung"], ["18:05", "Vortrag"]]
    assert talk.registration_closes_at == factories.at("2027-01-13T11:00")
    assert (talk.visibility, talk.recorded) == ("public", True)
    assert talk.uid.endswith("@lra.example")
    page = text_of(desk.get(f"{LIST}/{talk.id}").text)
    for shown in ("Die eAkte", "18:00–19:30", "Großer Sitzungssaal", "Vortrag", "die-eakte"):
        assert shown in page
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.account_id) == ("talk.created", organiser.id)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        (
            {"title": " ", "day": "", "start": "", "agenda": "Ende"},
            {"title", "day", "start", "agenda"},
        ),
        ({"day": "morgen"}, {"day"}),
        ({"day": "0001-01-01"}, {"day"}),
        ({"day": "9999-12-31"}, {"day"}),
        ({"start": "18 Uhr"}, {"start"}),
        ({"end": "17:00"}, {"end"}),
        ({"places_online": "viele"}, {"places_online"}),
        ({"places_online": "-1"}, {"places_online"}),
        ({"places_online": "²"}, {"places_online"}),
        ({"places_online": "9" * 40}, {"places_online"}),
        ({"zone": "Europe/Nix"}, {"zone"}),
        ({"closes_on": "2027-01-15"}, {"closes_on"}),
        ({"closes_on": "2027-01-14", "closes_at": "19:00"}, {"closes_at"}),
        ({"day": "2027-03-28", "start": "02:30", "end": "04:00"}, {"start"}),
        ({"day": "2027-10-31", "start": "02:30", "end": "04:00"}, {"hour"}),
        ({"agenda": "18:00 Beginn\nEnde"}, {"agenda"}),
        ({"title": "x" * 201}, {"title"}),
        ({"series": "999"}, {"series"}),
    ],
)
def test_bad_input_stands_at_its_field_and_everything_typed_stays(
    desk: FlaskClient, changes: dict[str, object], fields: set[str]
) -> None:
    data = typed(abstract="Bleibt stehen.", venue="Saal <1>", **changes)
    answer = desk.post(NEW, data=data)
    assert answer.status_code == 422
    assert set(errors_of(answer.text)) == fields
    assert "Bleibt stehen." in answer.text
    assert "Saal &lt;1&gt;" in answer.text
    for name in fields - {"title", "hour", "series"}:
        assert str(changes.get(name, "")) in unescape(answer.text)
    assert db.session.scalars(select(Talk)).all() == []


def test_agenda_error_names_the_line(desk: FlaskClient) -> None:
    answer = desk.post(NEW, data=typed(agenda="18:00 Beginn\n\nEnde offen"))
    assert "3" in errors_of(answer.text)["agenda"]
    assert "Ende offen" in errors_of(answer.text)["agenda"]


@pytest.mark.parametrize(("hour", "start"), [("first", "00:30"), ("second", "01:30")])
def test_doubled_hour_is_asked_and_answered(desk: FlaskClient, hour: str, start: str) -> None:
    night = {"day": "2027-10-31", "start": "02:30", "end": "04:00"}
    page = desk.post(NEW, data=typed(**night)).text
    assert 'name="hour"' in page
    assert desk.post(NEW, data=typed(hour=hour, **night)).status_code == 303
    talk = db.session.scalars(select(Talk)).one()
    assert talk.starts_at == factories.at(f"2027-10-31T{start}")


def test_preview_shows_the_text_as_it_reads_and_saves_nothing(desk: FlaskClient) -> None:
    text = "**Wichtig**\n\n<script>alert(1)</script>"
    answer = desk.post(NEW, data=typed(abstract=text, title="", step="preview"))
    assert answer.status_code == 200
    assert "<strong>Wichtig</strong>" in answer.text
    assert "<script>" not in answer.text
    assert db.session.scalars(select(Talk)).all() == []


def test_without_a_series_the_form_leads_to_one(desk: FlaskClient) -> None:
    assert "/desk/reihen/neu" in desk.get(NEW).text


def test_copy_keeps_everything_but_the_day(desk: FlaskClient, organiser: Account) -> None:
    talk = factories.talk(starts_at=START, title="Die eAkte", agenda=[["18:05", "Vortrag"]])
    speaker = factories.speaker(talk)
    page = desk.get(f"{NEW}?template={talk.id}").text
    assert 'value="Die eAkte"' in page
    assert "18:05 Vortrag" in page
    assert 'name="day"' in page
    assert 'value="2027-01-14"' not in page
    data = typed(template=talk.id, copy_speakers="y", day="2027-06-10")
    desk.post(NEW, data=data)
    copy = db.session.scalars(select(Talk).where(Talk.copied_from_id == talk.id)).one()
    assert copy.speakers == [speaker]
    assert copy.state == TalkState.DRAFT


def test_edit_shows_and_saves(desk: FlaskClient) -> None:
    talk = factories.talk(starts_at=START, registration_closes_at=factories.at("2027-01-13T11:00"))
    page = desk.get(f"{LIST}/{talk.id}/bearbeiten").text
    for value in ("2027-01-14", "18:00", "19:30", "2027-01-13", "12:00", talk.title):
        assert f'value="{value}"' in page
    desk.post(f"{LIST}/{talk.id}/bearbeiten", data=typed(talk, title="Neuer Titel"))
    db.session.refresh(talk)
    assert (talk.title, talk.revision, talk.registration_closes_at) == ("Neuer Titel", 2, None)


def test_second_editor_sees_what_the_other_changed_and_may_save_over_it(
    app: Flask, desk: FlaskClient
) -> None:
    talk = factories.talk(starts_at=START)
    colleague = factories.account(name="Miriam Hartmann")
    mine = typed(talk, title="Meine Fassung", abstract="Mein Text")
    theirs = typed(talk, title="Ihre Fassung", places_online="90")
    address = f"{LIST}/{talk.id}/bearbeiten"
    assert signed_in(app, colleague).post(address, data=theirs).status_code == 303

    answer = desk.post(address, data=mine)
    assert answer.status_code == 409
    page = text_of(answer.text)
    for shown in ("Miriam Hartmann", "Ihre Fassung", "Meine Fassung", "90"):
        assert shown in page
    assert 'value="Meine Fassung"' in answer.text
    assert "Mein Text" in answer.text
    db.session.refresh(talk)
    assert talk.title == "Ihre Fassung"

    found = re.search(r'name="revision"[^>]*value="(\d+)"', answer.text)
    assert found is not None
    assert desk.post(address, data={**mine, "revision": found[1]}).status_code == 303
    db.session.refresh(talk)
    assert (talk.title, talk.abstract) == ("Meine Fassung", "Mein Text")


@pytest.mark.parametrize("revision", ["", "0", "unsinn", "-1", "9" * 30])
def test_forged_revision_is_a_conflict(desk: FlaskClient, revision: str) -> None:
    talk = factories.talk(starts_at=START)
    data = typed(talk, title="Anders", revision=revision)
    assert desk.post(f"{LIST}/{talk.id}/bearbeiten", data=data).status_code == 409


@pytest.mark.parametrize(("whom", "told"), [("holders", 2), ("nobody", 0)])
def test_moving_a_published_talk_asks_whom_to_tell(desk: FlaskClient, whom: str, told: int) -> None:
    talk = factories.talk(starts_at=START)
    with_places(talk, 2)
    address, data = f"{LIST}/{talk.id}/bearbeiten", typed(talk, start="18:30", abstract="A\nB")
    review = desk.post(address, data=data)
    page = text_of(review.text)
    assert "18:00–19:30" in page
    assert "18:30–19:30" in page
    db.session.refresh(talk)
    assert talk.starts_at == START

    sent = re.findall(
        r'<textarea name="(\w+)" hidden[^>]*>\n(.*?)</textarea>', review.text, re.DOTALL
    )
    assert ("abstract", "A\nB") in sent
    again = {name: unescape(value) for name, value in sent}
    assert desk.post(address, data={**again, "whom": whom, "step": "tell"}).status_code == 303
    db.session.refresh(talk)
    assert talk.starts_at == factories.at("2027-01-14T17:30")
    moved = db.session.scalars(select(Mail).where(Mail.template == "moved").order_by(Mail.id)).all()
    assert len(moved) == told


@pytest.mark.parametrize(("whom", "told"), [("holders", 2), ("", 0)])
def test_other_words_are_told_only_if_the_organiser_says_so(
    desk: FlaskClient, whom: str, told: int
) -> None:
    talk = factories.talk(starts_at=START, title="Bauen <digital>")
    with_places(talk, 2)
    address, data = f"{LIST}/{talk.id}/bearbeiten", typed(talk, title="Bauen & Wohnen")
    page = desk.post(address, data=data)
    assert page.status_code == 200
    assert "Bauen &lt;digital&gt;" in page.text
    assert re.search(r'value="nobody"[^>]* checked', page.text)
    review = desk.post(address, data={**data, "whom": "holders", "step": "review"})
    assert "„Bauen &amp; Wohnen“ statt „Bauen &lt;digital&gt;“" in review.text
    answer = {"whom": whom or "nobody", "step": "tell"}
    assert desk.post(address, data={**data, **answer}).status_code == 303
    db.session.refresh(talk)
    assert talk.title == "Bauen & Wohnen"
    moved = db.session.scalars(select(Mail).where(Mail.template == "moved").order_by(Mail.id)).all()
    assert [(mail.calendar_method, mail.calendar_sequence) for mail in moved] == [
        ("REQUEST", 0)
    ] * told


def test_back_from_the_question_keeps_what_was_typed(desk: FlaskClient) -> None:
    talk = factories.talk(starts_at=START)
    data = typed(talk, start="18:30", title="Anders", step="back")
    answer = desk.post(f"{LIST}/{talk.id}/bearbeiten", data=data)
    assert answer.status_code == 200
    assert 'value="18:30"' in answer.text
    assert 'value="Anders"' in answer.text


def test_nobody_is_asked_where_nobody_holds_anything(desk: FlaskClient) -> None:
    talk = factories.talk(starts_at=START)
    answer = desk.post(f"{LIST}/{talk.id}/bearbeiten", data=typed(talk, start="18:30"))
    assert answer.status_code == 303


def test_fewer_places_than_are_held_are_refused_at_the_field(desk: FlaskClient) -> None:
    talk = factories.talk(starts_at=START, places_online=2)
    with_places(talk, 2)
    answer = desk.post(f"{LIST}/{talk.id}/bearbeiten", data=typed(talk, places_online="1"))
    assert answer.status_code == 422
    assert set(errors_of(answer.text)) == {"places_online"}


def test_review_before_publishing_names_what_is_missing(desk: FlaskClient) -> None:
    talk = factories.talk(starts_at=START, state="draft", format="hybrid", published_at=None)
    address = f"{LIST}/{talk.id}/veroeffentlichen"
    page = desk.get(address).text
    assert f"/veranstaltungen/{talk.slug}" in page
    assert not re.search(r'class="kern-btn kern-btn--primary"><span', page)
    assert desk.post(address).status_code == 422
    talk.venue = "Großer Sitzungssaal"
    db.session.commit()
    assert desk.post(address).status_code == 303
    db.session.refresh(talk)
    assert talk.state == TalkState.PUBLISHED


def test_review_before_cancelling_counts_and_cancelling_tells(desk: FlaskClient) -> None:
    talk = factories.talk(starts_at=START)
    with_places(talk, 3)
    address = f"{LIST}/{talk.id}/absagen"
    assert "3 " in text_of(desk.get(address).text)
    assert desk.post(address, data={"reason": "Die Referentin ist erkrankt."}).status_code == 303
    db.session.refresh(talk)
    assert (talk.state, talk.cancel_reason) == ("cancelled", "Die Referentin ist erkrankt.")
    assert len(db.session.scalars(select(Mail).where(Mail.template == "cancelled")).all()) == 3
    assert "erkrankt" in desk.get(f"{LIST}/{talk.id}").text
    for path in ("bearbeiten", "absagen", "veroeffentlichen"):
        assert desk.post(f"{LIST}/{talk.id}/{path}", data=typed(talk)).status_code == 422
    assert desk.get(f"{LIST}/{talk.id}/bearbeiten").status_code == 422


def test_speakers_are_added_ordered_sent_their_link_and_taken_off(
    desk: FlaskClient, organiser: Account
) -> None:
    talk = factories.talk(starts_at=START)
    first, second = factories.speaker(), factories.speaker()
    base = f"{LIST}/{talk.id}/referenten"
    for one in (first, second):
        assert desk.post(base, data={"speaker": one.id}).status_code == 303
    desk.post(f"{base}/{second.id}/hoch")
    db.session.expire_all()
    assert db.session.get_one(Talk, talk.id).speakers == [second, first]

    link = speakers.links_of(talk)[first.id]
    address = links.address(link, base_url=settings().base_url, keys=settings().link_keys)
    page = desk.get(f"{LIST}/{talk.id}").text
    assert address in unescape(page)
    for number in (1, 1, 2):
        desk.post(f"{base}/{first.id}/link", data={"number": number})
    mails = db.session.scalars(
        select(Mail).where(Mail.template == "speaker_link").order_by(Mail.id)
    ).all()
    assert [mail.recipient for mail in mails] == [first.email] * 2

    desk.post(f"{base}/{first.id}/entfernen")
    db.session.expire_all()
    assert db.session.get_one(Talk, talk.id).speakers == [second]
    assert address not in desk.get(f"{LIST}/{talk.id}").text


@pytest.mark.parametrize("chosen", ["", "x", "²", "9" * 30])
def test_choosing_nobody_adds_nobody(desk: FlaskClient, chosen: str) -> None:
    talk = factories.talk()
    answer = desk.post(f"{LIST}/{talk.id}/referenten", data={"speaker": chosen})
    assert answer.status_code == 303
    assert talk.speakers == []


def test_viewer_sees_the_facts_but_no_link_and_no_button(app: Flask, organiser: Account) -> None:
    talk = factories.talk(starts_at=START)
    speakers.add_to_talk(talk, factories.speaker(), by=organiser)
    db.session.commit()
    page = signed_in(app, factories.account(role=Role.VIEWER)).get(f"{LIST}/{talk.id}").text
    assert talk.title in page
    assert "/s/" not in page
    assert "/bearbeiten" not in page
    assert f"{LIST}/{talk.id}/referenten" not in page


@pytest.mark.parametrize("path", ["", "/bearbeiten", "/veroeffentlichen", "/absagen"])
def test_unknown_talk_is_not_there(desk: FlaskClient, path: str) -> None:
    assert desk.get(f"{LIST}/999{path}").status_code == 404
