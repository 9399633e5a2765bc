"""What counts as one start, and when names go from what was opened."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from tests import factories
from tests.domain.archive import slides
from webinar.clock import berlin, frozen, now
from webinar.domain import contact_merges, openings
from webinar.extensions import db
from webinar.jobs import worker
from webinar.models import Account, Opening, OpeningKind, RetentionCount, Talk

DOWNLOAD, VIEW = OpeningKind.DOWNLOAD, OpeningKind.VIEW


def test_a_start_counts_once_for_each_person_kind_and_file(app: Flask) -> None:
    talk, one, two = factories.talk(), factories.contact(), factories.contact()
    first, second = slides(talk, "a"), slides(talk, "b")
    for contact_id in (one.id, one.id, two.id, None, None):
        openings.note([first.id, second.id], kind=DOWNLOAD, contact_id=contact_id)
    openings.note([first.id], kind=VIEW, contact_id=one.id)
    with frozen(now() + openings.SAME):
        openings.note([second.id], kind=DOWNLOAD, contact_id=one.id)
    figures = openings.figures(talk)
    assert [(one.material, one.downloads, one.views, one.people) for one in figures] == [
        (first, 4, 1, 2),
        (second, 5, 0, 2),
    ]
    assert len(openings.of_person(talk, two, days=90)) == 2


def test_names_go_after_their_term_and_the_count_stays(app: Flask) -> None:
    talk, contact = factories.talk(), factories.contact()
    material, talk_id = slides(talk), talk.id
    openings.note([material.id], kind=DOWNLOAD, contact_id=contact.id)
    number, later = contact.id, now() + timedelta(days=1)
    with frozen(later):
        openings.note([material.id], kind=DOWNLOAD, contact_id=contact.id)
    db.session.commit()
    with frozen(now() + timedelta(days=90)):
        assert len(db.session.scalars(openings.listed(talk, days=90)).all()) == 1, "not shown"
        db.session.remove()
        worker.run_once(app)
        db.session.remove()
        rows = db.session.scalars(select(Opening).order_by(Opening.id)).all()
        assert [row.contact_id for row in rows] == [None, number]
        assert (berlin(rows[0].opened_at).hour, berlin(rows[0].opened_at).minute) == (0, 0)
        talk = db.session.get_one(Talk, talk_id)
        assert openings.figures(talk)[0].downloads == 2
        gone = db.session.scalars(select(RetentionCount)).one()
        assert (gone.kind, gone.count) == ("openings", 1), "the log of counts lists them"


def test_what_was_opened_moves_with_a_merged_contact(app: Flask, organiser: Account) -> None:
    talk, kept, other = factories.talk(), factories.contact(), factories.contact()
    openings.note([slides(talk).id], kind=VIEW, contact_id=other.id)
    contact_merges.merge(kept, other, by=organiser)
    db.session.expire_all()
    assert [row.kind for row in openings.of_person(talk, kept, days=90)] == [VIEW]
