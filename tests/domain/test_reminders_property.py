"""Random histories of one talk and its reminders: whatever is answered, registered, moved, killed
and done again, each person is reminded once per step and day, and only who should be.

What went out is decided as the outbox decides it: by `delivery.still_wanted`, before the mail is
marked as sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests import factories
from tests.lengths import length
from webinar.clock import frozen
from webinar.domain import delivery, participation, registrations, reminders, times
from webinar.domain.reminder_times import due_at
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Answer,
    Contact,
    Invitation,
    Mail,
    MailState,
    Mode,
    RegistrationState,
    Reminded,
    TalkState,
)

BEGIN = factories.at("2027-03-20T09:00")
START = factories.at("2027-03-29T16:00")
"""The clock change of spring lies between."""
PEOPLE = 4
GONE = ("unsubscribed_at", "retired_at", "erased_at")

person = st.integers(0, PEOPLE - 1)
ACT = st.one_of(
    st.tuples(st.just("accept"), person),
    st.tuples(st.just("decline"), person),
    st.tuples(st.just("invite"), person),
    st.tuples(st.sampled_from(GONE), person),
    st.tuples(st.just("move"), st.sampled_from([-2880, -1440, -30, 30, 180, 1440, 10080])),
    st.tuples(st.just("pass"), st.sampled_from([1, 30, 60, 600, 1440, 2880, 5000])),
    st.tuples(st.just("pass"), st.just(-1)),
    st.tuples(st.just("batch"), st.booleans()),
    st.tuples(st.just("work"), st.just(0)),
    st.tuples(st.just("send"), st.just(0)),
)


class History:
    """One talk, its people, and a clock that the acts move; -1 minutes mean: to the next moment
    that is due."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.sent: list[tuple[str, int]] = []
        with frozen(BEGIN):
            self.talk = factories.talk(starts_at=START, places_online=2)
            self.people = [factories.contact() for _ in range(PEOPLE)]
            for contact in self.people[:2]:
                factories.invitation(self.talk, contact)
            reminders.set_up(self.talk)
            db.session.commit()

    def play(self, act: str, value: Any) -> None:
        acts: dict[str, Callable[[Any], None]] = {
            "accept": self.answer(participation.accept, mode=Mode.ONLINE),
            "decline": self.answer(participation.decline),
            "invite": self.invite,
            "move": self.move,
            "pass": self.wait,
            "batch": self.batch,
            "work": self.work,
            "send": self.send,
        }
        with frozen(self.now):
            if act in GONE:
                setattr(self.people[value], act, self.now)
                db.session.commit()
            else:
                acts[act](value)

    def answer(self, function: Callable[..., object], **more: object) -> Callable[[int], None]:
        def act(value: int) -> None:
            invitation = self.invitation(self.people[value])
            if invitation is not None:
                try:
                    function(invitation, **more)
                    db.session.commit()
                except RuleError:
                    db.session.rollback()

        return act

    def invitation(self, contact: Contact) -> Invitation | None:
        query = select(Invitation).where(
            Invitation.talk_id == self.talk.id, Invitation.contact_id == contact.id
        )
        return db.session.scalar(query)

    def invite(self, value: int) -> None:
        if self.invitation(self.people[value]) is None:
            factories.invitation(self.talk, self.people[value])

    def move(self, minutes: int) -> None:
        start = self.talk.starts_at + timedelta(minutes=minutes)
        if start > self.now and not times.started(self.talk):
            self.talk.starts_at, self.talk.ends_at = start, start + timedelta(minutes=90)
            db.session.commit()

    def wait(self, minutes: int) -> None:
        if minutes >= 0:
            self.now += timedelta(minutes=minutes)
            return
        ahead = [at for row in reminders.of_talk(self.talk) if (at := due_at(row)) > self.now]
        self.now = min(ahead, default=self.now)

    def batch(self, killed: bool) -> None:
        """One batch of each step that is due; a killed worker commits nothing."""
        for reminder in reminders.due():
            reminders.remind(reminder.id, batch=1)
            if killed:
                db.session.rollback()
            else:
                db.session.commit()

    def work(self, _value: int) -> None:
        for reminder in reminders.due():
            while not reminders.remind(reminder.id, batch=1):
                db.session.commit()
        db.session.commit()

    def send(self, _value: int) -> None:
        queued = (Mail.talk_id == self.talk.id, Mail.state == MailState.QUEUED)
        query = select(Mail).where(Mail.template.startswith("reminder"), *queued)
        for mail in db.session.scalars(query):
            wanted = delivery.still_wanted(mail)
            mail.state = MailState.SENT if wanted else MailState.OBSOLETE
            if wanted:
                self.check(mail)
        db.session.commit()

    def check(self, mail: Mail) -> None:
        """What holds of every reminder at the moment when it goes out."""
        contact, talk = mail.contact, self.talk
        assert contact is not None
        assert contact.active
        assert contact.unsubscribed_at is None
        assert self.now < talk.starts_at
        day = times.wall_clock(talk.starts_at, zone=talk.zone).date().isoformat()
        assert f":{day}:" in mail.key
        place = registrations.active_registration(talk, contact=contact)
        if mail.template == "reminder_coming":
            assert place is not None
            assert place.state == RegistrationState.CONFIRMED
        else:
            invitation = self.invitation(contact)
            assert place is None
            assert invitation is not None
            assert invitation.answer == Answer.NONE
        self.sent.append((mail.key.rpartition(":")[0], contact.id))

    def end(self) -> None:
        """The step's own memory holds, and nobody was reminded twice of the same step and day."""
        doubled = [found for found, count in Counter(self.sent).items() if count > 1]
        assert doubled == []
        self.talk.state = TalkState.CANCELLED  # leaves the next history alone
        db.session.commit()
        keys = list(
            db.session.scalars(
                select(Mail.key).where(Mail.key.startswith("reminder:")).order_by(Mail.id)
            )
        )
        assert len(keys) == len(set(keys))


@pytest.mark.property
@pytest.mark.deep
def test_random_histories_remind_once_and_only_whom_they_should(app: Flask) -> None:
    reached: Counter[str] = Counter()

    @settings(
        max_examples=length(15, soak=150),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    @given(st.lists(ACT, min_size=8, max_size=30))
    def plays(acts: list[tuple[str, Any]]) -> None:
        history = History()
        for act, value in acts:
            history.play(act, value)
        history.wait(-1)
        for closing in ("work", "send"):
            history.play(closing, 0)
        history.end()
        reached.update(key.split(":")[2] for key, _person in history.sent)

    plays()
    assert reached[Reminded.UNANSWERED] > 0, "the histories reach what they are to prove"
    assert reached[Reminded.COMING] > 0
