"""The application of a test that takes `box` sends to a server of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ENVIRON
from tests.jobs.relay import Postbox, postbox


@pytest.fixture
def box() -> Iterator[Postbox]:
    with postbox() as found:
        yield found


@pytest.fixture
def environ(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> dict[str, str]:
    found = {
        **ENVIRON,
        "WEBINAR_DATABASE_URL": database_url,
        "WEBINAR_STORAGE_FOLDER": str(tmp_path / "files"),
    }
    if "box" in request.fixturenames:
        box: Postbox = request.getfixturevalue("box")
        found |= {"WEBINAR_MAIL_HOST": "127.0.0.1", "WEBINAR_MAIL_PORT": str(box.port)}
    return found
