"""`make install`: works from where it was installed to, without the checkout, changes nothing there, and goes away again."""

import hashlib
import os
import re
import subprocess

import pytest
from conftest import COMMAND, ROOT, SECONDS

MAKE = ["make", "-s", "--no-print-directory"]


def make(*words: str) -> None:
    done = subprocess.run([*MAKE, *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def contents(folder) -> dict[str, str]:
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An installed tree that was moved to its place as a package manager does it."""
    stage = tmp_path_factory.mktemp("stage dir")
    make("install", f"DESTDIR={stage}", "PREFIX=/opt/buddy check")
    place = tmp_path_factory.mktemp("root") / "opt"
    (stage / "opt").rename(place)
    yield place / "buddy check"


def call(installed, *argv: str, cwd) -> subprocess.CompletedProcess:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BUDDYCHECK_")}
    return subprocess.run([str(installed / "bin" / "buddycheck"), *argv], cwd=cwd, env=clean, capture_output=True, text=True, timeout=SECONDS)


def test_runs_where_there_is_no_checkout(installed, tmp_path):
    before = contents(installed)
    for target in ("reference", "prosody"):
        done = call(installed, "run", "--target", target, "disco", "cancel", cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
    assert [path.name for path in (tmp_path / "reports" / "out").iterdir() if path.name == "latest"] == ["latest"]
    run = (tmp_path / "reports/out/latest/run.json").read_text()
    assert str(ROOT) not in run and re.search(r'"commit": ("[0-9a-f]{40}"|null)', run)
    assert call(installed, "report", "reports/out/latest", cwd=tmp_path).returncode == 0
    assert call(installed, "list", "--coverage", cwd=tmp_path).returncode == 0
    assert call(installed, "lint", cwd=tmp_path).returncode == 0
    assert call(installed, "mutants", "M001", "--quick", cwd=tmp_path).returncode == 0
    assert contents(installed) == before, "nothing is written into the installed tree"


def test_no_source_and_no_test_is_installed(installed):
    names = contents(installed)
    assert not [name for name in names if re.search(r"\.[chod]$|/tests?/|/test_", name)]
    done = subprocess.run(["grep", "-rlI", str(ROOT), str(installed)], capture_output=True, text=True)
    assert done.stdout == "", "the checkout is not mentioned"


def test_uninstall_leaves_nothing(tmp_path):
    prefix = tmp_path / "usr"
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin" / "other").write_text("")
    make("install", f"PREFIX={prefix}")
    make("install", f"PREFIX={prefix}")  # over itself
    assert (prefix / "bin" / "buddycheck").is_file()
    make("uninstall", f"PREFIX={prefix}")
    assert list(contents(tmp_path)) == ["usr/bin/other"]


def test_the_manual_page_is_good_and_complete(installed):
    page = installed / "share/man/man1/buddycheck.1"
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", str(page)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    done = subprocess.run(["man", "--warnings", "-P", "cat", "-l", str(page)], capture_output=True, text=True, env=os.environ | {"LC_ALL": "C.UTF-8", "MANWIDTH": "120"})
    assert (done.returncode, done.stderr) == (0, "")
    listed = subprocess.run([COMMAND, "--help"], capture_output=True, text=True).stdout
    commands = re.findall(r"^  (\w+) ", listed, re.M)
    assert set(commands) == set(re.findall(r"^   buddycheck (\w+)$", done.stdout, re.M))
    for command in commands:
        said = subprocess.run([COMMAND, command, "--help"], capture_output=True, text=True).stdout
        for option in set(re.findall(r"(?<!\w)--[a-z][a-z-]+", said.partition("options:")[2])) - {"--help"}:
            assert option in done.stdout, (command, option)
