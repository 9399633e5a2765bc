"""The office's own sign-in by OpenID Connect: authorization code with PKCE, by Authlib; the ID
token is checked by joserfc (OpenID Connect Core 1.0, 3.1.3.7).

What the provider publishes of itself is read once an hour, its keys anew when a token names one
that is not known. Whose account a person is, says `webinar.domain.identities`.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from webinar.config_accounts import OidcSettings

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
"""Signatures by keys of the provider alone; never "none", never our secret (HS256)."""
KEPT_SECONDS = 3600
LEEWAY = 60
"""Seconds that the two clocks may differ."""
WELL_KNOWN = "/.well-known/openid-configuration"


class Failed(Exception):
    """The provider is away, or what it said does not hold; the text is for the log."""


@dataclass(frozen=True)
class Begun:
    """Where the browser goes, and what the way back is checked against; kept in its session."""

    address: str
    state: str
    nonce: str
    verifier: str


class Provider:
    """One provider; knows its addresses and keys for a while. Threads may share it."""

    def __init__(self, settings: OidcSettings) -> None:
        self.settings = settings
        self._metadata: dict[str, object] = {}
        self._keys: KeySet | None = None
        self._read_at = 0.0

    def begin(self, *, callback: str, anew: bool = False) -> Begun:
        """Begin a sign-in that ends at `callback`; `anew` asks for the password even of somebody
        who is signed in there. Raises `Failed`."""
        nonce, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        more = {"prompt": "login", "max_age": "0"} if anew else {}
        with self._session(callback) as session:
            address, state = session.create_authorization_url(
                self._address("authorization_endpoint"),
                code_verifier=verifier,
                nonce=nonce,
                **more,
            )
        return Begun(address=address, state=state, nonce=nonce, verifier=verifier)

    def origin(self) -> str:
        """Scheme and host of the page where people sign in, for the content policy."""
        found = urlsplit(self._address("authorization_endpoint"))
        return f"{found.scheme}://{found.netloc}"

    def sign_out_address(self, *, back: str) -> str:
        """Where a browser ends the session at the provider and is sent `back` from, empty where the
        provider announces no such place (OpenID Connect RP-Initiated Logout 1.0, 2). The provider
        asks there, since our cookie keeps no ID token for a hint. Raises `Failed`."""
        place = self._known().get("end_session_endpoint")
        if not isinstance(place, str) or urlsplit(place).scheme not in ("https", "http"):
            return ""
        asked = {"client_id": self.settings.client_id, "post_logout_redirect_uri": back}
        return f"{place}{'&' if urlsplit(place).query else '?'}{urlencode(asked)}"

    def finish(self, begun: Begun, *, callback: str, given: Mapping[str, str]) -> dict[str, object]:
        """The claims of the ID token for the way back with the parameters `given`; raises
        `Failed`."""
        if not secrets.compare_digest(given.get("state", "").encode(), begun.state.encode()):
            raise Failed("another state came back")
        if given.get("iss", self.settings.issuer) != self.settings.issuer:
            raise Failed("another issuer came back")  # RFC 9207, 2.4
        if "error" in given or not given.get("code"):
            raise Failed(f"refused: {given.get('error', 'no code')[:80]}")
        try:
            with self._session(callback) as session:
                token = session.fetch_token(
                    self._address("token_endpoint"),
                    code=given["code"],
                    code_verifier=begun.verifier,
                    timeout=self.settings.timeout,
                    allow_redirects=False,
                )
                raw = token.get("id_token")
                if not isinstance(raw, str):
                    raise Failed("no ID token")
                claims = self._claims(raw, nonce=begun.nonce)
                return {**self._more(session, claims), **claims}
        except (AuthlibBaseError, requests.RequestException, ValueError) as problem:
            raise Failed(f"no token: {type(problem).__name__}") from problem

    def _more(self, session: OAuth2Session, claims: Mapping[str, object]) -> Mapping[str, object]:
        """What the ID token leaves to the userinfo endpoint, for the same subject (5.3.2)."""
        address = self._known().get("userinfo_endpoint")
        wanted = {"email", "name", self.settings.role_claim.partition(".")[0]} - {""}
        if wanted <= set(claims) or not isinstance(address, str):
            return {}
        answer = session.get(address, timeout=self.settings.timeout, allow_redirects=False)
        answer.raise_for_status()
        found = answer.json()
        if not isinstance(found, dict) or found.get("sub") != claims["sub"]:
            raise Failed("userinfo speaks of somebody else")
        return found

    def _claims(self, raw: str, *, nonce: str) -> dict[str, object]:
        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": self.settings.issuer},
            aud={"essential": True, "value": self.settings.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            token = self._decoded(raw)
            registry.validate(token.claims)
        except (JoseError, ValueError, KeyError, TypeError) as problem:
            raise Failed(f"ID token: {type(problem).__name__}: {problem}") from problem
        claims = dict(token.claims)
        party = claims.get("azp", self.settings.client_id)
        if party != self.settings.client_id:
            raise Failed("ID token: issued to another party")
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise Failed("ID token: no usable subject")
        return claims

    def _decoded(self, raw: str) -> jwt.Token:
        try:
            return jwt.decode(raw, self._key_set(), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            self._keys = None  # the provider may have changed its keys
            return jwt.decode(raw, self._key_set(), algorithms=ALGORITHMS)

    def _session(self, callback: str) -> OAuth2Session:
        methods = self._known().get("token_endpoint_auth_methods_supported")
        post = isinstance(methods, list) and "client_secret_basic" not in methods
        return OAuth2Session(
            self.settings.client_id,
            self.settings.client_secret,
            scope=self.settings.scope,
            redirect_uri=callback,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_post" if post else "client_secret_basic",
        )

    def _address(self, name: str) -> str:
        found = self._known().get(name)
        if not isinstance(found, str):
            raise Failed(f"the provider names no {name}")
        return found

    def _known(self) -> dict[str, object]:
        if not self._metadata or time.monotonic() - self._read_at > KEPT_SECONDS:
            found = self._read(self.settings.issuer.rstrip("/") + WELL_KNOWN)
            if found.get("issuer") != self.settings.issuer:
                raise Failed("the provider calls itself otherwise than WEBINAR_OIDC_ISSUER")
            self._metadata, self._keys, self._read_at = found, None, time.monotonic()
        return self._metadata

    def _key_set(self) -> KeySet:
        keys = self._keys
        if keys is None:
            found = self._read(self._address("jwks_uri")).get("keys")
            wanted = [
                key
                for key in (found if isinstance(found, list) else [])
                if isinstance(key, dict)
                and key.get("kty") in ("RSA", "EC", "OKP")
                and key.get("use", "sig") == "sig"
            ]
            keys = self._keys = KeySet.import_key_set({"keys": wanted})
        return keys

    def _read(self, address: str) -> dict[str, object]:
        try:
            answer = requests.get(address, timeout=self.settings.timeout, allow_redirects=False)
            answer.raise_for_status()
            found = answer.json()
        except (requests.RequestException, ValueError) as problem:
            raise Failed(f"{urlsplit(address).path}: {type(problem).__name__}") from problem
        if answer.status_code != requests.codes.ok or not isinstance(found, dict):
            raise Failed(f"{urlsplit(address).path}: status {answer.status_code}")
        return found
