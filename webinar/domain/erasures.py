"""Erasing a person at their wish (Art. 17 GDPR): every row, every text, every file, for good.

Places at coming talks go to the next in line first. Then whatever hangs on the person goes
(`domain.forgetting`), then the person's name in what others wrote (`domain.traces`). A line in the
journal outside of the database lets it be done again after a restore (`domain.journals`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sqlalchemy import delete, func, select, update

from webinar.clock import now
from webinar.domain import (
    askings,
    audit,
    contact_histories,
    departures,
    forgetting,
    jobs,
    materials,
    search_index,
    speakers,
    traces,
)
from webinar.domain.contact_histories import Evening
from webinar.domain.traces import Trace
from webinar.errors import NotThere
from webinar.extensions import db
from webinar.models import (
    Account,
    AuditEntry,
    Contact,
    ContactImport,
    Deputy,
    InboxMessage,
    Invitation,
    Mail,
    MailState,
    Registration,
    Speaker,
    Talk,
    TalkSpeaker,
)

WAITING = (MailState.QUEUED, MailState.RETRY)
Person = Contact | Speaker


@dataclass(frozen=True)
class Review:
    """What erasing would do. `same_address`: others who have the address, which therefore stays
    where it is not clearly this person's."""

    evenings: list[Evening] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    traces: list[Trace] = field(default_factory=list)
    same_address: list[Person] = field(default_factory=list)

    @property
    def places(self) -> dict[tuple[str, str], int]:
        """How many traces by table and column."""
        return traces.by_place(self.traces)


def find_contact(contact_id: int) -> Contact:
    """The contact; raises `NotThere`, also for a stand-in."""
    contact = db.session.get(Contact, contact_id)
    if contact is None or contact.erased_at is not None:
        raise NotThere("record_missing")
    return contact


def review_contact(contact: Contact) -> Review:
    """What `erase_contact` would do."""
    return Review(
        evenings=list(contact_histories.coming(contact)),
        counts={
            table.__tablename__: db.session.scalar(
                select(func.count()).select_from(table).where(table.contact_id == contact.id)
            )
            or 0
            for table in (Invitation, Registration, Mail, InboxMessage)
        },
        traces=_elsewhere(contact),
        same_address=_others(contact),
    )


def review_speaker(speaker: Speaker) -> Review:
    """What `erase_speaker` would do."""
    mails = select(func.count(Mail.id)).where(Mail.speaker_id == speaker.id)
    return Review(
        talks=list(speakers.talks_of(speaker)),
        counts={Mail.__tablename__: db.session.scalar(mails) or 0},
        traces=_elsewhere(speaker),
        same_address=_others(speaker),
    )


def erase_contact(contact: Contact, *, by: Account | None) -> None:
    """Take the contact out of everything; nobody is told, for there is nobody to tell."""
    wanted, mails, messages = wanted_of(contact), *_loose_ends(contact)
    _come_without(contact, by=by)
    abort(Mail.contact_id == contact.id)
    forgetting.unname(contact.id)
    _redact_contact(contact)
    journal("contact.erased", contact, by=by)
    forgetting.forget_contacts([contact.id])
    forgetting.blank_mails(mails)
    forgetting.blank_messages(messages)
    finish(wanted)


def erase_speaker(speaker: Speaker, *, by: Account | None) -> None:
    """Take the speaker out of everything, the programme of past talks included; the photo goes
    after the commit."""
    wanted, mails, messages = wanted_of(speaker), *_loose_ends(speaker)
    abort(Mail.speaker_id == speaker.id)
    there = select(TalkSpeaker.talk_id).where(TalkSpeaker.speaker_id == speaker.id)
    # Calendars name the speakers, and the row that said so is gone.
    db.session.execute(update(Talk).where(Talk.id.in_(there)).values(changed_at=now()))
    redact(Speaker.__tablename__, [speaker.id])
    journal("speaker.erased", speaker, by=by)
    number, talks = speaker.id, list(speakers.talks_of(speaker))
    keys = forgetting.forget_speakers([number])
    materials.remove_files(keys, cause=f"erased:speakers:{number}")
    forgetting.blank_mails(mails)
    forgetting.blank_messages(messages)
    finish(wanted)
    for talk in talks:
        search_index.index_talk(talk)


def finish(wanted: re.Pattern[str] | None) -> None:
    """Take the name out of what others wrote."""
    # A table that waits to be imported may hold the person in a form that cannot be searched.
    db.session.execute(delete(ContactImport).where(ContactImport.applied_at.is_(None)))
    traces.scrub(wanted)
    db.session.flush()


def _come_without(contact: Contact, *, by: Account | None) -> None:
    """Places at coming talks pass on; a deputy whom the person sent keeps the invitation."""
    asked = select(Deputy).join(Invitation, Invitation.id == Deputy.invitation_id)
    asked = asked.where(Invitation.contact_id == contact.id, Deputy.ended_at.is_(None))
    for asking in db.session.scalars(asked):
        askings.both_come(asking)
    contact.retired_at = contact.retired_at or now()
    db.session.flush()
    departures.free_places(by=by)


def _elsewhere(person: Person) -> list[Trace]:
    """Where the person is named in rows that do not go with the person's own."""
    own = forgetting.owned(db.metadata.tables[person.__tablename__], person.id)
    found = traces.find(wanted_of(person))
    return [one for one in found if one.row_id not in own.get(one.table, ())]


def wanted_of(person: Person) -> re.Pattern[str] | None:
    """What the person is looked for by, in what others wrote."""
    return traces.pattern(person, with_address=not _shared(person))


def _shared(person: Person) -> bool:
    """Whether the address is somebody else's, too: a functional one, or an assistant's."""
    staff = select(Account.id).where(func.lower(Account.email) == person.email.lower())
    return bool(_others(person)) or db.session.scalar(staff.limit(1)) is not None


def _others(person: Person) -> list[Person]:
    if not person.email:
        return []
    found: list[Person] = []
    found += db.session.scalars(
        select(Contact).where(Contact.email == person.email, Contact.erased_at.is_(None))
    )
    found += db.session.scalars(select(Speaker).where(Speaker.email == person.email))
    return [one for one in found if one is not person]


def _loose_ends(person: Person) -> tuple[list[int], list[int]]:
    """Mails and messages that hang on nobody and have the address, where it is nobody else's."""
    if not person.email or _shared(person):
        return [], []
    return forgetting.addressed_to(person.email)


def abort(condition: object) -> None:
    """Let what waits to be sent wait no more."""
    db.session.execute(
        update(Mail)
        .where(condition, Mail.state.in_(WAITING))  # type: ignore[arg-type]  # a condition of a query
        .values(state=MailState.ABORTED)
        .execution_options(synchronize_session=False)
    )


def _redact_contact(contact: Contact) -> None:
    redact(Contact.__tablename__, [contact.id])
    for table in (Invitation, Registration):
        ids = db.session.scalars(select(table.id).where(table.contact_id == contact.id)).all()
        redact(table.__tablename__, list(ids))


def redact(record_type: str, ids: list[int]) -> None:
    """The lines stay, with who did what and when; what they say of the person goes."""
    lines = select(AuditEntry.id).where(
        AuditEntry.record_type == record_type, AuditEntry.record_id.in_(ids)
    )
    db.session.flush()
    audit.redact(list(db.session.scalars(lines)))


def journal(action: str, person: Person | Account, *, by: Account | None) -> None:
    """Write it into the audit log, and have the worker note it outside of the database."""
    audit.record(action, person, by=by)
    db.session.flush()
    jobs.enqueue(
        "journal_erasure",
        key=f"erased:{person.__tablename__}:{person.id}",
        table=person.__tablename__,
        row_id=person.id,
        made=person.created_at.isoformat(),
    )
