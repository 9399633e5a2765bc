"""The measuring itself works: real servers, right answers, a readable result."""

from __future__ import annotations

import json
import platform
import re
import smtplib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench import client, proxy, sinks
from bench.client import Unexpected
from tests.lengths import length
from webinar.config import ROOT

WORKLOADS = length(["page"], soak=["answers", "page", "join"])
"""Each starts two servers, and takes as long as a hundred other tests."""


@pytest.mark.deep
def test_workloads_run_and_leave_their_numbers(tmp_path: Path) -> None:
    result = tmp_path / "bench.json"
    arguments = [*WORKLOADS, "--database", "sqlite", "--rounds", "1", "--size", "20"]
    run = subprocess.run(
        [sys.executable, "-m", "bench", *arguments, "--connections", "4", "--json", str(result)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    # So few requests may well miss the target, which ends with 1.
    assert run.returncode in (0, 1), run.stderr
    text = result.read_text("utf-8")
    found = json.loads(text)
    assert [one["workload"] for one in found["results"]] == WORKLOADS
    for one in found["results"]:
        assert one["ratio"] > 0
        shown = re.search(rf"^{one['workload']} .*ratio ([\d.]+)", run.stdout, re.MULTILINE)
        assert shown is not None
        # Both are rounded from the same number: the one that is shown to two places.
        assert float(shown[1]) == pytest.approx(one["ratio"], abs=0.011)
        assert len(one["rounds"]) == 1
    assert platform.node() not in text
    assert found["versions"]["sqlite"]


@pytest.mark.soak
@pytest.mark.skipif(not sinks.SINK, reason="no smtp-sink; as root: apt-get install postfix")
def test_sending_is_measured_beside_ready_bytes(tmp_path: Path) -> None:
    result = tmp_path / "bench.json"
    arguments = ["sending", "--database", "sqlite", "--rounds", "1", "--size", "650"]
    run = subprocess.run(
        [sys.executable, "-m", "bench", *arguments, "--json", str(result)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert run.returncode in (0, 1), run.stderr
    (found,) = json.loads(result.read_text("utf-8"))["results"]
    assert found["workload"] == "sending"
    assert found["ratio"] > 0
    assert found["target"] == 0.3
    assert set(found["peak_memory_mib"]) == {"600", "650"}
    assert 11_000 < found["mean_bytes"] < 15_000


@pytest.mark.soak
@pytest.mark.skipif(not proxy.NGINX, reason="no nginx; as root: apt-get install nginx-light")
def test_files_are_measured_beside_a_proxy_and_a_bare_copy(tmp_path: Path) -> None:
    result = tmp_path / "bench.json"
    arguments = ["download", "ranges", "upload", "--database", "sqlite", "--rounds", "1"]
    run = subprocess.run(
        [sys.executable, "-m", "bench", *arguments, "--size", "2", "--json", str(result)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode in (0, 1), run.stderr
    found = json.loads(result.read_text("utf-8"))["results"]
    assert [one["workload"] for one in found] == ["download", "ranges", "upload"]
    assert [one["unit"] for one in found] == ["MiB", None, "MiB"]
    assert [one["target"] for one in found] == [0.8, None, None]
    for one in found:
        assert 0 < one["ratio"] < 5


def test_slow_relay_answers_in_order_and_late() -> None:
    with sinks.slow(0.05) as port, smtplib.SMTP("127.0.0.1", port) as relay:
        relay.ehlo()
        assert relay.has_extn("pipelining")
        begun = time.monotonic()
        assert relay.sendmail("a@x.example", ["b@x.example"], b"Subject: x\r\n\r\n.\r\n") == {}
        assert time.monotonic() - begun >= 0.2


def test_unknown_workload_is_refused() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bench", "nothing"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 2
    assert "no workload nothing" in run.stderr


def test_answer_with_another_status_is_no_measurement() -> None:
    received = bytearray(b"HTTP/1.1 500 OOPS\r\nContent-Length: 2\r\n\r\nno")
    assert client._whole(received) == len(received) - 2
    assert client._whole(received[:-1]) is None
    with pytest.raises(Unexpected, match="500 OOPS"):
        client._require(received, 200)
