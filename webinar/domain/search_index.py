"""Writes what the search looks in: mirrors talks, pages and subtitles as rows of `SearchEntry`.

Whoever changes what is mirrored calls in the same transaction: `index_talk` for a talk, its
speakers and topics, `index_material` for a file once its pages or lines were read. The rows of what
is not released are there as well; who may see them is decided with each question (`search`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from webinar.domain.search_words import indexed
from webinar.extensions import db
from webinar.models import (
    EntryKind,
    Material,
    MaterialKind,
    MaterialPage,
    SearchEntry,
    Speaker,
    SubtitleCue,
    Talk,
    TalkSpeaker,
)

FULL = 25_000
LONGEST = 40_000
"""Milliseconds of speech from which a passage ends with the sentence, and at which it ends."""
PAUSE = 10_000
"""A silence this long ends it too."""
_SENTENCE_END = (".", "?", "!", "…", ":")
_MARKUP = re.compile(r"\[([^\]]*)\]\([^)]*\)|^[#>\s]*(?:[-*+]\s|\d+\.\s)?|[*_`]{1,3}", re.MULTILINE)


@dataclass(frozen=True)
class Progress:
    """How far `rebuild` has come."""

    done: int
    total: int


def index_talk(talk: Talk) -> None:
    """Write what the talk says of itself, and what its materials' rows know of it."""
    db.session.flush()
    named = [*map(_named, talk.speakers), ", ".join(topic.name for topic in talk.topics)]
    said = ". ".join(filter(None, named))
    head = indexed(talk.title, said)
    about = _plain(talk.abstract)
    text = "\n".join(filter(None, (f"{said}." if said else "", about)))
    entry = _row(talk.id, EntryKind.TALK, title=talk.title, text=text, head=head)
    mine = SearchEntry.talk_id == talk.id
    db.session.execute(delete(SearchEntry).where(mine, SearchEntry.kind == EntryKind.TALK))
    db.session.execute(insert(SearchEntry), [entry])
    others = (mine, SearchEntry.material_id.is_not(None), SearchEntry.context != head)
    db.session.execute(update(SearchEntry).where(*others).values(context=head))


def index_speaker(speaker: Speaker) -> None:
    """Write anew every talk at which the speaker appears."""
    query = select(Talk).join(TalkSpeaker).where(TalkSpeaker.speaker_id == speaker.id)
    for talk in db.session.scalars(query.order_by(Talk.id)).all():
        index_talk(talk)


def index_material(material: Material) -> None:
    """Write the pages of a file, the lines of subtitles, or the title of what has neither."""
    db.session.flush()
    db.session.execute(delete(SearchEntry).where(SearchEntry.material_id == material.id))
    found = _entries(material)
    if not found:
        return
    head = db.session.scalar(
        select(SearchEntry.head).where(
            SearchEntry.talk_id == material.talk_id, SearchEntry.kind == EntryKind.TALK
        )
    )
    about = {"material_id": material.id, "context": head or ""}
    db.session.execute(insert(SearchEntry), [entry | about for entry in found])


def rebuild() -> Iterator[Progress]:
    """Write the whole index anew, one talk after the other; the caller commits after each step, so
    that nobody waits for the whole and a second run goes on where nothing was lost."""
    ids = list(db.session.scalars(select(Talk.id).order_by(Talk.id)))
    for number, talk_id in enumerate(ids, 1):
        talk = db.session.get(Talk, talk_id)
        if talk is not None:
            index_talk(talk)
            query = select(Material).where(Material.talk_id == talk_id).order_by(Material.id)
            for material in db.session.scalars(query).all():
                index_material(material)
        yield Progress(number, len(ids))


def _entries(material: Material) -> list[dict[str, object]]:
    if material.kind == MaterialKind.SUBTITLES:
        return [_passage(material, lines) for lines in passages(_lines(material))]
    entries = [_page(material, page) for page in _pages(material) if page.text.strip()]
    if material.kind in (MaterialKind.HANDOUT, MaterialKind.LINK):
        title = material.title
        entries.append(_row(material.talk_id, EntryKind.FILE, title=title, head=indexed(title)))
    return [entry for entry in entries if entry["words"]]


def _pages(material: Material) -> Sequence[MaterialPage]:
    query = select(MaterialPage).where(MaterialPage.material_id == material.id)
    return db.session.scalars(query.order_by(MaterialPage.number)).all()


def _lines(material: Material) -> Sequence[SubtitleCue]:
    query = select(SubtitleCue).where(SubtitleCue.material_id == material.id)
    return db.session.scalars(query.order_by(SubtitleCue.start_ms, SubtitleCue.number)).all()


def _page(material: Material, page: MaterialPage) -> dict[str, object]:
    """The first line of a page is taken for its heading."""
    title, _, text = page.text.strip().partition("\n")
    head = indexed(title)
    return _row(
        material.talk_id, EntryKind.PAGE, place=page.number, title=title, text=text, head=head
    )


def passages(lines: Iterable[SubtitleCue]) -> Iterator[list[SubtitleCue]]:
    """Lines of about half a minute together, so that a sentence is not cut in two."""
    found: list[SubtitleCue] = []
    for line in lines:
        if found and _ends(found, line):
            yield found
            found = []
        found.append(line)
    if found:
        yield found


def _ends(found: list[SubtitleCue], following: SubtitleCue) -> bool:
    first, last = found[0], found[-1]
    length = last.end_ms - first.start_ms
    sentence = last.text.rstrip().endswith(_SENTENCE_END)
    return (
        following.start_ms - last.end_ms >= PAUSE
        or following.end_ms - first.start_ms > LONGEST
        or (length >= FULL and sentence)
    )


def _passage(material: Material, lines: list[SubtitleCue]) -> dict[str, object]:
    text, seconds = "", []
    for line in lines:
        seconds.append([len(text), line.start_ms // 1000])
        text += " ".join(line.text.split()) + " "
    entry = _row(
        material.talk_id, EntryKind.PASSAGE, place=lines[0].start_ms // 1000, text=text.rstrip()
    )
    return entry | {"seconds": seconds}


def _row(
    talk_id: int,
    kind: EntryKind,
    *,
    place: int = 0,
    title: str = "",
    text: str = "",
    head: str = "",
) -> dict[str, object]:
    return {
        "talk_id": talk_id,
        "material_id": None,
        "kind": kind,
        "place": place,
        "title": title,
        "text": text,
        "seconds": [],
        "words": indexed(title, text),
        "head": head,
        "context": "",
    }


def _named(speaker: Speaker) -> str:
    name = " ".join(filter(None, (speaker.title, speaker.first_name, speaker.last_name)))
    return ", ".join(filter(None, (name, speaker.role, speaker.organisation)))


def _plain(markdown: str) -> str:
    """The words of a text in Markdown, without its signs."""
    return _MARKUP.sub(lambda found: found.group(1) or "", markdown).strip()
