"""What a worker may do to the mails of the outbox: claim them, hand them back, settle them; and
whether a mail's cause still holds.

A claim is a lease with a token of its own. Whoever comes back after the lease ran out finds the
token changed and settles nothing. Rendering and sending are `webinar.jobs.outbox`'s; mails are
written by `webinar.domain.mail`, whose table of moves holds here too.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_, select, update
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from webinar.clock import now
from webinar.domain import (
    askings,
    calendar_entries,
    invitations,
    links,
    materials,
    other_rooms,
    registrations,
    reminded,
    signups,
)
from webinar.domain.mail import MOVES
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Answer,
    Contact,
    Mail,
    Mailing,
    MailState,
    Purpose,
    RegistrationState,
    Talk,
    TalkSpeaker,
    TalkState,
)

DUE = tuple(state for state in MOVES if MailState.SENDING in MOVES[state])
"""The states that a mail can be claimed from."""


def anything_due(*, only: ColumnElement[bool] | None = None) -> bool:
    """Whether a mail waits to be sent or to be handed back; takes nothing. `only` as for
    `claim`."""
    waiting = and_(*_due(only))
    left = and_(Mail.state == MailState.SENDING, Mail.lease_until < now())
    return bool(db.session.scalar(select(select(Mail.id).where(or_(waiting, left)).exists())))


def _due(only: ColumnElement[bool] | None) -> tuple[ColumnElement[bool], ...]:
    due = (Mail.state.in_(DUE), Mail.next_try_at <= now())
    return due if only is None else (*due, only)


def _order(first: ColumnElement[bool] | None) -> tuple[ColumnElement[Any], ...]:
    """By the index alone unless some pass before the others."""
    turn = (Mail.next_try_at.expression, Mail.id.expression)
    return turn if first is None else (case((first, 0), else_=1), *turn)


def claim(
    *,
    count: int,
    until: datetime,
    token: str | None = None,
    only: ColumnElement[bool] | None = None,
    first: ColumnElement[bool] | None = None,
) -> tuple[str, list[Mail]]:
    """Take up to `count` due mails until that moment; returns the token and the mails, oldest
    first. The caller commits before it sends. A caller that names itself by a `token` of its own
    holds one claim at a time. `only` leaves out what rests
    at this hour, `first` lets some pass before the others.

    The CTE keeps PostgreSQL from asking for due mails twice, which would claim more than `count`.
    """
    token = token or secrets.token_urlsafe(16)
    due = (
        select(Mail.id)
        .where(*_due(only))
        .order_by(*_order(first))
        .limit(count)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    db.session.execute(
        update(Mail)
        .where(Mail.id.in_(select(due.c.id)))
        .values(state=MailState.SENDING, lease_owner=token, lease_until=until)
        .execution_options(synchronize_session=False)
    )
    mails = db.session.scalars(
        select(Mail)
        .where(Mail.lease_owner == token)
        .options(
            joinedload(Mail.contact).joinedload(Contact.organisation),
            joinedload(Mail.speaker),
            joinedload(Mail.account),
            joinedload(Mail.mailing).joinedload(Mailing.talk),
            joinedload(Mail.talk).joinedload(Talk.series),
            joinedload(Mail.talk).selectinload(Talk.appearances).joinedload(TalkSpeaker.speaker),
        )
        .order_by(Mail.next_try_at, Mail.id)
        .execution_options(populate_existing=True)
    )
    return token, list(mails)


def hand_back_expired() -> int:
    """Put mails back into the queue whose worker died; returns how many."""
    return _hand_back(Mail.lease_until < now())


def hand_back(token: str) -> int:
    """Put the claim's remaining mails back into the queue; returns how many."""
    return _hand_back(Mail.lease_owner == token)


def _hand_back(condition: ColumnElement[bool]) -> int:
    result = db.session.execute(
        update(Mail)
        .where(Mail.state == MailState.SENDING, condition)
        .values(state=MailState.QUEUED, lease_owner=None, lease_until=None)
        .returning(Mail.id)
        .execution_options(synchronize_session=False)
    )
    return len(result.all())


def freeze(mail: Mail, *, token: str, content: bytes) -> bool:
    """Keep the bytes of the first try for all later ones; False where the lease was lost."""
    set_committed_value(mail, "content", content)
    return _update(mail, token, content=content)


def settle(mail: Mail, *, token: str, state: MailState, **values: Any) -> bool:
    """End the try in that state and give the lease up; False where the lease was lost."""
    if state not in MOVES[MailState.SENDING]:
        raise RuleError("mail_move_forbidden", before=MailState.SENDING, after=state)
    return _update(mail, token, state=state, lease_owner=None, lease_until=None, **values)


def _update(mail: Mail, token: str, **values: Any) -> bool:
    result = db.session.execute(
        update(Mail)
        .where(Mail.id == mail.id, Mail.lease_owner == token, Mail.state == MailState.SENDING)
        .values(**values)
        .returning(Mail.id)
        .execution_options(synchronize_session=False)
    )
    return bool(result.all())


def still_wanted(mail: Mail) -> bool:
    """Whether the mail's cause holds at this moment, so that it should go out.

    Nobody who was erased gets a mail. A cancellation always goes, also to those who left office:
    their calendars hold the evening. Everything else ends with its time, with its talk, or with
    what it tells of.
    """
    if mail.not_after is not None and now() > mail.not_after:
        return False
    if mail.account_id is not None:
        return True
    if mail.contact is not None and not _reachable(mail.contact, mail.template):
        return False
    if mail.talk is None:
        return True
    if mail.talk.state == TalkState.CANCELLED and mail.template in _ENDS_WITH_TALK:
        return False
    holds = reminded.still_meant if mail.template in reminded.REMINDERS else _cause_holds
    return mail.template == "cancelled" or holds(mail, mail.talk)


def _reachable(contact: Contact, template: str) -> bool:
    return contact.erased_at is None and (contact.retired_at is None or template == "cancelled")


_ENDS_WITH_TALK = frozenset(
    {
        "invitation",
        "reinvitation",
        "confirmation",
        "waiting",
        "moved",
        "side_dropped",
        "details",
        "speaker_link",
        "personal_link",
        "withdrawn",
        "refused",
        "deputy",
        "reopened",
        *signups.TEMPLATES,
        *other_rooms.TEMPLATES,
    }
)


def _cause_holds(mail: Mail, talk: Talk) -> bool:
    if mail.contact is None:
        speakers = [one.speaker_id for one in talk.appearances]
        return (mail.speaker_id is None or mail.speaker_id in speakers) and _room_so(mail, talk)
    if mail.template in ("invitation", "reinvitation"):
        return _still_asked(mail, talk, mail.contact)
    if mail.template in ("waiting", "details", "side_dropped"):
        return _place_agrees(mail.template, talk, mail.contact)
    if mail.template in signups.TEMPLATES:
        return signups.still_answers(mail.template, talk, contact=mail.contact)
    if mail.template == "materials":
        told = set(mail.params.get("materials", ()))
        return any(row.id in told for row in materials.visible_to(talk, mail.contact))
    agrees = mail.calendar_method is None or _calendar_agrees(mail, talk, mail.contact)
    return (
        agrees
        and _room_so(mail, talk)
        and _asking_holds(mail, talk, mail.contact)
        and _office_meant_it(mail, talk, mail.contact)
    )


def _room_so(mail: Mail, talk: Talk) -> bool:
    """Whether the meeting is still where the mail says. Mails that tell of none pass."""
    return mail.template not in other_rooms.TEMPLATES or other_rooms.still_so(mail, talk)


def _asking_holds(mail: Mail, talk: Talk, contact: Contact) -> bool:
    """Whether somebody still asks the deputy; whether the inviter's invitation is still open. Mails
    that tell of no asking pass."""
    if mail.template not in ("deputy", "reopened"):
        return True
    invitation = invitations.invitation_of(talk, contact=contact)
    if invitation is None:
        return False
    if mail.template == "deputy":
        return askings.received_by(invitation) is not None
    return invitation.answer == Answer.NONE


def _still_asked(mail: Mail, talk: Talk, contact: Contact) -> bool:
    """Whether the invitation stands; asking again ends with the answer."""
    invitation = invitations.invitation_of(talk, contact=contact)
    if invitation is None or contact.unsubscribed_at is not None:
        return False
    if mail.template == "reinvitation":
        return invitation.answer == Answer.NONE
    return invitation.answer != Answer.WITHDRAWN and not _taken_out(mail, talk)


def _office_meant_it(mail: Mail, talk: Talk, contact: Contact) -> bool:
    """Whether the office has not thought better of it since: invited again whom it had excluded,
    or replaced the link once more, of which frozen bytes would bring a dead one."""
    if mail.template in ("withdrawn", "refused"):
        invitation = invitations.invitation_of(talk, contact=contact)
        return invitation is None or invitation.answer == Answer.WITHDRAWN
    if mail.template == "personal_link":
        link = links.find_contact_link(contact, purpose=Purpose.ANSWER, talk=talk)
        return link is not None and link.version == mail.params.get("version")
    return True


def _place_agrees(template: str, talk: Talk, contact: Contact) -> bool:
    place = registrations.active_registration(talk, contact=contact)
    if template == "side_dropped":
        return place is None  # who came back in the meantime has a newer message
    return place is not None and (template != "waiting" or place.state == RegistrationState.WAITING)


def _taken_out(mail: Mail, talk: Talk) -> bool:
    """Whether an invitation would bring back an entry that its recipient has declined."""
    if mail.calendar_method is None or mail.contact is None:
        return False
    entry = calendar_entries.entry_of(talk, contact=mail.contact)
    return entry is not None and entry.cancelled


def _calendar_agrees(mail: Mail, talk: Talk, contact: Contact) -> bool:
    """Whether the calendar was told nothing else since. What was not rendered yet can still be
    written with the newer sequence; frozen bytes would bring back an older time."""
    entry = calendar_entries.entry_of(talk, contact=contact)
    if entry is None:
        return False
    if entry.cancelled is not (mail.calendar_method == "CANCEL"):
        return False
    return mail.content is None or entry.sequence == mail.calendar_sequence


def sequence_of(mail: Mail) -> int:
    """The sequence that the mail's calendar part carries now."""
    told = mail.calendar_sequence or 0
    if mail.talk is None or mail.contact is None:
        return told
    entry = calendar_entries.entry_of(mail.talk, contact=mail.contact)
    return told if entry is None else max(told, entry.sequence)
