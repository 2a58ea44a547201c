"""A workbench for tests of the driver: a small checkout, a scripted engine, a scripted target."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

HERE = Path(__file__).resolve().parent
DRIVER = HERE.parents[1] / "driver"
GOLDEN = HERE.parent / "golden" / "driver"
sys.path.insert(0, str(DRIVER))

from buddycheck.catalogue import parse  # noqa: E402
from buddycheck.cli import main  # noqa: E402

if TYPE_CHECKING:
    from certificates import Files, Workshop

# The same examples in every run, and no clock: a test that fails on one machine fails on all.
settings.register_profile("driver", max_examples=50, derandomize=True, deadline=None, database=None)
settings.load_profile("driver")

pytest.register_assert_rewrite("certificates")

# What a shell starts in the background ignores SIGINT, and so would the commands that the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

PASSWORD = "s3cret-of-admin"

PROFILE = f"""\
name = "fake"
domains = ["srv.test", "second.test"]

[c2s]
address = "127.0.0.1"
port = 5222

[s2s]
address = "127.0.0.1"
port = 5269

[peers]
zone = "peers.test"
address = "127.0.0.3"

[accounts.admin]
jid = "admin@srv.test"
password = "{PASSWORD}"
"""

# Says where it is and waits; the fifo blocks until the engine of the test listens.
TARGET = """\
#!/bin/sh
echo "started $$$$ on ${c2s_port} $${HOME:+home}"
echo "started $$$$" > "$$FAKE_READY"
exec sleep infinity
"""

START = """
[start]
program = ["${dir}/target"]

[start.files]
"target" = "target.template"
"""

STARTED = PROFILE.replace("port = 5222", "port = 0").replace("port = 5269", "port = 0") + START

VERDICTS = [
    ("PASS", "ok", "pass", 0, 0), ("INFO", "ok", "pass", 0, 1), ("WARN", "not ok TODO", "pass", 0, 2), ("SKIP", "ok SKIP", "skipped", 0, 3),
    ("UNREACHABLE", "ok SKIP", "skipped", 0, 4), ("XFAIL", "not ok TODO", "skipped", 0, 5), ("FLAKY", "not ok", "failure", 1, 6),
    ("XPASS", "not ok", "failure", 1, 7), ("INCONCLUSIVE", "not ok", "error", 3, 8), ("FAIL", "not ok", "failure", 1, 9), ("ERROR", "not ok", "error", 3, 10),
]


def scenario(id: str, requirements: list[str], **more: Any) -> dict[str, Any]:
    """A scenario of the catalogue."""
    return {
        "id": id, "file": id + ".scs", "title": "Title of " + id, "description": "What it is about.", "exclusive": False, "slow": False,
        "needs": [], "actors": [], "requirements": requirements, "play": "Bard connects\n\nMarlowe receives: nothing\n", **more,
    }


def requirement(id: str, strictness: str, scenarios: list[str], **more: Any) -> dict[str, Any]:
    """A requirement of the catalogue."""
    return {
        "id": id, "source": "XEP-0267 §1", "level": "MUST", "area": "outbound", "statement": "It holds, " + id + ".", "strictness": strictness,
        "parts": {}, "why_none": "", "notes": "a note", "scenarios": scenarios, **more,
    }


def catalogue() -> dict[str, Any]:
    """A small catalogue with one of everything."""
    return {
        "scenarios": [
            scenario("disco/admin", ["SB-010"]),
            scenario("disco/user", ["DI-002"]),
            scenario("cancel/at-form", ["SB-010", "SB-004"]),
            scenario("cancel/late", ["SB-004"], slow=True),
            scenario("persist/kill", ["PE-001"], exclusive=True, needs=["kill"]),
        ],
        "requirements": [
            requirement("SB-010", "HARD", ["disco/admin", "cancel/at-form"]),
            requirement("SB-004", "HARD", ["cancel/at-form", "cancel/late"]),
            requirement("DI-002", "WARN", ["disco/user"]),
            requirement("PE-001", "INFO", ["persist/kill"], parts={"after kill": "INFO"}),
            requirement("SB-077", "HARD", []),
            requirement("SB-078", "HARD", [], why_none="cannot be seen from outside"),
        ],
        "verdicts": [dict(zip(("name", "tap", "junit", "exit", "rank"), each)) for each in VERDICTS],
        "errors": [],
    }


KNOWN_VERDICTS = parse(catalogue(), Path("scenarios")).verdicts


class Terminal(io.StringIO):
    """A standard output that is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    status: int
    out: str
    err: str


def listen_to_hangups() -> None:
    """In a child before it executes: tests that run under nohup hand SIGHUP down as ignored."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Bench:
    """A checkout of its own with a target `fake`, and an engine that does what the test says."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.fixture = root / "fixtures" / "fake"
        self.fixture.mkdir(parents=True)
        (root / "scenarios").mkdir()
        (root / "tmp").mkdir()
        self.out = root / "out"
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(root),
            "TMPDIR": str(root / "tmp"),
            "BUDDYCHECK_ENGINE": str(HERE / "fake_engine.py"),
            "BUDDYCHECK_FIXTURES": str(root / "fixtures"),
            "BUDDYCHECK_SCENARIOS": str(root / "scenarios"),
            "BUDDYCHECK_EXPECT": str(root / "expect"),
            "BUDDYCHECK_DEBUG": "1",
            "FAKE_ENGINE": str(root / "script.json"),
            "FAKE_ENGINE_SAW": str(root / "saw.jsonl"),
            "FAKE_READY": str(root / "ready"),
        }
        os.mkfifo(root / "ready")
        self.script: dict[str, Any] = {"catalogue": catalogue(), "run": []}
        self.profile(PROFILE)
        (self.fixture / "target.template").write_text(TARGET)
        (self.fixture / "target.template").chmod(0o755)
        self.actions({"bound": 0}, {"expect": "started"}, {"judge": {"*": "PASS"}}, {"tap": "TAP version 14\n1..0\n"}, {"end": 0})

    def profile(self, text: str) -> None:
        """Writes the target's profile."""
        (self.fixture / "target.toml").write_text(text)

    def actions(self, *actions: dict[str, Any]) -> None:
        """What the engine does."""
        self.script["run"] = list(actions)

    def started_target(self, *actions: dict[str, Any], more: str = "") -> None:
        """A target that the driver starts; the engine's actions follow once it runs."""
        self.profile(STARTED + more)
        self.actions({"bound": 0}, {"expect": "started"}, {"target_says": "started"}, *actions)

    def _write_script(self) -> None:
        (self.root / "script.json").write_text(json.dumps(self.script))

    def call(self, *argv: str, terminal: bool = False) -> Done:
        """Performs a command in this process."""
        self._write_script()
        out, err = Terminal() if terminal else io.StringIO(), io.StringIO()
        status = main(argv, self.environ, self.root, out, err)
        return Done(status, out.getvalue(), err.getvalue())

    def run(self, *argv: str, terminal: bool = False) -> Done:
        """`buddycheck run` against the fake target, into `out`."""
        return self.call("run", "--target", "fake", "--out", str(self.out), "--seed", "7", *argv, terminal=terminal)

    def process(self, *argv: str, **more: Any) -> subprocess.Popen[str]:
        """Starts the same as a process of its own, through the launcher."""
        self._write_script()
        return subprocess.Popen(
            [str(DRIVER / "launcher.sh"), *argv], cwd=self.root, env=self.environ, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=listen_to_hangups, **more,
        )

    def run_process(self, *argv: str) -> subprocess.Popen[str]:
        """`buddycheck run` as a process of its own."""
        return self.process("run", "--target", "fake", "--out", str(self.out), "--seed", "7", *argv)

    def saw(self) -> list[dict[str, Any]]:
        """The plan and the commands that the engine got."""
        return [json.loads(line) for line in (self.root / "saw.jsonl").read_text().splitlines()]

    def file(self, name: str) -> str:
        """A file of the run's folder."""
        return (self.out / name).read_text()

    def leftovers(self) -> list[Path]:
        """Private directories that a run left behind, and unfinished files."""
        return [*(self.root / "tmp").iterdir(), *self.out.glob(".*")]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A fresh workbench."""
    return Bench(tmp_path)


@pytest.fixture
def golden() -> Any:
    """Compares text with a golden file; BUDDYCHECK_UPDATE_GOLDEN=1 writes it."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("BUDDYCHECK_UPDATE_GOLDEN"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        assert text == path.read_text()

    return compare


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A workshop with a run that is kept and certified."""
    from certificates import Workshop  # which needs this file

    made = Workshop(tmp_path_factory.mktemp("shop"))
    made.run()
    assert made.certify().status == 0
    return made


@pytest.fixture
def own(tmp_path: Path) -> Workshop:
    """A workshop for one test."""
    from certificates import Workshop

    return Workshop(tmp_path)


@pytest.fixture(scope="session")
def files(shop: Workshop) -> Files:
    """What is in the certificate of the shop."""
    return shop.files()
