"""What a calendar was told: the sequence rises with time, place and endings, and never falls."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests import factories
from tests.lengths import length
from webinar.domain import calendar_entries
from webinar.extensions import db
from webinar.models import CalendarEntry, Format, TalkState


def test_first_request_has_the_number_nought(app: Flask) -> None:
    talk, contact = factories.talk(), factories.contact()
    assert calendar_entries.entry_of(talk, contact=contact) is None
    assert calendar_entries.request(talk, contact=contact) == 0


def test_request_again_without_a_change_keeps_the_number(app: Flask) -> None:
    talk, contact = factories.talk(), factories.contact()
    calendar_entries.request(talk, contact=contact)
    talk.title = "Ein anderer Titel"
    assert calendar_entries.request(talk, contact=contact) == 0


def test_time_and_place_raise_the_number_each(app: Flask) -> None:
    talk, contact = factories.talk(), factories.contact()
    calendar_entries.request(talk, contact=contact)
    talk.starts_at -= timedelta(minutes=30)
    assert calendar_entries.request(talk, contact=contact) == 1
    talk.ends_at += timedelta(minutes=30)
    assert calendar_entries.request(talk, contact=contact) == 2
    talk.format, talk.venue = Format.HYBRID, "Großer Sitzungssaal"
    assert calendar_entries.request(talk, contact=contact) == 3


def test_cancellation_and_return_raise_the_number(app: Flask) -> None:
    talk, contact = factories.talk(), factories.contact()
    calendar_entries.request(talk, contact=contact)
    assert calendar_entries.cancel(talk, contact=contact) == 1
    assert calendar_entries.cancel(talk, contact=contact) is None
    assert calendar_entries.request(talk, contact=contact) == 2


def test_nothing_told_is_nothing_to_cancel(app: Flask) -> None:
    assert calendar_entries.cancel(factories.talk(), contact=factories.contact()) is None


def test_each_person_has_an_own_number(app: Flask) -> None:
    talk, first, second = factories.talk(), factories.contact(), factories.contact()
    calendar_entries.request(talk, contact=first)
    calendar_entries.cancel(talk, contact=first)
    assert calendar_entries.request(talk, contact=second) == 0


@pytest.mark.deep
@settings(
    max_examples=length(8, soak=150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.sampled_from(["request", "cancel", "move", "rename"]), max_size=12))
def test_number_never_falls_and_every_message_after_a_cancellation_is_newer(
    app: Flask, acts: list[str]
) -> None:
    talk, contact = factories.talk(), factories.contact()
    told: list[tuple[str, int]] = []
    for act in acts:
        if act == "move":
            talk.ends_at += timedelta(minutes=5)
        elif act == "rename":
            talk.title += "x"
        elif act == "request":
            told.append((act, calendar_entries.request(talk, contact=contact)))
        else:
            sequence = calendar_entries.cancel(talk, contact=contact)
            told += [] if sequence is None else [(act, sequence)]
    for (before, lower), (after, higher) in pairwise(told):
        assert higher >= lower
        assert higher > lower or before == after == "request"
    count = select(func.count()).where(CalendarEntry.talk_id == talk.id)
    assert (db.session.scalar(count) or 0) <= 1


def test_number_is_never_below_the_talks_own(app: Flask) -> None:
    talk, contact = factories.talk(sequence=4), factories.contact()
    assert calendar_entries.shown(talk, None) == 4
    assert calendar_entries.request(talk, contact=contact) == 4
    talk.sequence, talk.starts_at = 5, talk.starts_at - timedelta(minutes=30)
    entry = calendar_entries.entry_of(talk, contact=contact)
    assert calendar_entries.shown(talk, entry) == 5
    assert calendar_entries.request(talk, contact=contact) == 5
    talk.sequence = 6
    assert calendar_entries.cancel(talk, contact=contact) == 6
    entry = calendar_entries.entry_of(talk, contact=contact)
    assert calendar_entries.shown(talk, entry) == 7  # who comes back without a message
    talk.state = TalkState.CANCELLED
    assert calendar_entries.shown(talk, entry) == 6
