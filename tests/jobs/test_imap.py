"""Reading a mailbox of a real IMAP server (Dovecot): TLS, putting away, crashes, a mailbox made
anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from tests import factories
from tests.adapters.inbox.forms import ASIDE, FORMS, MAYOR, REPLIES, SERVER, UID
from tests.conftest import ENVIRON
from tests.jobs import dovecot
from tests.jobs.dovecot import PASSWORD, USER, Server
from tests.jobs.test_inbox import read
from webinar.adapters.inbox import imap
from webinar.adapters.inbox.imap import Account, ImapSource, utf7
from webinar.adapters.inbox.source import SourceTrouble
from webinar.domain import inbox
from webinar.extensions import db
from webinar.jobs import inbox as job
from webinar.models import Answer, InboxMessage, Invitation, Mail

pytestmark = pytest.mark.skipif(not dovecot.BINARY, reason=dovecot.MISSING)


@pytest.fixture
def server() -> Iterator[Server]:
    with dovecot.running() as found:
        yield found


@pytest.fixture
def environ(database_url: str, tmp_path: Path, server: Server) -> dict[str, str]:
    return {
        **ENVIRON,
        "WEBINAR_DATABASE_URL": database_url,
        "WEBINAR_STORAGE_FOLDER": str(tmp_path / "files"),
        "WEBINAR_MAIL_SENDER": "after-work-wissen@lra.example",
        "WEBINAR_INBOX_MODE": "imap",
        "WEBINAR_INBOX_HOST": "localhost",
        "WEBINAR_INBOX_PORT": str(server.tls_port),
        "WEBINAR_INBOX_CA_FILE": str(server.certificate),
        "WEBINAR_INBOX_USER": USER,
        "WEBINAR_INBOX_PASSWORD": PASSWORD,
        "WEBINAR_INBOX_AUTHSERV_ID": SERVER,
    }


@pytest.fixture
def invited(app: Flask) -> Invitation:
    return factories.invitation(factories.talk(uid=UID), factories.contact(email=MAYOR))


def account(server: Server, **values: object) -> Account:
    given = Account(
        host="localhost",
        port=server.tls_port,
        user=USER,
        password=PASSWORD,
        ca_file=str(server.certificate),
        timeout=60,
    )
    return replace(given, **values)  # type: ignore[arg-type]


def contents(source: ImapSource, most: int = 50) -> list[bytes]:
    return [message.content for message in source.waiting(most=most)]


def put_away_all(source: ImapSource, *, aside: bool = False) -> None:
    for message in source.waiting(most=50):
        source.put_away(message, aside=aside)


def test_messages_are_read_whole_and_stay_unread_for_people(server: Server) -> None:
    sent = [form.content for form in FORMS if b"\n" in form.content and b"\x00" not in form.content]
    wanted = [b"\r\n".join(content.splitlines()) + b"\r\n" for content in sent]
    server.deliver(*wanted)
    source = ImapSource(account(server))
    assert contents(source, most=500) == wanted
    source.close()
    assert not [flags for flags in server.flags() if "Seen" in flags]


def test_starttls_is_verified_too(server: Server) -> None:
    server.deliver(REPLIES[0].content)
    source = ImapSource(account(server, port=server.port, security="starttls"))
    assert len(contents(source)) == 1
    source.close()


@pytest.mark.parametrize(
    "change",
    [
        {"ca_file": None},
        {"host": "127.0.0.1"},
        {"password": "falsch"},
        {"port": 1},
        {"mailbox": "Nichts"},
    ],
)
def test_wrong_certificate_name_password_port_or_mailbox_is_trouble(
    server: Server, change: dict[str, object]
) -> None:
    source = ImapSource(account(server, **change))
    with pytest.raises(SourceTrouble):
        contents(source)
    source.close()


def test_taken_message_is_marked_and_not_read_again(server: Server) -> None:
    server.deliver(REPLIES[0].content, REPLIES[1].content)
    source = ImapSource(account(server))
    messages = list(source.waiting(most=50))
    source.put_away(messages[0], aside=False)
    source.put_away(messages[1], aside=True)
    assert contents(source) == []
    source.close()
    flags = server.flags()
    assert imap.TAKEN in flags[0]
    assert imap.ASIDE not in flags[0]
    assert imap.ASIDE in flags[1]


def test_taken_message_is_moved_where_a_mailbox_is_named(server: Server) -> None:
    server.deliver(REPLIES[0].content, REPLIES[1].content)
    source = ImapSource(account(server, done="Übernommen & fertig", aside="Beiseite"))
    messages = list(source.waiting(most=50))
    source.put_away(messages[0], aside=False)
    source.put_away(messages[0], aside=False)  # another worker was quicker: nothing happens
    source.put_away(messages[1], aside=True)
    assert contents(source) == []
    source.close()
    assert server.flags() == []
    assert len(server.flags("Beiseite")) == 1
    assert len(server.flags(f'"{utf7("Übernommen & fertig")}"')) == 1


def test_server_without_move_copies_and_deletes(server: Server) -> None:
    server.deliver(REPLIES[0].content)
    source = ImapSource(account(server, done="Fertig"))
    message = next(source.waiting(most=1))
    source.capabilities -= {"MOVE"}
    source.put_away(message, aside=False)
    source.close()
    assert server.flags() == []
    assert len(server.flags("Fertig")) == 1


def test_number_of_another_uidvalidity_is_left_alone(server: Server) -> None:
    server.deliver(REPLIES[0].content)
    source = ImapSource(account(server))
    message = next(source.waiting(most=1))
    source.close()
    server.recreate()
    source = ImapSource(account(server))
    again = next(source.waiting(most=1))
    assert message.handle != again.handle
    source.put_away(message, aside=False)
    assert len(contents(source)) == 1
    source.put_away(again, aside=False)
    assert contents(source) == []
    source.close()


def test_broken_connection_is_trouble_and_the_next_try_connects_anew(server: Server) -> None:
    server.deliver(REPLIES[0].content)
    source = ImapSource(account(server))
    message = next(source.waiting(most=1))
    assert source._line is not None
    source._line.shutdown()
    with pytest.raises(SourceTrouble):
        source.put_away(message, aside=False)
    source.put_away(message, aside=False)
    assert contents(source) == []
    source.close()


def test_umlauts_and_ampersands_in_mailbox_names() -> None:
    assert utf7("Entwürfe & Co") == "Entw&APw-rfe &- Co"


def test_job_takes_in_once_through_a_crash_and_a_new_mailbox(
    app: Flask, invited: Invitation, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.deliver(REPLIES[0].content, ASIDE[0].content)

    def crash(*_args: object, **_kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(job.ImapSource, "put_away", crash)
        with pytest.raises(KeyboardInterrupt):
            read(app)
    read(app)
    server.recreate()
    read(app)
    db.session.refresh(invited)
    assert invited.answer == Answer.ACCEPTED
    assert db.session.query(InboxMessage).count() == 2
    assert db.session.query(Mail).count() == 1
    row = inbox.reading("imap")
    assert row is not None
    assert row.trouble == ""


def test_mailbox_that_cannot_be_reached_is_noted(app: Flask, server: Server) -> None:
    server.certificate.write_text("kein Zertifikat")
    read(app)
    row = inbox.reading("imap")
    assert row is not None
    assert row.trouble
