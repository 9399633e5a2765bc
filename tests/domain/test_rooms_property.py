"""Random evenings: whatever the organiser does to the door, nobody enters outside the hours, and
everybody who may enter does inside them.

The model beside it knows four moments and who was promised entry, and nothing of places, states
and audit lines.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories
from tests.domain.test_rooms import as_values
from tests.lengths import length
from webinar.clock import frozen
from webinar.domain import (
    admissions,
    participation,
    registrations,
    rooms,
    talks,
)
from webinar.domain.rooms import Entry, Terms
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Account, Contact, Mode

START = factories.at("2027-01-14T17:00")
PEOPLE = 3
TERMS = Terms(opens=15, opens_staff=30, overrun=30, extension=60)
SECOND = timedelta(seconds=1)

person = st.integers(0, PEOPLE - 1)
ACT = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([1, 10, 30, 45, 90])),
    st.tuples(st.just("wait"), st.just(0)),
    st.tuples(st.just("open"), st.just(0)),
    st.tuples(st.sampled_from(["close", "reopen", "cancel"]), st.just(0)),
    st.tuples(st.just("admit"), person),
    st.tuples(st.just("extend"), st.sampled_from([15, 30, 60])),
    st.tuples(st.just("move"), st.sampled_from([-60, 10, 60, 24 * 60])),
    st.tuples(st.sampled_from(["accept", "decline", "admit", "revoke"]), person),
)


class Evening:
    """One talk, its people, a clock that the acts move, and the model of who may be inside."""

    def __init__(self) -> None:
        self.now = START - timedelta(minutes=75)
        self.reached: set[str] = set()
        self.start, self.end = START, START + timedelta(minutes=90)
        self.early: datetime | None = None
        self.longer: datetime | None = None
        self.closed = self.cancelled = False
        self.promised: set[int] = set()
        self.admitted: dict[int, int] = {}
        with frozen(self.now):
            self.by: Account = factories.account()
            self.talk = factories.talk(starts_at=START, places_online=1)
            self.people: list[Contact] = [factories.contact() for _number in range(PEOPLE)]
            self.invitations = [factories.invitation(self.talk, one) for one in self.people]

    @property
    def opens(self) -> datetime:
        usual = self.start - timedelta(minutes=15)
        return min(usual, self.early or usual)

    @property
    def closes(self) -> datetime:
        return max(self.end, self.longer or self.end) + timedelta(minutes=30)

    def act(self, kind: str, value: int) -> None:
        with frozen(self.now):
            try:
                with db.session.begin_nested():
                    getattr(self, kind)(value)
            except RuleError as error:
                self.foreseen(kind, error)
            db.session.commit()

    def foreseen(self, kind: str, error: RuleError) -> None:
        """An organiser who lets somebody in is refused for these reasons and no other."""
        db.session.expire_all()
        if kind == "admit":
            over = self.now >= self.closes
            assert {"evening_over": over, "talk_cancelled": self.cancelled}.get(
                error.code, error.code == "place_held_already"
            )

    def wait(self, minutes: int) -> None:
        """No minutes mean: to the next edge of the door, or over it by a second."""
        edges = [at for at in (self.opens, self.closes) if at > self.now]
        step = timedelta(minutes=minutes) if minutes else SECOND
        if not minutes and edges and edges[0] - self.now > SECOND:
            step = edges[0] - self.now - SECOND
        self.now += step

    def open(self, _value: int) -> None:
        rooms.open_early(self.talk, terms=TERMS, by=self.by)
        if self.now < self.opens:
            self.early = self.now

    def close(self, _value: int) -> None:
        rooms.close(self.talk, terms=TERMS, by=self.by)
        self.closed = True

    def reopen(self, _value: int) -> None:
        rooms.reopen(self.talk, terms=TERMS, by=self.by)
        self.closed = False

    def extend(self, minutes: int) -> None:
        until = max(self.end, self.longer or self.end) + timedelta(minutes=minutes)
        rooms.extend(self.talk, until=until, terms=TERMS, by=self.by)
        self.longer = until

    def move(self, minutes: int) -> None:
        start = self.talk.local_start + timedelta(minutes=minutes)
        end = self.talk.local_end + timedelta(minutes=minutes)
        values = as_values(self.talk, day=start.date(), start=start.time(), end=end.time())
        talks.edit(self.talk, values, revision=self.talk.revision, by=self.by)
        self.start += timedelta(minutes=minutes)
        self.end += timedelta(minutes=minutes)
        self.early = self.longer = None
        self.closed = False

    def cancel(self, _value: int) -> None:
        talks.cancel(self.talk, reason="", by=self.by)
        self.cancelled = True

    def accept(self, number: int) -> None:
        found = participation.accept(self.invitations[number], mode=Mode.ONLINE)
        if found.state == "confirmed":
            self.promised.add(number)

    def decline(self, number: int) -> None:
        participation.decline(self.invitations[number])
        self.promised.discard(number)
        self.next_in_line()

    def admit(self, number: int) -> None:
        contact = self.people[number]
        found = admissions.admit(self.talk, contact=contact, terms=TERMS, by=self.by)
        self.promised.add(number)
        self.admitted[number] = found.id

    def revoke(self, number: int) -> None:
        if number in self.admitted:
            found = admissions.find(self.talk, self.admitted.pop(number))
            held = registrations.active_registration(self.talk, contact=self.people[number])
            admissions.revoke(found, by=self.by)
            if held is not None and held.id == found.registration_id:
                self.promised.discard(number)
            self.next_in_line()

    def next_in_line(self) -> None:
        """Whom the queue gave the place that became free: its order has its own property."""
        for number, contact in enumerate(self.people):
            held = registrations.active_registration(self.talk, contact=contact)
            if held is not None and held.state == "confirmed":
                self.promised.add(number)

    def _of(self, at: datetime) -> set[str]:
        """What of the door somebody who was promised entry meets at that moment."""
        hours = self.opens <= at < self.closes
        usual = self.start - timedelta(minutes=15) <= at < self.end + timedelta(minutes=30)
        found = {
            "early": hours and at < self.start - timedelta(minutes=15),
            "extended": hours and at >= self.end + timedelta(minutes=30),
            "closed": hours and self.closed,
            "cancelled": hours and self.cancelled,
            "inside": usual and not (self.closed or self.cancelled),
            "outside": not hours,
            "admitted": hours and bool(self.admitted),
        }
        return {name for name, met in found.items() if met}

    def check(self) -> None:
        hours = TERMS.guests(self.talk)
        for at in (self.now, self.opens - SECOND, self.opens, self.closes - SECOND, self.closes):
            inside = self.opens <= at < self.closes and not (self.closed or self.cancelled)
            if self.promised:
                self.reached |= self._of(at)
            with frozen(at):
                entered = {
                    number
                    for number, contact in enumerate(self.people)
                    if rooms.contact_entry(
                        self.talk,
                        contact=contact,
                        registration=registrations.active_registration(self.talk, contact=contact),
                        hours=hours,
                    )
                    is Entry.OPEN
                }
            assert entered == (self.promised if inside else set()), at


@pytest.mark.property
@pytest.mark.deep
@pytest.mark.usefixtures("app")
def test_nobody_enters_outside_the_hours_and_everybody_promised_inside() -> None:
    reached: set[str] = set()

    @settings(
        max_examples=length(12, soak=200),
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(ACT, min_size=10, max_size=30))
    def plays(acts: list[tuple[str, int]]) -> None:
        evening = Evening()
        for kind, value in acts:
            evening.act(kind, value)
            evening.check()
        reached.update(evening.reached)

    plays()
    assert reached >= {"early", "extended", "closed", "inside", "outside", "admitted"}
