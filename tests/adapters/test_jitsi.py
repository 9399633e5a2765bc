"""Tokens are read back by PyJWT, an implementation of its own. What Prosody checks besides is in
`test_prosody`."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from webinar import clock
from webinar.adapters.jitsi import (
    Role,
    RoomClaims,
    Server,
    SigningKey,
    check_key,
    check_secret,
    jaas,
    meeting_url,
    room_name,
    room_token,
    self_hosted,
)

SECRET = "a-shared-secret-of-more-than-32-bytes-äöü"
NOW = datetime(2027, 1, 14, 17, 0, tzinfo=UTC)
EVERY_FEATURE = {
    "recording",
    "livestreaming",
    "transcription",
    "screen-sharing",
    "send-groupchat",
    "create-polls",
}


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(scope="module")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def own_server(**changed: Any) -> Server:
    values = {
        "app_id": "webinar",
        "audience": "jitsi",
        "subject": "meet.lra.example",
        "key": SigningKey(algorithm="HS256", material=SECRET),
    }
    return self_hosted(**{**values, **changed})


def claims(**changed: Any) -> RoomClaims:
    values = {
        "room": "abc-234",
        "user_id": "r-7Qm2",
        "name": "Dr. Katharina Weiß",
        "role": Role.PARTICIPANT,
        "expires": NOW + timedelta(hours=3),
    }
    return RoomClaims(**{**values, **changed})


def mint(server: Server | None = None, **changed: Any) -> str:
    with clock.frozen(NOW):
        return room_token(server or own_server(), claims(**changed))


def read(token: str, *, key: Any = SECRET, algorithm: str = "HS256", **expected: Any) -> Any:
    """Verify signature, issuer, audience and subject as a server does; times are checked apart."""
    options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "strict_aud": True}
    wanted = {"issuer": "webinar", "audience": "jitsi", "subject": "meet.lra.example", **expected}
    required = ["iss", "aud", "sub", "exp", "nbf", "iat"]
    return jwt.decode(
        token, key, algorithms=[algorithm], options={**options, "require": required}, **wanted
    )


def test_token_of_own_server_says_every_claim() -> None:
    token = mint()
    assert jwt.get_unverified_header(token) == {"typ": "JWT", "alg": "HS256"}
    assert read(token) == {
        "iss": "webinar",
        "aud": "jitsi",
        "sub": "meet.lra.example",
        "room": "abc-234",
        "iat": 1799946000,
        "nbf": 1799946000 - 60,
        "exp": 1799946000 + 3 * 3600,
        "context": {
            "user": {"id": "r-7Qm2", "name": "Dr. Katharina Weiß"},
            "features": {
                "recording": False,
                "livestreaming": False,
                "transcription": False,
                "screen-sharing": False,
                "send-groupchat": True,
                "create-polls": False,
            },
        },
    }


def test_token_is_valid_now_and_not_after_its_end() -> None:
    current = room_token(own_server(), claims(expires=clock.now() + timedelta(minutes=5)))
    checks = {"audience": "jitsi", "issuer": "webinar"}
    assert jwt.decode(current, SECRET, algorithms=["HS256"], leeway=0, **checks)
    with clock.frozen(datetime(2020, 1, 1, tzinfo=UTC)):
        past = room_token(own_server(), claims(expires=clock.now() + timedelta(minutes=5)))
    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(past, SECRET, algorithms=["HS256"], **checks)


@pytest.mark.parametrize(
    ("role", "recording", "allowed"),
    [
        (Role.PARTICIPANT, True, {"send-groupchat"}),
        (Role.SPEAKER, True, {"send-groupchat", "screen-sharing", "create-polls"}),
        (Role.MODERATOR, False, {"send-groupchat", "screen-sharing", "create-polls"}),
        (Role.MODERATOR, True, {"send-groupchat", "screen-sharing", "create-polls", "recording"}),
    ],
)
def test_role_grants_its_features_and_denies_the_rest_by_name(
    role: Role, recording: bool, allowed: set[str]
) -> None:
    features = read(mint(role=role, recording=recording))["context"]["features"]
    assert set(features) == EVERY_FEATURE
    assert {name for name, granted in features.items() if granted is True} == allowed
    assert {type(granted) for granted in features.values()} == {bool}


@pytest.mark.parametrize("role", list(Role))
def test_moderator_mark_stands_for_moderators_only(role: Role) -> None:
    user = read(mint(role=role))["context"]["user"]
    assert user.get("moderator") is (True if role is Role.MODERATOR else None)


@pytest.mark.parametrize("claim", ["issuer", "audience", "subject"])
def test_server_that_expects_another_claim_refuses(claim: str) -> None:
    with pytest.raises(jwt.InvalidTokenError):
        read(mint(), **{claim: "other"})


def test_token_signed_with_another_secret_is_refused() -> None:
    other = SigningKey(algorithm="HS256", material="x" * 40)
    with pytest.raises(jwt.InvalidSignatureError):
        read(mint(own_server(key=other)))


def test_rs256_token_carries_its_key_id_and_verifies_with_the_public_key(
    private_key: rsa.RSAPrivateKey,
) -> None:
    key = SigningKey(algorithm="RS256", material=pem(private_key), key_id="lra/2027")
    token = mint(own_server(key=key))
    header = jwt.get_unverified_header(token)
    assert header == {"typ": "JWT", "alg": "RS256", "kid": "lra/2027"}
    read_back = read(token, key=private_key.public_key(), algorithm="RS256")
    assert read_back["room"] == "abc-234"


def test_rs256_tokens_of_old_and_new_key_are_told_apart_by_id(
    private_key: rsa.RSAPrivateKey,
) -> None:
    newer = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    keys = {"old": private_key, "new": newer}
    for name, key in keys.items():
        signing = SigningKey(algorithm="RS256", material=pem(key), key_id=name)
        token = mint(own_server(key=signing))
        found = keys[jwt.get_unverified_header(token)["kid"]]
        assert read(token, key=found.public_key(), algorithm="RS256")


def test_jaas_token_follows_the_rules_of_8x8(private_key: rsa.RSAPrivateKey) -> None:
    key = SigningKey(algorithm="RS256", material=pem(private_key), key_id="vpaas-1/k1")
    server = jaas(app_id="vpaas-1", key=key)
    expected = {"issuer": "chat", "subject": "vpaas-1", "algorithm": "RS256"}
    for role, moderator in ((Role.MODERATOR, "true"), (Role.SPEAKER, "false")):
        payload = read(mint(server, role=role), key=private_key.public_key(), **expected)
        assert payload["context"]["user"]["moderator"] == moderator


@pytest.mark.parametrize("key_id", ["", "k1", "vpaas-2/k1"])
def test_jaas_refuses_a_key_id_without_its_app_id(key_id: str) -> None:
    with pytest.raises(ValueError, match="AppID"):
        jaas(app_id="vpaas-1", key=SigningKey(algorithm="RS256", material="x", key_id=key_id))


@pytest.mark.parametrize(
    "changed",
    [
        {"room": "*"},
        {"room": ""},
        {"room": "Abc"},
        {"room": "abc.*"},
        {"room": "raum-ä"},
        {"user_id": ""},
        {"user_id": "weiss@lra.example"},
        {"expires": NOW},
        {"expires": datetime(2027, 1, 14, 20, 0)},  # noqa: DTZ001 -- the mistake that is refused
    ],
)
def test_token_is_not_made_from_claims_that_would_open_too_much(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"room|pseudonym|token"):
        mint(**changed)


def test_token_names_no_mail_address() -> None:
    for typed, shown in (("A. Weiß weiss@lra.example", "A. Weiß weiss"), ("b@x.de", "b")):
        assert read(mint(name=typed))["context"]["user"]["name"] == shown


def test_secret_is_measured_in_bytes() -> None:
    check_secret("x" * 32)
    check_secret("ä" * 16)
    with pytest.raises(ValueError, match="32 bytes"):
        check_secret("x" * 31)
    with pytest.raises(ValueError, match="32 bytes"):
        mint(own_server(key=SigningKey(algorithm="HS256", material="short")))


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_weak_or_foreign_rsa_keys_are_refused(private_key: rsa.RSAPrivateKey) -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 -- on purpose
    public = private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    elliptic = ec.generate_private_key(ec.SECP256R1())
    for material in (pem(weak), public.decode(), pem(elliptic), "no key", ""):
        with pytest.raises(ValueError, match="RSA"):
            check_key(SigningKey(algorithm="RS256", material=material, key_id="k"))
    with pytest.raises(ValueError, match="key id"):
        check_key(SigningKey(algorithm="RS256", material=pem(private_key)))
    check_key(SigningKey(algorithm="RS256", material=pem(private_key), key_id="k"))


def test_key_hides_its_material_when_printed() -> None:
    assert SECRET not in repr(own_server())


def test_room_names_are_long_plain_and_never_the_same() -> None:
    names = {room_name() for _ in range(1000)}
    assert len(names) == 1000
    assert all(re.fullmatch(r"[a-z2-7]{32}", name) for name in names)  # 32 * 5 bits


def test_meeting_url_keeps_the_token_out_of_what_servers_see() -> None:
    token = mint()
    url = urlsplit(meeting_url("meet.lra.example", "abc-234", token))
    assert (url.scheme, url.netloc, url.path) == ("https", "meet.lra.example", "/abc-234")
    assert token not in url.query
    settings = dict(part.split("=", 1) for part in url.fragment.split("&"))
    assert settings["jwt"] == f"%22{token}%22"
    assert all(json.loads(unquote(value)) for value in settings.values())  # Jitsi parses JSON
    assert settings["config.startWithAudioMuted"] == "true"


def test_meeting_url_at_jaas_stands_below_the_app_id() -> None:
    url = meeting_url("8x8.vc", "abc", "a.b.c", tenant="vpaas-1", language="en")
    assert url.startswith("https://8x8.vc/vpaas-1/abc?lang=en#jwt=%22a.b.c%22&")


@pytest.mark.parametrize("host", ["", "meet.example/x", "https://meet.example", "a@b", "a#b"])
def test_meeting_url_takes_a_bare_host_only(host: str) -> None:
    with pytest.raises(ValueError, match="host"):
        meeting_url(host, "abc", "a.b.c")


@pytest.mark.property
@given(name=st.text(max_size=90), room=st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True))
def test_any_name_survives_in_a_token_without_an_address(name: str, room: str) -> None:
    payload = read(mint(name=name, room=room))
    assert payload["room"] == room
    shown = payload["context"]["user"]["name"]
    assert "@" not in shown
    if "@" not in name:
        assert shown == " ".join(name.split())
