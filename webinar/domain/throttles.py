"""Slowing down who guesses, without shutting out a crowd behind one address.

Every try is counted before it is judged, and given back when it was right. Counted is, in this
order, for the pair of account and network address, for the account, for the address, and for all
together. Above what is free, each further try waits twice as long. From where an account signed in
not long ago only the pair counts: neither colleagues behind the same address nor a guesser
elsewhere can shut its owner out. Levels sink with time. Keys are hashes, so that no list of
addresses arises.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from webinar.clock import now
from webinar.domain.rows import find_or_add
from webinar.errors import TooMany
from webinar.extensions import db
from webinar.models import Throttle

KNOWN = timedelta(days=30)
"""So long a place counts as one from which the account signs in."""
KEPT = timedelta(days=31)


@dataclass(frozen=True)
class Limit:
    """`free` tries at once, one more for each `refill`; then waits of `first`, twice `first`, …,
    at most `longest`."""

    free: int
    refill: timedelta
    first: timedelta
    longest: timedelta

    def level(self, throttle: Throttle, *, at: datetime) -> float:
        return max(0.0, throttle.level - (at - throttle.at) / self.refill)

    def wait(self, level: float) -> timedelta:
        over = round(level) - self.free
        return min(self.longest, self.first * 2 ** min(over - 1, 20)) if over > 0 else timedelta()


SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
PAIR = Limit(free=5, refill=10 * MINUTE, first=30 * SECOND, longest=15 * MINUTE)
ACCOUNT = Limit(free=20, refill=6 * MINUTE, first=30 * SECOND, longest=15 * MINUTE)
ADDRESS = Limit(free=50, refill=MINUTE, first=5 * SECOND, longest=5 * MINUTE)
ALL = Limit(free=500, refill=6 * SECOND, first=5 * SECOND, longest=MINUTE)
RESET = Limit(free=3, refill=20 * MINUTE, first=10 * MINUTE, longest=60 * MINUTE)
Count = tuple[str, Limit]


@dataclass(frozen=True)
class Tries:
    """Counted tries of one kind; `counts` from the narrowest to the widest. `own`: the narrowest
    belongs to one account, and begins anew when the account has proven itself."""

    counts: Sequence[Count]
    own: bool = True

    def begin(self) -> None:
        """Count one try; raises `TooMany` while it has to wait. Commit before judging it."""
        moment = now()
        taken: list[Throttle] = []
        for key, limit in self.counts:
            throttle = _locked(key)
            if throttle.until is not None and throttle.until > moment:
                raise _too_many(throttle.until - moment)
            throttle.level = limit.level(throttle, at=moment) + 1
            throttle.at = moment
            waits = limit.wait(throttle.level)
            throttle.until = moment + waits if waits else None
            taken.append(throttle)
            if throttle.proven_at is not None and moment - throttle.proven_at < KNOWN:
                break  # from here the account is known to sign in: nobody else's tries count
        db.session.flush()

    def succeed(self) -> None:
        """It was right: what this try took is given back."""
        moment = now()
        for place, (key, limit) in enumerate(self.counts):
            throttle = _locked(key)
            proven = self.own and place == 0
            level = 0.0 if proven else max(0.0, limit.level(throttle, at=moment) - 1)
            throttle.level, throttle.at = level, moment
            if not limit.wait(level):
                throttle.until = None
            if proven:
                throttle.proven_at = moment
        db.session.flush()


def of_sign_in(email: str, address: str, *, secret: str) -> Tries:
    """Tries of a password for an account, known or not, from a network address."""
    return Tries(
        (
            (_key(secret, "pair", email, address), PAIR),
            (_key(secret, "account", email), ACCOUNT),
            (_key(secret, "address", address), ADDRESS),
            (_key(secret, "all"), ALL),
        )
    )


def of_proof(account_id: int, *, secret: str) -> Tries:
    """Tries of somebody whose password was right, or who is signed in: a code, the password."""
    return Tries(((_key(secret, "proof", str(account_id)), PAIR),))


def of_address(address: str, *, secret: str) -> Tries:
    """Tries that name no account, such as a passkey that nobody has."""
    counts = ((_key(secret, "address", address), ADDRESS), (_key(secret, "all"), ALL))
    return Tries(counts, own=False)


def of_reset(email: str, *, secret: str) -> Tries:
    """Mails that an address, known or not, is sent on anybody's demand."""
    return Tries(((_key(secret, "reset", email), RESET),))


def forget() -> int:
    """Drop counts that say nothing any more; returns how many."""
    old = delete(Throttle).where(Throttle.at < now() - KEPT).returning(Throttle.id)
    return len(db.session.execute(old).all())


def _locked(key: str) -> Throttle:
    query = select(Throttle).where(Throttle.key == key).with_for_update()
    return find_or_add(
        query.execution_options(populate_existing=True),
        lambda: Throttle(key=key, level=0.0, at=now()),
    )


def _key(secret: str, *parts: str) -> str:
    return hmac.new(secret.encode(), "\0".join(parts).encode(), hashlib.sha256).hexdigest()


def _too_many(left: timedelta) -> TooMany:
    seconds = max(1, int(left.total_seconds()))
    return TooMany("too_many_tries", minutes=-(-seconds // 60), seconds=seconds)
