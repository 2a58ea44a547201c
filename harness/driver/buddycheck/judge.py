"""A kept run judged again from its journal alone, and what then differs from its run.json."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import catalogue, model
from .catalogue import Catalogue
from .errors import RunProblem, UsageProblem
from .mask import MASKED
from .options import Wanted
from .places import Places
from .process import capture, describe_status
from .results import Outcome, Result
from .selection import scope

Run = Mapping[str, Any]
SECONDS = 600.0
COMPARED = ("verdict", "reason", "checks", "journal", "ms", "title", "file", "failure", "trouble", "unexpected")
EVIDENCE = ("play_line", "at", "evidence")  # of a check; a run.json of before it was kept has none


@dataclass(frozen=True)
class Judgement:
    """What the engine made of a journal."""

    known: Catalogue  # of the scenarios that it was judged by
    results: Mapping[tuple[str, int], Result]
    problems: tuple[str, ...]  # in which the journal does not fit itself
    seed: int
    unexpected_passes: tuple[Mapping[str, str], ...]


def again(run: Run, journal: Path, scenarios: Path, places: Places, environ: Mapping[str, str], shown: str) -> Judgement:
    """Judges the journal by the scenarios in that folder. Raises one line where the engine cannot: no journal, another format."""
    known = catalogue.load(dataclasses.replace(places, scenarios=scenarios), environ)
    if known.errors:
        first = known.errors[0]
        raise UsageProblem(f"scenarios/{first.file}:{first.line}:{first.column}: {first.message}")
    options = run["options"]
    plan = {
        "judge": 1, "scenarios_dir": str(scenarios), "journal": str(journal), "shown": shown, "rerun": run["rerun"], "expect": run["expectations"]["entries"],
        "scope": scope(known, Wanted(level=options["level"], conformance=options["conformance"])),
    }
    status, output, errors = capture([str(places.engine), "judge"], environ, SECONDS, json.dumps(plan).encode() + b"\n")
    if status == 2:
        said = errors.decode("utf-8", "replace").strip().splitlines()
        raise UsageProblem(said[-1].removeprefix("buddycheck-engine: ") if said else "the engine cannot judge the journal again")
    if status:
        raise RunProblem("judge", f"buddycheck-engine judge ended with {describe_status(status)}")
    return _read(known, [json.loads(line) for line in output.splitlines()])


def _read(known: Catalogue, events: list[dict[str, Any]]) -> Judgement:
    results = [Result.from_event(each) for each in events if each["event"] == "result"]
    last = events[-1]
    return Judgement(
        known, {(each.scenario, each.repeat): each for each in results},
        tuple(f"line {each['line']}: {each['text']}" for each in events if each["event"] == "problem"),
        last["seed"], tuple(last["unexpected_passes"]),
    )


def differences(run: Run, found: Judgement) -> Iterator[str]:
    """In words, what run.json says and the journal does not bear out: scenarios, or, where these are right, what is counted from them."""
    outcome = model.outcome_of(run)
    told = {(each.scenario, each.repeat): each for each in outcome.results}
    found = dataclasses.replace(found, results={key: _as_told(each, told.get(key)) for key, each in found.results.items()})
    right = True
    for key in sorted(told.keys() | found.results.keys()):
        words = _compared(told.get(key), found.results.get(key))
        if words:
            right = False
            yield f"{key[0]}{f' (repetition {key[1]})' if key[1] > 1 else ''}: {words}"
    for name in _uncounted(run, outcome, found) if right else ():
        yield f"'{name}' does not follow from the journal and the scenarios"


def _as_told(found: Result, told: Result | None) -> Result:
    """Without evidence, where run.json is older than that."""
    if told is None or told.unexpected is not None:
        return found
    checks = tuple({key: value for key, value in each.items() if key not in EVIDENCE} for each in found.checks)
    return dataclasses.replace(found, checks=checks, trouble=None, unexpected=None)


def _compared(told: Result | None, found: Result | None) -> str:
    if told is None or found is None:
        return "the journal shows it, run.json does not" if found else "run.json shows it, the journal does not"
    if told.verdict != found.verdict:
        return f"run.json says {told.verdict}; judged again it is {found.verdict}" + (f" ({found.reason})" if found.reason else "")
    for name in COMPARED:
        one, other = _plain(getattr(told, name)), _plain(getattr(found, name))
        if not same(one, other):
            return f"its '{name}' in run.json is not what it comes to when it is judged again{_requirements(name, one, other)}"
    return ""


def _requirements(name: str, one: Any, other: Any) -> str:
    """The requirements whose checks differ."""
    if name != "checks":
        return ""
    ids = dict.fromkeys(str(each.get("id")) for each in [*one, *other] if each not in one or each not in other)
    return f" ({', '.join(ids)})" if ids else ""


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def same(told: Any, found: Any) -> bool:
    """A password that was masked may stand for anything."""
    if isinstance(told, str) and isinstance(found, str) and MASKED in told:
        rest = found
        for part in told.split(MASKED):
            _, there, rest = rest.partition(part)
            if part and not there:
                return False
        return True
    if isinstance(told, list) and isinstance(found, list):
        return len(told) == len(found) and all(map(same, told, found))
    if isinstance(told, dict) and isinstance(found, dict):
        return told.keys() == found.keys() and all(same(told[key], found[key]) for key in told)
    return bool(told == found)


def _uncounted(run: Run, outcome: Outcome, found: Judgement) -> Iterator[str]:
    """The parts of the document that are counted from the results, and are not what they come to."""
    waited = {(each.scenario, each.repeat): each.waited for each in outcome.results}
    outcome.results = [dataclasses.replace(found.results.get((each.scenario, each.repeat), each), waited=waited[each.scenario, each.repeat]) for each in outcome.results]
    outcome.end = {**(outcome.end or {}), "unexpected_passes": list(found.unexpected_passes)}
    counted = model.judged(outcome, found.known)
    counted["scenarios"], told = _in_order(counted["scenarios"]), {**run, "scenarios": _in_order(run["scenarios"])}
    parts = {name for name in counted if not same(told[name], _plain(counted[name]))}
    if run["seed"] != found.seed and not run.get("merged"):
        parts.add("seed")
    yield from sorted(parts)


def _in_order(scenarios: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With the repetitions of each in their order: they end in any."""
    return [{**each, "results": sorted(each["results"], key=lambda result: int(result["repeat"]))} for each in scenarios]
