"""run.json: fits its schema, everything else comes from it, no password, and what is damaged is named in one line."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import HERE, PASSWORD, Bench, Done
from conftest import catalogue as sample

from buddycheck import model, origin
from buddycheck.catalogue import parse
from buddycheck.loop import Loop

ROOT = HERE.parents[2]
SCHEMA = json.loads((ROOT / "reports" / "schema" / "run.schema.json").read_text())
JOURNAL = '{"n":1,"t":1,"kind":"begin","scenario":"disco/admin"}\n{"n":2,"t":9,"kind":"end-of-play","scenario":"disco/admin","detail":"PASS"}\n'


def finished(bench: Bench, *argv: str, verdicts: dict[str, str] | None = None, **end: Any) -> Done:
    """A run with these verdicts and a journal."""
    exit = 1 if "FAIL" in str(verdicts) else 0
    bench.script.update(end)
    bench.actions({"bound": 0}, {"expect": "started"}, {"journal": JOURNAL}, {"judge": verdicts or {"*": "PASS"}}, {"tap": "TAP version 14\n1..0\n"}, {"end": exit})
    return bench.run(*argv)


def document(bench: Bench) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bench.file("run.json"))
    jsonschema.Draft7Validator(SCHEMA).validate(found)
    return found


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_run_json_says_what_was_run_and_what_it_came_to(bench: Bench) -> None:
    bench.script["software"] = {"name": "Fake\u202e", "version": "1.2\n3" + PASSWORD, "os": "x" * 999, "else": 1}
    finished(bench, "disco", "--level", "should", "--jobs", "3", verdicts={"disco/admin": "FAIL", "disco/user": "WARN DI-002"})
    run = document(bench)
    assert run["target"]["software"] == {"name": "Fake\u202e", "version": "1.2 3********", "os": "x" * 200}
    assert (run["seed"], run["exit"], run["interrupted"], run["abort"]) == (7, 1, None, None)
    assert run["options"] == {
        "jobs": 3, "patience": 1.0, "network": "host", "selectors": ["disco"], "exclude": [], "slow": False, "level": "should", "conformance": "dependents",
        "strict": False, "repeat": 1,
    }
    assert run["journal"] == {"file": "journal.jsonl", "sha256": hashlib.sha256(JOURNAL.encode()).hexdigest(), "lines": 2}
    assert {each["id"]: each["verdict"] for each in run["scenarios"]} == {"disco/admin": "FAIL", "disco/user": "WARN"}
    verdicts = {each["id"]: each["verdict"] for each in run["requirements"]}
    assert verdicts == {"SB-010": "FAIL", "SB-004": None, "DI-002": "WARN", "PE-001": None, "SB-077": None, "SB-078": None}
    assert run["requirements"][0]["decided_by"] == {"disco/admin": "FAIL"}
    assert run["rerun"].endswith("run --target fake --seed 7 --level should")
    assert len(run["harness"]["commit"] or 40 * "0") == 40
    assert bench.leftovers() == []


def test_no_password_in_any_output(bench: Bench) -> None:
    bench.script.update(reason=f"it said {PASSWORD}", failure=f"got {PASSWORD}", software={"name": PASSWORD})
    formats = [f"{name}:{bench.root / name}" for name in ("markdown", "html", "json", "junit", "plain")]
    done = finished(bench, *(word for each in formats for word in ("--format", each)), "--annotate", "github", verdicts={"*": "FAIL"})
    texts = [done.out, done.err, *(path.read_text() for path in bench.out.iterdir()), *(
        (bench.root / each.partition(":")[0]).read_text() for each in formats)]
    assert len(texts) == 12 and not any(PASSWORD in each for each in texts)


def test_all_other_formats_can_be_made_from_run_json_later(bench: Bench) -> None:
    finished(bench, "--format", "plain", verdicts={"disco/admin": "FAIL", "disco/user": "WARN", "cancel/at-form": "SKIP", "persist/kill": "PASS"})
    assert bench.call("report", "out", "--format", "junit").out == bench.file("junit.xml")
    again = finished(bench, "--format", "markdown")
    assert bench.call("report", "out/run.json", "--format", "markdown").out == again.out
    assert json.loads(bench.call("report", "out", "--format", "json").out)["exit"] == 0
    assert bench.call("report", "out", "--format", "plain").out.endswith("4 PASS: exit 0, nothing failed\n")


@pytest.mark.parametrize("repeat", ["1", "2"])
def test_repetitions_survive_the_file(bench: Bench, repeat: str) -> None:
    bench.script["catalogue"]["scenarios"] = bench.script["catalogue"]["scenarios"][:2]
    finished(bench, "--repeat", repeat, verdicts={"disco/admin": ["PASS", "FAIL"][: int(repeat)], "disco/user": "PASS"} if repeat == "2" else None)  # type: ignore[dict-item]
    run = document(bench)
    assert [len(each["results"]) for each in run["scenarios"]] == [int(repeat)] * 2
    assert run["scenarios"][0]["verdict"] == ("FLAKY" if repeat == "2" else "PASS")
    assert bench.call("report", "out", "--format", "junit").out == bench.file("junit.xml")


def test_an_interrupted_run_leaves_a_run_json_that_says_so(bench: Bench) -> None:
    bench.actions(
        {"bound": 0}, {"expect": "started"}, {"journal": JOURNAL}, {"judge": {"disco/admin": "PASS"}}, {"signal_driver": "SIGTERM"},
        {"expect": "interrupt"}, {"end": 0},
    )
    with bench.run_process("disco") as process:
        process.communicate()
    run = document(bench)
    assert (run["interrupted"], run["exit"], run["not_run"]) == (15, 143, ["disco/user"])
    assert [each["verdict"] for each in run["scenarios"]] == ["PASS", None]
    done = bench.call("report", "out", "--out", "page.html")
    assert (done.status, done.err) == (0, "buddycheck report: page.html\n")
    page = (bench.root / "page.html").read_text()
    assert "This run was interrupted (signal 15)." in page and "1 of 2 scenarios were not run" in page
    assert "**The run could not go on:** it was interrupted" in bench.call("report", "out", "--format", "markdown").out


def test_a_run_without_a_journal_has_a_page(bench: Bench) -> None:
    bench.actions({"bound": 0}, {"expect": "started"}, {"say": {"event": "abort", "step": "login", "reason": "<refused>"}}, {"end": 3})
    assert bench.run("--format", "html:page.html").status == 3
    page = (bench.root / "page.html").read_text()
    assert "This run could not go on." in page and "login: &lt;refused&gt;" in page


def damaged(bench: Bench, name: str, change: Any) -> str:
    """What `report` says when a file of the run was changed: one line, exit 2."""
    finished(bench)
    path = bench.out / name
    text = change(path.read_text())
    path.unlink() if text is None else path.write_text(text)
    done = bench.call("report", "out")
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
    assert not (bench.out / "report.html").exists()
    return done.err


def changed(**fields: Any) -> Any:
    return lambda text: json.dumps({**json.loads(text), **fields})


@pytest.mark.parametrize("name, change, expected", [
    ("run.json", lambda text: text[:200], "out/run.json: is no JSON or breaks off ("),
    ("run.json", lambda text: "", "out/run.json: is no JSON or breaks off"),
    ("run.json", lambda text: "\x00\x01", "is no JSON"),
    ("run.json", lambda text: "[1]", 'is no run.json of buddycheck: expected "format": "buddycheck run"'),
    ("run.json", changed(version=2), "has version 2 of the format; this buddycheck reads version 1"),
    ("run.json", changed(scenarios=[{}]), "does not fit the format, at scenarios.0: 'id' is a required property"),
    ("run.json", changed(counts={"PASS": "many"}), "does not fit the format, at counts.PASS"),
    ("run.json", lambda text: None, "there is no run.json: the run has not ended, or it was killed before its end; its journal is kept"),
    ("journal.jsonl", lambda text: text[:-9], "is not the journal of that run: its digest differs from that in run.json"),
    ("journal.jsonl", lambda text: None, "out/journal.jsonl: is missing"),
])
def test_what_is_damaged_is_named(bench: Bench, name: str, change: Any, expected: str) -> None:
    assert expected in damaged(bench, name, change)


@pytest.mark.parametrize("argv, expected", [
    (["nowhere"], "nowhere: does not exist; expected the folder of a run, as in"),
    (["fixtures"], "fixtures: is no folder of a run: there is no run.json"),
    ([], "the following arguments are required: RUN"),
    (["out", "out", "--format", "junit"], "--format junit takes one run; only html shows several in one report"),
    (["out", "--format", "tap"], "invalid choice: 'tap'"),
    (["out", "--out", "no/page.html"], "--out no/page.html: no folder"),
])
def test_wrong_use_of_report(bench: Bench, argv: list[str], expected: str) -> None:
    finished(bench)
    done = bench.call("report", *argv)
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1) and expected in done.err


def test_report_to_standard_output(bench: Bench) -> None:
    finished(bench)
    done = bench.call("report", "out", "--out", "-")
    assert (done.status, done.err) == (0, "") and done.out.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("package, argv, expected", [
    ("jinja2", ["run", "--target", "fake", "--format", "html:page.html"], "an HTML report needs Jinja2 (Debian: python3-jinja2)"),
    ("jsonschema", ["report", "out"], "to read a run, jsonschema is needed (Debian: python3-jsonschema)"),
])
def test_a_package_that_is_missing_is_named(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, package: str, argv: list[str], expected: str,
) -> None:
    finished(bench)
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = bench.call(*argv)
    assert (done.status, done.out, done.err) == (2, "", f"buddycheck: {expected}; run ci/install.sh build\n")
    assert not (bench.root / "page.html").exists()


def test_github_annotations(bench: Bench) -> None:
    bench.script.update(reason="50% of a, b: c", failure="one\n::error::two\x1b[31m")
    done = finished(bench, "disco", "--annotate", "github", verdicts={"disco/admin": "FAIL", "disco/user": "WARN DI-002"})
    first, second = done.out.splitlines()[-2:]
    assert first == (
        "::error file=scenarios/disco/admin.scs,line=9,title=FAIL disco/admin%3A 50%25 of a%2C b%3A c::one%0A::error::two\\x1b[31m"
    )
    assert second.startswith("::warning file=scenarios/disco/user.scs,line=9,title=WARN disco/user")


def test_gitlab_annotations(bench: Bench) -> None:
    assert "section_start" not in finished(bench, "--annotate", "gitlab").out
    bench.script.update(failure="text\x1b[0Ksection_end:1:x")
    lines = finished(bench, "disco/admin", "--annotate", "gitlab", verdicts={"*": "FAIL"}).out.split("\n")[:-1]
    assert lines[-4].endswith("buddycheck: 1 findings")
    assert lines[-3:-1] == ["ERROR: scenarios/disco/admin.scs:9: FAIL disco/admin: SB-010 went wrong", "    text\\x1b[0Ksection_end:1:x"]
    assert lines[-1].startswith("\x1b[0Ksection_end:")


def test_markdown_golden(bench: Bench, golden: Any) -> None:
    bench.script.update(reason="`<b>` | *x*", failure="a\n```\n</details><script>alert(1)</script>")
    finished(bench, "disco", "cancel", verdicts={"disco/admin": "FAIL", "disco/user": "WARN DI-002", "cancel/at-form": "INCONCLUSIVE"})
    run = document(bench) | {"started": "2026-01-02T03:04:05Z", "seconds": 1.0}
    run["harness"] = {"version": "1", "commit": "0" * 40, "modified": True}
    (bench.out / "run.json").write_text(json.dumps(run))
    golden("summary.md", bench.call("report", "out", "--format", "markdown").out)


def test_digest_and_lines_of_a_file_that_grows(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    file = origin.Growing(path)
    file.read_on()
    assert file.found() is None
    path.write_bytes(b"a\nb")
    file.read_on()
    with path.open("ab") as more:
        more.write(b"\nc\n")
    assert file.found() == (origin.digest_of(path), 3) == origin.Growing(path).found()


def test_the_journal_is_followed_while_the_loop_runs(tmp_path: Path) -> None:
    now = [0.0]
    loop, path = Loop(lambda: now[0]), tmp_path / "journal.jsonl"
    draft = model.Draft(parse(sample(), tmp_path), tmp_path)
    draft.follow(loop)
    path.write_text("a\n")
    for seconds in (1.0, 2.0):
        loop.after(seconds - now[0], loop.stop)
        now[0] = seconds
        loop.run()
    path.write_text("b\n")  # what was read is not read again
    assert draft.journal() == {"file": path.name, "sha256": hashlib.sha256(b"a\n").hexdigest(), "lines": 1}
    loop.close()


def test_draft_of_an_outcome_that_changed(bench: Bench, tmp_path: Path) -> None:
    finished(bench, "disco")
    outcome, known = model.outcome_of(document(bench)), parse(sample(), tmp_path)
    draft, plain = model.Draft(known, tmp_path), model.judged(outcome, known)
    draft.make(outcome)
    assert draft.judged(outcome) == plain and model.text(draft.judged(outcome), draft) == model.text(plain)
    outcome.abort("engine", "the engine ended with signal SIGSEGV after its last event")
    changed = model.judged(outcome, known)
    assert changed["exit"] == 3 != plain["exit"]
    assert draft.judged(outcome) == changed and model.text(draft.judged(outcome), draft) == model.text(changed)


@pytest.mark.parametrize("when", ["2026-01-02", "2026-01-02T03:04:05", "2026-1-2T3:4:5Z", "2026-02-30T00:00:00Z", "soon"])
def test_a_start_that_is_no_time(bench: Bench, when: str) -> None:
    finished(bench, "disco")
    (bench.out / "run.json").write_text(json.dumps(document(bench) | {"started": when}))
    done = bench.call("report", "out", "--format", "junit")
    assert done.status == 2 and "does not fit the format, at started: " in done.err
