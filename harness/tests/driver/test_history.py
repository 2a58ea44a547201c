"""The history of a target: the order of time, and where something turned red."""

from __future__ import annotations

from typing import Any

from buddycheck.history import histories
from buddycheck.page import CLASSES


def run(started: str, target: str = "fake", exit: int = 0, **verdicts: str | None) -> dict[str, Any]:
    return {
        "target": {"name": target, "product": "Fake", "software": None}, "started": started, "exit": exit, "counts": {},
        "harness": {"version": "1", "commit": None, "modified": False},
        "scenarios": [{"id": id, "title": "", "verdict": verdict, "results": [{"reason": "why"}] if verdict else []} for id, verdict in verdicts.items()],
    }


def history(*runs: dict[str, Any]) -> dict[str, Any]:
    found = histories(runs, [str(number) for number in range(len(runs))], CLASSES)
    assert len(found) == 1
    return found[0]


def test_runs_stand_in_the_order_of_time_and_the_first_red_ones_are_marked() -> None:
    found = history(run("5", exit=1), run("1"), run("3", exit=1), run("2"), run("4", exit=3), run("6"))
    assert [(each["started"], each["state"], each["first"]) for each in found["runs"]] == [
        ("1", "good", False), ("2", "good", False), ("3", "bad", True), ("4", "open", False), ("5", "bad", False), ("6", "good", False)]


def test_red_since_is_the_beginning_of_what_is_red_now() -> None:
    found = history(run("1", a="FAIL", b="PASS", c="PASS"), run("2", a="PASS", b="FAIL", c="PASS"), run("3", a="FAIL", b="PASS", c="PASS"), run("4", a="INCONCLUSIVE", b="WARN", c="PASS"))
    rows = {row["id"]: row for row in found["rows"]}
    assert (found["steady"], set(rows)) == (1, {"a", "b"})
    assert [cell["first"] for cell in rows["a"]["cells"]] == [True, False, True, False] and rows["a"]["since"] == 2
    assert (rows["b"]["since"], rows["b"]["red"]) == (None, 1)
    assert [row["id"] for row in found["rows"]] == ["a", "b"]  # what is red now comes first


def test_what_was_not_selected_or_not_run_is_neither_red_nor_green() -> None:
    found = history(run("1", a="PASS"), run("2"), run("3", a=None), run("4", a="FAIL"))
    assert [(cell["verdict"], cell["tone"]) for cell in found["rows"][0]["cells"]] == [("PASS", "good"), ("", "none"), ("not run", "none"), ("FAIL", "bad")]


def test_each_target_with_several_runs_has_a_history() -> None:
    runs = [run("1"), run("1", "other"), run("2"), run("2", "third"), run("3", "other")]
    assert [each["target"] for each in histories(runs, list("abcde"), CLASSES)] == ["fake", "other"]
    assert histories(runs[:2], list("ab"), CLASSES) == []
