"""A disk that is full: one line, exit 2, nothing half-written, and what was judged is told."""

import subprocess

import pytest
from conftest import COMMAND, ROOT, SECONDS

ARGS = ["--target", "reference", "disco", "cancel", "--seed", "1"]


def on_a_disk_of(size: str, folder, *argv: str) -> tuple[subprocess.CompletedProcess, set[str]]:
    """The command on a small disk, mounted at `folder` for it alone, and the files that are there afterwards."""
    folder.mkdir(exist_ok=True)
    script = f'mount -t tmpfs -o size={size} tmpfs "$0" && {{ "$@"; status=$?; ls -A "$0"/run >"$0".names; exit $status; }}'
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script, str(folder), *argv], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
    return done, set(folder.with_name(folder.name + ".names").read_text().split())


def figures(folder) -> tuple[int, int]:
    """What a run writes, and what remains if run.json does not fit."""
    subprocess.run([COMMAND, "run", *ARGS, "--out", str(folder)], cwd=ROOT, capture_output=True, check=True)
    sizes = {path.name: path.stat().st_size // 1024 + 4 for path in folder.iterdir()}
    return sum(sizes.values()), sum(sizes.values()) - sizes["run.json"]


def test_the_verdicts_are_told_wherever_it_ends(tmp_path):
    whole, without = figures(tmp_path / "sizes")
    assert without < whole
    for size, missing in (("40k", {"run.json", "run.tap", "junit.xml"}), (f"{without + 30}k", {"run.json"})):
        done, names = on_a_disk_of(size, tmp_path / "disk", str(COMMAND), "run", *ARGS, "--out", str(tmp_path / "disk" / "run"), "--format", "plain")
        assert done.returncode == 2, done.stderr
        assert done.stderr.count("\n") == 1 and done.stderr.startswith("buddycheck: cannot write ")
        assert done.stderr.endswith("No space left on device; what was judged stands on standard output\n")
        assert " PASS: exit " in done.stdout
        assert not names & missing and not [name for name in names if name.startswith(".") or name.endswith(".part")]


@pytest.mark.parametrize("command", [["list"], ["run", *ARGS], ["run", "--help"]])
def test_standard_output_that_is_full(command, tmp_path):
    out = ["--out", str(tmp_path)] if command[:2] == ["run", "--target"] else []
    with open("/dev/full", "w") as full:
        done = subprocess.run([COMMAND, *command, *out], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert "buddycheck: cannot write to standard output: No space left on device\n" in done.stderr


@pytest.mark.parametrize("command", ["report", "merge", "expect"])
def test_other_commands_leave_nothing_half_written(command, tmp_path):
    run = tmp_path / "kept"
    subprocess.run([COMMAND, "run", *ARGS, "--shard", "1/1", "--out", str(run)], cwd=ROOT, capture_output=True, check=True)
    target = tmp_path / "disk" / "run"
    argv = {
        "report": ["report", str(run), "--out", str(target / "page.html")],
        "merge": ["merge", str(run), "--out", str(target)],
        "expect": ["expect", "--write", str(run), str(target / "e.toml")],
    }[command]
    if command == "expect":  # something to write
        path = run / "run.json"
        path.write_text(path.read_text().replace('"verdict": "PASS"', '"verdict": "FAIL"'))
    script = ["sh", "-c", 'mkdir "$0" && exec "$@"', str(target), str(COMMAND), *argv]
    done, names = on_a_disk_of("8k" if command != "expect" else "4k", tmp_path / "disk", *script)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "cannot write" in done.stderr and "No space left on device" in done.stderr
    assert not [name for name in names if name.startswith(".")] and "run.json" not in names
