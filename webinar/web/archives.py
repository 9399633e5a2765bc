"""What a page of the archive shows of a talk, whoever looks at it: films, slides, files.

The same page stands behind a personal link (`web.guest.archive`) and in public
(`web.public.archive`); each says which materials its reader may open, and nothing here looks
further. `?t=17:05` starts a film there also without JavaScript; `?folien=` and `?film=` put one set
of slides or one film first, so that `#seite-4` and `#t=1025` mean a page of it and its second.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from babel import Locale
from flask import request

from webinar.domain import chapters as chapters_of_films
from webinar.domain import pages as decks
from webinar.models import Chapter, Material, MaterialKind, MaterialPage
from webinar.web.language import language

MOMENT = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,3}):)?(\d{1,5})", re.ASCII)
SPEEDS = (0.75, 1, 1.25, 1.5, 1.75, 2)


@dataclass(frozen=True)
class Track:
    """Subtitles in one language, under the name of the language in that language."""

    material: Material
    label: str


@dataclass(frozen=True)
class Film:
    """`begin`: the second at which it starts."""

    recording: Material
    tracks: tuple[Track, ...]
    chapters: tuple[Chapter, ...]
    begin: int


@dataclass(frozen=True)
class Deck:
    """`anchor` and the number make the name of a page on the page: seite-4. `beside`: the pages
    have times in the first film and stand beside it."""

    material: Material
    pages: tuple[MaterialPage, ...]
    anchor: str
    beside: bool


@dataclass(frozen=True)
class View:
    """Everything on the page; `everything`: whether all files can be saved at once."""

    materials: Sequence[Material]
    films: tuple[Film, ...]
    decks: tuple[Deck, ...]
    everything: bool

    @property
    def beside(self) -> Deck | None:
        """The slides that change with the first film."""
        return next((deck for deck in self.decks if deck.beside), None)

    @property
    def searchable(self) -> bool:
        """Whether there is anything to search: pages or subtitles."""
        return bool(self.decks) or any(film.tracks for film in self.films)


def view(found: Sequence[Material]) -> View:
    """The page of what the reader may open, in the order of the desk."""
    recordings = _of(found, MaterialKind.RECORDING)
    first = recordings[0] if recordings else None
    films = _films(_put_first(recordings, "film"), found)
    timed = first is not None and bool(films) and films[0].recording.id == first.id
    return View(
        materials=found,
        films=films,
        decks=_decks(_put_first(_of(found, MaterialKind.SLIDES), "folien"), timed=timed),
        everything=sum(1 for one in found if one.storage_key is not None) > 1,
    )


def seconds(text: str) -> int:
    """Seconds from "1025", "17:05" or "1:17:05"; 0 for anything else."""
    found = MOMENT.fullmatch(text)
    if found is None:
        return 0
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + rest


def language_name(code: str, *, own: bool = False) -> str:
    """ "Deutsch", in the reader's language or in the language itself."""
    name = Locale(code).get_display_name(code if own else language())
    return f"{name[:1].upper()}{name[1:]}" if name else code


def _of(found: Sequence[Material], kind: MaterialKind) -> list[Material]:
    return [material for material in found if material.kind == kind]


def _put_first(rows: list[Material], name: str) -> list[Material]:
    asked = request.args.get(name, "")
    return sorted(rows, key=lambda row: row.public_id != asked)


def _films(recordings: list[Material], found: Sequence[Material]) -> tuple[Film, ...]:
    if not recordings:
        return ()
    subtitles = _of(found, MaterialKind.SUBTITLES)
    chapters = chapters_of_films.chapters_of(recordings)
    begin = seconds(request.args.get("t", ""))
    return tuple(
        Film(
            recording=one,
            tracks=tuple(
                Track(row, language_name(row.language or "de", own=True))
                for row in subtitles
                if row.recording_id == one.id
            ),
            chapters=tuple(chapters[one.id]),
            begin=begin if index == 0 else 0,
        )
        for index, one in enumerate(recordings)
    )


def _decks(slides: list[Material], *, timed: bool) -> tuple[Deck, ...]:
    """Each set of slides with its pages; those without any are only files to save."""
    if not slides:
        return ()
    pages = decks.pages_of(slides)
    shown = [material for material in slides if pages[material.id]]
    times = [any(one.starts_at_ms is not None for one in pages[row.id]) for row in shown]
    beside = times.index(True) if timed and True in times else None
    return tuple(
        Deck(
            material=material,
            pages=tuple(pages[material.id]),
            anchor="seite" if index == 0 else f"seite-{index + 1}",
            beside=index == beside,
        )
        for index, material in enumerate(shown)
    )
