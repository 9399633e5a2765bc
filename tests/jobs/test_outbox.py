"""The outbox sends over real SMTP: retries, refusals, leases, causes that no longer hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from tests.jobs.relay import Postbox
from webinar.adapters.smtp import OutOfReach
from webinar.clock import frozen, now
from webinar.config import Settings
from webinar.domain import calendar_entries, delivery, mail
from webinar.domain.mail import CalendarPart
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.jobs import heart, outbox
from webinar.jobs.heart import Hold
from webinar.models import (
    Answer,
    Contact,
    Mail,
    MailState,
    Mode,
    Registration,
    RegistrationState,
    Talk,
    TalkState,
)


def settings_of(app: Flask) -> Settings:
    settings: Settings = app.extensions["settings"]
    return settings


def work(
    app: Flask,
    *,
    stopped: Callable[[], bool] = lambda: False,
    count: int = 50,
) -> int:
    settings = settings_of(app)
    db.session.commit()
    with outbox.relay_of(settings) as relay:
        return outbox.work(settings, relay, stopped=stopped, count=count)


def invited(talk: Talk, **values: object) -> tuple[Contact, Mail]:
    """A contact with an invitation and the mail of it, due now."""
    contact = factories.contact(**values)
    factories.invitation(talk, contact)
    mail.to_contact("invitation", contact, key=f"test:{contact.id}", talk=talk)
    db.session.commit()
    return contact, factories.mail_of(f"test:{contact.id}")


def state_of(row: Mail) -> str:
    db.session.rollback()
    db.session.refresh(row)
    return row.state


def test_mails_go_out_over_one_connection(app: Flask, box: Postbox) -> None:
    talk = factories.talk()
    rows = [invited(talk) for _ in range(3)]
    assert work(app) == 3
    assert box.recipients == [contact.email for contact, _row in rows]
    assert len(box.sessions) == 1
    for _contact, row in rows:
        assert state_of(row) == MailState.SENT
        assert (row.attempts, row.lease_owner, row.lease_until) == (1, None, None)
        assert row.sent_at is not None


def test_message_id_is_that_of_the_row_and_content_is_kept(app: Flask, box: Postbox) -> None:
    contact, row = invited(factories.talk())
    work(app)
    assert box.message(contact.email)["Message-ID"] == f"<{row.public_id}@lra.example>"
    state_of(row)
    assert row.content == box.taken[0][1]


def test_nothing_due_claims_nothing(app: Flask, box: Postbox) -> None:
    _contact, row = invited(factories.talk())
    row.next_try_at = now() + timedelta(minutes=1)
    assert work(app) == 0
    assert box.taken == []


def test_one_refusal_never_stops_the_rest(app: Flask, box: Postbox) -> None:
    talk = factories.talk()
    (final, failed), (temporary, later), (_third, sent) = (invited(talk) for _ in range(3))
    box.replies[final.email] = ["550 5.1.1 no such user"]
    box.replies[temporary.email] = ["450 4.2.1 mailbox busy"]
    work(app)
    assert state_of(failed) == MailState.FAILED
    assert failed.reply == "550 5.1.1 no such user"
    assert state_of(later) == MailState.RETRY
    assert later.reply == "450 4.2.1 mailbox busy"
    assert state_of(sent) == MailState.SENT


def test_temporary_refusals_are_retried_with_growing_pauses_and_the_same_bytes(
    app: Flask, box: Postbox
) -> None:
    talk = factories.talk(starts_at=now() + timedelta(days=30))
    contact, row = invited(talk)
    moment = row.next_try_at
    box.replies[contact.email] = ["451 4.7.1 later"] * 6
    pauses = []
    first = None
    for attempt in range(1, 7):
        with frozen(moment):
            assert work(app) == 1
        assert state_of(row) == MailState.RETRY
        first = first or row.content
        assert (row.attempts, row.content) == (attempt, first)
        pauses.append(round((row.next_try_at - moment).total_seconds() / 60))
        with frozen(row.next_try_at - timedelta(seconds=1)):
            assert work(app) == 0
        moment = row.next_try_at
    assert pauses == [1, 5, 15, 60, 240, 720]
    with frozen(moment):
        work(app)
    assert state_of(row) == MailState.SENT
    assert box.taken == [(contact.email, first)]


def test_tries_used_up_end_in_failure_with_the_reply(app: Flask, box: Postbox) -> None:
    contact, row = invited(factories.talk())
    row.attempts = 6
    box.replies[contact.email] = ["421 4.3.2 closing"]
    work(app)
    assert state_of(row) == MailState.FAILED
    assert row.reply == "421 4.3.2 closing"


def use(app: Flask, box: Postbox, **changed: str) -> None:
    """Change settings of the application."""
    app.extensions["settings"] = Settings.load(
        {**_environ(app), "WEBINAR_MAIL_PORT": str(box.port), **changed}
    )


def unreachable(app: Flask, box: Postbox) -> None:
    use(app, box, WEBINAR_MAIL_PORT="1", WEBINAR_MAIL_TIMEOUT_SECONDS="2")


def test_relay_out_of_reach_leaves_all_for_another_try(app: Flask, box: Postbox) -> None:
    unreachable(app, box)
    rows = [invited(factories.talk())[1] for _ in range(3)]
    with pytest.raises(OutOfReach):
        work(app)
    # One has tried in vain; the others would fare no better, and lose no try.
    assert [state_of(row) for row in rows] == [
        MailState.RETRY,
        MailState.QUEUED,
        MailState.QUEUED,
    ]
    assert "ConnectionRefusedError" in rows[0].reply
    assert [(row.attempts, row.lease_owner) for row in rows] == [(1, None), (0, None), (0, None)]


def test_relay_out_of_reach_fails_no_mail_for_good(app: Flask, box: Postbox) -> None:
    unreachable(app, box)
    _contact, row = invited(factories.talk())
    row.attempts = 20
    with pytest.raises(OutOfReach):
        work(app)
    assert state_of(row) == MailState.RETRY
    assert row.next_try_at - now() > timedelta(minutes=700)


def test_lease_is_renewed_while_the_worker_lives_but_not_for_ever(app: Flask, box: Postbox) -> None:
    """Here for twice as long as usual, since the relay may take twice as long to answer."""
    use(app, box, WEBINAR_MAIL_TIMEOUT_SECONDS="60")
    longest = outbox.longest(app.extensions["settings"])
    assert longest == 2 * outbox.HOLD
    _contact, row = invited(factories.talk())
    start = now()
    with frozen(start):
        token, _mails = delivery.claim(count=1, until=start + outbox.LEASE)
        db.session.commit()
    late = start + longest - timedelta(seconds=1)
    with frozen(late):
        heart.renew(Hold("another", longest))
        assert delivery.anything_due()
        heart.renew(Hold(token, longest))
        assert not delivery.anything_due()
    assert state_of(row) == MailState.SENDING
    assert (row.lease_until, row.changed_at) == (late + heart.LEASE, start)
    with frozen(start + longest + timedelta(seconds=1)):
        heart.renew(Hold(token, longest))
    assert state_of(row) == MailState.SENDING
    assert row.lease_until == late + heart.LEASE


def test_limit_per_minute_holds_over_batches(app: Flask, box: Postbox) -> None:
    use(app, box, WEBINAR_MAIL_PER_MINUTE="40")
    talk = factories.talk()
    for _ in range(5):
        invited(talk)
    start = now()
    with frozen(start):
        assert work(app) == 2
        assert work(app) == 0
    with frozen(start + timedelta(seconds=2)):
        assert work(app) == 0
    with frozen(start + timedelta(seconds=3)):
        assert work(app) == 2
    assert len(box.taken) == 4


def test_answers_pass_before_a_mailing_where_a_limit_holds(app: Flask, box: Postbox) -> None:
    use(app, box, WEBINAR_MAIL_PER_MINUTE="20")
    invited(factories.talk())
    contact = factories.contact()
    mail.to_contact("unsubscribed", contact, key="later")
    db.session.commit()
    assert work(app) == 1
    assert box.recipients == [contact.email]


def test_mail_rests_in_quiet_hours_and_goes_afterwards(app: Flask, box: Postbox) -> None:
    use(app, box, WEBINAR_MAIL_QUIET_HOURS="22-6")
    night, morning = factories.at("2026-12-07T22:00"), factories.at("2026-12-08T05:00")
    with frozen(night):
        contact, row = invited(factories.talk())
        assert work(app) == 0
    assert state_of(row) == MailState.QUEUED
    with frozen(morning):
        assert work(app) == 1
    assert box.recipients == [contact.email]


def _environ(app: Flask) -> dict[str, str]:
    settings = settings_of(app)
    return {
        "WEBINAR_ENV": "test",
        "WEBINAR_SECRET_KEY": settings.secret_key,
        "WEBINAR_LINK_KEYS": settings.link_keys[0],
        "WEBINAR_BASE_URL": settings.base_url,
        "WEBINAR_OFFICE_NAME": settings.office.name,
        "WEBINAR_OFFICE_EMAIL": settings.office.email,
        "WEBINAR_MAIL_SECURITY": "none",
        "WEBINAR_DATABASE_URL": settings.database_url,
    }


def test_stop_hands_the_rest_back(app: Flask, box: Postbox) -> None:
    talk = factories.talk()
    rows = [invited(talk)[1] for _ in range(3)]
    work(app, stopped=lambda: len(box.taken) >= 1)
    assert [state_of(row) for row in rows] == [
        MailState.SENT,
        MailState.QUEUED,
        MailState.QUEUED,
    ]
    assert rows[1].lease_owner is None
    assert work(app) == 2
    assert len(box.taken) == 3


def test_long_batch_hands_the_rest_back_to_be_checked_anew(
    app: Flask, box: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "STRETCH", timedelta(0))
    _contact, row = invited(factories.talk())
    work(app)
    assert state_of(row) == MailState.QUEUED
    assert box.taken == []


def test_lost_lease_goes_back_to_the_queue_after_its_time(app: Flask, box: Postbox) -> None:
    contact, row = invited(factories.talk())
    start = now()
    with frozen(start):
        delivery.claim(count=5, until=start + outbox.LEASE)
        db.session.commit()
        assert work(app) == 0
    assert state_of(row) == MailState.SENDING
    with frozen(start + outbox.LEASE + timedelta(seconds=1)):
        assert work(app) == 1
    assert state_of(row) == MailState.SENT
    assert box.recipients == [contact.email]


def test_late_worker_settles_nothing(app: Flask, box: Postbox) -> None:
    _contact, row = invited(factories.talk())
    start = now()
    with frozen(start):
        token, _mails = delivery.claim(count=5, until=start + outbox.LEASE)
        db.session.commit()
    with frozen(start + outbox.LEASE + timedelta(seconds=1)):
        work(app)
    assert not delivery.settle(row, token=token, state=MailState.FAILED)
    assert not delivery.freeze(row, token=token, content=b"another")
    db.session.commit()
    assert state_of(row) == MailState.SENT
    assert row.content == box.taken[0][1]


def test_settle_follows_the_table_of_moves(app: Flask) -> None:
    _contact, row = invited(factories.talk())
    with pytest.raises(RuleError, match="mail_move_forbidden"):
        delivery.settle(row, token="x", state=MailState.ABORTED)


def test_claims_of_two_workers_share_no_mail(app: Flask) -> None:
    talk = factories.talk()
    for _ in range(4):
        invited(talk)
    until = now() + outbox.LEASE
    _token, first = delivery.claim(count=3, until=until)
    db.session.commit()
    _token, second = delivery.claim(count=3, until=until)
    db.session.commit()
    assert (len(first), len(second)) == (3, 1)
    assert {row.id for row in first}.isdisjoint(row.id for row in second)


def test_mail_that_cannot_be_written_waits_and_holds_up_nobody(app: Flask, box: Postbox) -> None:
    talk = factories.talk()
    _contact, broken = invited(talk)
    contact, _row = invited(talk)
    broken.template = "does-not-exist"
    work(app)
    assert state_of(broken) == MailState.RETRY
    assert broken.reply.startswith("TemplateNotFound")
    assert broken.content is None
    assert box.recipients == [contact.email]


def lapse(row: Mail) -> None:
    row.not_after = now() - timedelta(seconds=1)


def erase(row: Mail) -> None:
    assert row.contact is not None
    row.contact.erased_at = now()


def retire(row: Mail) -> None:
    assert row.contact is not None
    row.contact.retired_at = now()


def unsubscribe(row: Mail) -> None:
    assert row.contact is not None
    row.contact.unsubscribed_at = now()


def withdraw(row: Mail) -> None:
    assert row.contact is not None
    assert row.talk is not None
    delivery.invitations.invite(row.talk, contact=row.contact).answer = Answer.WITHDRAWN


def cancel(row: Mail) -> None:
    assert row.talk is not None
    row.talk.state = TalkState.CANCELLED


@pytest.mark.parametrize("change", [lapse, erase, retire, unsubscribe, withdraw, cancel])
def test_invitation_without_its_cause_is_obsolete(
    app: Flask, box: Postbox, change: Callable[[Mail], None]
) -> None:
    _contact, row = invited(factories.talk())
    change(row)
    work(app)
    assert state_of(row) == MailState.OBSOLETE
    assert (row.content, row.lease_owner) == (None, None)
    assert box.taken == []


def test_cause_is_checked_again_before_a_retry(app: Flask, box: Postbox) -> None:
    contact, row = invited(factories.talk())
    box.replies[contact.email] = ["450 later"]
    work(app)
    withdraw(row)
    row.next_try_at = now()
    work(app)
    assert state_of(row) == MailState.OBSOLETE


def place(talk: Talk, contact: Contact) -> Registration:
    row = Registration(
        talk=talk, contact=contact, state=RegistrationState.CONFIRMED, mode=Mode.ONLINE, revision=1
    )
    factories.save(row)
    return row


def confirmation(talk: Talk, contact: Contact) -> Mail:
    part = CalendarPart("REQUEST", calendar_entries.request(talk, contact=contact))
    params = {"reason": "accepted", "mode": "online", "wanted_mode": None, "position": None}
    mail.to_contact(
        "confirmation", contact, key="confirmed", talk=talk, calendar=part, params=params
    )
    db.session.commit()
    return factories.mail_of("confirmed")


def cancellation(talk: Talk, contact: Contact) -> Mail:
    sequence = calendar_entries.cancel(talk, contact=contact) or 0
    mail.to_contact(
        "cancelled", contact, key="cancelled", talk=talk, calendar=CalendarPart("CANCEL", sequence)
    )
    db.session.commit()
    return factories.mail_of("cancelled")


def test_confirmation_of_a_cancelled_talk_is_obsolete_and_the_cancellation_goes(
    app: Flask, box: Postbox
) -> None:
    talk, contact = factories.talk(), factories.contact()
    place(talk, contact)
    confirmed = confirmation(talk, contact)
    talk.state = TalkState.CANCELLED
    cancelled = cancellation(talk, contact)
    work(app)
    assert state_of(confirmed) == MailState.OBSOLETE
    assert state_of(cancelled) == MailState.SENT
    assert len(box.taken) == 1


@pytest.mark.parametrize(("change", "goes"), [(unsubscribe, True), (retire, True), (erase, False)])
def test_cancellation_reaches_everybody_but_the_erased(
    app: Flask, box: Postbox, change: Callable[[Mail], None], goes: bool
) -> None:
    talk, contact = factories.talk(), factories.contact()
    calendar_entries.request(talk, contact=contact)
    talk.state = TalkState.CANCELLED
    row = cancellation(talk, contact)
    change(row)
    work(app)
    assert state_of(row) == (MailState.SENT if goes else MailState.OBSOLETE)


def test_request_for_an_entry_that_was_taken_out_is_obsolete(app: Flask, box: Postbox) -> None:
    talk, contact = factories.talk(), factories.contact()
    place(talk, contact)
    row = confirmation(talk, contact)
    calendar_entries.cancel(talk, contact=contact)
    work(app)
    assert state_of(row) == MailState.OBSOLETE


def test_frozen_request_with_an_older_time_is_obsolete(app: Flask, box: Postbox) -> None:
    talk, contact = factories.talk(), factories.contact()
    place(talk, contact)
    row = confirmation(talk, contact)
    box.replies[contact.email] = ["450 later"]
    work(app)
    talk.ends_at += timedelta(minutes=30)
    calendar_entries.request(talk, contact=contact)
    db.session.get_one(Mail, row.id).next_try_at = now()
    work(app)
    assert state_of(row) == MailState.OBSOLETE
    assert box.taken == []


def test_waiting_of_somebody_who_has_a_place_by_now_is_obsolete(app: Flask, box: Postbox) -> None:
    talk, contact = factories.talk(), factories.contact()
    registration = place(talk, contact)
    registration.state = RegistrationState.WAITING
    params = {"reason": "accepted", "mode": "online", "wanted_mode": None, "position": 1}
    mail.to_contact("waiting", contact, key="waiting", talk=talk, params=params)
    row = factories.mail_of("waiting")
    registration.state = RegistrationState.CONFIRMED
    work(app)
    assert state_of(row) == MailState.OBSOLETE


def test_speaker_link_goes_while_the_speaker_speaks(app: Flask, box: Postbox) -> None:
    talk = factories.talk()
    speaker = factories.speaker(talk)
    mail.to_speaker("speaker_link", speaker, key="speaker:1", talk=talk)
    row = factories.mail_of("speaker:1")
    work(app)
    assert state_of(row) == MailState.SENT
    mail.to_speaker("speaker_link", speaker, key="speaker:2", talk=talk)
    second = factories.mail_of("speaker:2")
    talk.appearances.clear()
    work(app)
    assert state_of(second) == MailState.OBSOLETE
    assert box.recipients == [speaker.email]


def test_every_mail_is_settled(app: Flask, box: Postbox) -> None:
    """No row stays in `sending` after a batch, whatever happened in it."""
    talk = factories.talk()
    for number in range(6):
        contact, row = invited(talk)
        if number % 3 == 0:
            box.replies[contact.email] = ["550 no"]
        if number % 3 == 1:
            row.template = "does-not-exist"
    work(app, count=4)
    states = set(db.session.scalars(select(Mail.state)))
    assert MailState.SENDING not in states
