"""What somebody's personal page shows: their talks, coming and past, and how each stands.

Reads only, in queries whose number does not grow with the talks. What can be set there is
`domain.preferences`'; each single talk has its own page and link, whose words are `standing`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from webinar.clock import now
from webinar.domain import contact_histories, grants, materials, places, times
from webinar.domain.contact_histories import Evening
from webinar.domain.standing import Stand, invited, stand_of
from webinar.errors import NotThere
from webinar.extensions import db
from webinar.models import ACTIVE, Contact, Material, Registration, RegistrationState, Talk


@dataclass(frozen=True)
class MyTalk:
    """One talk of the person. `position` is the place in the queue; `materials` counts what can be
    opened."""

    talk: Talk
    stand: Stand
    mode: str | None = None
    wanted_mode: str | None = None
    position: int | None = None
    materials: int = 0


@dataclass(frozen=True)
class MyTalks:
    """`asked` are invitations that wait for an answer; the next first, of the past the last."""

    asked: list[MyTalk]
    coming: list[MyTalk]
    past: list[MyTalk]


HIDDEN = (Stand.WITHDRAWN, Stand.LAPSED, Stand.RETIRED)


def talks(contact: Contact) -> MyTalks:
    """All talks that the contact is or was invited to or registered for."""
    found = [evening for evening in contact_histories.evenings(contact) if _shown(evening, contact)]
    queue = places.positions(*(evening.talk for evening in found if _waits(evening.registration)))
    files = _files(contact, [evening.talk.id for evening in found])
    mine = [_my_talk(evening, contact, queue, files) for evening in found]
    ahead = [one for one in reversed(mine) if times.end(one.talk) > now()]
    asked = [one for one in ahead if _asks(one)]
    return MyTalks(
        asked=asked,
        coming=[one for one in ahead if one not in asked],
        past=[one for one in mine if _over(one)],
    )


def one_of(contact: Contact, *, slug: str) -> Talk:
    """The talk of that address, if it stands on the page; raises `NotThere` for any other."""
    mine = talks(contact)
    for one in _all(mine):
        if one.talk.slug == slug:
            return one.talk
    raise NotThere("record_missing")


def _all(mine: MyTalks) -> Iterable[MyTalk]:
    return (*mine.asked, *mine.coming, *mine.past)


def _stand(evening: Evening, contact: Contact) -> Stand:
    return stand_of(evening.talk, contact, evening.invitation, _counting(evening))


def _counting(evening: Evening) -> Registration | None:
    """The registration that says how it stands: of who is invited the active one, of others the
    last that came without an invitation."""
    last = evening.registration
    if last is None:
        return None
    counts = last.state in ACTIVE if invited(evening.invitation) else last.invitation_id is None
    return last if counts else None


def _shown(evening: Evening, contact: Contact) -> bool:
    return _stand(evening, contact) not in HIDDEN


def _asks(one: MyTalk) -> bool:
    return one.stand in (Stand.ASKED, Stand.UNCONFIRMED) and not times.started(one.talk)


def _over(one: MyTalk) -> bool:
    return times.end(one.talk) <= now() and one.stand is not Stand.CANCELLED


def _waits(registration: Registration | None) -> bool:
    return registration is not None and registration.state in ACTIVE


def _files(contact: Contact, talk_ids: Iterable[int]) -> dict[int, int]:
    """How much the contact may open, by talk."""
    rows = db.session.execute(
        select(Material.talk_id, func.count())
        .where(
            Material.talk_id.in_(set(talk_ids)),
            *grants.released(materials.today()),
            grants.opens(contact.id),
        )
        .group_by(Material.talk_id)
    )
    return {row[0]: row[1] for row in rows}


def _my_talk(
    evening: Evening, contact: Contact, queue: dict[int, int], files: dict[int, int]
) -> MyTalk:
    place = evening.registration
    held = place is not None and place.state in (
        RegistrationState.CONFIRMED,
        RegistrationState.WAITING,
    )
    return MyTalk(
        talk=evening.talk,
        stand=_stand(evening, contact),
        mode=place.mode if place is not None and held else None,
        wanted_mode=place.wanted_mode if place is not None and held else None,
        position=queue.get(place.id) if place is not None and held else None,
        materials=files.get(evening.talk.id, 0),
    )
