"""Several runs of one target in the order of time: which scenarios were red when, and with which run that began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

RED = ("bad", "open")


def histories(runs: Sequence[Mapping[str, Any]], names: Sequence[str], tones: Mapping[str, str]) -> list[dict[str, Any]]:
    """One for each target that has several runs. `names` are those of the runs in the page."""
    targets: dict[str, list[int]] = {}
    for number, run in enumerate(runs):
        targets.setdefault(run["target"]["name"], []).append(number)
    return [_history(target, sorted(numbers, key=lambda number: runs[number]["started"]), runs, names, tones)
            for target, numbers in targets.items() if len(numbers) > 1]


def _history(target: str, numbers: Sequence[int], runs: Sequence[Mapping[str, Any]], names: Sequence[str], tones: Mapping[str, str]) -> dict[str, Any]:
    verdicts = [{each["id"]: each for each in runs[number]["scenarios"]} for number in numbers]
    ids = list(dict.fromkeys(id for found in verdicts for id in found))
    rows = [_row(id, [found.get(id) for found in verdicts], numbers, tones) for id in ids]
    telling = [row for row in rows if any(cell["tone"] in RED for cell in row["cells"]) or len({cell["verdict"] for cell in row["cells"]}) > 1]
    states = ["good" if runs[number]["exit"] == 0 else "bad" if runs[number]["exit"] == 1 else "open" for number in numbers]
    return {
        "target": target, "runs": [_run(number, runs[number], names[number], state, first) for number, state, first in zip(numbers, states, _firsts(states))],
        "rows": sorted(telling, key=lambda row: (row["since"] is None, -max(row["order"]), row["id"])), "steady": len(rows) - len(telling),
    }


def _firsts(tones: Sequence[str]) -> list[bool]:
    """Where something turns red: red itself, and the one before it was not."""
    return [tone in RED and (at == 0 or tones[at - 1] not in RED) for at, tone in enumerate(tones)]


def _run(number: int, run: Mapping[str, Any], name: str, state: str, first: bool) -> dict[str, Any]:
    commit = run["harness"]["commit"]
    return {
        "number": number, "name": name, "started": run["started"], "state": state, "first": first, "counts": list(run["counts"].items()),
        "software": " ".join((run["target"]["software"] or {}).values()) or run["target"]["product"],
        "harness": run["harness"]["version"] + (f" {commit[:12]}{' with changes' if run['harness']['modified'] else ''}" if commit else ""),
    }


def _row(id: str, found: Sequence[Mapping[str, Any] | None], numbers: Sequence[int], tones: Mapping[str, str]) -> dict[str, Any]:
    """A scenario over all runs; `since` is the run with which what is red now began."""
    cells = []
    for number, each in zip(numbers, found):
        verdict = (each["verdict"] or "not run") if each else ""
        reason = next((result["reason"] for result in each["results"] if result["reason"]), "") if each else ""
        cells.append({"run": number, "verdict": verdict, "tone": tones.get(verdict, "open") if each and each["verdict"] else "none", "reason": reason})
    firsts = _firsts([cell["tone"] for cell in cells])
    for cell, first in zip(cells, firsts):
        cell["first"] = first
    red_now = cells[-1]["tone"] in RED
    since = max((at for at, first in enumerate(firsts) if first), default=None) if red_now else None
    title = next((each["title"] for each in reversed(found) if each), "")
    order = [at for at, first in enumerate(firsts) if first] or [-1]
    return {"id": id, "title": title, "cells": cells, "since": numbers[since] if since is not None else None, "order": order,
            "red": sum(cell["tone"] in RED for cell in cells)}
