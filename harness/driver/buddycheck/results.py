"""The model of a run's outcome, filled from the engine's events. Every report is made from this and from nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .catalogue import Verdict
from .errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_UNJUDGED, EXIT_USAGE

# How a verdict counts where the engine's table does not name it: never as success.
FLAKY = "FLAKY"
XPASS = "XPASS"
UNKNOWN_VERDICT = Verdict(name="?", tap="not ok", junit="error", exit=EXIT_UNJUDGED, rank=99)
MEANING = {
    EXIT_OK: "nothing failed",
    EXIT_FAILED: "some requirement failed or something passed unexpectedly",
    EXIT_USAGE: "wrong use",
    EXIT_UNJUDGED: "the run could not judge everything",
    EXIT_INTERRUPTED: "interrupted",
}


@dataclass(frozen=True)
class Result:
    """The final verdict on one scenario in one repetition."""

    scenario: str
    repeat: int
    verdict: str
    ms: float
    title: str = ""
    file: str = ""
    reason: str = ""
    checks: tuple[Mapping[str, Any], ...] = ()
    failure: str | None = None
    journal: tuple[int, ...] = ()
    waited: Mapping[str, Any] | None = None  # what it waited for longest
    trouble: Mapping[str, Any] | None = None  # why something could not be decided
    unexpected: tuple[Mapping[str, Any], ...] | None = None  # what came unasked and violates nothing; None: a run of before this was kept

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> Result:
        """The result that an engine's `result` event tells; fields that we do not know are left aside."""
        known = {key: event[key] for key in cls.__dataclass_fields__ if event.get(key) is not None}
        return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in known.items()})

    def requirements(self) -> list[str]:
        """The ids of the requirements that its checks decide, each once."""
        return list(dict.fromkeys(str(check["id"]) for check in self.checks if check.get("id")))


@dataclass
class Outcome:
    """Everything a run came to."""

    target: str
    selected: tuple[str, ...]
    verdicts: Mapping[str, Verdict]
    strict: bool = False
    repeat: int = 1
    seed: int = 0
    left_out_slow: tuple[str, ...] = ()
    level: str = "all"
    conformance: str = "dependents"
    expected: str = ""  # the file of expected failures
    notes: tuple[str, ...] = ()  # what a reader must know to read the verdicts
    results: list[Result] = field(default_factory=list)
    provisional: dict[tuple[str, int], str] = field(default_factory=dict)  # begun, without a final result
    abort_step: str = ""
    abort_reason: str = ""
    end: Mapping[str, Any] | None = None
    ready_ms: float = 0.0
    target_cpu_seconds: float = 0.0
    stopped_by: int = 0  # the signal that interrupted the run

    def began(self, scenario: str, repeat: int) -> None:
        """A scenario is being played."""
        self.provisional[scenario, repeat] = ""

    def judged(self, scenario: str, repeat: int, verdict: str) -> None:
        """A play is over."""
        self.provisional[scenario, repeat] = verdict

    def add(self, result: Result) -> None:
        """A final verdict."""
        self.provisional.pop((result.scenario, result.repeat), None)
        self.results.append(result)

    def abort(self, step: str, reason: str) -> None:
        """The run could not go on; the first reason is the one that counts."""
        if not self.abort_step:
            self.abort_step, self.abort_reason = step, reason

    def meaning_of(self, result: Result) -> Verdict:
        """What a result's verdict means; with --strict a WARN counts as FAIL."""
        name = "FAIL" if self.strict and result.verdict == "WARN" else result.verdict
        return self.verdicts.get(name, UNKNOWN_VERDICT)

    def flaky(self) -> dict[str, str]:
        """The scenarios whose repetitions differ, with their verdicts in words. What was cut short differs without being flaky."""
        if self.repeat == 1 or self.abort_step or self.stopped_by:
            return {}
        found: dict[str, Counter[str]] = {}
        for result in self.results:
            found.setdefault(result.scenario, Counter())[result.verdict] += 1
        return {id: self._in_words(each) for id, each in found.items() if len(each) > 1}

    def _in_words(self, verdicts: Counter[str]) -> str:
        parts = [f"{number} {name}" for name, number in self._worst_first(verdicts).items()]
        return f"{', '.join(parts)} in {verdicts.total()} repetitions"

    def _worst_first(self, verdicts: Counter[str]) -> dict[str, int]:
        return dict(sorted(verdicts.items(), key=lambda each: -self.verdicts.get(each[0], UNKNOWN_VERDICT).rank))

    def cost(self) -> dict[str, float]:
        """What the run took; without the driver's own part."""
        end = self.end or {}
        taken = {key: end.get(key, 0) for key in ("seconds", "quiet_seconds")}
        return taken | {
            "ready_seconds": self.ready_ms / 1000, "engine_cpu_seconds": end.get("cpu_seconds", 0),
            "target_cpu_seconds": self.target_cpu_seconds, "engine_memory_kb": end.get("memory_kb", 0),
        }

    def counts(self) -> dict[str, int]:
        """How often each verdict was given, the worst first; FLAKY once a scenario, besides those of its repetitions."""
        found = Counter(result.verdict for result in self.results)
        for name, more in ((FLAKY, self.flaky()), (XPASS, self.unexpected_passes())):
            if more:
                found[name] += len(more)
        if mysteries := len(self.mysteries()):
            found["INCONCLUSIVE"] += mysteries
        return self._worst_first(found)

    def unexpected_passes(self) -> dict[str, str]:
        """The requirements that were expected to fail and fail nowhere, with the reason in words."""
        found = self.end.get("unexpected_passes", []) if self.end else []
        return {str(each["requirement"]): str(each["reason"]) for each in found}

    def lost(self) -> list[Mapping[str, Any]]:
        """How often the target ended or fell silent, what was under way then, and who is to blame."""
        return list(self.end.get("lost", [])) if self.end else []

    def too_hasty(self) -> Mapping[str, Any]:
        """What became of a quiet window that was too short for the target; empty: it was long enough."""
        return (self.end or {}).get("hasty") or {}

    def one_session(self) -> bool:
        """Whether the target allows one session of a command for each requester."""
        return bool((self.end or {}).get("one_session"))

    def mysteries(self) -> list[str]:
        """One line for each time that no scenario can be blamed."""
        return [
            f"{each['reason']}, and no scenario can be blamed; under way: {', '.join(each['under_way']) or 'none'}"
            for each in self.lost() if not each["blamed"]
        ]

    def failures(self) -> Iterator[Result]:
        """The results that make the exit status something else than 0, failures before what could not be judged."""
        bad = [result for result in self.results if self.meaning_of(result).exit != EXIT_OK]
        return iter(sorted(bad, key=lambda result: self.meaning_of(result).exit))

    def not_run(self) -> list[str]:
        """The selected scenarios that have no result at all."""
        judged = {result.scenario for result in self.results}
        return [id for id in self.selected if id not in judged]

    def exit_status(self) -> int:
        """The exit status of the command (design.md section 5)."""
        if self.stopped_by:
            return 128 + self.stopped_by
        if self.abort_step:
            return EXIT_USAGE if self.abort_step == "bind" else EXIT_UNJUDGED
        if self.end is None or self.not_run():
            return EXIT_UNJUDGED
        flaky = self.flaky()
        exits = [self.meaning_of(result).exit for result in self.results if result.scenario not in flaky]
        exits += [self.verdicts.get(FLAKY, UNKNOWN_VERDICT).exit for _ in flaky]
        exits += [self.verdicts.get(XPASS, UNKNOWN_VERDICT).exit for _ in self.unexpected_passes()]
        exits += [EXIT_UNJUDGED for _ in self.mysteries()]
        exits.append(int(self.end["exit"]) if exits else EXIT_UNJUDGED)
        # What failed for sure weighs more than what is open: a red run must not look like one that could not judge.
        return EXIT_FAILED if EXIT_FAILED in exits else max(exits)
