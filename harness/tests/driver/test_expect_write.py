"""`buddycheck expect`: the first file from a run, and the next one, which keeps what people wrote."""

from __future__ import annotations

import datetime
import json
import tomllib
from typing import Any

import pytest
from conftest import Bench, Done
from test_model import finished

from buddycheck import tally
from buddycheck.expect import PLACEHOLDER
from buddycheck.expect_write import needed

FILE = "expect/fake.toml"


def expect(bench: Bench, *argv: str) -> Done:
    done = bench.call("expect", *argv)
    assert done.status == 0, done.err
    return done


def entries(bench: Bench, name: str = FILE) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((bench.root / name).read_text()).get("expect", [])
    return found


@pytest.fixture
def red(bench: Bench) -> Bench:
    """A run in which two scenarios fail."""
    (bench.root / "expect").mkdir()
    finished(bench, verdicts={"disco/admin": "FAIL", "cancel/at-form": "FAIL", "disco/user": "WARN", "*": "PASS"})
    return bench


def test_the_first_file(red: Bench) -> None:
    done = expect(red, "--write", "out")
    assert done.err.splitlines()[0] == f"buddycheck expect: {FILE}: 2 added, 0 kept, 0 taken out because they hold now"
    assert f'write a reason in place of "{PLACEHOLDER}" in 2 of them' in done.err
    until = datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=90)
    assert [(each["scenario"], each["verdict"], each["reason"]) for each in entries(red)] == [
        ("disco/admin", "FAIL", PLACEHOLDER), ("cancel/at-form", "FAIL", PLACEHOLDER)]
    assert all(abs((each["expires"] - until).days) <= 1 for each in entries(red))
    assert "First written from the run of " in (red.root / FILE).read_text()


def test_a_placeholder_is_accepted_but_never_in_silence(red: Bench) -> None:
    expect(red, "--write", "out", "--expires", "2999-01-01")
    done = finished(red)
    words = f'{FILE}:4: 2 of 2 expected failures have no reason yet: replace "{PLACEHOLDER}"'
    assert done.status == 0
    assert done.err == f"buddycheck: {words}\n" and f"# {words}\n" in done.out
    assert words in json.loads(red.file("run.json"))["notes"]


def test_what_people_wrote_stays(red: Bench) -> None:
    kept = ('# By hand.\n[[expect]]\nscenario = "disco/admin"  # why not\nreason = "The core refuses."\nexpires = 2020-01-31\n'
            'link = "https://example.org/1"\n\n')
    stale = '[[expect]]\n# gone by now\nscenario = "persist/kill"\nreason = "It forgot."\n\n'
    last = '# Last words.\n[[expect]]\nrequirement = "SB-077"\nreason = "Nothing decides it."\n'
    (red.root / FILE).write_text(kept + stale + last)
    done = expect(red, "--write", "out")
    text = (red.root / FILE).read_text()
    assert text.startswith(kept + last + "\n[[expect]]\n")
    assert "persist/kill" not in text and [each.get("scenario") for each in entries(red)] == ["disco/admin", None, "cancel/at-form"]
    assert "1 added, 2 kept, 1 taken out because they hold now" in done.err
    assert f"{FILE}:2: has expired on 2020-01-31 and counts as failing" in done.err
    before = (red.root / FILE).read_text()
    assert "0 added, 3 kept, 0 taken out" in expect(red, "--write", "out").err
    assert (red.root / FILE).read_text() == before


def test_without_write_it_is_only_shown(red: Bench) -> None:
    done = expect(red, "out", "other.toml")
    assert len(tomllib.loads(done.out)["expect"]) == 2 and not (red.root / "other.toml").exists()
    expect(red, "out", "other.toml", "--write")
    assert done.out == (red.root / "other.toml").read_text()


def test_a_green_run_makes_a_file_that_expects_nothing(bench: Bench) -> None:
    finished(bench)
    assert "0 added" in expect(bench, "--write", "out", "e.toml").err
    assert entries(bench, "e.toml") == [] and finished(bench, "--expect", "e.toml").status == 0


@pytest.mark.parametrize("argv, words", [
    (("out", "--expires", "soon"), "expected a date as in 2027-06-30, got 'soon'"),
    (("nowhere",), "nowhere: does not exist"),
    (("out", "--write", "no/such/e.toml"), "cannot write "),
    (("out", "bad.toml"), "bad.toml:2: scenario: unknown 'disco/nobody'"),
])
def test_wrong_use_is_one_line(red: Bench, argv: tuple[str, ...], words: str) -> None:
    (red.root / "bad.toml").write_text('[[expect]]\nscenario = "disco/nobody"\nreason = "x"\n')
    done = red.call("expect", *argv)
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1) and words in done.err


def test_a_target_of_ones_own_has_no_file_of_its_own(red: Bench) -> None:
    kept = red.out / "run.json"
    run = json.loads(kept.read_text())
    run["target"]["name"] = "mine"
    kept.write_text(json.dumps(run))
    assert "name the FILE" in red.call("expect", "--write", "out").err


def check(id: str, verdict: str, part: str = "") -> dict[str, str]:
    return {"id": id, "verdict": verdict, "part": part, "text": f"{id} holds"}


def kept_run(*scenarios: tuple[str, str, list[dict[str, str]]], strict: bool = False) -> dict[str, Any]:
    ids = {each["id"] for _, _, checks in scenarios for each in checks}
    return {
        "options": {"strict": strict},
        "scenarios": [{"id": id, "results": [{"verdict": verdict, "reason": "why", "title": "A title", "checks": checks}]} for id, verdict, checks in scenarios],
        "requirements": [{"id": id, "statement": "It holds.", "scenarios": [name for name, _, checks in scenarios if id in [each["id"] for each in checks]]}
                         for id in sorted(ids)],
    }


def added(run: dict[str, Any], *known: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [each[:3] for each in needed(run, [{"scenario": None, "requirement": None, "part": None, "verdict": None, **each} for each in known])]


def test_each_requirement_that_fails_has_its_entry() -> None:
    checks = [check("A", "FAIL"), check("A", "FAIL", "x"), check("B", "FAIL", "y"), check("B", "WARN", "z"), check("C", "PASS"), check("D", "UNDECIDED")]
    run = kept_run(("a/1", "FAIL", checks))
    assert added(run) == [("a/1", "A", "FAIL"), ("a/1", "B/y", "FAIL")]
    assert added(run, {"scenario": "a/1"}) == []
    assert added(run, {"requirement": "A"}) == [("a/1", "B/y", "FAIL")]
    assert added(run, {"requirement": "B", "part": "z"}, {"scenario": "a/2"}) == added(run)


def test_what_no_check_explains_is_expected_as_a_whole() -> None:
    run = kept_run(("a/1", "FAIL", [check("A", "PASS")]), ("a/2", "INCONCLUSIVE", [check("A", "FAIL")]), ("a/3", "XFAIL", [check("A", "XFAIL")]))
    assert added(run) == [("a/1", "", "FAIL"), ("a/2", "", "INCONCLUSIVE")]


def test_a_warning_is_expected_where_it_counts() -> None:
    scenarios = ("a/1", "WARN", [check("A", "WARN")])
    assert added(kept_run(scenarios)) == []
    assert added(kept_run(scenarios, strict=True)) == [("a/1", "A", "WARN")]


def test_a_requirement_that_fails_everywhere_is_one_entry() -> None:
    red = [(f"a/{number}", "FAIL", [check("A", "FAIL")]) for number in range(3)]
    assert added(kept_run(*red)) == [("", "A", "FAIL")]
    assert len(added(kept_run(*red, ("a/4", "PASS", [check("A", "PASS")])))) == 3
    assert len(added(kept_run(*red[:2]))) == 2


@pytest.mark.parametrize("entry, verdict, checks, stale", [
    ({"scenario": "a/1"}, "PASS", [], True), ({"scenario": "a/1"}, "FAIL", [], False), ({"scenario": "a/1"}, "XFAIL", [], False),
    ({"scenario": "a/1"}, "SKIP", [], False), ({"scenario": "a/2"}, "PASS", [], False), ({"scenario": "a/1"}, "INCONCLUSIVE", [], False),
    ({"scenario": "a/1", "verdict": "FAIL"}, "WARN", [], True), ({"scenario": "a/1"}, "WARN", [], False),
    ({"scenario": "a/1", "requirement": "A"}, "FAIL", [check("A", "PASS"), check("B", "FAIL")], True),
    ({"scenario": "a/1", "requirement": "A"}, "FAIL", [check("A", "PASS"), check("A", "UNDECIDED")], False),
    ({"scenario": "a/1", "requirement": "A"}, "PASS", [check("A", "PASS"), check("A", "UNDECIDED")], True),
    ({"requirement": "A"}, "XPASS", [check("A", "XPASS")], True), ({"requirement": "A", "part": "x"}, "PASS", [check("A", "PASS")], False),
    ({"requirement": "A", "part": "x", "verdict": "WARN"}, "FAIL", [check("A", "PASS", "x"), check("A", "FAIL", "x")], False),
])
def test_what_holds_now_is_stale(entry: dict[str, str], verdict: str, checks: list[dict[str, str]], stale: bool) -> None:
    whole = {"scenario": None, "requirement": None, "part": None, "verdict": None, **entry}
    assert tally.is_stale(whole, kept_run(("a/1", verdict, checks))) == stale


def test_a_requirement_is_stale_only_when_all_was_played() -> None:
    run = kept_run(("a/1", "PASS", [check("A", "PASS")]))
    entry = {"scenario": None, "requirement": "A", "part": None, "verdict": None}
    assert tally.is_stale(entry, run)
    run["requirements"][0]["scenarios"].append("a/2")
    assert not tally.is_stale(entry, run)
