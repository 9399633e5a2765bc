"""Who is signed in in this browser: the session cookie holds a key, the table `account_sessions`
what it opens.

Between the password and the second factor nobody is signed in: the cookie holds a note of who may
go on, for some minutes. Rules: `webinar.domain.account_sessions`.
"""

from __future__ import annotations

import time
from datetime import timedelta
from urllib.parse import urlsplit

from flask import g, request, session, url_for

from webinar.domain import account_sessions, accounts
from webinar.domain.account_sessions import Terms
from webinar.errors import NotThere, RuleError
from webinar.extensions import client_address, security
from webinar.models import Account, AccountSession, SignInMethod
from webinar.text import fingerprint
from webinar.web.settings import settings

KEY = "_user_id"
"""Where Flask-Login looks for whom it asks `_load` about."""
PENDING = "pending"
PENDING_SECONDS = 600
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
BROWSERS = (("Firefox/", "Firefox"), ("Edg/", "Edge"), ("OPR/", "Opera"), ("Chrome/", "Chrome"))
SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def register() -> None:
    """Let the library ask us who is signed in."""
    manager = security.login_manager
    manager.session_protection = None  # the key is random and ends on the server
    manager.user_loader(_load)
    # Nobody signs in by a token in a header, an address or a body.
    manager.request_loader(lambda _request: None)


def terms() -> Terms:
    found = settings().accounts
    return Terms(
        idle=timedelta(minutes=found.idle_minutes),
        whole=timedelta(hours=found.session_hours),
        fresh=timedelta(minutes=found.fresh_minutes),
    )


def keys() -> tuple[str, ...]:
    """What secrets of accounts are sealed with: the first seals, all open."""
    found = settings()
    return (found.secret_key, *found.accounts.previous_keys)


def current() -> AccountSession:
    """The session of this request; only where somebody is signed in."""
    found = g.get("account_session")
    if not isinstance(found, AccountSession):
        raise NotThere("record_missing")
    return found


def may_sign_in_here(account: Account) -> bool:
    """Whether password and passkey of ours open this account."""
    found = settings().accounts
    return found.local or account.email == found.emergency


def begin(account: Account, *, method: SignInMethod, second_factor: bool) -> None:
    """Sign the account in in this browser, with a cookie that holds nothing of before."""
    session.clear()
    found, key = account_sessions.begin(
        account, method=method, second_factor=second_factor, browser=_browser()
    )
    session[KEY] = key
    g.account_session = found


def end() -> None:
    """Sign out."""
    if isinstance(g.get("account_session"), AccountSession):
        account_sessions.end(g.account_session)
    session.clear()


def note_pending(account: Account, *, way_on: str) -> None:
    """The password was right; the second factor is asked next."""
    session.clear()
    session[PENDING] = [account.id, fingerprint(account.fs_uniquifier), int(time.time()), way_on]


def pending() -> tuple[Account, str]:
    """Whose second factor is asked, and where to go on; raises `RuleError` when it took too
    long."""
    note = session.get(PENDING)
    if not isinstance(note, list) or time.time() - note[2] > PENDING_SECONDS:
        raise RuleError("sign_in_anew")
    account = accounts.find(note[0])
    if not account.active or fingerprint(account.fs_uniquifier) != note[1]:
        raise RuleError("sign_in_anew")
    return account, str(note[3])


def way_on(typed: str) -> str:
    """The page of ours where somebody wanted to go; the desk for anything else."""
    found = urlsplit(typed)
    plain = typed.isprintable() and "\\" not in typed and not found.scheme and not found.netloc
    if plain and found.path.startswith("/desk/") and len(typed) < 1000:
        return typed
    return url_for("desk.overview")


def address_of_request() -> str:
    return client_address()


def _load(key: str) -> Account | None:
    """Flask-Login's question at the first use of the current user."""
    found = account_sessions.find(key, terms=terms())
    if found is None:
        return None
    account_sessions.note_use(found, apart=request.method in SAFE)
    g.account_session = found
    return found.account


def _browser() -> str:
    """Browser and system in words; nothing else of what the browser says of itself is kept."""
    agent = request.user_agent.string
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    if not browser and "Safari/" in agent:
        browser = "Safari"
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return ", ".join(filter(None, (browser, system)))
