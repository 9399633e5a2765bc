"""A speaker takes slides or a handout out of the archive, and gives them back.

They are the speaker's own: whoever the office named, else whoever speaks alone. It is closed at
once for everybody, and stays closed until the speaker gives it back on the personal page or the
office takes that down; releasing it is then the office's again. Recordings hang on the consent of
all who speak: `domain.recording_consents`.
"""

from __future__ import annotations

from sqlalchemy import select

from webinar.clock import now
from webinar.domain import audit, mail, registrations, release_plans, releases
from webinar.errors import NotThere
from webinar.extensions import db
from webinar.models import Account, Material, MaterialKind, Speaker, Talk

OWN = (MaterialKind.SLIDES, MaterialKind.HANDOUT)


def of_speaker(talk: Talk, speaker: Speaker) -> list[Material]:
    """What of the talk the speaker can take out or has taken out, in order."""
    alone = [one.speaker_id for one in talk.appearances] == [speaker.id]
    rows = db.session.scalars(
        select(Material)
        .where(Material.talk_id == talk.id, Material.kind.in_(OWN))
        .order_by(Material.position, Material.id)
    )
    return [
        row
        for row in rows
        if (row.released_at is not None or row.refused_at is not None)
        and (row.speaker_id == speaker.id or (alone and row.speaker_id is None))
    ]


def name_owner(material: Material, *, speaker_id: int | None, by: Account) -> None:
    """Say whose it is; None, or somebody who does not speak at the talk: everybody's."""
    there = {one.speaker_id for one in material.talk.appearances}
    owner = speaker_id if speaker_id in there else None
    if owner == material.speaker_id:
        return
    material.speaker_id = owner
    audit.record("material.owner", material, by=by, changes={"speaker": owner})
    db.session.flush()


def own(talk: Talk, speaker: Speaker, *, public_id: str) -> Material:
    """One of `of_speaker` by its public name; raises `NotThere` for whatever is not."""
    for row in of_speaker(talk, speaker):
        if row.public_id == public_id:
            return row
    raise NotThere("material_missing")


def take_out(talk: Talk, speaker: Speaker, *, public_id: str) -> None:
    """Close it at once for everybody, out of planned releases too; speaker and office are told.
    Repeating it changes nothing. Raises `NotThere`."""
    registrations.lock(talk)
    material = own(talk, speaker, public_id=public_id)
    if material.refused_at is not None:
        return
    release_plans.leave_out(talk, [material.id])
    releases.withdraw(material, by=None)
    material.refused_at = now()
    db.session.flush()
    cause = f"material-refused:{material.id}:{material.refused_at.isoformat()}"
    mail.to_speaker(
        "material_refused", speaker, key=cause, talk=talk, params={"materials": [material.id]}
    )
    mail.to_office(
        "archive_notice",
        key=cause,
        talk=talk,
        params={
            "what": "material_refused",
            "talk_id": talk.id,
            "speaker": speaker.id,
            "materials": [material.id],
        },
    )


def give_back(talk: Talk, speaker: Speaker, *, public_id: str) -> None:
    """The speaker lets it be shown again; the office decides when. Raises `NotThere`."""
    registrations.lock(talk)
    _lift(own(talk, speaker, public_id=public_id), by=None)


def lift(material: Material, *, by: Account) -> None:
    """The office takes down that the speaker lets it be shown again."""
    _lift(material, by=by)


def _lift(material: Material, *, by: Account | None) -> None:
    if material.refused_at is None:
        return
    material.refused_at = None
    audit.record("material.given_back", material, by=by)
    db.session.flush()
