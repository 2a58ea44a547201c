"""Expected failures: the file, the plan that they go into, and what the reports say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import Bench

GOOD = """\
# What is known of the fake server.
[[expect]]
scenario = "disco/admin"
reason = "Its core
 refuses."
link = "https://example.org/1"

[[expect]]
requirement = "PE-001/after kill"
verdict = "WARN"
reason = "It forgets."
expires = 2999-12-31

[[expect]]
scenario = "disco/user"
requirement = "DI-002"
reason = "It was to be gone."
expires = 2020-01-31
""".replace('"Its core\n refuses."', '"""Its core\n refuses."""')


def write(bench: Bench, text: str, name: str = "fake") -> None:
    (bench.root / "expect").mkdir(exist_ok=True)
    (bench.root / "expect" / f"{name}.toml").write_text(text)


def test_entries_go_into_the_plan(bench: Bench) -> None:
    write(bench, GOOD, "other")
    done = bench.run("--expect", "expect/other.toml")
    assert done.status == 0
    assert bench.saw()[0]["expect"] == [
        {"scenario": "disco/admin", "requirement": None, "part": None, "verdict": None,
         "reason": "Its core refuses. <https://example.org/1>", "place": "expect/other.toml:2"},
        {"scenario": None, "requirement": "PE-001", "part": "after kill", "verdict": "WARN", "reason": "It forgets.",
         "place": "expect/other.toml:8"},
    ]
    expired = "expect/other.toml:14: expired on 2020-01-31, counts as failing again: DI-002 of disco/user (It was to be gone.)"
    assert done.err == f"buddycheck: {expired}\n"
    assert f"# expected failures: 2 of expect/other.toml\n# {expired}\n" in done.out
    assert bench.saw()[0]["rerun"].endswith(" --expect expect/other.toml")


def test_file_of_a_shipped_target_is_used(bench: Bench) -> None:
    write(bench, GOOD)
    done = bench.run()
    assert "# expected failures: 2 of expect/fake.toml, used because it is there for this target; --expect none" in done.out
    assert len(bench.saw()[0]["expect"]) == 2 and "--expect" not in bench.saw()[0]["rerun"]
    assert json.loads(bench.run("--format", "json").out)["expect"] == "expect/fake.toml"


@pytest.mark.parametrize("argv", [["--expect", "none"], ["--target", "fixtures/fake/target.toml"]])
def test_file_of_a_shipped_target_is_not_used(bench: Bench, argv: list[str]) -> None:
    write(bench, GOOD)
    done = bench.run(*argv)
    assert "expected failures" not in done.out + done.err
    assert bench.saw()[0]["expect"] == []


@pytest.mark.parametrize("text, expected", [
    ('[[expect]]\nscenario = "disco/admni"\nreason = "x"', "2: scenario: unknown 'disco/admni'; did you mean 'disco/admin'"),
    ('[[expect]]\nrequirement = "SB-01"\nreason = "x"', "2: requirement: unknown 'SB-01'; did you mean 'SB-010'"),
    ('[[expect]]\nrequirement = "SB-010/x"\nreason = "x"', "2: requirement: SB-010 has no part 'x'; it has none"),
    ('[[expect]]\nrequirement = "PE-001/x"\nreason = "x"', "2: requirement: PE-001 has no part 'x'; expected one of: after kill"),
    ('\n[[expect]]\nscenario = "disco/admin"', "2: reason: is missing; expected why"),
    ('[[expect]]\nscenario = "disco/admin"\nreason = " "', "3: reason: expected a string that is not empty"),
    ('[[expect]]\nscenario = 7\nreason = "x"', "2: scenario: expected a string"),
    ('[[expect]]\nreason = "x"', "1: expected a scenario, a requirement, or both"),
    ('[[expect]]\nscenario = "disco/admin"\nreason = "x"\nverdict = "PASS"', "4: verdict: expected one of: FAIL, WARN, INCONCLUSIVE"),
    ('[[expect]]\nscenario = "disco/admin"\nreason = "x"\nexpires = "2027-01-01"', "4: expires: expected a date without quotes"),
    ('[[expect]]\nscenario = "disco/admin"\nreason = "x"\nexpires = 2027-01-01T00:00:00', "4: expires: expected a date without quotes"),
    ('[[expect]]\nscenario = "disco/admin"\nreason = "x"\nraeson = "y"', "4: raeson: is unknown; did you mean 'reason'?"),
    ('[[expects]]\nscenario = "disco/admin"', "1: expects: is unknown; expected entries that begin with [[expect]]"),
    ('expect = ["disco/admin"]', "1: expected entries that begin with [[expect]]"),
    ('[[expect]]\nscenario = "disco/admin"\nreason = "x"\n[[expect]]\nscenario = "disco/admin"\nreason = "x"', "4: stands twice, first in line 1"),
    ("[[expect", "1: expected TOML"),
])
def test_mistakes_in_the_file(bench: Bench, text: str, expected: str) -> None:
    write(bench, text)
    done = bench.run()
    assert (done.status, done.out) == (2, "")
    assert done.err.count("\n") == 1 and f"expect/fake.toml:{expected}" in done.err
    assert not (bench.root / "saw.jsonl").exists(), "nothing was started"


def test_no_such_file(bench: Bench) -> None:
    done = bench.run("--expect", "no.toml")
    assert done.status == 2
    assert done.err == f"buddycheck: cannot read the expected failures {bench.root}/no.toml: No such file or directory\n"


def finish(bench: Bench, verdict: str, exit: int, *argv: str, **script: Any) -> Any:
    bench.script |= script
    bench.actions({"bound": 0}, {"expect": "started"}, {"judge": {"*": "PASS", "disco/user": verdict}}, {"tap": "TAP version 14\n"}, {"end": exit})
    return bench.run(*argv)


def test_an_expected_failure_fails_nothing(bench: Bench) -> None:
    done = finish(bench, "XFAIL", 0, reason="known (FAIL: DI-002 it holds)")
    assert done.status == 0
    assert "# XFAIL disco/user: known (FAIL: DI-002 it holds)\n" in done.out
    assert '<skipped message="XFAIL: known (FAIL: DI-002 it holds)" />' in bench.file("junit.xml")


def test_an_unexpected_pass_of_a_scenario_fails_the_run(bench: Bench) -> None:
    done = finish(bench, "XPASS", 1, reason="expected to fail, but it came to PASS")
    assert done.status == 1
    assert "# XPASS disco/user: expected to fail, but it came to PASS\n" in done.out
    assert 'type="XPASS"' in bench.file("junit.xml")


def test_an_unexpected_pass_of_a_requirement_fails_the_run(bench: Bench) -> None:
    passes = [{"requirement": "DI-002", "reason": "it holds everywhere"}]
    done = finish(bench, "PASS", 1, unexpected_passes=passes)
    assert done.status == 1
    assert "# XPASS DI-002: it holds everywhere\n" in done.out and "1 XPASS, 4 PASS: exit 1" in done.out
    assert '<testcase name="DI-002" classname="requirement" time="0.000">' in bench.file("junit.xml")
    assert json.loads(finish(bench, "PASS", 1, "--format", "json").out)["unexpected_passes"] == {"DI-002": "it holds everywhere"}


def test_what_is_judged_is_said(bench: Bench) -> None:
    done = bench.run("--level", "must", "--conformance", "core", "--strict")
    assert "# judged: --level must --conformance core; what else is violated counts as INFO\n" in done.out
    plan = bench.saw()[0]
    assert plan["scope"]["least"] == "HARD" and plan["tap"]["strict"]
    assert plan["rerun"].endswith(" --strict --level must --conformance core")
    report = json.loads(bench.run("--conformance", "full", "--format", "json").out)
    assert (report["level"], report["conformance"], report["expect"]) == ("all", "full", None)
