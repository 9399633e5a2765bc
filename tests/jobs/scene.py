"""One fixed evening for the tests of letters: the same names, moments and links in every run."""

from __future__ import annotations

from dataclasses import dataclass

from tests import factories
from webinar.domain import calendar_entries
from webinar.extensions import db
from webinar.models import (
    Answer,
    Contact,
    Format,
    Invitation,
    Link,
    Mail,
    Mailing,
    MailingKind,
    Mode,
    Purpose,
    Registration,
    RegistrationState,
    Speaker,
    Talk,
    TalkSpeaker,
)

MOMENT = factories.at("2026-12-07T09:30")
TITLE = "Der digitale Bauantrag: was sich für unsere Gemeinden ändert"
ABSTRACT = (
    "Der Abend zeigt am Bildschirm den **Weg eines Bauantrags** vom Entwurfsbüro bis zum Bescheid "
    "und was die Gemeinde dabei zu tun hat. Danach ist Zeit für Ihre Fragen.\n\n"
    "- Antrag und Vorprüfung\n- Beteiligung der Gemeinde, Fristen und Zuständigkeiten, gezeigt am "
    "Beispiel eines Wohnhauses\n\n"
    "Mehr dazu im [Leitfaden](https://bauantrag.example/leitfaden)."
)


@dataclass
class Scene:
    talk: Talk
    contact: Contact
    speaker: Speaker


def scene(language: str = "de") -> Scene:
    """A hybrid talk with one speaker and one contact, who holds every link."""
    contact = factories.contact(
        first_name="Hannah",
        last_name="Seubert",
        email="buergermeisterin@musterort.example",
        language=language,
    )
    speaker = factories.speaker(
        last_name="Brandl", email="katharina.brandl@lra.example", language=language
    )
    talk = factories.talk(
        starts_at=factories.at("2027-01-14T17:00"),
        title=TITLE,
        abstract=ABSTRACT,
        uid="2027-01-14.bauantrag@lra.example",
        format=Format.HYBRID,
        venue="Großer Sitzungssaal",
        venue_address="Zeppelinstraße 15, 97074 Würzburg",
        venue_notes="Der Saal ist ohne Stufen erreichbar.",
        registration_closes_at=factories.at("2027-01-13T11:00"),
    )
    factories.save(TalkSpeaker(talk_id=talk.id, speaker_id=speaker.id))
    db.session.refresh(talk, ["appearances"])
    _links(talk, contact, speaker)
    return Scene(talk, contact, speaker)


def _links(talk: Talk, contact: Contact, speaker: Speaker) -> None:
    for purpose in (Purpose.ANSWER, Purpose.ENTER, Purpose.ARCHIVE):
        db.session.add(
            Link(public_id=f"{purpose}-Qm7x2K", purpose=purpose, contact=contact, talk=talk)
        )
    for purpose in (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES):
        db.session.add(Link(public_id=f"{purpose}-Qm7x2K", purpose=purpose, contact=contact))
    db.session.add(
        Link(public_id="speaker-Qm7x2K", purpose=Purpose.SPEAKER, speaker=speaker, talk=talk)
    )
    db.session.commit()


def mailing(scene: Scene, *, kind: str = MailingKind.INVITATION, **words: str) -> Mailing:
    row = Mailing(talk=scene.talk, kind=kind, **words)
    factories.save(row)
    return row


def registration(scene: Scene, *, mode: Mode, **values: object) -> Registration:
    """The contact's place, with the invitation that it came from and what the calendar knows."""
    invitation = Invitation(talk=scene.talk, contact=scene.contact, answer=Answer.ACCEPTED)
    row = Registration(
        **{
            "talk": scene.talk,
            "contact": scene.contact,
            "invitation": invitation,
            "state": RegistrationState.CONFIRMED,
            "mode": mode,
            "revision": 1,
            **values,
        }
    )
    factories.save(row)
    calendar_entries.request(scene.talk, contact=scene.contact)
    db.session.commit()
    return row


def mail(scene: Scene, template: str, **values: object) -> Mail:
    """A mail of that template to the contact, or to whom `values` names."""
    given: dict[str, object] = {
        "template": template,
        "key": f"test:{template}",
        "public_id": "b3NlbmRlci1pZA",
        "recipient": scene.contact.email,
        "talk": scene.talk,
        "next_try_at": MOMENT,
        "params": {},
        **values,
    }
    if "speaker" not in given and "account" not in given:
        given["contact"] = scene.contact
    row = Mail(**given)
    factories.save(row)
    return row
