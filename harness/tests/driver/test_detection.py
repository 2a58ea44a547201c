"""Whether a fault was detected: the rules, one row each."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import KNOWN_VERDICTS

from buddycheck.detection import Detection, NotGreen, SuiteRun, judge, report
from buddycheck.faults import Fault
from buddycheck.results import Outcome, Result

HARD = Fault("M1", "does it", ("SB-010", "SB-004"), "fail", ("cancel/at-form", "not/written"))
SOFT = Fault("M2", "does it a little", ("DI-002",), "warn", ("disco/user",))


def red(scenario: str, verdict: str, *violated: str) -> NotGreen:
    """A scenario that is not green; what it found violated has its verdict, unless told otherwise (`WARN:DI-002`)."""
    pairs = [each.rpartition(":") for each in violated]
    return NotGreen(scenario, verdict, "", {id: own or verdict for own, _, id in pairs})


def suite(*not_green: NotGreen, abort: str = "") -> SuiteRun:
    return SuiteRun({}, not_green, abort)


ROWS = {
    "detected by a requirement": (HARD, [red("a/b", "FAIL", "SB-004")], "", "fail", {"a/b": "FAIL"}),
    "detected by a scenario that the row names": (HARD, [red("cancel/at-form", "FAIL", "XX-1")], "", "fail", {"cancel/at-form": "FAIL"}),
    "a warning besides is told": (
        HARD, [red("a/b", "FAIL", "SB-004"), red("a/c", "WARN", "SB-010")], "", "fail", {"a/b": "FAIL", "a/c": "WARN"}),
    "the worst on what is declared": (HARD, [red("a/b", "FAIL", "XX-1", "WARN:SB-004")], "", "too lenient", {"a/b": "WARN"}),
    "too lenient": (HARD, [red("a/b", "WARN", "SB-004")], "", "too lenient", {"a/b": "WARN"}),
    "missed": (HARD, [], "", "nothing", {}),
    "an unrelated scenario": (HARD, [red("a/b", "FAIL", "XX-1")], "", "unrelated", {}),
    "inconclusive, even with a violation": (HARD, [red("cancel/at-form", "INCONCLUSIVE", "WARN:SB-004")], "", "unjudged", {}),
    "an error of ours": (HARD, [red("cancel/at-form", "ERROR", "FAIL:SB-004")], "", "unjudged", {}),
    "a crash": (HARD, [red("cancel/at-form", "FAIL", "SB-004")], "run: the target ended", "aborted", {}),
    "a crash that nobody noticed": (HARD, [], "end: no answer", "aborted", {}),
    "a warning": (SOFT, [red("disco/user", "WARN", "DI-002")], "", "warn", {"disco/user": "WARN"}),
    "a warning by requirement": (SOFT, [red("a/b", "WARN", "DI-002")], "", "warn", {"a/b": "WARN"}),
    "too strict": (SOFT, [red("disco/user", "FAIL", "DI-002")], "", "too strict", {"disco/user": "FAIL"}),
    "too strict elsewhere": (
        SOFT, [red("disco/user", "WARN", "DI-002"), red("a/b", "FAIL", "XX-1")], "", "too strict", {"disco/user": "WARN"}),
    "an unrelated warning": (SOFT, [red("a/b", "WARN", "XX-1")], "", "unrelated", {}),
    "an unrelated warning beside the right one": (
        SOFT, [red("a/b", "WARN", "XX-1"), red("a/c", "WARN", "DI-002")], "", "warn", {"a/c": "WARN"}),
}


@pytest.mark.parametrize("fault, not_green, abort, got, by", ROWS.values(), ids=ROWS.keys())
def test_judging(fault: Fault, not_green: list[NotGreen], abort: str, got: str, by: dict[str, str]) -> None:
    found = judge(fault, suite(*not_green, abort=abort), {})
    assert (found.got, found.by) == (got, by)
    assert found.detected == (got == fault.expected)
    assert [each.scenario for each in found.wrong] == [each.scenario for each in not_green if each.scenario not in by]


@pytest.mark.parametrize("not_green, decides, proves", [
    (red("a/b", "FAIL", "SB-004"), ["SB-004"], ("a/b",)),
    (red("a/b", "FAIL", "SB-004"), ["XX-1"], ()),  # only what its play relies on, or a rule that holds on every stanza
    (red("a/b", "FAIL", "SB-004", "XX-1"), ["XX-1"], ()),  # its own, but not what the fault is about
    (red("cancel/at-form", "FAIL", "XX-1"), ["XX-1"], ("cancel/at-form",)),  # its own, and the row names it
    (red("cancel/at-form", "FAIL", "XX-1"), ["SB-004"], ()),
])
def test_a_fault_proves_a_scenario_by_what_it_decides_itself(not_green: NotGreen, decides: list[str], proves: tuple[str, ...]) -> None:
    assert judge(HARD, suite(not_green), {not_green.scenario: decides}).proves == proves


def detection(by: dict[str, str], got: str = "fail") -> Detection:
    return Detection(HARD, got, by, (), proves=tuple(by))


REPORTS: dict[str, tuple[dict[str, Any], bool, list[str], list[str]]] = {
    "all well": ({}, True, [], []),
    "a scenario without fault": ({"scenarios": ("a/b", "a/c")}, False, ["a/c"], []),
    "a scenario that is skipped here": ({"scenarios": ("a/b", "a/c"), "unfaulted": SuiteRun({}, (), skipped=("a/c",))}, True, [], []),
    "allowed": ({"scenarios": ("a/b", "a/c"), "allow": {"a/c": "because"}}, True, [], []),
    "allowed without need": ({"allow": {"a/b": "because"}}, False, [], ["a/b"]),
    "not all faults ran": ({"scenarios": ("a/b", "a/c"), "complete": False}, True, [], []),
    "missed": ({"detections": (detection({"a/b": "WARN"}, "too lenient"),)}, False, [], []),
    "unfaulted not green": ({"unfaulted": suite(red("a/b", "WARN", "DI-002"))}, False, [], []),
    "unfaulted aborted": ({"unfaulted": suite(abort="end: no answer")}, False, [], []),
}


@pytest.mark.parametrize("more, passed, barren, unneeded", REPORTS.values(), ids=REPORTS.keys())
def test_report(more: dict[str, Any], passed: bool, barren: list[str], unneeded: list[str]) -> None:
    given = {
        "unfaulted": suite(), "detections": (detection({"a/b": "FAIL"}),), "scenarios": ("a/b",), "complete": True, "allow": {}, **more,
    }
    made = report(**given)
    assert (made.passed, made.barren, made.unneeded) == (passed, barren, unneeded)
    assert made.scenarios["a/b"] == ("M1",)


@pytest.mark.parametrize("verdict, green", [
    ("PASS", True), ("SKIP", True), ("INFO", True), ("WARN", False), ("UNREACHABLE", False), ("INCONCLUSIVE", False), ("FLAKY", False),
])
def test_what_is_green(verdict: str, green: bool) -> None:
    outcome = Outcome("t", ("a/b",), KNOWN_VERDICTS)
    checks = ({"id": "SB-010", "verdict": "WARN"}, {"id": "SB-010", "verdict": "FAIL"}, {"id": "SB-004", "verdict": "UNDECIDED"})
    outcome.add(Result("a/b", 1, verdict, 1.0, checks=checks))
    run = SuiteRun.of(outcome, 2.5)
    assert run.green == green
    assert [dict(each.violated) for each in run.not_green] == ([] if green else [{"SB-010": "FAIL"}])
    assert SuiteRun.from_json(run.as_json()) == run


def test_a_run_that_ended_early_is_not_green() -> None:
    outcome = Outcome("t", ("a/b",), KNOWN_VERDICTS)
    assert SuiteRun.of(outcome, 1.0).abort == "1 scenarios were not run"
    outcome.abort("run", "the target ended")
    assert SuiteRun.of(outcome, 1.0).abort == "run: the target ended"
