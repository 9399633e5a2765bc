"""Which bytes the records name: what a store must hold, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from webinar.extensions import db
from webinar.models import (
    Material,
    MaterialPage,
    Recording,
    RecordingCut,
    RecordingState,
    Speaker,
    Upload,
    UploadState,
)


@dataclass(frozen=True)
class Named:
    """A key and who names it. Size and digest are None where the record does not know them;
    `coming`: a job is about to put it there."""

    key: str
    by: str
    size: int | None = None
    sha256: str | None = None
    coming: bool = False


def named() -> list[Named]:
    """Everything that the records name, in the order of the records."""
    return [*_files(), *_pictures(), *_cuts(), *_coming()]


def in_the_making() -> int:
    """Uploads and recordings of which bytes are missing: they wait beside the store."""
    uploads = select(Upload.id).where(Upload.state == UploadState.RECEIVING)
    aside = select(Recording.id).where(Recording.state == RecordingState.RECEIVING)
    return sum(len(db.session.scalars(query).all()) for query in (uploads, aside))


def _files() -> Iterator[Named]:
    for table, word in ((Material, "material"), (Recording, "recording")):
        query = select(table.id, table.storage_key, table.size, table.sha256)
        rows = db.session.execute(query.where(table.storage_key.is_not(None)).order_by(table.id))
        for number, key, size, sha256 in rows:
            yield Named(str(key), f"{word} {number}", size, sha256)


def _pictures() -> Iterator[Named]:
    for picture in (MaterialPage.thumbnail_key, MaterialPage.picture_key):
        pages = select(picture, MaterialPage.material_id, MaterialPage.number)
        pages = pages.where(picture.is_not(None)).order_by(MaterialPage.id)
        for key, material, number in db.session.execute(pages):
            yield Named(str(key), f"page {number} of material {material}")
    stills = select(Material.poster_key, Material.id).where(Material.poster_key.is_not(None))
    for key, number in db.session.execute(stills.order_by(Material.id)):
        yield Named(str(key), f"still of material {number}")
    photos = select(Speaker.photo_key, Speaker.id).where(Speaker.photo_key.is_not(None))
    for key, number in db.session.execute(photos.order_by(Speaker.id)):
        yield Named(str(key), f"photo of speaker {number}")


def _cuts() -> Iterator[Named]:
    """What waits beside a recording for the organiser's decision."""
    query = select(RecordingCut).where(RecordingCut.storage_key.is_not(None))
    for cut in db.session.scalars(query.order_by(RecordingCut.id)):
        name = f"cut of material {cut.material_id}"
        yield Named(str(cut.storage_key), name, cut.size, cut.sha256)


def _coming() -> Iterator[Named]:
    query = select(Upload.storage_key, Upload.id).where(Upload.storage_key.is_not(None))
    for key, number in db.session.execute(query.order_by(Upload.id)):
        yield Named(str(key), f"upload {number}", coming=True)
