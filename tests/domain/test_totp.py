"""Codes that change with time: the values of RFC 6238, and what drift and repetition do."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from webinar.domain import sealing, totp

SECRET = base64.b32encode(b"12345678901234567890").decode()
AT = datetime(2027, 1, 14, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_code_is_that_of_the_standard(seconds: int, code: str) -> None:
    """RFC 6238, appendix B, SHA-1, the last six figures."""
    assert totp.code(SECRET, seconds // totp.STEP) == code


@pytest.mark.parametrize(
    ("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_clock_of_the_telephone_may_be_off_by_one_step(steps: int, taken: bool) -> None:
    typed = totp.code(SECRET, totp.step_of(AT + timedelta(seconds=30 * steps)))
    assert (totp.matching_step(SECRET, typed, at=AT, after=0) is not None) is taken


def test_code_is_taken_once_and_no_earlier_one_after_it() -> None:
    step = totp.step_of(AT)
    assert totp.matching_step(SECRET, totp.code(SECRET, step), at=AT, after=step) is None
    assert totp.matching_step(SECRET, totp.code(SECRET, step - 1), at=AT, after=step) is None


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "１２３４５６", "1" * 5000])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert totp.matching_step(SECRET, typed, at=AT, after=0) is None


def test_address_names_office_and_account() -> None:
    found = urlsplit(totp.address(SECRET, account="m@lra.example", issuer="LRA Würzburg: Büro"))
    assert (found.scheme, found.netloc) == ("otpauth", "totp")
    assert parse_qs(found.query)["secret"] == [SECRET]
    assert parse_qs(found.query)["issuer"] == ["LRA Würzburg: Büro"]


def test_sealed_secret_opens_with_an_earlier_key_and_with_no_other() -> None:
    sealed = sealing.seal(SECRET, keys=["old" * 12])
    assert SECRET not in sealed
    assert sealing.unseal(sealed, keys=["new" * 12, "old" * 12]) == SECRET
    assert sealing.unseal(sealed, keys=["new" * 12]) is None
