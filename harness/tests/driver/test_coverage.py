"""`list --coverage`, `lint` on what is missing, and disputed readings."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import Bench, requirement

RULINGS = """\
id\tquestion\taccepted\treason\trequirements
A1\tIs it so?\tyes | no (a warning)\tThe specification leaves it open.\tSB-010
A2\tMay it be?\tonly so\tIt is a MUST.\tSB-004
"""


def kept_run(bench: Bench, name: str, *checks: tuple[str, str], scenario: str = "disco/admin") -> None:
    """A run that was kept: pairs of a requirement and a verdict."""
    folder = bench.root / "reports" / "out" / name
    folder.mkdir(parents=True)
    result = {"scenario": scenario, "checks": [{"id": id, "verdict": verdict} for id, verdict in checks]}
    (folder / "results.jsonl").write_text(json.dumps(result) + "\n" if checks else "")


def requirements(bench: Bench) -> list[dict[str, Any]]:
    return bench.script["catalogue"]["requirements"]


def test_coverage_golden(bench: Bench, golden: Any) -> None:
    kept_run(bench, "fake-20270101T000000Z-5", ("SB-010", "PASS"))
    kept_run(bench, "fake-20270102T000000Z-5", ("SB-010", "WARN"), ("SB-010", "PASS"), ("SB-004", "UNDECIDED"))
    kept_run(bench, "fake-20270103T000000Z-5")  # judged nothing
    kept_run(bench, "fake-other-20270104T000000Z-5", ("SB-010", "FAIL"))
    requirements(bench).append(requirement("SB-079", "HARD", [], why_none="waits: #12, another transport", area="inbound"))
    requirements(bench)[2]["scenarios"] = ["disco/user", "disco/admin", "cancel/late"]
    done = bench.call("list", "--coverage", "--target", "fake")
    assert (done.status, done.err) == (1, "")
    golden("coverage.txt", done.out)


def test_coverage_as_json(bench: Bench) -> None:
    done = bench.call("list", "--coverage", "--target", "fake", "--format", "json", "SB-01*", "disco/user")
    document = json.loads(done.out)
    assert (done.status, document["run"], document["hard_without_scenario_or_reason"]) == (0, None, [])
    assert [(each["id"], each["state"], each["verdict"]) for each in document["requirements"]] == [
        ("SB-010", "decided", None), ("DI-002", "decided", None)]
    assert document["summary"] == [
        {"area": "outbound", "strictness": strictness, "requirements": 1, "decided": 1, "waits": 0, "reason": 0, "open": 0}
        for strictness in ("HARD", "WARN")]


@pytest.mark.parametrize("row, status", [
    ({}, 1), ({"strictness": "WARN"}, 0), ({"strictness": "WARN", "parts": {"on": "HARD"}}, 1), ({"strictness": "command?HARD:WARN"}, 1),
    ({"why_none": "waits: #12"}, 0), ({"why_none": "not from outside"}, 0), ({"scenarios": ["disco/user"]}, 0),
])
def test_only_a_hard_hole_fails(bench: Bench, row: dict[str, Any], status: int) -> None:
    requirements(bench)[4] |= row
    assert bench.call("list", "--coverage", "--target", "fake").status == status


@pytest.mark.parametrize("argv, expected", [
    (["--coverage", "SB-01"], "'SB-01' means no requirement: no id, glob, area or scenario; did you mean SB-010"),
    (["--coverage", "--target", "fkae"], "unknown target 'fkae'"),
    (["--coverage", "--slow", "--target", "fake"], "do not go with it"),
    (["--target", "fake"], "--target needs --coverage"),
    (["--format", "html"], "invalid choice: 'html'"),
])
def test_wrong_use(bench: Bench, argv: list[str], expected: str) -> None:
    if "--target" not in argv:
        argv = [*argv, "--target", "fake"]
    done = bench.call("list", *argv)
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1) and expected in done.err


def test_lint_fails_on_a_hole_unless_told_otherwise(bench: Bench) -> None:
    requirements(bench).append(requirement("SB-079", "HARD", [], why_none="waits: #12"))
    done = bench.call("lint")
    assert done.status == 1
    assert "1 of 7 requirements wait for their scenario:\n  SB-079\n1 of 7 requirements have no scenario and no reason" in done.out
    assert bench.call("lint", "--allow-open").status == 0
    requirements(bench)[4]["why_none"] = "waits: #13"
    assert bench.call("lint").status == 0


def test_lint_finds_reasons_that_are_past(bench: Bench) -> None:
    requirements(bench)[0]["why_none"] = "waits: #12"
    done = bench.call("lint", "--allow-open")
    assert done.status == 1
    assert "scenarios/requirements.tsv:1:1: SB-010 has scenarios and a reason why it has none (why_none)" in done.out


def test_show_prints_disputed_readings(bench: Bench, golden: Any) -> None:
    (bench.root / "scenarios" / "rulings.tsv").write_text(RULINGS)
    requirements(bench)[0]["notes"] = "HARD; A.3.1 says so (A2)"
    done = bench.call("show", "SB-010")
    assert (done.status, done.err) == (0, "")
    golden("show-disputed.txt", done.out)
    assert "disputed" not in bench.call("show", "DI-002").out


@pytest.mark.parametrize("text, status, expected", [
    (RULINGS.replace("SB-004", "SB-005"), 1, "scenarios/rulings.tsv:3:1: A2: unknown requirement 'SB-005'; did you mean"),
    (RULINGS.replace("A1\t", "A3\t"), 1, "scenarios/rulings.tsv:1:1: no ruling 'A1', which the notes of SB-010 refer to"),
    (RULINGS.replace("\tSB-004", ""), 2, "scenarios/rulings.tsv:3:1: expected 5 cells"),
    (RULINGS.replace("question", "title"), 2, "scenarios/rulings.tsv:1:1: expected the columns id, question"),
])
def test_lint_reads_rulings(bench: Bench, text: str, status: int, expected: str) -> None:
    (bench.root / "scenarios" / "rulings.tsv").write_text(text)
    requirements(bench)[0]["notes"] = "as A1 says"
    done = bench.call("lint", "--allow-open")
    assert done.status == status and expected in done.out + done.err
