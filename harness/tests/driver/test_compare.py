"""Comparing two runs: what is a regression and what is not, in text, JSON, Markdown and the page, and the exit status."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest
from conftest import HERE, Bench, Done
from test_model import changed, document, finished

from buddycheck.compare import FACTOR, MILLISECONDS, compare

ROOT = HERE.parents[2]
SCHEMA = json.loads((ROOT / "reports" / "schema" / "comparison.schema.json").read_text())
ALL = ("new_failures", "fixed", "not_judged", "changed", "new", "vanished")


def scenario(verdict: str | None, ms: float = 10.0, **checks: str) -> dict[str, Any]:
    """A scenario that came to this; `checks` say what each requirement came to."""
    found = [{"id": id.replace("_", "-"), "verdict": word} for id, word in (checks or {"SB_001": verdict or ""}).items()]
    results = [{"verdict": verdict, "ms": ms, "reason": f"because {verdict}", "checks": found}] if verdict else []
    return {"title": "A title", "play": "Bard connects", "verdict": verdict, "results": results}


def run(*, requirements: dict[str, str | None] | None = None, **scenarios: dict[str, Any]) -> dict[str, Any]:
    """A run with these scenarios."""
    return {
        "target": {"name": "fake", "product": "Fake", "software": None}, "started": "2026-01-02T03:04:05Z", "seed": 7, "exit": 0,
        "harness": {"version": "1", "commit": None, "modified": False}, "catalogue": {"requirements": "a", "scenarios": "b"},
        "profile": {"claims": {"command": True}, "hooks": {"approve": "adhoc"}},
        "options": {"level": "all", "conformance": "dependents", "strict": False, "slow": False, "repeat": 1, "patience": 1.0, "network": "host"},
        "counts": {}, "interrupted": None, "abort": None, "end": {}, "lost": [], "not_run": [], "rerun": "buddycheck run",
        "cost": {"seconds": 2.0, "engine_cpu_seconds": 1.0, "target_cpu_seconds": 0.5},
        "scenarios": [{"id": id, **each} for id, each in scenarios.items()],
        "requirements": [{"id": id, "statement": "It holds.", "verdict": verdict, "decided_by": {"a": str(verdict)}}
                         for id, verdict in (requirements or {}).items()],
    }


def compared(base: dict[str, Any], new: dict[str, Any], strict: bool = False) -> dict[str, Any]:
    found = compare(base, new, ("A", "B"), strict)
    jsonschema.Draft7Validator(SCHEMA).validate(found)
    return found


def moved(before: str | None, after: str | None, strict: bool = False) -> tuple[str, int]:
    """Where a scenario with these verdicts is listed, and the exit status."""
    found = compared(run(a=scenario(before)), run(a=scenario(after)), strict)
    places = [key for key in ALL if found[key]]
    assert len(places) <= 1
    return "".join(places), found["exit"]


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("before, after, place, exit", [
    ("PASS", "PASS", "", 0), ("FAIL", "FAIL", "", 0), ("XFAIL", "XFAIL", "", 0), ("INCONCLUSIVE", "INCONCLUSIVE", "", 0),
    ("PASS", "FAIL", "new_failures", 1), ("WARN", "FAIL", "new_failures", 1), ("PASS", "FLAKY", "new_failures", 1),
    ("SKIP", "FAIL", "new_failures", 1), (None, "FAIL", "new_failures", 1), ("INCONCLUSIVE", "FAIL", "new_failures", 1),
    ("FAIL", "PASS", "fixed", 0), ("FLAKY", "PASS", "fixed", 0), ("XFAIL", "XPASS", "fixed", 0), ("FAIL", "WARN", "fixed", 0),
    ("PASS", "WARN", "changed", 0), ("PASS", "SKIP", "changed", 0), ("FAIL", "XFAIL", "changed", 0), ("XFAIL", "FAIL", "changed", 0),
    ("PASS", "XFAIL", "changed", 0), ("FAIL", "FLAKY", "changed", 0), ("INCONCLUSIVE", "PASS", "changed", 0),
    ("PASS", "INCONCLUSIVE", "not_judged", 3), ("FAIL", "ERROR", "not_judged", 3), ("PASS", None, "not_judged", 3), ("PASS", "NEWS", "not_judged", 3),
])
def test_what_a_change_means(before: str | None, after: str | None, place: str, exit: int) -> None:
    assert moved(before, after) == (place, exit)


def test_strict_makes_a_warning_a_failure_in_both_runs() -> None:
    assert moved("PASS", "WARN", strict=True) == ("new_failures", 1)
    assert moved("WARN", "WARN", strict=True) == ("", 0)
    new = run(a=scenario("WARN"))
    new["options"]["strict"] = True
    found = compared(run(a=scenario("WARN")), new)
    assert (found["exit"], found["strict"], found["remarks"]) == (0, True, ["--strict differs: off and on"])


def test_a_requirement_that_fails_newly_in_a_red_scenario_is_a_regression() -> None:
    base = run(a=scenario("FAIL", SB_001="FAIL", SB_002="PASS", SB_003="UNDECIDED"))
    new = run(a=scenario("FAIL", SB_001="FAIL", SB_002="FAIL", SB_003="FAIL"))
    found = compared(base, new)
    assert found["exit"] == 1
    assert found["new_failures"][0]["requirements"] == [{"id": "SB-002", "before": "PASS", "after": "FAIL"}]
    expected = run(a=scenario("XFAIL", SB_001="FAIL", SB_002="FAIL"))
    assert compared(base, expected)["exit"] == 0  # the whole scenario is expected to fail
    hidden = run(a=scenario("XFAIL", SB_001="XFAIL", SB_002="PASS"))
    assert compared(hidden, new)["exit"] == 1


def test_new_and_vanished_scenarios_regress_nothing() -> None:
    found = compared(run(a=scenario("PASS"), b=scenario("PASS")), run(a=scenario("PASS"), c=scenario("FAIL")))
    assert (found["exit"], [each["scenario"] for each in found["new"]], [each["scenario"] for each in found["vanished"]]) == (0, ["c"], ["b"])


def test_a_run_that_was_cut_short_is_not_good() -> None:
    base = run(a=scenario("PASS"))
    for change in ({"abort": {"step": "login", "reason": "refused"}}, {"interrupted": 2}, {"end": None}, {"lost": [{"blamed": None}]}):
        assert compared(base, {**base, **change})["exit"] == 3
    assert compared({**base, "lost": [{"blamed": None}]}, {**base, "lost": [{"blamed": None}]})["exit"] == 0
    bad = {**run(a=scenario("FAIL")), "interrupted": 2}
    assert compared(base, bad)["exit"] == 1


def test_requirements_by_what_became_of_them() -> None:
    before = {"W": "PASS", "B": "FAIL", "U": "PASS", "O": "PASS", "S": "PASS", "V": None}
    after = {"W": "FAIL", "B": "PASS", "U": None, "O": "WARN", "S": "PASS", "N": "PASS"}
    found = compared(run(requirements=before), run(requirements=after))["requirements"]
    assert {key: [each if isinstance(each, str) else each["id"] for each in ids] for key, ids in found.items()} == {
        "worse": ["W"], "better": ["B"], "not_judged": ["U"], "other": ["O"], "new": ["N"], "vanished": ["V"],
    }


def test_remarks_name_every_other_reason() -> None:
    base = run(a=scenario("PASS"))
    new = copy.deepcopy(base)
    new["target"]["name"] = "other"
    new["profile"] = {"claims": {"command": False, "directory": False}, "hooks": {"approve": "program"}}
    new["options"] |= {"patience": 2.0, "network": "private"}
    assert compared(base, new)["remarks"] == [
        "the targets differ: fake and other", "the profile's claims differ: command", "the profile's hooks differ: approve",
        "--patience differs: 1 and 2", "--network differs: host and private",
    ]
    assert compared(base, {**base, "catalogue": {}})["remarks"] == ["the scenarios or requirements are not the same version"]
    assert compared(base, {**base, "harness": {**base["harness"], "version": "2"}})["remarks"] == ["buddycheck is not the same version"]


def timed(*ms: float) -> dict[str, Any]:
    return run(**{f"s{number}": scenario("PASS", each) for number, each in enumerate(ms)})


def test_slower_is_what_is_beyond_noise_and_a_slow_machine() -> None:
    usual = [100.0] * 6
    def slower(*ms: float) -> list[str]:
        found = compared(timed(*usual), timed(*ms))
        assert found["exit"] == 0
        return [each["scenario"] for each in found["time"]["slower"]]

    assert slower(*[100 * FACTOR + MILLISECONDS + 1] + usual[1:]) == ["s0"]
    assert slower(*[100 + MILLISECONDS - 1] + usual[1:]) == []
    assert slower(*[900.0] * 6) == []  # all of them: the machine
    assert slower(*[900.0] * 5 + [9000.0]) == ["s5"]
    assert compared(timed(*usual), timed(*usual, 5.0))["time"]["totals"] == {}  # not the same work


def both(bench: Bench, before: dict[str, str], after: dict[str, str]) -> None:
    """Two runs, in the folders `before` and `out`."""
    finished(bench, verdicts=before)
    bench.out.rename(bench.root / "before")
    finished(bench, verdicts=after)


def test_compare_in_words(bench: Bench) -> None:
    both(bench, {"disco/admin": "FAIL", "*": "PASS"}, {"cancel/at-form": "FAIL", "disco/user": "WARN DI-002", "*": "PASS"})
    done = bench.call("compare", "before", "out")
    assert (done.status, done.err) == (1, "")
    assert "NEW FAILURE cancel/at-form: PASS -> FAIL" in done.out and "    again: " in done.out
    assert "fixed disco/admin: FAIL -> PASS\n" in done.out and "changed disco/user: PASS -> WARN" in done.out
    assert done.out.splitlines()[-1].startswith("against the baseline: 1 new failures, 1 fixed, 1 otherwise changed")
    assert done.out.endswith(": 1 regression, exit 1\n")
    assert bench.call("compare", "out", "before").status == 1
    assert bench.call("compare", "out", "out/run.json").out.endswith("no verdict changed: no regression, exit 0\n")
    assert bench.call("compare", "--strict", "before", "out").out.endswith(": 2 regressions, exit 1\n")


def test_compare_in_json_and_markdown(bench: Bench) -> None:
    both(bench, {"*": "PASS"}, {"cancel/at-form": "FAIL", "*": "PASS"})
    found = json.loads(bench.call("compare", "before", "out", "--format", "json").out)
    jsonschema.Draft7Validator(SCHEMA).validate(found)
    assert [each["scenario"] for each in found["new_failures"]] == ["cancel/at-form"]
    done = bench.call("compare", "before", "out", "--format", "markdown", "--out", "c.md")
    text = (bench.root / "c.md").read_text()
    assert (done.status, done.out) == (1, "") and text.startswith("## Compared with the baseline ❌\n\n**1 regression, exit 1**")
    assert "| cancel/at-form | PASS -\\> FAIL |" in text


@pytest.mark.parametrize("argv", [("compare", "out"), ("compare", "out", "nowhere"), ("compare", "out", "out", "--out", "no/where")])
def test_wrong_use_is_one_line(bench: Bench, argv: tuple[str, ...]) -> None:
    finished(bench)
    done = bench.call(*argv)
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)


def with_baseline(bench: Bench, verdicts: dict[str, str], *argv: str) -> Done:
    return finished(bench, "--baseline", "before", *argv, verdicts=verdicts)


def test_a_run_with_a_baseline_fails_for_a_regression_only(bench: Bench) -> None:
    both(bench, {"disco/admin": "FAIL", "*": "PASS"}, {"*": "PASS"})
    done = with_baseline(bench, {"disco/admin": "FAIL", "*": "PASS"})
    assert done.status == 0
    assert done.out.splitlines()[-1] == "# against the baseline: no verdict changed: no regression, exit 0"
    kept = document(bench)
    assert (kept["exit"], kept["baseline"]["exit"], kept["baseline"]["baseline"]["file"]) == (1, 0, "before")
    done = with_baseline(bench, {"disco/admin": "FAIL", "disco/user": "FAIL", "*": "PASS"}, "--format", "junit")
    assert done.status == 1 and "buddycheck: against the baseline: 1 new failures" in done.err


def test_every_report_of_a_run_with_a_baseline_shows_it(bench: Bench) -> None:
    both(bench, {"*": "PASS"}, {"*": "PASS"})
    with_baseline(bench, {"disco/admin": "FAIL", "*": "PASS"})
    assert "NEW FAILURE disco/admin: PASS -> FAIL" in bench.call("report", "out", "--format", "plain").out
    assert "### Compared with the baseline ❌" in bench.call("report", "out", "--format", "markdown").out
    assert json.loads(bench.call("report", "out", "--format", "json").out)["baseline"]["exit"] == 1
    bench.call("report", "out")
    assert "Compared with the baseline" in (bench.out / "report.html").read_text()
    assert "Compared with the baseline" not in bench.call("report", "before", "--out", "-").out
    assert "Compared with the baseline" in bench.call("report", "before", "--baseline", "out", "--out", "-").out


def test_a_bad_baseline_is_told_before_anything_is_run(bench: Bench) -> None:
    finished(bench)
    for path, words in (("nowhere", "nowhere: does not exist"), ("out", "the run would overwrite its baseline")):
        done = bench.run("--baseline", path)
        assert (done.status, done.err.count("\n")) == (2, 1) and words in done.err
    kept = bench.out / "run.json"
    kept.write_text(changed(baseline={"format": "buddycheck comparison"})(kept.read_text()))
    assert "does not fit the format, at baseline: 'version' is a required property" in bench.call("report", "out").err
