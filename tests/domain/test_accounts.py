"""Accounts by rule: the last administrator, links by mail, sessions, identities."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests import factories
from webinar.domain import account_links, account_sessions, accounts, identities, second_factors
from webinar.domain.account_links import Why
from webinar.domain.account_sessions import Terms
from webinar.domain.accounts import AccountValues
from webinar.errors import NotThere, RuleError
from webinar.extensions import db
from webinar.models import Account, AccountSession, Mail, Role, SignInMethod
from webinar.web.sign_in import sessions

KEYS = ("k" * 32,)
TERMS = Terms(idle=timedelta(minutes=60), whole=timedelta(hours=12), fresh=timedelta(minutes=15))


def values(account: Account, role: str) -> AccountValues:
    return AccountValues(name=account.name, email=account.email, role=Role(role))


@pytest.mark.parametrize("act", ["demote", "deactivate"])
def test_last_administrator_who_can_sign_in_stays(app: Flask, act: str) -> None:
    admin = factories.account(role=Role.ADMIN)
    factories.account(role=Role.ADMIN, password=None)  # only invited
    factories.account(role=Role.ADMIN, active=False)
    by = factories.account(role=Role.ORGANISER)
    acts = {
        "demote": lambda: accounts.edit(admin, values(admin, Role.VIEWER), by=by),
        "deactivate": lambda: accounts.deactivate(admin, by=by),
    }
    with pytest.raises(RuleError) as caught:
        acts[act]()
    assert caught.value.code == "last_administrator"
    db.session.rollback()
    factories.account(role=Role.ADMIN)
    accounts.deactivate(admin, by=by)
    assert not admin.active


def test_nobody_takes_the_own_role_away(app: Flask) -> None:
    admin, _other = (factories.account(role=Role.ADMIN) for _number in range(2))
    with pytest.raises(RuleError, match="account_own"):
        accounts.edit(admin, values(admin, Role.VIEWER), by=admin)


def test_link_of_an_invitation_opens_until_the_password_is_set(app: Flask) -> None:
    admin = factories.account(role=Role.ADMIN)
    given = AccountValues(name="B. Wolf", email="b.wolf@lra.example", role=Role.ORGANISER)
    invited = accounts.invite(given, by=admin)
    token = account_links.token(invited, why=Why.INVITATION, keys=KEYS)
    assert account_links.open_token(token, keys=("n" * 32, *KEYS)) == (invited, Why.INVITATION)
    accounts.set_password(invited, "hash", password="ein langes Kennwort")
    for stale in (token, token[:-2], "x" * 40, ""):
        with pytest.raises(NotThere):
            account_links.open_token(stale, keys=KEYS)


def test_reset_leaves_a_job_for_everybody_and_a_mail_only_for_accounts(app: Flask) -> None:
    account = factories.account()
    for number in (account.id, 0, 999_999):
        account_links.send_reset(number, key=f"reset:{number}")
    assert db.session.scalars(select(Mail.account_id)).all() == [account.id]


def test_session_ends_by_idling_by_age_and_with_the_account(app: Flask) -> None:
    account = factories.account()

    def begun() -> tuple[AccountSession, str]:
        return account_sessions.begin(
            account, method=SignInMethod.PASSWORD, second_factor=False, browser="Firefox, Linux"
        )

    session, key = begun()
    assert account_sessions.find(key, terms=TERMS) is session
    assert account_sessions.find(key + "x", terms=TERMS) is None
    session.seen_at -= timedelta(minutes=61)
    db.session.flush()
    assert account_sessions.find(key, terms=TERMS) is None
    session, key = begun()
    session.created_at -= timedelta(hours=13)
    db.session.flush()
    assert account_sessions.find(key, terms=TERMS) is None
    assert account_sessions.forget(terms=TERMS) == 2
    session, key = begun()
    factories.account(role=Role.ADMIN)
    accounts.deactivate(account, by=factories.account(role=Role.ADMIN))
    assert account_sessions.find(key, terms=TERMS) is None
    assert db.session.scalar(select(func.count(AccountSession.id))) == 0


def test_recovery_code_works_once_however_it_is_typed(app: Flask) -> None:
    account = factories.account()
    first, second, *_rest = second_factors.new_recovery_codes(account, by=account)
    assert second_factors.take_code(account, first.upper().replace("-", " "), keys=sessions.keys())
    assert not second_factors.take_code(account, first, keys=sessions.keys())
    assert second_factors.codes_left(account) == 9
    second_factors.new_recovery_codes(account, by=account)
    assert not second_factors.take_code(account, second, keys=sessions.keys())


ROLES = {"w-admin": "admin", "w-team": "organiser"}


@pytest.mark.parametrize(
    ("claims", "path", "default", "role"),
    [
        (
            {"realm_access": {"roles": ["x", "w-team", "w-admin"]}},
            "realm_access.roles",
            "",
            "admin",
        ),
        ({"roles": "w-team"}, "roles", "", "organiser"),
        ({"https://lra.example/roles": ["w-team"]}, "https://lra.example/roles", "", "organiser"),
        ({"roles": ["x"]}, "roles", "viewer", "viewer"),
        ({"roles": [{"w-admin": 1}, None, 3]}, "roles", "", None),
        ({"roles": {"w-admin": True}}, "roles", "", None),
        ({"realm_access": "w-admin"}, "realm_access.roles", "", None),
        ({}, "", "", None),
    ],
)
def test_role_comes_from_the_claim(
    claims: dict[str, object], path: str, default: str, role: str | None
) -> None:
    assert identities.role_from(claims, path=path, roles=ROLES, default=default) == role
