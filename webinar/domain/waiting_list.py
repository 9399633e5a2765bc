"""The waiting list by hand: moved, promoted, refused, each with a reason that the audit log keeps.

The order itself and the places are `domain.registrations`'; the talk is locked first, so that no
promotion comes in between. Other acts for a person are `domain.office_acts`'.
"""

from __future__ import annotations

from webinar.domain import audit, notices, participation, registrations, times
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import Account, Mode, Registration, Talk
from webinar.text import clean

REASON_LENGTH = 500


def move(
    registration: Registration, *, position: int, reason: str, by: Account, notify: bool = True
) -> int:
    """Put who waits at that place, from 1; beyond the end is the end. Returns the place."""
    talk, reason = _begin(registration, reason)
    before = _position(registration)
    after = registrations.move(talk, registration, position=position)
    if after != before:
        _record("moved", registration, by=by, position=[before, after], reason=reason)
        if notify:
            registration.revision += 1
            notices.place(talk, registration, reason="moved")
    return after


def promote(
    registration: Registration,
    *,
    reason: str,
    by: Account,
    raise_places: bool = False,
    notify: bool = True,
) -> None:
    """Give who waits a place now, whoever stands before.

    Where none is free, `raise_places` makes one more; without it `RuleError("no_place_free")`.
    """
    talk, reason = _begin(registration, reason)
    before = _position(registration)
    mode = registrations.awaited(registration)
    if registrations.free(talk, mode) == 0:
        if not raise_places:
            raise RuleError("no_place_free", field="raise_places")
        raise_places_to_fit(talk, mode, by=by)
    registrations.give(registration)
    _record("promoted", registration, by=by, position=[before, None], reason=reason)
    if notify:
        notices.place(talk, registration, reason="promoted")
    participation.promote(talk)


def refuse(
    registration: Registration, *, reason: str, by: Account, words: str = "", notify: bool = True
) -> None:
    """Give the person no place. `reason` stays in the house, `words` stand in the mail."""
    _talk, reason = _begin(registration, reason)
    before = registration.state
    participation.refuse(registration, by=by, reason=reason, words=words.strip(), notify=notify)
    _record("refused", registration, by=by, state=[before, registration.state], reason=reason)


def _begin(registration: Registration, reason: str) -> tuple[Talk, str]:
    """Lock the talk, read the registration again, and take the reason down as one line."""
    talk = registration.talk
    registrations.lock(talk)
    db.session.refresh(registration)
    if times.started(talk):
        raise RuleError("talk_started")
    reason = clean(reason)
    if not reason:
        raise RuleError("reason_missing", field="reason")
    return talk, reason[:REASON_LENGTH]


def _position(registration: Registration) -> int:
    found = registrations.position(registration)
    if found is None:
        raise RuleError("registration_not_waiting")
    return found


def raise_places_to_fit(talk: Talk, mode: Mode, *, by: Account) -> None:
    """One place more than are held. An open form of the talk must not set it back unseen."""
    column = "places_online" if mode is Mode.ONLINE else "places_hall"
    before, after = registrations.limit(talk, mode), registrations.taken(talk, mode) + 1
    setattr(talk, column, after)
    talk.revision += 1
    db.session.flush()
    changes = {column: [before, after], "revision": talk.revision}
    audit.record("talk.edited", talk, by=by, changes=changes)


def _record(act: str, registration: Registration, *, by: Account, **changes: object) -> None:
    audit.record(f"registration.{act}", registration, by=by, changes=changes)
