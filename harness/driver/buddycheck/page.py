"""The HTML report of one run or of several: one file that needs no server and no network.

Overview, lists and tables are plain HTML, so that they are there without a script, on paper and for screen readers. What belongs to
one scenario (script, findings, stanzas) lies compressed in the page and is made into elements only when somebody opens it.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import compare_text, evidence, history, journal, model, summary
from .catalogue import STRICTNESSES
from .errors import UsageProblem
from .places import Places
from .results import Outcome, Result

TEMPLATES = Path("reports") / "templates"
CLASSES = {
    "PASS": "good", "INFO": "good", "WARN": "warn", "XFAIL": "warn", "SKIP": "none", "UNREACHABLE": "none", "UNDECIDED": "none",
    "FAIL": "bad", "XPASS": "bad", "FLAKY": "bad", "ERROR": "open", "INCONCLUSIVE": "open",
}
SYMBOLS = {
    "PASS": "✓", "INFO": "i", "WARN": "!", "XFAIL": "x", "SKIP": "–", "UNREACHABLE": "–", "UNDECIDED": "–", "FAIL": "✗", "XPASS": "✗",
    "FLAKY": "≠", "ERROR": "?", "INCONCLUSIVE": "?",
}
Kept = tuple[dict[str, Any], Path]  # a run and its folder


def check_packages() -> None:
    """Raises where what makes the page is not installed: before a run, not after it."""
    from importlib.util import find_spec

    if find_spec("jinja2") is None:
        raise UsageProblem("an HTML report needs Jinja2 (Debian: python3-jinja2); run ci/install.sh build")


def render(runs: Sequence[Kept], places: Places) -> str:
    """The whole page."""
    check_packages()
    import jinja2

    folder = places.home / TEMPLATES
    script, style = ((folder / name).read_text(encoding="utf-8") for name in ("report.js", "report.css"))
    paths = [model.check_journal(run, where, places) for run, where in runs]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )
    environment.globals.update(symbol=lambda verdict: SYMBOLS.get(verdict, "?"), tone=lambda verdict: CLASSES.get(verdict, "open"), words=compare_text)
    if len({run["target"]["name"] for run, _ in runs}) == 1:  # then their order is that of time
        runs, paths = zip(*sorted(zip(runs, paths), key=lambda each: str(each[0][0]["started"])))
    names = _names([run for run, _ in runs])
    outcomes = [model.outcome_of(run) for run, _ in runs]
    return environment.get_template("report.html").render(
        script=script, style=style, script_digest=csp(script), style_digest=csp(style),
        data=_packed(_data(runs, paths, names)), several=len(runs) > 1, names=names, heading=_heading(runs, names),
        runs=[_run(run, outcome, name) for (run, _), outcome, name in zip(runs, outcomes, names)],
        histories=history.histories([run for run, _ in runs], names, CLASSES), scenarios=_scenarios(runs), requirements=_requirements(runs),
        areas=sorted({each["area"] for run, _ in runs for each in run["scenarios"]}),
    ) + "\n"


def _names(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """A name for each run that no other has: its target, with its time where targets repeat."""
    targets = [run["target"]["name"] for run in runs]
    names = [name if targets.count(name) == 1 else f"{name} {run['started'][:16].replace('T', ' ')}" for name, run in zip(targets, runs)]
    return [name if names.count(name) == 1 else f"{name} #{number}" for number, name in enumerate(names, 1)]


def _heading(runs: Sequence[Kept], names: Sequence[str]) -> str:
    targets = {run["target"]["name"] for run, _ in runs}
    return f"{targets.pop()}: {len(runs)} runs" if len(runs) > 1 and len(targets) == 1 else " · ".join(names)


def csp(text: str) -> str:
    """The digest by which the page's own policy admits exactly this script or style, and no other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _packed(data: Any) -> str:
    """JSON, compressed, in letters that mean nothing to HTML."""
    return base64.b64encode(gzip.compress(json.dumps(data, separators=(",", ":")).encode(), 9, mtime=0)).decode()


def _run(run: Mapping[str, Any], outcome: Outcome, name: str) -> dict[str, Any]:
    """What the overview says about a run."""
    status = run["exit"]
    return {
        "name": name, "run": run, "counts": list(outcome.counts().items()), "last_line": summary.last_line(outcome),
        "software": " ".join((run["target"]["software"] or {}).values()),
        "state": "good" if status == 0 else "bad" if status == 1 else "open",
        "table": _conformance(run), "profiles": _profiles(run), "failures": _failures(outcome),
        "more": [("FLAKY", id, words) for id, words in outcome.flaky().items()]
        + [("XPASS", id, words) for id, words in outcome.unexpected_passes().items()]
        + [("INCONCLUSIVE", "run", line) for line in outcome.mysteries()],
        "not_run": outcome.not_run(),
        "slowest": sorted(outcome.results, key=lambda each: -each.ms)[:5],
        "hasty_words": summary.hasty_words(outcome), "hasty": outcome.too_hasty(), "one_session": outcome.one_session(),
        "used": ("--expect " + outcome.expected) if outcome.expected else "",
    }


def _failures(outcome: Outcome) -> list[dict[str, Any]]:
    """What failed, by verdict and reason: a missing function fails in a hundred scenarios, and is one line."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for each in outcome.failures():
        groups.setdefault((each.verdict, each.reason or each.title), []).append(each)
    return [{"verdict": verdict, "reason": reason, "ids": list(dict.fromkeys(each.scenario for each in found))} for (verdict, reason), found in groups.items()]


def _conformance(run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row for each area of requirements: for each strictness how many hold of those that were decided."""
    rows: dict[str, dict[str, Counter[str]]] = {}
    for each in run["requirements"]:
        area = rows.setdefault(each["area"], {name: Counter() for name in STRICTNESSES})
        area.setdefault(_strictness(each), Counter())[_group(each["verdict"])] += 1
    made = [{"area": area, "cells": [_cell(cells[name]) for name in STRICTNESSES]} for area, cells in rows.items()]
    return sorted(made, key=lambda row: (-row["cells"][0]["bad"], row["area"]))


def _profiles(run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Core, full and dependents, each with what it includes: its hard requirements."""
    rows = []
    included: tuple[str, ...] = ()
    for name, words in (("core", "what XEP-0267 says itself"), ("full", "with what it inherits"), ("dependents", "with XEP-0268, 0275, 0309")):
        included += (name,)
        chosen = [each for each in run["requirements"] if each["conformance"] in included and _strictness(each) == "HARD"]
        rows.append({"name": name, "words": words, **_cell(Counter(_group(each["verdict"]) for each in chosen))})
    return rows


def _strictness(requirement: Mapping[str, Any]) -> str:
    """Its own; of one that depends on a claim the stricter."""
    return str(requirement["strictness"].rpartition("?")[2].split(":")[0])


def _group(verdict: str | None) -> str:
    return CLASSES.get(verdict, "open") if verdict else "none"


def _cell(found: Counter[str]) -> dict[str, Any]:
    total = found.total()
    return {"total": total, **{name: found[name] for name in ("good", "warn", "bad", "open", "none")}}


def _scenarios(runs: Sequence[Kept]) -> list[dict[str, Any]]:
    """The rows of the matrix of scenarios and runs, what fails first."""
    rows: dict[str, dict[str, Any]] = {}
    for number, (run, _) in enumerate(runs):
        ranks = {each["name"]: each["rank"] for each in run["verdicts"]}
        for each in run["scenarios"]:
            row = rows.setdefault(each["id"], {"id": each["id"], "area": each["area"], "title": each["title"], "cells": [None] * len(runs), "rank": 0})
            row["cells"][number] = {"verdict": each["verdict"] or "not run", "ms": max((result["ms"] for result in each["results"]), default=0),
                                    "reason": next((result["reason"] for result in each["results"] if result["reason"]), "")}
            row["requirements"] = " ".join(each["requirements"])
            row["rank"] = max(row["rank"], ranks.get(each["verdict"], 99 if each["verdict"] else 4))
    return sorted(rows.values(), key=lambda row: (-row["rank"], row["id"]))


def _requirements(runs: Sequence[Kept]) -> list[dict[str, Any]]:
    """The rows of the matrix of requirements and runs, in the catalogue's order."""
    rows: dict[str, dict[str, Any]] = {}
    for number, (run, _) in enumerate(runs):
        for each in run["requirements"]:
            row = rows.setdefault(each["id"], {**each, "cells": [None] * len(runs), "by": {}})
            row["cells"][number] = each["verdict"]
            row["by"].update({id: verdict for id, verdict in each["decided_by"].items() if verdict != "UNDECIDED"})
    return list(rows.values())


def _data(runs: Sequence[Kept], paths: Sequence[Path | None], names: Sequence[str]) -> dict[str, Any]:
    """What the script makes details of."""
    plays: dict[str, int] = {}
    requirements = {each["id"]: [each["statement"], each["source"]] for run, _ in runs for each in run["requirements"]}
    return {
        "runs": [_details(run, path, name, plays, _is_newest(run, runs)) for (run, _), path, name in zip(runs, paths, names)],
        "plays": list(plays), "requirements": requirements, "tones": CLASSES, "symbols": SYMBOLS,
    }


def _is_newest(run: Mapping[str, Any], runs: Sequence[Kept]) -> bool:
    """Whether it is the newest of its target here: only of that one what was green is shown to the stanza."""
    return all(run["started"] >= other["started"] for other, _ in runs if other["target"]["name"] == run["target"]["name"])


def _details(run: Mapping[str, Any], path: Path | None, name: str, plays: dict[str, int], newest: bool) -> dict[str, Any]:
    wanted = {
        (each["id"], result["repeat"]): evidence.lines(result) for each in run["scenarios"] for result in each["results"]
        if newest or CLASSES.get(result["verdict"]) != "good"
    }
    happened = journal.events(path, wanted) if path else {}
    return {"name": name, "rerun": run["rerun"], "older": not newest, "target": run["target"]["name"], "scenarios": {
        each["id"]: {
            **{key: each[key] for key in ("title", "description", "file", "row", "actors", "verdict")},
            "play": plays.setdefault(each["play"], len(plays)),
            "results": [_result(each, result, happened) for result in each["results"]],
        } for each in run["scenarios"]
    }}


def _result(scenario: Mapping[str, Any], result: Mapping[str, Any], happened: Mapping[journal.Key, list[list[Any]]]) -> dict[str, Any]:
    places, stopped = evidence.steps(result, scenario["play"])
    checks = [[each["id"], each.get("part", ""), each.get("strictness", ""), each["verdict"], each.get("text", ""), *lines, each.get("place", ""), evidence.of(each)]
              for each, lines in zip(result["checks"], places)]
    return {**{key: result.get(key) for key in ("repeat", "verdict", "reason", "ms", "failure", "waited", "trouble", "unexpected")}, "stopped": stopped,
            "checks": checks, "events": happened.get((scenario["id"], result["repeat"]), [])}
