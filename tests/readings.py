"""Decks and films that many tests show are read once in each test process.

The programs that read them take a second and more, and say the same of the same bytes. What they
say, and that jobs call them and live through their failures, is proven in tests/adapters and in
tests/jobs/test_processing.py, where each file is really read; the tests of pages take it from here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from webinar.adapters import films, media
from webinar.jobs import decks

_known: dict[tuple[object, ...], Any] = {}


def share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the end of the test."""
    for place, name in ((decks, "read_pages"), (decks, "draw_pages"), (media, "probe")):
        monkeypatch.setattr(place, name, _once(name, getattr(place, name)))
    monkeypatch.setattr(films, "poster", _drawn_once(films.poster))


def _once(name: str, read: Callable[..., Any]) -> Callable[..., Any]:
    def reading(path: Path, **given: object) -> Any:
        key = (name, _sum(path), *sorted(given.items()))
        if key not in _known:
            _known[key] = read(path, **given)
        return _known[key]

    return reading


def _drawn_once(draw: Callable[..., None]) -> Callable[..., None]:
    def drawing(path: Path, target: Path, *, seconds: float, beat: films.Beat) -> None:
        key = ("poster", _sum(path), seconds)
        if key not in _known:
            draw(path, target, seconds=seconds, beat=beat)
            _known[key] = target.read_bytes()
        target.write_bytes(_known[key])

    return drawing


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
