"""What a run says about conformance: tests by outcome, profiles reached, what was not tested and why. Everything in a certificate's
statement, in its texts and in its DOAP snippet comes from here, and so from run.json alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .options import CONFORMANCE

Run = Mapping[str, Any]

PASSED, WARNED, FAILED = "PASSED", "WARNED", "FAILED"
REACHED, TESTED, MISSED, NOT_TESTED = "reached", "reached as far as it was tested", "not reached", "not tested"
MEANING = {"core": "what XEP-0267 says itself", "full": "with what it inherits from other specifications", "dependents": "with XEP-0268, XEP-0275 and XEP-0309"}
BAD = ("FAIL", "XFAIL", "FLAKY", "ERROR", "INCONCLUSIVE")
NO_TEST = ("SKIP", "UNREACHABLE")
CANNOT = "no black-box test can decide it"

# What a server that does XEP-0267 may do besides, and the claim of the profile that says so.
EXTENSIONS = {"XEP-0267": "", "XEP-0268": "dep268", "XEP-0275": "dep275", "XEP-0309": "dep309"}


@dataclass(frozen=True)
class Profile:
    """A profile of conformance: its hard requirements by what became of them."""

    name: str
    words: str
    state: str
    held: int
    failed: tuple[str, ...]
    untested: tuple[str, ...]
    untestable: int


@dataclass(frozen=True)
class Requirement:
    """A requirement and what became of it; `why`: why it was not tested, or what failed it."""

    id: str
    source: str
    strictness: str
    statement: str
    conformance: str
    state: str  # held, warned, failed, untested, untestable
    why: str


@dataclass(frozen=True)
class Summary:
    """All of it."""

    result: str
    passed: tuple[str, ...]
    warned: tuple[str, ...]
    failed: tuple[str, ...]
    not_tested: Mapping[str, tuple[str, ...]]  # why -> scenarios
    profiles: tuple[Profile, ...]
    requirements: tuple[Requirement, ...]
    limits: tuple[str, ...]  # what was left out on purpose


def summary(run: Run) -> Summary:
    """Of a run that has come to its end."""
    outcomes = {each["id"]: outcome(each) for each in run["scenarios"]}
    tests = {state: tuple(id for id, found in outcomes.items() if found == state) for state in (PASSED, WARNED, FAILED)}
    requirements = tuple(_requirements(run))
    return Summary(
        result=FAILED if tests[FAILED] else WARNED if tests[WARNED] else PASSED, passed=tests[PASSED], warned=tests[WARNED], failed=tests[FAILED],
        not_tested=_not_tested(run, outcomes), profiles=tuple(_profile(name, requirements) for name in CONFORMANCE), requirements=requirements,
        limits=tuple(_limits(run)),
    )


def outcome(scenario: Mapping[str, Any]) -> str:
    """PASSED, WARNED or FAILED; empty: not tested. That a failure was expected does not make it less of one."""
    verdict = scenario["verdict"]
    if verdict in NO_TEST or not verdict:
        return ""
    if verdict == "XFAIL":
        expected = [check for result in scenario["results"] for check in result["checks"] if check["verdict"] in ("XFAIL", "FAIL", "WARN")]
        return WARNED if expected and not any(_is_failure(check) for check in expected) else FAILED
    return FAILED if verdict in BAD else WARNED if verdict == "WARN" else PASSED


def _is_failure(check: Mapping[str, Any]) -> bool:
    return check["verdict"] == "FAIL" or (check["verdict"] == "XFAIL" and check.get("strictness") == "HARD")


def _requirements(run: Run) -> Iterable[Requirement]:
    found: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for scenario in run["scenarios"]:
        for result in scenario["results"]:
            for check in result["checks"]:
                found.setdefault(check["id"], []).append((scenario["id"], check))
    reasons = {each["id"]: _reason(each) for each in run["scenarios"]}
    slow = {*run["left_out_slow"]}
    for each in run["requirements"]:
        state, why = _state(found.get(each["id"], []))
        if not state:
            state, why = _untested(each, reasons, slow)
        strictness = each["strictness"].rpartition("?")[2].split(":")[0]
        yield Requirement(each["id"], each["source"], strictness, each["statement"], each["conformance"], state, why)


def _state(checks: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[str, str]:
    failed = dict.fromkeys(id for id, check in checks if _is_failure(check))
    warned = dict.fromkeys(id for id, check in checks if check["verdict"] in ("WARN", "XFAIL"))
    if failed or warned:
        return ("failed", ", ".join(failed)) if failed else ("warned", ", ".join(warned))
    return ("held", "") if any(check["verdict"] in ("PASS", "INFO", "XPASS") for _, check in checks) else ("", "")


def _untested(requirement: Mapping[str, Any], reasons: Mapping[str, str], slow: set[str]) -> tuple[str, str]:
    ids = requirement["scenarios"]
    if not ids:
        why = requirement["why_none"] or "no scenario yet"
        return ("untested", why) if why.startswith("waits:") or not requirement["why_none"] else ("untestable", f"{CANNOT}: {why}")
    whys = dict.fromkeys(reasons.get(id) or ("slow, and left out without --slow" if id in slow else "left out of the selection" if id not in reasons else
                                             "the play did not come to it") for id in ids)
    return "untested", "; ".join(list(whys)[:3])


def _reason(scenario: Mapping[str, Any]) -> str:
    """Why a scenario was not tested."""
    if scenario["verdict"] not in NO_TEST:
        return "" if scenario["verdict"] else "not run"
    return next((result["reason"] for result in scenario["results"] if result["reason"]), "no reason given")


def _not_tested(run: Run, outcomes: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = {}
    for each in run["scenarios"]:
        if not outcomes[each["id"]]:
            groups.setdefault(_reason(each), []).append(each["id"])
    if run["left_out_slow"]:
        groups["slow, and left out without --slow"] = list(run["left_out_slow"])
    return {why: tuple(ids) for why, ids in groups.items()}


def _profile(name: str, requirements: Iterable[Requirement]) -> Profile:
    included = CONFORMANCE[:CONFORMANCE.index(name) + 1]
    chosen = [each for each in requirements if each.conformance in included and each.strictness == "HARD"]
    ids = {state: tuple(each.id for each in chosen if each.state == state) for state in ("held", "warned", "failed", "untested", "untestable")}
    held = len(ids["held"]) + len(ids["warned"])
    state = MISSED if ids["failed"] else NOT_TESTED if not held else TESTED if ids["untested"] else REACHED
    return Profile(name, MEANING[name], state, held, ids["failed"], ids["untested"], len(ids["untestable"]))


def _limits(run: Run) -> Iterable[str]:
    options = run["options"]
    if options["selectors"]:
        yield f"only these were run: {', '.join(options['selectors'])}"
    if options["exclude"]:
        yield f"these were left out: {', '.join(options['exclude'])}"
    if options["level"] != "all":
        yield f"only requirements of the level '{options['level']}' were judged"
    if options["conformance"] != CONFORMANCE[-1]:
        yield f"only requirements of the profile '{options['conformance']}' were judged"
    if run.get("merged"):
        yield f"the run was united from {len(run['merged'])} shards"
    if options.get("patience", 1.0) != 1.0:
        yield f"the target was given {options['patience']:g} times the usual time"
    if run["harness"]["modified"]:
        yield "the harness had been changed against its commit"


def extensions(run: Run, found: Summary) -> list[dict[str, str]]:
    """For a DOAP file: each specification that the run tested, with the version that was tested and how much of it holds."""
    made = []
    for name, claim in EXTENSIONS.items():
        own = [each for each in found.requirements if each.source.startswith(name) and each.strictness == "HARD"]
        states = {state: [each.id for each in own if each.state == state] for state in ("held", "warned", "failed", "untested")}
        if (claim and not run["profile"]["claims"].get(claim)) or not (states["held"] or states["warned"]):
            continue
        version = next((version[1] for each in own if (version := re.match(rf"{name} (\d[\d.]*)\b", each.source))), "")
        complete = not states["failed"] and not states["untested"]
        notes = [f"{len(states['held']) + len(states['warned'])} of {sum(map(len, states.values()))} hard requirements hold"]
        notes += [f"{len(states['failed'])} fail: {', '.join(states['failed'])}"] if states["failed"] else []
        notes += [f"{len(states['untested'])} were not tested"] if states["untested"] else []
        made.append({"number": name[4:], "version": version, "status": "complete" if complete else "partial", "note": "; ".join(notes)})
    return made
