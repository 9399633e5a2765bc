"""The keys of the tokens: tried at the start, published for Prosody, replaced while talks run."""

from __future__ import annotations

import hashlib
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from tests.conftest import ENVIRON
from webinar import create_app
from webinar.config import ConfigError

RS256 = {
    "WEBINAR_JITSI_MODE": "rs256",
    "WEBINAR_JITSI_HOST": "meet.example.org",
    "WEBINAR_JITSI_APP_ID": "webinar",
    "WEBINAR_JITSI_KEY_ID": "lra/2027",
}


@cache
def pair(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private(name: str) -> str:
    """As it stands in an environment file, on one line."""
    found = pair(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return found.replace("\n", "\\n")


def public(name: str) -> str:
    key = pair(name).public_key()
    found = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return found.replace("\n", "\\n")


def fetched(environ: dict[str, str], key_id: str) -> tuple[int, bytes, str]:
    """What Prosody's key server answers for that id."""
    name = hashlib.sha256(key_id.encode()).hexdigest()
    client = create_app({**ENVIRON, **environ}).test_client()
    answer = client.get(f"/jitsi/keys/{name}.pem")
    return answer.status_code, answer.data, answer.headers.get("Cache-Control", "")


def test_prosody_finds_the_public_key_of_the_signing_one() -> None:
    status, pem, cached = fetched({**RS256, "WEBINAR_JITSI_SECRET": private("new")}, "lra/2027")
    assert status == 200
    assert load_pem_public_key(pem) == pair("new").public_key()
    assert b"PRIVATE" not in pem
    assert cached == "public, max-age=3600"


@pytest.mark.parametrize("kept", [private, public])
def test_previous_key_stays_published_beside_the_new_one(kept: object) -> None:
    assert callable(kept)
    environ = {
        **RS256,
        "WEBINAR_JITSI_SECRET": private("new"),
        "WEBINAR_JITSI_PREVIOUS_KEY_ID": "lra/2026",
        "WEBINAR_JITSI_PREVIOUS_KEY": kept("old"),
    }
    for key_id, name in (("lra/2027", "new"), ("lra/2026", "old")):
        status, pem, _ = fetched(environ, key_id)
        assert status == 200
        assert load_pem_public_key(pem) == pair(name).public_key()
        assert b"PRIVATE" not in pem


def test_key_server_knows_no_other_names_and_no_shared_secret() -> None:
    assert fetched({**RS256, "WEBINAR_JITSI_SECRET": private("new")}, "lra/2025")[0] == 404
    shared = {**RS256, "WEBINAR_JITSI_MODE": "hs256", "WEBINAR_JITSI_SECRET": "s" * 32}
    assert fetched(shared, "lra/2027")[0] == 404
    assert fetched({}, "")[0] == 404


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"WEBINAR_JITSI_SECRET": ""}, "WEBINAR_JITSI_SECRET is missing for mode rs256"),
        ({"WEBINAR_JITSI_SECRET": "x" * 40}, "WEBINAR_JITSI_SECRET cannot sign"),
        ({"WEBINAR_JITSI_KEY_ID": ""}, "WEBINAR_JITSI_KEY_ID is missing"),
        (
            {"WEBINAR_JITSI_PREVIOUS_KEY_ID": "lra/2027", "WEBINAR_JITSI_PREVIOUS_KEY": "x"},
            "WEBINAR_JITSI_PREVIOUS_KEY_ID must differ",
        ),
        (
            {"WEBINAR_JITSI_PREVIOUS_KEY_ID": "lra/2026", "WEBINAR_JITSI_PREVIOUS_KEY": "x"},
            "WEBINAR_JITSI_PREVIOUS_KEY cannot be published",
        ),
        (
            {"WEBINAR_JITSI_PREVIOUS_KEY_ID": "lra/2026"},
            "WEBINAR_JITSI_PREVIOUS_KEY needs WEBINAR_JITSI_PREVIOUS_KEY_ID",
        ),
        ({"WEBINAR_JITSI_HOST": "https://meet.example.org"}, "WEBINAR_JITSI_HOST must be a name"),
        ({"WEBINAR_JITSI_CHECK_URL": "http://x"}, "WEBINAR_JITSI_CHECK_URL must begin with https"),
        (
            {"WEBINAR_JITSI_MODE": "jaas"},
            "WEBINAR_JITSI_KEY_ID must begin with the AppID and a slash",
        ),
        (
            {"WEBINAR_JITSI_MODE": "hs256", "WEBINAR_JITSI_SECRET": "short"},
            "WEBINAR_JITSI_SECRET must have at least 32 bytes",
        ),
    ],
)
def test_wrong_keys_stop_the_start_with_a_line_each(changed: dict[str, str], line: str) -> None:
    environ = {**ENVIRON, **RS256, "WEBINAR_JITSI_SECRET": private("new"), **changed}
    with pytest.raises(ConfigError) as stopped:
        create_app(environ)
    assert [problem for problem in stopped.value.problems if problem.startswith(line)]
    assert "BEGIN" not in str(stopped.value)


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_public_half_cannot_sign() -> None:
    with pytest.raises(ConfigError, match="JITSI_SECRET cannot sign"):
        create_app({**ENVIRON, **RS256, "WEBINAR_JITSI_SECRET": public("new")})
