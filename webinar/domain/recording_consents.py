"""Whether a talk may be recorded: only with the consent of all who speak, for as long as it stands.

A speaker answers on the personal page, or the office writes down what was said. Each answer ends
the one before it and both are kept. "No" takes what was released of a recording down at once, out
of planned releases too, and the office is told.

Neighbours: `domain.releases` refuses to release a recording against a "no"; the room's token
carries what `may_record` says (`webinar.web.room_entry`); what else a speaker can take out of the
archive is `domain.objections`'.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webinar.clock import now
from webinar.domain import audit, mail, registrations, release_plans, releases, speakers
from webinar.extensions import db
from webinar.models import (
    Account,
    ConsentAnswer,
    Material,
    RecordingConsent,
    Speaker,
    Talk,
)

ACTIONS = {
    ConsentAnswer.YES: "talk.recording_consented",
    ConsentAnswer.NO: "talk.recording_refused",
}


def answers(talk: Talk) -> dict[int, RecordingConsent]:
    """The answers that stand, by the speaker's id; of speakers who are still on the talk."""
    rows = db.session.scalars(
        select(RecordingConsent)
        .where(RecordingConsent.talk_id == talk.id, RecordingConsent.revoked_at.is_(None))
        .options(joinedload(RecordingConsent.given_by))
    )
    there = {one.speaker_id for one in talk.appearances}
    return {row.speaker_id: row for row in rows if row.speaker_id in there}


def all_agree(talk: Talk, given: Mapping[int, RecordingConsent]) -> bool:
    """Whether every speaker of the talk said yes; a talk without speakers has nobody's consent."""
    said = [given.get(one.speaker_id) for one in talk.appearances]
    return bool(said) and all(row is not None and row.answer == ConsentAnswer.YES for row in said)


def may_record(talk: Talk) -> bool:
    """Whether anybody at all may record the talk."""
    return talk.recorded and all_agree(talk, answers(talk))


def answer(
    talk: Talk, speaker: Speaker, *, said: ConsentAnswer, by: Account | None = None
) -> RecordingConsent:
    """Keep what the speaker says (`by`: the account that wrote it down); the same answer again
    changes nothing. Raises `NotThere` for somebody who does not speak at the talk."""
    speakers.appearance_of(talk, speaker)
    registrations.lock(talk)
    before = _standing(talk, speaker)
    if before is not None and before.answer == said:
        return before
    if before is not None:
        before.revoked_at, before.revoked_by_id = now(), _id(by)
        db.session.flush()
    given = RecordingConsent(
        talk_id=talk.id, speaker_id=speaker.id, answer=said, given_at=now(), given_by_id=_id(by)
    )
    db.session.add(given)
    db.session.flush()
    audit.record(ACTIONS[said], talk, by=by, changes={"speaker": speaker.id})
    taken_down = _take_down(talk, speaker, given, by=by) if said is ConsentAnswer.NO else 0
    mail.to_speaker(
        "recording_consent",
        speaker,
        key=f"recording-consent:{given.id}",
        talk=talk,
        params={"answer": said, "by_office": by is not None, "taken_down": taken_down > 0},
    )
    return given


def _standing(talk: Talk, speaker: Speaker) -> RecordingConsent | None:
    return db.session.scalar(
        select(RecordingConsent).where(
            RecordingConsent.talk_id == talk.id,
            RecordingConsent.speaker_id == speaker.id,
            RecordingConsent.revoked_at.is_(None),
        )
    )


def _take_down(talk: Talk, speaker: Speaker, said: RecordingConsent, *, by: Account | None) -> int:
    """Close the released recordings of the talk and their subtitles, leave them out of what is
    planned, and tell the office where there was something; returns how many were closed."""
    found = db.session.scalars(
        select(Material).where(Material.talk_id == talk.id, Material.kind.in_(releases.SPOKEN))
    ).all()
    planned = release_plans.leave_out(talk, [material.id for material in found])
    shown = [material for material in found if material.released_at is not None]
    for material in shown:
        releases.withdraw(material, by=by)
    if by is None and (found or talk.recorded):
        mail.to_office(
            "archive_notice",
            key=f"recording-refused:{said.id}",
            talk=talk,
            params={
                "what": "recording_refused",
                "talk_id": talk.id,
                "speaker": speaker.id,
                "materials": [material.id for material in shown],
                "planned": planned,
            },
        )
    return len(shown)


def _id(account: Account | None) -> int | None:
    return None if account is None else account.id
