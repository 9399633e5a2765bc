"""Erased accounts: who it was is nowhere, nothing opens the desk any more, and what the account did
stays under a pseudonym; also after a restore."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import Table, func, select, update

from tests import factories
from tests.somebody import (
    ADDRESS,
    NAME,
    found_in,
    left_in_database,
    left_in_files,
    write_into_everything,
)
from tests.web import everything
from webinar import settings_of
from webinar.adapters import journal
from webinar.clock import now
from webinar.domain import account_erasures, accounts, audit, forgetting, journals, mail
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.jobs import worker
from webinar.models import (
    Account,
    AuditEntry,
    Identity,
    Mail,
    MailState,
    Passkey,
    RecoveryCode,
    Role,
    SeriesShare,
)
from webinar.models.base import Privacy

SECRET = "zenobia-secret"


@pytest.fixture
def left(app: Flask, organiser: Account) -> Account:
    """The account of somebody who has left the office, in whose name everything was done."""
    everything.fill(app, organiser)
    organiser.name, organiser.email, organiser.active = NAME, ADDRESS, False
    organiser.password = organiser.totp = organiser.passkey_handle = SECRET
    for row in db.session.scalars(select(Passkey).where(Passkey.account_id == organiser.id)):
        row.credential_id = SECRET
    db.session.execute(update(SeriesShare).values(account_id=organiser.id))
    mail.to_account("account_changed", organiser, key="account_changed:1", params={"act": "x"})
    audit.record("account.edited", organiser, by=organiser, changes={"name": True})
    db.session.commit()
    return organiser


def rows_of(account_id: int) -> dict[str, int]:
    """How many rows of what opens the desk lead to the account."""
    return {
        table.__tablename__: db.session.scalar(
            select(func.count()).select_from(table).where(table.account_id == account_id)
        )
        or 0
        for table in account_erasures.KEYS
    }


def test_erased_account_is_nowhere(
    app: Flask, left: Account, administrator: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    number = left.id
    did = db.session.scalars(select(AuditEntry.id).where(AuditEntry.account_id == number)).all()
    assert all(rows_of(number).values()), "there is something of each kind"
    written = write_into_everything(number)
    text = {
        f"accounts.{column.name}"
        for column in Account.__table__.columns
        if column.info.get("privacy") not in (None, Privacy.NONE)
    }
    assert set(left_in_database()) >= written | text
    account_erasures.erase(db.session.get_one(Account, number), by=administrator)
    db.session.commit()
    worker.run_once(app)
    assert left_in_database() == []
    assert left_in_files(settings_of(app).storage_folder.parent) == []
    assert not found_in(capsys.readouterr().err)
    db.session.expire_all()
    assert not any(rows_of(number).values())
    account = db.session.get_one(Account, number)
    assert (account.name, account.email) == (
        f"Konto {number} [gelöscht]",
        f"{number}@erased.invalid",
    )
    assert (account.password, account.totp, account.passkey_handle) == (None, None, None)
    assert (account.active, account.signed_in_at) == (False, None)
    mails = db.session.scalars(select(Mail).where(Mail.key.like("gone:%")))
    assert {row.state for row in mails} <= set(MailState) - {MailState.QUEUED, MailState.RETRY}
    kept = db.session.scalars(select(AuditEntry.id).where(AuditEntry.account_id == number)).all()
    assert kept == did, "what it did stays, under the pseudonym"
    line = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "account.erased")).one()
    assert (line.record_id, line.account_id, line.changes) == (number, administrator.id, {})


def test_every_row_that_belongs_to_an_account_goes_or_stays_for_a_reason() -> None:
    """A new table that points at accounts needs a place here."""
    of_the_office = {
        "admissions": "who let somebody in",
        "audit_entries": "the log",
        "contact_imports": "who imported; goes after its term",
        "inbox_messages": "who dealt with it",
        "legal_texts": "who wrote the version",
        "mailings": "who sent it",
        "mails": "emptied",
        "planned_releases": "who planned it",
        "recording_consents": "who took it down",
        "recordings": "who assigned it",
        "series": "whose series it is",
        "uploads": "who sent it",
    }
    table = Account.__table__
    assert isinstance(table, Table)
    pointing = {child.name for child, _column in forgetting.pointing_at(table)}
    keys = {one.__tablename__ for one in account_erasures.KEYS}
    assert pointing == keys | set(of_the_office)


def test_nobody_erases_the_own_account_nor_one_that_signs_in(
    app: Flask, organiser: Account, administrator: Account
) -> None:
    for account, code in ((administrator, "account_own"), (organiser, "account_still_active")):
        with pytest.raises(RuleError) as refused:
            account_erasures.erase(account, by=administrator)
        assert refused.value.code == code
    other = accounts.create(
        email="a@lra.example", name="Ada Amt", role=Role.ADMIN, password=None, hashed="x"
    )
    accounts.deactivate(administrator, by=other)
    account_erasures.erase(administrator, by=other)
    with pytest.raises(RuleError) as refused:
        accounts.deactivate(other, by=organiser)
    assert refused.value.code == "last_administrator", "so the last one is never erased"
    for gone in (accounts.find, lambda _: accounts.reactivate(administrator, by=other)):
        with pytest.raises(NotThere):
            gone(administrator.id)
    assert administrator not in db.session.scalars(accounts.listed()).all()


def test_address_of_a_contact_stays_with_the_contact(
    app: Flask, organiser: Account, administrator: Account
) -> None:
    contact = factories.contact(email=organiser.email)
    mail.to_contact("declined", contact, key="declined:1")
    organiser.active = False
    db.session.commit()
    assert account_erasures.review(organiser).same_address
    account_erasures.erase(organiser, by=administrator)
    db.session.commit()
    assert db.session.scalars(select(Mail.recipient)).all() == [contact.email]


def test_name_of_one_word_is_not_looked_for_in_texts(app: Flask) -> None:
    account = Account(name="Poststelle", email="post@lra.example")
    wanted = account_erasures.wanted_of(account)
    assert wanted is not None
    assert not wanted.search("Die Poststelle kommt.")
    assert wanted.search("an post@lra.example.")
    titled = account_erasures.wanted_of(Account(name="Dr. Ida Brand", email="i@lra.example"))
    assert titled is not None
    assert titled.search("Frau Ida Brand")


def test_account_that_a_restore_brings_back_is_erased_again(
    app: Flask, organiser: Account, administrator: Account
) -> None:
    settings, table = settings_of(app), Account.__table__
    assert isinstance(table, Table)
    organiser.name, organiser.email, organiser.active = NAME, ADDRESS, False
    db.session.add(Identity(account_id=organiser.id, issuer="https://idp.example", subject="17"))
    db.session.commit()
    number = organiser.id
    before = dict(db.session.execute(select(table).where(table.c.id == number)).mappings().one())
    account_erasures.erase(organiser, by=administrator)
    db.session.commit()
    worker.run_once(app)
    entries = list(journal.read(settings.journal))
    assert [(entry["what"], entry["table"]) for entry in entries] == [("erased", "accounts")]
    assert not found_in(settings.journal.read_bytes())

    db.session.execute(update(table).where(table.c.id == number).values({**before, "active": True}))
    db.session.add(RecoveryCode(account_id=number, code_hash="a" * 64))
    db.session.commit()
    done = journals.apply(entries, keys=settings.link_keys)
    db.session.commit()
    assert (done.erased, done.foreign) == (1, 0)
    db.session.expire_all()
    account = db.session.get_one(Account, number)
    assert account.erased_at is not None
    assert not account.active
    assert not any(rows_of(number).values())
    assert left_in_database() == []
    assert journals.apply(entries, keys=settings.link_keys).erased == 0

    another = {**before, "created_at": now()}
    db.session.execute(update(table).where(table.c.id == number).values(another))
    db.session.commit()
    done = journals.apply(entries, keys=settings.link_keys)
    assert (done.erased, done.foreign) == (0, 1), "another account that got the same number"
