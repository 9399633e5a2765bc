"""A name for the room that is not the own: once, and never somebody else's."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from webinar.domain import display_names, participation
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import AuditEntry, Mode, Registration, Talk

OFFICE = "Landratsamt Würzburg"


@pytest.fixture
def talk(app: Flask) -> Talk:
    found = factories.talk()
    factories.speaker(found, first_name="Katharina", last_name="Brandl")
    return found


@pytest.fixture
def place(talk: Talk) -> Registration:
    found = participation.accept(factories.invitation(talk, factories.contact()), mode=Mode.ONLINE)
    db.session.commit()
    return found


def choose(place: Registration, name: str) -> None:
    display_names.choose(place, talk=place.talk, name=name, own="Hannah Seubert", office=OFFICE)
    db.session.commit()


@pytest.mark.parametrize(
    "name", ["H. S.", "Hannah aus Kürnach", "Ханна", "Dr. O’Neill-Weiß", "花子"]
)
def test_display_name_is_taken_as_it_is_meant(place: Registration, name: str) -> None:
    choose(place, f"  {name} ")
    assert place.display_name == name


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("x", "display_name_length"),
        ("x" * 61, "display_name_length"),
        ("a@gemeinde.example", "display_name_signs"),
        ("www.example.org", "display_name_signs"),
        ("https://x", "display_name_signs"),
        ("<b>Hannah</b>", "display_name_signs"),
        ("Han\u202enah", "display_name_signs"),
        ("Han\u200bnah", "display_name_signs"),
        ("Han\x07nah", "display_name_signs"),
        ("Han\nnah", "display_name_signs"),
        ("123 456", "display_name_signs"),
        ("M\u043eritz", "display_name_signs"),
        ("Moderatorin", "display_name_misleads"),
        ("die MODERATION", "display_name_misleads"),
        (
            "\U0001d40c\U0001d428\U0001d41d\U0001d41e\U0001d42b\U0001d41a\U0001d42d\U0001d428\U0001d42b",
            "display_name_misleads",
        ),
        ("Landratsamt Würzburg, Büro", "display_name_misleads"),
        ("landrätin", "display_name_misleads"),
        ("Admin", "display_name_misleads"),
        ("Katharina Brandl (Vortrag)", "display_name_misleads"),
    ],
)
def test_display_name_that_misleads_is_refused(place: Registration, name: str, code: str) -> None:
    with pytest.raises(RuleError) as refused:
        choose(place, name)
    assert (refused.value.code, refused.value.field) == (code, "display_name")
    assert place.display_name == ""


@pytest.mark.parametrize("name", ["", "   ", "Hannah Seubert"])
def test_display_name_like_the_own_is_no_choice(place: Registration, name: str) -> None:
    choose(place, name)
    choose(place, "Hannah S.")
    assert place.display_name == "Hannah S."


def test_display_name_is_chosen_once_until_the_organiser_takes_it_away(
    place: Registration,
) -> None:
    choose(place, "Hannah S.")
    choose(place, "Hannah S.")
    with pytest.raises(RuleError) as refused:
        choose(place, "H. S.")
    assert refused.value.code == "display_name_chosen"
    db.session.rollback()
    by = factories.account()
    display_names.reset(place, by=by)
    display_names.reset(place, by=by)
    db.session.commit()
    lines = db.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.action == "registration.name_reset")
        .order_by(AuditEntry.id)
    ).all()
    assert [(line.record_id, line.changes) for line in lines] == [
        (place.id, {"display_name": True})
    ]
    choose(place, "H. S.")
    assert place.display_name == "H. S."


def test_second_of_two_clicks_finds_the_first_choice(place: Registration) -> None:
    """Whatever the second had read before: the row decides."""
    choose(place, "Hannah S.")
    place.display_name = ""  # as a rival read it before the first wrote
    with db.session.no_autoflush, pytest.raises(RuleError) as refused:
        display_names.choose(place, talk=place.talk, name="H. S.", own="x", office=OFFICE)
    assert refused.value.code == "display_name_chosen"
    db.session.rollback()
