"""Links by mail that set a password, for who was invited or has forgotten it.

A link is signed and carries a print of the account as it is: setting a password, deactivating the
account or sending another invitation takes it back. Nothing of it is stored; opening it changes
nothing, only its form does. Neighbour: `webinar.domain.links` for people without an account.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer

from webinar.clock import now
from webinar.domain import mail
from webinar.domain.jobs import enqueue
from webinar.errors import NotThere
from webinar.extensions import db
from webinar.models import Account
from webinar.models.base import public_id

PATH = "/kennwort/"
LONGEST_TOKEN = 300


class _Signer(TimestampSigner):
    """Signs with the time of the one clock."""

    def get_timestamp(self) -> int:
        return int(now().timestamp())


class Why(StrEnum):
    INVITATION = "invitation"
    RESET = "reset"


LIVES: dict[Why, timedelta] = {
    Why.INVITATION: timedelta(days=7),
    Why.RESET: timedelta(hours=1),
}


def token(account: Account, *, why: Why, keys: Sequence[str]) -> str:
    """What the link carries."""
    return _signer(keys).dumps([account.id, why, _print(account)])


def open_token(given: str, *, keys: Sequence[str]) -> tuple[Account, Why]:
    """The account that the link is for; raises `NotThere` for any link that no longer holds."""
    try:
        if len(given) > LONGEST_TOKEN:
            raise BadSignature("too long")
        number, kind, mark = _signer(keys).loads(given)
        why = Why(kind)
        _signer(keys).loads(given, max_age=int(LIVES[why].total_seconds()))
    except (BadSignature, ValueError, TypeError) as problem:
        raise NotThere("link_not_valid") from problem
    account = db.session.get(Account, number, populate_existing=True)
    if account is None or not account.active or mark != _print(account):
        raise NotThere("link_not_valid")
    return account, why


def ask_for_reset(account: Account | None) -> None:
    """Leave the same note for an address with an account and for one without: the mail is written
    by a job (`send_reset`), so that both take the same time."""
    enqueue("send_reset", key=f"reset:{public_id()}", account=account.id if account else 0)


def send_reset(account_id: int, *, key: str, only: str | None = None) -> None:
    """Write the mail with the link, if there is such an account; `only` the one with that address
    where the others sign in elsewhere."""
    account = db.session.get(Account, account_id)
    if account is not None and account.active and only in (None, account.email):
        mail.to_account("password_reset", account, key=key)


def _print(account: Account) -> str:
    text = f"{account.fs_uniquifier}:{account.password or ''}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _signer(keys: Sequence[str]) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        list(reversed(keys)),
        salt="webinar account link",
        signer=_Signer,
        signer_kwargs={"digest_method": hashlib.sha256},
    )
