"""What goes into the log, and what is taken out on the way."""

from __future__ import annotations

import json

import pytest
import structlog
from flask import Flask
from sqlalchemy.exc import IntegrityError

from tests import factories
from webinar.extensions import db
from webinar.web.logs import without_people

LINK = "/e/k3yq7v2mzx5d.Rm9yZ2VkU2lnbmF0dXJlT2ZBTGluaw"
REFUSED = """Traceback (most recent call last):
  File "x.py", line 1, in save
psycopg.errors.UniqueViolation: duplicate key value violates "uq_contacts_name"
DETAIL:  Key (name)=(Kern

Sofie) already exists.
[SQL: INSERT INTO contacts (name) VALUES (%(name)s)]
(Background on this error at: https://sqlalche.me/e/20/gkpj)"""


def test_event_loses_links_addresses_and_rows_and_keeps_the_rest() -> None:
    event = {"event": f"550 <kern@gemeinde.example> refused, see {LINK}", "exc": REFUSED, "n": 5}
    found = without_people(None, "", dict(event))
    assert found["event"] == "550 <[address]> refused, see /e/[link]"
    assert "Kern" not in str(found["exc"])
    assert "Sofie" not in str(found["exc"])
    assert "uq_contacts_name" in str(found["exc"])
    assert "INSERT INTO contacts" in str(found["exc"])
    assert found["n"] == 5


def test_refused_row_is_logged_by_its_rule_alone(
    app: Flask, capfd: pytest.CaptureFixture[str]
) -> None:
    factories.account(email="kern@gemeinde.example")
    with pytest.raises(IntegrityError) as problem:
        factories.account(email="kern@gemeinde.example")
    db.session.rollback()
    structlog.get_logger().warning("crossed", exc_info=problem.value)
    line = capfd.readouterr().err.strip().splitlines()[-1]
    assert "accounts" in json.loads(line)["exception"]
    assert "kern" not in line
