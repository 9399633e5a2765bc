"""The sample data tell one consistent story, once, all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_security import verify_password
from sqlalchemy import func, select

from tests.conftest import ENVIRON
from webinar import clock, create_app, settings_of
from webinar.demo import history, load
from webinar.demo.environment import ORGANISER
from webinar.domain import delivery, materials, registrations, times
from webinar.domain.times import Phase
from webinar.extensions import db, reading
from webinar.models import (
    Account,
    Answer,
    Attendance,
    AuditEntry,
    Contact,
    Invitation,
    Mail,
    MailState,
    Mode,
    Registration,
    RegistrationState,
    Speaker,
    Talk,
    TalkState,
)

NOW = datetime(2027, 1, 12, 9, 0, tzinfo=UTC)
PASSWORD = "drei-worte-reichen"


def loaded_into(app: Flask) -> None:
    # Tests that read the story at the same time only read.
    with clock.frozen(NOW), reading(only=False):
        load.load(settings=settings_of(app), password=PASSWORD)


@pytest.fixture(scope="module")
def story(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The sample data of one day, read by all tests here and changed by none."""
    folder = tmp_path_factory.mktemp("story")
    database = folder / "story.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    settings = {
        "WEBINAR_DATABASE_URL": f"sqlite:///{database}",
        "WEBINAR_STORAGE_FOLDER": str(folder / "files"),
    }
    app = create_app(ENVIRON | settings)
    with app.app_context():
        loaded_into(app)
        db.session.remove()
        # Only read: a transaction that could write would keep other sessions out.
        with clock.frozen(NOW), reading():
            yield app
        db.session.remove()
        db.engine.dispose()


def talks() -> list[Talk]:
    return list(db.session.scalars(select(Talk).order_by(Talk.starts_at)))


def number(*conditions: object) -> int:
    return db.session.scalar(select(func.count()).where(*conditions)) or 0  # type: ignore[arg-type]


def answers_by_address() -> set[tuple[str, str, str]]:
    rows = db.session.execute(
        select(Talk.slug, Contact.email, Invitation.answer)
        .join(Invitation, Invitation.talk_id == Talk.id)
        .join(Contact, Contact.id == Invitation.contact_id)
    )
    return {(row[0], row[1], row[2]) for row in rows}


def test_past_evenings_were_answered_attended_and_archived(story: Flask) -> None:
    past = [talk for talk in talks() if times.phase(talk, minutes=15) is Phase.OVER]
    assert len(past) == 3
    for talk in past:
        assert talk.published_at is not None
        assert talk.published_at < talk.starts_at - timedelta(days=20)
        came = number(Attendance.talk_id == talk.id)
        held = number(Registration.talk_id == talk.id, Registration.state == "confirmed")
        assert 40 < came < held
        declined = number(Invitation.talk_id == talk.id, Invitation.answer == Answer.DECLINED)
        silent = number(Invitation.talk_id == talk.id, Invitation.answer == Answer.NONE)
        assert min(declined, silent) > 10
    kinds = {material.kind for material in materials.released(past[-1])}
    assert kinds == {"slides", "recording", "handout", "subtitles"}
    assert {material.kind for material in materials.public_materials(past[-1])} == {"handout"}


def test_next_evening_has_a_full_hall_with_people_who_wait_and_room_online(story: Flask) -> None:
    following = talks()[3]
    assert following.starts_at > NOW
    assert registrations.free(following, Mode.HALL) == 0
    assert len(registrations.queue(following, Mode.HALL)) >= 2
    assert (registrations.free(following, Mode.ONLINE) or 0) > 50


def test_the_other_coming_evenings_are_announced_and_drafted(story: Flask) -> None:
    announced, drafted = talks()[4:]
    assert announced.state == TalkState.PUBLISHED
    assert drafted.state == TalkState.DRAFT
    assert number(Invitation.talk_id.in_((announced.id, drafted.id))) == 0


def test_only_the_invitations_of_today_are_due(story: Flask) -> None:
    waiting = db.session.scalars(
        select(Mail).where(Mail.state.in_(delivery.DUE)).order_by(Mail.id)
    ).all()
    assert len(waiting) == load.INVITED_TODAY
    assert {mail.template for mail in waiting} == {"invitation"}
    assert {mail.talk_id for mail in waiting} == {talks()[3].id}
    assert all(delivery.still_wanted(mail) for mail in waiting)
    rest = db.session.scalars(
        select(Mail).where(Mail.state != MailState.QUEUED).order_by(Mail.id)
    ).all()
    assert {mail.state for mail in rest} == {MailState.SENT}
    assert all(mail.sent_at and mail.created_at < mail.sent_at < NOW for mail in rest)


def test_nothing_happened_in_the_future_or_out_of_order(story: Flask) -> None:
    for answer in db.session.scalars(select(Invitation)):
        assert answer.created_at <= (answer.answered_at or NOW) <= NOW
        if answer.answered_at:
            assert answer.answered_at < answer.talk.starts_at
    for place in db.session.scalars(select(Registration)):
        assert place.queued_at < times.registration_end(place.talk)
    moments = list(db.session.scalars(select(AuditEntry.at).order_by(AuditEntry.id)))
    assert moments == sorted(moments)
    assert moments[-1] == NOW


def test_people_are_there_with_faces_and_the_account_opens_with_its_password(
    story: Flask,
) -> None:
    account = db.session.scalars(select(Account)).one()
    assert account.email == ORGANISER
    assert verify_password(PASSWORD, account.password)
    assert number(Contact.id.is_not(None)) > 140
    assert number(Contact.unsubscribed_at.is_not(None)) == 2
    speakers = db.session.scalars(select(Speaker)).all()
    assert len(speakers) == 9
    storage = settings_of(story).storage_folder
    for speaker in speakers:
        assert speaker.photo_alt
        assert speaker.photo_credit
        assert speaker.photo_key
        assert (storage / speaker.photo_key[:2] / speaker.photo_key).read_bytes()[8:12] == b"WEBP"


def test_loaded_database_is_left_alone(story: Flask) -> None:
    assert not load.needed()


def test_every_setup_tells_the_same_story(story: Flask, app: Flask) -> None:
    """On both databases, though ids and links are random."""
    loaded_into(app)
    again = answers_by_address()
    states = db.session.execute(
        select(Registration.state, func.count()).group_by(Registration.state)
    ).all()
    assert {row[0] for row in states} >= {RegistrationState.CONFIRMED, RegistrationState.WAITING}
    with story.app_context(), reading():
        assert again == answers_by_address()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_interrupted_load_leaves_nothing_and_is_taken_up(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    past = history.past
    told: list[object] = []

    def interrupted(*given: Any, **more: Any) -> None:
        if told:
            raise KeyboardInterrupt
        told.append(past(*given, **more))

    with monkeypatch.context() as patched:
        patched.setattr(history, "past", interrupted)
        with pytest.raises(KeyboardInterrupt):
            loaded_into(app)
    assert load.needed()
    for table in db.metadata.sorted_tables:
        assert db.session.scalar(select(func.count()).select_from(table)) == 0, table.name
    files = settings_of(app).storage_folder
    assert [path for path in files.rglob("*") if path.is_file()] == []
    db.session.remove()
    loaded_into(app)
    assert not load.needed()
