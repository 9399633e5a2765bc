"""Sentences about accounts and signing in."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

SENTENCES: dict[str, LazyString] = {
    "password_short": _l("The password needs at least %(length)d characters."),
    "password_long": _l("The password may have at most %(length)d characters."),
    "password_common": _l(
        "This password is soon guessed: it is made of common words, names or rows of keys."
        " Please choose another one."
    ),
    "password_wrong": _l("The password is wrong."),
    "sign_in_wrong": _l("E-mail address or password is wrong."),
    "sign_in_anew": _l("That took too long. Please sign in again; nothing was changed."),
    "too_many_tries": _l(
        "Too many tries. Please wait %(minutes)d min; then you can go on, nothing is locked."
    ),
    "code_wrong": _l("This code is not right, or was used already. Please enter the next one."),
    "passkey_wrong": _l("This passkey does not open any account here."),
    "passkey_refused": _l("The passkey could not be added. Please try again."),
    "passkeys_enough": _l("You have %(count)d passkeys. Please remove one you no longer use."),
    "codes_without_factor": _l("Recovery codes need a passkey or an app first."),
    "account_known": _l("There is an account with this address already."),
    "account_own": _l("Another administrator has to do that: this is your own account."),
    "account_not_waiting": _l("This account has a password already, or is deactivated."),
    "account_still_active": _l("Only a deactivated account can be erased. Deactivate it first."),
    "account_inactive": _l("This account was deactivated. Please ask an administrator."),
    "last_administrator": _l("At least one administrator who can sign in has to stay."),
    "identity_without_role": _l(
        "You are signed in there, but have no access to this desk. Please ask an administrator."
    ),
    "identity_without_address": _l("The sign-in named no e-mail address. Please tell your IT."),
    "identity_not_connected": _l(
        "There is an account with your address that is not connected yet. Sign in to it and connect"
        " it under “My account”, or use the link of your invitation."
    ),
    "identity_taken": _l("That is the sign-in of another account."),
    "identity_needed": _l("Without this connection you could not sign in any more."),
    "share_not_yours": _l("Only the owner and administrators decide who sees the series."),
    "owner_cannot_write": _l("The owner has to be an organiser or administrator."),
}
