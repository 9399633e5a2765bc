"""Random histories of answers, deputies and places: what must hold after every step."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests import factories
from tests.lengths import length
from webinar.domain import askings, calendar_entries, deputies, participation, registrations
from webinar.domain.contacts import ContactData
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import ACTIVE, Answer, Contact, Invitation, Mode, Registration, Talk
from webinar.models import RegistrationState as S

pytestmark = pytest.mark.usefixtures("app")
INVITED, STRANGERS = 4, 2
PERSON = st.integers(0, INVITED - 1)
ANYBODY = st.integers(0, INVITED + STRANGERS - 1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["accept", "decline", "take_back"]), ANYBODY, ANYBODY),
        st.tuples(st.just("name"), PERSON, ANYBODY),
        st.tuples(st.just("places"), st.integers(0, 3), ANYBODY),
    ),
    max_size=18,
)


def act(talk: Talk, people: list[Contact], step: tuple[str, int, int]) -> None:
    name, first, second = step
    if name == "places":
        talk.places_online = first
        participation.places_changed(talk)
        return
    query = select(Invitation).where(
        Invitation.talk_id == talk.id, Invitation.contact_id == people[first].id
    )
    invitation = db.session.scalar(query)
    if invitation is None:
        return
    if name == "accept":
        participation.accept(invitation, mode=Mode.ONLINE)
    elif name == "decline":
        participation.decline(invitation)
    elif name == "take_back":
        deputies.take_back(invitation)
    else:
        other = people[second]
        person = ContactData(
            first_name=other.first_name, last_name=other.last_name, email=other.email
        )
        deputies.name_deputy(invitation, person=person)


def check(talk: Talk) -> None:
    db.session.expire_all()
    rows = db.session.scalars(select(Invitation).where(Invitation.talk_id == talk.id)).all()
    places = db.session.scalars(
        select(Registration).where(Registration.talk_id == talk.id, Registration.state.in_(ACTIVE))
    ).all()
    held = {place.contact_id: place for place in places}
    assert len(held) == len(places)
    for row in rows:
        sent, received = askings.sent_by(row), askings.received_by(row)
        assert (row.answer == Answer.ACCEPTED) == (row.contact_id in held)
        assert (row.answer == Answer.DELEGATED) == (sent is not None)
        assert sent is None or received is None
        if received is not None:
            assert row.contact_id in held, "a deputy without a place"
        entry = calendar_entries.entry_of(talk, contact=row.contact)
        place = held.get(row.contact_id)
        confirmed = place is not None and place.state == S.CONFIRMED
        assert (entry is not None and not entry.cancelled) == confirmed
    if registrations.free(talk, Mode.ONLINE) != 0:
        assert registrations.queue(talk, Mode.ONLINE) == [], "somebody waits in vain"


@pytest.mark.property
@pytest.mark.deep
@settings(
    max_examples=length(10, soak=150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(places=st.integers(0, 3), steps=STEPS)
def test_random_histories_keep_answers_places_and_askings_together(
    places: int, steps: list[tuple[str, int, int]]
) -> None:
    talk = factories.talk(places_online=places)
    people = [factories.contact() for _ in range(INVITED + STRANGERS)]
    for contact in people[:INVITED]:
        factories.invitation(talk, contact)
    for step in steps:
        taken = registrations.taken(talk, Mode.ONLINE)
        try:
            act(talk, people, step)
            db.session.commit()
        except RuleError:
            db.session.rollback()
        now_taken = registrations.taken(talk, Mode.ONLINE)
        assert now_taken <= max(taken, talk.places_online or 0), "a place beyond the limit"
        check(talk)
