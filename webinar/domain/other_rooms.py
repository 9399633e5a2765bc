"""Another meeting in the room's place, when the room itself fails: put there in one step, before
everybody who is expected online and the speakers, by page and by mail; and taken back.

The pages show it because `domain.rooms` sends nobody into the room while it stands there. A mail
that was not sent when the address changes again is not sent any more (`still_so`).
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from sqlalchemy import select

from webinar.clock import now
from webinar.domain import audit, mail, registrations, times
from webinar.domain.rooms import Terms
from webinar.domain.urls import checked_url
from webinar.errors import RuleError
from webinar.extensions import db
from webinar.models import (
    Account,
    Contact,
    Mail,
    Mode,
    Registration,
    RegistrationState,
    Talk,
    TalkState,
)

PUT, BACK = "other_room", "room_back"
TEMPLATES = frozenset({PUT, BACK})
LENGTH = 500


def checked(raw: str) -> str:
    """The address of a meeting; raises `RuleError` on `url`. https alone: people are led there
    from a page that they trust."""
    url = checked_url(raw)
    if len(url) > LENGTH:
        raise RuleError("url_not_valid", field="url")
    if urlsplit(url).scheme.lower() != "https":
        raise RuleError("url_not_https", field="url")
    return url


def host(url: str) -> str:
    """Where the address leads, as it is shown beside it."""
    return urlsplit(url).hostname or ""


def put(talk: Talk, *, url: str, terms: Terms, by: Account) -> int:
    """Put that meeting in the room's place and tell everybody; returns how many people.

    The same address again changes nothing. Raises `RuleError` for a bad address, and for a talk
    that has no room, is not published, or is over.
    """
    url = checked(url)
    _begin(talk, terms)
    if talk.other_room == url:
        return 0
    talk.other_room, talk.other_room_at = url, now()
    audit.record("room.replaced", talk, by=by, changes={"leads_to": host(url)})
    db.session.flush()
    return _tell(talk, PUT, since=talk.other_room_at.isoformat(), params={"url": url})


def take_back(talk: Talk, *, terms: Terms, by: Account) -> int:
    """The room itself works again: lead everybody back into it and tell them; returns how many."""
    _begin(talk, terms)
    since = talk.other_room_at
    if since is None:
        return 0
    talk.other_room, talk.other_room_at = "", None
    audit.record("room.restored", talk, by=by)
    db.session.flush()
    return _tell(talk, BACK, since=since.isoformat(), params={})


def told(talk: Talk) -> int:
    """How many people `put` and `take_back` would tell now."""
    return len(_expected(talk)) + len(talk.appearances)


def still_so(sent: Mail, talk: Talk) -> bool:
    """Whether what the mail says of the room holds at this moment."""
    return bool(talk.other_room == (sent.params["url"] if sent.template == PUT else ""))


def _begin(talk: Talk, terms: Terms) -> None:
    registrations.lock(talk)
    if talk.state == TalkState.CANCELLED:
        raise RuleError("talk_cancelled")
    if talk.state != TalkState.PUBLISHED:
        raise RuleError("talk_not_published")
    if not talk.online:
        raise RuleError("talk_without_room")
    if now() >= terms.guests(talk).closes_at:
        raise RuleError("evening_over")


def _expected(talk: Talk) -> Sequence[Contact]:
    """Who holds a place online and is still in office."""
    return db.session.scalars(
        select(Contact)
        .join(Registration, Registration.contact_id == Contact.id)
        .where(
            Registration.talk_id == talk.id,
            Registration.state == RegistrationState.CONFIRMED,
            Registration.mode == Mode.ONLINE,
            Contact.retired_at.is_(None),
            Contact.erased_at.is_(None),
        )
        .order_by(Contact.id)
    ).all()


def _tell(talk: Talk, template: str, *, since: str, params: dict[str, str]) -> int:
    """One mail each, by the moment since when the other meeting stands there."""
    key, ends = f"{template}:{talk.id}:{since}", times.end(talk)
    contacts = _expected(talk)
    mail.to_contacts(template, contacts, key=key, talk=talk, not_after=ends, params=params)
    for speaker in talk.speakers:
        mail.to_speaker(
            template,
            speaker,
            key=f"{key}:speaker-{speaker.id}",
            talk=talk,
            not_after=ends,
            params=dict(params),
        )
    return len(contacts) + len(talk.speakers)
