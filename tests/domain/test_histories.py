"""Random histories of everything that can be done to an evening, and what must hold after each act.

People, deputies, strangers at the form, the office, the clock and the worker act in any order.
`test_participation` plays the answers of invited people alone and looks at each more closely.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, func, select, text

from tests import factories
from tests.lengths import length
from webinar.clock import frozen, now
from webinar.domain import (
    acceptances,
    delivery,
    deputies,
    invitations,
    limits,
    office_acts,
    participation,
    registrations,
    reminders,
    signups,
    talks,
    waiting_list,
)
from webinar.domain.contacts import ContactData
from webinar.domain.signups import SignupData
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    ACTIVE,
    Answer,
    CalendarEntry,
    Contact,
    Deputy,
    Format,
    Invitation,
    Mail,
    Mode,
    Origin,
    Registration,
    RegistrationState,
    TalkState,
    Visibility,
)

pytestmark = [pytest.mark.property, pytest.mark.deep]
S = RegistrationState
START = datetime.fromisoformat("2027-03-11T17:00:00+00:00")
PEOPLE = 5
UNASKED = ("invitation", "reinvitation", "reminder_unanswered", "reminder_coming")
"""Mails that nobody who unsubscribed gets."""

people = st.integers(0, PEOPLE - 1)
sides = st.sampled_from(Mode)
told = st.booleans()


class Histories(RuleBasedStateMachine):
    """One evening with few places, five invited people of two organisations, one stranger."""

    def __init__(self) -> None:
        super().__init__()
        self.at = START - timedelta(days=20)
        self.sequences: dict[int, int] = {}
        self.mails = 0
        self.order: dict[Mode, list[int]] = {}
        self.moved_by_hand: set[int] = set()

    @initialize(online=st.integers(0, 3), hall=st.integers(0, 2), most=st.sampled_from([None, 1]))
    def begin(self, online: int, hall: int, most: int | None) -> None:
        empty_tables()
        db.session.expunge_all()
        with frozen(self.at):
            self.by = factories.account()
            offices = [factories.organisation(), factories.organisation()]
            self.contacts = [
                factories.contact(organisation=offices[number % 2]) for number in range(PEOPLE)
            ]
            self.talk = factories.talk(
                starts_at=START,
                format=Format.HYBRID,
                visibility=Visibility.PUBLIC,
                venue="Großer Sitzungssaal",
                places_online=online,
                places_hall=hall,
                places_per_organisation=most,
            )
            for contact in self.contacts:
                factories.invitation(self.talk, contact)
            reminders.set_up(self.talk)
            db.session.commit()

    @contextmanager
    def act(self) -> Iterator[None]:
        """One act in one transaction at the time that the history has reached; what the rules
        forbid changes nothing."""
        with frozen(self.at):
            try:
                yield
                db.session.commit()
            except RuleError:
                db.session.rollback()
            self.check()
        self.at += timedelta(seconds=1)

    def invitation(self, number: int) -> Invitation:
        found = invitations.invitation_of(self.talk, contact=self.contacts[number])
        assert found is not None
        return found

    def place(self, number: int) -> Registration | None:
        return registrations.active_registration(self.talk, contact=self.contacts[number])

    # What people do through their links.

    @rule(who=people, mode=sides)
    def accept(self, who: int, mode: Mode) -> None:
        with self.act():
            participation.accept(self.invitation(who), mode=mode)

    @rule(who=people)
    def decline(self, who: int) -> None:
        with self.act():
            participation.decline(self.invitation(who))

    @rule(who=people, other=people)
    def send_somebody_known(self, who: int, other: int) -> None:
        person = self.contacts[other]
        with self.act():
            deputies.name_deputy(self.invitation(who), person=data_of(person))

    @rule(who=people, number=st.integers(0, 1))
    def send_somebody_new(self, who: int, number: int) -> None:
        person = ContactData(
            first_name="Jonas", last_name=f"Kraus{number}", email=f"kraus{number}@gemeinde.example"
        )
        with self.act():
            deputies.name_deputy(self.invitation(who), person=person)

    @rule(who=people)
    def take_back(self, who: int) -> None:
        with self.act():
            deputies.take_back(self.invitation(who))

    @rule(number=st.integers(0, 1))
    def deputy_declines(self, number: int) -> None:
        found = contact_at(f"kraus{number}@gemeinde.example")
        asked = found and invitations.invitation_of(self.talk, contact=found)
        if asked:
            with self.act():
                participation.decline(asked)

    @rule(who=people, mode=sides)
    def accept_series(self, who: int, mode: Mode) -> None:
        with self.act():
            acceptances.accept_series(self.talk.series, contact=self.contacts[who], mode=mode)

    @rule(who=people, with_places=st.booleans())
    def leave_series(self, who: int, with_places: bool) -> None:
        with self.act():
            acceptances.leave_series(
                self.talk.series, contact=self.contacts[who], with_places=with_places
            )

    # The form of the public talk.

    @rule(known=st.sampled_from([None, *range(PEOPLE)]), mode=sides)
    def sign_up(self, known: int | None, mode: Mode) -> None:
        person = SignupData(first_name="Vera", last_name="Brehm", email="brehm@verein.example")
        if known is not None:
            contact = self.contacts[known]
            person = SignupData(
                first_name=contact.first_name, last_name=contact.last_name, email=contact.email
            )
        with self.act():
            before = answers()
            signups.sign_up(self.talk, person, mode=mode)
            assert answers() == before, "the form answered for somebody who was invited"

    @rule(mode=sides)
    def confirm(self, mode: Mode) -> None:
        self.stranger(lambda contact: signups.confirm(self.talk, contact=contact, mode=mode))

    @rule()
    def leave(self) -> None:
        self.stranger(lambda contact: signups.leave(self.talk, contact=contact))

    def stranger(self, what: Callable[[Contact], object]) -> None:
        found = contact_at("brehm@verein.example")
        if found is not None:
            with self.act():
                what(found)

    # What the office does.

    @rule(who=people, mode=st.sampled_from([None, *Mode]), notify=told)
    def take_down(self, who: int, mode: Mode | None, notify: bool) -> None:
        with self.act():
            office_acts.take_down(
                self.talk, contact=self.contacts[who], mode=mode, by=self.by, notify=notify
            )

    @rule(who=people, notify=told)
    def exclude(self, who: int, notify: bool) -> None:
        with self.act():
            office_acts.exclude(self.talk, contact=self.contacts[who], by=self.by, notify=notify)

    @rule(who=people, position=st.integers(1, 4))
    def move_in_line(self, who: int, position: int) -> None:
        found = self.place(who)
        if found is not None:
            self.moved_by_hand.add(found.contact_id)
            with self.act():
                waiting_list.move(found, position=position, reason="Vorrang", by=self.by)

    @rule(who=people, raise_places=st.booleans())
    def promote(self, who: int, raise_places: bool) -> None:
        found = self.place(who)
        if found is not None:
            self.moved_by_hand.add(found.contact_id)
            with self.act():
                waiting_list.promote(found, reason="Vortrag", by=self.by, raise_places=raise_places)

    @rule(who=people)
    def refuse(self, who: int) -> None:
        found = self.place(who)
        if found is not None:
            with self.act():
                waiting_list.refuse(found, reason="Kein Bezug", by=self.by)

    @rule(online=st.integers(0, 4), hall=st.integers(0, 3), most=st.sampled_from([None, 1, 2]))
    def change_places(self, online: int, hall: int, most: int | None) -> None:
        with self.act():
            registrations.lock(self.talk)
            if online < registrations.taken(self.talk, Mode.ONLINE):
                return
            if hall < registrations.taken(self.talk, Mode.HALL):
                return
            self.talk.places_online, self.talk.places_hall = online, hall
            self.talk.places_per_organisation = most
            db.session.flush()
            participation.places_changed(self.talk)

    @rule(hours=st.integers(1, 60), tell=st.booleans())
    def postpone(self, hours: int, tell: bool) -> None:
        with self.act():
            if self.talk.state != TalkState.PUBLISHED or self.talk.starts_at <= now():
                return
            for name in ("starts_at", "ends_at", "local_start", "local_end"):
                setattr(self.talk, name, getattr(self.talk, name) + timedelta(hours=hours))
            self.talk.revision += 1
            db.session.flush()
            holders = self.holders()
            if tell:
                participation.tell_moved(self.talk, revision=self.talk.revision)
                assert written("moved", f"moved:{self.talk.id}:{self.talk.revision}:") == holders

    @rule()
    def cancel(self) -> None:
        with self.act():
            if self.talk.starts_at <= now():
                return
            holders = self.holders()
            talks.cancel(self.talk, reason="Der Saal ist gesperrt.", by=self.by)
            assert written("cancelled", f"talk-cancelled:{self.talk.id}:") == holders

    def holders(self) -> set[int]:
        """Whoever has a place, waits, or has the evening in the calendar; not the erased."""
        held = select(Registration.contact_id).where(
            Registration.talk_id == self.talk.id,
            Registration.state.in_((S.CONFIRMED, S.WAITING)),
        )
        entries = select(CalendarEntry.contact_id).where(
            CalendarEntry.talk_id == self.talk.id, CalendarEntry.cancelled.is_(False)
        )
        gone = set(db.session.scalars(select(Contact.id).where(Contact.erased_at.is_not(None))))
        found = {*db.session.scalars(held), *db.session.scalars(entries)} - gone
        return {key for key in found if key is not None}

    # What happens to people, and time.

    @rule(who=people)
    def unsubscribe(self, who: int) -> None:
        with self.act():
            self.contacts[who].unsubscribed_at = now()

    @rule(who=people)
    def subscribe(self, who: int) -> None:
        with self.act():
            self.contacts[who].unsubscribed_at = None

    @rule(who=st.integers(0, 1))
    def erase(self, who: int) -> None:
        """As erasing will leave a person: gone for every mail from now on."""
        with self.act():
            self.contacts[who].retired_at = self.contacts[who].erased_at = now()

    @rule(days=st.integers(1, 8))
    def time_passes(self, days: int) -> None:
        self.at += timedelta(days=days)

    @rule()
    def remind(self) -> None:
        with self.act():
            for reminder in reminders.due():
                while not reminders.remind(reminder.id, batch=2):
                    db.session.commit()

    # What must hold.

    def check(self) -> None:
        """After every act, at its time."""
        self.check_places()
        self.check_answers()
        self.check_order()
        self.check_calendars()
        self.check_mails()

    def check_places(self) -> None:
        for mode in Mode:
            limit = registrations.limit(self.talk, mode)
            taken = registrations.taken(self.talk, mode)
            assert limit is None or taken <= limit, "oversold"
            if self.talk.state != TalkState.PUBLISHED or self.talk.starts_at <= now():
                continue
            line = registrations.queue(self.talk, mode)
            if registrations.free(self.talk, mode) != 0:
                in_vain = [
                    row
                    for row in line
                    if row.state == S.CONFIRMED
                    or not limits.kept_out(self.talk, contact=row.contact)
                ]
                assert in_vain == [], "somebody waits while a place is free"

    def check_answers(self) -> None:
        """Invitation, place and asking tell the same story."""
        askings = db.session.scalars(select(Deputy).where(Deputy.ended_at.is_(None))).all()
        sending = {row.invitation_id: row.deputy_invitation for row in askings}
        assert len(askings) == len({row.deputy_invitation_id for row in askings})
        for row in db.session.scalars(select(Invitation)).all():
            place = registrations.active_registration(self.talk, contact=row.contact)
            if self.talk.state == TalkState.CANCELLED:
                assert place is None
                continue
            assert (row.answer == Answer.DELEGATED) == (row.id in sending)
            assert (row.answer == Answer.ACCEPTED) == (
                place is not None and place.state != S.UNCONFIRMED
            )
            if row.id in sending:
                assert sending[row.id].answer == Answer.ACCEPTED
                assert sending[row.id].id not in sending, "a deputy sends a deputy"

    def check_order(self) -> None:
        """Who was in line before is in line in the same order, unless the office moved them."""
        for mode in Mode:
            line = [row.contact_id for row in registrations.queue(self.talk, mode)]
            before = [key for key in self.order.get(mode, []) if key in line]
            if not self.moved_by_hand & {*line, *before}:
                kept = [key for key in line if key in before]
                assert kept == before, "somebody overtook"
            self.order[mode] = line
        self.moved_by_hand.clear()

    def check_calendars(self) -> None:
        """No sequence falls, and nobody is told of a place that is not theirs."""
        for entry in db.session.scalars(select(CalendarEntry)):
            assert entry.sequence >= self.sequences.get(entry.id, 0)
            self.sequences[entry.id] = entry.sequence

    def check_mails(self) -> None:
        """New mails: none unasked to who unsubscribed, none at all to the erased, one per cause."""
        new = db.session.scalars(select(Mail).where(Mail.id > self.mails).order_by(Mail.id)).all()
        for mail in new:
            assert mail.contact is not None
            assert mail.contact.erased_at is None
            if mail.template in UNASKED:
                assert mail.contact.unsubscribed_at is None
            self.mails = mail.id
        keys = select(func.count(Mail.id) - func.count(func.distinct(Mail.key)))
        assert db.session.scalar(keys) == 0

    @invariant()
    def nothing_unwanted_leaves(self) -> None:
        """What a worker would send at this moment."""
        with frozen(self.at):
            for mail in db.session.scalars(select(Mail).where(Mail.template.in_(UNASKED))):
                if mail.contact is not None and mail.contact.unsubscribed_at is not None:
                    assert not delivery.still_wanted(mail)
            active = (
                select(Registration.contact_id, func.count())
                .where(Registration.state.in_(ACTIVE))
                .group_by(Registration.talk_id, Registration.contact_id)
                .having(func.count() > 1)
            )
            assert db.session.execute(active).all() == []

    def teardown(self) -> None:
        db.session.rollback()


def data_of(contact: Contact) -> ContactData:
    return ContactData(
        first_name=contact.first_name, last_name=contact.last_name, email=contact.email
    )


def contact_at(address: str) -> Contact | None:
    return db.session.scalar(
        select(Contact).where(Contact.email == address, Contact.origin != Origin.MANUAL)
    )


def answers() -> list[tuple[int, str]]:
    rows = db.session.execute(select(Invitation.id, Invitation.answer).order_by(Invitation.id))
    return [(row[0], row[1]) for row in rows]


def written(template: str, prefix: str) -> set[int]:
    found = select(Mail.contact_id).where(Mail.template == template, Mail.key.startswith(prefix))
    return {key for key in db.session.scalars(found) if key is not None}


def empty_tables() -> None:
    """Each history begins with nothing. On PostgreSQL young lines of the audit log cannot be
    deleted, whoever asks, so what refuses it is out of the way meanwhile."""
    guarded = db.engine.dialect.name == "postgresql"
    guard = "ALTER TABLE audit_entries {} TRIGGER audit_entries_only_grows"
    if guarded:
        db.session.execute(text(guard.format("DISABLE")))
    for table in reversed(db.metadata.sorted_tables):
        db.session.execute(delete(table))
    if guarded:
        db.session.execute(text(guard.format("ENABLE")))
    db.session.commit()


def test_random_histories_keep_places_order_answers_and_mails(app: Flask) -> None:
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=length(10, soak=100),
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
