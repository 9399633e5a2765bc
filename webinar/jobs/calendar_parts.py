"""The calendar that a letter carries: a REQUEST or CANCEL to one person, or a plain file.

Where answers by mail are read, an invitation asks the calendar (RSVP=TRUE). Where they are not, it
carries the evening as a mere attachment, and the first REQUEST comes with the confirmation:
nobody is asked what nobody hears. Calendars are shared, so the link in them is the one that only
enters. Used by `webinar.jobs.letters`; the object is `webinar.adapters.calendar`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

from webinar.adapters.calendar import Attendee, Event, Method, PartStat, calendar_bytes
from webinar.clock import now
from webinar.config import Settings
from webinar.domain import delivery, links, registrations
from webinar.jobs.readers import Reader
from webinar.models import Mail, Mode, Purpose, RegistrationState, Talk
from webinar.rendering import calendars, mails

INVITING = frozenset({"invitation", "reinvitation"})
"""Templates that carry the evening as a mere attachment."""
FILE_NAMES = {"de": "einladung.ics", "en": "invitation.ics"}


@dataclass(frozen=True)
class Parts:
    """At most one of the two is set."""

    invite: bytes | None = None
    attached: bytes | None = None


def of(mail: Mail, reader: Reader, settings: Settings, *, sample: str) -> Parts:
    """The calendar of the mail; `sample` stands for the link where the reader has none."""
    if mail.talk is None or (mail.calendar_method is None and mail.template not in INVITING):
        return Parts()
    event = _event(mail, mail.talk, reader, settings, url=_door(mail, settings) or sample)
    if mail.calendar_method is None:
        return Parts(attached=calendar_bytes(event, method=None))
    method = Method(mail.calendar_method)
    attendee = _attendee(mail, reader, method, settings)
    return Parts(invite=calendar_bytes(event, method=method, attendee=attendee))


def _attendee(mail: Mail, reader: Reader, method: Method, settings: Settings) -> Attendee:
    """The person with what they have said so far; only who has not answered is asked."""
    stands = PartStat.ACCEPTED
    if method is Method.REQUEST and mail.contact is not None and mail.talk is not None:
        held = registrations.active_registration(mail.talk, contact=mail.contact)
        if held is None:
            stands = PartStat.NEEDS_ACTION
        elif held.state != RegistrationState.CONFIRMED:
            stands = PartStat.TENTATIVE
    return Attendee(
        name=reader.full_name,
        address=mail.recipient,
        partstat=stands,
        rsvp=stands is PartStat.NEEDS_ACTION and settings.inbox.read,
    )


def _event(mail: Mail, talk: Talk, reader: Reader, settings: Settings, *, url: str) -> Event:
    return Event(
        uid=talk.uid,
        sequence=delivery.sequence_of(mail),
        stamp=now(),
        start=talk.starts_at,
        end=talk.ends_at,
        zone=talk.zone,
        summary=talk.title,
        description=calendars.of_a_place(talk, language=reader.language),
        location=_place(mail, talk, reader.language),
        url=url,
        organiser_name=talk.series.host or settings.office.name,
        organiser_address=settings.mail.sender,
    )


def _door(mail: Mail, settings: Settings) -> str:
    if mail.contact is None or mail.talk is None:
        return ""
    link = links.contact_link(mail.contact, purpose=Purpose.ENTER, talk=mail.talk)
    return links.address(link, base_url=settings.base_url, keys=settings.link_keys)


def _place(mail: Mail, talk: Talk, language: str) -> str:
    """Where this person takes part: the side of the place held, else all that the talk offers."""
    held = None
    if mail.contact is not None:
        held = registrations.active_registration(talk, contact=mail.contact)
    confirmed = held is not None and held.state == RegistrationState.CONFIRMED
    mode = Mode(held.mode) if held is not None and confirmed else None
    return mails.place(talk, language=language, mode=mode, address=True)
