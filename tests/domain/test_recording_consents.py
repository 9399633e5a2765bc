"""Recording needs the consent of all who speak; a no takes down what was released."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from webinar.clock import frozen, now
from webinar.domain import materials, recording_consents, releases, speakers
from webinar.domain.releases import Access
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import (
    AuditEntry,
    ConsentAnswer,
    Mail,
    Material,
    MaterialKind,
    RecordingConsent,
    Speaker,
    Talk,
)

YES, NO = ConsentAnswer.YES, ConsentAnswer.NO


@dataclass
class Bytes:
    key: str
    size: int = 10
    sha256: str = ""

    def __post_init__(self) -> None:
        self.sha256 = (self.key * 64)[:64]


@pytest.fixture
def talk(app: Flask) -> Talk:
    return factories.talk(recorded=True)


def pair(talk: Talk) -> tuple[Speaker, Speaker]:
    return factories.speaker(talk), factories.speaker(talk, last_name="Brandl")


def add(talk: Talk, kind: MaterialKind, media: str, key: str) -> Material:
    found = materials.add(
        talk,
        kind=kind,
        title=key,
        stored=Bytes(key),
        media_type=media,
        file_name=f"{key}.bin",
        by=None,
    )
    releases.release(talk, material_ids=[found.id], access=Access(), by=None)
    db.session.commit()
    return found


def test_talk_may_be_recorded_once_all_speakers_agree(talk: Talk) -> None:
    assert not recording_consents.may_record(talk)  # nobody speaks: nobody agreed
    first, second = pair(talk)
    recording_consents.answer(talk, first, said=YES)
    assert not recording_consents.may_record(talk)
    recording_consents.answer(talk, second, said=YES)
    assert recording_consents.may_record(talk)
    talk.recorded = False
    assert not recording_consents.may_record(talk)


def test_no_of_one_speaker_is_enough(talk: Talk) -> None:
    first, second = pair(talk)
    for one in (first, second):
        recording_consents.answer(talk, one, said=YES)
    recording_consents.answer(talk, second, said=NO)
    assert not recording_consents.may_record(talk)
    speakers.remove_from_talk(talk, second, by=factories.account())
    assert recording_consents.may_record(talk)


def test_speaker_added_later_has_not_agreed(talk: Talk) -> None:
    first = factories.speaker(talk)
    recording_consents.answer(talk, first, said=YES)
    assert recording_consents.may_record(talk)
    factories.speaker(talk, last_name="Brandl")
    db.session.expire(talk, ["appearances"])
    assert not recording_consents.may_record(talk)


def test_answers_stay_with_who_wrote_them_down(talk: Talk) -> None:
    one, office = factories.speaker(talk), factories.account()
    start = now()
    with frozen(start):
        recording_consents.answer(talk, one, said=YES, by=office)
        recording_consents.answer(talk, one, said=YES)
    with frozen(start + timedelta(days=1)):
        recording_consents.answer(talk, one, said=NO)
    db.session.commit()
    rows = db.session.scalars(select(RecordingConsent).order_by(RecordingConsent.id)).all()
    assert [(r.answer, r.given_by_id, r.revoked_by_id) for r in rows] == [
        (YES, office.id, None),
        (NO, None, None),
    ]
    assert rows[0].revoked_at == rows[1].given_at == start + timedelta(days=1)
    assert rows[1].revoked_at is None
    lines = db.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.action.startswith("talk.recording_"))
        .order_by(AuditEntry.id)
    ).all()
    assert [(line.action, line.account_id, line.changes) for line in lines] == [
        ("talk.recording_consented", office.id, {"speaker": one.id}),
        ("talk.recording_refused", None, {"speaker": one.id}),
    ]


def test_speaker_is_told_of_every_answer(talk: Talk) -> None:
    one = factories.speaker(talk)
    for said in (YES, YES, NO, YES):
        recording_consents.answer(talk, one, said=said)
    db.session.commit()
    told = db.session.scalars(
        select(Mail).where(Mail.template == "recording_consent").order_by(Mail.id)
    ).all()
    assert [mail.params["answer"] for mail in told] == [YES, NO, YES]
    assert {mail.recipient for mail in told} == {one.email}


def test_withdrawn_consent_takes_the_recording_down_and_nothing_else(talk: Talk) -> None:
    one = factories.speaker(talk)
    recording_consents.answer(talk, one, said=YES)
    film = add(talk, MaterialKind.RECORDING, "video/mp4", "f")
    slides = add(talk, MaterialKind.SLIDES, "application/pdf", "s")
    recording_consents.answer(talk, one, said=NO)
    db.session.commit()
    assert film.released_at is None
    assert film.grants == []
    assert slides.released_at is not None
    with pytest.raises(RuleError) as refused:
        releases.release(talk, material_ids=[film.id], access=Access(), by=None)
    assert refused.value.code == "recording_refused"
    db.session.rollback()
    recording_consents.answer(talk, one, said=YES)
    releases.release(talk, material_ids=[film.id], access=Access(), by=None)


def test_stranger_to_the_talk_has_nothing_to_say(talk: Talk) -> None:
    with pytest.raises(NotThere):
        recording_consents.answer(talk, factories.speaker(), said=YES)


def test_speaker_who_is_deleted_leaves_no_answer(talk: Talk) -> None:
    one, by = factories.speaker(talk), factories.account()
    recording_consents.answer(talk, one, said=YES)
    speakers.remove_from_talk(talk, one, by=by)
    speakers.delete_speaker(one, by=by)
    db.session.commit()
    assert db.session.scalars(select(RecordingConsent)).all() == []
