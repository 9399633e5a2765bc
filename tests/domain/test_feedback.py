"""Feedback names nobody and counts once for each click."""

from __future__ import annotations

import pytest
from flask import Flask

from tests import factories
from webinar.domain import feedback
from webinar.errors import RuleError
from webinar.models import Feedback, Talk


@pytest.fixture
def talk(app: Flask) -> Talk:
    return factories.talk()


def test_feedback_is_summed_up_without_order_of_time(talk: Talk) -> None:
    assert feedback.summary(talk).average == 0
    given = [(5, "Zu kurz"), (2, ""), (5, "  Anschaulich\r\nund klar ")]
    for number, (rating, text) in enumerate(given):
        feedback.give(talk, ticket=f"t{number}", rating=rating, text=text)
    feedback.give(factories.talk(), ticket="other", rating=1, text="anderer Abend")
    found = feedback.summary(talk)
    assert found.counts == {5: 2, 4: 0, 3: 0, 2: 1, 1: 0}
    assert (found.total, found.average) == (3, 4.0)
    assert found.texts == ["Anschaulich\nund klar", "Zu kurz"]


def test_ticket_counts_once_and_keeps_what_it_brought_first(talk: Talk) -> None:
    assert not feedback.given("t")
    feedback.give(talk, ticket="t", rating=5, text="")
    feedback.give(talk, ticket="t", rating=1, text="doch nicht")
    assert feedback.given("t")
    assert feedback.summary(talk).counts[5] == 1
    assert feedback.summary(talk).total == 1


@pytest.mark.parametrize(
    ("rating", "text", "field"), [(0, "", "rating"), (6, "", "rating"), (3, "x" * 1001, "text")]
)
def test_feedback_out_of_bounds_is_refused(talk: Talk, rating: int, text: str, field: str) -> None:
    with pytest.raises(RuleError) as refused:
        feedback.give(talk, ticket="t", rating=rating, text=text)
    assert refused.value.field == field


def test_feedback_has_no_column_that_leads_to_a_person() -> None:
    assert set(Feedback.__table__.columns.keys()) == {
        "id",
        "talk_id",
        "ticket",
        "given_on",
        "rating",
        "text",
    }
