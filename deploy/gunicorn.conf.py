"""How gunicorn serves the application: `gunicorn -c deploy/gunicorn.conf.py --bind ADDRESS`.

Leaves the address to `--bind`, everything about people and places to `webinar.config`. The access
log says what was asked for and how it went, not by whom: a personal link in a path is redacted,
query strings, referrers and user agents are left out, client addresses are cut short.
"""

import ipaddress
import json
import logging
import os
import shutil
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

# Every process writes its own figures there; the library reads the name when it is imported, which
# the line below does.
FIGURES = "PROMETHEUS_MULTIPROC_DIR"
if os.environ.get("WEBINAR_METRICS_TOKEN") and FIGURES not in os.environ:
    os.environ[FIGURES] = tempfile.mkdtemp(prefix="webinar-figures-")

from webinar import clock  # noqa: E402  the path above makes it known
from webinar.web.logs import redact  # noqa: E402

CORES = len(os.sched_getaffinity(0))
IPV4_KEPT = 16
IPV6_KEPT = 32


def shortened(address: str) -> str:
    """The network that a client belongs to; "-" where there is no address, as behind a socket."""
    try:
        kept = IPV4_KEPT if ipaddress.ip_address(address).version == 4 else IPV6_KEPT
    except ValueError:
        return "-"
    return str(ipaddress.ip_network(f"{address}/{kept}", strict=False))


class WithoutLinks(logging.Filter):
    """Takes personal links out of what gunicorn itself complains about."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True


class QuietLogger(Logger):
    """gunicorn's logger, with one JSON line per request."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        if not any(isinstance(known, WithoutLinks) for known in self.error_log.filters):
            self.error_log.addFilter(WithoutLinks())

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        if not self.access_log_enabled:
            return
        line = {
            "event": "request",
            "timestamp": clock.now().isoformat(timespec="milliseconds"),
            "method": environ.get("REQUEST_METHOD", "-"),
            "path": redact(environ.get("PATH_INFO", "-")),
            "status": int(str(resp.status).split(None, 1)[0]),
            "bytes": getattr(resp, "sent", None),
            "seconds": round(request_time.total_seconds(), 4),
            "network": shortened(environ.get("REMOTE_ADDR", "")),
        }
        self.access_log.info(json.dumps(line, ensure_ascii=False))


def child_exit(_server: Any, worker: Any) -> None:
    """What a process that has ended counted as its present state no longer counts."""
    if FIGURES in os.environ:
        from prometheus_client import multiprocess  # noqa: PLC0415  needs the folder's name

        multiprocess.mark_process_dead(worker.pid)


def on_exit(_server: Any) -> None:
    """The figures begin anew with the next start."""
    if FIGURES in os.environ:
        shutil.rmtree(os.environ[FIGURES], ignore_errors=True)


chdir = str(ROOT)
wsgi_app = "app:app"

# Settings that forbid a start end it at once, in the master, with their lines (`app.py`).
preload_app = True
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "") or CORES)
# Pages are work for the processor, of which a worker has one; the other threads hand out
# recordings to slow lines.
threads = 6
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  heartbeats alone

# A download may take longer: in a threaded worker this is the worker's heartbeat, not the request.
timeout = 60
graceful_timeout = 30
keepalive = 15

# The control socket would lie in the home folder and let whoever reaches it steer the server.
control_socket_disable = True
logger_class = QuietLogger
accesslog = "-"
