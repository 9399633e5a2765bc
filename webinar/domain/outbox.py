"""What the desk shows of mailings and mails: lists and counts by state.

Reads only. `domain.mail` and `domain.mailings` write; the worker sends.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import contains_eager, defer, joinedload

from webinar.domain.recipients import frozen
from webinar.domain.shares import EVERY
from webinar.extensions import db
from webinar.models import (
    Account,
    Contact,
    Mail,
    Mailing,
    MailingState,
    MailState,
    Speaker,
    Talk,
)
from webinar.text import fold

S = MailState


class Group(StrEnum):
    """What lists of mails can be narrowed to."""

    WAITING = "waiting"
    RETRY = "retry"
    SENT = "sent"
    FAILED = "failed"
    STOPPED = "stopped"


STATES: dict[Group, tuple[MailState, ...]] = {
    Group.WAITING: (S.QUEUED, S.SENDING),
    Group.RETRY: (S.RETRY,),
    Group.SENT: (S.SENT,),
    Group.FAILED: (S.FAILED, S.BOUNCED),
    Group.STOPPED: (S.ABORTED, S.OBSOLETE),
}


@dataclass(frozen=True)
class Run:
    """A mailing with how far it is; `recipients` is 0 for a draft."""

    mailing: Mailing
    recipients: int
    counts: dict[Group, int]

    @property
    def draft(self) -> bool:
        return self.mailing.state == MailingState.DRAFT

    @property
    def stopped(self) -> bool:
        return self.mailing.state == MailingState.STOPPED

    @property
    def under_way(self) -> bool:
        waiting = self.counts.get(Group.WAITING, 0) + self.counts.get(Group.RETRY, 0)
        return self.mailing.state == MailingState.EXPANDING or (waiting > 0 and not self.draft)


@dataclass(frozen=True, kw_only=True)
class Narrowing:
    """Which mails a list shows: those of the group, about the talk, to people who hold every word
    of `text`."""

    text: str = ""
    group: Group | None = None
    talk: Talk | None = None
    seen: ColumnElement[bool] = EVERY
    """The condition on talks; what is about none is seen by everybody."""

    @property
    def any(self) -> bool:
        return bool(self.text or self.group or self.talk)

    def conditions(self) -> list[ColumnElement[bool]]:
        """What a mail has to meet. Of what was undeliverable and sent again only the last try is
        of interest."""
        found: list[ColumnElement[bool]] = []
        if self.seen is not EVERY:
            talks = select(Talk.id).where(self.seen)
            found.append(or_(Mail.talk_id.is_(None), Mail.talk_id.in_(talks)))
        if self.group is not None:
            found.append(Mail.state.in_(STATES[self.group]))
        if self.group is Group.FAILED:
            found.append(Mail.resent_as_id.is_(None))
        if self.talk is not None:
            found.append(Mail.talk_id == self.talk.id)
        return [*found, *(_to(word) for word in fold(self.text).split())]


def mails(narrowing: Narrowing) -> Select[Mail]:
    """The mails, the newest first."""
    return (
        select(Mail)
        .options(
            joinedload(Mail.contact).joinedload(Contact.organisation),
            joinedload(Mail.speaker),
            joinedload(Mail.account),
            joinedload(Mail.talk),
            joinedload(Mail.mailing),
            defer(Mail.content),
        )
        .where(*narrowing.conditions())
        .order_by(Mail.id.desc())
    )


def _to(word: str) -> ColumnElement[bool]:
    """Contacts are searched by all that is known of them, the few others by their address."""
    return or_(
        exists().where(
            Contact.id == Mail.contact_id, Contact.search_key.contains(word, autoescape=True)
        ),
        exists().where(Speaker.id == Mail.speaker_id, Speaker.sort_key.contains(word)),
        exists().where(Account.id == Mail.account_id, func.lower(Account.name).contains(word)),
    )


def of_mailing(mailing: Mailing, *, group: Group | None = None) -> Select[Mail]:
    """The mails of the mailing by name of the recipient; tests to staff do not belong to it, and
    of what was sent again only the last try."""
    query = (
        select(Mail)
        .join(Mail.contact)
        .where(Mail.mailing_id == mailing.id, Mail.resent_as_id.is_(None))
        .options(contains_eager(Mail.contact).joinedload(Contact.organisation), defer(Mail.content))
        .order_by(Contact.sort_key, Contact.id)
    )
    return query if group is None else query.where(Mail.state.in_(STATES[group]))


def grouped(states: dict[MailState, int]) -> dict[Group, int]:
    """Counts by group from counts by state."""
    return {
        group: sum(states.get(state, 0) for state in members) for group, members in STATES.items()
    }


def runs(talk: Talk) -> list[Run]:
    """The mailings about the talk, drafts first, then the newest; in two queries."""
    found = db.session.scalars(
        select(Mailing)
        .where(Mailing.talk_id == talk.id)
        .order_by(Mailing.sent_at.is_not(None), Mailing.sent_at.desc(), Mailing.id.desc())
    ).all()
    rows = db.session.execute(
        select(Mail.mailing_id, Mail.state, func.count())
        .where(
            Mail.talk_id == talk.id,
            Mail.mailing_id.is_not(None),
            Mail.contact_id.is_not(None),
            Mail.resent_as_id.is_(None),
        )
        .group_by(Mail.mailing_id, Mail.state)
    )
    states: dict[int, dict[MailState, int]] = defaultdict(dict)
    for mailing_id, state, count in rows:
        if mailing_id is not None:
            states[mailing_id][MailState(state)] = count
    return [
        Run(mailing, len(frozen(mailing)), grouped(states.get(mailing.id, {}))) for mailing in found
    ]
