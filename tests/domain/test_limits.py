"""A limit of places per organisation: who waits because of it, and who gets a freed place."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests import factories
from tests.queries import counted
from webinar.domain import limits, participation, registrations
from webinar.domain.standing import standing
from webinar.extensions import db
from webinar.models import Contact, Invitation, Mail, Mode, Organisation, RegistrationState, Talk

S = RegistrationState
pytestmark = pytest.mark.usefixtures("app")


def invited(talk: Talk, organisation: Organisation | None) -> Invitation:
    return factories.invitation(talk, factories.contact(organisation=organisation))


def accept(talk: Talk, organisation: Organisation | None, mode: Mode = Mode.ONLINE) -> Invitation:
    row = invited(talk, organisation)
    participation.accept(row, mode=mode)
    db.session.commit()
    return row


def state(row: Invitation) -> str | None:
    found = registrations.active_registration(row.talk, contact=row.contact)
    return None if found is None else found.state


def mails(contact: Contact) -> list[Mail]:
    return list(
        db.session.scalars(select(Mail).where(Mail.contact_id == contact.id).order_by(Mail.id))
    )


def test_limit_counts_both_sides_together() -> None:
    town = factories.organisation()
    talk = factories.talk(format="hybrid", places_per_organisation=2)
    rows = [accept(talk, town, mode) for mode in (Mode.ONLINE, Mode.HALL, Mode.ONLINE)]
    assert [state(row) for row in rows] == [S.CONFIRMED, S.CONFIRMED, S.WAITING]
    assert state(accept(talk, factories.organisation())) == S.CONFIRMED


def test_people_without_an_organisation_are_not_limited() -> None:
    talk = factories.talk(places_per_organisation=1)
    assert {state(accept(talk, None)) for _ in range(3)} == {S.CONFIRMED}


def test_who_is_over_the_limit_is_told_why_and_keeps_the_place_in_line() -> None:
    town = factories.organisation()
    talk = factories.talk(places_per_organisation=1)
    accept(talk, town)
    second = accept(talk, town)
    (mail,) = mails(second.contact)
    assert (mail.template, mail.params["kept_out"], mail.params["position"]) == ("waiting", 1, 1)
    found = standing(talk, contact=second.contact)
    assert (found.kept_out, found.position, found.full) == (1, 1, True)


def test_freed_place_goes_to_the_next_whose_organisation_may_have_it() -> None:
    town, other = factories.organisation(), factories.organisation()
    talk = factories.talk(places_online=2, places_per_organisation=1)
    first, held = accept(talk, town), accept(talk, None)
    over, later = accept(talk, town), accept(talk, other)
    assert [state(over), state(later)] == [S.WAITING, S.WAITING]
    participation.decline(held)
    assert [state(over), state(later)] == [S.WAITING, S.CONFIRMED]
    participation.decline(first)
    assert state(over) == S.CONFIRMED


def test_nobody_waits_while_a_place_is_free_to_them() -> None:
    town = factories.organisation()
    talk = factories.talk(places_online=3, places_per_organisation=1)
    accept(talk, town)
    over = accept(talk, town)
    assert state(accept(talk, factories.organisation())) == S.CONFIRMED
    assert state(over) == S.WAITING


def test_changing_sides_counts_the_place_once_and_gives_none_to_who_is_over() -> None:
    town = factories.organisation()
    talk = factories.talk(format="hybrid", places_per_organisation=1)
    first, over = accept(talk, town), accept(talk, town)
    participation.accept(over, mode=Mode.HALL)
    assert state(over) == S.WAITING
    participation.accept(first, mode=Mode.HALL)
    place = registrations.active_registration(talk, contact=first.contact)
    assert place is not None
    assert (place.state, place.mode, place.wanted_mode) == (S.CONFIRMED, Mode.HALL, None)


@pytest.mark.parametrize(("limit", "promoted"), [(2, 1), (None, 3)])
def test_raising_or_removing_the_limit_promotes(limit: int | None, promoted: int) -> None:
    town = factories.organisation()
    talk = factories.talk(places_per_organisation=1)
    accept(talk, town)
    rows = [accept(talk, town) for _ in range(3)]
    talk.places_per_organisation = limit
    assert len(participation.places_changed(talk)) == promoted
    assert [state(row) for row in rows].count(S.CONFIRMED) == promoted
    assert state(rows[0]) == S.CONFIRMED


def test_who_changes_the_organisation_keeps_the_place_and_counts_to_the_new_one() -> None:
    town, other = factories.organisation(), factories.organisation()
    talk = factories.talk(places_per_organisation=1)
    mover, waits = accept(talk, town), accept(talk, town)
    mover.contact.organisation = other
    db.session.commit()
    assert (state(mover), limits.kept_out(talk, contact=mover.contact)) == (S.CONFIRMED, 1)
    participation.places_changed(talk)
    assert state(waits) == S.CONFIRMED


def test_promotion_costs_the_same_however_many_are_passed_over() -> None:
    costs = []
    for crowd in (1, 4):
        town = factories.organisation()
        talk = factories.talk(places_online=20, places_per_organisation=1)
        accept(talk, town)
        for _ in range(crowd):
            accept(talk, town)
        talk.places_per_organisation = 1
        registrations.lock(talk)
        with counted() as statements:
            registrations.promote(talk)
        costs.append(len(statements))
    assert costs == [3, 3]


def test_accepting_without_a_limit_asks_nothing_more() -> None:
    costs = []
    for town in (None, factories.organisation()):
        row = invited(factories.talk(), town)
        db.session.commit()
        with counted() as statements:
            participation.accept(row, mode=Mode.ONLINE)
            db.session.flush()
        costs.append(len([one for one in statements if "organisation" in one.partition("FROM")[2]]))
        db.session.commit()
    assert costs == [0, 0]
