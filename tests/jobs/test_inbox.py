"""Reading a folder of mail: taken in once, put away after the commit, never stopped by anything."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from tests import factories
from tests.adapters.inbox.forms import FORMS, MAYOR, REPLIES, SENT_ID, SERVER, UID
from tests.conftest import ENVIRON
from webinar import create_app, settings_of
from webinar.adapters.inbox import understand
from webinar.clock import now
from webinar.config import Settings
from webinar.domain import inbox, inbox_replies
from webinar.extensions import db
from webinar.jobs import inbox as job
from webinar.jobs import worker
from webinar.jobs.queue import Run
from webinar.models import (
    Answer,
    InboxMessage,
    InboxState,
    Invitation,
    Mail,
    MailState,
    Outcome,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "inbox"
    path.mkdir()
    return path


@pytest.fixture
def environ(database_url: str, tmp_path: Path, folder: Path) -> dict[str, str]:
    return {
        **ENVIRON,
        "WEBINAR_DATABASE_URL": database_url,
        "WEBINAR_STORAGE_FOLDER": str(tmp_path / "files"),
        "WEBINAR_MAIL_SENDER": "after-work-wissen@lra.example",
        "WEBINAR_INBOX_MODE": "folder",
        "WEBINAR_INBOX_FOLDER": str(folder),
        "WEBINAR_INBOX_AUTHSERV_ID": SERVER,
    }


@pytest.fixture
def invited(app: Flask) -> Invitation:
    """Whom the forms are from, invited to what they answer."""
    return factories.invitation(factories.talk(uid=UID), factories.contact(email=MAYOR))


class _Held(Run):
    """A job that nobody takes away."""

    def keep(self) -> None:
        return


def read(app: Flask) -> None:
    job.read_inbox(_Held(1, 1, settings_of(app)))


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / f"{name}.eml"
    path.write_bytes(content)
    return path


def test_accept_from_a_file_is_taken_and_the_file_put_away(
    app: Flask, invited: Invitation, folder: Path
) -> None:
    path = put(folder, "eins", REPLIES[0].content)
    read(app)
    db.session.refresh(invited)
    assert invited.answer == Answer.ACCEPTED
    assert not path.exists()
    assert (folder / "done" / "eins.eml").read_bytes() == REPLIES[0].content
    row = inbox.reading("folder")
    assert row is not None
    assert row.read_at is not None


@pytest.mark.parametrize(
    ("header", "told"),
    [(b"", 1), (b"Auto-Submitted: auto-replied\r\n", 0), (b"X-Auto-Response-Suppress: All\r\n", 0)],
)
def test_answer_that_a_rule_refuses_is_told_to_people_alone(
    app: Flask, invited: Invitation, folder: Path, header: bytes, told: int
) -> None:
    invited.talk.registration_closes_at = now() - timedelta(hours=1)
    db.session.commit()
    put(folder, "eins", header + REPLIES[0].content)
    read(app)
    assert db.session.query(Mail).filter_by(template="reply_refused").count() == told


def test_same_message_again_is_put_away_and_does_nothing(
    app: Flask, invited: Invitation, folder: Path
) -> None:
    for name in ("eins", "zwei"):
        put(folder, name, REPLIES[0].content)
    read(app)
    put(folder, "eins", REPLIES[0].content)
    read(app)
    assert db.session.query(InboxMessage).count() == 1
    assert db.session.query(Mail).count() == 1
    assert len(list((folder / "done").iterdir())) == 3


def test_crash_between_commit_and_putting_away_doubles_nothing(
    app: Flask, invited: Invitation, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(folder, "eins", REPLIES[0].content)
    with monkeypatch.context() as patched:
        patched.setattr(job.FolderSource, "put_away", _crash)
        with pytest.raises(KeyboardInterrupt):
            read(app)
    assert path.exists()
    assert db.session.query(Mail).count() == 1
    read(app)
    assert not path.exists()
    assert db.session.query(InboxMessage).count() == 1
    assert db.session.query(Mail).count() == 1


def test_crash_before_the_commit_loses_nothing(
    app: Flask, invited: Invitation, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(folder, "eins", REPLIES[0].content)
    with monkeypatch.context() as patched:
        patched.setattr(inbox_replies, "take", _crash)
        with pytest.raises(KeyboardInterrupt):
            read(app)
    db.session.rollback()
    assert path.exists()
    assert db.session.query(InboxMessage).count() == 0
    read(app)
    db.session.refresh(invited)
    assert invited.answer == Answer.ACCEPTED


def _crash(*_args: object, **_kwargs: object) -> None:
    raise KeyboardInterrupt


def test_message_that_breaks_the_program_is_set_aside_and_the_next_one_read(
    app: Flask, invited: Invitation, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_args: object, **_kwargs: object) -> None:
        db.session.add(InboxMessage(fingerprint="x" * 64, kind="no kind"))
        db.session.flush()

    monkeypatch.setattr(inbox, "take_answer", break_down)
    put(folder, "a", next(form for form in FORMS if form.name == "accepts").content)
    put(folder, "b", REPLIES[0].content)
    read(app)
    states = [
        (row.state, row.outcome) for row in db.session.query(InboxMessage).order_by(InboxMessage.id)
    ]
    assert states == [
        (InboxState.ASIDE, Outcome.FAILED),
        (InboxState.ACTED, Outcome.ACCEPTED),
    ]
    assert (folder / "aside" / "a.eml").exists()


def test_every_form_is_taken_in(app: Flask, invited: Invitation, folder: Path) -> None:
    mail = Mail(
        template="invitation",
        key="k",
        public_id=SENT_ID.partition("@")[0],
        recipient=MAYOR,
        contact=invited.contact,
        state=MailState.SENT,
        sent_at=now(),
    )
    factories.save(mail)
    for number, form in enumerate(FORMS):
        put(folder, f"{number:03}", form.content)
    read(app)
    assert list(folder.glob("*.eml")) == []
    rows = db.session.query(InboxMessage).all()
    assert len(rows) == len({understand(form.content).fingerprint for form in FORMS})
    assert not [row for row in rows if row.outcome == Outcome.FAILED]
    assert mail.state == MailState.BOUNCED
    assert {row.state for row in rows} == {
        InboxState.ACTED,
        InboxState.WAITING,
        InboxState.ASIDE,
    }


def test_link_and_foreign_file_are_left_alone(app: Flask, folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "geheim.eml"
    secret.write_bytes(REPLIES[0].content)
    (folder / "link.eml").symlink_to(secret)
    (folder / "notiz.txt").write_text("kein Brief")
    read(app)
    assert db.session.query(InboxMessage).count() == 0
    assert secret.exists()


def test_folder_that_is_gone_is_noted_and_nothing_breaks(app: Flask, folder: Path) -> None:
    folder.rmdir()
    read(app)
    row = inbox.reading("folder")
    assert row is not None
    assert row.trouble.startswith("FileNotFoundError")
    assert row.trouble_since is not None


def test_worker_reads_by_itself(app: Flask, invited: Invitation, folder: Path) -> None:
    put(folder, "eins", REPLIES[0].content)
    worker.run_once(app)
    db.session.refresh(invited)
    assert invited.answer == Answer.ACCEPTED


def test_without_an_inbox_nothing_is_read(folder: Path) -> None:
    settings = Settings.load({**ENVIRON, "WEBINAR_INBOX_MODE": "none"})
    assert job.source_of(settings.inbox) is None
    assert create_app is not None
