"""Passkeys on the wire (WebAuthn Level 2): what the browser is asked, and whether its answer holds.

Keeps nothing: challenges and public keys come from the caller. The scripts on the other side are
`static/passkey.js`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

LONGEST = 20_000
"""Characters of an answer; real ones have about a thousand."""
LONGEST_ID = 1400
"""Characters of a key's id: 1023 bytes at most (WebAuthn, 4)."""
HANDLE_BYTES = 32


class Refused(Exception):
    """The answer does not prove what was asked."""


@dataclass(frozen=True)
class Site:
    """For whom the keys are: the name that they are bound to, and the page's origin."""

    host: str
    origin: str
    name: str

    @classmethod
    def of(cls, base_url: str, *, name: str) -> Site:
        found = urlsplit(base_url)
        return cls(found.hostname or "", f"{found.scheme}://{found.netloc}", name)


@dataclass(frozen=True)
class NewKey:
    credential_id: str
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]


@dataclass(frozen=True)
class Proof:
    """`verified`: the authenticator also made sure who held it, by PIN or finger."""

    sign_count: int
    verified: bool


def new_challenge() -> str:
    return bytes_to_base64url(secrets.token_bytes(32))


def new_handle() -> str:
    """What authenticators know an account by."""
    return bytes_to_base64url(secrets.token_bytes(HANDLE_BYTES))


def to_register(
    site: Site, *, challenge: str, handle: str, account: str, shown: str, known: Sequence[str]
) -> str:
    """The options, as JSON, with which a browser makes a key; not on an authenticator that has one
    of the `known`."""
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=base64url_to_bytes(handle),
        user_name=account,
        user_display_name=shown,
        challenge=base64url_to_bytes(challenge),
        exclude_credentials=_described(known),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    return webauthn.options_to_json(options)


def to_prove(site: Site, *, challenge: str, known: Sequence[str] = ()) -> str:
    """The options, as JSON, with which a browser proves a key: one of the `known`, or whichever
    the authenticator has for this site."""
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=base64url_to_bytes(challenge),
        allow_credentials=_described(known) or None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def registered(site: Site, answer: str, *, challenge: str) -> NewKey:
    """The new key that the answer holds; raises `Refused`."""
    parsed = _parsed(answer)
    try:
        found = webauthn.verify_registration_response(
            credential=parsed,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as problem:
        raise Refused(str(problem)) from problem
    response = parsed.get("response")
    named = response.get("transports") if isinstance(response, dict) else None
    words = named if isinstance(named, list) else []
    transports = [t for t in words if isinstance(t, str) and t.isascii()]
    if len(bytes_to_base64url(found.credential_id)) > LONGEST_ID:
        raise Refused("too long an id")
    return NewKey(
        credential_id=bytes_to_base64url(found.credential_id),
        public_key=found.credential_public_key,
        sign_count=found.sign_count,
        transports=tuple(t[:20] for t in transports[:8]),
    )


def key_of(answer: str) -> str:
    """Which key the answer says that it is of; raises `Refused` for what is no answer."""
    found = _parsed(answer).get("id")
    if not isinstance(found, str) or not found.isascii() or len(found) > LONGEST_ID:
        raise Refused("no id")
    return found


def proven(site: Site, answer: str, *, challenge: str, public_key: bytes, sign_count: int) -> Proof:
    """What the answer proves; raises `Refused`, also for a counter that went back: a copy."""
    try:
        found = webauthn.verify_authentication_response(
            credential=_parsed(answer),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as problem:
        raise Refused(str(problem)) from problem
    return Proof(sign_count=found.new_sign_count, verified=found.user_verified)


def _parsed(answer: str) -> dict[str, object]:
    if len(answer) > LONGEST:
        raise Refused("too long")
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError) as problem:
        raise Refused("no JSON") from problem
    if not isinstance(found, dict):
        raise Refused("no object")
    return found


def _described(known: Sequence[str]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in known]
