"""Tests with real servers: what a user does, and what goes wrong. They run the command as a user would."""

import functools
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "harness" / "driver"))

from buddycheck.ports import HIGHEST_PORT, LOWEST_PORT, Claims  # noqa: E402

COMMAND = ROOT / "build" / "buddycheck"
SECONDS = 600  # a hung run fails the test instead of hanging it; a busy machine may take ten times as long as a quiet one
ADDRESS = "127.0.0.1"
MARK = f"BUDDYCHECK_TEST={uuid.uuid4()}"  # in the environment of every process that a test starts


class Run:
    """What one run of the command left behind."""

    def __init__(self, process: subprocess.CompletedProcess, out: Path):
        self.status = process.returncode
        self.stdout = process.stdout
        self.stderr = process.stderr
        self.out = out

    @property
    def text(self) -> str:
        return self.stdout + self.stderr

    def failures(self) -> str:
        """What to read when a run was to be green: the TAP of every scenario that was not, the last line, standard error."""
        points = re.findall(r"^not ok \d+ - (?![^\n]*# TODO)[^\n]*\n(?:  [^\n]*\n)*", self.stdout, re.M)
        return "".join(points) + self.stdout[self.stdout.rstrip().rfind("\n") + 1 :] + self.stderr

    def verdicts(self) -> dict[str, str]:
        """Scenario id -> first words of its TAP test point ("ok", "not ok", "skip")."""
        found = {}
        for line in self.stdout.splitlines():
            point = re.match(r"(not ok|ok) \d+ - ([a-z-]+/[^:]+): [^#]*(# SKIP)?", line)
            if point:
                found[point[2]] = "skip" if point[3] else point[1]
        return found


def perform(out: Path, *args: str) -> Run:
    """`buddycheck run` with the given arguments."""
    process = subprocess.run(
        [COMMAND, "run", "--format", "tap", "--out", str(out), *args], capture_output=True, text=True, timeout=SECONDS, cwd=ROOT,
        env=os.environ | dict([MARK.split("=")]),
    )
    return Run(process, out)


@pytest.fixture
def buddycheck(tmp_path):
    """Runs `buddycheck run` with the given arguments and returns a Run."""

    def run(*args: str, target: str = "prosody") -> Run:
        return perform(tmp_path / "out", "--target", target, *args)

    return run


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """The Run of the whole suite against a target: one for all tests, which only read it."""

    @functools.cache
    def run(target: str) -> Run:
        return perform(tmp_path_factory.mktemp("whole") / "out", "--target", target)

    return run


@pytest.fixture
def profile(tmp_path):
    """A copy of the Prosody fixture with edits: pairs of a text and what replaces it. Returns the path of its target.toml."""

    def make(*edits: tuple[str, str], base: str = "prosody", name: str = "target.toml") -> str:
        folder = tmp_path / "fixtures" / base
        shutil.copytree(ROOT / "fixtures" / base, folder, dirs_exist_ok=True)
        file = folder / name
        text = file.read_text()
        for old, new in edits:
            assert old in text, f"{old!r} is not in {file}"
            text = text.replace(old, new)
        file.write_text(text)
        return str(folder / "target.toml")

    return make


@pytest.fixture
def free_port() -> Iterator[Callable[[], int]]:
    """Gives ports on which nothing listens and that no run takes. The system's own choice for port 0 would be one of those that it gives to
    outgoing connections: another process may have it a moment later, and who waits for a server there may connect to itself."""
    claims = Claims()

    def choose() -> int:
        while True:
            port = random.randrange(LOWEST_PORT, HIGHEST_PORT)
            with socket.socket() as sock:
                try:
                    sock.bind((ADDRESS, port))
                except OSError:
                    continue
            if claims.take(port):
                return port

    yield choose
    claims.release()


def wait_for(port: int, server: subprocess.Popen) -> None:
    """Until the server listens there; it must not end before."""
    while True:
        try:
            socket.create_connection((ADDRESS, port), timeout=SECONDS).close()
            return
        except ConnectionRefusedError:
            try:
                status = server.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"the server ended with status {status}") from None


@pytest.fixture(autouse=True)
def nothing_is_left_behind():
    """Every process that a test's run started, directly or not, is gone when the test ends."""
    yield
    left = started_by_tests()
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left, f"processes left behind: {left}"


def started_by_tests() -> set[int]:
    """Process ids of all processes that carry the mark of this test session."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if MARK.encode() in environment.split(b"\0"):
                found.add(int(entry.name))
    return found
