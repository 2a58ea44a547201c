"""Two runs side by side: what fails that did not, what was fixed, what else changed. Knows nothing of files and formats.

A regression is a scenario of both runs that fails now and did not, or in which a requirement fails now that held. What only one run
has, what the target's owner expects to fail, and how long it took never make a regression.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import model
from .errors import EXIT_FAILED, EXIT_OK, EXIT_UNJUDGED, EXIT_USAGE

FORMAT = "buddycheck comparison"
VERSION = 1

# What a verdict means for a comparison.
HOLDS, FAILS, EXPECTED, UNTESTED, OPEN = "holds", "fails", "fails as expected", "is not tested", "could not be judged"
MEANINGS = {
    "PASS": HOLDS, "INFO": HOLDS, "WARN": HOLDS, "XPASS": HOLDS, "FAIL": FAILS, "FLAKY": FAILS, "XFAIL": EXPECTED,
    "SKIP": UNTESTED, "UNREACHABLE": UNTESTED, "UNDECIDED": UNTESTED,
}

# Slower than before is what took so much longer, beyond what all scenarios took longer: less is noise (of 20 pairs of runs of one
# server on a busy machine none has a scenario beyond it).
FACTOR = 2.0
MILLISECONDS = 250.0
COMPARED = 5  # scenarios that it takes to tell a slow machine from a slow scenario


def compare(base: Mapping[str, Any], run: Mapping[str, Any], names: Sequence[str], strict: bool = False) -> dict[str, Any]:
    """The comparison as a document; `names` are those of the two files. With `strict` a WARN fails; so it does where `run` was strict."""
    strict = strict or run["options"]["strict"]
    if "shard" in run and "shard" not in base:
        base = _share(base, run)
    before, after = ({each["id"]: each for each in one["scenarios"]} for one in (base, run))
    both = [id for id in after if id in before]
    moved = [_Moved(before[id], after[id], base, run, strict) for id in both]
    failing = [each for each in moved if each.is_new_failure]
    rest = [each for each in moved if not each.is_new_failure and each.has_changed]
    fixed = [each for each in rest if each.was in (FAILS, EXPECTED) and each.now == HOLDS]
    open_now = [each for each in rest if each.now == OPEN and each.was != OPEN]
    listed = {id(each) for each in (*fixed, *open_now)}
    return {
        "format": FORMAT, "version": VERSION, "strict": strict,
        "baseline": _identity(base, names[0]), "run": _identity(run, names[1]), "remarks": list(_remarks(base, run)),
        "exit": _exit(failing, open_now, base, run),
        "new_failures": [{**each.document(), "requirements": each.lost, "again": f"{run['rerun']} {each.id}"} for each in failing],
        "fixed": [each.document() for each in fixed],
        "not_judged": [each.document() for each in open_now],
        "changed": [each.document() for each in rest if id(each) not in listed],
        "new": [_alone(each) for id, each in after.items() if id not in before],
        "vanished": [_alone(each) for id, each in before.items() if id not in after],
        "requirements": _requirements(base, run, strict),
        "time": _time(base, run, both, before, after),
    }


def _share(base: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, Any]:
    """Of a whole run that which a shard is to be compared with: without what other shards play."""
    others = {*run["shard"]["scenarios"]} - {each["id"] for each in run["scenarios"]}
    verdicts = model.verdicts_of(base["verdicts"])
    requirements = []
    for each in base["requirements"]:
        decided = {id: verdict for id, verdict in each["decided_by"].items() if id not in others}
        requirements.append({**each, "decided_by": decided, "verdict": model.worst(decided.values(), verdicts)})
    return {**base, "scenarios": [each for each in base["scenarios"] if each["id"] not in others], "requirements": requirements}


class _Moved:
    """A scenario of both runs."""

    def __init__(self, before: Mapping[str, Any], after: Mapping[str, Any], base: Mapping[str, Any], run: Mapping[str, Any], strict: bool) -> None:
        self.id: str = after["id"]
        self._before, self._after = before, after
        self.was, self.now = meaning(before["verdict"], strict), meaning(after["verdict"], strict)
        self.lost = list(_lost(before, after, strict)) if self.now == FAILS else []
        self.is_new_failure = self.now == FAILS and (self.was not in (FAILS, EXPECTED) or bool(self.lost))
        self.has_changed = before["verdict"] != after["verdict"]

    def document(self) -> dict[str, Any]:
        return {
            "scenario": self.id, "title": self._after["title"], "before": self._before["verdict"], "after": self._after["verdict"],
            "reason": _reason(self._after), "script_changed": self._before["play"] != self._after["play"],
        }


def meaning(verdict: str | None, strict: bool) -> str:
    """What a verdict means for a comparison; none, and one that we do not know, is open."""
    return FAILS if strict and verdict == "WARN" else MEANINGS.get(str(verdict), OPEN)


def _reason(scenario: Mapping[str, Any]) -> str:
    """Why it came to its verdict: of the first repetition that has it, and a reason."""
    results = scenario["results"]
    same = [each for each in results if each["verdict"] == scenario["verdict"]] or results
    return next((str(each["reason"]) for each in same if each["reason"]), "")


def _lost(before: Mapping[str, Any], after: Mapping[str, Any], strict: bool) -> Iterator[dict[str, Any]]:
    """The requirements that fail in a scenario now and held in it before."""
    had, has = (_decided(each) for each in (before, after))
    for id, verdict in has.items():
        if id in had and meaning(verdict, strict) == FAILS and meaning(had[id], strict) == HOLDS:
            yield {"id": id, "before": had[id], "after": verdict}


RANKS = ("UNDECIDED", "PASS", "INFO", "XFAIL", "XPASS", "WARN", "INCONCLUSIVE", "FAIL")


def _decided(scenario: Mapping[str, Any]) -> dict[str, str]:
    """The worst that a scenario's checks said about each requirement."""
    found: dict[str, str] = {}
    for result in scenario["results"]:
        for check in result["checks"]:
            found[check["id"]] = max(found.get(check["id"], "UNDECIDED"), check["verdict"], key=_rank)
    return found


def _rank(verdict: str) -> int:
    return RANKS.index(verdict) if verdict in RANKS else len(RANKS)


def _exit(failing: Sequence[_Moved], open_now: Sequence[_Moved], base: Mapping[str, Any], run: Mapping[str, Any]) -> int:
    """1 for a regression only; 3 where it is not known whether there is one."""
    if failing:
        return EXIT_FAILED
    not_whole = run["abort"] or run["interrupted"] or run["end"] is None
    return EXIT_UNJUDGED if not_whole or open_now or _mysteries(run) > _mysteries(base) else EXIT_OK


def _mysteries(run: Mapping[str, Any]) -> int:
    """How often the target was lost and no scenario could be blamed."""
    return sum(not each["blamed"] for each in run["lost"])


def exit_of_run(comparison: Mapping[str, Any], own: int) -> int:
    """The exit status of a run that is compared: that of the comparison, unless it was interrupted or could not begin."""
    return own if own == EXIT_USAGE or own > EXIT_UNJUDGED else int(comparison["exit"])


def _identity(run: Mapping[str, Any], name: str) -> dict[str, Any]:
    software = run["target"]["software"]
    return {
        "file": name, "target": run["target"]["name"], "software": " ".join(software.values()) if software else run["target"]["product"],
        "started": run["started"], "harness": run["harness"], "seed": run["seed"], "counts": run["counts"], "exit": run["exit"],
    }


def _alone(scenario: Mapping[str, Any]) -> dict[str, Any]:
    return {"scenario": scenario["id"], "title": scenario["title"], "verdict": scenario["verdict"], "reason": _reason(scenario)}


def _remarks(base: Mapping[str, Any], run: Mapping[str, Any]) -> Iterator[str]:
    """Why verdicts may differ for another reason than the target."""
    if (one := base["target"]["name"]) != (other := run["target"]["name"]):
        yield f"the targets differ: {one} and {other}"
    if base["catalogue"] != run["catalogue"]:
        yield "the scenarios or requirements are not the same version"
    elif base["harness"] != run["harness"]:
        yield "buddycheck is not the same version"
    for part, words in (("claims", "claims"), ("hooks", "hooks")):
        if changed := sorted(_differing(base["profile"][part], run["profile"][part])):
            yield f"the profile's {words} differ: {', '.join(changed)}"
    options = [name for name in ("level", "conformance", "strict", "slow", "repeat", "patience", "network") if base["options"][name] != run["options"][name]]
    yield from (f"--{name} differs: {_word(base['options'][name])} and {_word(run['options'][name])}" for name in options)
    for which, one_run in (("baseline", base), ("run", run)):
        if one_run["interrupted"] or one_run["abort"]:
            yield f"the {which} is not complete: {len(one_run['not_run'])} of {len(one_run['scenarios'])} scenarios were not run"
    if (lost := _mysteries(run)) > _mysteries(base):
        yield f"the target was lost {lost} times without a scenario to blame"


def _word(value: Any) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    """What is in one of them only, or otherwise; a claim that is false is like none."""
    return {name for name in {*one, *other} if (one.get(name) or None) != (other.get(name) or None)}


def _requirements(base: Mapping[str, Any], run: Mapping[str, Any], strict: bool) -> dict[str, Any]:
    """Requirements whose verdict changed, by what that means."""
    before, after = ({each["id"]: each for each in one["requirements"]} for one in (base, run))
    parts: dict[str, list[dict[str, Any]]] = {"worse": [], "better": [], "not_judged": [], "other": []}
    for id in (id for id in after if id in before):
        had, has = before[id]["verdict"], after[id]["verdict"]
        if had == has:
            continue
        was, now = (meaning(each or "UNDECIDED", strict) for each in (had, has))
        parts[_kind(was, now)].append({"id": id, "statement": after[id]["statement"], "before": had, "after": has,
                            "scenarios": sorted(_differing(before[id]["decided_by"], after[id]["decided_by"]))})
    return {**parts, "new": [id for id in after if id not in before], "vanished": [id for id in before if id not in after]}


def _kind(was: str, now: str) -> str:
    if now == FAILS:
        return "worse" if was != FAILS else "other"
    if now == HOLDS:
        return "better" if was in (FAILS, EXPECTED) else "other"
    return "not_judged" if now in (UNTESTED, OPEN) and was not in (UNTESTED, OPEN) else "other"


def _time(
    base: Mapping[str, Any], run: Mapping[str, Any], both: Sequence[str], before: Mapping[str, Any], after: Mapping[str, Any],
) -> dict[str, Any]:
    """What took longer, where the same was played. Never decides anything."""
    import statistics  # not for a run without --baseline

    same = bool(both) and len(both) == len(before) == len(after) and base["options"]["repeat"] == run["options"]["repeat"]
    pairs = {id: (_ms(before[id]), _ms(after[id])) for id in both if same and before[id]["verdict"] == after[id]["verdict"]}
    known = {id: (old, new) for id, (old, new) in pairs.items() if old and new}
    # A machine that is slower altogether makes no scenario slower.
    usual = max(1.0, statistics.median(new / old for old, new in known.values())) if len(known) >= COMPARED else 1.0
    slower = [
        {"scenario": id, "before_ms": old, "after_ms": new, "factor": round(new / old, 2)} for id, (old, new) in known.items()
        if new > old * usual * FACTOR and new - old * usual > MILLISECONDS
    ]
    totals = {name: [base["cost"].get(name, 0.0), run["cost"].get(name, 0.0)] for name in ("seconds", "engine_cpu_seconds", "target_cpu_seconds")}
    return {
        "factor": FACTOR, "ms": MILLISECONDS, "usual": round(usual, 2), "slower": sorted(slower, key=lambda each: each["before_ms"] - each["after_ms"]),
        "totals": totals if same else {},
    }


def _ms(scenario: Mapping[str, Any]) -> float:
    """The least of all repetitions: the least disturbed."""
    return min((float(each["ms"]) for each in scenario["results"]), default=0.0)
