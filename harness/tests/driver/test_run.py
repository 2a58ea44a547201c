"""`buddycheck run` from end to end, with a scripted engine."""

from __future__ import annotations

import json
import os
from xml.etree import ElementTree

import pytest
from conftest import PASSWORD, PROFILE, STARTED, Bench

TAP = "TAP version 14\n1..1\nnot ok 1 - disco/admin\n"


def judged(verdicts: dict[str, str], status: int, tap: str = TAP) -> list[dict]:
    return [{"bound": 0}, {"expect": "started"}, {"judge": verdicts}, {"tap": tap}, {"end": status}]


def test_passing_run_prints_the_tap_and_the_summary_as_comments(bench: Bench) -> None:
    done = bench.run()
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("TAP version 14\n1..0\n# target fake, 4 of 4 scenarios judged, 1.50 s, engine CPU 0.25 s, seed 7\n")
    assert done.out.endswith("# 4 PASS: exit 0, nothing failed\n")
    assert sorted(path.name for path in bench.out.iterdir()) == ["junit.xml", "results.jsonl", "run.json", "run.tap"]
    assert [json.loads(line)["verdict"] for line in bench.file("results.jsonl").splitlines()] == ["PASS"] * 4
    assert bench.leftovers() == []


def test_plan_is_what_the_contract_says(bench: Bench) -> None:
    bench.profile(PROFILE + '''
[claims]
command = true
[hooks.approve]
adhoc = "node"
fields = { peer = "${peer}", yes = true }
[hooks.roster]
program = ["true"]
[hooks.pending]
adhoc = "p"
result = "r"
''')
    assert bench.run("disco", "--jobs", "3", "--patience", "2.5", "--repeat", "2", "--format", "tap13", "--strict").status == 0
    plan, started = bench.saw()
    assert started == {"command": "started", "instance": 0, "c2s_port": 5222, "s2s_port": 5269}
    assert plan == {
        "plan": 1, "scenarios_dir": str(bench.root / "scenarios"), "select": ["disco/admin", "disco/user"], "jobs": 3, "seed": 7,
        "patience": 2.5, "repeat": 2, "instances": 1, "journal": str(bench.out / "journal.jsonl"),
        "tap": {"path": str(bench.out / "run.tap"), "version": 13, "strict": True},
        "rerun": "buddycheck run --target fake --seed 7 --patience 2.5 --strict", "expect": [], "scope": {},
        "profile": {
            "name": "fake", "domains": ["srv.test", "second.test"], "off_domain": None, "start": False,
            "c2s": {"address": "127.0.0.1", "port": 5222, "tls": "none"}, "s2s": {"address": "127.0.0.1", "port": 5269, "tls": "none"},
            "peers": {"zone": "peers.test", "address": "127.0.0.3", "port": 0}, "dns": {"address": "127.0.0.3", "port": 0, "srv_target": "name"},
            "timing": {"quiet": 60, "final_quiet": 300, "deadline": 5000, "start": 10000},
            "accounts": {"admin": {"jid": "admin@srv.test", "password": PASSWORD}}, "claims": {"command": True},
            "hooks": {
                "approve": {"adhoc": "node", "fields": {"peer": "${peer}", "yes": "1"}}, "roster": {"driver": True},
                "pending": {"adhoc": "p", "fields": {}, "result": "r"},
            },
        },
    }


@pytest.mark.parametrize("verdict, status", [("PASS", 0), ("WARN", 0), ("SKIP", 0), ("FAIL", 1), ("XPASS", 1), ("INCONCLUSIVE", 3), ("ERROR", 3), ("NEW", 3)])
def test_exit_status_follows_the_verdicts(bench: Bench, verdict: str, status: int) -> None:
    bench.actions(*judged({"disco/admin": verdict}, status))
    assert bench.run("disco/admin").status == status


def test_exit_status_is_the_worst_of_verdicts_and_engine(bench: Bench) -> None:
    bench.actions(*judged({"*": "FAIL"}, 0))
    assert bench.run("disco/admin").status == 1
    bench.actions(*judged({"*": "PASS"}, 3))
    assert bench.run("disco/admin").status == 3
    bench.actions(*judged({"disco/admin": "FAIL", "disco/user": "INCONCLUSIVE"}, 1))
    assert bench.run("disco").status == 1, "what failed for sure weighs more than what is open"


def test_strict_makes_a_warning_fail(bench: Bench) -> None:
    bench.actions(*judged({"*": "WARN"}, 0))
    assert bench.run("disco/admin").status == 0
    assert bench.run("disco/admin", "--strict").status == 1


def test_a_scenario_without_result_is_never_green(bench: Bench) -> None:
    bench.actions(*judged({"disco/admin": "PASS"}, 0))
    done = bench.run("disco")
    assert done.status == 3
    assert "# not run: 1 (disco/user)\n" in done.out


def test_abort_is_told_with_the_targets_last_lines(bench: Bench) -> None:
    bench.profile(STARTED)
    (bench.fixture / "target.template").write_text(
        "#!/bin/sh\ni=0\nwhile [ $$i -lt 30 ]; do i=$$((i+1)); echo line $$i; done\necho 'password ${admin_password}'\nexit 3\n")
    bench.actions(
        {"bound": 0}, {"expect": "started"}, {"expect": "target-exited"}, {"judge": {"disco/admin": "PASS"}},
        {"tap": TAP}, {"say": {"event": "abort", "step": "run", "reason": "the target ended (exit status 3)"}}, {"end": 3})
    done = bench.run("disco")
    assert done.status == 3
    lines = done.err.splitlines()
    assert lines[0] == "buddycheck: the run could not go on (step run): the target ended (exit status 3)"
    assert lines[1] == "the last lines of out/target.log:"
    assert lines[2:] == [f"    line {number}" for number in range(12, 31)] + ["    password ********"]
    assert TAP + "Bail out! run: the target ended (exit status 3)\n" == bench.file("run.tap")
    assert bench.saw()[-1] == {"command": "target-exited", "instance": 0, "status": 3}
    assert len(bench.file("results.jsonl").splitlines()) == 1, "what was judged is kept"


LOST = {"reason": "the target ended (signal SIGSEGV)", "under_way": ["disco/admin", "disco/user"], "blamed": None}


def test_crash_that_nobody_can_be_blamed_for_is_never_green(bench: Bench) -> None:
    bench.script["lost"] = [LOST | {"blamed": "disco/admin"}, LOST]
    bench.actions(*judged({"*": "PASS"}, 0))
    done = bench.run("disco", "--format", "json:run.json")
    assert done.status == 3
    line = "the target ended (signal SIGSEGV), and no scenario can be blamed; under way: disco/admin, disco/user"
    assert done.out.count(line) == 1
    assert f"# INCONCLUSIVE run: {line}\n" in done.out
    assert "# 1 INCONCLUSIVE, 2 PASS: exit 3, the run could not judge everything\n" in done.out
    assert f'<error message="INCONCLUSIVE: {line}" type="INCONCLUSIVE" />' in bench.file("junit.xml")
    assert json.loads((bench.root / "run.json").read_text())["lost"] == bench.script["lost"]


def test_crash_that_a_scenario_is_blamed_for_is_its_failure(bench: Bench) -> None:
    bench.script["lost"] = [LOST | {"blamed": "disco/admin"}]
    bench.actions(*judged({"disco/admin": "FAIL", "*": "PASS"}, 1))
    done = bench.run("disco")
    assert done.status == 1
    assert "no scenario can be blamed" not in done.out


def test_scenario_that_is_played_again_counts_once(bench: Bench) -> None:
    first = [{"say": {"event": "begin", "scenario": id, "repeat": 1, "attempt": 1}} for id in ("disco/admin", "disco/user")]
    early = {"say": {"event": "judged", "scenario": "disco/user", "repeat": 1, "verdict": "FAIL"}}
    bench.actions({"bound": 0}, {"expect": "started"}, *first, early, {"judge": {"*": "PASS"}}, {"tap": TAP}, {"end": 0})
    done = bench.run("disco")
    assert done.status == 0
    assert "# 2 PASS: exit 0" in done.out and "without a final verdict" not in done.out


def test_bail_out_of_the_engine_is_not_doubled(bench: Bench) -> None:
    bench.actions({"bound": 0}, {"tap": "TAP version 14\nBail out! login refused\n"},
                  {"say": {"event": "abort", "step": "login", "reason": "refused"}}, {"end": 3})
    done = bench.run()
    assert done.status == 3
    assert done.out.count("Bail out!") == 1


def test_port_in_use_by_the_engine_is_wrong_use(bench: Bench) -> None:
    bench.actions({"say": {"event": "abort", "step": "bind", "reason": "address already in use: 127.0.0.3 port 53"}}, {"end": 3})
    done = bench.run()
    assert done.status == 2
    assert "address already in use: 127.0.0.3 port 53; stop what uses" in done.err.splitlines()[0]


def test_engine_crash_names_the_signal_and_keeps_the_journal(bench: Bench) -> None:
    bench.actions({"bound": 0}, {"expect": "started"}, {"journal": "{}\n"}, {"judge": {"disco/admin": "PASS"}},
                  {"say": {"event": "begin", "scenario": "disco/user", "repeat": 1}},
                  {"say": {"event": "judged", "scenario": "disco/user", "repeat": 1, "verdict": "PASS"}},
                  {"stderr": f"engine.c:12: assertion failed {PASSWORD}\n"}, {"signal_self": "SIGSEGV"})
    done = bench.run("disco")
    assert done.status == 3
    assert done.err.splitlines() == [
        "buddycheck: the run could not go on (step engine): the engine ended with signal SIGSEGV before its last event",
        "the last lines of out/engine.log:", "    engine.c:12: assertion failed ********",
    ]
    assert bench.file("journal.jsonl") == "{}\n"
    assert bench.file("run.tap").startswith("TAP version 14\nBail out! engine: ")
    assert "# played but without a final verdict (see the journal): 1 (disco/user)\n" in done.out
    assert PASSWORD not in bench.file("engine.log")


def test_engine_that_fails_after_its_end_is_noticed(bench: Bench) -> None:
    end = {"event": "end", "counts": {}, "requirements": {}, "exit": 0, "not_run": []}
    bench.actions({"bound": 0}, {"expect": "started"}, {"judge": {"*": "PASS"}}, {"say": end}, {"stderr": "leak\n"}, {"exit": 23})
    done = bench.run("disco")
    assert done.status == 3
    assert "exit status 23 after its last event" in done.err


@pytest.mark.parametrize("line, complaint", [
    ("nonsense\n", "not JSON: 'nonsense'"), ("[1]\n", "not an event"), ('{"event": "new"}\n', "not an event"), ("\xff\x00\n", "not JSON"),
    ('{"event": "bound"}\n', "without a proper"), ('{"event": "judged", "scenario": 1}\n', "without a proper 'scenario'"),
    ('{"event": "end", "counts"', "a line that breaks off"), ("\n", "not JSON"),
])
def test_broken_lines_of_the_engine(bench: Bench, line: str, complaint: str) -> None:
    bench.actions({"bound": 0}, {"expect": "started"}, {"judge": {"disco/admin": "PASS"}}, {"raw": line})
    done = bench.run("disco/admin")
    assert done.status == 3
    assert complaint in done.err.splitlines()[0]
    assert len(bench.file("results.jsonl").splitlines()) == 1


def test_large_results_and_large_commands_do_not_stall(bench: Bench) -> None:
    bench.script["failure"] = "x" * 300_000
    roster = "#!/bin/sh\nhead -c 500000 /dev/zero | tr '\\0' a\n"
    (bench.fixture / "roster").write_text(roster)
    (bench.fixture / "roster").chmod(0o755)
    bench.started_target(
        {"say": {"event": "hook", "id": 1, "name": "roster", "scenario": "disco/admin", "facts": {"peer": "p", "domain": "d"}}},
        {"judge": {"*": "FAIL"}}, {"expect": "hook"}, {"end": 1}, more='[hooks.roster]\nprogram = ["./roster"]\n')
    assert bench.run("disco").status == 1
    assert len(bench.saw()[-1]["output"]) == 500_000


def test_formats_to_files_and_standard_output(bench: Bench) -> None:
    bench.actions(*judged({"disco/admin": "FAIL"}, 1))
    done = bench.run("disco/admin", "--format", "junit:j.xml", "--format", "plain:p.txt", "--format", "json")
    document = json.loads(done.out)
    assert (document["exit"], document["counts"], document["results"][0]["scenario"]) == (1, {"FAIL": 1}, "disco/admin")
    assert done.err == "buddycheck: 1 FAIL: exit 1, some requirement failed or something passed unexpectedly\n"
    assert (bench.root / "j.xml").read_text().startswith("<?xml")
    assert "FAIL disco/admin: SB-010 went wrong\n    expected this\n    got that\n" in (bench.root / "p.txt").read_text()


def test_default_folder_and_latest(bench: Bench) -> None:
    assert bench.call("run", "--target", "fake").status == 0
    reports = bench.root / "reports" / "out"
    [folder] = [path for path in reports.iterdir() if path.name != "latest"]
    assert folder.name.startswith("fake-2") and folder.name.endswith(f"Z-{os.getpid()}")
    assert os.readlink(reports / "latest") == folder.name
    assert bench.call("run", "--target", str(bench.fixture) + "/").status == 0


def test_files_of_an_earlier_run_do_not_survive(bench: Bench) -> None:
    bench.out.mkdir()
    (bench.out / "journal.jsonl").write_text("old\n")
    (bench.out / "own.txt").write_text("not ours\n")
    assert bench.run().status == 0
    assert not (bench.out / "journal.jsonl").exists()
    assert bench.file("own.txt") == "not ours\n"


def test_terminal_gets_the_summary_last_and_no_tap(bench: Bench) -> None:
    done = bench.run(terminal=True)
    assert "TAP version" not in done.out
    assert done.out.endswith("4 PASS: exit 0, nothing failed\n")


def test_terminal_without_rich_is_plain(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "rich.console", None)
    monkeypatch.setitem(sys.modules, "rich", None)
    done = bench.run(terminal=True)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("target fake, 4 of 4 scenarios judged")


def test_passwords_stay_out_of_everything(bench: Bench) -> None:
    bench.script["reason"] = f"login of admin@srv.test with {PASSWORD}"
    bench.script["failure"] = PASSWORD
    (bench.fixture / "target.template").write_text("#!/bin/sh\necho '${admin_password}'\necho started > $$FAKE_READY\nexec sleep infinity\n")
    bench.started_target(
        {"say": {"event": "hook", "id": 1, "name": "roster", "facts": {}}}, {"expect": "hook"}, {"judge": {"*": "FAIL"}},
        {"tap": f"TAP version 14\nnot ok 1 - {PASSWORD}\n"}, {"stderr": PASSWORD}, {"end": 1},
        more=f'[hooks.roster]\nprogram = ["sh", "-c", "echo {PASSWORD}; echo peer both"]\n')
    done = bench.run("disco", "--format", "plain:plain.txt", "--format", "json:run.json")
    assert done.status == 1
    assert bench.saw()[-1] == {"command": "hook", "instance": 0, "id": 1, "ok": True, "output": "********\npeer both\n", "reason": ""}
    for path in [*bench.out.iterdir(), bench.root / "plain.txt", bench.root / "run.json"]:
        assert PASSWORD not in path.read_text(), path
    assert PASSWORD not in done.out + done.err
    assert "login of admin@srv.test with ********" in done.out


def test_flaky_scenario_fails_the_run(bench: Bench) -> None:
    bench.actions(*judged({"disco/admin": ["PASS", "WARN", "PASS"], "*": "PASS"}, 1))
    done = bench.run("disco", "--repeat", "3", "--format", "json")
    assert done.status == 1
    assert json.loads(done.out)["flaky"] == {"disco/admin": "1 WARN, 2 PASS in 3 repetitions"}


def test_slow_scenarios_are_left_out_with_a_note(bench: Bench) -> None:
    done = bench.run("cancel")
    assert (done.status, bench.saw()[0]["select"]) == (0, ["cancel/at-form"])
    assert "# not run without --slow: 1 (cancel/late)\n" in done.out
    done = bench.run("cancel", "--slow")
    assert (done.status, bench.saw()[0]["select"]) == (0, ["cancel/at-form", "cancel/late"])
    assert "without --slow" not in done.out and bench.saw()[0]["rerun"].endswith(" --slow")


@pytest.mark.parametrize("argv, status, failures", [([], 0, []), (["--strict"], 1, ["WARN: SB-010 went wrong"])])
def test_a_warning_fails_a_strict_run(bench: Bench, argv: list[str], status: int, failures: list[str]) -> None:
    bench.actions({"bound": 0}, {"expect": "started"}, {"judge": {"*": "PASS", "disco/user": "WARN"}}, {"tap": "1..0\n"}, {"end": status})
    done = bench.run(*argv)
    assert done.status == status
    assert f"1 WARN, 3 PASS: exit {status}" in done.out
    cases = ElementTree.fromstring(bench.file("junit.xml")).iter("failure")
    assert [each.get("message") for each in cases] == failures
    assert bench.saw()[0]["tap"]["strict"] is bool(argv)


def test_a_very_short_password_is_noted(bench: Bench) -> None:
    bench.profile(PROFILE.replace(f'password = "{PASSWORD}"', 'password = "xyz"'))
    done = bench.run("--format", "plain")
    assert "a password of accounts.admin is very short: it is masked wherever it occurs" in done.out
    bench.profile(PROFILE)
    assert "very short" not in bench.run("--format", "plain").out
