"""SeaweedFS, a real S3 server from a wheel, on free ports of this machine for a whole test run."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3

from tests.jobs.processes import wait_for
from tests.ports import free_port

WEED = Path(sys.executable).with_name("weed")
SECRET = "a secret for tests alone"
PORTS = ("master", "volume", "filer", "s3")


@contextmanager
def running(folder: Path) -> Iterator[dict[str, str]]:
    """The settings that lead to an empty bucket of a server that runs inside the block."""
    identity = {
        "name": "webinar",
        "credentials": [{"accessKey": "webinar-test", "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    (folder / "data").mkdir()
    ports = [free_port() for _ in range(2 * len(PORTS))]
    given = [f"-dir={folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3"]
    for number, name in enumerate(PORTS):
        given += [f"-{name}.port={ports[2 * number]}", f"-{name}.port.grpc={ports[2 * number + 1]}"]
    given += [f"-s3.config={folder / 's3.json'}", "-volume.max=100"]
    given += ["-s3.port.iceberg=0", "-s3.port.lance=0"]  # fixed ports, and of no use here
    with (folder / "weed.log").open("wb") as log:
        server = subprocess.Popen([WEED, "-logtostderr", "server", *given], stdout=log, stderr=log)
    endpoint = f"http://127.0.0.1:{ports[6]}"
    try:
        wait_for(lambda: _answers(endpoint) or server.poll() is not None, why="weed")
        assert server.poll() is None, (folder / "weed.log").read_text()
        _create(endpoint)
        yield {
            "WEBINAR_STORAGE": "s3",
            "WEBINAR_S3_ENDPOINT": endpoint,
            "WEBINAR_S3_BUCKET": "webinar",
            "WEBINAR_S3_KEY_ID": "webinar-test",
            "WEBINAR_S3_SECRET": SECRET,
        }
    finally:
        server.kill()
        server.wait()


def _create(endpoint: str) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="eu-central-1",
        aws_access_key_id="webinar-test",
        aws_secret_access_key=SECRET,
    )
    client.create_bucket(Bucket="webinar")


def _answers(endpoint: str) -> bool:
    try:
        urllib.request.urlopen(endpoint, timeout=2)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
