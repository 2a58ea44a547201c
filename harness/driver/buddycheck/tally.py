"""Which expectations a kept run meets: the engine's rules (harness/engine/report/expect.c), for runs that are over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Entry = Mapping[str, Any]  # scenario, requirement, part and verdict, each a string, or None or empty: any
FINISHED = ("PASS", "INFO", "SKIP", "UNREACHABLE")  # of a scenario: what was not reached in it stands in a branch that was rightly not played
BETTER = ("PASS", "INFO", "XPASS")


@dataclass
class Tally:
    """How many findings fail as expected, were decided otherwise, were not reached, are worse than expected."""

    met: int = 0
    better: int = 0
    open: int = 0
    worse: int = 0

    @property
    def holds(self) -> bool:
        """What was expected to fail does not."""
        return bool(self.better and not self.met and not self.open and not self.worse)


def meets(entry: Entry, verdict: str) -> bool:
    """Whether that is what the entry expects."""
    return verdict == "XFAIL" or (verdict == entry["verdict"] if entry["verdict"] else verdict in ("FAIL", "WARN"))


def is_about(entry: Entry, check: Mapping[str, Any]) -> bool:
    """Whether a check decides what the entry is about."""
    return bool(entry["requirement"] == check["id"] and (not entry["part"] or entry["part"] == check.get("part")))


def _better(entry: Entry, verdict: str) -> bool:
    return verdict in BETTER or (verdict == "WARN" and entry["verdict"] == "FAIL")


def tally(entry: Entry, results: Iterable[Mapping[str, Any]]) -> Tally:
    """Counts, over the results of the scenarios that the entry is about."""
    found = Tally()
    for result in results:
        if not entry["requirement"]:
            found.met += meets(entry, result["verdict"])
            found.better += _better(entry, result["verdict"])
            found.open += result["verdict"] in ("INCONCLUSIVE", "ERROR")
            continue
        for check in filter(lambda check: is_about(entry, check), result["checks"]):
            verdict = check["verdict"]
            found.met += meets(entry, verdict)
            found.better += _better(entry, verdict)
            found.open += verdict == "UNDECIDED" and result["verdict"] not in FINISHED
            found.worse += verdict == "FAIL" and not meets(entry, verdict)
    return found


def is_stale(entry: Entry, run: Mapping[str, Any]) -> bool:
    """Whether the run shows that what the entry expects to fail holds: of a scenario in it, of a requirement wherever it is decided."""
    scenarios = {each["id"]: each["results"] for each in run["scenarios"] if each["results"]}
    if entry["scenario"]:
        return entry["scenario"] in scenarios and tally(entry, scenarios[entry["scenario"]]).holds
    deciding = next((each["scenarios"] for each in run["requirements"] if each["id"] == entry["requirement"]), [])
    everything = (result for results in scenarios.values() for result in results)
    return set(deciding) <= scenarios.keys() and tally(entry, everything).holds
