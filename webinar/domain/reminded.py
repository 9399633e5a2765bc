"""Whom a reminder is for: asked when its mails are written, and of each mail again before each try.

Nobody who left, was erased or unsubscribed is reminded of anything. When it goes out is
`domain.reminder_times`', writing it `domain.reminders`'.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, func, not_, or_, select

from webinar.clock import now
from webinar.domain import invitations, registrations, times
from webinar.domain.reminder_times import local_date
from webinar.extensions import db
from webinar.models import (
    Answer,
    Contact,
    Invitation,
    Mail,
    MailingKind,
    MailState,
    Registration,
    RegistrationState,
    Reminded,
    Speaker,
    Talk,
    TalkSpeaker,
    TalkState,
)

TEMPLATES: dict[Reminded, str] = {
    Reminded.UNANSWERED: "reminder_unanswered",
    Reminded.COMING: "reminder_coming",
    Reminded.SPEAKERS: "reminder_speaker",
}
REMINDERS = frozenset(TEMPLATES.values())
_UNDER_WAY = (MailState.QUEUED, MailState.SENDING, MailState.RETRY)
_NEVER_SENT = (MailState.ABORTED, MailState.OBSOLETE)


def contacts(talk: Talk, *, reminded: Reminded, by: datetime | None = None) -> Select[Contact]:
    """Who is reminded, as things stand: of those for whom it was meant at the moment `by`.

    Who registered or was invited after it gets nothing of that step: what they were told is new.
    """
    query = select(Contact).where(
        Contact.retired_at.is_(None),
        Contact.erased_at.is_(None),
        Contact.unsubscribed_at.is_(None),
    )
    if reminded is Reminded.COMING:
        return query.join(Registration, Registration.contact_id == Contact.id).where(
            *_comes(talk, by)
        )
    return query.join(Invitation, Invitation.contact_id == Contact.id).where(
        *_owes_an_answer(talk, by)
    )


def speakers(talk: Talk, *, by: datetime | None = None) -> Select[Speaker]:
    """The speakers of the talk: those who were on it at the moment `by`."""
    query = (
        select(Speaker)
        .join(TalkSpeaker, TalkSpeaker.speaker_id == Speaker.id)
        .where(TalkSpeaker.talk_id == talk.id)
    )
    return query if by is None else query.where(TalkSpeaker.created_at <= by)


def count(talk: Talk, *, reminded: Reminded) -> int:
    """How many people a step would reach now."""
    found = (
        speakers(talk).with_only_columns(func.count(Speaker.id))
        if reminded is Reminded.SPEAKERS
        else contacts(talk, reminded=reminded).with_only_columns(func.count(Contact.id))
    )
    return db.session.scalar(found) or 0


def expected(talk: Talk) -> int:
    """How many people hold a place, on both sides together."""
    query = select(func.count(Registration.id)).where(*_comes(talk, None))
    return db.session.scalar(query) or 0


def _comes(talk: Talk, by: datetime | None) -> list[ColumnElement[bool]]:
    found = [Registration.talk_id == talk.id, Registration.state == RegistrationState.CONFIRMED]
    if by is not None:
        # Who was promoted later has just been told of the evening.
        found.append(func.coalesce(Registration.confirmed_at, Registration.created_at) <= by)
    return found


def _owes_an_answer(talk: Talk, by: datetime | None) -> list[ColumnElement[bool]]:
    registered = exists().where(
        Registration.talk_id == talk.id,
        Registration.contact_id == Contact.id,
        Registration.state.in_((RegistrationState.CONFIRMED, RegistrationState.WAITING)),
    )
    found = [Invitation.talk_id == talk.id, Invitation.answer == Answer.NONE, not_(registered)]
    return found if by is None else [*found, Invitation.created_at <= by, _was_asked(talk, by)]


def _was_asked(talk: Talk, by: datetime) -> ColumnElement[bool]:
    """Whether the invitation reached the person before the moment. Without any letter they were
    invited by word of mouth; a letter that was stopped asked nobody."""
    letter = and_(
        Mail.talk_id == talk.id,
        Mail.contact_id == Contact.id,
        Mail.template.in_((MailingKind.INVITATION, MailingKind.REINVITATION)),
    )
    fresh = exists().where(letter, or_(Mail.state.in_(_UNDER_WAY), Mail.sent_at > by))
    went = exists().where(letter, Mail.state.not_in(_NEVER_SENT))
    return and_(not_(fresh), or_(went, not_(exists().where(letter))))


def evening(talk: Talk) -> str:
    """What the words of a reminder rest on: a letter that was written for another hour or place is
    not sent again."""
    return "|".join((talk.starts_at.isoformat(), talk.format, talk.venue, talk.venue_address))


def still_meant(mail: Mail, talk: Talk) -> bool:
    """Whether the reminder holds at this moment: the day of the talk, and the person's part in it.

    Frozen bytes are not sent for an hour or place that has changed since; the news of the change
    is another mail.
    """
    if talk.state != TalkState.PUBLISHED or times.started(talk):
        return False
    if mail.params.get("date") != local_date(talk):
        return False
    if mail.content is not None and mail.params.get("evening") != evening(talk):
        return False
    if mail.speaker_id is not None:
        return any(one.speaker_id == mail.speaker_id for one in talk.appearances)
    return mail.contact is not None and _part_holds(mail.template, talk, mail.contact)


def _part_holds(template: str, talk: Talk, contact: Contact) -> bool:
    if not contact.active or contact.unsubscribed_at is not None:
        return False
    place = registrations.active_registration(talk, contact=contact)
    if template == TEMPLATES[Reminded.COMING]:
        return place is not None and place.state == RegistrationState.CONFIRMED
    if place is not None and place.state != RegistrationState.UNCONFIRMED:
        return False
    invitation = invitations.invitation_of(talk, contact=contact)
    unanswered = invitation is not None and invitation.answer == Answer.NONE
    return unanswered and now() < times.registration_end(talk)
