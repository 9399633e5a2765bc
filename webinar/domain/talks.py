"""Talks: writing, publishing, cancelling. The one place that moves `Talk.state`.

A talk is edited as a whole by `TalkValues`. `revision` says which state of it a form was filled
from: who saves an older one gets a `Conflict` and decides again. Checking what was typed is
`talk_values`', whom a change reaches `participation`'s, what becomes of the places on a side that
goes `side_changes`', what is missing `readiness`', the list `overview`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

from webinar.clock import now
from webinar.domain import (
    acceptances,
    audit,
    participation,
    questions,
    readiness,
    registrations,
    reminders,
    rooms,
    search_index,
    side_changes,
    slugs,
    speakers,
    talk_changes,
    talk_values,
    topics,
)
from webinar.domain.side_changes import Dropped
from webinar.domain.talk_values import TalkValues
from webinar.errors import Conflict, NotThere, RuleError
from webinar.extensions import db
from webinar.models import Account, Format, Mode, Talk, TalkState
from webinar.models.base import public_id

__all__ = [
    "Dropped",
    "Moved",
    "TalkValues",
    "cancel",
    "check_open",
    "check_revision",
    "create",
    "edit",
    "find",
    "moved",
    "publish",
]

MOVES: dict[TalkState, frozenset[TalkState]] = {
    TalkState.DRAFT: frozenset({TalkState.PUBLISHED}),
    TalkState.PUBLISHED: frozenset({TalkState.CANCELLED}),
    TalkState.CANCELLED: frozenset(),
}


@dataclass(frozen=True)
class Moved:
    """What a change of a talk means for those who have it in their calendar; `after` is a row that
    was never stored.

    `text`: title or abstract, which moves nothing and raises no sequence. `side`: the only side
    that a move concerns, if it is one of two. `dropped`: the ids of the contacts who hold a place
    or wait on a side that goes; they are told what becomes of them instead.
    """

    after: Talk
    time: bool
    place: bool
    text: bool
    side: Mode | None = None
    dropped: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return self.time or self.place or self.text


def find(talk_id: int) -> Talk:
    """The talk; raises `NotThere`."""
    talk = db.session.get(Talk, talk_id)
    if talk is None:
        raise NotThere("record_missing")
    return talk


def create(
    values: TalkValues,
    *,
    mail_domain: str,
    by: Account,
    copied_from: Talk | None = None,
    with_speakers: bool = False,
) -> Talk:
    """A new draft; its calendar UID is `<random>@<mail_domain>` for ever.

    `copied_from` is remembered; `with_speakers` takes over who spoke there, each with a new link.
    Its reminders are those of the talk that it copies, else the usual ones.
    """
    talk = _proposal(values)
    talk.uid = f"{public_id()}@{mail_domain}"
    talk.copied_from_id = copied_from.id if copied_from is not None else None

    def add() -> None:
        talk.slug = slugs.free(Talk.slug, talk.title)
        db.session.add(talk)

    slugs.flush_with(add)
    audit.record("talk.created", talk, by=by)
    reminders.set_up(talk, template=copied_from)
    questions.set_questions(talk, values.questions or ())
    topics.set_topics(talk, topics.read(values.topics or ""))
    search_index.index_talk(talk)
    if copied_from is not None and with_speakers:
        for speaker in copied_from.speakers:
            speakers.add_to_talk(talk, speaker, by=by)
    return talk


def moved(talk: Talk, values: TalkValues) -> Moved:
    """What saving the values would move; writes nothing. Raises `RuleError` for bad values."""
    after = _proposal(values)
    timed = (talk.starts_at, talk.ends_at) != (after.starts_at, after.ends_at)
    worded = (talk.title, talk.abstract.strip()) != (after.title, after.abstract)
    gone = set(registrations.modes(talk)) - set(registrations.modes(after))
    return Moved(
        after=after,
        time=timed,
        place=_place(talk) != _place(after),
        text=worded,
        side=None if timed or worded else _side(talk, gone),
        dropped=side_changes.people(talk, gone),
    )


def _side(talk: Talk, gone: set[Mode]) -> Mode | None:
    """The one side that a change of place concerns, where there were two."""
    if talk.format != Format.HYBRID:
        return None
    return next(iter(gone)) if gone else Mode.HALL


def check_revision(talk: Talk, *, revision: int) -> None:
    """Raise `Conflict` where the talk was changed since the form was filled."""
    if talk.revision != revision:
        raise Conflict("talk_changed_meanwhile")


def check_open(talk: Talk) -> None:
    """Raise `RuleError` for a cancelled talk: nothing of it changes any more."""
    if talk.state == TalkState.CANCELLED:
        raise RuleError("talk_is_cancelled")


def edit(
    talk: Talk,
    values: TalkValues,
    *,
    revision: int,
    by: Account,
    tell: bool = False,
    side: Mode | None = None,
    note: str = "",
    dropped: Dropped | None = None,
) -> int:
    """Change the talk as a whole; returns how many people are told, which `tell` asks for.

    With `side` only those who come to it are told of a move; `note` is a sentence of the organiser
    for them. `dropped` decides for those on a side that the new format does not offer; they are
    told in any case.

    Raises `Conflict` for an older `revision`, `RuleError` for bad values, for a cancelled talk, for
    fewer places than are held, and for a format that drops a side where people hold places and
    nobody has decided for them.
    """
    registrations.lock(talk)
    check_open(talk)
    check_revision(talk, revision=revision)
    found, before = moved(talk, values), talk_changes.facts(talk)
    if found.time:
        rooms.forget_evening(talk, other_day=talk.local_start.date() != values.day)
    if not _write(talk, values, by=by):
        return 0
    _refuse_lost_places(talk, decided=dropped is not None)
    if talk.state != TalkState.PUBLISHED:
        return 0
    told = side_changes.resolve(talk, how=dropped, by=by) if dropped and found.dropped else set()
    participation.places_changed(talk)
    if not (tell and found):
        return len(told)
    return len(told) + participation.tell_moved(
        talk, revision=talk.revision, side=side, but=told, before=before, note=note
    )


def _write(talk: Talk, values: TalkValues, *, by: Account) -> bool:
    """Write the values and the line of the audit log; False where nothing changed."""
    title, before = talk.title, _when_and_where(talk)
    talk_values.apply(talk, values)
    changes = audit.changes_of(talk)
    if values.questions is not None and questions.set_questions(talk, values.questions):
        changes["questions"] = True
    if values.topics is not None and topics.set_topics(talk, topics.read(values.topics)):
        changes["topics"] = True
    if not changes:
        return False
    talk.revision += 1
    if talk.state == TalkState.PUBLISHED and _when_and_where(talk) != before:
        talk.sequence += 1
    audit.record("talk.edited", talk, by=by, changes={**changes, "revision": talk.revision})
    if talk.published_at is None and talk.title != title:
        slugs.flush_with(lambda: _rename(talk))
    search_index.index_talk(talk)
    return True


def publish(talk: Talk, *, by: Account) -> None:
    """Make the talk visible; its address stays from now on. Who accepted the whole series comes.
    Raises `RuleError` while it lacks what nobody could do without."""
    registrations.lock(talk)
    if readiness.BLOCKING.intersection(readiness.gaps(talk)):
        raise RuleError("talk_not_ready")
    _move(talk, TalkState.PUBLISHED)
    talk.published_at = now()
    audit.record("talk.published", talk, by=by)
    db.session.flush()
    acceptances.registered_by_series(talk)


def cancel(talk: Talk, *, reason: str, by: Account) -> int:
    """Cancel the published talk for good; returns how many people are told."""
    registrations.lock(talk)
    _move(talk, TalkState.CANCELLED)
    talk.cancelled_at = now()
    talk.cancel_reason = reason.strip()
    talk.revision += 1
    talk.sequence += 1
    audit.record("talk.cancelled", talk, by=by)
    db.session.flush()
    return participation.tell_cancelled(talk)


def _move(talk: Talk, state: TalkState) -> None:
    if state not in MOVES[TalkState(talk.state)]:
        raise RuleError("talk_move_forbidden")
    talk.state = state


def _proposal(values: TalkValues) -> Talk:
    """A talk as the values say, not stored and not in the session."""
    talk = Talk(state=TalkState.DRAFT, revision=1)
    talk_values.apply(talk, values)
    return talk


def _rename(talk: Talk) -> None:
    talk.slug = slugs.free(Talk.slug, talk.title, own=talk.slug)


def _refuse_lost_places(talk: Talk, *, decided: bool) -> None:
    """Nobody loses a place by an edit: fewer places than are held are refused, and so is a format
    without the side that somebody holds or waits for, unless it is decided what becomes of them."""
    for mode in Mode:
        taken = registrations.taken(talk, mode)
        if mode not in registrations.modes(talk):
            count = side_changes.held(talk, mode)
            if count and not decided:
                raise RuleError("side_in_use", field="format", count=count)
        limit = registrations.limit(talk, mode)
        if mode in registrations.modes(talk) and limit is not None and limit < taken:
            field = "places_online" if mode is Mode.ONLINE else "places_hall"
            raise RuleError("places_below_taken", field=field, taken=taken)


def _when_and_where(talk: Talk) -> tuple[object, ...]:
    """What raises the sequence of a calendar entry (RFC 5546, 2.1.4)."""
    return talk.starts_at, talk.ends_at, *_place(talk)


def _place(talk: Talk) -> tuple[str, str, str]:
    return talk.format, talk.venue, talk.venue_address
