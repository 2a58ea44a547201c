"""Shards: what the option and the environments of CI systems mean, and who gets which scenarios."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Bench, catalogue
from conftest import scenario as row
from hypothesis import given
from hypothesis import strategies as st
from test_model import document, finished

from buddycheck import shard
from buddycheck.catalogue import parse
from buddycheck.errors import UsageProblem

SLURM = {"SLURM_ARRAY_TASK_ID": "8", "SLURM_ARRAY_TASK_MIN": "4", "SLURM_ARRAY_TASK_MAX": "10", "SLURM_ARRAY_TASK_STEP": "2", "SLURM_ARRAY_TASK_COUNT": "4"}


@pytest.mark.parametrize("text, environ, expected", [
    ("2/4", {}, "2/4"), ("1/1", {"CI_NODE_INDEX": "9", "CI_NODE_TOTAL": "9"}, "1/1"),
    ("auto", {"BUDDYCHECK_SHARD": "3/5", "CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "2"}, "3/5"),
    ("auto", {"BUDDYCHECK_SHARD_INDEX": "1", "BUDDYCHECK_SHARD_TOTAL": "3", "CIRCLE_NODE_INDEX": "0", "CIRCLE_NODE_TOTAL": "1"}, "1/3"),
    ("auto", {"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "2"}, "2/2"), ("auto", {"CI_NODE_TOTAL": "1"}, "1/1"),
    ("auto", {"BUILDKITE_PARALLEL_JOB": "0", "BUILDKITE_PARALLEL_JOB_COUNT": "7"}, "1/7"),
    ("auto", {"CIRCLE_NODE_INDEX": "6", "CIRCLE_NODE_TOTAL": "7"}, "7/7"),
    ("auto", {"JOB_COMPLETION_INDEX": "1", "BUDDYCHECK_SHARD_TOTAL": "3"}, "2/3"),
    ("auto", {**SLURM}, "3/4"),
    ("auto", {"SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_MAX": "2", "SLURM_ARRAY_TASK_COUNT": "3"}, "1/3"),
])
def test_who_says_which_shard_it_is(text: str, environ: dict[str, str], expected: str) -> None:
    assert str(shard.find(text, environ)) == expected


def test_without_the_option_the_environment_does_not_count() -> None:
    assert shard.find("", {"BUDDYCHECK_SHARD": "1/2"}) is None


@pytest.mark.parametrize("text, environ, words", [
    ("0/4", {}, "--shard: there is no shard 0 of 4"), ("5/4", {}, "--shard: there is no shard 5 of 4"), ("1/0", {}, "there is no shard 1 of 0"),
    ("1/1001", {}, "N up to 1000"), ("2", {}, "--shard: expected I/N, as in 2/4, or auto; got '2'"), ("-1/2", {}, "got '-1/2'"), ("1/2/3", {}, "got '1/2/3'"),
    ("auto", {}, "no CI system says which shard this is; set BUDDYCHECK_SHARD=I/N"),
    ("auto", {"BUDDYCHECK_SHARD": ""}, "BUDDYCHECK_SHARD: expected I/N, as in 2/4; got ''"),
    ("auto", {"CI_NODE_INDEX": "three", "CI_NODE_TOTAL": "4"}, "CI_NODE_INDEX: expected a whole number, got 'three'"),
    ("auto", {"CI_NODE_TOTAL": "4"}, "CI_NODE_INDEX: expected a whole number, got ''"),
    ("auto", {"CI_NODE_INDEX": "0", "CI_NODE_TOTAL": "4"}, "CI_NODE_INDEX=0, CI_NODE_TOTAL=4: there is no shard 0 of 4"),
    ("auto", {"BUILDKITE_PARALLEL_JOB": "4", "BUILDKITE_PARALLEL_JOB_COUNT": "4"}, "there is no shard 5 of 4"),
    ("auto", {"JOB_COMPLETION_INDEX": "0"}, "JOB_COMPLETION_INDEX is set, but not BUDDYCHECK_SHARD_TOTAL, which says how many there are"),
    ("auto", {"BUDDYCHECK_SHARD_INDEX": "1"}, "is set, but not BUDDYCHECK_SHARD_TOTAL"),
    ("auto", {**SLURM, "SLURM_ARRAY_TASK_COUNT": "3"}, "SLURM_ARRAY_TASK_ID=8 of 4 to 10: the array has gaps"),
    ("auto", {**SLURM, "SLURM_ARRAY_TASK_STEP": "0"}, "the array has gaps"),
    ("auto", {"SLURM_ARRAY_TASK_ID": "1"}, "SLURM_ARRAY_TASK_MIN: expected a whole number, got ''"),
])
def test_bad_values_are_one_line(text: str, environ: dict[str, str], words: str) -> None:
    with pytest.raises(UsageProblem) as problem:
        shard.find(text, environ)
    assert len(problem.value.lines) == 1 and words in problem.value.lines[0]


NEEDS = (["restart"], ["kill"], ["auto_on", "auto_off"], ["restart", "kill"], [])
SCENARIOS = st.lists(st.tuples(st.booleans(), st.sampled_from(NEEDS)), min_size=1, max_size=60)


@given(SCENARIOS, st.integers(1, 9), st.randoms())
def test_shards_are_a_partition_that_order_does_not_change(found: list[tuple[bool, list[str]]], total: int, random: object) -> None:
    rows = [row(f"area/{number}", [], exclusive=exclusive, needs=needs) for number, (exclusive, needs) in enumerate(found)]
    known = parse({**catalogue(), "scenarios": rows}, Path("scenarios"))
    ids = list(known.scenarios)
    shuffled = ids[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    shares = []
    for index in range(1, total + 1):
        try:
            share = shard.take(known, ids, shard.Shard(index, total, "test"))
            assert set(share) == set(shard.take(known, shuffled, shard.Shard(index, total, "test")))
            assert list(share) == [id for id in ids if id in share]
        except UsageProblem:
            share = ()
        shares.append(share)
    assert sorted(id for share in shares for id in share) == sorted(ids)
    companies = [[id for id in ids if known.scenarios[id].exclusive and list(known.scenarios[id].needs) == needs] for needs in NEEDS[:3]]
    for company in companies:
        assert sum(bool(set(share) & set(company)) for share in shares) <= 1
    largest = max([1, *map(len, companies)])
    assert max(map(len, shares)) - min(map(len, shares)) <= largest


def test_a_shard_of_a_run(bench: Bench) -> None:
    first = finished(bench, "--shard", "1/2", "--format", "plain")
    assert "shard 1/2: 2 of 4 scenarios" in first.out
    run = document(bench)
    assert {key: run["shard"][key] for key in ("index", "total", "seed_given")} == {"index": 1, "total": 2, "seed_given": True}
    assert len(run["shard"]["scenarios"]) == 4 and "--shard" not in run["rerun"]
    finished(bench, "--shard", "2/2")
    other = document(bench)
    assert sorted(each["id"] for each in run["scenarios"] + other["scenarios"]) == sorted(run["shard"]["scenarios"])
    assert run["shard"]["scenarios"] == other["shard"]["scenarios"]


def test_a_shard_for_which_nothing_is_left(bench: Bench) -> None:
    done = bench.run("--shard", "5/5")
    assert (done.status, done.err) == (2, "buddycheck: --shard: nothing is left for shard 5/5: 4 scenarios are selected\n")


def test_a_shard_is_compared_with_its_share_of_the_baseline(bench: Bench) -> None:
    finished(bench, verdicts={"disco/admin": "FAIL", "*": "PASS"})
    bench.out.rename(bench.root / "before")
    for index in ("1/2", "2/2"):
        finished(bench, "--shard", index, "--baseline", "before")
        found = json.loads(bench.file("run.json"))["baseline"]
        assert (found["vanished"], found["requirements"]["not_judged"], found["exit"]) == ([], [], 0)
