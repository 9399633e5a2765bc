"""What a password has to be. No database: the rule is pure."""

from __future__ import annotations

import pytest

from webinar.domain import passwords
from webinar.errors import RuleError

OWN = ("Miriam Hartmann", "m.hartmann@lra-wuerzburg.example")


@pytest.mark.parametrize(
    "password",
    [
        "Passwort1234!",
        "P@ssw0rt2026!!",
        "Sommer2026!!!!",
        "sommer-herbst-winter",
        "qwertzuiop123",
        "lkjhgfdsa....",
        "123456789012",
        "aaaaaaaaaaaaaaaa",
        "geheimgeheim12",
        "Landratsamt2026",
        "Miriam.Hartmann1",
        "hartmannlrawuerzburg",
        "Würzburg Würzburg",
        "IchLiebeDich!!",
    ],
)
def test_password_that_guessers_try_is_refused(password: str) -> None:
    with pytest.raises(RuleError) as caught:
        passwords.check(password, own=OWN)
    assert caught.value.code == "password_common"
    assert caught.value.field == "password"


@pytest.mark.parametrize(
    "password",
    ["ein langes Kennwort", "Tannenzapfen Regenrinne", "rot blau gelb schwarz", "xK3-dm9qw.Ptz"],
)
def test_password_that_is_hard_to_guess_will_do(password: str) -> None:
    passwords.check(password, own=OWN)


@pytest.mark.parametrize(("length", "code"), [(11, "password_short"), (4097, "password_long")])
def test_length_has_two_ends(length: int, code: str) -> None:
    with pytest.raises(RuleError) as caught:
        passwords.check(("abcXYZ79-." * 500)[:length])
    assert caught.value.code == code
