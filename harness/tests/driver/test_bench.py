"""The table of `make bench`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from conftest import Bench

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

import bench as benchmark  # noqa: E402  (the path above comes first)


def report(wall: float, ms: float) -> dict[str, Any]:
    waited = {"ms": 61.2, "for": "a quiet window", "line": 12, "step": "Marlowe receives: nothing"}
    cost = {"seconds": wall - 0.2, "quiet_seconds": 0.5, "ready_seconds": 0.1, "engine_cpu_seconds": 0.05, "target_cpu_seconds": 0.5,
            "engine_memory_kb": 20480}
    return {"wall": wall, "cpu": 0.65, "cost": cost, "results": [
        {"scenario": "cancel/at-form", "ms": ms, "waited": waited},
        {"scenario": "disco/admin", "ms": 3.0, "waited": {"ms": 2.6, "for": "the last quiet window", "line": None, "step": None}},
        {"scenario": "disco/user", "ms": 0.0, "waited": None},
    ]}


def test_table_golden(golden: Any) -> None:
    runs = {"reference": [report(1.5, 70.0), report(1.25, 65.0), report(2.0, 90.0)], "prosody": [report(1.5, 70.0)] * 3}
    text = benchmark.render(runs)
    golden("bench.txt", "\n".join(["median of 3 runs" if line.startswith("median") else line for line in text]) + "\n")


def test_a_run_reports_what_it_costs(bench: Bench) -> None:
    bench.actions(
        {"bound": 0}, {"expect": "started"}, {"say": {"event": "ready", "ms": 250.0}}, {"judge": {"*": "PASS"}}, {"end": 0})
    found = json.loads(bench.run("--format", "json").out)
    assert found["cost"] == {
        "seconds": 1.5, "quiet_seconds": 0.75, "ready_seconds": 0.25, "engine_cpu_seconds": 0.25, "target_cpu_seconds": 0.0,
        "engine_memory_kb": 2048,
    }
    assert found["results"][0]["waited"] == {"ms": 9.5, "for": "a stanza", "line": 3, "step": "Marlowe receives:"}
