"""The rows that a workload needs: one talk with many invited people, each with a link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from webinar import create_app, settings_of
from webinar.clock import now
from webinar.domain import links, times
from webinar.extensions import db
from webinar.models import (
    Answer,
    Contact,
    Format,
    Invitation,
    Link,
    Mode,
    Organisation,
    Purpose,
    Registration,
    RegistrationState,
    Series,
    Speaker,
    Talk,
    TalkSpeaker,
    TalkState,
)
from webinar.models.base import public_id
from webinar.text import fold, sort_key

ZONE = "Europe/Berlin"
ABSTRACT = """\
Bauanträge kommen künftig überwiegend elektronisch. Der Abend zeigt den Weg eines Antrags vom
Entwurfsbüro bis zum Bescheid und was die Gemeinde dabei zu tun hat.

- das gemeindliche Einvernehmen
- die Fristen
- der Antrag, dem die Hälfte der Unterlagen fehlt
"""


@dataclass(frozen=True)
class Invited:
    """The paths of the personal pages of everybody who was invited to one talk."""

    talk_id: int
    paths: Sequence[str]


def invited(environ: Mapping[str, str], *, talks: int, people: int) -> list[Invited]:
    """That many talks, each with its own invited people, in the application's database."""
    app = create_app(environ)
    keys = settings_of(app).link_keys
    with app.app_context():
        series = Series(slug=public_id(), name="After-Work-Wissen", host="Landrat Weidner")
        offices = [_organisation(f"Gemeinde Musterort {number}") for number in range(52)]
        db.session.add_all([series, *offices])
        db.session.flush()
        found = [_one(series, offices, people, keys) for _ in range(talks)]
        db.session.commit()
        db.engine.dispose()
    return found


def entering(environ: Mapping[str, str], *, people: int) -> list[str]:
    """One talk that begins in five minutes; the paths with which so many people, all with a place
    online, come to the door of its room."""
    app = create_app(environ)
    keys = settings_of(app).link_keys
    with app.app_context():
        series = Series(slug=public_id(), name="After-Work-Wissen", host="Landrat Weidner")
        offices = [_organisation(f"Gemeinde Musterort {number}") for number in range(52)]
        db.session.add_all([series, *offices])
        db.session.flush()
        found = _one(series, offices, people, keys)
        talk = db.session.get_one(Talk, found.talk_id)
        length, talk.starts_at = talk.ends_at - talk.starts_at, now() + timedelta(minutes=5)
        talk.ends_at = talk.starts_at + length
        for invitation in db.session.scalars(select(Invitation)):
            invitation.answer, invitation.answered_at = Answer.ACCEPTED, now()
            db.session.add(
                Registration(
                    talk_id=talk.id,
                    contact_id=invitation.contact_id,
                    invitation_id=invitation.id,
                    state=RegistrationState.CONFIRMED,
                    mode=Mode.ONLINE,
                    confirmed_at=now(),
                )
            )
        doors = db.session.scalars(select(Link).where(Link.purpose == Purpose.ENTER))
        paths = [links.address(door, base_url="", keys=keys) for door in doors]
        db.session.commit()
        db.engine.dispose()
    return paths


def searching(environ: Mapping[str, str], *, people: int) -> list[str]:
    """The paths of the personal pages of so many people."""
    app = create_app(environ)
    with app.app_context():
        organisation = _organisation("Gemeinde Musterort")
        db.session.add(organisation)
        db.session.flush()
        contacts = [_contact(number, organisation) for number in range(people)]
        db.session.add_all(contacts)
        db.session.flush()
        made = [links.contact_link(one, purpose=Purpose.PREFERENCES) for one in contacts]
        keys = settings_of(app).link_keys
        paths = [links.address(link, base_url="", keys=keys) for link in made]
        db.session.commit()
        db.engine.dispose()
    return paths


def _one(
    series: Series, offices: Sequence[Organisation], people: int, keys: Sequence[str]
) -> Invited:
    talk = _talk(series)
    db.session.add(talk)
    db.session.flush()
    speaker = Speaker(
        last_name="Kessler", sort_key="kessler", role="Leiterin des Bauamts", email="k@lra.example"
    )
    contacts = [_contact(number, offices[number % len(offices)]) for number in range(people)]
    db.session.add_all([speaker, *contacts])
    db.session.flush()
    db.session.add(TalkSpeaker(talk_id=talk.id, speaker_id=speaker.id))
    rows = [Link(purpose=Purpose.ANSWER, contact_id=c.id, talk_id=talk.id) for c in contacts]
    db.session.add_all(rows)
    # An invitation's mail makes both links.
    db.session.add_all(
        Link(purpose=Purpose.ENTER, contact_id=c.id, talk_id=talk.id) for c in contacts
    )
    db.session.add_all(
        Invitation(talk_id=talk.id, contact_id=c.id, answer=Answer.NONE) for c in contacts
    )
    db.session.flush()
    return Invited(talk.id, [links.address(row, base_url="", keys=keys) for row in rows])


def _talk(series: Series) -> Talk:
    start = (now() + timedelta(days=20)).replace(microsecond=0)
    end = start + timedelta(minutes=90)
    return Talk(
        slug=public_id(),
        uid=f"{public_id()}@lra.example",
        state=TalkState.PUBLISHED,
        series_id=series.id,
        title="Der digitale Bauantrag",
        abstract=ABSTRACT,
        agenda=[["18:00", "Begrüßung"], ["18:05", "Der Weg eines Antrags"], ["19:00", "Fragen"]],
        zone=ZONE,
        local_start=times.wall_clock(start, zone=ZONE),
        local_end=times.wall_clock(end, zone=ZONE),
        starts_at=start,
        ends_at=end,
        format=Format.HYBRID,
        # Counted on every answer, never full.
        places_online=1_000_000,
        places_hall=40,
        venue="Landratsamt, Großer Sitzungssaal",
        venue_address="Zeppelinstraße 15, 97074 Würzburg",
        registration_closes_at=start - timedelta(days=1),
        published_at=now(),
    )


def _organisation(name: str) -> Organisation:
    return Organisation(name=name, name_key=fold(name), sort_key=sort_key(name), in_county=True)


def _contact(number: int, organisation: Organisation) -> Contact:
    name = f"Hannah Seubert{number}"
    return Contact(
        form="frau",
        first_name="Hannah",
        last_name=f"Seubert{number}",
        office="Erste Bürgermeisterin",
        organisation_id=organisation.id,
        email=f"buergermeisterin{public_id()}@gemeinde.example",
        name_key=fold(name),
        sort_key=fold(name),
        search_key=fold(name),
    )
