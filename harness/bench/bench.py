#!/usr/bin/python3
"""`make bench`: the whole catalogue against real targets, several times; medians side by side. Measures, asserts nothing.

    bench.py COMMAND RUNS TARGET...
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

SLOWEST = 10
Report = Mapping[str, Any]  # of one run, with `wall` and `cpu`, of all processes together, put in


def run(command: str, target: str) -> Report:
    """One run; its JSON report and how long the whole command took. Verdicts do not matter here."""
    with tempfile.TemporaryDirectory() as folder:
        started, cpu = time.monotonic(), children_cpu()
        done = subprocess.run(
            [command, "run", "--target", target, "--format", "json", "--out", folder], capture_output=True, text=True,
        )
        wall = time.monotonic() - started
    if done.returncode not in (0, 1):
        raise SystemExit(f"{done.stderr}bench: the run against {target} ended with exit status {done.returncode}")
    return json.loads(done.stdout) | {"wall": wall, "cpu": children_cpu() - cpu}


def children_cpu() -> float:
    """CPU seconds of all processes that have ended: driver, engine, target."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cost(report: Report, key: str) -> float:
    """One of the figures that a run reports."""
    return float(report["cost"][key])


ROWS: Sequence[tuple[str, str, Callable[[Report], float]]] = (
    ("scenarios", "", lambda run: len(run["results"])),
    ("wall", "s", lambda run: run["wall"]),
    ("  until the target was ready", "s", lambda run: cost(run, "ready_seconds")),
    ("  nothing but quiet windows", "s", lambda run: cost(run, "quiet_seconds")),
    ("  driver, before and after the engine", "s", lambda run: run["wall"] - cost(run, "seconds")),
    ("engine CPU, reading the catalogue included", "s", lambda run: cost(run, "engine_cpu_seconds")),
    ("engine CPU per scenario", "ms", lambda run: 1000 * cost(run, "engine_cpu_seconds") / max(1, len(run["results"]))),
    ("target CPU", "s", lambda run: cost(run, "target_cpu_seconds")),
    ("driver CPU", "s",
     lambda run: run["cpu"] - cost(run, "engine_cpu_seconds") - cost(run, "target_cpu_seconds")),
    ("wall / target CPU", "", lambda run: run["wall"] / max(0.001, cost(run, "target_cpu_seconds"))),
    ("engine memory, peak", "MB", lambda run: cost(run, "engine_memory_kb") / 1024),
)


def figures(values: Iterable[float]) -> str:
    """The median, and the range where there is one."""
    each = list(values)
    digits = 0 if all(value == int(value) for value in each) else 3 if max(each) < 10 else 1
    text = f"{median(each):.{digits}f}"
    return text if min(each) == max(each) else f"{text} ({min(each):.{digits}f}-{max(each):.{digits}f})"


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns side by side."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths)).rstrip() for row in rows]


def slowest(runs: Sequence[Report]) -> list[tuple[str, str, str]]:
    """The scenarios that took longest, by the median; with the longest wait of the run that took longest."""
    times: dict[str, list[Mapping[str, Any]]] = {}
    for report in runs:
        for result in report["results"]:
            times.setdefault(result["scenario"], []).append(result)
    ordered = sorted(times, key=lambda id: -median(each["ms"] for each in times[id]))[:SLOWEST]
    return [
        (id, f"{figures(each['ms'] for each in times[id])} ms", wait(max(times[id], key=lambda each: each["ms"])["waited"]))
        for id in ordered
    ]


def wait(waited: Mapping[str, Any] | None) -> str:
    """What a scenario waited for longest, in words."""
    if not waited:
        return ""
    where = f", line {waited['line']}: {waited['step']}" if waited["step"] else ", at the end"
    return f"{waited['ms']:.0f} ms for {waited['for']}{where}"


def render(runs: Mapping[str, Sequence[Report]]) -> list[str]:
    """The whole report."""
    number = len(next(iter(runs.values())))
    load = os.getloadavg()[0]
    lines = [f"median of {number} runs (least-most), {os.cpu_count()} CPUs, load {load:.1f}: other work counts in wall, not in CPU", ""]
    lines += table([
        ("", "", *runs),
        *((name, unit, *(figures(map(value, each)) for each in runs.values())) for name, unit, value in ROWS),
    ])
    for target, each in runs.items():
        lines += ["", f"slowest on {target}, and what they waited for longest", *table(slowest(each))]
    return lines


def main(command: str, number: str, *targets: str) -> None:
    """Runs target after target, so that what else the machine does meets all of them."""
    runs: dict[str, list[Report]] = {target: [] for target in targets}
    for _ in range(int(number)):
        for target in targets:
            runs[target].append(run(str(Path(command).absolute()), target))
    print(*render(runs), sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
