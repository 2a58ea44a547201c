"""JUnit, summary, TAP, JSON, masks, `list`, `show` and `lint`: golden files and properties."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Bench
from conftest import catalogue as sample
from hypothesis import given
from hypothesis import strategies as some
from lxml import etree

from buddycheck import junit, summary, tap
from buddycheck.catalogue import parse
from buddycheck.engine import EVENTS, BadEvent, parse_event
from buddycheck.mask import MASKED, Mask
from buddycheck.results import Outcome, Result

KNOWN = parse(sample(), Path("scenarios"))
ANY_TEXT = some.text(some.characters(), max_size=40)  # surrogates and control characters too


def result(scenario: str, verdict: str, **more: Any) -> Result:
    more = {"title": "Title of " + scenario, "file": scenario + ".scs", "ms": 12.0, "repeat": 1, **more}
    return Result(scenario=scenario, verdict=verdict, **more)


def outcome(**more: Any) -> Outcome:
    """A run with one of everything."""
    made = Outcome("fake", ("disco/admin", "disco/user", "cancel/at-form", "persist/kill", "race/x", "race/never"), KNOWN.verdicts, seed=7, **more)
    checks = ({"id": "SB-010", "verdict": "FAIL"}, {"id": "SB-004", "verdict": "PASS"}, {"id": "SB-010", "part": "x", "verdict": "PASS"})
    made.add(result("disco/admin", "PASS", checks=checks[1:2]))
    made.add(result("disco/user", "WARN", reason="DI-002 should be there", failure="a warning's text"))
    made.add(result("cancel/at-form", "FAIL", ms=1234.5, reason="SB-010 <subscribe/> after \"cancel\"", failure="expected: nothing\n\tgot: <presence\x00/>", checks=checks))
    made.add(result("persist/kill", "SKIP", reason="hook kill is missing"))
    made.add(result("race/x", "INCONCLUSIVE", reason="fence lost"))
    made.left_out_slow = ("cancel/late",)
    made.end = {"exit": 3, "requirements": {"FAIL": 1, "PASS": 2}, "seconds": 2.345, "cpu_seconds": 0.1}
    return made


@pytest.mark.parametrize("secret, line, touched", [
    ("pw", b'{"event": "ready"}', False), ("pw", b'{"event": "a pw b"}', True), ('p"w', b"{}", True), ("p\u00e4ss", b"{}", True), ("p\\w", b"{}", True),
])
def test_lines_that_hold_no_password_are_passed_on_as_they_are(secret: str, line: bytes, touched: bool) -> None:
    assert Mask(["other", secret]).touches(line) is touched


def test_many_scenarios_that_lack_the_same_are_one_line() -> None:
    made = Outcome("fake", (), KNOWN.verdicts, seed=7)
    for n in range(5):
        made.add(result(f"out/{n}", "SKIP", reason="needs command"))
        made.add(result(f"in/{n}", "SKIP" if n else "INFO", reason="no hook 'approve'"))
    lines = summary.render(made, "out")
    assert "SKIP 5 (out/0, out/1, out/2, out/3, out/4): needs command" in lines
    assert [line for line in lines if "approve" in line] == ["INFO in/0: no hook 'approve'", *(f"SKIP in/{n}: no hook 'approve'" for n in range(1, 5))]


def test_junit_golden(golden: Any) -> None:
    golden("junit.xml", junit.render(outcome(), 2.5, 0.0))


def test_junit_of_a_broken_run_golden(golden: Any) -> None:
    made = outcome(strict=True, repeat=2)
    made.abort("run", "the target ended (signal SIGSEGV)")
    golden("junit-broken.xml", junit.render(made, 2.5, 0.0))


def test_junit_totals_agree_with_the_cases() -> None:
    suite = etree.fromstring(junit.render(outcome(), 2.5, 0.0).encode())[0]
    for attribute, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.get(attribute)) == len(suite.findall(f"testcase/{kind}"))
    assert int(suite.get("tests")) == len(suite.findall("testcase")) == 7
    assert [each.get("value") for each in suite.findall("testcase[@name='cancel/at-form']/properties/property")] == ["SB-010", "SB-004"]


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_junit_is_well_formed_whatever_the_engine_says(name: str, reason: str, failure: str) -> None:
    made = Outcome(name, ("a/b",), KNOWN.verdicts)
    made.add(result(name, "FAIL", reason=reason, failure=failure, checks=({"id": name},)))
    made.abort("run", reason or "x")
    tree = etree.fromstring(junit.render(made, 1.0, 0.0).encode())
    assert tree.get("failures") == "1"


@pytest.mark.parametrize("verdict, kind", [
    ("PASS", None), ("WARN", None), ("XFAIL", "skipped"), ("FAIL", "failure"), ("XPASS", "failure"), ("SKIP", "skipped"),
    ("UNREACHABLE", "skipped"), ("INCONCLUSIVE", "error"), ("ERROR", "error"), ("UNHEARD", "error"),
])
def test_junit_kind_of_every_verdict(verdict: str, kind: str | None) -> None:
    made = Outcome("t", ("a/b",), KNOWN.verdicts)
    made.add(result("a/b", verdict))
    case = etree.fromstring(junit.render(made, 1.0, 0.0).encode()).find("testsuite/testcase")
    assert [child.tag for child in case] == ([kind] if kind else [])


def test_summary_golden(golden: Any) -> None:
    golden("summary.txt", "\n".join(summary.render(outcome(), "reports/out/x")) + "\n")


def test_summary_of_a_broken_run_golden(golden: Any) -> None:
    made = outcome(repeat=2)
    made.began("race/never", 1)
    made.judged("race/never", 1, "PASS")
    made.abort("ready", "no stream features within 10000 ms")
    made.end = None
    golden("summary-broken.txt", "\n".join(summary.render(made, "reports/out/x")) + "\n")


def repeated(*verdicts: str, **more: Any) -> Outcome:
    """A run of one scenario with these verdicts."""
    made = Outcome("t", ("a/b",), KNOWN.verdicts, repeat=len(verdicts), **more)
    for number, verdict in enumerate(verdicts, 1):
        made.add(result("a/b", verdict, repeat=number))
    made.end = {"exit": 0, "requirements": {}}
    return made


@pytest.mark.parametrize("verdicts, flaky, exit", [
    (("PASS", "PASS"), None, 0), (("WARN", "WARN"), None, 0), (("FAIL", "FAIL"), None, 1),
    (("PASS", "WARN"), "1 WARN, 1 PASS in 2 repetitions", 1),
    (("PASS", "SKIP", "PASS"), "1 SKIP, 2 PASS in 3 repetitions", 1),
    (("INCONCLUSIVE", "PASS"), "1 INCONCLUSIVE, 1 PASS in 2 repetitions", 1),
    (("FAIL", "PASS", "FAIL"), "2 FAIL, 1 PASS in 3 repetitions", 1),
])
def test_repetitions_that_differ_are_flaky(verdicts: tuple[str, ...], flaky: str | None, exit: int) -> None:
    made = repeated(*verdicts)
    assert (made.flaky(), made.exit_status()) == ({"a/b": flaky} if flaky else {}, exit)
    assert (f"FLAKY a/b: {flaky}" in summary.render(made, "x")) == bool(flaky)
    cases = etree.fromstring(junit.render(made, 1.0, 0.0).encode()).findall("testsuite/testcase[@name='a/b']/failure")
    assert [case.get("message") for case in cases] == ([f"FLAKY: {flaky}"] if flaky else [])
    assert made.counts().get("FLAKY", 0) == bool(flaky)


def test_what_was_cut_short_is_not_flaky() -> None:
    made = repeated("PASS", "INCONCLUSIVE")
    made.abort("run", "the target ended")
    assert made.flaky() == {}
    assert repeated("PASS", "INCONCLUSIVE", stopped_by=2).flaky() == {}


def test_summary_does_nothing_to_a_terminal() -> None:
    assert summary.printable("a\tb\x1b[2J\x00\u2028") == "a\tb\\x1b[2J\\x00\\x2028"


def test_summary_names_a_few_of_many() -> None:
    made = Outcome("t", tuple(f"a/{number}" for number in range(300)), KNOWN.verdicts)
    assert "not run: 300 (a/0, a/1, a/2, a/3, a/4, a/5, a/6, a/7, a/8, a/9 and 290 more)" in summary.render(made, "x")
    assert summary.last_line(made) == "nothing judged: exit 3, the run could not judge everything"


@pytest.mark.parametrize("text", ["", "TAP version 14", "TAP version 14\nok 1 - Bail out! in a name\n"])
def test_tap_bails_out_once(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.tap"
    path.write_text(text)
    made = Outcome("t", (), KNOWN.verdicts)
    made.abort("run", "two\nlines")
    finished = tap.finish(path, made, 14)
    assert finished.startswith("TAP version 14\n") and finished.endswith("\nBail out! run: two lines\n")
    assert tap.finish(path, made, 14) == finished == path.read_text()


def test_tap_of_a_whole_run_is_untouched(tmp_path: Path) -> None:
    path = tmp_path / "run.tap"
    path.write_text("TAP version 13\n1..0\n")
    assert tap.finish(path, outcome(), 13) == "TAP version 13\n1..0\n"


@given(some.lists(some.text(min_size=1, max_size=6), max_size=3), some.text(max_size=60))
def test_nothing_secret_is_left(secrets: list[str], text: str) -> None:
    masked = Mask(secrets).text("".join(text + secret for secret in secrets))
    assert all(secret not in masked.replace(MASKED, "\0") or secret in "\0" for secret in secrets)


def test_public_words_that_contain_a_password_stay() -> None:
    mask = Mask(["admin", "pw"], ["admin@srv.test", "srv.test"])
    assert mask.text("admin@srv.test logs in with admin, pw") == f"admin@srv.test logs in with {MASKED}, {MASKED}"
    assert mask.tree({"pw": ["pw", 1, None, {"a": "xpwx"}]}) == {"pw": [MASKED, 1, None, {"a": f"x{MASKED}x"}]}


def test_public_word_that_is_a_password_does_not_stay() -> None:
    assert Mask(["srv.test"], ["srv.test"]).text("srv.test") == MASKED


def test_the_suites_own_words_are_no_passwords() -> None:
    known = parse(sample(), Path("scenarios"))
    words = known.words_with(["admin", "not there", ""])
    assert "disco/admin" in words and all("admin" in word for word in words)
    mask = Mask(["admin"], words)
    assert mask.text("disco/admin: admin") == f"disco/admin: {MASKED}"
    assert known.words_with(["not there"]) == set()


def test_what_the_engine_says_itself_is_not_masked() -> None:
    event = {"event": "hook", "name": "roster", "facts": {"peer": "roster.test"}, "reason": "roster"}
    assert Mask(["roster"]).tree(event, ("event", "name", "facts")) == {**event, "reason": MASKED}


def test_mask_keeps_octets_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"\xff\r\npw\r\n")
    Mask(["pw"]).file(path)
    assert path.read_bytes() == b"\xff\r\n" + MASKED.encode() + b"\r\n"


@given(some.binary(max_size=60) | some.sampled_from(list(EVENTS)).map(lambda name: json.dumps({"event": name}).encode()))
def test_any_line_is_an_event_or_refused(line: bytes) -> None:
    try:
        assert parse_event(line)["event"] in EVENTS
    except BadEvent:
        pass


def test_list(bench: Bench) -> None:
    done = bench.call("list")
    assert (done.status, done.out) == (0, "disco/admin\ndisco/user\ncancel/at-form\npersist/kill\n")
    assert done.err == "buddycheck list: 1 slow scenarios are left out; add --slow\n"
    assert bench.call("list", "SB-004", "--slow").out == "cancel/at-form\ncancel/late\n"
    assert bench.call("list", "disco", "--exclude", "*user", terminal=True).out == "disco/admin  Title of disco/admin\n"
    assert [each["id"] for each in json.loads(bench.call("list", "--json", "--level", "must").out)] == ["disco/admin", "cancel/at-form"]


@pytest.mark.parametrize("id, name", [("cancel/at-form", "show-scenario.txt"), ("SB-010", "show-requirement.txt")])
def test_show_golden(bench: Bench, golden: Any, id: str, name: str) -> None:
    done = bench.call("show", id)
    assert (done.status, done.err) == (0, "")
    golden(name, done.out)


def test_show_names_the_row_of_a_table(bench: Bench) -> None:
    bench.script["catalogue"]["scenarios"][0].update({"file": "state/inbound.play", "row": "state/table.tsv:3"})
    lines = bench.call("show", "disco/admin").out.splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith("file: "))
    assert lines[place].endswith("scenarios/state/inbound.play")
    assert lines[place + 1].startswith("row: ") and lines[place + 1].endswith("scenarios/state/table.tsv:3")


def test_lint_golden(bench: Bench, golden: Any) -> None:
    done = bench.call("lint", "--allow-open")
    assert (done.status, done.err) == (0, "")
    golden("lint.txt", done.out)


def test_lint_with_errors_golden(bench: Bench, golden: Any) -> None:
    bench.script["catalogue"]["errors"] = [{"file": "disco/admin.scs", "line": 4, "column": 1, "message": "unknown actor 'Brad'"}]
    bench.script["catalogue"]["scenarios"][0]["requirements"] = []
    done = bench.call("lint")
    assert done.status == 1
    golden("lint-errors.txt", done.out)
    assert bench.call("list").err.startswith("buddycheck: 1 errors in the scenarios; 'buddycheck lint' shows them\n")
