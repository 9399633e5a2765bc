"""The commands of operators as they are called: by `webinar`, with nothing but the environment."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import ENVIRON
from webinar.cli import main

PASSWORD = "Wolkenbruch am Residenzplatz"
CALLS = (
    "account create --email a.lang@lra.example --name Lang --role admin",
    "retention run --dry-run",
    "retention run",
    "search rebuild",
    "storage verify --quick",
    "journal apply",
    "backup {folder}/backup.tar",
    "restore --check {folder}/backup.tar",
)


def test_commands_find_their_application_by_themselves(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    path = tmp_path / "webinar.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    environ = {
        **ENVIRON,
        "WEBINAR_DATABASE_URL": f"sqlite:///{path}",
        "WEBINAR_STORAGE_FOLDER": str(tmp_path / "files"),
    }
    for call in CALLS:
        words = call.format(folder=tmp_path).split()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environ.items():
                patch.setenv(name, value)
            done = CliRunner().invoke(main, words, input=f"{PASSWORD}\n{PASSWORD}\n")
        assert done.exit_code == 0, (call, done.output, done.exception)
