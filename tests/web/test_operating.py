"""The pages for operators: what they say when all is well, and when something is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from tests import factories
from webinar.clock import now
from webinar.domain import health
from webinar.extensions import db
from webinar.models import Mail, MailState, WorkerBeat
from webinar.web import operating

TOKEN = "a token for the figures of thirty-two bytes"


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return {**environ, "WEBINAR_METRICS_TOKEN": TOKEN}


def ready(app: Flask) -> tuple[int, dict[str, bool]]:
    answer = app.test_client().get("/readyz")
    checks = answer.get_json()["checks"]
    return answer.status_code, {name: check["ok"] for name, check in checks.items()}


def test_healthz_answers_without_the_database(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(db.session, "connection", broken)
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.get_data(as_text=True)) == (200, "ok\n")


def test_readyz_is_content_while_a_worker_lives(app: Flask) -> None:
    health.beat("host:1")
    db.session.commit()
    status, checks = ready(app)
    assert status == 200
    assert set(checks.values()) == {True}


def test_readyz_misses_a_worker(app: Flask) -> None:
    factories.save(WorkerBeat(name="host:1", beat_at=now() - timedelta(minutes=20)))
    status, checks = ready(app)
    assert status == 503
    assert [name for name, ok in checks.items() if not ok] == ["worker"]


def test_readyz_sees_mail_that_does_not_go_out(app: Flask) -> None:
    health.beat("host:1")
    late = now() - timedelta(hours=2)
    factories.save(Mail(template="x", key="k", recipient="a@b.example", next_try_at=late))
    status, checks = ready(app)
    assert status == 503
    assert [name for name, ok in checks.items() if not ok] == ["mail"]


def test_readyz_sees_tables_of_another_version(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    health.beat("host:1")
    db.session.commit()
    monkeypatch.setattr(operating, "_newest", lambda: "9999")
    status, checks = ready(app)
    assert status == 503
    assert [name for name, ok in checks.items() if not ok] == ["tables"]


def test_readyz_sees_a_full_disk(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    health.beat("host:1")
    db.session.commit()
    monkeypatch.setattr(operating, "FREE_BYTES", 2**63)
    assert ready(app)[1]["space"] is False


def test_readyz_says_that_the_database_does_not_answer(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(db.session, "connection", broken)
    status, checks = ready(app)
    assert status == 503
    assert checks["database"] is False


def test_metrics_need_the_token(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/metrics").status_code == 404
    wrong = client.get("/metrics", headers={"Authorization": "Bearer no"})
    assert wrong.status_code == 404


def test_metrics_count_requests_by_page_and_say_how_mail_runs(app: Flask) -> None:
    factories.save(Mail(template="x", key="k", recipient="a@b.example", state=MailState.FAILED))
    client = app.test_client()
    client.get("/")
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert 'webinar_requests_total{endpoint="public.programme",status="200"}' in text
    assert 'webinar_mails{state="failed"} 1.0' in text
    assert "b.example" not in text
