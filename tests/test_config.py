"""What may start and what may not, and what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ENVIRON
from webinar.config import ConfigError, QuietHours, Settings

GOOD = {
    "WEBINAR_ENV": "production",
    "WEBINAR_SECRET_KEY": "s" * 32,
    "WEBINAR_LINK_KEYS": "k" * 32,
    "WEBINAR_BASE_URL": "https://termine.lra.example",
    "WEBINAR_DATABASE_URL": "postgresql://webinar@db/webinar",
    "WEBINAR_OFFICE_NAME": "Landratsamt Würzburg",
    "WEBINAR_OFFICE_UNIT": "Büro des Landrats",
    "WEBINAR_OFFICE_ADDRESS": "Zeppelinstraße 15, 97074 Würzburg",
    "WEBINAR_OFFICE_EMAIL": "after-work-wissen@lra.example",
    "WEBINAR_OFFICE_PHONE": "0931 0000-1234",
    "WEBINAR_MAIL_HOST": "relay.lra.example",
    "WEBINAR_JITSI_MODE": "hs256",
    "WEBINAR_JITSI_HOST": "jitsi.lra.example",
    "WEBINAR_JITSI_APP_ID": "webinar",
    "WEBINAR_JITSI_SECRET": "j" * 32,
}

GAPS = (
    "AUFSICHTSBEHOERDE",
    "BARRIEREFREIHEITKONTAKT",
    "DATENSCHUTZBEAUFTRAGTE",
    "PROTOKOLLFRIST",
    "PRUEFDATUM",
    "RECHENZENTRUM",
    "REDAKTION",
    "VERTRETUNG",
)
GOOD |= {f"WEBINAR_LEGAL_{name}": "ausgefüllt" for name in GAPS}


def problems(**changes: str | None) -> list[str]:
    environ = {k: v for k, v in {**GOOD, **changes}.items() if v is not None}
    try:
        Settings.load(environ)
    except ConfigError as error:
        return error.problems
    return []


def test_complete_production_settings_are_accepted() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("WEBINAR_SECRET_KEY", None, "SECRET_KEY is missing"),
        ("WEBINAR_SECRET_KEY", "short", "32 bytes"),
        ("WEBINAR_LINK_KEYS", None, "LINK_KEYS"),
        ("WEBINAR_LINK_KEYS", "k" * 32 + ",short", "fewer than 32"),
        ("WEBINAR_BASE_URL", "http://termine.lra.example", "https://"),
        ("WEBINAR_BASE_URL", None, "BASE_URL"),
        ("WEBINAR_DEBUG", "1", "DEBUG"),
        ("WEBINAR_DEBUG", "perhaps", "true or false"),
        ("WEBINAR_DATABASE_URL", None, "DATABASE_URL"),
        ("WEBINAR_MAIL_HOST", None, "MAIL_HOST"),
        ("WEBINAR_MAIL_PORT", "25x", "whole number"),
        ("WEBINAR_JITSI_MODE", None, "JITSI_MODE"),
        ("WEBINAR_JITSI_MODE", "zoom", "one of"),
        ("WEBINAR_JITSI_SECRET", "short", "JITSI_SECRET"),
        ("WEBINAR_JITSI_SECRET", None, "JITSI_SECRET"),
        ("WEBINAR_OFFICE_ADDRESS", None, "OFFICE_ADDRESS"),
        ("WEBINAR_ENV", "prod", "one of"),
        ("WEBINAR_LEGAL_REDAKTION", None, "[[Redaktion]]"),
        ("WEBINAR_LEGAL_PRUEFDATUM", "", "[[Pruefdatum]]"),
    ],
)
def test_production_refuses_and_says_why(name: str, value: str | None, word: str) -> None:
    found = problems(**{name: value})
    assert len(found) == 1
    assert word in found[0]
    assert "\n" not in found[0]


def test_all_problems_are_told_at_once() -> None:
    assert len(problems(WEBINAR_SECRET_KEY=None, WEBINAR_DEBUG="1", WEBINAR_MAIL_HOST=None)) >= 3


def test_missing_environment_is_production() -> None:
    with pytest.raises(ConfigError):
        Settings.load({})


def test_secrets_do_not_show_in_the_settings_text() -> None:
    text = repr(Settings.load(GOOD))
    assert "s" * 32 not in text
    assert "k" * 32 not in text
    assert "j" * 32 not in text


def test_plain_postgresql_address_gets_the_driver() -> None:
    loaded = Settings.load(GOOD)
    assert loaded.database_url == "postgresql+psycopg://webinar@db/webinar"


def problems_of(**values: str) -> list[str]:
    names = {f"WEBINAR_{name.upper()}": value for name, value in values.items()}
    with pytest.raises(ConfigError) as caught:
        Settings.load({**ENVIRON, **names})
    return [problem.split()[0] for problem in caught.value.problems]


def test_inbox_is_off_by_default() -> None:
    assert not Settings.load(ENVIRON).inbox.read


def test_inbox_by_imap_needs_a_sign_in() -> None:
    assert problems_of(inbox_mode="imap") == [
        "WEBINAR_INBOX_HOST",
        "WEBINAR_INBOX_USER",
        "WEBINAR_INBOX_PASSWORD",
    ]


def test_inbox_folder_must_exist() -> None:
    assert problems_of(inbox_mode="folder") == ["WEBINAR_INBOX_FOLDER"]
    assert problems_of(inbox_mode="folder", inbox_folder="/nirgends") == ["WEBINAR_INBOX_FOLDER"]


def test_inbox_needs_a_sender_that_is_read(tmp_path: Path) -> None:
    found = problems_of(
        inbox_mode="folder", inbox_folder=str(tmp_path), mail_sender="no-reply@lra.example"
    )
    assert found == ["WEBINAR_MAIL_SENDER"]


def test_inbox_mailboxes_are_apart() -> None:
    given = {"inbox_mode": "imap", "inbox_host": "h", "inbox_user": "u", "inbox_password": "p"}
    assert problems_of(**given, inbox_done_mailbox="INBOX") == ["WEBINAR_INBOX_DONE_MAILBOX"]
    assert problems_of(**given, inbox_aside_mailbox="X") == ["WEBINAR_INBOX_ASIDE_MAILBOX"]


@pytest.mark.parametrize(
    ("raw", "hours"),
    [("", None), ("22-6", QuietHours(22, 6)), ("0 - 23", QuietHours(0, 23))],
)
def test_quiet_hours_are_two_hours(raw: str, hours: QuietHours | None) -> None:
    assert Settings.load({**GOOD, "WEBINAR_MAIL_QUIET_HOURS": raw}).mail.quiet_hours == hours


@pytest.mark.parametrize("raw", ["22", "22-24", "6-6", "22:30-6", "-1-5", "nachts"])
def test_other_quiet_hours_are_refused(raw: str) -> None:
    (problem,) = problems(WEBINAR_MAIL_QUIET_HOURS=raw)
    assert "must be two hours such as 22-6" in problem


@pytest.mark.parametrize(
    "name", ["jitsi_prosody_token", "jitsi_webhook_secret", "recording_secret"]
)
def test_secrets_of_machines_are_long_or_none(name: str) -> None:
    assert problems_of(**{name: "x" * 31}) == [f"WEBINAR_{name.upper()}"]
    assert Settings.load({**ENVIRON, f"WEBINAR_{name.upper()}": "x" * 32})


def test_nobody_took_part_by_more_than_the_whole_talk() -> None:
    assert problems_of(took_part_percent="101") == ["WEBINAR_TOOK_PART_PERCENT"]


def test_hosts_of_recordings_are_read_without_case_and_blanks() -> None:
    loaded = Settings.load({**ENVIRON, "WEBINAR_RECORDING_HOSTS": " .8X8.vc, Files.example.org ,"})
    assert loaded.callbacks.recording_hosts == (".8x8.vc", "files.example.org")


OIDC = {"oidc_issuer": "https://id.lra.example", "oidc_client_id": "w", "oidc_client_secret": "s"}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"second_factor_roles": "admin,king"}, "SECOND_FACTOR_ROLES"),
        ({"session_idle_minutes": "800"}, "SESSION_IDLE_MINUTES"),
        ({"previous_secret_keys": "short"}, "PREVIOUS_SECRET_KEYS"),
        ({"local_sign_in": "false", **OIDC}, "EMERGENCY_ACCOUNT"),
        ({"local_sign_in": "false", "emergency_account": "a@b.example"}, "LOCAL_SIGN_IN"),
        ({**OIDC, "oidc_issuer": "http://id.lra.example"}, "OIDC_ISSUER"),
        ({**OIDC, "oidc_client_secret": ""}, "OIDC_CLIENT_SECRET"),
        ({**OIDC, "oidc_scope": "email"}, "OIDC_SCOPE"),
        ({**OIDC, "oidc_default_role": "king"}, "OIDC_DEFAULT_ROLE"),
        ({**OIDC, "oidc_role_claim": "roles"}, "OIDC_ROLE_CLAIM"),
        ({**OIDC, "oidc_role_admin": "x"}, "OIDC_ROLE_CLAIM"),
    ],
)
def test_accounts_refuse_what_does_not_fit(given: dict[str, str], wrong: str) -> None:
    assert problems_of(**given) == [f"WEBINAR_{wrong}"]


def test_value_for_two_roles_means_the_greater_one() -> None:
    names = {f"WEBINAR_{name.upper()}": value for name, value in OIDC.items()}
    roles = {"WEBINAR_OIDC_ROLE_CLAIM": "r", "WEBINAR_OIDC_ROLE_ADMIN": "a, both"}
    found = Settings.load({**ENVIRON, **names, **roles, "WEBINAR_OIDC_ROLE_VIEWER": "both,v"})
    assert found.accounts.oidc.roles == {"a": "admin", "both": "admin", "v": "viewer"}


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"WEBINAR_STORAGE": "ftp"}, "must be one of folder, s3"),
        ({"WEBINAR_STORAGE": "s3"}, "S3_BUCKET is missing"),
        ({"WEBINAR_STORAGE": "s3", "WEBINAR_S3_ENDPOINT": "s3.lra.example"}, "must be an address"),
        ({"WEBINAR_STORAGE": "s3", "WEBINAR_S3_ENDPOINT": "http://s3.lra.example"}, "https://"),
        ({"WEBINAR_ACCEL_PATH": "/files"}, "internal path"),
    ],
)
def test_store_needs_its_settings(changes: dict[str, str], word: str) -> None:
    assert any(word in problem for problem in problems(**changes))
