"""What Jitsi's own modules check of a token, restated from their sources and from a real Prosody.

`token/util.lib.lua`, `luajwtjitsi.lib.lua`, `mod_token_verification.lua` of jitsi-meet, July 2026.
Nothing here asks our own library: the segments are taken apart by hand, the signature is PyJWT's.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from webinar import clock
from webinar.adapters import jitsi
from webinar.adapters.jitsi import Role, RoomClaims, SigningKey

SECRET = "a-shared-secret-of-more-than-32-bytes-äöü"
NOW = datetime(2027, 1, 14, 17, 0, tzinfo=UTC)
ROOM = "k4x2b7q5k4x2b7q5k4x2b7q5k4x2b7q5"
HOST = "meet.lra.example"
Claims = dict[str, Any]


class Refused(Exception):
    """Prosody's answer is `not-allowed`."""


@dataclass
class Prosody:
    """A server as deploy/jitsi sets one up: domain verification on, issuers and audiences named."""

    algorithm: str = "HS256"
    secret: str = SECRET
    keys: Callable[[str], str | None] | None = None
    """The key server: the public key by the file's name, as the HTTP request asks for it."""
    at: datetime = NOW

    def login(self, token: str) -> Claims:
        """`process_and_verify_token`: what is kept of the token for the session."""
        parts = token.split(".")
        if len(parts) != 3:
            raise Refused("Invalid token")
        header = json.loads(segment(parts[0]))
        if header.get("typ") != "JWT" or header.get("alg") != self.algorithm:
            raise Refused("Invalid typ or alg")
        key: Any = self.secret
        if self.keys is not None:
            key = self.public_key(header.get("kid"))
        try:
            jwt.PyJWS().decode(token, key, algorithms=[self.algorithm])
        except jwt.InvalidTokenError as wrong:
            raise Refused(str(wrong)) from wrong
        claims: Claims = json.loads(segment(parts[1]))
        self.verify(claims)
        return claims

    def public_key(self, kid: object) -> Any:
        if not isinstance(kid, str):
            raise Refused("'kid' claim is missing")
        assert self.keys is not None
        pem = self.keys(hashlib.sha256(kid.encode()).hexdigest() + ".pem")
        if pem is None:
            raise Refused("could not obtain public key")
        return load_pem_public_key(pem.encode())

    def verify(self, claims: Claims) -> None:
        """Times are numbers and have no leeway; a list as `aud` equals no string."""
        seconds = self.at.timestamp()
        for name in ("exp", "nbf"):
            if name in claims and type(claims[name]) is not int:
                raise Refused(f"{name} must be number")
        if "exp" in claims and claims["exp"] <= seconds:
            raise Refused("Not acceptable by exp")
        if "nbf" in claims and claims["nbf"] > seconds:
            raise Refused("Not acceptable by nbf")
        if claims.get("iss") != "webinar":
            raise Refused("Invalid issuer ('iss' claim)")
        if "room" not in claims:
            raise Refused("'room' claim is missing")
        if claims.get("aud") != "webinar":
            raise Refused("Invalid audience ('aud' claim)")

    def join(self, token: str, room: str = ROOM) -> Claims:
        """`verify_room` at the door of the room, `room@conference.<sub>`."""
        claims = self.login(token)
        if claims["room"] not in ("*", room) or room != room.lower():
            raise Refused("Room and token mismatched")
        if claims.get("sub") not in ("*", HOST):
            raise Refused("Domain and token mismatched")
        return claims


def segment(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def packed(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def mint(key: SigningKey | None = None, **changed: Any) -> str:
    server = jitsi.self_hosted(
        app_id="webinar",
        audience="webinar",
        subject=HOST,
        key=key or SigningKey(algorithm="HS256", material=SECRET),
    )
    given = {
        "room": ROOM,
        "user_id": "r-7Qm2",
        "name": "Dr. Katharina Weiß",
        "role": Role.PARTICIPANT,
        "expires": NOW + timedelta(hours=2),
    }
    with clock.frozen(NOW):
        return jitsi.room_token(server, RoomClaims(**{**given, **changed}))


@pytest.mark.parametrize("role", list(Role))
def test_token_passes_every_check_of_prosody(role: Role) -> None:
    claims = Prosody().join(mint(role=role))
    assert claims["room"] == ROOM
    # mod_token_affiliation looks at this mark alone.
    assert (claims["context"]["user"].get("moderator") is True) is (role is Role.MODERATOR)
    features = claims["context"]["features"]
    # filter_iq_jibri and its like: a feature that is missing is refused.
    assert all(type(granted) is bool for granted in features.values())


def test_token_holds_strings_numbers_and_switches_and_no_nulls() -> None:
    """A null in `context.user` makes Prosody's modules stumble; a mail address is logged."""
    claims = Prosody().login(mint(role=Role.MODERATOR, recording=True))
    assert {name: type(claims[name]) for name in claims} == {
        "iss": str,
        "aud": str,
        "sub": str,
        "room": str,
        "iat": int,
        "nbf": int,
        "exp": int,
        "context": dict,
    }
    user = claims["context"]["user"]
    assert {name: type(value) for name, value in user.items()} == {
        "id": str,
        "name": str,
        "moderator": bool,
    }
    assert "@" not in json.dumps(claims)


def altered(token: str, path: tuple[str, ...], value: object) -> str:
    header, payload, signature = token.split(".")
    claims = json.loads(segment(payload))
    place = claims
    for step in path[:-1]:
        place = place[step]
    assert place.get(path[-1]) != value
    place[path[-1]] = value
    return f"{header}.{packed(claims)}.{signature}"


EVERY = [
    (("iss",), "other"),
    (("aud",), "other"),
    (("sub",), "other.example"),
    (("room",), "*"),
    (("iat",), 1),
    (("nbf",), 1),
    (("exp",), 4102444800),
    (("context", "user", "id"), "r-other"),
    (("context", "user", "name"), "Landrat"),
    (("context", "user", "moderator"), True),
    (("context", "features", "recording"), True),
    (("context", "features", "livestreaming"), True),
    (("context", "features", "transcription"), True),
    (("context", "features", "screen-sharing"), True),
    (("context", "features", "send-groupchat"), False),
    (("context", "features", "create-polls"), True),
]


@pytest.mark.parametrize(("path", "value"), EVERY)
def test_token_with_any_claim_altered_is_refused(path: tuple[str, ...], value: object) -> None:
    with pytest.raises(Refused, match="Signature"):
        Prosody().login(altered(mint(), path, value))


def test_every_claim_of_the_token_is_among_the_altered() -> None:
    def paths(value: object, begin: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
        if not isinstance(value, dict):
            return {begin}
        return {path for name in value for path in paths(value[name], (*begin, name))}

    assert paths(Prosody().login(mint(role=Role.MODERATOR))) == {path for path, _value in EVERY}


@pytest.mark.parametrize("part", ["typ", "alg", "kid"])
def test_token_with_an_altered_header_is_refused(part: str) -> None:
    header, payload, signature = mint().split(".")
    changed = {**json.loads(segment(header)), part: {"alg": "none"}.get(part, "x")}
    with pytest.raises(Refused):
        Prosody().login(f"{packed(changed)}.{payload}.{signature}")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"aud": ["webinar"]}, "aud"),
        ({"exp": "4102444800"}, "exp must be number"),
        ({"nbf": "1"}, "nbf must be number"),
        ({"exp": 1}, "exp"),
        ({"nbf": 4102444800}, "nbf"),
        ({"iss": None}, "iss"),
    ],
)
def test_restated_checks_refuse_what_a_real_prosody_refused(wrong: Claims, says: str) -> None:
    """The checks can fail: each of these was refused by the real one."""
    claims = Prosody().login(mint())
    with pytest.raises(Refused, match=says):
        Prosody().verify({**claims, **wrong})


@pytest.mark.parametrize("room", ["another", ROOM.upper()])
def test_token_opens_its_own_room_only(room: str) -> None:
    with pytest.raises(Refused, match="Room"):
        Prosody().join(mint(), room)


@pytest.mark.parametrize(
    ("after", "inside"), [(-60, True), (-61, False), (7199, True), (7200, False)]
)
def test_token_opens_from_a_minute_before_the_click_to_its_end(after: int, inside: bool) -> None:
    prosody = Prosody(at=NOW + timedelta(seconds=after))
    if inside:
        assert prosody.join(mint())
    else:
        with pytest.raises(Refused, match=r"exp|nbf"):
            prosody.join(mint())


@pytest.fixture(scope="module")
def pairs() -> dict[str, rsa.RSAPrivateKey]:
    return {
        name: rsa.generate_private_key(public_exponent=65537, key_size=2048)
        for name in ("lra/2026", "lra/2027")
    }


def pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_keys_are_replaced_while_the_talk_runs(pairs: dict[str, rsa.RSAPrivateKey]) -> None:
    """Prosody fetches each id once and keeps it: tokens of both keys open, in any order."""
    published = {jitsi.key_file(name): jitsi.public_key(pem(key)) for name, key in pairs.items()}
    prosody = Prosody(algorithm="RS256", keys=published.get)
    tokens = [
        mint(SigningKey(algorithm="RS256", material=pem(key), key_id=name))
        for name, key in pairs.items()
    ]
    for token in (*tokens, *reversed(tokens)):
        assert prosody.join(token)
    withdrawn = Prosody(algorithm="RS256", keys={}.get)
    with pytest.raises(Refused, match="public key"):
        withdrawn.join(tokens[0])
    with pytest.raises(Refused):
        prosody.join(mint())  # signed with a shared secret


def test_published_key_is_the_public_half_alone(pairs: dict[str, rsa.RSAPrivateKey]) -> None:
    key = pairs["lra/2027"]
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    for material in (pem(key), public):
        found = jitsi.public_key(material)
        assert "PRIVATE" not in found
        assert load_pem_public_key(found.encode()) == key.public_key()
    with pytest.raises(ValueError, match="RSA"):
        jitsi.public_key("no key")
