"""What a worker may do to the mails of the outbox: claim them, hand them back, settle them; and
whether they should still go out. What each tells of is checked by `domain.causes`.

A claim is a lease with a token of its own. Whoever comes back after the lease ran out finds the
token changed and settles nothing. Rendering and sending are `webinar.jobs.outbox`'s; mails are
written by `webinar.domain.mail`, whose table of moves holds here too.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, or_, select, update
from sqlalchemy.orm import defer, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from webinar.clock import now
from webinar.domain import (
    calendar_entries,
    causes,
    invitations,
    links,
    other_rooms,
    registrations,
    reminded,
    rows,
    signups,
)
from webinar.domain.mail import MOVES
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Contact,
    Mail,
    Mailing,
    MailState,
    Organisation,
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
    holds one claim at a time. `only` leaves out what rests at this hour, `first` lets some pass
    before the others.

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
        .where(Mail.state == MailState.SENDING, Mail.lease_owner == token)
        .options(
            *_UNREAD,
            joinedload(Mail.contact).options(
                *_UNREAD_OF_CONTACT, joinedload(Contact.organisation).load_only(Organisation.name)
            ),
            joinedload(Mail.speaker),
            joinedload(Mail.account),
            # Few of these belong to many mails, and whom a mailing goes to is a long list.
            selectinload(Mail.mailing).defer(Mailing.selection),
            selectinload(Mail.talk).joinedload(Talk.series),
            selectinload(Mail.talk).selectinload(Talk.appearances).joinedload(TalkSpeaker.speaker),
        )
        .order_by(Mail.next_try_at, Mail.id)
        .execution_options(populate_existing=True)
    )
    return token, list(mails)


def renew(token: str, *, until: datetime, since: datetime) -> None:
    """Hold the claim's mails until that moment, those that were claimed or written after `since`.
    What the holder itself is writing is passed over: it must not be waited for."""
    held = (
        select(Mail.id)
        .where(*_held(token), Mail.changed_at > since)
        .with_for_update(skip_locked=True)
        .cte("held")
    )
    db.session.execute(
        update(Mail)
        .where(Mail.id.in_(select(held.c.id)))
        .values(lease_until=until, changed_at=Mail.changed_at)
        .execution_options(synchronize_session=False)
    )


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


@contextmanager
def read_ahead(mails: Iterable[Mail]) -> Iterator[None]:
    """Inside the block, what the mails rest on is known from one query for each table: whoever
    asks for invitation, place, calendar entry or link of one of their readers gets it from there.
    For one transaction."""
    pairs = {
        (mail.talk_id, mail.contact_id)
        for mail in mails
        if mail.talk_id is not None and mail.contact_id is not None
    }
    with rows.ahead(pairs) as known:
        if pairs:
            for module in (invitations, registrations, calendar_entries, links):
                module.read_ahead(known)
        yield


def freeze_all(contents: Mapping[int, bytes], *, token: str) -> set[int]:
    """Keep the bytes of many mails, by their ids, for all later tries; returns the ids of those
    whose lease was not lost."""
    if not contents:
        return set()
    given = [{"mail_id": key, "token": token, "bytes": kept} for key, kept in contents.items()]
    result = db.session.connection().execute(_FREEZE, given)
    if result.rowcount == len(contents):
        return set(contents)
    return set(contents) & set(db.session.scalars(select(Mail.id).where(*_held(token))))


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
        .where(Mail.id == mail.id, *_held(token))
        .values(**values)
        .returning(Mail.id)
        .execution_options(synchronize_session=False)
    )
    return bool(result.all())


def _held(token: str) -> tuple[ColumnElement[bool], ...]:
    return Mail.lease_owner == token, Mail.state == MailState.SENDING


# What the worker never asks for: a row of fewer columns is read in less time.
_UNREAD = [
    defer(column)
    for column in (Mail.key, Mail.created_at, Mail.lease_until, Mail.reply, Mail.sent_at)
]
_UNREAD_OF_CONTACT = [
    defer(column)
    for column in (
        *(Contact.origin, Contact.name_key, Contact.sort_key, Contact.search_key),
        *(Contact.bounced_at, Contact.created_at, Contact.changed_at),
    )
]
_FREEZE = (
    update(Mail.__table__)  # type: ignore[arg-type]
    .where(
        Mail.id == bindparam("mail_id"),
        Mail.lease_owner == bindparam("token"),
        Mail.state == MailState.SENDING,
    )
    .values(content=bindparam("bytes"))
)


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
    holds = reminded.still_meant if mail.template in reminded.REMINDERS else causes.hold
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


def sequence_of(mail: Mail) -> int:
    """The sequence that the mail's calendar part carries now."""
    told = mail.calendar_sequence or 0
    if mail.talk is None or mail.contact is None:
        return told
    entry = calendar_entries.entry_of(mail.talk, contact=mail.contact)
    return told if entry is None else max(told, entry.sequence)
