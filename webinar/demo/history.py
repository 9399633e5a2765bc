"""What became of one sample evening: announced, invited, answered; `aftermath` tells the rest.

Each step holds the clock at its moment and calls what the pages call. Chance comes from a fixed
seed, so that every set-up tells the same story. `load` says which evening gets how far.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import select

from webinar import clock
from webinar.demo import aftermath
from webinar.demo.content import SERIES
from webinar.demo.content_types import DatedTalk
from webinar.demo.stage import Desk, at, moment, working_day
from webinar.domain import (
    agendas,
    mailings,
    participation,
    registrations,
    speakers,
    talks,
)
from webinar.domain.talks import TalkValues
from webinar.extensions import db
from webinar.models import (
    Audience,
    Contact,
    Format,
    Invitation,
    MailingKind,
    Mode,
    Talk,
    Visibility,
)
from webinar.rendering.wording import wording

_COMES, _COMES_NOT = 0.62, 0.82
"""Bounds of chance: who lies below the first comes, up to the second declines, the rest is
silent."""
_CHANGES_MIND = 0.04


def past(desk: Desk, evening: DatedTalk, *, audiences: Iterable[Audience]) -> None:
    """An evening from its announcement to its archive."""
    talk = announce(desk, evening, on=working_day(evening.day - timedelta(days=35)))
    invited = moment(working_day(evening.day - timedelta(days=24)), 9, 15)
    invite(desk, talk, audiences=audiences, when=invited)
    answers(desk, talk, until=evening.registration_closes_at - timedelta(minutes=1))
    with at(moment(working_day(evening.day - timedelta(days=6)), 10, 5)):
        for speaker in talk.speakers:
            speakers.send_link(talk, speaker, number=1, by=desk.account)
    aftermath.attend(desk, talk)
    aftermath.archive(desk, talk, evening)
    aftermath.open_files(talk, evening)


def draft(desk: Desk, evening: DatedTalk) -> Talk:
    """The evening as a draft with its speakers, at the clock's moment."""
    given = evening.talk
    closes = evening.registration_closes_at
    values = TalkValues(
        series_id=desk.series.id,
        title=given.title,
        day=evening.day,
        start=evening.start,
        end=evening.end,
        abstract=given.abstract,
        topics=given.topics,
        agenda=agendas.written([list(point) for point in given.agenda]),
        format=Format(given.format),
        places_online=given.places_online,
        places_hall=given.places_hall,
        venue=given.venue,
        venue_address=given.venue_address,
        venue_notes=given.venue_notes,
        closes_on=closes.date(),
        closes_at=closes.time(),
        visibility=Visibility(given.visibility),
        recorded=given.recorded,
        contact_person=SERIES.contact_person,
        contact_phone=SERIES.contact_phone,
    )
    talk = talks.create(values, mail_domain=desk.mail_domain, by=desk.account)
    for one in given.speakers:
        speakers.add_to_talk(talk, desk.speaker(one), by=desk.account)
    return talk


def announce(desk: Desk, evening: DatedTalk, *, on: date) -> Talk:
    """Drafted in the morning of that day, published in the afternoon."""
    with at(moment(on, 10, 10)):
        talk = draft(desk, evening)
    with at(moment(on, 15, 40)):
        talks.publish(talk, by=desk.account)
    return talk


def invite(
    desk: Desk,
    talk: Talk,
    *,
    when: datetime | None,
    audiences: Iterable[Audience] = (),
    contacts: Iterable[Contact] = (),
) -> None:
    """Send the invitation at that moment, or now."""
    with at(when):
        mailing = mailings.draft(talk, kind=MailingKind.INVITATION, by=desk.account)
        words = wording(MailingKind.INVITATION, language="de")
        mailings.edit(mailing, subject=words.subject, text=words.text)
        mailings.choose(
            mailing,
            audiences=[audience.id for audience in audiences],
            contacts=[contact.id for contact in contacts],
        )
        mailings.send(mailing, by=desk.account)
        while not mailings.expand(mailing):
            pass


def answers(desk: Desk, talk: Talk, *, until: datetime, hall_wishes: int | None = None) -> None:
    """Let the invited answer between their invitation and `until`, in the order in which they do.

    `hall_wishes`: so many want to come to the hall, whether it has room or not.
    """
    query = select(Invitation).where(Invitation.talk_id == talk.id).order_by(Invitation.id)
    acts: list[tuple[datetime, int, Invitation, bool]] = []
    for number, invitation in enumerate(db.session.scalars(query)):
        opinion = desk.chance.random()
        if opinion > _COMES_NOT:
            continue
        when = _later(desk, invitation.created_at, until)
        acts.append((when, number, invitation, opinion < _COMES))
        if desk.chance.random() < _CHANGES_MIND:
            acts.append((_later(desk, when, until), number, invitation, False))
    wishes = hall_wishes if hall_wishes is not None else (talk.places_hall or 0)
    for when, _, invitation, comes in sorted(acts, key=lambda act: act[:2]):
        with at(when):
            if not comes:
                participation.decline(invitation)
                continue
            mode = _side(desk, talk, wishes)
            wishes -= mode is Mode.HALL
            participation.accept(invitation, mode=mode)


def _side(desk: Desk, talk: Talk, wishes: int) -> Mode:
    offered = registrations.modes(talk)
    if len(offered) == 1:
        return offered[0]
    return Mode.HALL if wishes > 0 and desk.chance.random() < 0.8 else Mode.ONLINE


def _later(desk: Desk, start: datetime, until: datetime) -> datetime:
    """A moment in between: most answer soon, at an hour when people are awake."""
    found = start + (until - start) * desk.chance.betavariate(1, 3)
    there = clock.berlin(found)
    awake = there.replace(hour=7 + there.hour % 14, second=desk.chance.randrange(60))
    return awake if start < awake < until else found
