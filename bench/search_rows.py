"""An archive of size to search in: 10,000 pages and 100 hours of subtitles in made-up German."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import timedelta

from sqlalchemy import insert

from webinar import create_app
from webinar.clock import now
from webinar.domain import search_index
from webinar.extensions import db
from webinar.models import (
    Format,
    Grant,
    Grantee,
    Material,
    MaterialKind,
    MaterialPage,
    Processing,
    Series,
    Speaker,
    SubtitleCue,
    Talk,
    TalkSpeaker,
    TalkState,
)
from webinar.models.base import public_id
from webinar.text import sort_key

_ROOTS = (
    "bau antrag wahl helfer straße wärme plan gebühr haushalt daten schutz verfahren friedhof "
    "wehr feuer wasser regen kinder garten schule personal rat haus amt steuer grund stück land "
    "kreis gemeinde stadt bürger meister brücke winter dienst recht satzung vergabe auftrag "
    "prüfung kosten förderung mittel energie netz strom bahn rad weg verkehr sicherheit technik "
    "akte papier post eingang frist bescheid klage beteiligung sitzung protokoll ausschuss "
    "ehrenamt"
)
PARTS = _ROOTS.split()
_STARTS = "b br d f fl g gr h k kl l m n p pf r s sch schl sp st str t tr w z"
STARTS = _STARTS.split()
_VOWELS = "a e i o u au ei ie ä ö ü"
VOWELS = _VOWELS.split()
_STOPS = "b ch ck d ft g l lt m n nd ng r rt s ss t tz"
STOPS = _STOPS.split()
ENDINGS = ("", "", "", "s", "en", "e", "er", "ung", "ungen")
TALKS, PAGES, HOURS = 100, 10_000, 100
LINE = 4
"""Seconds that a line of subtitles stands."""
ROOTS, VOCABULARY = 3_000, 20_000
FLAT = 200
"""The commonest root stands in every seventh row, the thousandth in every fortieth."""


class Language:
    """Words as German makes them: few roots, many compounds; common ones often and rare ones
    seldom, always the same."""

    def __init__(self) -> None:
        self.random = random.Random(17)
        self.roots = [*PARTS, *(self._root() for _ in range(ROOTS - len(PARTS)))]
        self._likely = [1 / (rank + FLAT) for rank in range(len(self.roots))]
        self.words = list(dict.fromkeys(self._word() for _ in range(VOCABULARY)))

    def _root(self) -> str:
        syllables = self.random.choice((1, 1, 2))
        return "".join(
            self.random.choice(STARTS) + self.random.choice(VOWELS) + self.random.choice(STOPS)
            for _ in range(syllables)
        )

    def _word(self) -> str:
        parts = self.random.choices(self.roots, self._likely, k=self.random.choice((1, 1, 2, 2, 3)))
        return "".join(parts).capitalize() + self.random.choice(ENDINGS)

    def text(self, length: int) -> str:
        return " ".join(self.random.choices(self.words, k=length)) + "."

    def questions(self, number: int) -> list[str]:
        """One to three words that occur, each as likely as in a text, a third of them parts."""
        return [self._question() for _ in range(number)]

    def _question(self) -> str:
        count = self.random.choice((1, 1, 2, 3))
        words = self.random.choices(self.words, k=count)
        if self.random.random() < 1 / 3:
            words[0] = self.random.choices(self.roots, self._likely)[0]
        return " ".join(words)


def archive(environ: Mapping[str, str], *, talks: int = TALKS) -> list[str]:
    """Fill the database and return questions to it. All of it was released to everyone."""
    language = Language()
    app = create_app(environ)
    with app.app_context():
        series = Series(slug="abende", name="Abende")
        db.session.add(series)
        speakers = [_speaker(number) for number in range(20)]
        db.session.add_all(speakers)
        db.session.flush()
        for number in range(talks):
            _talk(number, series, speakers[number % len(speakers)], language)
        db.session.commit()
        for _progress in search_index.rebuild():
            db.session.commit()
        if db.engine.dialect.name == "postgresql":
            db.session.connection().exec_driver_sql("ANALYZE")
        db.session.commit()
        db.engine.dispose()
    return language.questions(400)


def _speaker(number: int) -> Speaker:
    return Speaker(
        first_name="Katharina",
        last_name=f"Brandl{number}",
        sort_key=sort_key(f"Brandl{number}"),
        organisation=f"Gemeinde {number}",
        email=f"brandl{number}@gemeinde.example",
    )


def _talk(number: int, series: Series, speaker: Speaker, language: Language) -> None:
    """A past talk with slides and a recording, which has subtitles."""
    start = now() - timedelta(days=3 * number + 7)
    end = start + timedelta(hours=1)
    talk = Talk(
        slug=f"abend-{number}",
        uid=f"{number}@bench.example",
        series=series,
        state=TalkState.PUBLISHED,
        title=language.text(4),
        abstract=language.text(60),
        format=Format.ONLINE,
        starts_at=start,
        ends_at=end,
        local_start=start.replace(tzinfo=None),
        local_end=end.replace(tzinfo=None),
        appearances=[TalkSpeaker(speaker=speaker)],
    )
    db.session.add(talk)
    db.session.flush()
    deck = _material(talk, MaterialKind.SLIDES)
    film = _material(talk, MaterialKind.RECORDING)
    lines = _material(talk, MaterialKind.SUBTITLES, recording_id=film.id)
    db.session.execute(insert(MaterialPage), list(_pages(deck, language)))
    db.session.execute(insert(SubtitleCue), list(_cues(lines, language)))


def _pages(deck: Material, language: Language) -> Iterator[dict[str, object]]:
    for number in range(1, PAGES // TALKS + 1):
        text = f"{language.text(4)}\n{language.text(40)}"
        yield {"material_id": deck.id, "number": number, "text": text}


def _cues(subtitles: Material, language: Language) -> Iterator[dict[str, object]]:
    for number in range(HOURS * 3600 // TALKS // LINE):
        yield {
            "material_id": subtitles.id,
            "number": number + 1,
            "start_ms": number * LINE * 1000,
            "end_ms": (number + 1) * LINE * 1000,
            "text": language.text(8),
        }


def _material(talk: Talk, kind: MaterialKind, **values: int) -> Material:
    material = Material(
        talk_id=talk.id,
        kind=kind,
        title=kind.value,
        storage_key=public_id(),
        processing=Processing.DONE,
        released_at=now(),
        grants=[Grant(grantee=Grantee.EVERYONE)],
        **values,
    )
    db.session.add(material)
    db.session.flush()
    return material
