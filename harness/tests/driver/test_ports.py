"""The ports of targets: free ones, and no two runs have the same."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import STARTED, Bench

from buddycheck import ports
from buddycheck.errors import UsageProblem
from buddycheck.profile import load


def test_free_ports_are_different(bench: Bench) -> None:
    bench.profile(STARTED)
    profile = load(bench.fixture / "target.toml", {})
    claims = ports.Claims()
    found = [port for _ in range(20) for port in ports.choose(profile, claims).values()]
    assert all(20000 <= port < 32000 for port in found)
    assert len(set(found)) == 40
    assert set(ports.choose(profile, claims)) == {"c2s_port", "s2s_port"}
    bench.profile(STARTED.replace("[peers]", '[component]\ndomains = ["a.test"]\nsecret = "x"\n[peers]'))
    assert set(ports.choose(load(bench.fixture / "target.toml", {}), claims)) == {"c2s_port", "s2s_port", "component_port"}
    claims.release()


def test_no_two_runs_have_a_port(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens on the ports that were chosen, as between the choice and the target's start, and while it restarts."""
    bench.profile(STARTED)
    profile = load(bench.fixture / "target.toml", {})
    monkeypatch.setattr(ports, "_candidates", lambda: [31901, 31902, 31903])
    first, second = ports.Claims(), ports.Claims()
    assert ports.choose(profile, first) == {"c2s_port": 31901, "s2s_port": 31902}
    with pytest.raises(UsageProblem, match=r"c2s\.port: .*cannot be used \(other runs have them\)|s2s\.port: "):
        ports.choose(profile, second)
    second.release()
    first.release()
    assert ports.choose(profile, second) == {"c2s_port": 31901, "s2s_port": 31902}
    second.release()


def test_a_run_that_was_killed_keeps_no_port() -> None:
    claims = ports.Claims()
    program = "import sys; from buddycheck.ports import Claims; claims = Claims(); print(claims.take(31904), flush=True); sys.stdin.read()"
    other = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                             env={"PYTHONPATH": str(Path(ports.__file__).parents[1])})
    assert other.stdout is not None and other.stdout.readline() == "True\n"
    assert not claims.take(31904)
    other.kill()
    other.communicate()
    assert claims.take(31904)
    claims.release()


def test_a_port_that_the_profile_names_need_not_be_claimed(bench: Bench) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    bench.profile(STARTED.replace("port = 0", f"port = {port}", 1))
    chosen = ports.choose(load(bench.fixture / "target.toml", {}), ports.Claims())
    assert port in chosen.values()
