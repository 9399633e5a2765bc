"""`python -m bench [name...]`: run the workloads, print ratios, write `var/bench.json`.

Ends with status 1 where a workload stays below its target share of the ceiling.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench import databases, proxy, report, sinks
from bench.report import Result
from bench.servers import ROOT
from bench.workloads import ROUNDS, SIZES, TARGETS, UNITS, WORKLOADS


def main() -> int:
    """Measure what was asked for, one after the other; returns the exit status."""
    options = _options()
    results = []
    for kind in options.database or databases.available()[:1]:
        for name in options.names or _possible():
            result = _measure(name, kind, options)
            print(result.line(), flush=True)
            results.append(result)
    versions = {kind: databases.version(kind) for kind in {one.database for one in results}}
    report.write(options.json, results, connections=options.connections, databases=versions)
    print(f"written to {options.json}")
    return int(any(result.ratio < result.target for result in results))


def _measure(name: str, kind: str, options: argparse.Namespace) -> Result:
    size = options.size or SIZES[name]
    count = options.rounds or ROUNDS[name]
    with (
        tempfile.TemporaryDirectory() as folder,
        databases.database(kind, Path(folder)) as url,
        # One round more: the first warms both sides up and does not count.
        WORKLOADS[name](url, Path(folder), rounds=count + 1, size=size) as pair,
    ):
        rounds = [pair.run(number, connections=options.connections) for number in range(count + 1)][
            1:
        ]
    mine, bare = zip(*rounds, strict=True)
    return Result(name, kind, TARGETS[name], mine, bare, pair.told(), UNITS.get(name, ""))


def _possible() -> list[str]:
    """All workloads whose servers are there; says which are not."""
    missing = set()
    if not sinks.SINK:
        print("no smtp-sink (Debian's package postfix): sending is not measured")
        missing.add("sending")
    if not proxy.NGINX:
        print("no nginx (Debian's package nginx-light): downloads are not measured")
        missing.update(("download", "download-direct", "ranges"))
    return [name for name in WORKLOADS if name not in missing]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(WORKLOADS)}")
    parser.add_argument("--database", action="append", choices=databases.KINDS)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--size", type=int, default=0, help="requests, mails or MiB in a round")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--json", type=Path, default=ROOT / "var" / "bench.json")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(WORKLOADS))
    if unknown:
        parser.error(f"no workload {', '.join(unknown)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
