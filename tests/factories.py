"""Rows for tests, with sensible values for whatever a test does not care about. All are flushed
and committed, so that a request of the test client sees them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from flask_security import hash_password
from sqlalchemy import select

from webinar.clock import now
from webinar.domain import times
from webinar.extensions import db
from webinar.models import (
    Account,
    Answer,
    Audience,
    ConsentAnswer,
    Contact,
    Invitation,
    Mail,
    Organisation,
    RecordingConsent,
    Role,
    Series,
    Speaker,
    Talk,
    TalkSpeaker,
    TalkState,
)
from webinar.models.base import Model, public_id
from webinar.text import fold, sort_key

PASSWORD = "ein langes Kennwort"
_numbers = itertools.count(1)


@lru_cache
def _hashed() -> str:
    return str(hash_password(PASSWORD))


def save(row: Model) -> None:
    """Commit the row and whatever hangs on it."""
    db.session.add(row)
    db.session.commit()


def account(*, role: str = Role.ORGANISER, **values: Any) -> Account:
    number = next(_numbers)
    row = Account(
        **{
            "email": f"konto{number}@lra.example",
            "name": f"Miriam Hartmann {number}",
            "role": role,
            "password": _hashed(),
            "fs_uniquifier": public_id(),
            **values,
        }
    )
    save(row)
    return row


def organisation(name: str = "", **values: Any) -> Organisation:
    name = name or f"Gemeinde Musterort {next(_numbers)}"
    row = Organisation(name=name, name_key=fold(name), sort_key=sort_key(name), **values)
    save(row)
    return row


def contact(**values: Any) -> Contact:
    number = next(_numbers)
    given = {
        "form": "frau",
        "first_name": "Hannah",
        "last_name": f"Seubert{number}",
        "office": "Erste Bürgermeisterin",
        "email": f"buergermeisterin{number}@gemeinde.example",
        **values,
    }
    names = f"{given['first_name']} {given['last_name']}"
    row = Contact(
        name_key=fold(names),
        sort_key=sort_key(f"{given['last_name']} {given['first_name']}"),
        search_key=fold(f"{names} {given['office']} {given['email']}"),
        **given,
    )
    save(row)
    return row


def audience(name: str = "", members: list[Contact] | None = None) -> Audience:
    name = name or f"Verteiler {next(_numbers)}"
    row = Audience(name=name, name_key=fold(name), sort_key=sort_key(name), members=members or [])
    save(row)
    return row


def series(**values: Any) -> Series:
    number = next(_numbers)
    row = Series(
        **{
            "slug": f"after-work-wissen-{number}",
            "name": "After-Work-Wissen",
            "host": "Landrat Johannes Weidner",
            "signature": "Miriam Hartmann\nBüro des Landrats",
            **values,
        }
    )
    save(row)
    return row


def talk(*, starts_at: datetime | None = None, minutes: int = 90, **values: Any) -> Talk:
    """A published online talk in a week unless said otherwise; `starts_at` is a moment."""
    number = next(_numbers)
    start = (starts_at or now() + timedelta(days=7)).replace(microsecond=0)
    end = start + timedelta(minutes=minutes)
    zone = values.get("zone", "Europe/Berlin")
    given = {
        "slug": f"der-digitale-bauantrag-{number}",
        "uid": f"{public_id()}@lra.example",
        "state": TalkState.PUBLISHED,
        "title": "Der digitale Bauantrag",
        "abstract": "Bauanträge kommen künftig überwiegend elektronisch.",
        "zone": zone,
        "starts_at": start,
        "ends_at": end,
        "local_start": times.wall_clock(start, zone=zone),
        "local_end": times.wall_clock(end, zone=zone),
        "published_at": now(),
        **values,
    }
    row = Talk(**{"series": None, **given}) if "series" in given else Talk(series=series(), **given)
    save(row)
    return row


def recorded_talk(**values: Any) -> Talk:
    """A talk that is recorded, with the consent of the one who speaks."""
    made = talk(recorded=True, **values)
    consent(made, speaker(made))
    return made


def consent(talk: Talk, speaker: Speaker) -> None:
    """The speaker said yes to the recording."""
    save(
        RecordingConsent(
            talk_id=talk.id, speaker_id=speaker.id, answer=ConsentAnswer.YES, given_at=now()
        )
    )


def speaker(talk: Talk | None = None, **values: Any) -> Speaker:
    number = next(_numbers)
    given = {
        "form": "frau",
        "title": "Dr.",
        "first_name": "Katharina",
        "last_name": f"Brandl{number}",
        "role": "Leiterin des Bauamts",
        "organisation": "Landratsamt Würzburg",
        "email": f"brandl{number}@lra.example",
        **values,
    }
    row = Speaker(sort_key=sort_key(f"{given['last_name']} {given['first_name']}"), **given)
    save(row)
    if talk is not None:
        save(TalkSpeaker(talk_id=talk.id, speaker_id=row.id, position=len(talk.appearances)))
        db.session.refresh(talk, ["appearances"])
    return row


def invitation(talk: Talk, contact: Contact, **values: Any) -> Invitation:
    row = Invitation(talk=talk, contact=contact, **{"answer": Answer.NONE, **values})
    save(row)
    return row


def at(text: str) -> datetime:
    """A moment from an ISO text in UTC, such as "2027-01-14T17:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def mail_of(key: str) -> Mail:
    """The mail that was written for that cause."""
    return db.session.scalars(select(Mail).where(Mail.key == key)).one()
