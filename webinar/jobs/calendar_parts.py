"""The calendar that a letter carries: a REQUEST or CANCEL to one person, or a plain file.

Where answers by mail are read, an invitation asks the calendar (RSVP=TRUE). Where they are not, it
carries the evening as a mere attachment, and the first REQUEST comes with the confirmation:
nobody is asked what nobody hears. Used by `webinar.jobs.letters`; the object is
`webinar.adapters.calendar`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from webinar.adapters.calendar import Attendee, Event, Method, PartStat, calendar_bytes
from webinar.config import Settings
from webinar.domain import delivery, registrations
from webinar.jobs.readers import Reader
from webinar.models import Mail, Mode, RegistrationState, Talk
from webinar.rendering import calendars, mails

INVITING = frozenset({"invitation", "reinvitation"})
"""Templates that carry the evening as a mere attachment."""
FILE_NAMES = {"de": "einladung.ics", "en": "invitation.ics"}


@dataclass(frozen=True)
class Parts:
    """At most one of the two is set."""

    invite: bytes | None = None
    attached: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the calendar is told; `method` is None for a mere file. `side` is where the person takes
    part, None for all that the talk offers."""

    method: Method | None
    sequence: int
    side: Mode | None
    partstat: PartStat
    rsvp: bool


def tells(mail: Mail) -> bool:
    """Whether the mail carries a calendar at all."""
    return mail.talk is not None and (mail.calendar_method is not None or mail.template in INVITING)


def told(mail: Mail, settings: Settings) -> Told | None:
    """What the mail tells its reader's calendar as things stand now: only who has not answered is
    asked, and the place is the side of the place held."""
    if mail.talk is None or not tells(mail):
        return None
    method = None if mail.calendar_method is None else Method(mail.calendar_method)
    held = None
    if mail.contact is not None:
        held = registrations.active_registration(mail.talk, contact=mail.contact)
    confirmed = held is not None and held.state == RegistrationState.CONFIRMED
    stands = PartStat.ACCEPTED
    if method is Method.REQUEST and mail.contact is not None and not confirmed:
        stands = PartStat.NEEDS_ACTION if held is None else PartStat.TENTATIVE
    return Told(
        method=method,
        sequence=delivery.sequence_of(mail),
        side=Mode(held.mode) if held is not None and confirmed else None,
        partstat=stands,
        rsvp=stands is PartStat.NEEDS_ACTION and settings.inbox.read,
    )


def of(
    told: Told,
    talk: Talk,
    reader: Reader,
    settings: Settings,
    *,
    address: str,
    door: str,
    stamp: datetime,
) -> Parts:
    """The calendar for that reader: `address` is exactly the mail's To address, `door` the link in
    it, `stamp` the moment of the message."""
    event = _event(told, talk, settings, language=reader.language, url=door, stamp=stamp)
    if told.method is None:
        return Parts(attached=calendar_bytes(event, method=None))
    attendee = Attendee(
        name=reader.full_name, address=address, partstat=told.partstat, rsvp=told.rsvp
    )
    return Parts(invite=calendar_bytes(event, method=told.method, attendee=attendee))


def _event(
    told: Told, talk: Talk, settings: Settings, *, language: str, url: str, stamp: datetime
) -> Event:
    return Event(
        uid=talk.uid,
        sequence=told.sequence,
        stamp=stamp,
        start=talk.starts_at,
        end=talk.ends_at,
        zone=talk.zone,
        summary=talk.title,
        description=calendars.of_a_place(talk, language=language),
        location=mails.place(talk, language=language, mode=told.side, address=True),
        url=url,
        organiser_name=talk.series.host or settings.office.name,
        organiser_address=settings.mail.sender,
    )
