"""`buddycheck interop`: two targets, the order of what is commanded, and what is told of it."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest
from conftest import STARTED, Bench, Done

from buddycheck.encounter import mentions, wrong

HOOKS = "".join(f'\n[hooks.{name}]\nadhoc = "n#{name}"\n' for name in ("pending", "approve", "roster"))
BOTH = {"pending": ["", "left.test\n"], "roster": ["right.test both\n", "left.test both\n"]}


def meet(bench: Bench, *argv: str, profile: str = STARTED + HOOKS, **script: Any) -> Done:
    bench.profile(profile)
    bench.script["interop"] = BOTH | script
    return bench.call("interop", *(argv or ("fake", "fake")), "--out", str(bench.out))


def commands(bench: Bench) -> list[str]:
    return [f"{each['side']} {each['hook']}" for each in bench.saw() if each.get("command") == "call"]


def test_each_adds_the_other(bench: Bench) -> None:
    done = meet(bench)
    assert (done.status, done.err) == (0, "")
    assert done.out == "TAP version 14\n1..1\nok 1 - fake fake\n# kept in out\n"
    assert commands(bench) == [
        "0 add", "1 pending", "1 add", "0 pending", "1 pending", "1 approve", "0 roster", "1 roster", "0 roster", "1 roster",
    ]
    assert bench.leftovers() == [] and (bench.out / "fake-fake" / "journal.jsonl").is_file()


def test_domains_differ(bench: Bench) -> None:
    meet(bench, profile=STARTED.replace('domains = ["srv.test", "second.test"]', 'domains = ["srv.test", "second.test"]\noff_domain = "off.test"') + HOOKS)
    left, right = bench.saw()[0]["sides"]
    assert left["domains"] == ["left.test", "second.left.test"] and left["off_domain"] == "off.left.test"
    assert left["peers"]["zone"] == "right.test" and left["accounts"]["admin"]["jid"] == "admin@left.test"
    assert right["domains"][0] == "right.test" and right["peers"]["zone"] == "left.test"
    assert left["hooks"]["add"] == {"adhoc": "http://jabber.org/protocol/admin#server-buddy", "fields": {"peerjid": "${peer}"}}
    started = [each for each in bench.saw() if each.get("command") == "started"]
    assert len({each[port] for each in started for port in ("c2s_port", "s2s_port")}) == 4, "four different ports"


def test_a_roster_that_is_wrong_fails(bench: Bench) -> None:
    quick = STARTED + HOOKS + "\n[timing]\ndeadline = 1\n"
    done = meet(bench, profile=quick, roster=["right.test both\n", "left.test from ask\n"])
    assert done.status == 1
    assert "not ok 1 - fake fake\n  ---\n  failure: |\n    FAIL\n    the roster of fake shows left.test from ask; expected left.test both\n" in done.out


def test_an_order_that_is_refused_fails(bench: Bench) -> None:
    done = meet(bench, **{"1 add": "the command was answered with forbidden"})
    assert done.status == 1 and "    fake (right.test): add: the command was answered with forbidden\n" in done.out


@pytest.mark.parametrize("script, expected", [
    ({"unready": ["", "no stream features"]}, "fake (right.test): no stream features"),
    ({"0 add": "exit"}, "the engine ended with exit status 3"),
])
def test_what_cannot_be_judged(bench: Bench, script: dict[str, Any], expected: str) -> None:
    done = meet(bench, **script)
    assert done.status == 3 and f"    INCONCLUSIVE\n    {expected}\n" in done.out
    assert bench.leftovers() == []


def test_a_server_that_ends(bench: Bench) -> None:
    bench.fixture.joinpath("target.template").write_text("#!/bin/sh\nexit 7\n")
    done = meet(bench, **{"1 pending": ""}, pending=["", ""], roster=["", ""])
    assert done.status == 3 and "ended with exit status 7\n" in done.out


def test_interrupted(bench: Bench) -> None:
    bench.profile(STARTED + HOOKS)
    bench.script["interop"] = BOTH | {"1 add": "interrupt"}
    with bench.process("interop", "fake", "fake", "--out", str(bench.out)) as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (128 + signal.SIGINT, "")
    assert out == "TAP version 14\n1..1\nBail out! interrupted\n"
    assert list((bench.root / "tmp").iterdir()) == []


def test_all_pairs(bench: Bench) -> None:
    """Those that cannot take part are skipped by name."""
    other = bench.fixture.parent / "plain"
    other.mkdir()
    (other / "target.toml").write_text(STARTED.replace('"fake"', '"plain"'))
    (other / "target.template").write_text("")
    bench.profile(STARTED + HOOKS)
    bench.script["interop"] = BOTH
    done = bench.call("interop", "--out", str(bench.out))
    assert done.status == 0
    assert done.out.splitlines()[1:6] == [
        "1..4", "ok 1 - fake fake", *(f"ok {n} - {names} # SKIP plain has no hook pending" for n, names in (
            (2, "fake plain"), (3, "plain fake"), (4, "plain plain"),
        )),
    ]


@pytest.mark.parametrize("argv, profile, expected", [
    (["fake"], STARTED + HOOKS, "interop: expected two targets, or none for all pairs"),
    (["fake", "fkae"], STARTED + HOOKS, "unknown target 'fkae'"),
    (["fake", "fake"], STARTED, "interop: fake has no hook pending"),
    (["fake", "fake"], STARTED.partition("[start]")[0].replace("port = 0", "port = 1") + HOOKS, "interop: fake is not started by its profile"),
    (["fake", "fake"], 'network = "private"\n' + STARTED + HOOKS, "interop: fake needs a network of its own"),
    (["fake", "fake"], STARTED.replace("[peers]", 'tls = "starttls"\n\n[peers]') + HOOKS, "interop: fake has TLS between servers, which the relay"),
    (["fake", "fake"], STARTED.replace("port = 0", "port = 5222", 1) + HOOKS, "both servers would listen on 127.0.0.1 port 5222; set 0"),
])
def test_one_line(bench: Bench, argv: list[str], profile: str, expected: str) -> None:
    done = meet(bench, *argv, profile=profile)
    assert (done.status, done.out) == (2, "") and done.err.count("\n") == 1 and expected in done.err


@pytest.mark.parametrize("rosters, count", [
    (("b both", "a both"), 0), (("b both\n", "a both\n\n"), 0), (("b both", "a both pending"), 1), (("b both", ""), 1),
    (("b both\nc both", "a to"), 2), (("c both", "a both"), 1),
])
def test_rosters(rosters: tuple[str, str], count: int) -> None:
    assert len(wrong(rosters, ("a", "b"), ("one", "two"))) == count


def test_mentions() -> None:
    assert mentions("b.test\na.test from\n", "a.test") and not mentions("aa.test\n\n", "a.test")


def test_journals_hold_no_password(bench: Bench) -> None:
    meet(bench)
    for path in bench.out.rglob("*"):
        assert not path.is_file() or "s3cret" not in path.read_text()
    assert json.dumps(bench.saw()[0]).count("s3cret") == 2 and os.path.isdir(bench.out)
