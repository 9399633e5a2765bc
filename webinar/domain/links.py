"""Personal links: made once per holder, purpose and talk, signed, opened, revoked.

A token is `<public id>.<signature>`; the signature covers purpose, public id and version with a
key that is not in the database, so the database alone opens nothing. The same row always gives the
same token: a mail can be sent again with the link that the person already has.
Rule 4 of the domain; the reasons: docs/decisions/0005-personal-links.md.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from functools import lru_cache

from itsdangerous import Signer
from itsdangerous.encoding import base64_encode
from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.orm import contains_eager, joinedload, load_only

from webinar.clock import now
from webinar.domain import rows
from webinar.domain.rows import find_or_add
from webinar.errors import Gone, NotThere
from webinar.extensions import db
from webinar.models import Contact, Link, Purpose, Speaker, Talk, TalkSpeaker

TOKEN_LENGTH = 200
REMEMBERED = 50
"""How many versions back a token is recognised as one that was replaced."""
PATHS: dict[Purpose, str] = {
    Purpose.ANSWER: "e",
    Purpose.ENTER: "r",
    Purpose.ARCHIVE: "a",
    Purpose.SPEAKER: "s",
    Purpose.UNSUBSCRIBE: "u",
    Purpose.FEED: "f",
    Purpose.PREFERENCES: "m",
}
"""Where the pages of each purpose stand: short, since mail programs break long lines."""


def find_contact_link(
    contact: Contact, *, purpose: Purpose, talk: Talk | None = None
) -> Link | None:
    """The contact's link for the purpose, if one was made; for pages, which write nothing."""
    return rows.find(*_of_contact(contact, purpose, talk))


def contact_link(contact: Contact, *, purpose: Purpose, talk: Talk | None = None) -> Link:
    """The contact's link for the purpose, made if there is none."""
    query, given = _of_contact(contact, purpose, talk)
    return find_or_add(
        query,
        lambda: Link(
            purpose=purpose, contact_id=contact.id, talk_id=talk.id if talk is not None else None
        ),
        given=given,
    )


def provide(contact: Contact, *, purpose: Purpose, talk: Talk) -> None:
    """See to it that the contact has the link, without reading it."""
    given = {"purpose": purpose, "contact_id": contact.id, "talk_id": talk.id}
    if db.session.scalar(_THERE, given) is None:
        contact_link(contact, purpose=purpose, talk=talk)


def read_ahead(known: rows.Ahead) -> None:
    """Read the links of many people in one query."""
    query = (
        select(Link)
        .where(
            Link.contact_id.in_(known.contacts),
            or_(Link.talk_id.is_(None), Link.talk_id.in_(known.talks)),
        )
        .options(_AS_ADDRESS)
    )
    found = db.session.scalars(query).all()
    of_talk = [link for link in found if link.talk_id is not None]
    known.keep(_OF_TALK, of_talk, "purpose", "talk_id", "contact_id")
    alone = [link for link in found if link.talk_id is None]
    known.keep(_WITHOUT_TALK, alone, "purpose", "contact_id")


def speaker_link(speaker: Speaker, *, talk: Talk) -> Link:
    """The speaker's link to the talk, made if there is none."""
    query = select(Link).where(
        Link.purpose == Purpose.SPEAKER, Link.speaker_id == speaker.id, Link.talk_id == talk.id
    )
    return find_or_add(
        query, lambda: Link(purpose=Purpose.SPEAKER, speaker_id=speaker.id, talk_id=talk.id)
    )


def token(link: Link, *, keys: Sequence[str]) -> str:
    """What stands in the address; the first key signs."""
    begun = _begun(link.purpose, keys[0]).copy()
    begun.update(f"{link.public_id}.{link.version}".encode())
    return f"{link.public_id}.{base64_encode(begun.digest()).decode()}"


def address(link: Link, *, base_url: str, keys: Sequence[str]) -> str:
    """The full address that stands in a mail or a calendar."""
    return f"{base_url}/{PATHS[Purpose(link.purpose)]}/{token(link, keys=keys)}"


def open_link(text: str, *, purpose: Purpose, keys: Sequence[str], to_show: bool = False) -> Link:
    """The link behind a token; raises `NotThere` alike for unknown, forged, expired, revoked.

    `to_show`: with what a page about holder and talk says. Who acts by the link needs less.
    """
    link = _found(text, purpose=purpose, to_show=to_show)
    return valid(link, text, purpose=purpose, keys=keys)


def valid(link: Link | None, text: str, *, purpose: Purpose, keys: Sequence[str]) -> Link:
    """The link that was found for the token, if the token opens it; raises `NotThere` as
    `open_link`, after as much work for one as for the other."""
    genuine = _genuine(link, text, purpose=purpose, keys=keys)
    if link is None or not genuine or link.revoked_at is not None or _holder_gone(link):
        raise NotThere("link_not_valid")
    return link


def open_subscription(text: str, *, purpose: Purpose, keys: Sequence[str]) -> Link:
    """The same for programs that ask again and again: raises `Gone` for a link that opened once
    and was replaced or closed since, so that they stop (RFC 9110, 15.5.11)."""
    link = _found(text, purpose=purpose, to_show=False)
    genuine = _genuine(link, text, purpose=purpose, keys=keys)
    if link is None:
        raise NotThere("link_not_valid")
    if genuine and link.revoked_at is None and not _holder_gone(link):
        return link
    if genuine or _replaced(link, text, keys=keys):
        raise Gone("link_not_valid")
    raise NotThere("link_not_valid")


def given(text: str, *, purpose: Purpose) -> dict[str, object]:
    """The values of `NAMED` for the link that the token names."""
    if not text.isascii() or not text.isprintable():
        # PostgreSQL takes no NUL, and would say so instead of finding nothing.
        text = ""
    return {"public_id": _parts(text)[0], "purpose": purpose}


def _parts(text: str) -> tuple[str, str]:
    """Public id and signature."""
    public_id, _, signature = text[:TOKEN_LENGTH].partition(".")
    return public_id, signature


def _found(text: str, *, purpose: Purpose, to_show: bool) -> Link | None:
    query = (_SHOWN if to_show else _OPENED)[purpose is Purpose.SPEAKER]
    return db.session.scalars(query, given(text, purpose=purpose)).unique().one_or_none()


def _genuine(link: Link | None, text: str, *, purpose: Purpose, keys: Sequence[str]) -> bool:
    """Whether the signature is that of the link's version now."""
    public_id, signature = _parts(text)
    version = 0 if link is None else link.version
    return _signer(purpose, keys).verify_signature(f"{public_id}.{version}", signature)


def _replaced(link: Link, text: str, *, keys: Sequence[str]) -> bool:
    """Whether the token is one of the link's last versions before the present one."""
    _, signature = _parts(text)
    signer = _signer(link.purpose, keys)
    return any(
        signer.verify_signature(f"{link.public_id}.{version}", signature)
        for version in range(max(1, link.version - REMEMBERED), link.version)
    )


def reissue(link: Link) -> Link:
    """Raise the version: what was sent before opens nothing any more."""
    link.version += 1
    link.revoked_at = None
    return link


def revoke(link: Link) -> None:
    """Close the link for good."""
    link.revoked_at = now()


NAMED = select(Link).where(
    Link.public_id == bindparam("public_id"), Link.purpose == bindparam("purpose")
)
"""The link with the values of `given`."""
SHOWN = (
    NAMED.outerjoin(Link.contact)
    .outerjoin(Contact.organisation)
    .outerjoin(Link.talk)
    .outerjoin(Talk.series)
    .outerjoin(Talk.appearances)
    .outerjoin(TalkSpeaker.speaker)
    .options(
        contains_eager(Link.contact).contains_eager(Contact.organisation),
        contains_eager(Link.talk).contains_eager(Talk.series),
        contains_eager(Link.talk)
        .contains_eager(Talk.appearances)
        .contains_eager(TalkSpeaker.speaker),
    )
    .order_by(TalkSpeaker.position)
)
"""The same for a contact's link, with what a page says of holder and talk. Their tables are joined
by name: `domain.arrivals` asks for more in the same statement."""
_OPENED = (
    NAMED.options(joinedload(Link.contact)),
    NAMED.options(joinedload(Link.speaker)),
)
"""Of a contact, of a speaker. Without the talk: an act on a place reads it under its lock."""
_SHOWN = (
    SHOWN,
    _OPENED[1].options(
        joinedload(Link.talk).joinedload(Talk.series),
        joinedload(Link.talk).joinedload(Talk.appearances).joinedload(TalkSpeaker.speaker),
    ),
)
_AS_ADDRESS = load_only(Link.public_id, Link.purpose, Link.version, Link.contact_id, Link.talk_id)
_OF_CONTACT = select(Link).where(
    Link.purpose == bindparam("purpose"), Link.contact_id == bindparam("contact_id")
)
_WITHOUT_TALK = _OF_CONTACT.where(Link.talk_id.is_(None))
_OF_TALK = _OF_CONTACT.where(Link.talk_id == bindparam("talk_id"))
_THERE = _OF_TALK.with_only_columns(Link.id)


def _of_contact(
    contact: Contact, purpose: Purpose, talk: Talk | None
) -> tuple[Select[Link], dict[str, object]]:
    given: dict[str, object] = {"purpose": purpose, "contact_id": contact.id}
    return (_WITHOUT_TALK, given) if talk is None else (_OF_TALK, given | {"talk_id": talk.id})


def _holder_gone(link: Link) -> bool:
    return link.contact is not None and link.contact.erased_at is not None


def _signer(purpose: str, keys: Sequence[str]) -> Signer:
    return _made(purpose, tuple(keys))


@lru_cache(maxsize=32)
def _begun(purpose: str, key: str) -> hmac.HMAC:
    """What the signer begins each signature with: deriving the key costs more than signing."""
    return hmac.new(_signer(purpose, (key,)).derive_key(), digestmod=hashlib.sha256)


@lru_cache(maxsize=32)
def _made(purpose: str, keys: tuple[str, ...]) -> Signer:
    # itsdangerous signs with the last key of a list and verifies with all.
    return Signer(
        list(reversed(keys)), salt=f"webinar.link.{purpose}", digest_method=hashlib.sha256
    )
