"""The settings of staff accounts: sessions, second factors, and the office's own sign-in (OIDC).

Read and checked by `webinar.config`, whose reader collects what is wrong. Names and meanings:
docs/operators.md, "Accounts".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

ROLES = ("admin", "organiser", "viewer")
"""From much to little: of several roles that a provider names the first counts."""
KEY_LENGTH = 32


class Reader(Protocol):
    """What this module needs of `config`'s reader."""

    def text(self, name: str, default: str = "") -> str: ...
    def number(self, name: str, default: int, *, least: int = 0) -> int: ...
    def flag(self, name: str, default: bool) -> bool: ...
    def refuse(self, name: str, why: str) -> None: ...


@dataclass(frozen=True)
class OidcSettings:
    """The office's own sign-in by OpenID Connect; without `issuer` there is none."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    label: str
    """What people know it by: "Dienstkonto"."""
    scope: str
    role_claim: str
    """Where in the ID token the roles stand, with dots between the levels; empty: nowhere."""
    roles: Mapping[str, str]
    """From a value of the claim to our role."""
    default_role: str
    """Of whom the claim says nothing; empty: they do not come in."""
    timeout: int

    @property
    def used(self) -> bool:
        return bool(self.issuer)


@dataclass(frozen=True)
class AccountSettings:
    """How staff sign in, and for how long. Times in minutes or hours as named."""

    idle_minutes: int
    session_hours: int
    fresh_minutes: int
    """How long after proving who one is dangerous things may be done without proving it again."""
    second_factor_roles: frozenset[str]
    """Roles that need a second factor."""
    local: bool
    """Whether people sign in with password or passkey of ours."""
    emergency: str
    """The address of the one account that still does where `local` is off."""
    previous_keys: tuple[str, ...] = field(repr=False)
    """Earlier values of the secret key; what they sealed can still be opened."""
    oidc: OidcSettings


def read(reader: Reader) -> AccountSettings:
    """The settings as they stand in the environment."""
    keys = reader.text("PREVIOUS_SECRET_KEYS").split(",")
    return AccountSettings(
        idle_minutes=reader.number("SESSION_IDLE_MINUTES", 60, least=1),
        session_hours=reader.number("SESSION_HOURS", 12, least=1),
        fresh_minutes=reader.number("SESSION_FRESH_MINUTES", 15, least=1),
        second_factor_roles=frozenset(_listed(reader.text("SECOND_FACTOR_ROLES").lower())),
        local=reader.flag("LOCAL_SIGN_IN", default=True),
        emergency=reader.text("EMERGENCY_ACCOUNT").lower(),
        previous_keys=tuple(key.strip() for key in keys if key.strip()),
        oidc=_oidc(reader),
    )


def _oidc(reader: Reader) -> OidcSettings:
    given = {
        "viewer": reader.text("OIDC_ROLE_VIEWER"),
        "organiser": reader.text("OIDC_ROLE_ORGANISER"),
        "admin": reader.text("OIDC_ROLE_ADMIN"),
    }
    # A value that stands twice means the greater role, which comes later.
    roles = {value: role for role, values in given.items() for value in _listed(values)}
    return OidcSettings(
        issuer=reader.text("OIDC_ISSUER"),
        client_id=reader.text("OIDC_CLIENT_ID"),
        client_secret=reader.text("OIDC_CLIENT_SECRET"),
        label=reader.text("OIDC_LABEL", "Dienstkonto"),
        scope=reader.text("OIDC_SCOPE", "openid email profile"),
        role_claim=reader.text("OIDC_ROLE_CLAIM"),
        roles=roles,
        default_role=reader.text("OIDC_DEFAULT_ROLE").lower(),
        timeout=reader.number("OIDC_TIMEOUT_SECONDS", 10, least=1),
    )


def check(reader: Reader, found: AccountSettings, *, production: bool) -> None:
    """Refuse what does not fit together."""
    if any(len(key.encode()) < KEY_LENGTH for key in found.previous_keys):
        reader.refuse("PREVIOUS_SECRET_KEYS", f"holds a key of fewer than {KEY_LENGTH} bytes")
    for role in sorted(found.second_factor_roles - set(ROLES)):
        reader.refuse("SECOND_FACTOR_ROLES", f"knows no '{role}', only {', '.join(ROLES)}")
    if found.idle_minutes > found.session_hours * 60:
        reader.refuse("SESSION_IDLE_MINUTES", "must not exceed WEBINAR_SESSION_HOURS")
    if not found.local:
        if not found.oidc.used:
            reader.refuse("LOCAL_SIGN_IN", "can only be off beside WEBINAR_OIDC_ISSUER")
        if "@" not in found.emergency:
            reader.refuse("EMERGENCY_ACCOUNT", "is missing: who comes in when the provider fails")
    if found.oidc.used:
        _check_oidc(reader, found.oidc, production=production)


def _check_oidc(reader: Reader, oidc: OidcSettings, *, production: bool) -> None:
    address = urlsplit(oidc.issuer)
    secure = address.scheme == "https"
    if not (secure or (address.scheme == "http" and _loopback(address.hostname or ""))):
        reader.refuse("OIDC_ISSUER", "must begin with https://")
    elif production and not secure:
        reader.refuse("OIDC_ISSUER", "must begin with https:// in production")
    for name in ("client_id", "client_secret"):
        if not getattr(oidc, name):
            reader.refuse(f"OIDC_{name.upper()}", "is missing beside WEBINAR_OIDC_ISSUER")
    if "openid" not in oidc.scope.split():
        reader.refuse("OIDC_SCOPE", "must contain openid")
    if oidc.default_role not in ("", *ROLES):
        reader.refuse("OIDC_DEFAULT_ROLE", f"must be empty or one of {', '.join(ROLES)}")
    if oidc.role_claim and not oidc.roles:
        reader.refuse("OIDC_ROLE_CLAIM", "needs WEBINAR_OIDC_ROLE_ADMIN, _ORGANISER or _VIEWER")
    if oidc.roles and not oidc.role_claim:
        reader.refuse("OIDC_ROLE_CLAIM", "is missing: in which claim the roles stand")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
