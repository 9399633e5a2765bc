"""A speaker takes slides out of the archive: at once, everywhere, and nobody else's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from tests.domain.archive import add, slides
from webinar.clock import now
from webinar.domain import materials, objections, release_plans, releases
from webinar.domain.releases import Access
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import Account, Mail, Material, MaterialKind, Speaker, Talk


@pytest.fixture
def talk(app: Flask) -> Talk:
    return factories.talk(starts_at=now() - timedelta(days=1))


def shown(talk: Talk, key: str = "folien") -> Material:
    made = slides(talk, key)
    releases.release(talk, material_ids=[made.id], access=Access(), by=None)
    db.session.commit()
    return made


def test_it_is_closed_at_once_and_both_are_told(talk: Talk, organiser: Account) -> None:
    speaker, contact = factories.speaker(talk), factories.contact()
    factories.invitation(talk, contact)
    material = shown(talk)
    for _click in range(2):
        objections.take_out(talk, speaker, public_id=material.public_id)
        db.session.commit()
    assert materials.visible_to(talk, contact) == materials.released(talk) == []
    mails = db.session.scalars(select(Mail).order_by(Mail.template)).all()
    assert [(one.template, one.account_id) for one in mails] == [
        ("archive_notice", organiser.id),
        ("material_refused", None),
    ]


def test_it_is_not_released_until_the_speaker_agrees_again(talk: Talk, organiser: Account) -> None:
    speaker, material = factories.speaker(talk), shown(talk)
    objections.take_out(talk, speaker, public_id=material.public_id)
    for by_office in (False, True):
        with pytest.raises(RuleError, match="material_refused"):
            releases.release(talk, material_ids=[material.id], access=Access(), by=organiser)
        if by_office:
            objections.lift(material, by=organiser)
        else:
            objections.give_back(talk, speaker, public_id=material.public_id)
        releases.release(talk, material_ids=[material.id], access=Access(), by=organiser)
        objections.take_out(talk, speaker, public_id=material.public_id) if not by_office else None
    assert material.released_at is not None


def test_it_leaves_a_planned_release_too(talk: Talk, organiser: Account) -> None:
    speaker, material = factories.speaker(talk), shown(talk)
    releases.withdraw(material, by=organiser)
    soon = now() + timedelta(hours=1)
    row = release_plans.plan(
        talk, due_at=soon, material_ids=[material.id], access=Access(), by=organiser
    )
    with pytest.raises(NotThere):  # nobody sees it yet: there is nothing to take out
        objections.take_out(talk, speaker, public_id=material.public_id)
    material.released_at = now()
    objections.take_out(talk, speaker, public_id=material.public_id)
    assert (row.state, row.material_ids) == ("called_off", [])


def test_only_ones_own_slides_and_handouts_can_be_taken_out(talk: Talk, organiser: Account) -> None:
    first = factories.speaker(talk)
    material, film = shown(talk), add(talk, MaterialKind.RECORDING, "video/mp4", "film")
    film.released_at = now()

    def own(speaker: Speaker) -> list[Material]:
        return objections.of_speaker(talk, speaker)

    assert own(first) == [material]  # who speaks alone
    second = factories.speaker(talk)
    assert own(first) == own(second) == []
    objections.name_owner(material, speaker_id=second.id, by=organiser)
    assert (own(first), own(second)) == ([], [material])
    with pytest.raises(NotThere):
        objections.take_out(talk, first, public_id=material.public_id)
    stranger = factories.speaker()
    objections.name_owner(material, speaker_id=stranger.id, by=organiser)
    assert material.speaker_id is None
