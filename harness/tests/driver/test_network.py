"""`--network private`: what the run is told, what engine and target find there, and one line where it cannot be."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from conftest import STARTED, Bench

from buddycheck import network
from buddycheck.errors import UsageProblem
from buddycheck.profile import load

# Writes down what it finds, then goes on as the target of all tests does.
LOOK = '#!/bin/sh\ncat /etc/resolv.conf /proc/net/dev\ngrep ^hosts: /etc/nsswitch.conf\necho "unprivileged from" $$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)\n'


@pytest.fixture
def entered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keeps this process where it is; the DNS addresses of the networks that were to be entered."""
    found: list[str] = []
    monkeypatch.setattr(network, "enter", lambda profile: found.append(profile.dns_address))
    return found


def plan(bench: Bench) -> dict[str, object]:
    profile = bench.saw()[0]["profile"]
    assert isinstance(profile, dict)
    return profile


def test_private_means_real_ports(bench: Bench, entered: list[str]) -> None:
    bench.started_target({"judge": {"*": "PASS"}}, {"end": 0})
    bench.profile(STARTED.replace('address = "127.0.0.3"', 'address = "127.0.0.1"'))
    done = bench.run("--network", "private", "disco")
    assert (done.status, entered) == (0, ["127.0.0.1"])
    told = plan(bench)
    assert told["c2s"]["port"] == 5222 and told["s2s"]["port"] == 5269  # type: ignore[index]
    assert told["peers"] == {"zone": "peers.test", "address": "127.0.0.3", "port": 5269}, "the target has 127.0.0.1:5269 itself"
    assert told["dns"] == {"address": "127.0.0.1", "port": 53, "srv_target": "name"}
    assert bench.saw()[1]["c2s_port"] == 5222
    assert bench.saw()[0]["rerun"].endswith(" --network private")


def test_host_leaves_ports_to_the_engine(bench: Bench, entered: list[str]) -> None:
    bench.started_target({"judge": {"*": "PASS"}}, {"end": 0})
    assert bench.run("--network", "host", "disco").status == 0
    assert entered == [] and plan(bench)["dns"]["port"] == 0  # type: ignore[index]


def test_profile_may_ask_for_a_private_network(bench: Bench, entered: list[str]) -> None:
    bench.started_target({"judge": {"*": "PASS"}}, {"end": 0})
    bench.profile('network = "private"\n' + STARTED)
    assert bench.run("disco").status == 0 and entered == ["127.0.0.3"]
    done = bench.run("--network", "host", "disco")
    assert done.status == 2 and "target.toml:1: the target fake needs real ports and plain DNS: leave out --network host" in done.err


def settle(tmp_path: Path, text: str) -> None:
    path = tmp_path / "target.toml"
    path.write_text(text)
    (tmp_path / "target.template").touch()
    network.settle(load(path, {}))


@pytest.mark.parametrize("text, expected", [
    (STARTED.partition("[start]")[0].replace("port = 0", "port = 1"), "needs a target that is started by [start]"),
    (STARTED.replace('"127.0.0.3"', '"192.0.2.1"'), "target.toml:14: peers.address: expected a loopback address"),
])
def test_what_a_private_network_does_not_have(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(UsageProblem) as raised:
        settle(tmp_path, text)
    assert expected in raised.value.lines[0]


def test_no_permission_is_one_line(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, *arguments: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), name)

    monkeypatch.setattr(network, "call", refuse)
    bench.started_target()
    done = bench.run("--network", "private", "disco")
    assert done.status == 2 and done.err.count("\n") == 1
    assert "not possible here (unshare: Operation not permitted); run as root, allow user namespaces, or use --network host" in done.err


def test_inside(bench: Bench) -> None:
    """In a process of its own, for there is no way back."""
    bench.started_target({"judge": {"*": "PASS"}}, {"end": 0})
    template = bench.fixture / "target.template"
    template.write_text(LOOK + template.read_text().partition("\n")[2])
    before = Path("/etc/resolv.conf").read_text()
    with bench.run_process("--network", "private", "--format", "json", "disco") as process:
        out, err = process.communicate()
    if "is not possible here" in err:
        pytest.skip(err)
    assert process.returncode == 0 and json.loads(out)["exit"] == 0, err
    log = bench.file("target.log")
    assert log.startswith("nameserver 127.0.0.3\n") and "hosts: files dns" in log and "unprivileged from 0\n" in log
    devices = [line.partition(":")[0].strip() for line in log.splitlines() if ":" in line and not line.startswith("hosts")]
    assert devices == ["lo"], "no way out of the machine"
    assert Path("/etc/resolv.conf").read_text() == before, "outside nothing changes"
    assert bench.leftovers() == [] and {path.stat().st_uid for path in bench.out.iterdir()} == {os.getuid()}
