"""Reminders: the moment, the people, and each mail once, whatever is moved or done again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from tests.factories import at
from tests.queries import counted
from webinar.clock import frozen
from webinar.domain import (
    delivery,
    participation,
    reminder_plans,
    reminder_times,
    reminders,
    subscriptions,
    talks,
    times,
)
from webinar.domain.reminder_plans import Stage
from webinar.domain.talks import TalkValues
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    AuditEntry,
    Contact,
    Mail,
    MailState,
    Mode,
    Reminded,
    Reminder,
    Talk,
    TalkState,
)

START = at("2027-01-14T17:00")
CLOSES = at("2027-01-13T22:59")
EARLY = at("2026-12-20T10:00")
DAY_BEFORE = at("2027-01-13T17:00")
WEEK_BEFORE = at("2027-01-06T07:00")
"""23:59 at night would be the hour of the closing time: it goes out at 8:00."""
EVENING = timedelta(hours=1, minutes=30)


def evening(**values: object) -> Talk:
    with frozen(EARLY):
        return factories.talk(**{"starts_at": START, "registration_closes_at": CLOSES, **values})


def step(talk: Talk, whom: Reminded, *, days: int = 0, minutes: int = 0) -> Reminder:
    row = Reminder(talk=talk, reminded=whom, days=days, minutes=minutes)
    with frozen(EARLY):
        factories.save(row)
    return row


def comer(talk: Talk, *, when: datetime = EARLY) -> Contact:
    contact = factories.contact()
    with frozen(when):
        invitation = factories.invitation(talk, contact)
        participation.accept(invitation, mode=Mode.ONLINE)
        db.session.commit()
    return contact


def invited(talk: Talk, *, when: datetime = EARLY) -> Contact:
    contact = factories.contact()
    with frozen(when):
        factories.invitation(talk, contact)
    return contact


def work() -> list[Mail]:
    """What the job does at this moment; all reminders that stand in the outbox."""
    for reminder in reminders.due():
        while not reminders.remind(reminder.id, batch=2):
            db.session.commit()
    db.session.commit()
    return mails()


def mails() -> list[Mail]:
    query = select(Mail).where(Mail.key.startswith("reminder:")).order_by(Mail.id)
    return list(db.session.scalars(query))


def move(talk: Talk, start: datetime) -> None:
    """What saving another start does to the row."""
    talk.starts_at, talk.ends_at = start, start + EVENING
    talk.local_start = times.wall_clock(start, zone=talk.zone)
    talk.local_end = times.wall_clock(talk.ends_at, zone=talk.zone)
    db.session.commit()


@pytest.mark.parametrize(
    ("start", "days", "minutes", "expected"),
    [
        pytest.param("2027-01-14T17:00", 1, 0, "2027-01-13T17:00", id="day"),
        pytest.param("2027-01-14T17:00", 0, 60, "2027-01-14T16:00", id="hour"),
        pytest.param("2027-03-28T16:00", 1, 0, "2027-03-27T17:00", id="spring"),
        pytest.param("2027-10-31T17:00", 1, 0, "2027-10-30T16:00", id="autumn"),
        pytest.param("2027-03-28T01:30", 0, 60, "2027-03-28T00:30", id="hour-spring"),
        pytest.param("2027-10-31T01:30", 0, 60, "2027-10-31T00:30", id="hour-autumn"),
        pytest.param("2027-03-29T00:30", 1, 0, "2027-03-28T06:00", id="skipped-hour"),
        pytest.param("2027-01-14T05:59", 1, 0, "2027-01-13T07:00", id="before-seven"),
        pytest.param("2027-01-14T06:00", 1, 0, "2027-01-13T06:00", id="at-seven"),
        pytest.param("2027-01-14T19:00", 1, 0, "2027-01-13T19:00", id="at-eight"),
        pytest.param("2027-01-14T19:01", 1, 0, "2027-01-13T07:00", id="after-eight"),
    ],
)
def test_due_moment_keeps_the_wall_clock(
    app: Flask, start: str, days: int, minutes: int, expected: str
) -> None:
    talk = evening(starts_at=at(start), registration_closes_at=None)
    reminder = step(talk, Reminded.COMING, days=days, minutes=minutes)
    assert reminder_times.due_at(reminder) == at(expected)


def test_unanswered_count_back_from_the_closing_time(app: Flask) -> None:
    reminder = step(evening(), Reminded.UNANSWERED, days=7)
    assert reminder_times.due_at(reminder) == WEEK_BEFORE


def test_unanswered_get_one_mail_and_nobody_else(app: Flask) -> None:
    talk = evening()
    step(talk, Reminded.UNANSWERED, days=7)
    waits = [invited(talk) for _ in range(3)]
    comer(talk)
    with frozen(EARLY):
        participation.decline(factories.invitation(talk, factories.contact()))
        db.session.commit()
    with frozen(WEEK_BEFORE - timedelta(minutes=1)):
        assert work() == []
    with frozen(WEEK_BEFORE):
        found = work()
        assert work() == found
    assert [mail.contact_id for mail in found] == [contact.id for contact in waits]
    assert {mail.template for mail in found} == {"reminder_unanswered"}
    assert {mail.not_after for mail in found} == {CLOSES}
    assert found[0].key == f"reminder:{talk.id}:unanswered:7d0m:2027-01-14:{waits[0].id}"


def leave(contact: Contact) -> None:
    contact.retired_at = EARLY


def erase(contact: Contact) -> None:
    contact.erased_at = EARLY


@pytest.mark.parametrize("act", [leave, erase, subscriptions.unsubscribe])
@pytest.mark.parametrize("whom", [Reminded.COMING, Reminded.UNANSWERED])
def test_who_left_or_unsubscribed_is_reminded_of_nothing(
    app: Flask, whom: Reminded, act: Callable[[Contact], object]
) -> None:
    talk = evening(registration_closes_at=None)
    step(talk, whom, days=1)
    first = comer(talk) if whom is Reminded.COMING else invited(talk)
    later = comer(talk) if whom is Reminded.COMING else invited(talk)
    act(first)
    db.session.commit()
    with frozen(DAY_BEFORE):
        (mail,) = work()
        assert mail.contact_id == later.id
        assert delivery.still_wanted(mail)
        act(later)
        assert not delivery.still_wanted(mail)


def test_late_registration_gets_only_what_is_ahead(app: Flask) -> None:
    talk = evening(registration_closes_at=None)
    step(talk, Reminded.COMING, days=1)
    step(talk, Reminded.COMING, minutes=60)
    early = comer(talk)
    late = comer(talk, when=DAY_BEFORE + timedelta(seconds=1))
    with frozen(DAY_BEFORE + timedelta(seconds=30)):
        assert [mail.contact_id for mail in work()] == [early.id]
    with frozen(START - timedelta(hours=1)):
        assert [mail.contact_id for mail in work()[1:]] == [early.id, late.id]


def test_invitation_sent_after_the_moment_is_no_cause(app: Flask) -> None:
    talk = evening()
    step(talk, Reminded.UNANSWERED, days=7)
    invited(talk, when=WEEK_BEFORE + timedelta(seconds=1))
    with frozen(WEEK_BEFORE + timedelta(minutes=1)):
        assert work() == []


@pytest.mark.parametrize(
    ("state", "sent", "reminded"),
    [
        (MailState.SENT, EARLY, True),
        (MailState.SENT, WEEK_BEFORE + timedelta(seconds=1), False),
        (MailState.QUEUED, None, False),
        (MailState.ABORTED, None, False),
        (MailState.FAILED, None, True),
    ],
)
def test_only_who_was_asked_is_reminded_to_answer(
    app: Flask, state: MailState, sent: datetime | None, reminded: bool
) -> None:
    talk = evening()
    step(talk, Reminded.UNANSWERED, days=7)
    person = invited(talk)
    letter = {"template": "invitation", "key": "letter", "recipient": person.email}
    factories.save(Mail(talk=talk, contact=person, state=state, sent_at=sent, **letter))
    with frozen(WEEK_BEFORE + timedelta(minutes=1)):
        assert bool(work()) is reminded


def test_answer_in_between_makes_the_reminder_obsolete(app: Flask) -> None:
    talk = evening()
    step(talk, Reminded.UNANSWERED, days=7)
    person = factories.contact()
    with frozen(EARLY):
        invitation = factories.invitation(talk, person)
    with frozen(WEEK_BEFORE):
        (mail,) = work()
        assert delivery.still_wanted(mail)
        participation.accept(invitation, mode=Mode.ONLINE)
        assert not delivery.still_wanted(mail)


def test_place_given_up_makes_the_reminder_obsolete(app: Flask) -> None:
    talk = evening()
    step(talk, Reminded.COMING, days=1)
    comer(talk)
    with frozen(DAY_BEFORE):
        (mail,) = work()
        assert delivery.still_wanted(mail)
        participation.tell_cancelled(talk)
        assert not delivery.still_wanted(mail)


def test_who_waits_for_a_place_is_not_reminded_of_coming(app: Flask) -> None:
    talk = evening(places_online=1)
    step(talk, Reminded.COMING, days=1)
    holder = comer(talk)
    comer(talk)
    with frozen(DAY_BEFORE):
        assert [mail.contact_id for mail in work()] == [holder.id]


def test_speakers_are_reminded_unless_they_were_taken_off(app: Flask) -> None:
    talk = evening()
    with frozen(EARLY):
        speaker = factories.speaker(talk)
    step(talk, Reminded.SPEAKERS, days=1)
    with frozen(DAY_BEFORE):
        (mail,) = work()
        assert (mail.speaker_id, mail.template) == (speaker.id, "reminder_speaker")
        assert delivery.still_wanted(mail)
        talk.appearances.clear()
        db.session.commit()
        assert not delivery.still_wanted(mail)


@pytest.mark.parametrize("state", [TalkState.DRAFT, TalkState.CANCELLED])
def test_draft_and_cancelled_talks_remind_nobody(app: Flask, state: TalkState) -> None:
    talk = evening()
    step(talk, Reminded.COMING, days=1)
    comer(talk)
    talk.state = state
    db.session.commit()
    with frozen(DAY_BEFORE):
        assert work() == []
        assert reminders.remind(db.session.scalars(select(Reminder.id)).one())
        assert mails() == []


def test_cancelled_talk_takes_back_what_was_not_sent(app: Flask) -> None:
    talk = evening()
    step(talk, Reminded.COMING, days=1)
    comer(talk)
    with frozen(DAY_BEFORE):
        (mail,) = work()
        talk.state = TalkState.CANCELLED
        assert not delivery.still_wanted(mail)


def test_moment_before_publishing_is_passed_over(app: Flask) -> None:
    talk = evening(published_at=DAY_BEFORE + timedelta(minutes=5))
    reminder = step(talk, Reminded.COMING, days=1)
    comer(talk)
    with frozen(DAY_BEFORE + timedelta(minutes=10)):
        assert work() == []
    assert reminder.done_for == DAY_BEFORE


def test_nothing_goes_out_after_the_start(app: Flask) -> None:
    talk = evening()
    step(talk, Reminded.COMING, minutes=60)
    comer(talk)
    with frozen(START - timedelta(minutes=30)):
        (mail,) = work()
    with frozen(START):
        assert not delivery.still_wanted(mail)
        db.session.delete(mail)
        db.session.commit()
        assert work() == []


def test_step_is_passed_over_where_a_later_one_is_due_too(app: Flask) -> None:
    """The worker was down from the day before until the last hour."""
    talk = evening()
    step(talk, Reminded.COMING, days=1)
    step(talk, Reminded.COMING, minutes=60)
    comer(talk)
    with frozen(START - timedelta(minutes=20)):
        (mail,) = work()
    assert ":0d60m:" in mail.key


def test_postponed_talk_reminds_anew_for_the_new_day(app: Flask) -> None:
    talk = evening()
    step(talk, Reminded.COMING, days=1)
    person = comer(talk)
    with frozen(DAY_BEFORE):
        (first,) = work()
        move(talk, START + timedelta(days=7))
        assert not delivery.still_wanted(first)
        assert work() == [first]
    with frozen(DAY_BEFORE + timedelta(days=7)):
        found = work()
        assert [mail.contact_id for mail in found] == [person.id, person.id]
        assert delivery.still_wanted(found[1])


def test_talk_moved_within_its_day_reminds_nobody_twice(app: Flask) -> None:
    talk = evening()
    step(talk, Reminded.COMING, days=1)
    comer(talk)
    with frozen(DAY_BEFORE):
        found = work()
        move(talk, START + timedelta(minutes=30))
        assert delivery.still_wanted(found[0])
    newcomer = comer(talk, when=DAY_BEFORE + timedelta(minutes=10))
    with frozen(DAY_BEFORE + timedelta(minutes=30)):
        assert [mail.contact_id for mail in work()[1:]] == [newcomer.id]


def test_frozen_words_are_not_sent_for_another_hour(app: Flask) -> None:
    talk = evening()
    step(talk, Reminded.COMING, days=1)
    comer(talk)
    with frozen(DAY_BEFORE):
        (mail,) = work()
        mail.content = b"18:00"
        assert delivery.still_wanted(mail)
        move(talk, START + timedelta(minutes=30))
        assert not delivery.still_wanted(mail)


def test_moving_the_talk_moves_what_has_not_gone_out(app: Flask) -> None:
    talk = evening()
    reminder = step(talk, Reminded.COMING, days=1)
    comer(talk)
    move(talk, START + timedelta(days=2))
    assert reminder_times.due_at(reminder) == DAY_BEFORE + timedelta(days=2)
    with frozen(DAY_BEFORE):
        assert work() == []
    with frozen(DAY_BEFORE + timedelta(days=2)):
        assert len(work()) == 1


def test_merged_person_is_not_reminded_twice(app: Flask) -> None:
    """The mail to the record that was merged away belongs to the one that stays."""
    talk = evening()
    step(talk, Reminded.COMING, days=1)
    comer(talk)
    stays = comer(talk)
    with frozen(DAY_BEFORE):
        first, second = work()
        db.session.delete(second)
        first.contact_id = stays.id
        talk.starts_at += timedelta(minutes=5)
        db.session.commit()
    with frozen(DAY_BEFORE + timedelta(minutes=5)):
        kept = [mail.contact_id for mail in work()]
    assert kept.count(stays.id) == 1


def test_batches_go_on_where_the_last_one_ended(app: Flask) -> None:
    talk = evening()
    reminder = step(talk, Reminded.COMING, days=1)
    people = [comer(talk) for _ in range(5)]
    with frozen(DAY_BEFORE):
        assert not reminders.remind(reminder.id, batch=2)
        db.session.commit()
        assert not reminders.remind(reminder.id, batch=2)
        db.session.rollback()  # the worker died before its commit
        assert len(mails()) == 2
        assert [mail.contact_id for mail in work()] == [person.id for person in people]
    assert reminder.done_for == DAY_BEFORE


def test_removed_step_is_worked_off_as_nothing(app: Flask) -> None:
    assert reminders.remind(999)


def values(**more: object) -> TalkValues:
    given = {
        "series_id": factories.series().id,
        "title": "eAkte",
        "day": START.date(),
        "start": datetime.min.time().replace(hour=18),
        "end": datetime.min.time().replace(hour=19),
    }
    return TalkValues(**{**given, **more})  # type: ignore[arg-type]


def wanted(talk: Talk) -> list[tuple[str, int, int]]:
    return [(row.reminded, row.days, row.minutes) for row in reminders.of_talk(talk)]


def test_new_talk_has_the_usual_steps_and_a_copy_those_of_its_template(
    app: Flask, organiser: Account
) -> None:
    first = talks.create(values(), mail_domain="lra.example", by=organiser)
    assert wanted(first) == [
        ("unanswered", 7, 0),
        ("coming", 1, 0),
        ("coming", 0, 60),
        ("speakers", 1, 0),
    ]
    with frozen(EARLY):
        reminder_plans.switch_off(first, by=organiser)
        reminder_plans.add(first, whom=Reminded.COMING, days=2, by=organiser)
    copy = talks.create(values(), mail_domain="lra.example", by=organiser, copied_from=first)
    assert wanted(copy) == [("coming", 2, 0)]


def audited() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_steps_are_added_changed_and_removed_with_a_line_each(
    app: Flask, organiser: Account
) -> None:
    talk = evening()
    with frozen(EARLY):
        reminder = reminder_plans.add(talk, whom=Reminded.COMING, days=1, by=organiser)
        reminder_plans.change(reminder, whom=Reminded.COMING, days=2, minutes=0, by=organiser)
        reminder_plans.change(reminder, whom=Reminded.COMING, days=2, minutes=0, by=organiser)
        assert wanted(talk) == [("coming", 2, 0)]
        reminder_plans.remove(reminder, by=organiser)
        reminder_plans.switch_on(talk, by=organiser)
        assert len(wanted(talk)) == 4
        assert reminder_plans.switch_off(talk, by=organiser) == 4
    assert wanted(talk) == []
    assert audited() == [
        "talk.reminder_added",
        "talk.reminder_changed",
        "talk.reminder_removed",
        "talk.reminders_on",
        "talk.reminders_off",
    ]


@pytest.mark.parametrize(("days", "minutes"), [(0, 0), (61, 0), (0, 49 * 60)])
def test_step_out_of_range_is_refused(
    app: Flask, organiser: Account, days: int, minutes: int
) -> None:
    talk = evening()
    with frozen(EARLY), pytest.raises(RuleError, match="reminder_out_of_range"):
        reminder_plans.add(talk, whom=Reminded.COMING, days=days, minutes=minutes, by=organiser)


def test_step_that_is_there_is_refused(app: Flask, organiser: Account) -> None:
    talk = evening()
    step(talk, Reminded.COMING, days=1)
    with frozen(EARLY), pytest.raises(RuleError, match="reminder_exists"):
        reminder_plans.add(talk, whom=Reminded.COMING, days=1, by=organiser)


def test_no_step_is_touched_after_the_start_or_the_cancellation(
    app: Flask, organiser: Account
) -> None:
    talk = evening()
    with frozen(START), pytest.raises(RuleError, match="reminder_after_start"):
        reminder_plans.add(talk, whom=Reminded.COMING, days=1, by=organiser)
    talk.state = TalkState.CANCELLED
    db.session.commit()
    with frozen(EARLY), pytest.raises(RuleError, match="talk_is_cancelled"):
        reminder_plans.switch_off(talk, by=organiser)


def test_step_whose_moment_is_over_stays_quiet(app: Flask, organiser: Account) -> None:
    talk = evening()
    comer(talk)
    with frozen(DAY_BEFORE + timedelta(hours=1)):
        reminder_plans.add(talk, whom=Reminded.COMING, days=1, by=organiser)
        db.session.commit()
        assert work() == []


def test_what_a_removed_step_has_not_sent_is_stopped(app: Flask, organiser: Account) -> None:
    talk = evening()
    reminder = step(talk, Reminded.COMING, days=1)
    other = step(talk, Reminded.COMING, days=2)
    comer(talk)
    with frozen(DAY_BEFORE - timedelta(days=1)):
        (before,) = work()
    with frozen(DAY_BEFORE):
        found = work()
        reminder_plans.remove(reminder, by=organiser)
        db.session.commit()
    assert [mail.state for mail in found] == [MailState.QUEUED, MailState.ABORTED]
    assert found[0] == before
    assert wanted(talk) == [(other.reminded, 2, 0)]


def test_step_of_another_talk_is_not_found(app: Flask) -> None:
    reminder = step(evening(), Reminded.COMING, days=1)
    with pytest.raises(NotThere):
        reminder_plans.find(evening(), reminder.id)


def test_steps_say_how_far_they_are_and_to_how_many(app: Flask) -> None:
    talk = evening()
    step(talk, Reminded.COMING, days=1)
    step(talk, Reminded.COMING, minutes=60)
    step(talk, Reminded.UNANSWERED, days=7)
    step(talk, Reminded.UNANSWERED, days=14)
    comer(talk)
    comer(talk)
    invited(talk)
    talk.published_at = WEEK_BEFORE - timedelta(days=3)
    db.session.commit()
    with frozen(EARLY):
        found = reminder_plans.steps(talk)
        assert [(one.stage, one.people) for one in found] == [
            (Stage.AHEAD, 1),
            (Stage.AHEAD, 1),
            (Stage.AHEAD, 2),
            (Stage.AHEAD, 2),
        ]
        assert reminder_plans.ahead(talk, whom=Reminded.UNANSWERED) == found[0].at
    with frozen(DAY_BEFORE):
        work()
        found = reminder_plans.steps(talk)
        assert [(one.stage, one.people) for one in found] == [
            (Stage.PASSED, 0),
            (Stage.GONE, 1),
            (Stage.GONE, 2),
            (Stage.AHEAD, 2),
        ]
        assert reminder_plans.ahead(talk, whom=Reminded.UNANSWERED) is None


def test_steps_cost_the_same_for_one_and_three(app: Flask) -> None:
    talk = evening()
    costs = []
    for days in ((1,), (2, 3)):
        for number in days:
            step(talk, Reminded.COMING, days=number)
            comer(talk)
        with frozen(EARLY), counted() as statements:
            reminder_plans.steps(talk)
        costs.append(len(statements))
    assert costs == [5, 5]


def test_first_reader_is_the_first_by_name(app: Flask) -> None:
    talk = evening()
    last, first = (factories.contact(last_name=name) for name in ("Zöller", "Auer"))
    with frozen(EARLY):
        for contact in (last, first):
            factories.invitation(talk, contact)
        speaker = factories.speaker(talk)
    assert reminder_plans.first_reader(step(talk, Reminded.UNANSWERED, days=1)) == first
    assert reminder_plans.first_reader(step(talk, Reminded.SPEAKERS, days=1)) == speaker
    assert reminder_plans.first_reader(step(talk, Reminded.COMING, days=1)) is None
