"""What is due of each kind of data, and how it goes: the hands of `domain.retention`.

Each pair is a query for the numbers of the rows whose term ended before a moment, and an act that
takes such rows out of that query. An act that is cut off leaves nothing half done: it is one
transaction, and what it did not reach is due at the next run.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, update

from webinar.clock import berlin
from webinar.domain import anonymous, audit, forgetting, materials, openings
from webinar.extensions import db
from webinar.models import (
    AuditEntry,
    Contact,
    ContactImport,
    Feedback,
    Grant,
    InboxMessage,
    InboxState,
    Invitation,
    Mail,
    MailState,
    Material,
    Origin,
    Recording,
    RecordingState,
    Registration,
    SeriesAcceptance,
    Speaker,
    Talk,
    TalkSpeaker,
    audience_members,
)

Due = Select[int]
SETTLED = tuple(set(MailState) - {MailState.QUEUED, MailState.SENDING, MailState.RETRY})
"""What still waits keeps its bytes: each try has to send the same (`domain.delivery`)."""


def evenings(before: datetime) -> Due:
    """Talks that ended before, with answers or places behind which there still is somebody."""
    somebody = select(Contact.id).where(Contact.erased_at.is_(None))
    invited = exists().where(Invitation.talk_id == Talk.id, Invitation.contact_id.in_(somebody))
    registered = exists().where(
        Registration.talk_id == Talk.id, Registration.contact_id.in_(somebody)
    )
    ended = func.coalesce(Talk.extended_until, Talk.ends_at)
    return select(Talk.id).where(ended < before, or_(invited, registered))


def people_of_evenings(before: datetime) -> int:
    """How many answers and places that is, counted by person and evening."""
    talks = evenings(before).subquery()
    pairs = [
        select(table.talk_id, table.contact_id)
        .join(Contact, Contact.id == table.contact_id)
        .where(table.talk_id.in_(select(talks.c.id)), Contact.erased_at.is_(None))
        for table in (Invitation, Registration)
    ]
    together = pairs[0].union(pairs[1]).subquery()
    return db.session.scalar(select(func.count()).select_from(together)) or 0


def anonymise_evenings(ids: Sequence[int]) -> int:
    """Answers, places and attendance stay as counts."""
    count = 0
    for talk_id in ids:
        db.session.execute(select(Talk.id).where(Talk.id == talk_id).with_for_update())
        people = anonymous.people_at(talk_id)
        count += anonymous.anonymise(talk_id, people, keep_archive=True)
    return count


def acceptances(before: datetime) -> Due:
    return select(SeriesAcceptance.id).where(SeriesAcceptance.ended_at < before)


def delete_acceptances(ids: Sequence[int]) -> int:
    db.session.execute(delete(SeriesAcceptance).where(SeriesAcceptance.id.in_(ids)))
    return len(ids)


def mails(before: datetime) -> Due:
    return select(Mail.id).where(
        Mail.state.in_(SETTLED), Mail.changed_at < before, Mail.recipient != ""
    )


def anonymise_mails(ids: Sequence[int]) -> int:
    """That something was sent about an evening, and how it went, stays as a count."""
    forgetting.blank_mails(ids)
    return len(ids)


def bodies(before: datetime) -> Due:
    return select(Mail.id).where(
        Mail.state.in_(SETTLED), Mail.changed_at < before, Mail.content.is_not(None)
    )


def drop_bodies(ids: Sequence[int]) -> int:
    db.session.execute(
        update(Mail)
        .where(Mail.id.in_(ids), Mail.state.in_(SETTLED))
        .values(content=None, changed_at=Mail.changed_at)
        .execution_options(synchronize_session=False)
    )
    return len(ids)


def words(before: datetime) -> Due:
    return _messages(before).where(InboxMessage.sender != "")


def drop_words(ids: Sequence[int]) -> int:
    db.session.execute(
        update(InboxMessage)
        .where(InboxMessage.id.in_(ids), InboxMessage.state != InboxState.WAITING)
        .values(sender="", subject="", text="", details={})
        .execution_options(synchronize_session=False)
    )
    return len(ids)


def messages(before: datetime) -> Due:
    return _messages(before).where(InboxMessage.contact_id.is_not(None))


def anonymise_messages(ids: Sequence[int]) -> int:
    """The row stays, so that the message stays known."""
    forgetting.blank_messages(ids)
    return len(ids)


def _messages(before: datetime) -> Due:
    return select(InboxMessage.id).where(
        InboxMessage.created_at < before, InboxMessage.state != InboxState.WAITING
    )


def feedback(before: datetime) -> Due:
    return select(Feedback.id).where(Feedback.given_on < berlin(before).date(), Feedback.text != "")


def drop_feedback(ids: Sequence[int]) -> int:
    """The marks stay."""
    db.session.execute(update(Feedback).where(Feedback.id.in_(ids)).values(text=""))
    return len(ids)


def opened(before: datetime) -> Due:
    """What was downloaded or watched, with a name."""
    return openings.named(before)


def drop_openers(ids: Sequence[int]) -> int:
    """That something was opened stays as a count, with its day."""
    return openings.forget(ids)


def archive_access(before: datetime) -> Due:
    return select(Grant.id).where(Grant.contact_id.is_not(None), Grant.created_at < before)


def delete_grants(ids: Sequence[int]) -> int:
    db.session.execute(delete(Grant).where(Grant.id.in_(ids)))
    return len(ids)


def passers_by(before: datetime) -> Due:
    """Deputies and people who registered themselves, once no evening needs them any more."""
    return _needed_nowhere().where(
        Contact.origin.in_((Origin.DEPUTY, Origin.PUBLIC)),
        Contact.created_at < before,
        ~exists().where(audience_members.c.contact_id == Contact.id),
    )


def left_office(before: datetime) -> Due:
    """Contacts that were deactivated, once no evening needs them any more."""
    return _needed_nowhere().where(Contact.retired_at < before)


def forget_contacts(ids: Sequence[int]) -> int:
    return forgetting.forget_contacts(ids)


def _needed_nowhere() -> Due:
    """Contacts without answers, places, acceptances of a series and materials of their own."""
    query = select(Contact.id).where(Contact.erased_at.is_(None))
    for table in (Invitation, Registration, Grant):
        query = query.where(~exists().where(table.contact_id == Contact.id))
    accepted = and_(SeriesAcceptance.contact_id == Contact.id, SeriesAcceptance.ended_at.is_(None))
    return query.where(~exists().where(accepted))


def speakers(before: datetime) -> Due:
    """Speakers with an address all of whose talks are over for so long."""
    return select(Speaker.id).where(
        Speaker.email != "", _speaks(), ~_speaks(Talk.ends_at >= before)
    )


def drop_speakers_addresses(ids: Sequence[int]) -> int:
    """The programme keeps who spoke; what is only for reaching them goes."""
    db.session.execute(update(Speaker).where(Speaker.id.in_(ids)).values(email=""))
    return len(ids)


def unused_speakers(before: datetime) -> Due:
    return select(Speaker.id).where(Speaker.changed_at < before, ~_speaks())


def delete_speakers(ids: Sequence[int]) -> int:
    keys = forgetting.forget_speakers(ids)
    materials.remove_files(keys, cause=f"retention:speakers:{min(ids)}-{max(ids)}")
    return len(ids)


def _speaks(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    there = and_(TalkSpeaker.speaker_id == Speaker.id, TalkSpeaker.talk_id == Talk.id)
    return exists().where(there, *conditions)


def pending_imports(before: datetime) -> Due:
    return select(ContactImport.id).where(
        ContactImport.applied_at.is_(None), ContactImport.created_at < before
    )


def applied_imports(before: datetime) -> Due:
    return select(ContactImport.id).where(ContactImport.applied_at < before)


def delete_imports(ids: Sequence[int]) -> int:
    db.session.execute(delete(ContactImport).where(ContactImport.id.in_(ids)))
    return len(ids)


def expired_materials(before: datetime) -> Due:
    """Files whose own day of deletion has come; `jobs.materials` removes them."""
    return select(Material.id).where(Material.delete_on <= berlin(before).date())


def undecided_recordings(before: datetime) -> Due:
    """Recordings that nobody decided about; `jobs.recordings` discards them."""
    return select(Recording.id).where(
        Recording.state == RecordingState.ASIDE, Recording.created_at < before
    )


def log_lines(before: datetime) -> Due:
    return select(AuditEntry.id).where(AuditEntry.at < before)


def delete_log_lines(ids: Sequence[int]) -> int:
    return audit.forget(ids)
