"""`buddycheck variants` from end to end with a scripted engine."""

from __future__ import annotations

import pytest
from conftest import Bench

TARGET = '#!/bin/sh\necho "x$$2$$1" > "$$FAKE_READY"\nexec sleep infinity\n'
FAULT = 'fault = ["--fault", "${fault}"]\n'
TABLE = """\
[V1]
does = "One session"
allowed_by = "XEP-0050 section 3.3"
group = "a"

[V2]
does = "No presence"
allowed_by = "ruling A9"
group = "b"
claims = { reciprocal = false }
warns = ["DI-002"]

[V3]
does = "Another order"
allowed_by = "XEP-0267"
group = "a"
"""


class Variants:
    """A workbench with a table of variants and an engine that judges them."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        bench.started_target()
        profile = bench.fixture / "target.toml"
        profile.write_text(profile.read_text().replace("\n[start.files]", FAULT + "\n[start.files]"))
        (bench.fixture / "target.template").write_text(TARGET)
        self.table(TABLE)

    def table(self, text: str) -> None:
        """Writes the table."""
        (self.bench.root / "fixtures" / "variants.toml").write_text(text)

    def verdicts(self, **verdicts: dict[str, str]) -> None:
        """What the engine says of each run."""
        tail = [{"tap": "TAP version 14\n"}, {"journal": "{}\n"}, {"end": 0}]
        runs = {name: [{"judge": {"*": "PASS", **each}}, *tail] for name, each in verdicts.items()}
        self.bench.actions({"bound": 0}, {"expect": "started"}, {"of_run": runs})

    def call(self, *argv: str) -> tuple[int, list[str], str]:
        """The command in this process."""
        done = self.bench.call("variants", *argv, "--target", "fake", "--jobs", "1", "--out", str(self.bench.out))
        return done.status, done.out.splitlines(), done.err


@pytest.fixture
def variants(bench: Bench) -> Variants:
    """A fresh one."""
    return Variants(bench)


def test_groups_run_together_and_expected_warnings_are_right(variants: Variants) -> None:
    variants.verdicts(a={}, b={"disco/user": "WARN DI-002"})
    status, lines, _ = variants.call()
    assert status == 0
    assert [line.split(",")[0] for line in lines[:2]] == ["ok  a (V1 V3): 4 PASS", "ok  b (V2): 1 WARN"]
    assert lines[2].startswith("2 of 2 runs with 3 variants report nothing that is not real")
    assert [plan["profile"]["claims"].get("reciprocal") for plan in variants.bench.saw() if "profile" in plan][-1] is False
    assert variants.bench.leftovers() == []


def test_what_should_not_be_reported_is_told(variants: Variants) -> None:
    variants.verdicts(a={"disco/admin": "FAIL SB-010"}, b={})
    status, lines, _ = variants.call()
    assert status == 1
    assert lines[0].startswith("not ok  a (V1 V3)") and lines[1].strip().startswith("FAIL disco/admin: SB-010")
    assert lines[3].strip() == "should have been warned of, but was not: DI-002"


def test_named_variants_run_alone(variants: Variants) -> None:
    variants.verdicts(V1={}, V3={"disco/user": "WARN DI-002"})
    status, lines, _ = variants.call("V1", "V3")
    assert status == 1
    assert lines[0].startswith("ok  V1: ") and lines[1].startswith("not ok  V3: ")


@pytest.mark.parametrize(("old", "new", "expected"), [
    ('group = "b"', 'group = ""', "V2.group: expected a string that is not empty"),
    ('warns = ["DI-002"]', 'warns = ["DI-999/x"]', "V2.warns: unknown requirement 'DI-999/x'"),
    ("reciprocal = false", "reciprocal = 1", "V2.claims: expected a table with true or false"),
    ('group = "b"', 'group = "b"\nwhy = "x"', "V2.why: is unknown"),
])
def test_mistakes_in_the_table(variants: Variants, old: str, new: str, expected: str) -> None:
    variants.table(TABLE.replace(old, new))
    status, _, err = variants.call()
    assert status == 2
    assert expected in err


def test_unknown_variant(variants: Variants) -> None:
    status, _, err = variants.call("V9")
    assert status == 2
    assert "unknown variant 'V9'" in err
