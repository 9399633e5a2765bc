"""What became of a sample evening once it was over: who came, what was put into the archive.

And what became of its mails. Neighbour: `history`, which tells what came before.
"""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

from sqlalchemy import select

from webinar import clock
from webinar.adapters import subtitles as spoken
from webinar.adapters.documents.filetypes import identify
from webinar.demo.content_types import DatedTalk, DemoMaterial
from webinar.demo.decks import FILES
from webinar.demo.stage import Desk, at, moment, working_day
from webinar.domain import (
    chapters,
    mail,
    mailings,
    materials,
    openings,
    releases,
    subtitles,
    times,
)
from webinar.domain.releases import Access, Words
from webinar.extensions import db
from webinar.models import (
    Attendance,
    AttendanceSource,
    Grantee,
    Mail,
    MailingKind,
    MailState,
    Material,
    MaterialKind,
    MaterialPage,
    Mode,
    OpeningKind,
    Registration,
    RegistrationState,
    Talk,
)
from webinar.rendering.wording import wording

_LIMIT = 64 * 1024 * 1024
_ATTENDS = 0.84


def attend(desk: Desk, talk: Talk) -> None:
    """Most who had a place came; some a little late, some did not stay to the end."""
    query = select(Registration).where(
        Registration.talk_id == talk.id, Registration.state == RegistrationState.CONFIRMED
    )
    for registration in db.session.scalars(query.order_by(Registration.id)):
        if desk.chance.random() > _ATTENDS:
            continue
        hall = registration.mode == Mode.HALL
        joined = talk.starts_at + timedelta(seconds=desk.chance.randint(-720, 420))
        left = times.end(talk) + timedelta(seconds=desk.chance.randint(-900, 480))
        with at(joined):
            db.session.add(
                Attendance(
                    talk_id=talk.id,
                    registration_id=registration.id,
                    source=AttendanceSource.HALL if hall else AttendanceSource.ROOM,
                    occupant=None if hall else registration.pseudonym,
                    joined_at=joined,
                    left_at=left,
                )
            )


def archive(desk: Desk, talk: Talk, evening: DatedTalk) -> None:
    """Slides and the rest the day after, released on the second day with a mail."""
    if not evening.talk.materials:
        return
    with at(moment(evening.day + timedelta(days=1), 11, 20)):
        added = [(_add(desk, talk, given), given.public) for given in evening.talk.materials]
    groups = {
        True: frozenset({Grantee.EVERYONE}),
        False: frozenset({Grantee.INVITED, Grantee.REGISTERED}),
    }
    with at(moment(working_day(evening.day + timedelta(days=5)), 9, 5)):
        usual = wording(MailingKind.MATERIALS, language="de")
        words: Words | None = Words(subject=usual.subject, text=usual.text)
        for public in (False, True):
            ids = [material.id for material, everyone in added if everyone is public]
            if not ids:
                continue
            access = Access(groups=groups[public])
            mailing = releases.release(
                talk, material_ids=ids, access=access, by=desk.account, words=words
            )
            words = None
            while mailing is not None and not mailings.expand(mailing):
                pass


def open_files(talk: Talk, evening: DatedTalk) -> None:
    """Some of those who had a place save the slides in the days after, or start the recording."""
    day = working_day(evening.day + timedelta(days=6))
    files = [row for row in materials.released(talk) if row.storage_key is not None]
    query = select(Registration).where(
        Registration.talk_id == talk.id, Registration.state == RegistrationState.CONFIRMED
    )
    for place in db.session.scalars(query.order_by(Registration.id)):
        opened = moment(day, 8 + place.id % 10, place.id * 7 % 60)
        if place.id % 3 or opened > clock.now():
            continue
        with at(opened):
            for file in files:
                plays = file.kind == MaterialKind.RECORDING
                kind = OpeningKind.VIEW if plays else OpeningKind.DOWNLOAD
                openings.note([file.id], kind=kind, contact_id=place.contact_id)


def _add(desk: Desk, talk: Talk, given: DemoMaterial) -> Material:
    if given.url:
        return materials.add_link(talk, title=given.title, url=given.url, by=desk.account)
    with (FILES / given.file_name).open("rb") as file:
        media_type = identify(file, filename=given.file_name).media_type
        stored = desk.storage.put(file, limit=_LIMIT)
    added = materials.add(
        talk,
        kind=MaterialKind(given.kind),
        title=given.title,
        stored=stored,
        media_type=media_type,
        file_name=given.file_name,
        by=desk.account,
        delete_on=materials.default_deletion(talk, days=desk.retention_days),
    )
    _say_more(desk, added, given)
    return added


def _say_more(desk: Desk, added: Material, given: DemoMaterial) -> None:
    """Chapters and subtitles of a recording, times of slides. The job that reads the slides fills
    the pages that stand there already."""
    times = enumerate(given.page_times, start=1)
    added.pages = [
        MaterialPage(number=number, text="", starts_at_ms=None if at < 0 else at * 1000)
        for number, at in times
    ]
    if given.chapters:
        named = [(at * 1000, title) for at, title in given.chapters]
        chapters.set_chapters(added, named, by=desk.account)
    if given.subtitles:
        read = spoken.read((FILES / given.subtitles).read_bytes())
        with BytesIO(spoken.write(read.cues)) as file:
            stored = desk.storage.put(file, limit=_LIMIT)
        subtitles.put(
            added,
            language="de",
            title="Untertitel: Deutsch",
            stored=stored,
            file_name=given.subtitles,
            lines=read.cues,
            by=desk.account,
        )


def deliver_past() -> None:
    """Mails of the past arrived then: nobody gets them today."""
    query = select(Mail).where(Mail.state == MailState.QUEUED, Mail.created_at < clock.now())
    for one in db.session.scalars(query):
        with at(one.created_at + timedelta(seconds=20 + one.id % 40)):
            mail.move(one, MailState.SENDING)
            mail.move(one, MailState.SENT)
            one.attempts, one.reply, one.sent_at = 1, "250 2.0.0 OK", clock.now()
