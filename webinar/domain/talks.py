"""Talks: writing, publishing, cancelling. The one place that moves `Talk.state` and derives
`starts_at` and `ends_at` from the wall clock.

A talk is edited as a whole by `TalkValues`. `revision` says which state of it a form was filled
from: who saves an older one gets a `Conflict` and decides again. Whom a change reaches and what
becomes of places is `participation`'s, reading the agenda `agendas`', what is missing `readiness`',
the list `overview`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from webinar.clock import now
from webinar.domain import (
    acceptances,
    agendas,
    audit,
    participation,
    readiness,
    registrations,
    reminders,
    series,
    slugs,
    speakers,
    times,
)
from webinar.errors import Conflict, NotThere, RuleError
from webinar.extensions import db
from webinar.models import Account, Format, Mode, Talk, TalkState, Visibility
from webinar.models.base import public_id
from webinar.text import clean

MOVES: dict[TalkState, frozenset[TalkState]] = {
    TalkState.DRAFT: frozenset({TalkState.PUBLISHED}),
    TalkState.PUBLISHED: frozenset({TalkState.CANCELLED}),
    TalkState.CANCELLED: frozenset(),
}
LONGEST = timedelta(hours=12)
"""An end before the start means the next day, unless the evening would last longer than this."""
END_OF_DAY = time(23, 59)


@dataclass(frozen=True, kw_only=True)
class TalkValues:
    """What a form holds of a talk. Times are those of the wall clock in `zone`; `second_hour` is
    None where nobody was asked which of the doubled hours is meant."""

    series_id: int
    title: str
    day: date
    start: time
    end: time
    zone: str = "Europe/Berlin"
    second_hour: bool | None = None
    abstract: str = ""
    agenda: str = ""
    format: Format = Format.ONLINE
    places_online: int | None = None
    places_hall: int | None = None
    venue: str = ""
    venue_address: str = ""
    venue_notes: str = ""
    closes_on: date | None = None
    closes_at: time | None = None
    visibility: Visibility = Visibility.INVITED
    recorded: bool = False
    contact_person: str = ""
    contact_phone: str = ""


@dataclass(frozen=True)
class Moved:
    """What a change of a talk means for those who have it in their calendar; `after` is a row that
    was never stored."""

    after: Talk
    time: bool
    place: bool

    def __bool__(self) -> bool:
        return self.time or self.place


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
    if copied_from is not None and with_speakers:
        for speaker in copied_from.speakers:
            speakers.add_to_talk(talk, speaker, by=by)
    return talk


def moved(talk: Talk, values: TalkValues) -> Moved:
    """What saving the values would move; writes nothing. Raises `RuleError` for bad values."""
    after = _proposal(values)
    return Moved(
        after=after,
        time=(talk.starts_at, talk.ends_at) != (after.starts_at, after.ends_at),
        place=_place(talk) != _place(after),
    )


def check_revision(talk: Talk, *, revision: int) -> None:
    """Raise `Conflict` where the talk was changed since the form was filled."""
    if talk.revision != revision:
        raise Conflict("talk_changed_meanwhile")


def check_open(talk: Talk) -> None:
    """Raise `RuleError` for a cancelled talk: nothing of it changes any more."""
    if talk.state == TalkState.CANCELLED:
        raise RuleError("talk_is_cancelled")


def edit(talk: Talk, values: TalkValues, *, revision: int, by: Account, tell: bool = False) -> int:
    """Change the talk as a whole; returns how many people are told, which `tell` asks for.

    Raises `Conflict` for an older `revision`, `RuleError` for bad values, for a cancelled talk, for
    fewer places than are held, and for a format that drops a side where people hold places.
    """
    registrations.lock(talk)
    check_open(talk)
    check_revision(talk, revision=revision)
    found = moved(talk, values)
    title = talk.title
    _apply(talk, values)
    changes = audit.changes_of(talk)
    if not changes:
        return 0
    talk.revision += 1
    audit.record("talk.edited", talk, by=by, changes={**changes, "revision": talk.revision})
    _refuse_lost_places(talk)
    if talk.published_at is None and talk.title != title:
        slugs.flush_with(lambda: _rename(talk))
    db.session.flush()
    if talk.state != TalkState.PUBLISHED:
        return 0
    participation.places_changed(talk)
    return participation.tell_moved(talk, revision=talk.revision) if tell and found else 0


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
    _apply(talk, values)
    return talk


def _rename(talk: Talk) -> None:
    talk.slug = slugs.free(Talk.slug, talk.title, own=talk.slug)


def _apply(talk: Talk, values: TalkValues) -> None:
    if not clean(values.title):
        raise RuleError("title_missing", field="title")
    # By its number only: a relationship would pull a mere proposal into the session.
    talk.series_id = series.find(values.series_id).id
    talk.title = clean(values.title)
    talk.abstract = values.abstract.replace("\r\n", "\n").strip()
    talk.agenda = agendas.read(values.agenda)
    talk.visibility = values.visibility
    talk.recorded = values.recorded
    talk.contact_person = clean(values.contact_person)
    talk.contact_phone = clean(values.contact_phone)
    _apply_times(talk, values)
    _apply_places(talk, values)


def _apply_times(talk: Talk, values: TalkValues) -> None:
    start = datetime.combine(values.day, values.start)
    end = _end_of(start, values.end)
    twice = times.doubled(start, zone=values.zone)
    if twice and values.second_hour is None:
        raise RuleError("hour_doubled", field="hour", hour=f"{start:%H:%M}")
    talk.zone = values.zone
    talk.local_start, talk.local_end = start, end
    talk.second_hour = twice and bool(values.second_hour)
    talk.starts_at = times.moment(
        start, zone=values.zone, second_hour=talk.second_hour, field="start"
    )
    talk.ends_at = times.moment(end, zone=values.zone, field="end")
    if talk.ends_at <= talk.starts_at:
        talk.ends_at = times.moment(end, zone=values.zone, second_hour=True, field="end")
    if talk.ends_at <= talk.starts_at:
        raise RuleError("end_before_start", field="end")
    talk.registration_closes_at = _closing(talk, values)


def _end_of(start: datetime, end: time) -> datetime:
    """The wall clock of the end: after midnight it is the next day's."""
    found = datetime.combine(start.date(), end)
    if found < start and found + timedelta(days=1) - start <= LONGEST:
        found += timedelta(days=1)
    # The night of the clock change: from 2:50 to 2:10 can be twenty minutes. The moments decide.
    return found


def _closing(talk: Talk, values: TalkValues) -> datetime | None:
    if values.closes_on is None:
        if values.closes_at is not None:
            raise RuleError("closing_without_day", field="closes_on")
        return None
    local = datetime.combine(values.closes_on, values.closes_at or END_OF_DAY)
    field = "closes_on" if values.closes_at is None else "closes_at"
    closes = times.moment(local, zone=values.zone, field=field)
    if closes > talk.starts_at:
        raise RuleError("closing_after_start", field=field)
    return closes


def _apply_places(talk: Talk, values: TalkValues) -> None:
    """What does not count in this format is not kept: no hall without an evening on site."""
    talk.format = values.format
    talk.places_online = values.places_online if talk.online else None
    talk.places_hall = values.places_hall if talk.on_site else None
    talk.venue = clean(values.venue) if talk.on_site else ""
    talk.venue_address = clean(values.venue_address) if talk.on_site else ""
    talk.venue_notes = values.venue_notes.strip() if talk.on_site else ""


def _refuse_lost_places(talk: Talk) -> None:
    """Nobody loses a place by an edit: fewer places than are held are refused, and so is a format
    without the side that somebody holds or waits for."""
    for mode in Mode:
        taken = registrations.taken(talk, mode)
        if mode not in registrations.modes(talk):
            count = taken + len(registrations.queue(talk, mode))
            if count:
                raise RuleError("side_in_use", field="format", count=count)
        limit = registrations.limit(talk, mode)
        if limit is not None and limit < taken:
            field = "places_online" if mode is Mode.ONLINE else "places_hall"
            raise RuleError("places_below_taken", field=field, taken=taken)


def _place(talk: Talk) -> tuple[str, str, str]:
    return talk.format, talk.venue, talk.venue_address
