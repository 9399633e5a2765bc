"""What the sample set-up keeps under `var/`: secrets, password, ports, and the settings from them.

`demo.env` is written once and then only read, so that a second start finds the same keys (the
links in mails that were sent stay good) and the same password. `run` starts the programs with it.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from webinar.config import ROOT

HOST = "127.0.0.1"
ORGANISER = "organisation@lra.example"
PORTS = {"WEBINAR_PORT": 5000, "WEBINAR_MAILBOX_PORT": 5001, "WEBINAR_SMTP_PORT": 2525}
"""Of the web server, of the mailbox's pages, and where the mailbox takes mail."""
_TRIES = 50
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else

_HEAD = """\
# Written once by `make run`: settings, secrets and the password of the sample set-up, which runs on
# this machine alone. Change what you like, docs/operators.md has the names; delete the folder to
# begin anew.
"""
_SETTINGS = {
    "WEBINAR_ENV": "development",
    "WEBINAR_OFFICE_NAME": "Landratsamt Würzburg",
    "WEBINAR_OFFICE_UNIT": "Büro des Landrats",
    "WEBINAR_OFFICE_ADDRESS": "Zeppelinstraße 15, 97074 Würzburg",
    "WEBINAR_OFFICE_EMAIL": "after-work-wissen@lra.example",
    "WEBINAR_OFFICE_PHONE": "0931 0000-123",
    "WEBINAR_LEGAL_VERTRETUNG": "Landrat Johannes Weidner",
    "WEBINAR_LEGAL_REDAKTION": "Miriam Hartmann, Büro des Landrats",
    "WEBINAR_LEGAL_AUFSICHTSBEHOERDE": "Regierung von Unterfranken",
    "WEBINAR_LEGAL_DATENSCHUTZBEAUFTRAGTE": "datenschutz@lra.example",
    "WEBINAR_LEGAL_BARRIEREFREIHEITKONTAKT": "barrierefreiheit@lra.example",
    "WEBINAR_LEGAL_RECHENZENTRUM": "das Rechenzentrum des Landratsamts",
    "WEBINAR_LEGAL_VIDEODIENST": "das Landratsamt Würzburg",
    "WEBINAR_LEGAL_PROTOKOLLFRIST": "7",
    "WEBINAR_LEGAL_PRUEFDATUM": "23. November 2026",
}


class CannotStart(Exception):
    """The sample set-up cannot start; the text says, in German, why and what helps."""


@dataclass(frozen=True)
class Setup:
    """The folder and what its `demo.env` says, with the ports of this start."""

    folder: Path
    values: Mapping[str, str]
    ports: Mapping[str, int]
    moved: tuple[str, ...]
    """The ports that had to give way to another program, chosen at the first start."""

    @property
    def web(self) -> str:
        return f"http://{HOST}:{self.ports['WEBINAR_PORT']}"

    @property
    def mailbox(self) -> str:
        return f"http://{HOST}:{self.ports['WEBINAR_MAILBOX_PORT']}"

    @property
    def password(self) -> str:
        return self.values["DEMO_PASSWORD"]

    def environ(self, outer: Mapping[str, str]) -> dict[str, str]:
        """The environment of the programs. Settings come from the file alone: a shell that was
        prepared for another database must not lead the sample data there."""
        kept = {name: value for name, value in outer.items() if not name.startswith("WEBINAR_")}
        given = {name: value for name, value in self.values.items() if name.startswith("WEBINAR_")}
        return {
            **kept,
            **given,
            "WEBINAR_BASE_URL": self.web,
            "WEBINAR_DATABASE_URL": f"sqlite:///{self.folder / 'webinar.db'}",
            "WEBINAR_STORAGE_FOLDER": str(self.folder / "files"),
            "WEBINAR_MAIL_HOST": HOST,
            "WEBINAR_MAIL_PORT": str(self.ports["WEBINAR_SMTP_PORT"]),
            "WEBINAR_MAIL_SECURITY": "none",
            "PYTHONUNBUFFERED": "1",
        }


def prepare(outer: Mapping[str, str]) -> Setup:
    """Read the folder's `demo.env`, or write it; raises `CannotStart`.

    `outer` is the caller's environment: WEBINAR_VAR names the folder, the names in `PORTS` a port.
    """
    folder = Path(outer.get("WEBINAR_VAR", "") or ROOT / "var").resolve()
    (folder / "log").mkdir(parents=True, exist_ok=True)
    file = folder / "demo.env"
    wanted = {name: _number(name, outer[name]) for name in PORTS if outer.get(name)}
    moved: tuple[str, ...] = ()
    if not file.exists():
        if (folder / "webinar.db").exists():
            raise CannotStart(
                f"In {folder} fehlt {file.name}, die Datenbank ist noch da: Ohne die Schlüssel aus"
                " dieser Datei öffnet kein persönlicher Link mehr. Stellen Sie die Datei wieder"
                " her, oder löschen Sie den Ordner und beginnen Sie neu."
            )
        chosen = _choose(wanted)
        moved = tuple(name for name in PORTS if name not in wanted and chosen[name] != PORTS[name])
        _write(file, chosen)
    values = _read(file)
    ports = {name: wanted.get(name) or _number(name, values.get(name, "")) for name in PORTS}
    return Setup(folder=folder, values=values, ports=ports, moved=moved)


def require_free(setup: Setup) -> None:
    """Raises `CannotStart` if another program holds one of the ports."""
    for name, port in setup.ports.items():
        if not _free(port):
            raise CannotStart(
                f"Port {port} ist belegt. Beenden Sie das Programm, das ihn benutzt, oder nehmen"
                f" Sie einen anderen: {name}={port + 100} make run"
            )


def _choose(wanted: Mapping[str, int]) -> dict[str, int]:
    """A port for each name: the wanted, else the usual, else the next that is free."""
    chosen: dict[str, int] = dict(wanted)
    for name, usual in PORTS.items():
        if name not in chosen:
            taken = set(chosen.values())
            near = range(usual, usual + _TRIES)
            chosen[name] = next((p for p in near if p not in taken and _free(p)), usual)
    return chosen


def _free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: a connection that is still fading away does not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _number(name: str, text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CannotStart(f"{name} muss eine Zahl von 1 bis 65535 sein, nicht „{text}“.")
    return int(text)


def _write(file: Path, ports: Mapping[str, int]) -> None:
    values = {
        **_SETTINGS,
        "WEBINAR_SECRET_KEY": secrets.token_urlsafe(48),
        "WEBINAR_LINK_KEYS": secrets.token_urlsafe(48),
        **{name: str(port) for name, port in ports.items()},
        "DEMO_PASSWORD": "-".join(_word() for _ in range(3)),
    }
    text = _HEAD + "".join(f"{name}={value}\n" for name, value in values.items())
    # Complete or not there: a start that was cut short must not leave half the secrets.
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)
    part.replace(file)


def _word() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(5))


def _read(file: Path) -> dict[str, str]:
    lines = (line.strip() for line in file.read_text("utf-8").splitlines())
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    values = {name.strip(): value.strip() for name, value in pairs}
    if "DEMO_PASSWORD" not in values:
        raise CannotStart(f"In {file} fehlt DEMO_PASSWORD. Stellen Sie die Datei wieder her.")
    return values
