"""What the desk shows at a glance: numbers per talk, and what waits for somebody.

Reads only, in queries whose number does not grow with the rows. Which records may be touched and
how is `talks`', `mail`'s and `participation`'s; the words are the pages'.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import joinedload

from webinar.clock import now
from webinar.domain import deletions, release_plans, times
from webinar.domain.mail_health import Health
from webinar.domain.shares import EVERY
from webinar.extensions import db
from webinar.models import (
    Answer,
    Invitation,
    Mail,
    MailState,
    Material,
    Mode,
    Registration,
    RegistrationState,
    Speaker,
    Talk,
    TalkSpeaker,
    TalkState,
)
from webinar.text import fold

DRAFT_SOON = timedelta(days=42)
UNINVITED_SOON = timedelta(days=42)
UNDELIVERED = (MailState.FAILED, MailState.BOUNCED)


@dataclass
class Numbers:
    """Answers and places of one talk, as people; withdrawn invitations do not count."""

    accepted: int = 0
    declined: int = 0
    delegated: int = 0
    none: int = 0
    online: int = 0
    hall: int = 0
    waiting_online: int = 0
    waiting_hall: int = 0

    @property
    def invited(self) -> int:
        return self.accepted + self.declined + self.delegated + self.none

    @property
    def registered(self) -> int:
        return self.online + self.hall + self.waiting

    @property
    def waiting(self) -> int:
        return self.waiting_online + self.waiting_hall


class DueKind(StrEnum):
    RELAY = "relay"
    """The relay takes no mail, or nothing leaves."""
    UNDELIVERED = "undelivered"
    INBOX = "inbox"
    """What came in and waits for a person."""
    DRAFT = "draft"
    UNINVITED = "uninvited"
    UNRELEASED = "unreleased"
    DELETION = "deletion"
    """Files whose day is near."""


@dataclass(frozen=True)
class Due:
    """One thing that waits for an organiser; `count` says how many mails, messages or materials."""

    kind: DueKind
    talk: Talk | None
    count: int = 1


class Listing(StrEnum):
    """The three lists of talks."""

    COMING = "coming"
    PAST = "past"
    DRAFTS = "drafts"


def numbers_of(talks: Iterable[Talk]) -> dict[int, Numbers]:
    """The numbers of each talk by its id, all in one query."""
    found = {talk.id: Numbers() for talk in talks}
    if not found:
        return found
    known = {field.name for field in fields(Numbers)}
    for talk_id, what, count in db.session.execute(_counts(list(found))):
        if what in known:
            setattr(found[talk_id], what, count)
    return found


def _counts(ids: Sequence[int]) -> Select[int, str, int]:
    answers = (
        select(Invitation.talk_id, Invitation.answer.label("what"), func.count().label("count"))
        .where(Invitation.talk_id.in_(ids), Invitation.answer != Answer.WITHDRAWN)
        .group_by(Invitation.talk_id, Invitation.answer)
    )
    held = _places(ids, RegistrationState.CONFIRMED, prefix="")
    waiting = _places(ids, RegistrationState.WAITING, prefix="waiting_")
    both = union_all(answers, held, waiting).subquery()
    return select(both.c.talk_id, both.c.what, both.c.count)


def _places(ids: Sequence[int], state: RegistrationState, *, prefix: str) -> Select[int, str, int]:
    return (
        select(
            Registration.talk_id,
            (literal(prefix) + Registration.mode).label("what"),
            func.count().label("count"),
        )
        .where(
            Registration.talk_id.in_(ids),
            Registration.state == state,
            Registration.mode.in_(list(Mode)),
        )
        .group_by(Registration.talk_id, Registration.mode)
    )


def listed(which: Listing, *, search: str = "", seen: ColumnElement[bool] = EVERY) -> Select[Talk]:
    """The talks of one list: what comes in its order, what was with the last first. `search` is
    found in titles and in the names of speakers, whatever the case and the accents."""
    later_first = which is Listing.PAST
    order = Talk.starts_at.desc() if later_first else Talk.starts_at
    query = select(Talk).where(_in(which), seen).order_by(order, Talk.id)
    wanted = fold(search)
    return query.where(Talk.id.in_(_named(wanted))) if wanted else query


def list_counts(*, seen: ColumnElement[bool] = EVERY) -> dict[Listing, int]:
    """How many talks each list has."""
    counts = (func.count(case((_in(which), 1))) for which in Listing)
    row = db.session.execute(select(*counts).where(seen)).one()
    return dict(zip(Listing, row, strict=True))


def _in(which: Listing) -> ColumnElement[bool]:
    if which is Listing.DRAFTS:
        return Talk.state == TalkState.DRAFT
    over = now() >= times.END if which is Listing.PAST else now() < times.END
    return and_(Talk.state != TalkState.DRAFT, over)


def _named(wanted: str) -> list[int]:
    # Compared here and not by the database: SQLite knows no case beyond ASCII, and an office has
    # some hundred talks at most.
    rows = db.session.execute(
        select(Talk.id, Talk.title, Speaker.first_name, Speaker.last_name)
        .join(TalkSpeaker, TalkSpeaker.talk_id == Talk.id, isouter=True)
        .join(Speaker, Speaker.id == TalkSpeaker.speaker_id, isouter=True)
    )
    return [row[0] for row in rows if wanted in fold(" ".join(part for part in row[1:] if part))]


def next_talk(*, seen: ColumnElement[bool] = EVERY) -> Talk | None:
    """The published talk that runs or comes next."""
    return db.session.scalar(
        select(Talk)
        .where(Talk.state == TalkState.PUBLISHED, now() < times.END, seen)
        .order_by(Talk.starts_at, Talk.id)
        .limit(1)
    )


def coming_talks(*, limit: int, seen: ColumnElement[bool] = EVERY) -> Sequence[Talk]:
    """What comes next, drafts included, cancelled ones not."""
    return db.session.scalars(
        select(Talk)
        .where(Talk.state != TalkState.CANCELLED, now() < times.END, seen)
        .order_by(Talk.starts_at, Talk.id)
        .limit(limit)
    ).all()


def due(health: Health, *, inbox_waiting: int = 0, seen: ColumnElement[bool] = EVERY) -> list[Due]:
    """What waits for an organiser, the most pressing first. What the relay refused of everybody is
    one line."""
    since = health.trouble.since if health.trouble is not None else None
    found = [Due(DueKind.RELAY, None, health.under_way)] if since or health.stalled else []
    found += _undelivered(but_since=since, seen=seen)
    found += [Due(DueKind.INBOX, None, inbox_waiting)] if inbox_waiting else []
    return [
        *found,
        *_deletions(seen),
        *_unreleased(seen),
        *_drafts(seen),
        *_uninvited(seen),
    ]


def _undelivered(*, but_since: datetime | None, seen: ColumnElement[bool]) -> list[Due]:
    """Mails about talks that are still to come, or about none: past ones can wait for the list.
    Those that were sent again need nobody, nor those refused since that moment."""
    query = (
        select(Mail.talk_id, func.count())
        .join(Talk, Mail.talk_id == Talk.id, isouter=True)
        .where(
            Mail.state.in_(UNDELIVERED),
            Mail.resent_as_id.is_(None),
            or_(Talk.id.is_(None), and_(now() < times.END, seen)),
        )
        .group_by(Mail.talk_id)
    )
    if but_since is not None:
        query = query.where(or_(Mail.state == MailState.BOUNCED, Mail.changed_at < but_since))
    rows = db.session.execute(query).all()
    counts: dict[int | None, int] = {row[0]: row[1] for row in rows}
    found = _by_id([talk_id for talk_id in counts if talk_id is not None])
    dues = [
        Due(DueKind.UNDELIVERED, found.get(talk_id) if talk_id else None, count)
        for talk_id, count in counts.items()
    ]
    return sorted(dues, key=lambda due: (due.talk is None, due.talk and due.talk.starts_at))


def _deletions(seen: ColumnElement[bool]) -> list[Due]:
    found: dict[int, list[Material]] = {}
    for material in deletions.ahead(seen=seen):
        found.setdefault(material.talk_id, []).append(material)
    return [Due(DueKind.DELETION, rows[0].talk, len(rows)) for rows in found.values()]


def _unreleased(seen: ColumnElement[bool]) -> list[Due]:
    rows = db.session.execute(
        select(Material.talk_id, func.count())
        .join(Talk, Material.talk_id == Talk.id)
        .where(
            Material.released_at.is_(None),
            Material.refused_at.is_(None),
            Material.id.not_in(release_plans.planned()),
            now() >= times.END,
            Talk.state == TalkState.PUBLISHED,
            seen,
        )
        .group_by(Material.talk_id)
    ).all()
    talks = _by_id([talk_id for talk_id, _count in rows])
    dues = [Due(DueKind.UNRELEASED, talks[talk_id], count) for talk_id, count in rows]
    return sorted(dues, key=lambda due: due.talk.ends_at if due.talk else now())


def _drafts(seen: ColumnElement[bool]) -> list[Due]:
    soon = db.session.scalars(
        select(Talk)
        .where(
            Talk.state == TalkState.DRAFT,
            now() < times.END,
            Talk.starts_at < now() + DRAFT_SOON,
            seen,
        )
        .order_by(Talk.starts_at, Talk.id)
    )
    return [Due(DueKind.DRAFT, talk) for talk in soon]


def _uninvited(seen: ColumnElement[bool]) -> list[Due]:
    invited = select(Invitation.id).where(Invitation.talk_id == Talk.id).exists()
    soon = db.session.scalars(
        select(Talk)
        .where(
            Talk.state == TalkState.PUBLISHED,
            Talk.starts_at > now(),
            Talk.starts_at < now() + UNINVITED_SOON,
            ~invited,
            seen,
        )
        .order_by(Talk.starts_at, Talk.id)
    )
    return [Due(DueKind.UNINVITED, talk) for talk in soon]


def _by_id(ids: Sequence[int]) -> dict[int, Talk]:
    if not ids:
        return {}
    rows = db.session.scalars(select(Talk).where(Talk.id.in_(ids)).options(joinedload(Talk.series)))
    return {talk.id: talk for talk in rows}
