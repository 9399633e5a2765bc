"""Recordings of JaaS: the webhook notes a link, a job fetches it from a real server with TLS, or
says why it cannot."""

from __future__ import annotations

import json
import ssl
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import factories
from tests.adapters import test_fetch
from tests.adapters.test_fetch import HOST, Server
from tests.recorder import NAME, film
from tests.web.test_room_events import APP, SECRET, event, signed
from webinar import settings_of
from webinar.adapters import fetch
from webinar.adapters.storage import FolderStorage
from webinar.clock import frozen, now
from webinar.domain import rooms
from webinar.extensions import db
from webinar.jobs import queue, recordings
from webinar.jobs.handlers import HANDLERS
from webinar.models import Account, Job, JobState, Mail, Material, Recording, Talk

server = test_fetch.server
FILM = film()


@pytest.fixture
def environ(environ: dict[str, str], server: Server) -> dict[str, str]:
    return environ | {
        "WEBINAR_JITSI_WEBHOOK_SECRET": SECRET,
        "WEBINAR_JITSI_APP_ID": APP,
        "WEBINAR_RECORDING_HOSTS": f"{HOST}, .8x8.vc",
        "WEBINAR_RECORDING_LIMIT_MB": "1",
    }


@pytest.fixture
def talk(app: Flask) -> Talk:
    talk = factories.recorded_talk()
    rooms.room_of(talk, name=NAME)
    db.session.commit()
    return talk


@pytest.fixture
def reachable(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's server stands in for the public one: here no name leads to a public address."""
    context = ssl.create_default_context(cafile=str(server.certificate))
    known = partial(
        fetch.fetched,
        resolve=lambda _host, _port: ["127.0.0.1"],
        public=lambda _address: True,
        ports=[server.port],
        context=context,
    )
    monkeypatch.setattr(recordings, "fetched", known)
    monkeypatch.setattr(test_fetch, "FILM", FILM)


def uploaded(link: str, number: int = 1) -> dict[str, object]:
    """As JaaS sends it when a recording lies ready."""
    found = event("RECORDING_UPLOADED", 0)
    found["idempotencyKey"] = f"0f0c2b3a-{number}"
    found["data"] = {
        "participants": [{"name": "Hannah Seubert", "id": "x"}],
        "share": True,
        "initiatorId": "staff-1",
        "durationSec": 60,
        "startTimestamp": 1600952250000,
        "endTimestamp": 1600952310000,
        "recordingSessionId": "aejvqkchbbxvhxvv",
        "preAuthenticatedLink": link,
    }
    return found


def tell(client: FlaskClient, message: dict[str, object]) -> TestResponse:
    body = json.dumps(message).encode()
    headers = {"X-Jaas-Signature": signed(body, at=now())}
    return client.post("/jitsi/jaas", data=body, headers=headers)


def work(app: Flask, *, after: int = 0) -> None:
    """Run what is due; with `after` also what is tried again so many minutes later."""
    with frozen(now() + timedelta(minutes=after)):
        while queue.work(settings_of(app), HANDLERS):
            pass
    db.session.expire_all()


def only() -> Recording:
    return db.session.query(Recording).one()


def stored(app: Flask) -> int:
    return len(set(FolderStorage(settings_of(app).storage_folder).keys()))


@pytest.mark.usefixtures("reachable")
def test_link_is_fetched_at_once_and_once(
    app: Flask, client: FlaskClient, organiser: Account, talk: Talk, server: Server
) -> None:
    for _time in range(2):
        assert tell(client, uploaded(server.url("film?sig=abc"))).status_code == 204
    assert db.session.query(Recording).count() == 1
    work(app)
    row = only()
    assert (row.state, row.link) == ("stored", "")
    material = db.session.query(Material).one()
    assert (material.talk_id, material.size, material.released_at) == (talk.id, len(FILM), None)
    assert "Seubert" not in json.dumps([str(vars(one)) for one in db.session.query(Recording)])
    tell(client, uploaded(server.url("film?sig=abc")))
    work(app)
    assert db.session.query(Material).count() == 1


@pytest.mark.usefixtures("reachable", "organiser")
@pytest.mark.parametrize(
    "link",
    [
        f"https://{HOST}:PORT/404",
        f"https://{HOST}:PORT/away",
        "https://evil.example/film",
        "https://127.0.0.1:PORT/film",
        f"http://{HOST}:PORT/film",
        "file:///etc/passwd",
    ],
)
def test_link_that_leads_nowhere_good_is_told_to_the_office(
    app: Flask, client: FlaskClient, talk: Talk, server: Server, link: str
) -> None:
    tell(client, uploaded(link.replace("PORT", str(server.port))))
    work(app)
    row = only()
    assert (row.state, row.reason, row.link, row.talk_id) == ("failed", "link", "", talk.id)
    assert [mail.template for mail in db.session.query(Mail)] == ["recording_arrived"]
    assert stored(app) == 0


def test_link_into_the_own_network_is_not_followed(
    app: Flask, client: FlaskClient, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name of the list that leads to the machine itself: the real rules, no stand-in."""
    inside = partial(fetch.fetched, resolve=lambda _host, _port: ["127.0.0.1"])
    monkeypatch.setattr(recordings, "fetched", inside)
    tell(client, uploaded("https://a.8x8.vc/film"))
    work(app)
    assert (only().state, only().reason) == ("failed", "link")


@pytest.mark.usefixtures("reachable")
def test_recording_over_the_limit_is_not_kept(
    app: Flask,
    client: FlaskClient,
    talk: Talk,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(test_fetch, "FILM", film(1_200_000))
    tell(client, uploaded(server.url("endless")))
    work(app)
    assert (only().state, only().reason) == ("failed", "too_large")
    assert stored(app) == 0


@pytest.mark.usefixtures("reachable")
def test_trouble_is_tried_again_until_the_tries_are_used_up(
    app: Flask, client: FlaskClient, organiser: Account, talk: Talk, server: Server
) -> None:
    tell(client, uploaded(server.url("503")))
    work(app)
    job = db.session.query(Job).filter_by(name="fetch_recording").one()
    assert (only().state, job.state, job.attempts) == ("receiving", JobState.QUEUED, 1)
    assert db.session.query(Mail).count() == 0
    for number in range(1, 6):
        work(app, after=300 * number)
    assert (only().state, only().reason) == ("failed", "link")
    assert db.session.query(Mail).count() == 1


@pytest.mark.usefixtures("reachable")
def test_answer_that_breaks_off_leaves_nothing_and_is_tried_again(
    app: Flask, client: FlaskClient, talk: Talk, server: Server
) -> None:
    tell(client, uploaded(server.url("short")))
    work(app)
    assert only().state == "receiving"
    assert stored(app) == 0


@pytest.mark.parametrize("changed", [{}, {"preAuthenticatedLink": 5}])
def test_webhook_without_a_link_is_refused(
    client: FlaskClient, talk: Talk, changed: dict[str, object]
) -> None:
    message = uploaded("x")
    message["data"] = changed
    assert tell(client, message).status_code == 400
    long = uploaded("https://a.8x8.vc/" + "x" * 2000)
    assert tell(client, long).status_code == 400
    assert db.session.query(Recording).count() == 0


def test_recording_of_another_customer_is_not_fetched(client: FlaskClient, talk: Talk) -> None:
    message = uploaded("https://a.8x8.vc/x") | {"fqn": f"vpaas-magic-cookie-0/{NAME}"}
    assert tell(client, message).status_code == 204
    assert db.session.query(Recording).count() == 0
