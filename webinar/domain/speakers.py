"""Speakers: who they are, their photo, and at which talks they appear, each with a personal link.

The link exists from the moment somebody is put on a talk; taking them off closes it. Reading the
photo is the adapters' work, sending the link the outbox's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, delete, func, select, update
from sqlalchemy.orm import joinedload

from webinar.clock import now
from webinar.domain import audit, links, mail, search_index
from webinar.domain.rows import find_or_add
from webinar.domain.shares import EVERY
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    CalendarEntry,
    ContactForm,
    Link,
    Mail,
    MailState,
    Speaker,
    Talk,
    TalkSpeaker,
)
from webinar.text import clean, normalise_address, sort_key

LANGUAGES = ("de", "en")


@dataclass(frozen=True, kw_only=True)
class SpeakerValues:
    """What a form holds of a speaker. `photo_key` names a newly stored photo; without one the
    present photo stays unless `remove_photo` says otherwise."""

    last_name: str
    email: str
    form: ContactForm = ContactForm.NEUTRAL
    title: str = ""
    first_name: str = ""
    role: str = ""
    organisation: str = ""
    language: str = "de"
    biography: str = ""
    photo_key: str | None = None
    remove_photo: bool = False
    photo_credit: str = ""
    photo_alt: str = ""


def find(speaker_id: int) -> Speaker:
    """The speaker; raises `NotThere`."""
    speaker = db.session.get(Speaker, speaker_id)
    if speaker is None:
        raise NotThere("record_missing")
    return speaker


def listed(*, search: str = "") -> Select[Speaker]:
    """All speakers by last name; `search` is found at the beginning of any word of the name."""
    query = select(Speaker).order_by(Speaker.sort_key, Speaker.id)
    for word in sort_key(search).replace("-", " ").split():
        query = query.where(
            func.replace(" " + Speaker.sort_key, "-", " ").contains(f" {word}", autoescape=True)
        )
    return query


def not_at(talk: Talk) -> Sequence[Speaker]:
    """Who could be added to the talk, by last name."""
    there = select(TalkSpeaker.speaker_id).where(TalkSpeaker.talk_id == talk.id)
    return db.session.scalars(listed().where(Speaker.id.not_in(there))).all()


def talk_counts(speakers: Sequence[Speaker]) -> dict[int, int]:
    """At how many talks each speaker appears, by the speaker's id."""
    rows = db.session.execute(
        select(TalkSpeaker.speaker_id, func.count())
        .where(TalkSpeaker.speaker_id.in_([one.id for one in speakers]))
        .group_by(TalkSpeaker.speaker_id)
    )
    return {row[0]: row[1] for row in rows}


def talks_of(speaker: Speaker, *, seen: ColumnElement[bool] = EVERY) -> Sequence[Talk]:
    """Where the speaker appears, of what is seen, the last first."""
    return db.session.scalars(
        select(Talk)
        .join(TalkSpeaker, TalkSpeaker.talk_id == Talk.id)
        .where(TalkSpeaker.speaker_id == speaker.id, seen)
        .order_by(Talk.starts_at.desc(), Talk.id)
    ).all()


def create(values: SpeakerValues, *, by: Account) -> Speaker:
    """A new speaker; raises `RuleError` without a name, with a bad address or a bare photo."""
    speaker = Speaker(photo_key=None)
    _apply(speaker, values)
    db.session.add(speaker)
    db.session.flush()
    audit.record("speaker.created", speaker, by=by)
    return speaker


def edit(speaker: Speaker, values: SpeakerValues, *, by: Account) -> str | None:
    """Change the speaker; returns the key of a photo that is no longer used, to be deleted after
    the commit."""
    before = speaker.photo_key
    _apply(speaker, values)
    changes = audit.changes_of(speaker)
    db.session.flush()
    if changes:
        audit.record("speaker.edited", speaker, by=by, changes=changes)
        search_index.index_speaker(speaker)
    return before if before != speaker.photo_key else None


def delete_speaker(speaker: Speaker, *, by: Account) -> str | None:
    """Remove a speaker who appears at no talk; returns the key of the photo to be deleted.

    What was sent stays in the outbox without the person; what was not sent yet is stopped.
    """
    count = talk_counts([speaker]).get(speaker.id, 0)
    if count:
        raise RuleError("speaker_has_talks", count=count)
    for waiting in db.session.scalars(
        select(Mail).where(
            Mail.speaker_id == speaker.id, Mail.state.in_((MailState.QUEUED, MailState.RETRY))
        )
    ):
        mail.move(waiting, MailState.ABORTED)
    db.session.flush()
    db.session.execute(
        update(Mail).where(Mail.speaker_id == speaker.id).values(speaker_id=None, recipient="")
    )
    db.session.execute(delete(Link).where(Link.speaker_id == speaker.id))
    db.session.execute(delete(CalendarEntry).where(CalendarEntry.speaker_id == speaker.id))
    audit.record("speaker.deleted", speaker, by=by)
    db.session.delete(speaker)
    db.session.flush()
    return speaker.photo_key


def add_to_talk(talk: Talk, speaker: Speaker, *, by: Account) -> TalkSpeaker:
    """Put the speaker last on the talk, with a personal link; somebody who is there stays there."""
    last = db.session.scalar(
        select(func.max(TalkSpeaker.position)).where(TalkSpeaker.talk_id == talk.id)
    )
    appearance = find_or_add(
        select(TalkSpeaker).where(
            TalkSpeaker.talk_id == talk.id, TalkSpeaker.speaker_id == speaker.id
        ),
        lambda: TalkSpeaker(
            talk_id=talk.id, speaker_id=speaker.id, position=0 if last is None else last + 1
        ),
    )
    link = links.speaker_link(speaker, talk=talk)
    if link.revoked_at is not None:
        # Taken off and put back: what was sent before stays closed.
        links.reissue(link)
    audit.record("talk.speaker_added", talk, by=by, changes={"speaker": speaker.id})
    db.session.flush()
    _order_anew(talk)
    return appearance


def remove_from_talk(talk: Talk, speaker: Speaker, *, by: Account) -> None:
    """Take the speaker off the talk and close the link."""
    appearance = appearance_of(talk, speaker)
    links.revoke(links.speaker_link(speaker, talk=talk))
    db.session.delete(appearance)
    talk.changed_at = now()  # calendars name the speakers, and the row that said so is gone
    audit.record("talk.speaker_removed", talk, by=by, changes={"speaker": speaker.id})
    db.session.flush()
    _order_anew(talk)


def move_up(talk: Talk, speaker: Speaker, *, by: Account) -> None:
    """Let the speaker stand one place further up; whoever is first stays first."""
    appearance = appearance_of(talk, speaker)
    order = list(talk.appearances)
    place = order.index(appearance)
    if place:
        order[place - 1], order[place] = order[place], order[place - 1]
    for position, one in enumerate(order):
        one.position = position
    audit.record("talk.speakers_ordered", talk, by=by)
    db.session.flush()
    _order_anew(talk)


def _order_anew(talk: Talk) -> None:
    """Forget what was read of the talk's speakers, and let it be found by those it has now."""
    db.session.expire(talk, ["appearances"])
    search_index.index_talk(talk)


def appearance_of(talk: Talk, speaker: Speaker) -> TalkSpeaker:
    """The speaker's appearance at the talk; raises `NotThere`."""
    found = db.session.scalar(
        select(TalkSpeaker).where(
            TalkSpeaker.talk_id == talk.id, TalkSpeaker.speaker_id == speaker.id
        )
    )
    if found is None:
        raise NotThere("record_missing")
    return found


def links_of(talk: Talk) -> dict[int, Link]:
    """The open personal links of the talk's speakers, by the speaker's id."""
    rows = db.session.scalars(
        select(Link)
        .where(Link.talk_id == talk.id, Link.speaker_id.is_not(None), Link.revoked_at.is_(None))
        .options(joinedload(Link.speaker))
    )
    return {link.speaker_id: link for link in rows if link.speaker_id is not None}


def sendings(found: Sequence[Link]) -> dict[int, int]:
    """How often each link was sent in its present version, by the link's id."""
    keys = {_key(link): link.id for link in found}
    counts = dict.fromkeys(keys.values(), 0)
    if not keys:
        return counts
    rows = db.session.scalars(
        select(Mail.key).where(
            Mail.key.startswith("speaker-link:"), Mail.talk_id.in_({link.talk_id for link in found})
        )
    )
    for key in rows:
        link_id = keys.get(key.rpartition(":")[0])
        if link_id is not None:
            counts[link_id] += 1
    return counts


def send_link(talk: Talk, speaker: Speaker, *, number: int, by: Account) -> None:
    """Mail the personal link for the `number`-th time; asking twice for the same number sends one
    mail."""
    appearance_of(talk, speaker)
    link = links.speaker_link(speaker, talk=talk)
    mail.to_speaker("speaker_link", speaker, key=f"{_key(link)}:{number}", talk=talk)
    audit.record("talk.speaker_link_sent", talk, by=by, changes={"speaker": speaker.id})


def _key(link: Link) -> str:
    return f"speaker-link:{link.id}:{link.version}"


def _apply(speaker: Speaker, values: SpeakerValues) -> None:
    if not clean(values.last_name):
        raise RuleError("last_name_missing", field="last_name")
    speaker.form = values.form
    speaker.title = clean(values.title)
    speaker.first_name = clean(values.first_name)
    speaker.last_name = clean(values.last_name)
    speaker.sort_key = sort_key(speaker.last_name, speaker.first_name)
    speaker.role = clean(values.role)
    speaker.organisation = clean(values.organisation)
    speaker.email = normalise_address(values.email)
    speaker.language = values.language if values.language in LANGUAGES else "de"
    speaker.biography = values.biography.replace("\r\n", "\n").strip()
    _apply_photo(speaker, values)


def _apply_photo(speaker: Speaker, values: SpeakerValues) -> None:
    """A photo is shown with who took it and with words for those who do not see it."""
    if values.photo_key is not None:
        speaker.photo_key = values.photo_key
    elif values.remove_photo:
        speaker.photo_key = None
    speaker.photo_credit = clean(values.photo_credit)
    speaker.photo_alt = clean(values.photo_alt)
    if speaker.photo_key is None:
        return
    if not speaker.photo_alt:
        raise RuleError("photo_alt_missing", field="photo_alt")
    if not speaker.photo_credit:
        raise RuleError("photo_credit_missing", field="photo_credit")
