"""Answers by municipality and by day, and the columns of the organiser's own questions."""

from __future__ import annotations

from datetime import date

from flask import Flask

from tests import factories
from tests.queries import counted
from webinar.domain import answer_views, answers, participation, places, question_columns
from webinar.domain.answer_views import Presence
from webinar.domain.answers import Counts
from webinar.domain.places import Sort
from webinar.extensions import db
from webinar.models import (
    Answer,
    Mode,
    Organisation,
    OrganisationKind,
    Question,
    QuestionAnswer,
    QuestionKind,
    Source,
    Talk,
)


def town(name: str, *, in_county: bool = True) -> Organisation:
    kind = OrganisationKind.MUNICIPALITY
    return factories.organisation(name, kind=kind, in_county=in_county)


def accept(talk: Talk, place: Organisation) -> None:
    contact = factories.contact(organisation=place)
    participation.accept(factories.invitation(talk, contact), mode=Mode.ONLINE)
    db.session.commit()


def test_every_municipality_of_the_county_stands_there_with_what_is_to_be_said(app: Flask) -> None:
    talk = factories.talk(places_online=1)
    names = ("Eins", "Zwei", "Drei", "Vier", "Fünf")
    coming, waiting, silent, declined, uninvited = (town(name) for name in names)
    town("Anderswo", in_county=False)
    factories.organisation("Landratsamt", kind=OrganisationKind.DEPARTMENT, in_county=True)
    accept(talk, coming)
    accept(talk, waiting)
    for place, answer in ((silent, Answer.NONE), (silent, Answer.DECLINED), (declined, "declined")):
        factories.invitation(talk, factories.contact(organisation=place), answer=answer)
    gone = factories.contact(organisation=uninvited)
    factories.invitation(talk, gone, answer=Answer.WITHDRAWN)
    found = {row.organisation.name: row for row in answer_views.municipalities(talk)}
    assert list(found) == ["Drei", "Eins", "Fünf", "Vier", "Zwei"]
    assert {name: row.presence for name, row in found.items()} == {
        "Eins": Presence.COMING,
        "Zwei": Presence.WAITING,
        "Drei": Presence.OPEN,
        "Vier": Presence.DECLINED,
        "Fünf": Presence.UNINVITED,
    }
    assert found["Drei"].counts == Counts(declined=1, none=1)


def test_where_nobody_said_what_lies_in_the_county_all_municipalities_count(app: Flask) -> None:
    town("Kist", in_county=False)
    rows = answer_views.municipalities(factories.talk())
    assert [row.organisation.name for row in rows] == ["Kist"]


def test_municipalities_need_the_same_queries_for_one_and_many(app: Flask) -> None:
    talk = factories.talk()
    counts = []
    for number in (1, 3):
        for _row in range(number):
            accept(talk, town(f"Ort {number} {_row}"))
        db.session.expire_all()
        with counted() as statements:
            answer_views.municipalities(talk)
        counts.append(len(statements))
    assert counts == [4, 4]  # the first reads the talk again


def test_days_are_those_of_the_office_and_silent_ones_stand_between(app: Flask) -> None:
    talk = factories.talk()
    for moment, answer in (
        ("2026-12-14T22:59", Answer.ACCEPTED),
        ("2026-12-14T23:01", Answer.DECLINED),
        ("2026-12-17T10:00", Answer.ACCEPTED),
        ("2026-12-18T10:00", Answer.WITHDRAWN),
    ):
        contact = factories.contact()
        factories.invitation(talk, contact, answer=answer, answered_at=factories.at(moment))
    assert [(day.day, day.counts.answered) for day in answer_views.by_day(talk)] == [
        (date(2026, 12, 14), 1),
        (date(2026, 12, 15), 1),
        (date(2026, 12, 16), 0),
        (date(2026, 12, 17), 1),
    ]
    assert answer_views.by_day(factories.talk()) == []


def test_invitations_narrow_by_everything_at_once_and_sort_either_way(app: Flask) -> None:
    talk = factories.talk()
    place = town("Kist")
    rows = {}
    for name, moment in (("Ägidius", "2026-12-16T10:00"), ("Brandl", "2026-12-15T10:00")):
        contact = factories.contact(last_name=name, organisation=place)
        row = factories.invitation(talk, contact)
        participation.accept(row, mode=Mode.ONLINE)
        row.answered_at = factories.at(moment)
        rows[name] = contact
    factories.invitation(talk, factories.contact(last_name="Zehnder"))

    def names(**given: object) -> list[str]:
        query = answers.invitations(talk, **given)  # type: ignore[arg-type]  # filters by keyword
        return [row.contact.last_name for row in db.session.scalars(query).unique()]

    assert names(sort=Sort.NAME_DOWN) == ["Zehnder", "Brandl", "Ägidius"]
    assert names(sort=Sort.TIME) == ["Brandl", "Ägidius", "Zehnder"]
    assert names(sort=Sort.TIME_DOWN) == ["Ägidius", "Brandl", "Zehnder"]
    kept = {"organisation_id": place.id, "side": Mode.ONLINE, "source": Source.ANSWER}
    assert names(**kept, text="brandl") == ["Brandl"]
    assert names(**{**kept, "side": Mode.HALL}) == []
    assert names(**{**kept, "source": Source.OFFICE}) == []
    listed = places.listed(talk, organisation_id=place.id, sort=Sort.NAME_DOWN)
    assert [row.contact.last_name for row in db.session.scalars(listed)] == ["Brandl", "Ägidius"]
    assert answers.organisations_of(talk) == places.organisations_of(talk) == [place]


def test_unanswered_counts_whom_a_second_invitation_would_reach(app: Flask) -> None:
    talk = factories.talk()
    now = factories.at("2026-12-15T10:00")
    factories.invitation(talk, factories.contact())
    factories.invitation(talk, factories.contact(), answer=Answer.DECLINED)
    factories.invitation(talk, factories.contact(unsubscribed_at=now))
    factories.invitation(talk, factories.contact(retired_at=now))
    assert answers.unanswered(talk) == 1


def test_columns_hold_the_answers_to_the_questions_in_their_order(app: Flask) -> None:
    talk = factories.talk()
    registration = participation.accept(
        factories.invitation(talk, factories.contact()), mode=Mode.ONLINE
    )
    asked = [
        Question(talk=talk, position=place, kind=QuestionKind.TEXT, text=text)
        for place, text in ((1, "Anreise?"), (0, "Fragen?"))
    ]
    for row in asked:
        factories.save(row)
    factories.save(QuestionAnswer(registration=registration, question=asked[0], text="Bahn"))
    columns = question_columns.columns(talk)
    assert [question.text for question in columns.questions] == ["Fragen?", "Anreise?"]
    assert [text for _question, text in columns.of(registration)] == ["", "Bahn"]
    assert [text for _question, text in columns.of(None)] == ["", ""]
