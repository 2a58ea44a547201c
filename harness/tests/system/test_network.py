"""`--network private` with real servers: as whoever runs the tests, as a user without rights, and interrupted."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from conftest import COMMAND, MARK, ROOT, SECONDS

NOBODY = 65534


@pytest.fixture
def home():
    """A folder that everybody can reach; pytest's own are closed to other users."""
    path = Path(tempfile.mkdtemp(prefix="buddycheck-test-"))
    yield path
    shutil.rmtree(path)


def start(home: Path, user: int, *args: str) -> subprocess.Popen:
    os.chown(home, user, -1)
    become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user != os.getuid() else []
    return subprocess.Popen(
        [*become, COMMAND, "run", "--network", "private", "--out", home / "out", *args],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env=os.environ | dict([MARK.split("=")]) | {"HOME": str(home), "TMPDIR": str(home)},
    )


def users() -> list[int]:
    return [0, NOBODY] if os.getuid() == 0 else [os.getuid()]


@pytest.mark.parametrize("user", users())
@pytest.mark.parametrize("target", ["reference", "prosody"])
def test_real_ports_and_plain_dns(home: Path, target: str, user: int) -> None:
    if user == NOBODY and subprocess.run(["setpriv", f"--reuid={NOBODY}", "test", "-x", COMMAND], check=False).returncode:
        pytest.skip(f"other users cannot reach {COMMAND}")
    with start(home, user, "--target", target, "disco", "persist/both-after-kill9") as process:
        out, err = process.communicate(timeout=SECONDS)
    if "is not possible here" in err:
        pytest.skip(err)
    assert process.returncode == 0, out + err
    journal = (home / "out" / "journal.jsonl").read_text()
    assert '"data":"out 127.0.0.1:5222"' in journal and '"data":"out 127.0.0.1:5269"' in journal
    assert '"kind":"dns"' in journal, "the target found the peers by DNS"
    assert {path.stat().st_uid for path in (home / "out").iterdir()} == {user}
    assert [path.name for path in home.iterdir()] == ["out"]


def test_interrupted(home: Path, profile) -> None:
    """Ctrl-C comes just as the target starts. Nothing is left behind; conftest.py looks for processes."""
    target = profile((
        'program = ["prosody", "--config", "${dir}/prosody.cfg.lua", "-F"]',
        'program = ["sh", "-c", "kill -INT $$PPID; exec prosody --config ${dir}/prosody.cfg.lua -F"]',
    ))
    with start(home, os.getuid(), "--target", target, "disco") as process:
        out, err = process.communicate(timeout=SECONDS)
    if "is not possible here" in err:
        pytest.skip(err)
    assert process.returncode == 130, out + err
    assert [path.name for path in home.iterdir()] == ["out"]
