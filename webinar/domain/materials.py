"""What the archive holds of a talk: adding, describing, finding, deleting.

Releasing is `domain.releases`', who may open what `domain.grants`'; bytes are `adapters.storage`'s:
here only their keys (`domain.files`). What is read of them after the commit stands in
`domain.processing`. Rule 10.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from webinar.clock import berlin, now
from webinar.domain import audit, files, grants, jobs, processing, search_index, times
from webinar.domain.urls import checked_url
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Contact,
    Material,
    MaterialKind,
    Processing,
    Talk,
)
from webinar.text import clean

TITLE_LENGTH = 200
_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
DECKS = frozenset({"application/pdf", _OOXML + "presentationml.presentation"})
TAKES: dict[MaterialKind, frozenset[str]] = {
    MaterialKind.SLIDES: DECKS | {_ODF + "presentation"},
    MaterialKind.RECORDING: frozenset({"video/mp4", "video/webm"}),
    MaterialKind.SUBTITLES: frozenset({"text/vtt"}),
    MaterialKind.HANDOUT: DECKS
    | {_OOXML + "wordprocessingml.document", _OOXML + "spreadsheetml.sheet"}
    | {_ODF + "presentation", _ODF + "text", _ODF + "spreadsheet", "image/png", "image/jpeg"},
    MaterialKind.LINK: frozenset(),
}
"""Media types that each kind takes: a video is no set of slides, whatever its name says."""


WRONG_KIND: dict[MaterialKind, str] = {
    MaterialKind.SLIDES: "material_not_slides",
    MaterialKind.RECORDING: "material_not_recording",
    MaterialKind.SUBTITLES: "material_not_subtitles",
    MaterialKind.HANDOUT: "material_not_handout",
    MaterialKind.LINK: "material_not_link",
}


class Stored(Protocol):
    """What a store says of the bytes that it took."""

    @property
    def key(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> str: ...


def check_kind(kind: MaterialKind, *, media_type: str) -> None:
    """Raises `RuleError` on `file` where that kind takes no such files."""
    if media_type not in TAKES[kind]:
        raise RuleError(WRONG_KIND[kind], field="file")


def add(
    talk: Talk,
    *,
    kind: MaterialKind,
    title: str,
    stored: Stored,
    media_type: str,
    file_name: str,
    by: Account | None,
    delete_on: date | None = None,
) -> Material:
    """Put a stored file to the talk, unpublished, and ask for its pages to be read.

    `title` may be empty: then the file's name gives it. Raises `RuleError` on `file` for a kind
    that does not take such files and for bytes that the talk already has; the caller then removes
    what was stored.
    """
    check_kind(kind, media_type=media_type)
    twin = twin_of(talk, sha256=stored.sha256)
    if twin is not None:
        raise RuleError("material_already_there", field="file", title=twin.title)
    material = Material(
        kind=kind,
        title=_title(title or title_from(file_name)),
        storage_key=stored.key,
        file_name=file_name[:255],
        media_type=media_type,
        size=stored.size,
        sha256=stored.sha256,
        delete_on=delete_on,
    )
    append(material, talk=talk, by=by)
    processing.ask(material)
    return material


def twin_of(talk: Talk, *, sha256: str) -> Material | None:
    """What the talk has of the same bytes, as they are stored or as they came in."""
    same = or_(Material.sha256 == sha256, Material.sent_sha256 == sha256)
    return db.session.scalar(_ordered(Material.talk_id == talk.id, same).limit(1))


def add_link(talk: Talk, *, title: str, url: str, by: Account | None) -> Material:
    """Put an address to the talk, unpublished. Raises `RuleError` on `url`."""
    address = checked_url(url)
    name = title or urlsplit(address).hostname or address
    material = Material(
        kind=MaterialKind.LINK, title=_title(name), url=address, processing=Processing.DONE
    )
    append(material, talk=talk, by=by)
    search_index.index_material(material)
    return material


def edit(
    material: Material, *, title: str, delete_on: date | None, by: Account, url: str | None = None
) -> None:
    """Change title, deletion date and, of a link, its address."""
    if delete_on is not None and delete_on <= today() and delete_on != material.delete_on:
        raise RuleError("deletion_in_past", field="delete_on")
    material.title = _title(title)
    material.delete_on = delete_on
    if material.kind == MaterialKind.LINK and url is not None:
        material.url = checked_url(url)
    changes = audit.changes_of(material)
    if changes:
        audit.record("material.edited", material, by=by, changes=changes)
        search_index.index_material(material)
    for one in db.session.scalars(select(Material).where(Material.recording_id == material.id)):
        one.delete_on = delete_on


def delete(material: Material, *, by: Account | None) -> None:
    """Remove the record, of a recording with its subtitles; a job removes their bytes after the
    commit, and no others."""
    for one in db.session.scalars(select(Material).where(Material.recording_id == material.id)):
        delete(one, by=by)
    keys = files.keys_of(material)
    audit.record("material.deleted", material, by=by, changes={"kind": material.kind})
    remove_files(keys, cause=material.public_id)
    db.session.delete(material)
    db.session.flush()


def replace_bytes(material: Material, *, stored: Stored) -> None:
    """The same file in another order, or cut: what it was goes after the commit."""
    old = material.storage_key
    material.sent_sha256 = material.sent_sha256 or material.sha256
    material.storage_key, material.size, material.sha256 = stored.key, stored.size, stored.sha256
    db.session.flush()
    remove_files([old] if old is not None else [], cause=f"{material.public_id}:{stored.key}")


def remove_files(keys: Sequence[str], *, cause: str) -> None:
    """Have the bytes of these keys removed once this transaction is written."""
    if keys:
        jobs.enqueue("delete_files", key=f"delete-files:{cause}", keys=list(keys))


def expired() -> list[Material]:
    """What has reached its deletion date."""
    query = select(Material).where(Material.delete_on <= today()).order_by(Material.id)
    return list(db.session.scalars(query))


def of_talk(talk: Talk) -> list[Material]:
    """Everything that the desk has for the talk, in order, with its grants."""
    query = _ordered(Material.talk_id == talk.id).options(selectinload(Material.grants))
    return list(db.session.scalars(query))


def has_recording(talk: Talk) -> bool:
    """Whether pages of slides can be given times."""
    query = _ordered(Material.talk_id == talk.id, Material.kind == MaterialKind.RECORDING)
    return db.session.scalar(query.limit(1)) is not None


def one_of(talk: Talk, *, material_id: int) -> Material:
    """The talk's material of that number; raises `NotThere` also for another talk's."""
    found = db.session.scalar(_ordered(Material.talk_id == talk.id, Material.id == material_id))
    return _there(found)


def visible_to(talk: Talk, contact: Contact) -> list[Material]:
    """What the contact may open of the talk, in order: released, granted, not yet expired."""
    given = {"talk_id": talk.id, "contact_id": contact.id, "today": today()}
    return list(db.session.scalars(_VISIBLE, given))


def find_visible(talk: Talk, contact: Contact, *, public_id: str) -> Material:
    """One of `visible_to` by its public name; raises `NotThere` alike for whatever is not."""
    query = _ordered(*_shown(talk), grants.opens(contact.id), Material.public_id == public_id)
    return _there(db.session.scalar(query))


def public_materials(talk: Talk) -> list[Material]:
    """What was released to everyone, in order."""
    return list(db.session.scalars(_ordered(*_shown(talk), grants.opens_to_everyone())))


def find_public(talk: Talk, *, public_id: str) -> Material:
    """One of `public_materials` by its public name; raises `NotThere` for whatever is not."""
    query = _ordered(*_shown(talk), grants.opens_to_everyone(), Material.public_id == public_id)
    return _there(db.session.scalar(query))


def released(talk: Talk) -> list[Material]:
    """Whatever was released to anybody: what the talk's own speakers may see."""
    return list(db.session.scalars(_ordered(*_shown(talk))))


def find_released(talk: Talk, *, public_id: str) -> Material:
    """One of `released` by its public name; raises `NotThere` for whatever is not."""
    return _there(db.session.scalar(_ordered(*_shown(talk), Material.public_id == public_id)))


def default_deletion(talk: Talk, *, days: int) -> date:
    """The day on which a file of the talk goes: `days` after its end, or after today if later."""
    return berlin(max(times.end(talk), now())).date() + timedelta(days=days)


def today() -> date:
    """The office's day."""
    return berlin(now()).date()


def title_from(file_name: str) -> str:
    """A readable title: the name without its extension, with blanks for underscores."""
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", file_name)
    return clean(stem.replace("_", " ")) or file_name


def append(material: Material, *, talk: Talk, by: Account | None) -> None:
    """Put the new record behind the talk's others."""
    last = db.session.scalar(select(func.max(Material.position)).where(Material.talk_id == talk.id))
    material.talk = talk
    material.position = (last or 0) + 1
    db.session.add(material)
    db.session.flush()
    audit.record("material.added", material, by=by, changes={"kind": material.kind})


def _title(raw: str) -> str:
    title = clean(raw)[:TITLE_LENGTH]
    if not title:
        raise RuleError("material_title_missing", field="title")
    return title


def _shown(talk: Talk) -> tuple[ColumnElement[bool], ...]:
    return _released(talk.id, today())


def _released(
    talk_id: int | BindParameter[int], day: date | BindParameter[date]
) -> tuple[ColumnElement[bool], ...]:
    return (Material.talk_id == talk_id, *grants.released(day))


def _ordered(*conditions: ColumnElement[bool]) -> Select[Material]:
    query = select(Material).where(*conditions).options(joinedload(Material.talk))
    return query.order_by(Material.position, Material.id)


def _there(found: Material | None) -> Material:
    if found is None:
        raise NotThere("material_missing")
    return found


_VISIBLE = _ordered(
    *_released(bindparam("talk_id"), bindparam("today")), grants.opens(bindparam("contact_id"))
)
"""Built once: every personal page asks it."""
