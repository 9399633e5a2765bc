"""What is shipped for operators fits the program: server settings, units, proxy, documentation."""

from __future__ import annotations

import configparser
import http.client
import ipaddress
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import ENVIRON
from tests.jobs.processes import wait_for
from tests.ports import free_port
from webinar.adapters import backup_folders
from webinar.cli import main
from webinar.config import PREFIX, ROOT, Settings
from webinar.demo.environment import PORTS
from webinar.domain.links import PATHS

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.*"))
SERVICES = [path for path in UNITS if path.suffix == ".service"]
TOKEN = "abcdefghijkl.mnopqrstuvwxyz"


def command(*arguments: str) -> list[str]:
    conf = str(DEPLOY / "gunicorn.conf.py")
    return [sys.executable, "-m", "gunicorn", "-c", conf, *arguments]


def surroundings(values: dict[str, str]) -> dict[str, str]:
    outer = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return outer | values


@contextmanager
def serving(values: dict[str, str], log: Path) -> Iterator[str]:
    """The address of a running server; afterwards it has ended with status 0."""
    address = f"127.0.0.1:{free_port()}"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command("--bind", address),
            env=surroundings(values),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(lambda: b"Listening at" in log.read_bytes() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield address
    finally:
        process.terminate()
        status = process.wait(timeout=60)
    assert status == 0


def test_refused_settings_end_the_server_with_a_line_each() -> None:
    values = {"WEBINAR_ENV": "production", "WEBINAR_SECRET_KEY": "short", "WEBINAR_DEBUG": "1"}
    ended = subprocess.run(
        command("--bind", "127.0.0.1:0"),
        env=surroundings(values),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert "Listening at" not in ended.stderr
    lines = ended.stderr.splitlines()
    told = lines[lines.index("webinar cannot start:") + 1 :]
    assert len(told) > 5
    assert all(line.startswith(f"  {PREFIX}") for line in told)
    assert "Traceback" not in ended.stderr


def test_access_log_has_one_line_per_request_without_links_queries_and_clients(
    tmp_path: Path, migrated_sqlite: Path
) -> None:
    values = {**ENVIRON, "WEBINAR_DATABASE_URL": f"sqlite:///{tmp_path / 'test.db'}"}
    shutil.copy(migrated_sqlite, tmp_path / "test.db")
    log = tmp_path / "server.log"
    with serving(values, log) as server:
        connection = http.client.HTTPConnection(server, timeout=60)
        for purpose in PATHS.values():
            headers = {"Referer": f"http://{server}/e/{TOKEN}", "User-Agent": "Kennung"}
            connection.request("GET", f"/{purpose}/{TOKEN}?suche=Seubert", headers=headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 404
        connection.close()
    text = log.read_text()
    for secret in (TOKEN, "Seubert", "Kennung", "127.0.0.1 "):
        assert secret not in text
    lines = [json.loads(line) for line in text.splitlines() if line.startswith('{"event": "req')]
    assert [line["path"] for line in lines] == [f"/{kind}/[link]" for kind in PATHS.values()]
    assert {(line["method"], line["status"], line["network"]) for line in lines} == {
        ("GET", 404, "127.0.0.0/16")
    }
    assert all(line["bytes"] > 100 and line["seconds"] < 30 for line in lines)


def test_server_counts_over_all_its_processes(migrated_sqlite: Path, tmp_path: Path) -> None:
    """Prometheus meets any of the processes and is told of the requests of all."""
    token = "a token for the figures of thirty-two bytes"
    folder = tmp_path / "figures"
    folder.mkdir()
    values = {
        **ENVIRON,
        "WEBINAR_DATABASE_URL": f"sqlite:///{migrated_sqlite}",
        "WEBINAR_METRICS_TOKEN": token,
        "WEB_CONCURRENCY": "2",
        "PROMETHEUS_MULTIPROC_DIR": str(folder),
    }
    with serving(values, tmp_path / "log") as server:
        for _ in range(8):
            ask(server, "/healthz")
        text = ask(server, "/metrics", {"Authorization": f"Bearer {token}"})
        assert 'webinar_requests_total{endpoint="operating.healthz",status="200"} 8.0' in text
    assert not folder.exists()


def ask(server: str, path: str, headers: dict[str, str] | None = None) -> str:
    """One request over a connection of its own."""
    connection = http.client.HTTPConnection(server, timeout=60)
    connection.request("GET", path, headers=headers or {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status == 200, text
    return text


def test_server_opens_no_control_socket_and_loads_the_application_before_it_forks() -> None:
    printed = subprocess.run(
        command("--print-config"),
        env=surroundings(ENVIRON),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    found = dict(re.findall(r"^(\w+)\s+= (.*)$", printed, re.MULTILINE))
    assert found["control_socket_disable"] == "True"
    assert found["preload_app"] == "True"
    assert found["worker_class"] == "gthread"
    assert 4 <= int(found["threads"]) <= 8
    assert found["wsgi_app"] == "app:app"


def test_operators_documentation_names_every_setting_and_no_other() -> None:
    sources = (ROOT / "webinar" / name for name in ("config.py", "config_accounts.py"))
    source = "".join(path.read_text("utf-8") for path in sources)
    read = set(
        re.findall(r'(?:self|reader)\.(?:text|number|flag|choice)\(\s*"([A-Z0-9_]+)"', source)
    )
    assert len(read) > 30
    known = {PREFIX + name for name in read} | {
        "WEBINAR_LEGAL_",
        "WEBINAR_RETENTION_",
        "WEBINAR_VAR",
        *PORTS,
    }
    document = (ROOT / "docs" / "operators.md").read_text("utf-8")
    heads = re.findall(r"^\| (`WEBINAR_[^|]*)\|", document, re.MULTILINE)
    assert {name for head in heads for name in re.findall(r"WEBINAR_[A-Z0-9_]+", head)} == known


UNIT_OPTIONS = {
    "Unit": {"Description", "After", "Wants", "StartLimitIntervalSec", "StartLimitBurst"},
    "Install": {"WantedBy"},
    "Timer": {"OnCalendar", "RandomizedDelaySec", "Persistent"},
    # Names from systemd.service(5), systemd.exec(5) and systemd.kill(5).
    "Service": {
        *("LoadCredential", "TimeoutStartSec", "Nice", "IOSchedulingClass"),
        *("Type", "NotifyAccess", "User", "Group", "WorkingDirectory", "EnvironmentFile"),
        *("ExecStartPre", "ExecStart", "ExecReload", "Restart", "RestartSec"),
        *("RestartPreventExitStatus", "KillMode", "TimeoutStopSec", "StateDirectory"),
        *("StateDirectoryMode", "UMask", "NoNewPrivileges", "CapabilityBoundingSet"),
        *("PrivateDevices", "PrivateTmp", "ProtectClock", "ProtectControlGroups", "ProtectHome"),
        *("ProtectHostname", "ProtectKernelLogs", "ProtectKernelModules"),
        *("ProtectKernelTunables", "ProtectProc", "ProtectSystem", "LockPersonality"),
        *("RestrictAddressFamilies", "RestrictNamespaces", "RestrictRealtime"),
        *("RestrictSUIDSGID", "SystemCallArchitectures", "SystemCallFilter"),
    },
}


def unit(path: Path) -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None)
    found.optionxform = str  # type: ignore[assignment,method-assign]  # its documented use
    found.read(path, encoding="utf-8")
    return found


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_unit_uses_known_options(path: Path) -> None:
    found, kind = unit(path), path.suffix.removeprefix(".").title()
    timer = path.with_suffix(".timer")
    started_by_timer = kind == "Service" and timer.is_file()
    assert set(found.sections()) == {"Unit", kind} | (set() if started_by_timer else {"Install"})
    for section in found.sections():
        assert set(found[section]) <= UNIT_OPTIONS[section]
    if kind == "Timer":
        assert path.with_suffix(".service") in SERVICES


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_unit_uses_commands_that_exist(path: Path) -> None:
    service = unit(path)["Service"]
    folder = service["WorkingDirectory"]
    for option in ("ExecStart", "ExecStartPre"):
        program, *arguments = service.get(option, f"{folder}/.venv/bin/webinar worker").split()
        assert program.removeprefix(f"{folder}/.venv/bin/") in ("gunicorn", "flask", "webinar")
        if program.endswith("webinar"):
            taken = main.commands[arguments[0]].params
            known = {name for one in taken for name in one.opts}
            assert {one for one in arguments if one.startswith("--")} <= known
        for argument in arguments:
            assert not argument.endswith(".py") or (ROOT / argument).is_file()


def test_nightly_backup_runs_as_the_unit_says(migrated_sqlite: Path, tmp_path: Path) -> None:
    service = unit(DEPLOY / "systemd" / "webinar-backup.service")["Service"]
    _program, *arguments = service["ExecStart"].split()
    target = tmp_path / "backups"
    target.mkdir()
    name, _colon, _source = service["LoadCredential"].partition(":")
    (tmp_path / name).write_text("a key for backups that is long enough to pass\n")
    places = {
        f"/var/lib/{service['StateDirectory'].split()[-1]}": str(target),
        f"${{CREDENTIALS_DIRECTORY}}/{name}": str(tmp_path / name),
    }
    given = [places.get(one, one) for one in arguments]
    assert set(places.values()) <= set(given)
    values = {
        **ENVIRON,
        "WEBINAR_DATABASE_URL": f"sqlite:///{migrated_sqlite}",
        "WEBINAR_STORAGE_FOLDER": str(tmp_path / "files"),
    }
    ended = subprocess.run(
        [Path(sys.executable).with_name("webinar"), *given],
        env=surroundings(values),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    (made,) = target.iterdir()
    assert backup_folders.NAME.fullmatch(made.name)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze")
def test_systemd_itself_accepts_the_units() -> None:
    checked = subprocess.run(
        ["systemd-analyze", "verify", *map(str, UNITS)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = [line for line in checked.stderr.splitlines() if "webinar-" in line]
    # The programs lie under /opt only where it is installed.
    assert [line for line in lines if "is not executable" not in line] == []


NGINX = {
    *("map", "default", "log_format", "upstream", "server", "keepalive", "listen", "server_name"),
    *("access_log", "error_log", "return", "ssl_certificate", "ssl_certificate_key"),
    *("ssl_protocols", "server_tokens", "client_max_body_size", "client_body_timeout"),
    *("location", "alias", "expires", "add_header", "proxy_pass", "proxy_http_version"),
    *("proxy_set_header", "proxy_max_temp_file_size", "proxy_read_timeout", "internal"),
    "proxy_request_buffering",
}


def test_proxy_snippet_is_balanced_and_uses_known_directives() -> None:
    text = re.sub(r"^\s*#.*$", "", (DEPLOY / "nginx.conf").read_text("utf-8"), flags=re.MULTILINE)
    assert text.count("{") == text.count("}")
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and line != "}" and not line.startswith("~")]
    assert all(line.endswith((";", "{")) for line in lines)
    assert {line.split()[0].removesuffix(";") for line in lines} <= NGINX
    assert "$http_referer" not in text
    for path in ("/static/", f"/opt/webinar/{Path('webinar/static')}/"):
        assert path in text


def test_proxy_redacts_every_kind_of_personal_link_and_takes_uploads() -> None:
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    found = re.search(r"~\^/\(\?<webinar_kind>\[(\w+)\]\)", text)
    assert found is not None
    assert set(found[1]) == set(PATHS.values())
    limit = re.search(r"client_max_body_size (\d+)m;", text)
    assert limit is not None
    assert int(limit[1]) > 500


def test_proxies_take_forms_and_pieces_as_large_as_the_application_does() -> None:
    """Limits of the settings are in mebibytes, and so are nginx's m and Caddy's MiB."""
    found = Settings.load(ENVIRON | {"WEBINAR_DATABASE_URL": "sqlite://"})
    needed = [limit // 2**20 for limit in (found.upload_limit, found.large_upload_limit)]
    for name, limit in (
        ("nginx.conf", r"client_max_body_size (\d+)m;"),
        ("Caddyfile", r"max_size (\d+)MiB\n"),
    ):
        text = (DEPLOY / name).read_text("utf-8")
        form, piece = sorted(map(int, re.findall(limit, text)))
        assert needed[0] < form < needed[0] + 50
        assert needed[1] < piece < needed[1] + 200
        assert "unterlagen/hochladen/" in text


def test_limits_in_redis_hold_across_processes(migrated_sqlite: Path, tmp_path: Path) -> None:
    try:
        socket.create_connection(("127.0.0.1", 6379), timeout=2).close()
    except OSError:
        pytest.skip("no Redis on 127.0.0.1:6379")
    values = {
        **ENVIRON,
        "WEBINAR_DATABASE_URL": f"sqlite:///{migrated_sqlite}",
        "WEBINAR_LIMITS_STORAGE": "redis://127.0.0.1:6379/15",
        "WEBINAR_TRUSTED_PROXIES": "1",
        "WEB_CONCURRENCY": "2",
    }
    # Of this run alone: counts outlive it in the server.
    caller = {"X-Forwarded-For": str(ipaddress.ip_address(secrets.token_bytes(16)))}
    with serving(values, tmp_path / "log") as server:
        answers = [status(server, "/veranstaltungen.ics", caller) for _ in range(61)]
    assert answers == [200] * 60 + [429]


def status(server: str, path: str, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection(server, timeout=60)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse().status
    connection.close()
    return answer


def test_caddy_passes_the_address_on_and_writes_no_links(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    if not shutil.which("caddy"):
        pytest.skip("no caddy")
    values = {
        **ENVIRON,
        "WEBINAR_DATABASE_URL": f"sqlite:///{migrated_sqlite}",
        "WEBINAR_TRUSTED_PROXIES": "1",
    }
    log = tmp_path / "caddy"
    with serving(values, tmp_path / "log") as upstream, behind_caddy(upstream, log) as proxy:
        ask(proxy, "/healthz?kennung=4711", {"X-Forwarded-For": "192.0.2.7"})
        for kind in PATHS.values():
            assert status(proxy, f"/{kind}/{TOKEN}/zusage?von=Seubert", {}) in (404, 405)
    for text in (log.read_text(), (tmp_path / "log").read_text()):
        assert all(secret not in text for secret in (TOKEN, "Seubert", "4711", "192.0.2.7"))
    lines = [json.loads(line) for line in log.read_text().splitlines() if "handled" in line]
    assert [line["request"]["uri"] for line in lines] == [
        "/healthz",
        *(f"/{kind}//zusage" for kind in PATHS.values()),
    ]
    assert {line["request"]["remote_ip"] for line in lines} == {"127.0.0.0"}


@contextmanager
def behind_caddy(upstream: str, log: Path) -> Iterator[str]:
    """The address of a running Caddy in front of the server, without TLS."""
    port = free_port()
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
    here = {"PUBLIC_HOST": f"http://:{port}", "UPSTREAM": upstream}
    home = {"HOME": str(log.parent), "XDG_DATA_HOME": str(log.parent)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env={**os.environ, **here, **home}, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        said = b"serving initial configuration"
        wait_for(lambda: said in log.read_bytes() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=60)


def test_containers_fit_the_program(tmp_path: Path) -> None:
    """What compose would start, as Compose itself reads it where it is installed."""
    if not shutil.which("docker-compose"):
        pytest.skip("no docker-compose")
    folder = shutil.copytree(DEPLOY / "compose", tmp_path / "compose")
    shutil.copy(folder / "webinar.env.example", folder / "webinar.env")
    needed = {"DATABASE_PASSWORD": "geheim", "PUBLIC_HOST": "termine.lra.example"}
    found = compose(folder, needed)
    assert found.returncode == 0, found.stderr
    for command in (
        "webinar\n    - worker",
        "flask\n    - --app\n    - app\n    - db\n    - upgrade",
    ):
        assert f"command:\n    - {command}" in found.stdout
    assert "WEBINAR_DATABASE_URL: postgresql://webinar:geheim@database/webinar" in found.stdout
    missing = compose(folder, {})
    assert missing.returncode != 0
    assert "must be set in .env" in missing.stderr


def compose(folder: Path, values: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker-compose", "-f", str(folder / "compose.yaml"), "config"],
        env=surroundings(values),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_example_for_containers_names_settings_that_exist() -> None:
    documented = (ROOT / "docs" / "operators.md").read_text("utf-8")
    for name in ("webinar.env.example", "compose.yaml"):
        text = (DEPLOY / "compose" / name).read_text("utf-8")
        found = set(re.findall(r"^\s*(WEBINAR_\w+)[:=]", text, re.MULTILINE))
        assert found
        for setting in found:
            assert f"`{setting}`" in documented
