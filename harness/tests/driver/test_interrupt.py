"""Ctrl-C, SIGTERM, and a driver that is killed."""

from __future__ import annotations

import os
import select
import signal

import pytest
from conftest import Bench

PARTLY = ({"judge": {"disco/admin": "PASS"}}, {"tap": "TAP version 14\nok 1 - disco/admin\n"}, {"journal": "{}\n"})

ABORT = {"say": {"event": "abort", "step": "interrupt", "reason": "interrupted"}}


@pytest.mark.parametrize("name, status", [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_interrupted_run_keeps_what_was_judged(bench: Bench, name: str, status: int) -> None:
    bench.started_target({"signal_driver": name}, {"expect": "interrupt"}, *PARTLY, ABORT, {"end": 3})
    with bench.run_process("disco") as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (status, "")
    assert out.startswith("TAP version 14\nok 1 - disco/admin\nBail out! interrupted\n# target fake, 1 of 2 scenarios judged")
    assert f"1 PASS: exit {status}, interrupted\n" in out
    assert len(bench.file("results.jsonl").splitlines()) == 1
    assert bench.file("journal.jsonl") == "{}\n"
    assert '<error message="interrupted"' in bench.file("junit.xml")
    assert bench.leftovers() == []


def test_second_ctrl_c_ends_at_once(bench: Bench) -> None:
    bench.started_target({"signal_driver": "SIGINT"}, {"expect": "interrupt"}, *PARTLY, {"signal_driver": "SIGINT"}, {"expect": "never"})
    with bench.run_process("disco") as process:
        out, err = process.communicate()
    assert (process.returncode, out, err) == (130, "", "buddycheck: interrupted, ended at once\n")
    assert bench.file("journal.jsonl") == "{}\n"
    assert bench.leftovers() == []


def test_target_dies_with_a_driver_that_is_killed(bench: Bench) -> None:
    bench.started_target({"expect": "never"})
    bench.script["run"].pop(2)  # this test itself listens for the target
    with bench.run_process("disco") as process:
        with (bench.root / "ready").open() as fifo:
            pidfd = os.pidfd_open(int(fifo.read().split()[1]))
        process.kill()
        assert select.select([pidfd], [], [], 5)[0]
        os.close(pidfd)
        process.communicate()


def test_ctrl_c_before_the_target_runs(bench: Bench) -> None:
    bench.started_target()
    bench.profile((bench.fixture / "target.toml").read_text().replace("program =", 'prepare = [["sleep", "infinity"]]\nprogram ='))
    bench.actions({"bound": 0}, {"signal_driver": "SIGINT"}, {"expect": "interrupt"}, {"end": 0})
    with bench.run_process("disco") as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (130, "")
    assert "nothing judged: exit 130, interrupted" in out
    assert bench.leftovers() == []


INTERRUPT = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
IN_A_CLASS = """import os, signal
class Name:
    def __set_name__(self, owner, name):
        os.kill(os.getpid(), signal.SIGINT)
class Named:
    name = Name()
"""


# The first ones are imported before anything has begun, the last ones while the engine reads the scenarios.
@pytest.mark.parametrize("module, code, words", [
    ("sitecustomize", INTERRUPT, "interrupted"), ("argparse", INTERRUPT, "interrupted"), ("argparse", IN_A_CLASS, "interrupted"),
    ("shlex", INTERRUPT, "interrupted, ended at once"), ("shlex", IN_A_CLASS, "interrupted, ended at once"),
])
def test_ctrl_c_while_python_imports(bench: Bench, module: str, code: str, words: str) -> None:
    (bench.root / "modules").mkdir()
    (bench.root / "modules" / f"{module}.py").write_text(code)
    bench.environ["PYTHONPATH"] = str(bench.root / "modules")
    with bench.run_process("disco") as process:
        out, err = process.communicate()
    assert (process.returncode, out, err) == (130, "", f"buddycheck: {words}\n")


def test_signal_handlers_are_as_before(bench: Bench) -> None:
    before = signal.getsignal(signal.SIGINT)
    bench.run()
    assert signal.getsignal(signal.SIGINT) is before
