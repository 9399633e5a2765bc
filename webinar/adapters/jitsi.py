"""Room names, tokens and links of a Jitsi server, self-hosted or JaaS.

Decides nothing: who may enter, when, and in which role comes from the caller, who mints a token at
the very click and answers with `Cache-Control: no-store`. Neighbour: the routes for Jitsi's own
calls (reservation, attendance), which know rooms by the names made here.

A token names no e-mail address: Jitsi logs whole tokens when they do not fit.
"""

import hashlib
import re
import secrets
from base64 import b32encode
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Literal
from urllib.parse import quote

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey, RSAKey

from webinar import clock
from webinar.config import JitsiMode, JitsiSettings

ROOM_BYTES = 20  # 160 random bits; nobody may guess a room
SECRET_BYTES = 32  # RFC 7518 3.2: at least as long as the hash
RSA_BITS = 2048  # RFC 7518 3.3
CLOCK_SKEW = 60  # seconds; Prosody allows none by itself

_ROOM = re.compile(r"[a-z0-9-]+")
_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?")
_MAIL_DOMAIN = re.compile(r"@\S*")

Algorithm = Literal["HS256", "RS256"]


class Role(StrEnum):
    """What somebody may do in a room."""

    PARTICIPANT = "participant"
    SPEAKER = "speaker"
    MODERATOR = "moderator"


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningKey:
    """The shared secret (HS256) or the private key as PEM (RS256), and its name for the server.

    `key_id` becomes the header's `kid`, RS256 always has one. A key is replaced by a new one under
    a new id: the server asks for the key of each id that it meets (`key_file`), so tokens of the
    old one stay valid to their end.
    """

    algorithm: Algorithm
    material: str = field(repr=False)
    key_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """Who signs, and what a Jitsi server expects in `iss`, `aud` and `sub`."""

    issuer: str
    audience: str
    subject: str
    key: SigningKey
    jaas: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomClaims:
    """One person's entry to one room.

    `user_id` is the stable pseudonym of the registration, it comes back with the attendance.
    `expires` (aware) is the end of the talk plus the longest overrun: it is checked at each login,
    so a reconnect after it fails. `recording` says whether this talk is recorded at all.
    """

    room: str
    user_id: str
    name: str
    role: Role
    expires: datetime
    recording: bool = False


def self_hosted(*, app_id: str, audience: str, subject: str, key: SigningKey) -> Server:
    """An own server: `subject` is its XMPP domain or the tenant."""
    return Server(issuer=app_id, audience=audience, subject=subject, key=key)


def jaas(*, app_id: str, key: SigningKey) -> Server:
    """8x8's JaaS: RS256, and the key's id begins with the AppID."""
    if key.algorithm != "RS256" or not key.key_id.startswith(f"{app_id}/"):
        raise ValueError("JaaS takes RS256 with a key id of the form <AppID>/<key>")
    return Server(issuer="chat", audience="jitsi", subject=app_id, key=key, jaas=True)


def server_of(settings: JitsiSettings) -> Server:
    """The server as the settings name it; ValueError where they name none."""
    if settings.mode is JitsiMode.NONE:
        raise ValueError("the settings name no server")
    key = SigningKey(
        algorithm="HS256" if settings.mode is JitsiMode.HS256 else "RS256",
        material=settings.secret,
        key_id=settings.key_id,
    )
    if settings.mode is JitsiMode.JAAS:
        return jaas(app_id=settings.app_id, key=key)
    return self_hosted(
        app_id=settings.app_id, audience=settings.audience, subject=settings.subject, key=key
    )


def room_name() -> str:
    """A new name of 32 characters of [a-z2-7] with 160 random bits."""
    return b32encode(secrets.token_bytes(ROOM_BYTES)).decode("ascii").lower()


def check_secret(secret: str) -> None:
    """ValueError for a shared secret under 32 bytes: joserfc would sign with it."""
    if len(secret.encode()) < SECRET_BYTES:
        raise ValueError(f"Jitsi's shared secret needs at least {SECRET_BYTES} bytes")


def check_key(key: SigningKey) -> None:
    """ValueError for a key that must not or cannot sign; for the check of settings at the start."""
    _signing_key(key)


def public_key(material: str) -> str:
    """The public half of an RSA key, private or public, as PEM; ValueError for anything else."""
    return str(_rsa_key(material).as_pem(private=False).decode("ascii"))


def key_file(key_id: str) -> str:
    """The name under which Prosody asks its key server for the key of that id.

    `get_public_key` of Jitsi's `token/util.lib.lua`: the SHA-256 of the id in hex, and `.pem`.
    """
    return hashlib.sha256(key_id.encode()).hexdigest() + ".pem"


def room_token(server: Server, claims: RoomClaims) -> str:
    """The signed token (JWS compact) for one person, valid from a minute ago to `claims.expires`.

    ValueError for a room name outside [a-z0-9-] (a `*` would open all rooms), a pseudonym that is
    empty or looks like an address, an end that is naive or past, and keys that must not sign.
    """
    header = {"typ": "JWT", "alg": server.key.algorithm}
    if server.key.key_id:
        header["kid"] = server.key.key_id
    key = _signing_key(server.key)
    return jwt.encode(header, _payload(server, claims), key, [server.key.algorithm])


def meeting_url(host: str, room: str, token: str, *, tenant: str = "", language: str = "de") -> str:
    """The plain link into the room; `host` without scheme, `tenant` the AppID at JaaS.

    The token stands in the fragment, which browsers send to no server, so that no log keeps it.
    The settings behind it say once more what the server's configuration should say anyway.
    """
    if not _HOST.fullmatch(host):
        raise ValueError("a host is a name, perhaps with a port")
    path = f"{quote(tenant, safe='')}/{_checked_room(room)}" if tenant else _checked_room(room)
    fragment = "&".join([f"jwt=%22{quote(token, safe='.-_')}%22", *_LINK_SETTINGS])
    return f"https://{host}/{path}?lang={quote(language, safe='')}#{fragment}"


# From the list of settings that Jitsi accepts in a link (configWhitelist).
_LINK_SETTINGS = (
    "config.prejoinConfig.enabled=true",
    "config.startWithAudioMuted=true",
    "config.startWithVideoMuted=true",
    "config.readOnlyName=true",
    "config.disableInviteFunctions=true",
    "config.disableThirdPartyRequests=true",
)


def _payload(server: Server, claims: RoomClaims) -> dict[str, object]:
    issued = int(clock.now().timestamp())
    return {
        "iss": server.issuer,
        "aud": server.audience,
        "sub": server.subject,
        "room": _checked_room(claims.room),
        "iat": issued,
        "nbf": issued - CLOCK_SKEW,
        "exp": _expiry(claims.expires, after=issued),
        "context": {
            "user": _user(claims, jaas=server.jaas),
            "features": _features(claims),
        },
    }


def _user(claims: RoomClaims, *, jaas: bool) -> dict[str, object]:
    if not claims.user_id or "@" in claims.user_id:
        raise ValueError("a user id is a pseudonym")
    # Some people type their address into the field for the name.
    user: dict[str, object] = {
        "id": claims.user_id,
        "name": " ".join(_MAIL_DOMAIN.sub(" ", claims.name).split()),
    }
    moderates = claims.role is Role.MODERATOR
    if jaas:
        user["moderator"] = "true" if moderates else "false"
    elif moderates:
        user["moderator"] = True
    return user


def _features(claims: RoomClaims) -> dict[str, bool]:
    """Every feature by name: once the object is there, a missing one means no, and so we say it.

    Livestreaming and transcription would hand voices to third parties: nobody gets them.
    """
    presents = claims.role is not Role.PARTICIPANT
    return {
        "recording": claims.recording and claims.role is Role.MODERATOR,
        "livestreaming": False,
        "transcription": False,
        "screen-sharing": presents,
        "send-groupchat": True,
        "create-polls": presents,
    }


def _expiry(expires: datetime, *, after: int) -> int:
    if expires.tzinfo is None:
        raise ValueError("a token ends at an aware datetime")
    seconds = int(expires.timestamp())
    if seconds <= after:
        raise ValueError("a token that ends before it begins opens nothing")
    return seconds


def _checked_room(room: str) -> str:
    if not _ROOM.fullmatch(room):
        raise ValueError("a room's name has only a-z, 0-9 and hyphens")
    return room


@lru_cache(maxsize=4)
def _signing_key(key: SigningKey) -> OctKey | RSAKey:
    """The key as joserfc takes it; kept, since reading a PEM takes longer than signing."""
    if key.algorithm == "HS256":
        check_secret(key.material)
        return OctKey.import_key(key.material)
    if not key.key_id:
        raise ValueError("RS256 needs a key id, by which the server finds the public key")
    rsa = _rsa_key(key.material)
    if rsa.private_key is None or rsa.private_key.key_size < RSA_BITS:
        raise ValueError(f"RS256 needs a private RSA key of at least {RSA_BITS} bits")
    return rsa


def _rsa_key(material: str) -> RSAKey:
    try:
        return RSAKey.import_key(material)
    except (JoseError, ValueError) as trouble:
        raise ValueError("not an RSA key in PEM") from trouble
