"""Materials without bytes, for tests of what is said of them."""

from __future__ import annotations

from dataclasses import dataclass

from webinar.domain import materials
from webinar.extensions import db
from webinar.models import Material, MaterialKind, Talk


@dataclass
class Bytes:
    """What a store would say of a file of that name."""

    key: str
    size: int = 10
    sha256: str = ""

    def __post_init__(self) -> None:
        self.sha256 = (self.key * 64)[:64]


def add(talk: Talk, kind: MaterialKind, media: str, key: str) -> Material:
    """A file of the talk that nobody sees yet, named like its key."""
    found = materials.add(
        talk,
        kind=kind,
        title=key,
        stored=Bytes(key),
        media_type=media,
        file_name=f"{key}.bin",
        by=None,
    )
    db.session.commit()
    return found


def link(talk: Talk) -> Material:
    """An address of the talk that nobody sees yet."""
    found = materials.add_link(talk, title="Seite", url="https://lra.example/", by=None)
    db.session.commit()
    return found


def slides(talk: Talk, key: str = "folien") -> Material:
    """Slides of the talk that nobody sees yet."""
    return add(talk, MaterialKind.SLIDES, "application/pdf", key)
