"""What is no answer of an authenticator is refused, whatever it is. Real ones: tests/browser."""

from __future__ import annotations

import json

import pytest

from webinar.adapters import passkeys

SITE = passkeys.Site.of("https://termine.lra.example:8443/x", name="Landratsamt")
RUBBISH = (
    "",
    "null",
    "[]",
    "{}",
    '"x"',
    "{" * 5000,
    "x" * 30_000,
    json.dumps({"id": 3}),
    json.dumps({"id": "\ud800"}),
    json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "response": []}),
    json.dumps(
        {"id": "A", "rawId": "*", "type": "public-key", "response": {"clientDataJSON": "!"}}
    ),
    json.dumps(
        {
            "id": "AA",
            "rawId": "AA",
            "type": "public-key",
            "response": {
                "clientDataJSON": "e30",
                "attestationObject": "oA",
                "authenticatorData": "AA",
                "signature": "AA",
            },
        }
    ),
)


@pytest.mark.hostile
@pytest.mark.parametrize("answer", RUBBISH, ids=range(len(RUBBISH)))
def test_rubbish_is_refused(answer: str) -> None:
    with pytest.raises(passkeys.Refused):
        passkeys.registered(SITE, answer, challenge=passkeys.new_challenge())
    for challenge in (passkeys.new_challenge(), ""):
        with pytest.raises(passkeys.Refused):
            passkeys.proven(SITE, answer, challenge=challenge, public_key=b"x", sign_count=0)


def test_keys_are_bound_to_name_and_origin_of_the_public_address() -> None:
    assert (SITE.host, SITE.origin) == ("termine.lra.example", "https://termine.lra.example:8443")
    asked = json.loads(passkeys.to_prove(SITE, challenge=passkeys.new_challenge(), known=["QUJD"]))
    assert asked["rpId"] == SITE.host
    assert asked["userVerification"] == "required"
    assert [one["id"] for one in asked["allowCredentials"]] == ["QUJD"]
