"""The figures that Prometheus collects: requests as they are served, the rest from the database.

Each process counts its own requests into files that all of them can read; `deploy/gunicorn.conf.py`
makes their folder. Whoever may read the figures is decided by `webinar.web.operating`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from webinar.clock import now
from webinar.domain import health

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_own = CollectorRegistry()
REQUESTS = Counter(
    "webinar_requests", "Requests by page and status", ["endpoint", "status"], registry=_own
)
SECONDS = Histogram(
    "webinar_request_seconds", "Time until the answer", registry=_own, buckets=BUCKETS
)


def register(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_count)


def rendered() -> bytes:
    """All figures in Prometheus's text form; those of the database are read now."""
    if FOLDER in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library's own
    else:
        registry = _own
    return generate_latest(registry) + generate_latest(_of_database())


def _of_database() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Database())
    return registry


class _Database(Collector):
    """What an evening hangs on: answers, places, who is in, and how the mail runs."""

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        yield _by("webinar_mails", "Mails by state", "state", health.mails_by_state())
        yield _by("webinar_answers", "Answers for these days' talks", "answer", health.answers())
        yield _by(
            "webinar_registrations",
            "Registrations for these days' talks",
            "state",
            health.registrations(),
        )
        yield GaugeMetricFamily("webinar_in_the_room", "Present", value=health.in_the_room())
        yield GaugeMetricFamily("webinar_failed_jobs", "Given up", value=health.failed_jobs())
        for name, said, since in (
            ("webinar_mail_age_seconds", "Age of the oldest due mail", health.mail_waits_since()),
            ("webinar_worker_age_seconds", "Since a worker's last sign", health.last_beat()),
        ):
            if since is not None:
                yield GaugeMetricFamily(name, said, value=(now() - since).total_seconds())


def _by(name: str, said: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, said, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family


def _begin() -> None:
    g.begun = time.perf_counter()


def _count(response: Response) -> Response:
    # The endpoint, never the path: paths hold personal links.
    REQUESTS.labels(request.endpoint or "none", str(response.status_code)).inc()
    if "begun" in g:
        SECONDS.observe(time.perf_counter() - g.begun)
    return response
