"""Who is told what about a place: the mails that follow an act, with what the calendar learns.

Writes rows only, in the transaction of the act; the worker sends after the commit (rule 8). The key
of each mail holds the revision of what changed, so the same act never tells twice. Acts on places
and answers are `domain.participation`'s and of those above it; mails that organisers write are
`domain.mailings`'.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webinar.domain import calendar_entries, limits, links, mail, registrations, times
from webinar.domain.mail import CalendarPart
from webinar.extensions import db
from webinar.models import (
    CalendarEntry,
    Contact,
    Mode,
    Purpose,
    Registration,
    RegistrationState,
    Talk,
)

HELD = (RegistrationState.CONFIRMED, RegistrationState.WAITING)


def place(
    talk: Talk,
    registration: Registration,
    *,
    reason: str,
    template: str = "",
    key: str = "",
    params: dict[str, Any] | None = None,
    door: bool = False,
) -> None:
    """Mail how the place stands; the calendar is told only of a place that is held.

    `reason` says what happened, in the words of `templates/mail/confirmation/`; `template` is
    another mail than the usual "confirmation" or "waiting", `key` the cause where it is not a
    change of the place, `params` what else the mail tells. The place comes with its link to the
    room, so that pages and calendars find it without writing; `door`: it is known to be there.
    """
    contact = registration.contact
    confirmed = registration.state == RegistrationState.CONFIRMED
    calendar = None
    if confirmed:
        if not door:
            links.provide(contact, purpose=Purpose.ENTER, talk=talk)
        calendar = _request(talk, registration)
    elif reason == "format":
        # Who held a place may wait now: the side where it was held is no longer offered.
        calendar = _cancel(talk, contact)
    mail.to_contact(
        template or ("confirmation" if confirmed else "waiting"),
        contact,
        key=key or place_key(registration),
        talk=talk,
        calendar=calendar,
        not_after=times.end(talk),
        params={
            "reason": reason,
            "mode": registration.mode,
            "wanted_mode": registration.wanted_mode,
            "position": registrations.position(registration),
            "kept_out": 0 if confirmed else limits.kept_out(talk, contact=contact),
            **(params or {}),
        },
    )


def end(
    talk: Talk, contact: Contact, *, key: str, template: str, params: dict[str, Any] | None = None
) -> None:
    """Mail that the contact no longer comes, and take the entry out of the calendar."""
    mail.to_contact(
        template,
        contact,
        key=key,
        talk=talk,
        calendar=_cancel(talk, contact),
        not_after=times.end(talk),
        params=params,
    )


def request_if_confirmed(talk: Talk, contact: Contact) -> CalendarPart | None:
    """What the calendar of the contact is told of the talk as it stands now, if a place is held."""
    registration = registrations.active_registration(talk, contact=contact)
    if registration is None or registration.state != RegistrationState.CONFIRMED:
        return None
    return _request(talk, registration)


def request(talk: Talk, contact: Contact) -> CalendarPart:
    """Ask the contact's calendar, or tell it of the place that is held.

    Of a talk with one side the entry is the same before and after the answer, so that the
    confirmation raises no sequence.
    """
    held = request_if_confirmed(talk, contact)
    if held is not None:
        return held
    offered = registrations.modes(talk)
    side = offered[0] if len(offered) == 1 else ""
    return CalendarPart("REQUEST", calendar_entries.request(talk, contact=contact, side=side))


def request_again(talk: Talk, contact: Contact) -> CalendarPart | None:
    """What the calendar is told of a talk that moved: of a place, or of an invitation that it was
    asked about and has not declined."""
    entry = calendar_entries.entry_of(talk, contact=contact)
    if entry is not None and not entry.cancelled:
        return request(talk, contact)
    return request_if_confirmed(talk, contact)


def holders(talk: Talk, *, side: Mode | None = None) -> list[Contact]:
    """Everyone with a place, a waiting place or an entry in the calendar, each once; with `side`
    only those whose place is there, or who wait for it. Who has not confirmed holds nothing."""
    entries = db.session.scalars(
        select(Contact)
        .join(CalendarEntry, CalendarEntry.contact_id == Contact.id)
        .where(CalendarEntry.talk_id == talk.id, CalendarEntry.cancelled.is_(False))
    )
    places = db.session.scalars(
        select(Registration)
        .where(Registration.talk_id == talk.id, Registration.state.in_(HELD))
        .options(joinedload(Registration.contact))
    )
    found = {
        row.contact_id: row.contact
        for row in places
        if side is None or side in (row.mode, row.wanted_mode)
    }
    if side is None:
        found.update({contact.id: contact for contact in entries})
    return [found[key] for key in sorted(found)]


def place_key(registration: Registration) -> str:
    """The key of the mail that tells how the place stands since its last change."""
    return f"place:{registration.id}:{registration.revision}"


def _request(talk: Talk, registration: Registration) -> CalendarPart:
    sequence = calendar_entries.request(talk, contact=registration.contact, side=registration.mode)
    return CalendarPart("REQUEST", sequence)


def _cancel(talk: Talk, contact: Contact) -> CalendarPart | None:
    sequence = calendar_entries.cancel(talk, contact=contact)
    return None if sequence is None else CalendarPart("CANCEL", sequence)
