"""Erased is erased: the person is written into every column that can hold one, goes, and is looked
for in every column, every file and the log."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Table, select, update

from tests import factories
from tests.somebody import (
    ADDRESS,
    FIRST,
    LAST,
    NAME,
    found_in,
    left_in_database,
    left_in_files,
    write_into_everything,
)
from tests.web import everything
from webinar import settings_of
from webinar.adapters import journal
from webinar.adapters.storage import FolderStorage
from webinar.clock import now
from webinar.domain import (
    audit,
    deputies,
    erasures,
    forgetting,
    journals,
    mail,
    participation,
    personal_data,
    search_index,
    traces,
)
from webinar.domain.contacts import ContactData
from webinar.extensions import db
from webinar.jobs import worker
from webinar.jobs.letters import letter_of
from webinar.models import (
    Account,
    Answer,
    AuditEntry,
    Contact,
    Invitation,
    Link,
    Mail,
    MailState,
    Material,
    MaterialKind,
    Mode,
    Purpose,
    Registration,
    SearchEntry,
    Speaker,
    TalkSpeaker,
)


@pytest.fixture
def contact(app: Flask, organiser: Account) -> Contact:
    """Somebody of that name to whom something hangs in every table that people hang in."""
    row = everything.fill(app, organiser).contact
    row.first_name, row.last_name, row.email = FIRST, LAST, ADDRESS
    row.name_key = row.sort_key = row.search_key = f"zenobia quastenfloesser {ADDRESS}"
    db.session.commit()
    return row


def test_erased_contact_is_nowhere(
    app: Flask, organiser: Account, contact: Contact, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, number = settings_of(app), contact.id
    written = write_into_everything(contact.id)
    classified = {
        str(column)
        for table in db.metadata.sorted_tables
        if table.name not in forgetting.PEOPLE
        for column in forgetting.personal_columns(table)
        if db.session.scalar(select(table.c.id).limit(1)) is not None
    }
    assert written == classified, "every table that can hold a person holds one"
    assert set(left_in_database()) >= written
    erasures.erase_contact(contact, by=organiser)
    db.session.commit()
    worker.run_once(app)
    assert left_in_database() == []
    assert left_in_files(settings.storage_folder.parent) == []
    assert not found_in(capsys.readouterr().err)
    db.session.expire_all()
    assert db.session.get(Contact, number) is None
    line = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "contact.erased")).one()
    assert (line.record_id, line.account_id, line.changes) == (number, organiser.id, {})


def test_erased_speaker_is_nowhere_and_the_photo_goes(
    app: Flask, organiser: Account, contact: Contact
) -> None:
    storage = FolderStorage(settings_of(app).storage_folder)
    contact.first_name, contact.last_name, contact.email = "Erika", "Muster", "erika@a.example"
    contact.name_key = contact.sort_key = contact.search_key = "erika muster"
    speaker = db.session.scalars(select(Speaker)).first()
    assert speaker is not None
    speaker.first_name, speaker.last_name, speaker.email = FIRST, LAST, ADDRESS
    speaker.sort_key = "quastenfloesser zenobia"
    speaker.photo_key = storage.put(io.BytesIO(NAME.encode()), limit=99).key
    db.session.commit()
    write_into_everything(speaker.id)
    erasures.erase_speaker(speaker, by=organiser)
    db.session.commit()
    worker.run_once(app)
    assert left_in_database() == []
    assert left_in_files(settings_of(app).storage_folder.parent) == []


def test_slides_of_an_erased_speaker_stay_and_are_found_without_the_name(
    app: Flask, organiser: Account
) -> None:
    talk = factories.talk()
    speaker = factories.speaker(talk, last_name="Quastenflosser")
    slides = Material(talk=talk, kind=MaterialKind.SLIDES, title="Folien", speaker_id=speaker.id)
    slides.storage_key = "a" * 32
    factories.save(slides)
    search_index.index_talk(talk)
    db.session.commit()
    erasures.erase_speaker(speaker, by=organiser)
    db.session.commit()
    db.session.expire_all()
    assert db.session.get_one(Material, slides.id).speaker_id is None
    words = db.session.scalars(select(SearchEntry.words)).all()
    assert words
    assert not any("quastenfloss" in each for each in words)


def test_place_at_a_coming_talk_goes_to_the_next_in_line(app: Flask, organiser: Account) -> None:
    talk = factories.talk(places_online=1)
    holder, waiting = factories.contact(), factories.contact()
    for person in (holder, waiting):
        participation.accept(factories.invitation(talk, person), mode=Mode.ONLINE)
    db.session.commit()
    erasures.erase_contact(holder, by=organiser)
    db.session.commit()
    place = db.session.scalars(
        select(Registration).where(Registration.contact_id == waiting.id)
    ).one()
    assert place.state == "confirmed"
    told = db.session.scalars(select(Mail).where(Mail.state == MailState.QUEUED)).all()
    assert {row.contact_id for row in told} == {waiting.id}
    assert db.session.query(Invitation).count() == 2


def test_inviter_is_told_that_the_deputy_does_not_come(app: Flask, organiser: Account) -> None:
    talk = factories.talk()
    inviter = factories.invitation(talk, factories.contact())
    deputies.name_deputy(
        inviter,
        person=ContactData(last_name=LAST, first_name=FIRST, email=ADDRESS),
        mode=Mode.ONLINE,
    )
    deputy = db.session.scalars(select(Contact).where(Contact.email == ADDRESS)).one()
    db.session.commit()
    erasures.erase_contact(deputy, by=organiser)
    db.session.commit()
    assert inviter.answer == Answer.NONE
    row = db.session.scalars(select(Mail).where(Mail.template == "reopened")).one()
    letter = letter_of(row, settings_of(app))
    assert "Ihre Vertretung kann Sie nicht vertreten." in letter.text


def test_shared_address_stays_with_the_other(app: Flask, organiser: Account) -> None:
    """A functional address is nobody's alone."""
    mayor = factories.contact(first_name=FIRST, last_name=LAST, email=ADDRESS)
    assistant = factories.contact(first_name="Ida", last_name="Brand", email=ADDRESS)
    mail.to_contact("declined", assistant, key="declined:1")
    db.session.commit()
    assert erasures.review_contact(mayor).same_address == [assistant]
    erasures.erase_contact(mayor, by=organiser)
    db.session.commit()
    assert db.session.scalars(select(Mail.recipient)).all() == [ADDRESS]
    assert db.session.scalars(select(Contact.id).where(Contact.erased_at.is_(None))).all() == [
        assistant.id
    ]


def test_name_is_found_as_people_write_it() -> None:
    person = Contact(first_name="Hans-Peter", last_name="von der Tann", email="h@a.example")
    wanted = traces.pattern(person, with_address=True)
    assert wanted is not None
    for text in (
        "HANS-PETER VON DER TANN",
        "Herr Hans-Peter  von der\nTann kommt",
        "von der Tann, Dr. Hans-Peter",
        "an h@a.example.",
    ):
        assert wanted.search(text), text
    for text in ("Peter von der Tannen", "Hans-Peter Müller", "oh@a.example", "h@a.example-x"):
        assert not wanted.search(text), text


def come_back(contact_id: int, values: dict[str, object]) -> None:
    """What a restore does: the row is there again, as it was."""
    table = Contact.__table__
    assert isinstance(table, Table)
    db.session.execute(table.insert().values(id=contact_id, **values))
    db.session.commit()


def test_what_a_restore_brings_back_is_erased_again(app: Flask, organiser: Account) -> None:
    settings = settings_of(app)
    contact, talk = (
        factories.contact(first_name=FIRST, last_name=LAST, email=ADDRESS),
        factories.talk(),
    )
    speaker = factories.speaker(factories.talk())
    link = Link(purpose=Purpose.ANSWER, contact_id=factories.contact().id, talk_id=talk.id)
    factories.save(link)
    link.version = 3
    db.session.commit()
    table = Contact.__table__
    before = dict(
        db.session.execute(select(table).where(table.c.id == contact.id)).mappings().one()
    )
    number = before.pop("id")
    erasures.erase_contact(contact, by=organiser)
    erasures.erase_speaker(speaker, by=organiser)
    db.session.commit()
    worker.run_once(app)
    entries = list(journal.read(settings.journal))
    assert sorted(str(entry["what"]) for entry in entries) == ["erased", "erased", "revoked"]
    assert not found_in(settings.journal.read_bytes())
    assert settings.journal.stat().st_mode & 0o077 == 0

    come_back(number, before)
    db.session.execute(update(Link).values(version=1))
    db.session.commit()
    done = journals.apply(
        entries, keys=("a new key of thirty-two bytes and more", *settings.link_keys)
    )
    db.session.commit()
    assert (done.erased, done.revoked, done.foreign) == (1, 1, 0)
    assert db.session.get(Contact, number) is None
    assert db.session.scalars(select(Link.version)).all() == [3]
    assert journals.apply(entries, keys=settings.link_keys).erased == 0

    come_back(number, {**before, "created_at": now()})
    done = journals.apply(entries, keys=settings.link_keys)
    assert (done.erased, done.foreign) == (0, 1), "another person who got the same number"
    assert db.session.query(TalkSpeaker).count() == 0


def test_half_a_line_of_the_journal_is_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal.append(path, [{"id": 1}])
    with path.open("a") as file:
        file.write('{"id": 2, "wh')
    journal.append(path, [{"id": 3}])
    assert [entry["id"] for entry in journal.read(path)] == [1, 3]


WITHOUT_KEY = {
    "account_identities": "the office's own people: `domain.account_erasures`",
    "accounts": "the office's own people: `domain.account_erasures`",
    "audiences": "groups; who is in them is said by audience_members",
    "audit_entries": "found by the records that the lines are about",
    "chapters": "titles of moments of a recording; searched for names",
    "contact_imports": "tables that wait for a day; discarded when somebody is erased",
    "feedbacks": "nobody's: nothing leads to a person",
    "jobs": "errors of the program; searched for names",
    "legal_texts": "pages of the office; searched for names",
    "mailings": "texts to many; searched for names",
    "material_pages": "what slides say; searched for names",
    "materials": "titles of files; searched for names",
    "passkeys": "the office's own people: `domain.account_erasures`",
    "planned_releases": "words of the office to many; searched for names",
    "questions": "what the office asks everybody; searched for names",
    "recordings": "names of rooms; searched for names",
    "search_entries": "words of what stands elsewhere; written anew with it",
    "series": "texts of the office; searched for names",
    "subtitle_cues": "what is said in recordings; searched for names",
    "talks": "texts of the office; searched for names",
    "uploads": "names of files on their way; searched for names",
}


"""Tables that can hold somebody to whom no key leads, and what finds the person there."""


def test_every_table_that_can_hold_a_person_is_in_the_answer_or_says_why_not() -> None:
    """A new table hangs on people, or it needs a reason here."""
    tables = db.metadata.tables
    reached = personal_data.reached(tables["contacts"]) | personal_data.reached(tables["speakers"])
    personal = {t.name for t in tables.values() if forgetting.personal_columns(t)}
    assert personal - reached - set(WITHOUT_KEY) == set()
    assert set(WITHOUT_KEY) - personal == set()
    assert set(WITHOUT_KEY) & reached == set()


def test_answer_holds_what_was_written_everywhere(app: Flask, contact: Contact) -> None:
    audit.record("contact.edited", contact, by=None, changes={"email": True})
    write_into_everything(contact.id)
    found = personal_data.of(contact)
    rows = found.rows
    assert rows["contacts"][0]["email"] == ADDRESS
    assert {"audience_members", "audit_entries", "invitations", "registrations"} <= set(rows)
    assert found_in(rows["invitations"][0]["remark"])
    mentioned = {(one.table, one.column) for one in found.mentions}
    assert {("talks", "title"), ("mailings", "text"), ("jobs", "error")} <= mentioned
    assert all(found_in(one.text) for one in found.mentions)
    others = {row.email for row in db.session.scalars(select(Contact)) if row is not contact}
    assert not any(address in str(rows) for address in others), "nobody else's data"


@pytest.mark.parametrize(
    "content",
    [
        b"Subject: =?utf-8?b?A?=\n\n",
        b"Subject: =?nonsense?b?AAA?=\n\nx",
        b"\xff\xfe\x00S",
        b"PK\x03\x04" + bytes(range(256)),
    ],
)
def test_bytes_that_only_look_like_a_mail_are_read_as_far_as_they_are_text(content: bytes) -> None:
    assert not found_in("".join(traces._read(content)))
