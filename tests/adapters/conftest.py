"""Servers for the tests of SMTP, each started by a test as it needs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.adapters.smtp_office import Office, Opened
from tests.ports import free_port


@pytest.fixture
def serve() -> Iterator[Opened]:
    running: list[Controller] = []

    def start(**settings: Any) -> tuple[Office, Controller]:
        served = Office()
        where = {"hostname": "127.0.0.1", "port": free_port()}
        controller = Controller(served, **{**where, **settings})
        controller.start()
        running.append(controller)
        return served, controller

    yield start
    for controller in running:
        controller.stop()
