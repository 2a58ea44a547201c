"""`buddycheck mutants` from end to end: with a scripted engine, and a small one for real."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import Bench

ROOT = Path(__file__).resolve().parents[3]

# Tells how it was started to whoever reads the fifo.
TARGET = '#!/bin/sh\necho "x$$2$$1" > "$$FAKE_READY"\nexec sleep infinity\n'

FAULT = 'fault = ["--fault", "${fault}"]\nfault_deadline = 1000\n'

TABLE = """\
[M1]
does = "Feature missing"
violates = ["SB-010"]
expected = "fail"
detected_by = ["disco/admin", "not/written"]

[M2]
does = "Reply # without id"
violates = ["DI-002"]
expected = "warn"
detected_by = ["disco/user"]

[N3]
does = "Cancel orders"
violates = ["SB-004"]
expected = "fail"
detected_by = ["cancel/at-form"]
"""
ALLOW = '[allow]\n"persist/kill" = "nothing survives less than a kill"\n'
DETECTED = {
    "unfaulted": {}, "M1": {"disco/admin": "FAIL"}, "M2": {"disco/user": "WARN DI-002"}, "N3": {"cancel/at-form": "FAIL SB-004"},
}


class Mutants:
    """A workbench with a table of faults and an engine that notices them."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        bench.started_target()
        self.profile = bench.fixture / "target.toml"
        self.profile.write_text(self.profile.read_text().replace("\n[start.files]", FAULT + "\n[start.files]"))
        (bench.fixture / "target.template").write_text(TARGET)
        self.table(TABLE + ALLOW)
        self.verdicts(DETECTED)

    def table(self, text: str) -> None:
        """Writes the table of faults."""
        (self.bench.root / "fixtures" / "faults.toml").write_text(text)

    def verdicts(self, verdicts: dict[str, dict[str, str]], **instead: list[dict[str, Any]]) -> None:
        """What the engine says of each run; `instead`: what it does in the place of judging."""
        tail = [{"tap": "TAP version 14\n"}, {"journal": "{}\n"}, {"end": 0}]
        runs = {name: instead.get(name, [{"judge": {"*": "PASS", **each}}, *tail]) for name, each in verdicts.items()}
        self.bench.actions({"bound": 0}, {"expect": "started"}, {"of_run": runs})

    def argv(self, *argv: str) -> tuple[str, ...]:
        """The arguments of the command."""
        return ("mutants", *argv, "--target", "fake", "--out", str(self.bench.out))

    def call(self, *argv: str, terminal: bool = False) -> tuple[int, str, str]:
        """`buddycheck mutants` in this process."""
        done = self.bench.call(*self.argv(*argv), terminal=terminal)
        return done.status, done.out, done.err

    def json(self, *argv: str) -> tuple[int, dict[str, Any]]:
        """The same as JSON."""
        status, out, _ = self.call("--format", "json", *argv)
        return status, json.loads(out)

    def results(self) -> list[str]:
        """The runs whose results are kept."""
        return sorted(path.stem for path in (self.bench.out / "results").iterdir())


@pytest.fixture
def mutants(bench: Bench) -> Mutants:
    """A fresh one."""
    return Mutants(bench)


def test_all_detected(mutants: Mutants) -> None:
    status, document = mutants.json()
    assert (status, document["passed"]) == (0, True)
    assert [(each["id"], each["detected"], each["by"], each["expected"], each["got"]) for each in document["faults"]] == [
        ("M1", True, ["disco/admin"], "fail", "fail"), ("M2", True, ["disco/user"], "warn", "warn"),
        ("N3", True, ["cancel/at-form"], "fail", "fail"),
    ]
    assert document["scenarios"] == {"disco/admin": ["M1"], "disco/user": ["M2"], "cancel/at-form": ["N3"], "persist/kill": []}
    assert document["unfaulted"]["green"] and document["unfaulted"]["counts"] == {"PASS": 4}
    assert json.loads(mutants.bench.file("mutants.json")) == document
    assert sorted(path.name for path in (mutants.bench.out / "runs").iterdir()) == ["unfaulted"]
    assert mutants.bench.leftovers() == []


def test_target_is_started_with_the_fault_and_the_short_deadline(mutants: Mutants) -> None:
    judged: list[dict[str, Any]] = [{"judge": {"*": "PASS", "disco/admin": "FAIL"}}, {"end": 1}]
    mutants.verdicts(
        {"unfaulted": {}, "M1": {}}, unfaulted=[{"target_says": "x"}, {"judge": {"*": "PASS"}}, {"end": 0}],
        M1=[{"target_says": "xM1--fault"}, *judged],
    )
    assert mutants.call("M1")[0] == 0
    assert mutants.bench.saw()[0]["profile"]["timing"]["deadline"] == 1000
    assert mutants.call("M1", "--deadline", "250")[0] == 0
    assert mutants.bench.saw()[0]["profile"]["timing"]["deadline"] == 250


def test_tap_golden(mutants: Mutants, golden: Any) -> None:
    mutants.verdicts(DETECTED | {"unfaulted": {"disco/user": "WARN DI-002"}, "M2": {"disco/user": "FAIL DI-002"}, "N3": {"cancel/at-form": "INCONCLUSIVE"}})
    status, out, err = mutants.call("--format", "tap")
    assert (status, err) == (1, "")
    golden("mutants.tap", without_times(out, mutants))


def test_plain_golden(mutants: Mutants, golden: Any) -> None:
    mutants.table(TABLE + ALLOW + '"disco/user" = "not any more"\n')
    mutants.verdicts(DETECTED | {"M1": {"disco/user": "FAIL SB-004"}})
    status, out, err = mutants.call("--format", "plain")
    assert (status, err) == (1, "")
    golden("mutants.txt", without_times(out, mutants))


def without_times(text: str, mutants: Mutants) -> str:
    """The text without what differs from run to run."""
    lines = text.replace(str(mutants.bench.out), "OUT").splitlines()
    return "".join(line + "\n" for line in lines if "slowest: " not in line and " s; kept in " not in line)


def test_crash_is_no_detection(mutants: Mutants) -> None:
    crash = {"say": {"event": "abort", "step": "run", "reason": "the target ended"}}
    mutants.verdicts(DETECTED, M1=[{"judge": {"*": "FAIL"}}, crash, {"tap": "TAP version 14\n"}, {"end": 3}])
    status, document = mutants.json("M1")
    assert (status, document["faults"][0]["got"], document["faults"][0]["by"]) == (1, "aborted", [])
    assert document["faults"][0]["abort"] == "run: the target ended"
    assert (mutants.bench.out / "runs" / "M1" / "results.jsonl").is_file()  # kept, to look at


def test_some_faults_say_nothing_of_scenarios(mutants: Mutants) -> None:
    status, document = mutants.json("M*", "--jobs", "2")
    assert (status, document["complete"], [each["id"] for each in document["faults"]]) == (0, False, ["M1", "M2"])
    assert document["without_fault"] == document["allow_unneeded"] == []


def test_scenarios_are_selected(mutants: Mutants) -> None:
    status, document = mutants.json("--scenarios", "disco", "SB-004")
    assert (status, list(document["scenarios"])) == (0, ["disco/admin", "disco/user", "cancel/at-form"])
    assert not document["complete"]


def test_quick_runs_only_what_the_row_is_about(mutants: Mutants) -> None:
    assert mutants.json("M2", "--quick")[0] == 0
    assert mutants.bench.saw()[0]["select"] == ["disco/admin", "disco/user"]


def test_without_a_fault_it_must_run(mutants: Mutants) -> None:
    abort = {"say": {"event": "abort", "step": "ready", "reason": "no stream features"}}
    mutants.verdicts(DETECTED, unfaulted=[abort, {"end": 3}])
    status, out, err = mutants.call()
    assert (status, out, len(err.splitlines())) == (3, "", 1)
    assert "without a fault the suite cannot be run (ready: no stream features)" in err


def test_resume_runs_only_what_is_not_there(mutants: Mutants) -> None:
    mutants.json()
    mutants.verdicts(dict.fromkeys(DETECTED, {"*": "FAIL"}))
    (mutants.bench.out / "results" / "N3.json").write_text("{")
    mutants.table((TABLE + ALLOW).replace('"Feature missing"', '"Feature misspelt"'))
    document = mutants.json("--resume")[1]
    assert [len(each["by"]) + len(each["wrong"]) for each in document["faults"]] == [4, 1, 4]
    assert document["unfaulted"]["green"]


def test_resume_looks_at_the_scenarios_and_the_binaries(mutants: Mutants) -> None:
    mutants.json()
    mutants.verdicts(dict.fromkeys(DETECTED, {"*": "FAIL"}))
    (mutants.bench.root / "scenarios" / "new.scs").touch()
    assert not mutants.json("--resume")[1]["unfaulted"]["green"]
    mutants.verdicts(DETECTED)
    mutants.profile.write_text(mutants.profile.read_text() + "\n")
    assert mutants.json("--resume")[1]["unfaulted"]["green"]


@pytest.mark.parametrize("name, status", [("SIGINT", 130), ("SIGTERM", 143)])
def test_interrupted_keeps_what_is_done(mutants: Mutants, name: str, status: int) -> None:
    mutants.verdicts(DETECTED, M2=[{"signal_driver": name}, {"expect": "never"}])
    with mutants.bench.process(*mutants.argv("--jobs", "1")) as process:
        out, err = process.communicate()
    assert (process.returncode, out) == (status, "")
    assert err == "buddycheck mutants: interrupted; 1 of 3 faults are done and kept in out, --resume goes on from there\n"
    assert mutants.results() == ["M1", "unfaulted"]
    assert mutants.bench.leftovers() == []
    mutants.verdicts(DETECTED | {"M1": {"*": "FAIL"}})
    status, document = mutants.json("--resume")
    assert (status, document["faults"][0]["wrong"]) == (0, [])


def test_progress_on_a_terminal(mutants: Mutants) -> None:
    status, out, _ = mutants.call(terminal=True)
    assert status == 0
    assert "detected  M1  fail  disco/admin" in out and "4/4" in out


@pytest.mark.parametrize("argv, message", [
    (("M9",), "unknown fault 'M9'"), (("X*",), "unknown fault 'X*'"), (("--scenarios", "nowhere"), "selects no scenario"),
    (("--format", "html"), "expected FORMAT or FORMAT:FILE"), (("--format", "json:no/where"), "no folder"),
    (("--format", "json", "--format", "tap"), "only one format"), (("--deadline", "0"), "expected a whole number"),
    (("--jbos", "1"), "unknown option --jbos"),
])
def test_wrong_use_is_one_line(mutants: Mutants, argv: tuple[str, ...], message: str) -> None:
    status, out, err = mutants.call(*argv)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert message in err


def test_target_without_faults(mutants: Mutants) -> None:
    mutants.profile.write_text(mutants.profile.read_text().replace(FAULT, ""))
    status, out, err = mutants.call()
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert "start.fault is missing: the target fake cannot be started with a fault" in err


@pytest.mark.parametrize("text, error", [
    ("[M1\n", "faults.toml:1: expected TOML"), ("", "faults.toml:1: expected at least one fault"),
    (TABLE.replace('"warn"', '"perhaps"'), "faults.toml:10: M2.expected: expected one of: fail, warn"),
    (TABLE.replace('expected = "warn"\n', ""), "faults.toml:7: M2.expected: is missing; expected one of: fail, warn"),
    (TABLE.replace('["DI-002"]', '["DI-022"]'), "faults.toml:9: M2.violates: unknown requirement 'DI-022'; did you mean 'DI-002'?"),
    (TABLE.replace('["DI-002"]', '"DI-002"'), "faults.toml:9: M2.violates: expected a list of requirements"),
    (TABLE.replace("detected_by = [\"disco/user\"]", "detectedby = 1"), "faults.toml:11: M2.detectedby: is unknown; did you mean 'detected_by'"),
    ("M1 = 7\n" + TABLE.replace("[M1]", "[M4]"), "faults.toml:1: M1: expected a table [M1]"),
    (TABLE + '[allow]\n"disco/nobody" = "x"\n', "faults.toml:19: allow.disco/nobody: expected a scenario's id"),
    (TABLE + '[allow]\n"disco/user" = ""\n', "faults.toml:19: allow.disco/user: expected the reason"),
    ("allow = 1\n" + TABLE, "faults.toml:1: allow: expected a table"),
])
def test_malformed_table(mutants: Mutants, text: str, error: str) -> None:
    mutants.table(text)
    status, out, err = mutants.call()
    assert (status, out) == (2, "")
    assert error in err


def test_faults_of_another_target_are_left_out(mutants: Mutants) -> None:
    mutants.table(TABLE + "target = 'other'\n")
    status, out, err = mutants.call("N3")
    assert (status, out) == (2, "")
    assert "none of these faults can be noticed on fake: N3 on other" in err



def test_profile_must_say_where_the_fault_goes(mutants: Mutants) -> None:
    mutants.profile.write_text(mutants.profile.read_text().replace('"${fault}"', '"M1"'))
    status, _, err = mutants.call()
    assert (status, len(err.splitlines())) == (2, 1)
    assert "start.fault expected a list of arguments for the program, ${fault} in one of them" in err


@pytest.mark.skipif(not (ROOT / "build" / "buddycheck-reference").is_file(), reason="needs 'make build'")
def test_two_faults_for_real(tmp_path: Path) -> None:
    argv = [ROOT / "build" / "buddycheck", "mutants", "M024", "M013", "--scenarios", "cancel", "adhoc/list-*", "--format", "json"]
    done = subprocess.run([*argv, "--out", tmp_path / "out"], capture_output=True, text=True, check=False, env=dict(os.environ))
    document = json.loads(done.stdout)
    assert (done.returncode, document["unfaulted"]["green"]) == (0, True), done.stdout
    assert [(each["id"], each["got"]) for each in document["faults"]] == [("M013", "warn"), ("M024", "fail")]
    assert "cancel/with-filled-form" in document["faults"][1]["by"] and document["faults"][0]["by"] == ["adhoc/list-hidden-from-user"]
