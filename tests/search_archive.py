"""Puts `tests/search_corpus.py` into the database: past talks with released slides, recording and
subtitles, for everyone."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from tests import factories
from tests.search_corpus import CORPUS, Sample
from webinar.clock import now
from webinar.domain import search_index, topics
from webinar.extensions import db
from webinar.models import (
    Grant,
    Grantee,
    Material,
    MaterialKind,
    MaterialPage,
    Processing,
    SubtitleCue,
    Talk,
)

BEGIN = datetime.fromisoformat("2026-01-15T18:00:00+01:00")


def fill() -> dict[str, Talk]:
    """All talks of the corpus, by key, a fortnight apart."""
    found = {}
    for number, sample in enumerate(CORPUS):
        found[sample.key] = hold(sample, starts_at=BEGIN + timedelta(weeks=2 * number))
    db.session.commit()
    return found


def hold(sample: Sample, **values: object) -> Talk:
    """One talk with its deck and recording."""
    talk = factories.talk(title=sample.title, abstract=sample.abstract, **values)
    first_name, last_name, organisation = sample.speaker
    factories.speaker(
        talk, title="", first_name=first_name, last_name=last_name, organisation=organisation
    )
    topics.set_topics(talk, sample.topics)
    search_index.index_talk(talk)
    deck = add(talk, MaterialKind.SLIDES)
    deck.pages = [MaterialPage(number=n, text=text) for n, text in enumerate(sample.pages, 1)]
    search_index.index_material(deck)
    recording = add(talk, MaterialKind.RECORDING)
    subtitles = add(talk, MaterialKind.SUBTITLES, recording_id=recording.id, language="de")
    for number, (second, text) in enumerate(sample.cues, 1):
        db.session.add(cue(subtitles, number, second, text))
    search_index.index_material(subtitles)
    return talk


def cue(material: Material, number: int, second: int, text: str) -> SubtitleCue:
    """A line of four seconds."""
    return SubtitleCue(
        material_id=material.id,
        number=number,
        start_ms=second * 1000,
        end_ms=second * 1000 + 4000,
        text=text,
    )


def add(
    talk: Talk, kind: MaterialKind, *, open_to: Grantee | None = Grantee.EVERYONE, **values: object
) -> Material:
    """A released material; with None it was granted to nobody."""
    material = Material(
        talk_id=talk.id,
        kind=kind,
        title=kind.value.capitalize(),
        storage_key=secrets.token_hex(16),
        processing=Processing.DONE,
        released_at=now(),
        **values,
    )
    factories.save(material)
    if open_to is not None:
        factories.save(Grant(material_id=material.id, grantee=open_to))
    return material
