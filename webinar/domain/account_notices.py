"""Telling the owner of an account by mail what became of it, so that a stranger's doing is noticed.

The words are `templates/mail/account_changed`.
"""

from __future__ import annotations

from webinar.domain import mail
from webinar.models import Account
from webinar.models.base import public_id

TOLD = frozenset(
    {
        "account.password_set",
        "account.totp_added",
        "account.totp_removed",
        "account.passkey_added",
        "account.passkey_removed",
        "account.recovery_code_used",
        "account.factors_reset",
        "account.identity_added",
        "account.identity_removed",
    }
)
"""Acts that the owner hears of."""


def tell(account: Account, action: str) -> None:
    """Write the mail; each act is a cause of its own."""
    if action in TOLD:
        mail.to_account(
            "account_changed",
            account,
            key=f"account_changed:{account.id}:{public_id()}",
            params={"act": action.removeprefix("account.")},
        )
