"""Medians and ratios of the measured rounds, as lines for people and as `var/bench.json`."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench.client import Measured
from webinar.clock import now

_LIBRARIES = ("flask", "gunicorn", "jinja2", "psycopg", "sqlalchemy", "werkzeug")


@dataclass(frozen=True)
class Result:
    """All rounds of one workload on one database."""

    workload: str
    database: str
    target: float
    application: Sequence[Measured]
    ceiling: Sequence[Measured]
    told: Mapping[str, object]
    """What was measured besides the rate."""
    unit: str = ""
    """What the rates count; empty for requests and mails."""

    @property
    def rate(self) -> float:
        return statistics.median(one.rate for one in self.application)

    @property
    def most(self) -> float:
        return statistics.median(one.rate for one in self.ceiling)

    @property
    def ratio(self) -> float:
        """Of the medians: single rounds suffer from whatever else the machine does."""
        return self.rate / self.most

    @property
    def slowest_ratio(self) -> float:
        """How many times as long the slowest hundredth waits as at the ceiling; 0 where only the
        whole was measured."""
        mine = statistics.median(one.p99 for one in self.application)
        bare = statistics.median(one.p99 for one in self.ceiling)
        return mine / bare if bare else 0.0

    def line(self) -> str:
        told = "" if self.ratio >= self.target else f"  below the target of {self.target}"
        each = f" {self.unit}/s" if self.unit else "/s"
        return (
            f"{self.workload:16}{self.database:12}{self.rate:8.0f}{each}"
            f"  ceiling {self.most:8.0f}{each}  ratio {self.ratio:.2f}"
            f"{self._slowest()}{told}{self._besides()}"
        )

    def _slowest(self) -> str:
        return f"  p99 {self.slowest_ratio:.2f}" if self.slowest_ratio else ""

    def _besides(self) -> str:
        return "".join(f"\n{'':28}{name}: {value}" for name, value in self.told.items())

    def values(self) -> dict[str, object]:
        return {
            "workload": self.workload,
            "database": self.database,
            "per_second": round(self.rate, 1),
            "ceiling_per_second": round(self.most, 1),
            "ratio": round(self.ratio, 3),
            "target": self.target or None,
            "unit": self.unit or None,
            **self._durations(),
            "rounds": [
                [round(mine.rate, 1), round(bare.rate, 1)]
                for mine, bare in zip(self.application, self.ceiling, strict=True)
            ],
            **self.told,
        }

    def _durations(self) -> dict[str, object]:
        """Of single answers, where they were measured."""
        if not self.slowest_ratio:
            return {}
        return {
            "p99_ratio": round(self.slowest_ratio, 2),
            "milliseconds": _durations(self.application),
            "ceiling_milliseconds": _durations(self.ceiling),
        }


def _durations(rounds: Sequence[Measured]) -> dict[str, float]:
    return {
        "median": round(statistics.median(one.median for one in rounds), 2),
        "p95": round(statistics.median(one.p95 for one in rounds), 2),
        "p99": round(statistics.median(one.p99 for one in rounds), 2),
    }


def write(
    path: Path, results: Sequence[Result], *, connections: int, databases: dict[str, str]
) -> None:
    """Write what was measured, when and on what; nothing that names the machine."""
    values = {
        "date": now().isoformat(timespec="seconds"),
        "machine": {
            "cores": len(os.sched_getaffinity(0)),
            "processor": _processor(),
            "memory_gib": round(
                os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1
            ),
            "system": f"{platform.system()} {platform.machine()}",
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
            **databases,
        },
        "connections": connections,
        "results": [result.values() for result in results],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()
