"""Talks: times derived, states moved, edits that do not run over each other, who is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from tests import factories
from webinar.clock import frozen
from webinar.domain import (
    agendas,
    mail_health,
    overview,
    participation,
    readiness,
    speakers,
    talks,
    times,
)
from webinar.domain.overview import Listing
from webinar.domain.readiness import Gap
from webinar.domain.talks import TalkValues
from webinar.errors import Conflict, RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    AuditEntry,
    CalendarEntry,
    Format,
    Mail,
    MailState,
    Mode,
    Registration,
    RegistrationState,
    Talk,
    TalkState,
)

NOW = factories.at("2027-01-02T08:00")
DAY = date(2027, 1, 14)
START = factories.at("2027-01-14T17:00")


def values(**changes: object) -> TalkValues:
    given_values: dict[str, object] = {
        "series_id": factories.series().id if "series_id" not in changes else 0,
        "title": "Der digitale Bauantrag",
        "day": DAY,
        "start": time(18),
        "end": time(19, 30),
        **changes,
    }
    return TalkValues(**given_values)  # type: ignore[arg-type]


def as_values(talk: Talk, **changes: object) -> TalkValues:
    """The values that would leave the talk as it is, but for the changes."""
    closes = times.local_closing(talk)
    found = TalkValues(
        series_id=talk.series_id,
        title=talk.title,
        day=talk.local_start.date(),
        start=talk.local_start.time(),
        end=talk.local_end.time(),
        abstract=talk.abstract,
        agenda=agendas.written(talk.agenda or []),
        format=Format(talk.format),
        places_online=talk.places_online,
        places_hall=talk.places_hall,
        venue=talk.venue,
        venue_address=talk.venue_address,
        closes_on=closes.date() if closes else None,
        closes_at=closes.time() if closes else None,
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def made(organiser: Account, **changes: object) -> Talk:
    return talks.create(values(**changes), mail_domain="lra.example", by=organiser)


def refused(organiser: Account, **changes: object) -> tuple[str, str | None]:
    with pytest.raises(RuleError) as found:
        made(organiser, **changes)
    return found.value.code, found.value.field


def people_with_places(talk: Talk, count: int) -> list[Registration]:
    found = []
    for _ in range(count):
        invitation = factories.invitation(talk, factories.contact())
        found.append(participation.accept(invitation, mode=Mode.ONLINE))
    db.session.commit()
    return found


def test_create_derives_moments_address_and_uid(app: Flask, organiser: Account) -> None:
    talk = made(organiser, closes_on=date(2027, 1, 13), closes_at=time(12))
    db.session.commit()
    assert talk.state == TalkState.DRAFT
    assert (talk.starts_at, talk.ends_at) == (START, factories.at("2027-01-14T18:30"))
    assert talk.registration_closes_at == factories.at("2027-01-13T11:00")
    assert talk.slug == "der-digitale-bauantrag"
    assert talk.uid.endswith("@lra.example")
    assert len(talk.uid) > 25
    assert made(organiser).slug == "der-digitale-bauantrag-2"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"title": "  "}, ("title_missing", "title")),
        ({"series_id": 999}, ("record_missing", None)),
        ({"end": time(18)}, ("end_before_start", "end")),
        ({"end": time(17)}, ("end_before_start", "end")),
        ({"zone": "Europe/Nix"}, ("zone_unknown", "zone")),
        ({"zone": "Europe"}, ("zone_unknown", "zone")),
        (
            {"closes_on": DAY, "closes_at": time(18, 1)},
            ("closing_after_start", "closes_at"),
        ),
        (
            {"closes_on": DAY, "closes_at": time(20)},
            ("closing_after_start", "closes_at"),
        ),
        ({"closes_on": DAY}, ("closing_after_start", "closes_on")),
        ({"closes_at": time(12)}, ("closing_without_day", "closes_on")),
        ({"day": date(2027, 3, 28), "start": time(2, 30)}, ("hour_skipped", "start")),
        (
            {"day": date(2027, 3, 28), "start": time(1, 30), "end": time(2, 30)},
            ("hour_skipped", "end"),
        ),
        ({"closes_on": date(2026, 3, 29), "closes_at": time(2, 30)}, ("hour_skipped", "closes_at")),
        (
            {"day": date(2027, 10, 31), "start": time(2, 30), "end": time(4)},
            ("hour_doubled", "hour"),
        ),
        ({"agenda": "18:05 Vortrag\nPause"}, ("agenda_line", "agenda")),
    ],
)
def test_bad_values_are_refused_at_their_field(
    app: Flask, organiser: Account, changes: dict[str, object], expected: tuple[str, str | None]
) -> None:
    assert refused(organiser, **changes) == expected


def test_end_after_midnight_is_the_next_day(app: Flask, organiser: Account) -> None:
    talk = made(organiser, start=time(22), end=time(0, 30))
    assert talk.local_end == datetime.fromisoformat("2027-01-15T00:30")
    assert talk.ends_at == factories.at("2027-01-14T23:30")


@pytest.mark.parametrize(
    ("second", "start"), [(False, "2027-10-31T00:30"), (True, "2027-10-31T01:30")]
)
def test_doubled_hour_starts_when_the_organiser_says(
    app: Flask, organiser: Account, second: bool, start: str
) -> None:
    night = {"day": date(2027, 10, 31), "start": time(2, 30), "end": time(4)}
    talk = made(organiser, second_hour=second, **night)
    assert (talk.starts_at, talk.ends_at) == (factories.at(start), factories.at("2027-10-31T03:00"))
    assert talk.second_hour is second


def test_end_may_lie_in_the_second_of_the_doubled_hours(app: Flask, organiser: Account) -> None:
    night = {"day": date(2027, 10, 31), "start": time(2, 50), "end": time(2, 10)}
    talk = made(organiser, second_hour=False, **night)
    assert talk.ends_at - talk.starts_at == factories.at("2027-01-01T00:20") - factories.at(
        "2027-01-01T00:00"
    )


def test_format_decides_what_is_kept(app: Flask, organiser: Account) -> None:
    full = {"places_online": 150, "places_hall": 40, "venue": "Großer Sitzungssaal"}
    online = made(organiser, format=Format.ONLINE, **full)
    hall = made(organiser, format=Format.ON_SITE, **full)
    both = made(organiser, format=Format.HYBRID, **full)
    assert (online.places_online, online.places_hall, online.venue) == (150, None, "")
    assert (hall.places_online, hall.places_hall) == (None, 40)
    assert (both.places_online, both.places_hall, both.venue) == (150, 40, "Großer Sitzungssaal")


@pytest.mark.parametrize(
    ("line", "pair"),
    [
        ("18:05 Vortrag", ["18:05", "Vortrag"]),
        ("9.30 Uhr – Begrüßung: Landrat", ["9:30", "Begrüßung: Landrat"]),
        ("  08:00,  Kaffee ", ["8:00", "Kaffee"]),
    ],
)
def test_agenda_line_is_read(line: str, pair: list[str]) -> None:
    assert agendas.read(f"\n{line}\r\n\n") == [pair]


@pytest.mark.parametrize("line", ["Vortrag", "18:05", "25:00 Ende", "18:60 Ende", "18 Uhr Ende"])
def test_agenda_names_the_bad_line(line: str) -> None:
    with pytest.raises(RuleError) as found:
        agendas.read(f"18:05 Vortrag\n\n{line}")
    assert found.value.values == {"line": 3, "text": line}


@pytest.mark.property
@given(st.lists(st.tuples(st.times(), st.text("abcäöß 0-9", min_size=1, max_size=30))))
def test_agenda_comes_back_as_it_was_read(lines: list[tuple[time, str]]) -> None:
    text = "\n".join(f"{at:%H:%M} Punkt {words}" for at, words in lines[: agendas.LINES])
    pairs = agendas.read(text)
    assert agendas.read(agendas.written(pairs)) == pairs
    assert len(pairs) == len(lines[: agendas.LINES])


def test_talk_moves_by_the_table_and_no_other_way(app: Flask, organiser: Account) -> None:
    talk = made(organiser)
    with pytest.raises(RuleError) as found:
        talks.cancel(talk, reason="", by=organiser)
    assert found.value.code == "talk_move_forbidden"
    talks.publish(talk, by=organiser)
    assert talk.published_at is not None
    talks.cancel(talk, reason="Die Referentin ist erkrankt.", by=organiser)
    assert talk.cancel_reason == "Die Referentin ist erkrankt."
    for move in (talks.publish, lambda one, by: talks.cancel(one, reason="", by=by)):
        with pytest.raises(RuleError):
            move(talk, by=organiser)
    with pytest.raises(RuleError) as found:
        talks.edit(talk, as_values(talk), revision=talk.revision, by=organiser)
    assert found.value.code == "talk_is_cancelled"


def test_talk_on_site_needs_a_venue_to_be_published(app: Flask, organiser: Account) -> None:
    with frozen(NOW):
        talk = made(organiser, format=Format.HYBRID)
        assert readiness.gaps(talk) == [Gap.VENUE, Gap.SPEAKERS, Gap.ABSTRACT, Gap.CONTACT]
        with pytest.raises(RuleError) as found:
            talks.publish(talk, by=organiser)
    assert found.value.code == "talk_not_ready"
    with frozen(START):
        assert Gap.PAST in readiness.gaps(talk)


def test_address_follows_the_title_until_the_talk_is_published(
    app: Flask, organiser: Account
) -> None:
    talk = made(organiser)
    talks.edit(talk, as_values(talk, title="Die eAkte"), revision=1, by=organiser)
    assert talk.slug == "die-eakte"
    talks.publish(talk, by=organiser)
    talks.edit(talk, as_values(talk, title="Die E-Akte"), revision=2, by=organiser)
    assert (talk.slug, talk.revision) == ("die-eakte", 3)


def test_second_editor_gets_a_conflict_and_nothing_is_lost(app: Flask, organiser: Account) -> None:
    talk = made(organiser)
    shown = talk.revision
    talks.edit(talk, as_values(talk, title="Vom Ersten"), revision=shown, by=organiser)
    with pytest.raises(Conflict):
        talks.edit(talk, as_values(talk, title="Vom Zweiten"), revision=shown, by=organiser)
    assert talk.title == "Vom Ersten"
    talks.edit(talk, as_values(talk, title="Vom Zweiten"), revision=talk.revision, by=organiser)
    assert talk.title == "Vom Zweiten"


def test_saving_without_a_change_raises_no_revision(app: Flask, organiser: Account) -> None:
    talk = made(organiser, agenda="18:05 Vortrag")
    talks.edit(talk, as_values(talk), revision=1, by=organiser)
    assert talk.revision == 1
    assert "talk.edited" not in set(db.session.scalars(select(AuditEntry.action)))


def test_edit_leaves_a_line_that_names_fields_and_revision(app: Flask, organiser: Account) -> None:
    talk = made(organiser)
    talks.edit(talk, as_values(talk, places_online=80, abstract="Neu"), revision=1, by=organiser)
    db.session.commit()
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "talk.edited")).one()
    assert entry.changes == {"places_online": [None, 80], "abstract": True, "revision": 2}
    assert entry.account_id == organiser.id


def test_moved_says_what_moves_and_writes_nothing(app: Flask, organiser: Account) -> None:
    talk = factories.talk(starts_at=START)
    assert not talks.moved(talk, as_values(talk, agenda="18:00 Beginn", places_online=5))
    for changes, said in (
        ({"start": time(18, 30)}, (True, False, False)),
        ({"format": Format.HYBRID, "venue": "Ochsenfurt"}, (False, True, False)),
        ({"title": "Anders"}, (False, False, True)),
        ({"abstract": "Anders"}, (False, False, True)),
    ):
        found = talks.moved(talk, as_values(talk, **changes))
        assert found
        assert (found.time, found.place, found.text) == said
    db.session.commit()
    assert len(db.session.scalars(select(Talk)).all()) == 1
    assert talk.starts_at == START


def test_sequence_rises_with_time_place_and_cancellation_of_what_is_published(
    app: Flask, organiser: Account
) -> None:
    talk = factories.talk(state=TalkState.DRAFT, published_at=None)
    usual = as_values(talk)

    def edited(**changes: object) -> int:
        talks.edit(talk, replace(usual, **changes), revision=talk.revision, by=organiser)  # type: ignore[arg-type]
        return talk.sequence

    assert edited(start=time(1, 30)) == 0
    talk.state = TalkState.PUBLISHED
    assert edited(start=time(1, 30), title="Anders", abstract="Anders") == 0
    assert edited(start=time(1, 0), title="Anders") == 1
    assert edited(start=time(1, 30), title="Anders") == 2
    assert edited(start=time(1, 30), format=Format.HYBRID, venue="Ochsenfurt") == 3
    assert (
        edited(start=time(1, 30), format=Format.HYBRID, venue="Ochsenfurt", agenda="18:00 x") == 3
    )
    talks.cancel(talk, reason="", by=organiser)
    assert talk.sequence == 4


@pytest.mark.parametrize(("tell", "told"), [(True, 2), (False, 0)])
def test_move_is_told_to_who_holds_a_place_if_the_organiser_says_so(
    app: Flask, organiser: Account, tell: bool, told: int
) -> None:
    with frozen(NOW):
        talk = factories.talk(starts_at=START)
        people_with_places(talk, 2)
        new = as_values(talk, start=time(18, 30))
        assert talks.edit(talk, new, revision=1, by=organiser, tell=tell) == told
        db.session.commit()
    mails = db.session.scalars(select(Mail).where(Mail.template == "moved").order_by(Mail.id)).all()
    assert [mail.calendar_sequence for mail in mails] == [1] * told


@pytest.mark.parametrize("changes", [{"title": "Anders"}, {"abstract": "Anders"}])
def test_other_words_are_told_with_the_same_sequence(
    app: Flask, organiser: Account, changes: dict[str, str]
) -> None:
    with frozen(NOW):
        talk = factories.talk(starts_at=START, format=Format.HYBRID)
        people_with_places(talk, 2)
        assert talks.moved(talk, as_values(talk, **changes)).side is None
        told = talks.edit(talk, as_values(talk, **changes), revision=1, by=organiser, tell=True)
        db.session.commit()
    mails = db.session.scalars(select(Mail).where(Mail.template == "moved").order_by(Mail.id)).all()
    assert told == 2
    assert [(one.calendar_method, one.calendar_sequence) for one in mails] == [("REQUEST", 0)] * 2


def test_more_places_promote_in_the_same_edit(app: Flask, organiser: Account) -> None:
    with frozen(NOW):
        talk = factories.talk(starts_at=START, places_online=1)
        held = people_with_places(talk, 3)
        talks.edit(talk, as_values(talk, places_online=2), revision=1, by=organiser)
        db.session.commit()
    states = [registration.state for registration in held]
    assert states == ["confirmed", "confirmed", "waiting"]


def test_edit_takes_no_place_away(app: Flask, organiser: Account) -> None:
    with frozen(NOW):
        talk = factories.talk(starts_at=START, places_online=2)
        people_with_places(talk, 2)
        with pytest.raises(RuleError) as found:
            talks.edit(talk, as_values(talk, places_online=1), revision=1, by=organiser)
        assert (found.value.field, found.value.values) == ("places_online", {"taken": 2})
        db.session.rollback()
        talk = db.session.get_one(Talk, talk.id)
        hall = as_values(talk, format=Format.ON_SITE, venue="Saal")
        with pytest.raises(RuleError) as found:
            talks.edit(talk, hall, revision=1, by=organiser)
    assert (found.value.code, found.value.values) == ("side_in_use", {"count": 2})


def test_cancelling_ends_every_place_and_tells_everyone(app: Flask, organiser: Account) -> None:
    with frozen(NOW):
        talk = factories.talk(starts_at=START, places_online=1)
        held = people_with_places(talk, 2)
        assert participation.holder_count(talk) == 2
        assert talks.cancel(talk, reason="Krank", by=organiser) == 2
        db.session.commit()
    assert {registration.state for registration in held} == {RegistrationState.CANCELLED}
    told = db.session.scalars(
        select(Mail).where(Mail.template == "cancelled").order_by(Mail.id)
    ).all()
    assert len(told) == 2
    assert [entry.cancelled for entry in db.session.scalars(select(CalendarEntry))] == [True]


def test_copy_takes_the_speakers_along_with_new_links(app: Flask, organiser: Account) -> None:
    talk = factories.talk()
    first, second = factories.speaker(), factories.speaker()
    for one in (second, first):
        speakers.add_to_talk(talk, one, by=organiser)
    copy = talks.create(
        as_values(talk),
        mail_domain="lra.example",
        by=organiser,
        copied_from=talk,
        with_speakers=True,
    )
    assert (copy.copied_from_id, copy.state) == (talk.id, TalkState.DRAFT)
    assert copy.speakers == [second, first]
    assert copy.uid != talk.uid
    old, new = speakers.links_of(talk), speakers.links_of(copy)
    assert {link.public_id for link in old.values()}.isdisjoint(
        link.public_id for link in new.values()
    )


def test_lists_hold_each_talk_once_and_count_them(app: Flask) -> None:
    with frozen(NOW):
        coming = [
            factories.talk(starts_at=START),
            factories.talk(starts_at=START, state="cancelled"),
        ]
        past = factories.talk(starts_at=factories.at("2026-11-19T17:00"), title="Über Verträge")
        draft = factories.talk(starts_at=START, state="draft")
        factories.speaker(past, last_name="Östreicher")

        def found(which: Listing, search: str = "") -> list[Talk]:
            return list(db.session.scalars(overview.listed(which, search=search)))

        assert found(Listing.COMING) == coming
        assert found(Listing.PAST) == found(Listing.PAST, "ÜBER") == [past]
        assert found(Listing.PAST, "oestreicher") == [past]
        assert found(Listing.PAST, "Bauantrag") == []
        assert found(Listing.DRAFTS) == [draft]
        assert overview.list_counts() == {Listing.COMING: 2, Listing.PAST: 1, Listing.DRAFTS: 1}


def test_numbers_count_answers_and_places_of_each_talk(app: Flask) -> None:
    with frozen(NOW):
        talk, other = factories.talk(starts_at=START, places_online=1), factories.talk()
        people_with_places(talk, 3)
        for answer in ("none", "none", "declined", "delegated", "withdrawn"):
            factories.invitation(talk, factories.contact(), answer=answer)
        found = overview.numbers_of([talk, other])
    assert found[talk.id] == overview.Numbers(
        accepted=3, declined=1, delegated=1, none=2, online=1, waiting_online=2
    )
    assert (found[talk.id].invited, found[talk.id].registered) == (7, 3)
    assert found[other.id] == overview.Numbers()


def test_mail_run_sums_up_the_outbox(app: Flask, organiser: Account) -> None:
    talk, speaker = factories.talk(), factories.speaker()
    speakers.add_to_talk(talk, speaker, by=organiser)
    for number in range(4):
        speakers.send_link(talk, speaker, number=number, by=organiser)
    mails = db.session.scalars(select(Mail).order_by(Mail.id)).all()
    mails[0].state, mails[0].sent_at = MailState.SENT, NOW
    mails[1].state, mails[2].state = MailState.RETRY, MailState.BOUNCED
    db.session.commit()
    run = mail_health.health()
    assert (run.sent, run.under_way, run.undelivered, run.last_sent_at) == (1, 2, 1, NOW)
