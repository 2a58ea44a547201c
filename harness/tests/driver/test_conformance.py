"""What a certificate says of a run, and that the journal alone decides."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from buddycheck import bundle, conformance, judge, statement
from buddycheck.published import published
from certificates import RERUN, ROOT, Files

# What follows from run.json


def scenario(verdict: str | None, *checks: tuple[str, str]) -> dict[str, Any]:
    return {"id": "a/b", "verdict": verdict, "results": [{"reason": "", "checks": [{"id": "X", "strictness": strictness, "verdict": each} for strictness, each in checks]}]}


@pytest.mark.parametrize(("verdict", "checks", "expected"), [
    ("PASS", [], "PASSED"), ("INFO", [], "PASSED"), ("XPASS", [], "PASSED"), ("WARN", [], "WARNED"), ("FAIL", [], "FAILED"), ("FLAKY", [], "FAILED"),
    ("INCONCLUSIVE", [], "FAILED"), ("SKIP", [], ""), ("UNREACHABLE", [], ""), (None, [], ""),
    ("XFAIL", [("HARD", "XFAIL")], "FAILED"), ("XFAIL", [("WARN", "XFAIL"), ("HARD", "PASS")], "WARNED"), ("XFAIL", [("WARN", "XFAIL"), ("HARD", "XFAIL")], "FAILED"),
    ("XFAIL", [], "FAILED"),
])
def test_what_a_verdict_is_in_a_certificate(verdict: str | None, checks: list[tuple[str, str]], expected: str) -> None:
    assert conformance.outcome(scenario(verdict, *checks)) == expected


def test_a_profile_is_reached_when_nothing_is_left_untested(files: Files) -> None:
    run = json.loads(files["run.json"])
    run["requirements"] = [each for each in run["requirements"] if each["id"] in ("TT-1", "TT-4")]
    core = conformance.summary(run).profiles[0]
    assert (core.state, core.held, core.failed, core.untested, core.untestable) == ("reached", 1, (), (), 1)
    run["requirements"] = [each for each in run["requirements"] if each["id"] == "TT-4"]
    assert conformance.summary(run).profiles[0].state == "not tested"


def test_what_is_published_names_no_folder() -> None:
    run = {
        "rerun": RERUN, "notes": ["expected failures: 3 of /home/a/x.toml"], "merged": [{"file": "/tmp/out/1", "index": 1}], "baseline": {"x": 1},
        "expectations": {"file": "/home/a/x.toml", "entries": [], "expired": ["/home/a/x.toml:3: expired"]}, "scenarios": [], "end": None,
    }
    made = published(run)
    assert "baseline" not in made and "/home" not in json.dumps(made) and "/tmp" not in json.dumps(made)
    assert made["rerun"] == "buddycheck run --target target.toml --seed 7" and made["expectations"]["expired"] == ["x.toml:3: expired"]


def test_statements_are_read_with_care() -> None:
    for odd in (None, 3, [], {}, {"predicate": 1}, {"_type": statement.TYPE, "predicateType": statement.PREDICATE, "predicate": {"buddycheck": {}}},
                {"_type": statement.TYPE, "predicateType": statement.PREDICATE, "subject": [{"name": 3}],
                 "predicate": {"configuration": [], "buddycheck": {"format": statement.FORMAT, "version": 1, "product": "x", "made_by": {}}}}):
        assert statement.what_is_wrong(odd)


def test_masked_words_stand_for_anything() -> None:
    assert judge.same("got ******** and", "got a secret and") and not judge.same("got ******** and", "got a secret")
    assert not judge.same({"a": [1]}, {"a": [2]}) and judge.same({"a": [1.0]}, {"a": [1]})
    assert bundle.MOST_FILES > 1000


# The journal alone decides: nothing may be told to a player that is not in it


def test_players_are_told_by_cues_only() -> None:
    engine = ROOT / "harness" / "engine"
    events = set(re.findall(r"^void (player_\w+)\(", (engine / "judge" / "player.h").read_text(), re.MULTILINE)) - {"player_destroy"}
    told = re.compile(rf"\b(?:{'|'.join(events)})\(")
    assert len(events) > 12 and {path.name for path in (engine / "main").glob("*.c") if told.search(path.read_text())} == {"cue.c"}
    replayed = "".join(path.read_text() for path in (engine / "replay").glob("*.c"))
    assert {each for each in events if f"{each}(" not in replayed} == set()
