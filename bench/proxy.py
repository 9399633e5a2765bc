"""Debian's nginx before the application, as `deploy/nginx.conf` sets it up, without TLS.

The shipped file is taken as it is, with other ports and folders, so that what is measured (and
tested) is what operators include. Beside it the same nginx serves the folder of files to anybody:
the ceiling of everything that it sends for the application.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.servers import ROOT, free_port, wait

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""
ACCEL_PATH = "/_files/"
"""What WEBINAR_ACCEL_PATH must say to fit the shipped file."""
_SHIPPED = ROOT / "deploy" / "nginx.conf"
# As Debian's nginx.conf has it, but for the folders and for connections of any length.
_MAIN = """\
{user}daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes auto;
events {{ worker_connections 768; }}
http {{
    sendfile on;
    tcp_nopush on;
    types_hash_max_size 2048;
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    keepalive_requests 1000000;
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
    server {{
        listen 127.0.0.1:{bare};
        root {files};
    }}
}}
"""


@dataclass(frozen=True)
class Proxy:
    """`port`: before the application; `bare`: the files by their places in the folder."""

    port: int
    bare: int


@contextmanager
def before(upstream: int, *, files: Path, folder: Path) -> Iterator[Proxy]:
    """nginx before the server on the port `upstream`, until the block ends.

    `files`: the folder that the application keeps files in; `folder`: for nginx's own. Raises
    RuntimeError with what nginx says where it does not start.
    """
    folder.mkdir()
    found = Proxy(port=free_port(), bare=free_port())
    site = _site(found.port, upstream, files=files, logs=folder)
    (folder / "site.conf").write_text(site, "utf-8")
    # As root nginx would read as somebody who may not see into folders of ours.
    name = pwd.getpwuid(os.geteuid()).pw_name
    user = f"user {name};\n" if os.geteuid() == 0 else ""
    main = _MAIN.format(user=user, folder=folder, files=files, bare=found.bare)
    (folder / "nginx.conf").write_text(main, "utf-8")
    log = folder / "output"
    command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait(process, found.port, log)
        yield found
    finally:
        process.terminate()
        process.wait(timeout=30)


def _site(port: int, upstream: int, *, files: Path, logs: Path) -> str:
    """The shipped file, on one port of this machine and without certificates."""
    text = _SHIPPED.read_text("utf-8")
    text = re.sub(r"^server \{[^{}]*return 301[^{}]*\}\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^ *(ssl_\w+ .*|listen \[::\]:443 .*);\n", "", text, flags=re.MULTILINE)
    for shipped, ours in (
        ("listen 443 ssl;", f"listen 127.0.0.1:{port};"),
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{upstream};"),
        ("/opt/webinar/", f"{ROOT}/"),
        ("/var/lib/webinar/files/", f"{files}/"),
        ("/var/log/nginx/", f"{logs}/"),
    ):
        if shipped not in text:
            raise RuntimeError(f"{_SHIPPED} no longer says {shipped}")
        text = text.replace(shipped, ours)
    return text
