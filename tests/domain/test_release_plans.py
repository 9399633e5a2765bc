"""Releases that happen at their time: what is passed over, what stands in the way, who is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from tests.domain.archive import add, link
from webinar import settings_of
from webinar.clock import berlin, frozen, now
from webinar.domain import materials, recording_consents, release_plans, releases
from webinar.domain.releases import Access, Words
from webinar.errors import Conflict, RuleError
from webinar.extensions import db
from webinar.jobs import queue
from webinar.jobs.handlers import HANDLERS
from webinar.models import (
    Account,
    AuditEntry,
    ConsentAnswer,
    Grantee,
    Job,
    JobState,
    Mail,
    Mailing,
    MaterialKind,
    PlannedRelease,
    PlanState,
    Talk,
)

WORDS = Words("Unterlagen: {titel}", "die Folien sind da.")
INVITED = Access(groups=frozenset({Grantee.INVITED}))


@pytest.fixture
def talk(app: Flask) -> Talk:
    made = factories.talk(starts_at=now() - timedelta(days=1))
    factories.invitation(made, factories.contact())
    return made


def plan(talk: Talk, by: Account, *ids: int, access: Access = INVITED) -> PlannedRelease:
    due_at = now() + timedelta(hours=3)
    row = release_plans.plan(
        talk, due_at=due_at, material_ids=ids, access=access, by=by, words=WORDS
    )
    db.session.commit()
    return row


def work(app: Flask, *, hours: float) -> None:
    """Let the worker do what is due by then."""
    with frozen(now() + timedelta(hours=hours)):
        db.session.add(Job(name="release_planned", key=f"at:{hours}", state=JobState.QUEUED))
        db.session.commit()
        while queue.work(settings_of(app), HANDLERS):
            pass
    db.session.expire_all()


def test_it_happens_at_its_time_and_the_mail_goes_then(
    app: Flask, talk: Talk, organiser: Account
) -> None:
    first, second = link(talk), link(talk)
    row = plan(talk, organiser, first.id, second.id)
    assert release_plans.planned() == {first.id, second.id}
    work(app, hours=2.9)
    assert (first.released_at, row.state) == (None, PlanState.WAITING)
    late = factories.contact()  # invited after the plan was made, and told with all others
    factories.invitation(talk, late)
    work(app, hours=3)
    assert row.state == PlanState.DONE
    assert [one.grantee for one in first.grants] == ["invited"]
    mailing = db.session.scalars(select(Mailing)).one()
    assert late.id in mailing.selection["recipients"]
    assert len(mailing.selection["recipients"]) == 2
    work(app, hours=4)  # a second look releases and mails nothing more
    assert len(db.session.scalars(select(Mailing)).all()) == 1


def test_what_was_released_or_deleted_since_is_passed_over(
    app: Flask, talk: Talk, organiser: Account
) -> None:
    by_hand, gone, left = link(talk), link(talk), link(talk)
    row = plan(talk, organiser, by_hand.id, gone.id, left.id)
    everyone = Access(groups=frozenset({Grantee.EVERYONE}))
    releases.release(talk, material_ids=[by_hand.id], access=everyone, by=organiser)
    materials.delete(gone, by=organiser)
    db.session.commit()
    work(app, hours=3)
    assert row.state == PlanState.DONE
    assert [one.grantee for one in by_hand.grants] == ["everyone"]
    assert left.released_at is not None


def test_what_stands_in_the_way_is_told_and_nothing_is_released(
    app: Flask, talk: Talk, organiser: Account
) -> None:
    audience = factories.audience(members=[factories.contact()])
    row = plan(talk, organiser, link(talk).id, access=Access(frozenset(), (audience.id,)))
    db.session.delete(audience)
    db.session.commit()
    work(app, hours=3)
    assert (row.state, row.problem) == (PlanState.FAILED, "release_audience_gone")
    assert materials.released(talk) == []
    told = db.session.scalars(select(Mail).where(Mail.template == "archive_notice")).one()
    assert (told.account_id, told.params["what"]) == (organiser.id, "release_failed")


def test_it_can_be_called_off_until_it_happens(app: Flask, talk: Talk, organiser: Account) -> None:
    row, other = plan(talk, organiser, link(talk).id), plan(talk, organiser, link(talk).id)
    for _click in range(2):
        release_plans.call_off(row, by=organiser)
    db.session.commit()
    work(app, hours=3)
    assert (row.state, other.state) == (PlanState.CALLED_OFF, PlanState.DONE)
    with pytest.raises(Conflict):
        release_plans.call_off(other, by=organiser)
    actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions.count("planned_release.called_off") == 1


def test_a_no_of_a_speaker_takes_the_recording_out_of_the_plan(
    app: Flask, talk: Talk, organiser: Account
) -> None:
    speaker = factories.speaker(talk)
    film = add(talk, MaterialKind.RECORDING, "video/mp4", "film")
    slides = add(talk, MaterialKind.SLIDES, "application/pdf", "folien")
    row = plan(talk, organiser, film.id, slides.id)
    recording_consents.answer(talk, speaker, said=ConsentAnswer.NO)
    db.session.commit()
    assert row.material_ids == [slides.id]
    told = db.session.scalars(select(Mail).where(Mail.template == "archive_notice")).one()
    assert (told.params["what"], told.params["planned"]) == ("recording_refused", 1)
    work(app, hours=3)
    assert (film.released_at, row.state) == (None, PlanState.DONE)
    assert slides.released_at is not None
    with pytest.raises(RuleError, match="recording_refused"):
        plan(talk, organiser, film.id)


def test_what_makes_no_sense_is_refused_at_its_field(talk: Talk, organiser: Account) -> None:
    one, other = link(talk), link(talk)
    plan(talk, organiser, one.id)
    tomorrow = now() + timedelta(days=1)
    ended = Access(closes_on=berlin(tomorrow).date())
    wrong = [
        (other.id, now() - timedelta(seconds=1), INVITED, "release_in_past", "day"),
        (other.id, now() + timedelta(days=400), INVITED, "release_too_far", "day"),
        (other.id, tomorrow, ended, "release_ends_before", "closes_on"),
        (one.id, tomorrow, INVITED, "release_planned_already", None),
    ]
    for material_id, due_at, access, code, field in wrong:
        with pytest.raises(RuleError) as caught:
            release_plans.plan(
                talk, due_at=due_at, material_ids=[material_id], access=access, by=organiser
            )
        assert (caught.value.code, caught.value.field) == (code, field)


def test_a_release_ends_on_its_day_for_everybody_and_can_be_put_off(
    talk: Talk, organiser: Account
) -> None:
    material, contact = link(talk), factories.contact()
    factories.invitation(talk, contact)
    ends = materials.today() + timedelta(days=2)
    access = Access(groups=frozenset(Grantee) - {"contact", "audience"}, closes_on=ends)
    releases.release(talk, material_ids=[material.id], access=access, by=organiser)
    db.session.commit()

    def open_now() -> list[int]:
        found = [materials.visible_to(talk, contact), materials.public_materials(talk)]
        return [len(rows) for rows in (*found, materials.released(talk))]

    assert open_now() == [1, 1, 1]
    with frozen(now() + timedelta(days=2)):
        assert open_now() == [0, 0, 0]
        with pytest.raises(RuleError, match="release_ends_in_past"):
            releases.limit(material, closes_on=ends - timedelta(days=1), by=organiser)
        releases.limit(material, closes_on=None, by=organiser)
        db.session.commit()
        assert open_now() == [1, 1, 1]
    releases.withdraw(material, by=organiser)
    assert material.closes_on is None
