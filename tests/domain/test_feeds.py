"""What subscribed calendars are shown: whose evenings, with which number, and since when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import factories
from tests.domain.test_talks import as_values
from webinar.clock import frozen, now
from webinar.domain import feeds, links, participation, speakers, talks
from webinar.errors import NotThere
from webinar.extensions import db
from webinar.models import Account, Contact, Format, Mode, Purpose, Talk, TalkState

pytestmark = pytest.mark.usefixtures("app")

MORNING = factories.at("2026-12-01T08:00")


def coming(talk: Talk, contact: Contact, *, mode: Mode = Mode.ONLINE) -> None:
    participation.accept(factories.invitation(talk, contact), mode=mode)
    db.session.commit()


def test_programme_holds_what_everybody_may_know_earliest_first() -> None:
    late = factories.talk(starts_at=now() + timedelta(days=30))
    soon = factories.talk(starts_at=now() + timedelta(days=3))
    off = factories.talk(starts_at=now() + timedelta(days=5), state=TalkState.CANCELLED)
    over = factories.talk(starts_at=now() - timedelta(days=300))
    factories.talk(state=TalkState.DRAFT)
    factories.talk(starts_at=now() - timedelta(days=400))
    assert list(feeds.programme().talks) == [over, soon, off, late]
    assert list(feeds.programme(soon.series).talks) == [soon]


def test_programme_leaves_out_the_oldest_where_there_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feeds, "MOST", 2)
    found = [factories.talk(starts_at=now() + timedelta(days=day)) for day in (1, 2, 3)]
    assert list(feeds.programme().talks) == found[1:]


def test_unknown_series_is_not_there() -> None:
    with pytest.raises(NotThere):
        feeds.series_of("nichts")


def test_mine_are_the_evenings_with_a_place_or_a_turn() -> None:
    contact, other = factories.contact(), factories.contact()
    confirmed, full, declined, asked, foreign = (
        factories.talk(starts_at=now() + timedelta(days=day), places_online=0 if day == 2 else None)
        for day in range(1, 6)
    )
    coming(confirmed, contact)
    coming(full, contact)
    coming(foreign, other)
    factories.invitation(asked, contact)
    leaving = factories.invitation(declined, contact)
    participation.accept(leaving, mode=Mode.ONLINE)
    participation.decline(leaving)
    found = feeds.mine(contact).evenings
    assert [(one.talk, one.waiting) for one in found] == [(confirmed, False), (full, True)]
    assert found[0].door is links.find_contact_link(contact, purpose=Purpose.ENTER, talk=confirmed)
    assert found[1].door is None


def test_cancelled_evening_stays_for_who_held_a_place(organiser: Account) -> None:
    talk = factories.talk(places_online=1)
    holder, waiter, gone = (factories.contact() for _ in range(3))
    leaving = factories.invitation(talk, gone)
    with frozen(now() - timedelta(hours=1)):
        participation.accept(leaving, mode=Mode.ONLINE)
        participation.decline(leaving)
        coming(talk, holder)
        coming(talk, waiter)
    talks.cancel(talk, reason="", by=organiser)
    db.session.commit()
    (found,) = feeds.mine(holder).evenings
    assert (found.talk, found.waiting, found.door) == (talk, False, None)
    assert found.sequence == 1
    assert feeds.mine(waiter).evenings == feeds.mine(gone).evenings == []


def test_who_left_office_sees_nothing() -> None:
    contact, talk = factories.contact(), factories.talk()
    coming(talk, contact)
    contact.retired_at = now()
    db.session.commit()
    assert feeds.mine(contact).evenings == []
    with pytest.raises(NotThere):
        feeds.evening_of(contact, talk=talk)


def test_evening_is_one_of_those_in_the_feed() -> None:
    contact, talk = factories.contact(), factories.talk()
    coming(talk, contact)
    coming(factories.talk(), contact)
    assert feeds.evening_of(contact, talk=talk) in feeds.mine(contact).evenings
    with pytest.raises(NotThere):
        feeds.evening_of(factories.contact(), talk=talk)


def test_number_is_the_mails_and_rises_with_a_move_that_nobody_was_told_of(
    organiser: Account,
) -> None:
    talk = factories.talk(format=Format.HYBRID, venue="Großer Sitzungssaal")
    contact = factories.contact()
    row = factories.invitation(talk, contact)
    for mode in (Mode.ONLINE, Mode.HALL):
        participation.accept(row, mode=mode)
    assert feeds.evening_of(contact, talk=talk).sequence == 1
    values = as_values(talk, venue="Kreistagssaal")
    talks.edit(talk, values, revision=talk.revision, by=organiser, tell=False)
    assert feeds.evening_of(contact, talk=talk).sequence == 2
    participation.tell_moved(talk, revision=talk.revision)
    assert feeds.evening_of(contact, talk=talk).sequence == 2


def test_entry_is_dated_by_the_last_change_of_what_it_says(organiser: Account) -> None:
    with frozen(MORNING):
        talk, contact = factories.talk(), factories.contact()
        coming(talk, contact)
        speaker = factories.speaker(talk)
    assert feeds.evening_of(contact, talk=talk).changed_at == MORNING
    hours = iter(range(1, 9))

    def later() -> timedelta:
        return timedelta(hours=next(hours))

    for act in (
        lambda: setattr(talk, "title", "Ein anderer Titel"),
        lambda: setattr(speaker, "role", "Landrätin"),
        lambda: speakers.remove_from_talk(talk, speaker, by=organiser),
        lambda: links.reissue(links.contact_link(contact, purpose=Purpose.ENTER, talk=talk)),
    ):
        moment = MORNING + later()
        with frozen(moment):
            act()
            db.session.commit()
        assert feeds.evening_of(contact, talk=talk).changed_at == moment
        assert feeds.mine(contact).changed_at == moment
    with frozen(MORNING + later()):
        coming(factories.talk(), factories.contact())
    assert feeds.evening_of(contact, talk=talk).changed_at == moment


def test_what_went_counts_as_a_change_though_nothing_is_left_of_it(organiser: Account) -> None:
    with frozen(MORNING):
        talk, contact = factories.talk(), factories.contact()
        row = factories.invitation(talk, contact)
        participation.accept(row, mode=Mode.ONLINE)
        db.session.commit()
        other = factories.series()
    later = MORNING + timedelta(hours=1)
    with frozen(later):
        participation.decline(row)
        db.session.commit()
    assert (feeds.mine(contact).evenings, feeds.mine(contact).changed_at) == ([], later)
    later += timedelta(hours=1)
    left = talk.series
    with frozen(later):
        values = as_values(talk, series_id=other.id)
        talks.edit(talk, values, revision=talk.revision, by=organiser)
        db.session.commit()
    db.session.refresh(talk, ["series"])
    assert (list(feeds.programme(left).talks), feeds.programme(left).changed_at) == ([], later)
