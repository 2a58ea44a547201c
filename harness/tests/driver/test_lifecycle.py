"""The target's life: start, restart, kill, exit, hooks; and that nothing is left behind."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import STARTED, Bench

from buddycheck import process
from buddycheck.loop import Loop, Promise
from buddycheck.process import Children, describe_status
from buddycheck.profile import load
from buddycheck.render import Bound
from buddycheck.mask import Mask
from buddycheck.target import Patience, Target, tail


def gone(pid: int) -> bool:
    """Whether the process has ended and was reaped."""
    return not Path(f"/proc/{pid}").exists()


def pids(text: str) -> list[int]:
    """The process ids that the target wrote to its log."""
    return [int(found) for found in re.findall(r"^started (\d+)", text, re.MULTILINE)]


def hook(name: str, **facts: str) -> dict:
    return {"say": {"event": "hook", "id": 5, "name": name, "scenario": "disco/admin", "facts": facts}}


def test_target_is_started_with_ports_and_ended(bench: Bench) -> None:
    bench.started_target({"judge": {"*": "PASS"}}, {"end": 0})
    assert bench.run("disco").status == 0
    started = bench.saw()[1]
    assert 20000 <= started["c2s_port"] < 32000 and started["c2s_port"] != started["s2s_port"]
    log = bench.file("target.log")
    assert f" on {started['c2s_port']} home" in log, "placeholders and dollar signs"
    [pid] = pids(log)
    assert gone(pid)
    assert bench.leftovers() == []


SEVERAL = "instances = 3\n"
ALSO_BOUND = {"say": {
    "event": "bound", "instance": 2, "peers_address": "127.0.0.3", "peers_port": 4, "dns_address": "127.0.0.3", "dns_port": 5,
}}


def test_a_program_that_nobody_waits_for_comes_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE", 30.0)
    process.Capture(["sh", "-c", 'echo done >"$0"', str(tmp_path / "file")], os.environ).close()
    assert (tmp_path / "file").read_text() == "done\n"
    monkeypatch.setattr(process, "GRACE", 0.01)
    endless = process.Capture(["sleep", "infinity"], os.environ)
    endless.close()
    assert endless._popen.returncode == -signal.SIGKILL


def test_instances_have_ports_folders_and_ends_of_their_own(bench: Bench) -> None:
    bench.started_target(
        ALSO_BOUND, {"expect": "started"}, {"target_says": "started"},
        {"say": hook("restart")["say"] | {"instance": 2}}, {"target_says": "started"}, {"expect": "hook"},
        {"judge": {"*": "PASS"}}, {"end": 0}, more='[hooks.restart]\nbuiltin = "restart"\n')
    bench.profile((bench.fixture / "target.toml").read_text().replace("[start]\n", "[start]\n" + SEVERAL))
    done = bench.run("disco")
    assert (done.status, done.err) == (0, "")
    plan, first, second, answer = bench.saw()
    assert plan["instances"] == 3
    assert (first["instance"], second["instance"], answer["instance"]) == (0, 2, 2)
    assert len({each[port] for each in (first, second) for port in ("c2s_port", "s2s_port")}) == 4
    ports = re.findall(r" on (\d+) ", bench.file("target.log"))
    assert list(map(int, ports)) == [first["c2s_port"], second["c2s_port"], second["c2s_port"]]
    assert all(map(gone, pids(bench.file("target.log")))) and bench.leftovers() == []


def test_who_says_how_many_scenarios_run_at_once_gets_one_instance(bench: Bench) -> None:
    bench.started_target({"judge": {"*": "PASS"}}, {"end": 0})
    bench.profile((bench.fixture / "target.toml").read_text().replace("[start]\n", "[start]\n" + SEVERAL))
    assert bench.run("disco", "--jobs", "2").status == 0
    assert bench.saw()[0]["instances"] == 1


@pytest.mark.parametrize("builtin", ["restart", "kill"])
def test_restart_and_kill_keep_ports_and_folder(bench: Bench, builtin: str) -> None:
    bench.started_target(
        hook(builtin), {"target_says": "started"}, {"expect": "hook"}, {"judge": {"*": "PASS"}}, {"end": 0},
        more=f'[hooks.{builtin}]\nbuiltin = "{builtin}"\n')
    done = bench.run("disco")
    assert (done.status, done.err) == (0, "")
    assert [command["command"] for command in bench.saw()[1:]] == ["started", "hook"], "its end was asked for"
    assert bench.saw()[-1] == {"command": "hook", "instance": 0, "id": 5, "ok": True, "output": "", "reason": ""}
    first, second = pids(bench.file("target.log"))
    assert first != second and gone(first) and gone(second)
    assert len(set(re.findall(r" on (\d+) ", bench.file("target.log")))) == 1


def test_target_that_ends_by_a_signal_is_reported_with_it(bench: Bench) -> None:
    (bench.fixture / "target.template").write_text("#!/bin/sh\nkill -SEGV $$$$\n")
    bench.profile(STARTED)
    bench.actions({"bound": 0}, {"expect": "target-exited"}, {"say": {"event": "abort", "step": "ready", "reason": "it ended"}}, {"end": 3})
    assert bench.run("disco").status == 3
    assert bench.saw()[-1] == {"command": "target-exited", "instance": 0, "status": -signal.SIGSEGV}


def test_target_that_ended_is_started_again(bench: Bench) -> None:
    """It crashes at the first start only: the second finds what the first left behind."""
    (bench.fixture / "target.template").write_text(
        "#!/bin/sh\necho started $$$$ on ${c2s_port}\nmkdir been || { echo started > $$FAKE_READY; exec sleep infinity; }\nkill -SEGV $$$$\n")
    bench.profile(STARTED)
    bench.actions(
        {"bound": 0}, {"expect": "target-exited"}, {"say": {"event": "start"}}, {"expect": "started"}, {"target_says": "started"},
        {"judge": {"*": "PASS"}}, {"end": 0})
    assert bench.run("disco").status == 0
    plan, first, exited, again = bench.saw()
    assert plan["profile"]["start"] is True
    assert first == again and exited == {"command": "target-exited", "instance": 0, "status": -signal.SIGSEGV}
    log = bench.file("target.log")
    assert "--- buddycheck: the target ended with signal SIGSEGV and is started again ---\n" in log
    assert len(pids(re.sub(" on .*", "", log))) == 2 and len(set(re.findall(r" on (\d+)", log))) == 1
    assert all(map(gone, pids(log)))


def test_target_that_hangs_is_killed_and_started_again(bench: Bench) -> None:
    bench.started_target({"say": {"event": "start"}}, {"expect": "started"}, {"target_says": "started"}, {"judge": {"*": "PASS"}}, {"end": 0})
    assert bench.run("disco").status == 0
    assert [command["command"] for command in bench.saw()[1:]] == ["started", "started"], "its end was asked for"
    assert "ended with signal SIGKILL and is started again" in bench.file("target.log")
    assert all(map(gone, pids(bench.file("target.log"))))


def test_target_that_cannot_be_started_again_ends_the_run(bench: Bench) -> None:
    (bench.fixture / "target.template").write_text("#!/bin/sh\nrm $$0\nkill -SEGV $$$$\n")
    bench.profile(STARTED)
    bench.actions(
        {"bound": 0}, {"expect": "target-exited"}, {"say": {"event": "start"}}, {"expect": "started"}, {"expect": "target-exited"},
        {"say": {"event": "abort", "step": "start", "reason": "the target ended (exit status 127)"}}, {"end": 3})
    assert bench.run("disco").status == 3
    assert bench.saw()[-1] == {"command": "target-exited", "instance": 0, "status": 127}


def test_target_that_ended_by_itself_is_not_taken_for_restarted(bench: Bench, tmp_path: Path) -> None:
    """It is dead when the restart is asked for, but the loop has not noticed yet."""
    (bench.fixture / "target.template").write_text("#!/bin/sh\nexit 5\n")
    bench.profile(STARTED + '[hooks.restart]\nbuiltin = "restart"\n')
    profile = load(bench.fixture / "target.toml", {})
    loop = Loop()
    ends: list[int] = []
    with Children(loop) as children:
        target = Target(profile, loop, children, tmp_path, tmp_path / "log", Mask([]), bench.environ)
        target.on_exit(ends.append)
        target.reserve_ports()
        loop.complete(target.start(Bound("127.0.0.3", 1, "127.0.0.3", 2)))
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        answer = loop.complete(target.perform("restart", {}))
    assert (answer.ok, answer.reason, ends) == (False, "the target is not running", [5])


def test_hook_after_the_targets_end_fails(bench: Bench) -> None:
    (bench.fixture / "target.template").write_text("#!/bin/sh\nexit 0\n")
    bench.profile(STARTED + '[hooks.restart]\nbuiltin = "restart"\n')
    bench.actions({"bound": 0}, {"expect": "target-exited"}, hook("restart"), {"expect": "hook"}, {"end": 3})
    bench.run("disco")
    assert bench.saw()[-1]["ok"] is False and bench.saw()[-1]["reason"] == "the target is not running"


def test_prepare_runs_before_the_program_and_its_output_is_kept(bench: Bench) -> None:
    bench.started_target({"judge": {"*": "PASS"}}, {"end": 0})
    bench.profile(STARTED.replace("program =", 'prepare = [["sh", "-c", "echo one > first"], ["sh", "-c", "cat first; echo two"]]\nprogram ='))
    assert bench.run("disco").status == 0
    assert re.match(r"one\ntwo\nstarted ", bench.file("target.log"))


def test_failing_prepare_ends_the_run(bench: Bench) -> None:
    bench.profile(STARTED.replace("program =", 'prepare = [["sh", "-c", "echo no disk; exit 4"]]\nprogram ='))
    bench.actions({"bound": 0}, {"expect": "interrupt"}, {"end": 0})
    done = bench.run("disco")
    assert done.status == 3
    assert done.err.splitlines() == [
        "buddycheck: the run could not go on (step start): prepare command /usr/bin/sh ended with exit status 4",
        "the last lines of out/target.log:", "    no disk",
    ]
    assert bench.leftovers() == []


def test_program_that_cannot_be_executed_ends_the_run(bench: Bench) -> None:
    bench.profile(STARTED)
    (bench.fixture / "target.template").chmod(0o644)
    bench.actions({"bound": 0}, {"expect": "target-exited"}, {"say": {"event": "abort", "step": "start", "reason": "ended"}}, {"end": 3})
    assert bench.run("disco").status == 3
    assert "Permission denied" in bench.file("target.log")


@pytest.mark.parametrize("script, ok, output, reason", [
    ("echo $BUDDYCHECK_PEER both; echo $BUDDYCHECK_DOMAIN", True, "p.test both\nsrv.test\n", ""),
    ("test -x $BUDDYCHECK_DIR/target", True, "", ""),
    ("kill -0 $BUDDYCHECK_PID", True, "", ""),
    ("echo half; echo why not >&2; exit 3", False, "half\n", "hook roster: /usr/bin/sh ended with exit status 3: why not"),
    ("kill -9 $$", False, "", "hook roster: /usr/bin/sh ended with signal SIGKILL"),
])
def test_program_hooks(bench: Bench, script: str, ok: bool, output: str, reason: str) -> None:
    bench.started_target(
        hook("roster", peer="p.test", domain="srv.test"), {"expect": "hook"}, {"judge": {"*": "PASS"}}, {"end": 0},
        more=f"[hooks.roster]\nprogram = ['sh', '-c', '''{script.replace('$', '$$')}''']\n")
    bench.run("disco")
    assert bench.saw()[-1] == {"command": "hook", "instance": 0, "id": 5, "ok": ok, "output": output, "reason": reason}


PID_FILE = "#!/bin/sh\necho $$$$ > ${dir}/pid\necho started $$$$\n%s\n"


def test_program_while_the_target_is_stopped(bench: Bench) -> None:
    bench.started_target(
        hook("store_corrupt"), {"target_says": "started"}, {"expect": "hook"}, {"judge": {"*": "PASS"}}, {"end": 0},
        more="[hooks.store_corrupt]\nprogram = ['sh', '-c', '! kill -0 $$(cat pid) && echo gone']\nstopped = true\n"
             "[hooks.store_repair]\nprogram = ['true']\n")
    (bench.fixture / "target.template").write_text(PID_FILE % 'echo started > "$$FAKE_READY"\nexec sleep infinity')
    done = bench.run("disco")
    assert (done.status, done.err) == (0, "")
    assert bench.saw()[-1] == {"command": "hook", "instance": 0, "id": 5, "ok": True, "output": "", "reason": ""}
    first, second = pids(bench.file("target.log"))
    assert first != second and gone(first) and gone(second)


def test_target_that_refused_to_start_is_put_right(bench: Bench) -> None:
    bench.profile(STARTED + "[hooks.store_repair]\nprogram = ['touch', 'good']\nstopped = true\n")
    (bench.fixture / "target.template").write_text(PID_FILE % 'test -e ${dir}/good || exit 1\necho up > "$$FAKE_READY"\nexec sleep infinity')
    bench.actions({"bound": 0}, {"expect": "target-exited"}, hook("store_repair"), {"target_says": "up"}, {"expect": "hook"}, {"judge": {"*": "PASS"}}, {"end": 0})
    assert bench.run("disco").status == 0
    assert bench.saw()[-1]["ok"] is True and len(pids(bench.file("target.log"))) == 2


def test_program_that_fails_leaves_the_target_stopped(bench: Bench) -> None:
    bench.started_target(
        hook("store_repair"), {"expect": "hook"}, {"end": 3}, more="[hooks.store_repair]\nprogram = ['false']\nstopped = true\n")
    bench.run("disco")
    assert bench.saw()[-1]["reason"] == "hook store_repair: /usr/bin/false ended with exit status 1"
    assert len(pids(bench.file("target.log"))) == 1


def test_hook_that_the_profile_lacks(bench: Bench) -> None:
    bench.started_target(hook("roster"), {"expect": "hook"}, {"end": 3})
    bench.run("disco")
    assert bench.saw()[-1]["reason"] == "the profile has no hook roster"


def test_engine_that_ends_early_takes_the_target_with_it(bench: Bench) -> None:
    bench.started_target({"exit": 1})
    assert bench.run("disco").status == 3
    assert all(map(gone, pids(bench.file("target.log"))))


def test_target_that_ignores_sigterm_is_killed(bench: Bench, tmp_path: Path) -> None:
    """The deadlines are zero here: they are arguments."""
    (bench.fixture / "target.template").write_text("#!/bin/sh\ntrap '' TERM\necho started $$$$ > $$FAKE_READY\nexec sleep infinity\n")
    bench.profile(STARTED)
    profile = load(bench.fixture / "target.toml", {})
    loop = Loop()
    with Children(loop) as children:
        target = Target(profile, loop, children, tmp_path, tmp_path / "log", Mask([]), bench.environ, Patience(stop=0.0))
        target.reserve_ports()
        loop.complete(target.start(Bound("127.0.0.3", 1, "127.0.0.3", 2)))
        pid = int((bench.root / "ready").read_text().split()[1])
        loop.complete(target.stop())
        assert gone(pid)


def test_hook_and_prepare_without_end_are_killed(bench: Bench, tmp_path: Path) -> None:
    bench.profile(STARTED + '[hooks.roster]\nprogram = ["sh", "-c", "echo $$$$; exec sleep infinity"]\n')
    profile = load(bench.fixture / "target.toml", {})
    loop = Loop()
    with Children(loop) as children:
        target = Target(profile, loop, children, tmp_path, tmp_path / "log", Mask([]), bench.environ, Patience(hook=0.0))
        answer = loop.complete(target.perform("roster", {}))
        assert not answer.ok and answer.reason.endswith("did not end within 0 s")


def test_process_group_goes_with_its_leader(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    loop = Loop()
    with Children(loop) as children:
        child = children.start(["sh", "-c", f"sleep infinity & echo $! > {fifo}; exit 7"])
        with fifo.open() as reader:
            pidfd = os.pidfd_open(int(reader.read()))
        assert loop.complete(child.exited) == 7
        assert select.select([pidfd], [], [], 5)[0], "the sleeper was killed"
        os.close(pidfd)


def test_children_are_reaped_when_a_test_fails() -> None:
    loop = Loop()
    with pytest.raises(ZeroDivisionError), Children(loop) as children:
        pid = children.start(["sleep", "infinity"]).popen.pid
        raise ZeroDivisionError
    assert gone(pid)


def test_tail_is_short_and_masked(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x" * 100_000 + b"\n" + b"".join(b"%d pw\x1b[1m\xff\n" % number for number in range(40)))
    lines = tail(log, Mask(["pw"]))
    assert len(lines) == 20 and lines[-1] == "39 ********\x1b[1m\N{REPLACEMENT CHARACTER}"
    assert tail(tmp_path / "none", Mask([])) == []


@pytest.mark.parametrize("status, words", [(0, "exit status 0"), (-9, "signal SIGKILL"), (-99, "signal 99")])
def test_describe_status(status: int, words: str) -> None:
    assert describe_status(status) == words


def test_loop_deadlines_in_order_and_cancelled() -> None:
    now = [0.0]
    loop = Loop(clock=lambda: now[0])
    seen: list[str] = []

    def at(name: str) -> None:
        seen.append(name)
        if name == "c":
            loop.stop()

    now[0] = -1.0
    for seconds, name in ((3.0, "c"), (1.0, "a"), (2.0, "b")):
        timer = loop.after(seconds, lambda name=name: at(name))
        if name == "b":
            timer.cancel()
    now[0] = 10.0
    loop.run()
    assert seen == ["a", "c"]


def test_promise_is_resolved_once_and_awaited_late() -> None:
    promise: Promise[int] = Promise()
    promise.resolve(1)
    promise.resolve(2)
    assert Loop().complete(promise) == 1


def test_an_exception_in_a_coroutine_comes_out_of_the_loop() -> None:
    loop = Loop()
    promise: Promise[None] = Promise()

    async def fails() -> None:
        await promise
        raise ZeroDivisionError

    loop.after(0.0, lambda: promise.resolve(None))
    with pytest.raises(ZeroDivisionError):
        loop.complete(fails())


def test_what_is_started_may_have_more_open_files_than_a_user_gets_unasked() -> None:
    """In a process of its own: the limit is that of the process."""
    program = ("import resource, sys; sys.path.insert(0, sys.argv[1]); from buddycheck.process import allow_descriptors; "
               "resource.setrlimit(resource.RLIMIT_NOFILE, (300, min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 2000))); allow_descriptors(); "
               "import subprocess; print(subprocess.run(['sh', '-c', 'ulimit -Sn; ulimit -Hn'], capture_output=True, text=True).stdout)")
    done = subprocess.run([sys.executable, "-c", program, str(Path(process.__file__).parents[1])], capture_output=True, text=True)
    soft, hard = done.stdout.split()
    assert soft == hard != "300", done.stderr
