"""Wrong use: exit status 2, one line that says what to do, nothing started."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import DRIVER, PROFILE, START, STARTED, Bench

from buddycheck.places import Places


def wrong(bench: Bench, *argv: str) -> str:
    """The one line that the command gives."""
    done = bench.call(*argv)
    assert (done.status, done.out) == (2, ""), done
    assert done.err.count("\n") == 1
    assert not (bench.root / "saw.jsonl").exists(), "nothing was started"
    return done.err


@pytest.mark.parametrize("argv, expected", [
    (["run", "--trget", "x"], "unknown option --trget; did you mean '--target'"),
    (["run", "-q"], "unknown option -q"),
    (["rnu"], "unknown command 'rnu'; did you mean 'run'?"),
    (["--jobs"], "unknown option '--jobs'"),
    (["run", "--jobs", "-1"], "expected a whole number from 0, got '-1'"),
    (["run", "--jobs"], "expected one argument"),
    (["run", "--patience", "nan"], "expected a number above 0"),
    (["run", "--repeat", "0"], "expected a whole number from 1"),
    (["run", "--seed", "x"], "expected a whole number"),
    (["run", "--level", "may"], "invalid choice: 'may'"),
    (["run", "--format", "pdf"], "with FORMAT one of tap, tap13, junit, json, plain, markdown, html"),
    (["run", "--format", "tap", "--format", "junit"], "only one format can go to standard output"),
    (["run", "--format", "tap", "--format", "tap13:f"], "one run writes one version of TAP"),
    (["run", "--format", "junit:no/where.xml"], "no folder"),
    (["run", "--target", "fkae"], "unknown target 'fkae'; expected the path of a profile or one of: fake"),
    (["run", "--target", "./no.toml"], "no target profile at"),
    (["run", "--target", ""], "unknown target ''"),
    (["run", "--target", "fake", "nothing/here"], "selects no scenario"),
    (["run", "--target", "fake", "disco/amdin"], "did you mean disco/admin"),
    (["run", "--target", "fake", "--exclude", "dsico"], "--exclude 'dsico' selects no scenario"),
    (["run", "--target", "fake", "--exclude", "*"], "--exclude leaves no scenario"),
    (["show", "SB-01"], "there is no scenario or requirement 'SB-01'; did you mean SB-010"),
    (["show", "nothing"], "see 'buddycheck list'"),
    (["show"], "the following arguments are required: ID"),
    (["lint", "x"], "unknown option x"),
])
def test_one_line(bench: Bench, argv: list[str], expected: str) -> None:
    if argv[0] == "run" and "fake" not in argv:
        bench.profile(STARTED)
    assert expected in wrong(bench, *argv)


def test_the_folder_of_a_profile_is_a_target(tmp_path: Path) -> None:
    for name in ("fixtures/fake", "mine/inner", "mine"):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / name / "target.toml").touch()
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake" / "target.toml").touch()
    for cwd, target, expected in (
        ("", "mine", "mine"), ("mine", ".", "mine"), ("mine", "inner", "mine/inner"), ("", "mine/inner", "mine/inner"), ("", "fake", "fixtures/fake"), ("", "./fake", "fake"),
    ):
        places = Places.find({"BUDDYCHECK_FIXTURES": str(tmp_path / "fixtures")}, tmp_path / cwd)
        assert places.profile_path(target) == tmp_path / expected / "target.toml"


def test_without_command(bench: Bench) -> None:
    done = bench.call()
    assert done.status == 2 and "usage: buddycheck COMMAND" in done.err


def test_missing_engine(bench: Bench) -> None:
    bench.environ["BUDDYCHECK_ENGINE"] = str(bench.root / "no-engine")
    bench.profile(STARTED)
    assert "run 'make build'" in wrong(bench, "run", "--target", "fake")
    (bench.root / "no-engine").touch()
    assert "may not be executed" in wrong(bench, "list")


def test_missing_program_of_a_shipped_target(bench: Bench) -> None:
    bench.profile(PROFILE + '[start]\nprogram = ["no-such-server"]\n')
    assert "the program 'no-such-server' of the target fake is missing; run 'ci/install.sh target fake'" in wrong(bench, "run", "--target", "fake")


def test_missing_program_of_another_target(bench: Bench) -> None:
    (bench.root / "own").mkdir()
    (bench.root / "own" / "target.toml").write_text(PROFILE + '[start]\nprogram = ["${fixture}/server"]\n')
    assert "install it or correct the profile" in wrong(bench, "run", "--target", "own/target.toml")


def test_port_in_use(bench: Bench) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        bench.profile(PROFILE.replace("5222", str(port)) + START)
        line = wrong(bench, "run", "--target", "fake")
    assert line.startswith(f"{bench.fixture}/target.toml:6: c2s.port: port {port} on 127.0.0.1 cannot be used (Address already in use); stop")


def test_folder_that_cannot_be_written(bench: Bench) -> None:
    bench.profile(STARTED)
    (bench.root / "file").touch()
    line = wrong(bench, "run", "--target", "fake", "--out", "file/below")
    assert "cannot write to the folder" in line and "--out" in line


def test_errors_in_scenarios_stop_a_run_before_anything_starts(bench: Bench) -> None:
    bench.profile(STARTED)
    bench.script["catalogue"]["errors"] = [{"file": "a/b.scs", "line": 3, "column": 2, "message": "unknown actor 'Brad'"}]
    assert wrong(bench, "run", "--target", "fake") == "scenarios/a/b.scs:3:2: unknown actor 'Brad'\n"


def test_scenarios_that_cannot_be_read(bench: Bench) -> None:
    bench.script |= {"catalogue_exit": 2, "catalogue_stderr": "no such folder: x\n"}
    assert wrong(bench, "list") == "buddycheck: no such folder: x\n"
    assert wrong(bench, "run", "--target", "fake") == "buddycheck: no such folder: x\n"


@pytest.mark.parametrize("script, expected", [
    ({"catalogue_exit": 1, "catalogue_stderr": "boom\n"}, "buddycheck-engine catalogue ended with exit status 1\nboom\n"),
    ({"catalogue_raw": "{"}, "the engine's catalogue cannot be read"), ({"catalogue_raw": "[]"}, "cannot be read"), ({"catalogue_raw": '{"scenarios": [{}]}'}, "cannot be read"),
])
def test_broken_catalogue_is_no_wrong_use(bench: Bench, script: dict, expected: str) -> None:
    bench.script |= script
    for command in (["list"], ["run", "--target", "fake"]):
        done = bench.call(*command)
        assert done.status == 3 and expected in done.err


def test_launcher_through_links_and_copies(bench: Bench, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "build").mkdir(parents=True)
    (checkout / "harness").mkdir()
    (checkout / "harness" / "driver").symlink_to(DRIVER)
    launcher = checkout / "build" / "buddycheck"
    launcher.write_bytes((DRIVER / "launcher.sh").read_bytes())
    launcher.chmod(0o755)
    (tmp_path / "link").symlink_to("checkout/build/buddycheck")
    done = subprocess.run([str(tmp_path / "link"), "--help"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: buddycheck")


@pytest.mark.parametrize("environ, lost", [({"BUDDYCHECK_PYTHON": "/no/python"}, False), ({}, True)])
def test_launcher_without_python_or_package(tmp_path: Path, environ: dict[str, str], lost: bool) -> None:
    launcher = DRIVER / "launcher.sh"
    if lost:
        copy = tmp_path / "buddycheck"
        copy.write_bytes(launcher.read_bytes())
        launcher = copy
    done = subprocess.run(["sh", str(launcher), "list"], env={"PATH": "/usr/bin:/bin", **environ}, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1


def test_closed_pipe_is_no_error(bench: Bench) -> None:
    with bench.process("list", "--json", "--slow") as process:
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_piped_run_imports_nothing_heavy(bench: Bench) -> None:
    assert bench.run().status == 0  # writes the script
    code = (
        "import io, os, sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); from buddycheck.cli import main; "
        "print(main(sys.argv[2:], os.environ, Path.cwd(), io.StringIO(), sys.stderr),"
        " [name for name in ('rich', 'lxml', 'asyncio', 'jinja2', 'hypothesis', 'difflib') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(DRIVER), "run", "--target", "fake"], capture_output=True, text=True, env=bench.environ, cwd=bench.root)
    assert (done.stdout, done.stderr) == ("0 []\n", "")
