"""Signing in by a real OpenID Connect provider (`oidc-provider`, under Node, on loopback).

Its packages come from `tests/oidc/install`; where Node or they are missing the tests are skipped.
"""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.conftest import signed_in
from tests.ports import free_port
from webinar.adapters.oidc import Failed, Provider
from webinar.domain import account_links
from webinar.domain.account_links import Why
from webinar.extensions import db
from webinar.models import Account, AccountSession, Identity, Role
from webinar.web.settings import settings

FOLDER = Path(__file__).parent
BACK = "http://localhost/anmelden/dienst/zurueck"


@pytest.fixture(scope="session")
def issuer() -> Iterator[str]:
    """The address of the running provider."""
    node = shutil.which("node")
    if node is None or not (FOLDER / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("no Node, or no packages: bash tests/oidc/install")
    port = free_port()
    process = subprocess.Popen(
        [node, "provider.mjs", str(port), BACK],
        cwd=FOLDER,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "ready"
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(60)


@pytest.fixture
def environ(environ: dict[str, str], issuer: str) -> dict[str, str]:
    return {
        **environ,
        "WEBINAR_OIDC_ISSUER": issuer,
        "WEBINAR_OIDC_CLIENT_ID": "webinar",
        "WEBINAR_OIDC_CLIENT_SECRET": "s" * 40,
        "WEBINAR_OIDC_ROLE_CLAIM": "realm_access.roles",
        "WEBINAR_OIDC_ROLE_ADMIN": "webinar-admin",
        "WEBINAR_OIDC_ROLE_ORGANISER": "webinar-organiser",
        "WEBINAR_LOCAL_SIGN_IN": "false",
        "WEBINAR_EMERGENCY_ACCOUNT": "notfall@lra.example",
    }


@pytest.fixture(autouse=True)
def other_administrator(app: Flask) -> Account:
    """The emergency account: the claims may take the role of everybody else."""
    app.config["WTF_CSRF_ENABLED"] = False
    return factories.account(role=Role.ADMIN, email="notfall@lra.example")


def at_provider(address: str, who: str, browser: requests.Session | None = None) -> str:
    """Sign in there as `who` and consent, as a browser does; where it sends the browser."""
    browser = browser or requests.Session()
    answer = browser.get(address, allow_redirects=False, timeout=60)
    for _step in range(12):
        if "Location" in answer.headers:
            target = urljoin(answer.url, answer.headers["Location"])
            if target.startswith(BACK):
                return target
            answer = browser.get(target, allow_redirects=False, timeout=60)
            continue
        form = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
        assert form is not None, answer.text
        prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
        assert prompt is not None
        data = {"prompt": prompt[1], "login": who, "password": "x"}
        to = urljoin(answer.url, form[1])
        answer = browser.post(to, data=data, allow_redirects=False, timeout=60)
    raise AssertionError("the provider never sends back")


def begin(client: FlaskClient, path: str = "/anmelden/dienst") -> str:
    return client.get(path).headers["Location"]


def sign_in(client: FlaskClient, who: str) -> str:
    """Sign in as `who`; what the page after it says, and where it stands."""
    back = at_provider(begin(client), who)
    answer = client.get(back.removeprefix("http://localhost"))
    return answer.headers.get("Location", answer.text)


def account_of(subject: str) -> Account | None:
    query = select(Account).join(Identity, Identity.account_id == Account.id)
    return db.session.scalar(query.where(Identity.subject == subject))


def test_way_there_carries_pkce_state_and_nonce(client: FlaskClient) -> None:
    asked = parse_qs(urlsplit(begin(client)).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == 43
    assert len(asked["state"][0]) >= 20
    assert len(asked["nonce"][0]) >= 20
    assert asked["redirect_uri"] == [BACK]


def test_first_sign_in_makes_an_account_with_the_role_of_the_claim(client: FlaskClient) -> None:
    assert sign_in(client, "chefin").endswith("/desk/")
    assert client.get("/desk/konten").status_code == 200
    made = account_of("chefin")
    assert made is not None
    assert (made.email, made.name, made.role) == ("chefin@lra.example", "Person chefin", "admin")
    assert db.session.scalars(select(AccountSession.method)).all() == ["oidc"]


def test_person_is_known_by_subject_whatever_became_of_address_and_role(
    client: FlaskClient,
) -> None:
    sign_in(client, "team")
    made = account_of("team")
    assert made is not None
    made.email, made.role = "anders@lra.example", Role.VIEWER
    db.session.commit()
    sign_in(client, "team")
    again = account_of("team")
    assert again is not None
    assert (again.id, again.role) == (made.id, Role.ORGANISER)


def test_without_a_role_nobody_comes_in(client: FlaskClient) -> None:
    assert "keinen Zugang" in sign_in(client, "gast")
    assert account_of("gast") is None
    assert client.get("/desk/").status_code == 302


def test_address_of_an_account_connects_nobody(client: FlaskClient) -> None:
    """Addresses are given to successors, and some providers let people type them."""
    factories.account(email="team@lra.example")
    assert "noch nicht verbunden" in sign_in(client, "team")
    assert account_of("team") is None


def test_owner_connects_the_own_account_and_confirms_it(app: Flask) -> None:
    mine = factories.account(email="team@lra.example")
    client = signed_in(app, mine)
    back = at_provider(begin(client, "/desk/konto/verbinden"), "team")
    assert client.get(back.removeprefix("http://localhost")).status_code == 303
    assert account_of("team") is None
    assert "team@lra.example" in client.get("/anmelden/dienst/verbinden").text
    assert client.post("/anmelden/dienst/verbinden").status_code == 303
    found = account_of("team")
    assert found is not None
    assert found.id == mine.id


def test_invited_colleague_connects_by_the_link(client: FlaskClient) -> None:
    invited = factories.account(password=None, email="b.wolf@lra.example")
    token = account_links.token(invited, why=Why.INVITATION, keys=settings().link_keys)
    assert 'name="password"' not in client.get(f"/kennwort/{token}").text
    back = at_provider(begin(client, f"/kennwort/{token}/dienst"), "team")
    client.get(back.removeprefix("http://localhost"))
    client.post("/anmelden/dienst/verbinden")
    assert client.get("/desk/").status_code == 200
    found = account_of("team")
    assert found is not None
    assert found.id == invited.id


def test_forged_way_back_signs_nobody_in(client: FlaskClient) -> None:
    back = at_provider(begin(client), "team")
    path = back.removeprefix("http://localhost")
    state = parse_qs(urlsplit(back).query)["state"][0]
    begin(client)  # another state is awaited now
    assert client.get(path).status_code == 403
    assert client.get(path.replace(state, "x" * len(state))).status_code == 403
    assert client.get("/desk/").status_code == 302


def test_code_is_bound_to_the_browser_that_began(app: Flask, client: FlaskClient) -> None:
    """A stolen code is of no use: the verifier stands in the cookie of the browser it was for."""
    provider = Provider(settings().accounts.oidc)
    begun = provider.begin(callback=BACK)
    back = parse_qs(urlsplit(at_provider(begun.address, "team")).query)
    given = {name: values[0] for name, values in back.items()}
    other = provider.begin(callback=BACK)
    forged = {**given, "state": other.state}
    with pytest.raises(Failed, match="token"):
        provider.finish(other, callback=BACK, given=forged)


def test_nonce_of_another_sign_in_is_refused(client: FlaskClient) -> None:
    provider = Provider(settings().accounts.oidc)
    begun = provider.begin(callback=BACK)
    back = parse_qs(urlsplit(at_provider(begun.address, "team")).query)
    given = {name: values[0] for name, values in back.items()}
    replayed = type(begun)("", begun.state, "another nonce", begun.verifier)
    with pytest.raises(Failed, match="nonce"):
        provider.finish(replayed, callback=BACK, given=given)


def test_only_the_emergency_account_signs_in_here(client: FlaskClient) -> None:
    colleague = factories.account()
    for email, opens in ((colleague.email, False), ("notfall@lra.example", True)):
        client.post("/anmelden", data={"email": email, "password": factories.PASSWORD})
        assert (client.get("/desk/").status_code == 200) is opens


def test_signing_out_here_offers_to_sign_out_there(client: FlaskClient) -> None:
    browser = requests.Session()
    back = at_provider(begin(client), "team", browser)
    client.get(back.removeprefix("http://localhost"))
    assert known_there(browser, client)
    answer = client.post("/abmelden")
    assert answer.headers["Location"] == "/anmelden/dienst/abgemeldet"
    page = client.get(answer.headers["Location"])
    assert client.get("/desk/").status_code == 302
    link = re.search(r'href="([^"]*session/end[^"]*)"', page.text)
    assert link is not None
    address = html.unescape(link[1])
    asked = parse_qs(urlsplit(address).query)
    assert asked == {
        "client_id": ["webinar"],
        "post_logout_redirect_uri": ["http://localhost/anmelden"],
    }
    there = browser.get(address, timeout=60)
    secret = re.search(r'name="xsrf" value="(\w+)"', there.text)
    action = re.search(r'action="([^"]+)"', there.text)
    assert secret is not None
    assert action is not None
    data = {"xsrf": secret[1], "logout": "yes"}
    ended = browser.post(
        urljoin(there.url, action[1]), data=data, allow_redirects=False, timeout=60
    )
    assert ended.headers["Location"] == "http://localhost/anmelden"
    assert not known_there(browser, client)


def known_there(browser: requests.Session, client: FlaskClient) -> bool:
    """Whether the provider sends this browser back at once, without asking who it is."""
    address = begin(client.application.test_client())
    answer = browser.get(address, allow_redirects=False, timeout=60)
    return answer.headers["Location"].startswith(BACK)


def test_who_signed_in_here_is_not_sent_to_the_provider(
    client: FlaskClient, other_administrator: Account
) -> None:
    data = {"email": other_administrator.email, "password": factories.PASSWORD}
    client.post("/anmelden", data=data)
    assert client.get("/desk/").status_code == 200
    assert client.post("/abmelden").headers["Location"] == "/anmelden"


@pytest.mark.parametrize("known", [{}, {"end_session_endpoint": ""}, {"end_session_endpoint": 1}])
def test_provider_without_a_place_to_sign_out_is_left_alone(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, known: dict[str, object]
) -> None:
    monkeypatch.setattr(Provider, "_known", lambda _self: known)
    answer = client.get("/anmelden/dienst/abgemeldet")
    assert answer.headers["Location"] == "/anmelden"


def test_provider_that_is_away_is_said(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_given: object, **_more: object) -> None:
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "get", away)
    answer = client.get("/anmelden/dienst")
    assert answer.status_code == 403
    assert "nicht erreichbar" in answer.text
    assert client.get("/anmelden/dienst/abgemeldet").headers["Location"] == "/anmelden"
    assert client.get("/anmelden").status_code == 200
