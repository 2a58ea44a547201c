"""TAP from run.json says what the engine's says, octet for octet: against the engine's own golden files."""

from __future__ import annotations

import re
from typing import Any

import pytest
from buddycheck import tap_points
from buddycheck.catalogue import Verdict
from buddycheck.results import Outcome
from buddycheck.tap_points import Point
from conftest import HERE

ODD = 'say "#1" \\ and\n\r\t\x1b[31m red\x7f \x85 \u2028 \xe4 \U0001f3ad # TODO no'
TABLE = {name: Verdict(name=name, tap=tap, junit=junit, exit=exit, rank=0) for name, tap, junit, exit in (
    ("PASS", "ok", "pass", 0), ("SKIP", "ok", "skipped", 0), ("UNREACHABLE", "ok", "skipped", 0), ("INFO", "ok", "pass", 0), ("XFAIL", "not ok", "skipped", 0),
    ("WARN", "not ok", "pass", 0), ("INCONCLUSIVE", "not ok", "error", 3), ("FLAKY", "not ok", "failure", 1), ("XPASS", "not ok", "failure", 1),
    ("FAIL", "not ok", "failure", 1), ("ERROR", "not ok", "error", 3),
)}
REASONS = {
    "PASS": "", "SKIP": "the target has no hook 'restart'", "UNREACHABLE": "the target cannot be brought there", "INFO": "SB-003 told only",
    "XFAIL": "known: issue #12", "WARN": "SB-002/time it takes long", "INCONCLUSIVE": "the fence was lost", "FLAKY": "1 of 3 failed", "XPASS": "expected to fail",
    "FAIL": "SB-001 the request reaches the peer", "ERROR": "the engine could not go on",
}
FAILED: dict[str, Any] = {
    "requirements": ("SB-001 FAIL", "SB-002/time WARN", "SB-003 UNDECIDED"), "failure": "FAIL SB-001 (HARD): it does\n  required: \"this\" [XEP-0267]\n\n    # got: <iq/>\n",
}
POINTS = [
    *(Point("area/name", name, name, reason, **(FAILED if name == "FAIL" else {})) for name, reason in REASONS.items()),
    Point("odd/#\\", ODD, "FAIL", ODD, failure=f"    indented first\n{ODD}\n...\n---\n%YAML: - [x]\n\n"),
    Point("twice", "Twice", "PASS", ODD, " (1 of 2)"), Point("twice", "Twice", "WARN", ODD, " (2 of 2)"), Point("empty", "", "ERROR", ""),
]


@pytest.mark.parametrize("strict", [False, True])
def test_every_verdict_reads_as_the_engine_writes_it(strict: bool) -> None:
    golden = (HERE.parent / "golden" / "engine" / ("strict.14.tap" if strict else "all-verdicts.14.tap")).read_text(encoding="utf-8")
    outcome = Outcome("fake", (), TABLE, strict=strict)
    made = "".join(tap_points._text(number, point, outcome) for number, point in enumerate(POINTS, 1))
    assert re.split(r"^(?=(?:not )?ok )", f"TAP version 14\n1..15\n{made}", flags=re.MULTILINE) == re.split(r"^(?=(?:not )?ok )", golden, flags=re.MULTILINE)
