"""The rows that workloads of files need: materials with their bytes, people who may open them, and
an organiser who is signed in."""

from __future__ import annotations

import hashlib
import io
import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from bench import rows
from webinar import create_app, settings_of
from webinar.adapters.storage import storage_of
from webinar.clock import now
from webinar.domain import account_sessions, links
from webinar.extensions import db
from webinar.models import (
    Account,
    AccountSession,
    Contact,
    Grant,
    Grantee,
    Invitation,
    Link,
    Material,
    MaterialKind,
    Processing,
    Purpose,
    Role,
    SignInMethod,
)
from webinar.models.base import public_id

MEBIBYTE = 1024 * 1024
FAR = datetime(2990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class File:
    """A file of the archive: its name in addresses, its key in the store, bytes, SHA-256."""

    public_id: str
    key: str
    size: int
    sha256: str

    @property
    def place(self) -> str:
        """Where it lies below the folder of files."""
        return f"/{self.key[:2]}/{self.key}"


@dataclass(frozen=True)
class Archive:
    """The files of one talk, and the paths under which the invited find them, each their own."""

    files: Sequence[File]
    paths: Sequence[str]


@dataclass(frozen=True)
class Desk:
    """The path of a talk's materials, and the cookie and the forms' proof of an organiser."""

    path: str
    cookie: str
    token: str


def archive(environ: Mapping[str, str], *, people: int, sizes: Sequence[int]) -> Archive:
    """A recording of each size, open to all the invited of one talk."""
    invited = rows.invited(environ, talks=1, people=people)[0]
    app = create_app(environ)
    settings = settings_of(app)
    with app.app_context():
        files = [_file(environ, invited.talk_id, size) for size in sizes]
        guests = select(Invitation.contact_id).where(Invitation.talk_id == invited.talk_id)
        made = [
            Link(purpose=Purpose.ARCHIVE, contact_id=one, talk_id=invited.talk_id)
            for one in db.session.scalars(select(Contact.id).where(Contact.id.in_(guests)))
        ]
        db.session.add_all(made)
        db.session.flush()
        paths = [links.address(one, base_url="", keys=settings.link_keys) for one in made]
        db.session.commit()
        db.engine.dispose()
    return Archive(files, paths)


def desk(environ: Mapping[str, str]) -> Desk:
    """An organiser, signed in, and a talk to bring files to."""
    talk_id = rows.invited(environ, talks=1, people=1)[0].talk_id
    app = create_app(environ)
    with app.app_context():
        account = Account(email="buero@lra.example", name="Kern", role=Role.ORGANISER)
        account.password, account.fs_uniquifier = "", secrets.token_hex(16)
        db.session.add(account)
        db.session.flush()
        key = public_id()
        session = AccountSession(
            account_id=account.id,
            key_hash=account_sessions.hashed(key),
            method=SignInMethod.PASSWORD,
        )
        session.created_at = session.seen_at = session.fresh_at = FAR
        db.session.add(session)
        db.session.commit()
        browser = app.test_client()
        with browser.session_transaction() as values:
            values["_user_id"] = key
        path = f"/desk/veranstaltungen/{talk_id}/unterlagen"
        page = browser.get(f"{path}/neu").text
        cookie = browser.get_cookie("webinar")
        db.engine.dispose()
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    if cookie is None or not token:
        raise RuntimeError("the organiser is not signed in")
    return Desk(path, f"webinar={cookie.value}", token)


def _file(environ: Mapping[str, str], talk_id: int, size: int) -> File:
    content = random.Random(size).randbytes(size)
    stored = storage_of(settings_of(create_app(environ))).put(io.BytesIO(content), limit=size)
    material = Material(
        talk_id=talk_id,
        kind=MaterialKind.RECORDING,
        title=f"Aufzeichnung von {size // MEBIBYTE} MiB",
        storage_key=stored.key,
        file_name="aufzeichnung.mp4",
        media_type="video/mp4",
        size=stored.size,
        sha256=stored.sha256,
        released_at=now(),
        processing=Processing.DONE,
    )
    material.grants.append(Grant(grantee=Grantee.INVITED))
    db.session.add(material)
    db.session.flush()
    return File(material.public_id, stored.key, size, hashlib.sha256(content).hexdigest())
