"""Which records name which stored files, so that a file goes only when none does.

The bytes are `adapters.storage`'s; asking for their removal is `domain.materials`'.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import or_, select

from webinar.extensions import db
from webinar.models import Material, MaterialPage, Recording, RecordingCut, Upload

_COLUMNS = (
    Material.storage_key,
    Material.poster_key,
    MaterialPage.thumbnail_key,
    MaterialPage.picture_key,
    Recording.storage_key,
    RecordingCut.storage_key,
    Upload.storage_key,
)


def unused(keys: Iterable[str]) -> list[str]:
    """Those of the keys that no record names: only their bytes may go."""
    asked = list(dict.fromkeys(keys))
    named = {
        key
        for column in _COLUMNS
        for key in db.session.scalars(select(column).where(column.in_(asked)))
    }
    return [key for key in asked if key not in named]


def keys_of(material: Material) -> list[str]:
    """Every file of the material: its own, the pictures of its pages, a cut beside it."""
    cuts = select(RecordingCut.storage_key).where(RecordingCut.material_id == material.id)
    found = [material.storage_key, material.poster_key, *db.session.scalars(cuts)]
    return [key for key in found if key is not None] + picture_keys(material)


def picture_keys(material: Material) -> list[str]:
    """The pictures of its pages."""
    pages = select(MaterialPage.thumbnail_key, MaterialPage.picture_key).where(
        MaterialPage.material_id == material.id,
        or_(MaterialPage.thumbnail_key.is_not(None), MaterialPage.picture_key.is_not(None)),
    )
    return [key for row in db.session.execute(pages) for key in row if key is not None]
