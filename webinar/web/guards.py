"""Who may enter a blueprint. A guard stands on the blueprint, never on a single route.

The finer rules (which record, which state) are the domain's. `GUARDS` lets a test prove that no
blueprint is open by accident.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from flask import Blueprint, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from werkzeug.exceptions import Forbidden

from webinar.domain import links, second_factors, shares
from webinar.domain.arrivals import Arrival
from webinar.errors import NotThere
from webinar.extensions import db, limiter
from webinar.models import Account, Link, Purpose, SignInMethod
from webinar.web import fresh
from webinar.web.settings import settings
from webinar.web.sign_in import sessions

Guard = Callable[[], ResponseReturnValue | None]


class Arrives(Protocol):
    """Opens a link and reads what its page says; see `webinar.domain.arrivals`."""

    def __call__(self, text: str, *, purpose: Purpose, keys: Sequence[str]) -> Arrival: ...


WRONG_LINKS = "60 per minute; 600 per hour"
"""Links of one network that open nothing; more is guessing. A link that opens is never slowed, so
that a guesser beside them keeps nobody of a whole office out."""

GUARDS: dict[str, Guard] = {}
_CARRIERS: set[str] = set()
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def guard(blueprint: Blueprint, check: Guard) -> None:
    """Put the guard in front of every route of the blueprint."""
    if blueprint.name in GUARDS:
        return  # the application is built more than once in tests; the blueprint is guarded
    GUARDS[blueprint.name] = check
    blueprint.before_request(check)


def keep_token(blueprint: Blueprint, purpose: Purpose) -> None:
    """Links between the pages of one personal link carry its token by themselves."""
    if blueprint.name in _CARRIERS:
        return
    _CARRIERS.add(blueprint.name)

    def add(_endpoint: str, values: dict[str, object]) -> None:
        if g.get("holder_of") is purpose and "token" in g:
            values.setdefault("token", g.token)

    blueprint.url_defaults(add)


def anybody() -> ResponseReturnValue | None:
    """Public pages: everybody may look, nothing personal is shown."""
    return None


def entrance() -> ResponseReturnValue | None:
    """The pages before the desk: everybody may look, nobody on the way keeps them."""
    g.personal = True
    return None


def own() -> ResponseReturnValue | None:
    """The own account: whoever is signed in, whatever the role."""
    g.personal = True
    if not current_user.is_authenticated:
        return redirect(url_for("sign_in.show", next=request.full_path.rstrip("?")))
    return fresh.asked_for()


def staff() -> ResponseReturnValue | None:
    """The desk: signed in, with a second factor where the role needs one; who may only view cannot
    change anything; talks and series of others are not there."""
    g.personal = True
    if not current_user.is_authenticated:
        return redirect(url_for("sign_in.show", next=request.full_path.rstrip("?")))
    if request.method not in SAFE and not account().may_write:
        raise Forbidden
    if _lacks_second_factor():
        return redirect(url_for("own_factors.index"), 303)
    _check_seen()
    return fresh.asked_for()


def _lacks_second_factor() -> bool:
    """Who comes by the office's own sign-in has proven there what the office asks for."""
    if account().role not in settings().accounts.second_factor_roles:
        return False
    if sessions.current().method == SignInMethod.OIDC:
        return False
    return not second_factors.has_any(account())


def _check_seen() -> None:
    """The talk or series that the address names, whatever the page."""
    named = request.view_args or {}
    if "talk_id" in named:
        # Kept, so that the page finds it without asking again.
        g.talk = shares.seen_talk(named["talk_id"], by=account())
    if "series_id" in named:
        shares.check_series(named["series_id"], by=account())


def administration() -> ResponseReturnValue | None:
    """The part of the desk that is the administrators' alone."""
    g.personal = True
    if current_user.is_authenticated and not account().administers:
        raise Forbidden
    return staff()


def holder(
    purpose: Purpose, *, shown: Arrives | None = None, clicked: Arrives | None = None
) -> Guard:
    """Pages behind a personal link: the link in the path is real, current and of this purpose.

    `shown` reads with it what the page says, `clicked` what a POST needs.
    """

    def check() -> ResponseReturnValue | None:
        g.personal = True
        g.holder_of = purpose
        token = (request.view_args or {}).pop("token", "")
        try:
            g.link = _opened(token, purpose, shown if request.method in SAFE else clicked)
        except NotThere:
            _note_wrong_link()
            raise
        g.token = token
        holder_of = g.link.contact or g.link.speaker
        if holder_of is not None:
            g.holder_language = holder_of.language
        return None

    return check


def _opened(token: str, purpose: Purpose, arrives: Arrives | None) -> Link:
    keys = settings().link_keys
    # Programs ask for a feed again and again, until they are told that it is gone.
    if purpose is Purpose.FEED:
        return links.open_subscription(token, purpose=purpose, keys=keys)
    if arrives is not None:
        found = arrives(token, purpose=purpose, keys=keys)
        g.arrival = found
        return found.link
    return links.open_link(token, purpose=purpose, keys=keys, to_show=request.method in SAFE)


@limiter.shared_limit(WRONG_LINKS, scope="wrong links")
def _note_wrong_link() -> None:
    """Counts; one too many is answered with 429 instead."""


def account() -> Account:
    """The signed-in account; only behind the guard `staff`."""
    found = db.session.get(Account, current_user.id)
    if found is None:
        raise Forbidden
    return found


def arrival() -> Arrival | None:
    """What was read with the link of this request, where that was more than the link."""
    found: Arrival | None = g.get("arrival")
    return found


def link() -> Link:
    """The link of this request; only behind the guard `holder`."""
    found = g.link
    if not isinstance(found, Link):
        raise Forbidden
    return found
