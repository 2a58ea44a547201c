"""Whether a fault was detected: a function of its row in the table and of what the suite came to. No I/O.

Red alone proves nothing: a run that could not judge, a crash that no scenario can be blamed for and a requirement that the fault
has nothing to do with do not count. What counts is a violated requirement that the row declares, or a red scenario that the row names.

The other way round it is stricter: a fault proves something of a scenario only where it violates what the scenario itself decides.
That it breaks what the play relies on, or a rule that holds on every stanza, says nothing of the scenario's own checks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .faults import Fault
from .results import Outcome, Result

GREEN = ("PASS", "SKIP", "INFO")
RED = ("FAIL", "WARN")  # the worse one first

# What a fault came to. The first two are detection where they are what the row expects.
FAIL, WARN, TOO_STRICT, TOO_LENIENT, UNRELATED, UNJUDGED, ABORTED, NOTHING = (
    "fail", "warn", "too strict", "too lenient", "unrelated", "unjudged", "aborted", "nothing",
)
MEANING = {
    FAIL: "a hard requirement is violated",
    WARN: "a requirement of strictness WARN is violated",
    TOO_STRICT: "expected a warning only, but something fails",
    TOO_LENIENT: "expected a failure, but there is only a warning",
    UNRELATED: "only scenarios turned red that have nothing to do with it",
    UNJUDGED: "nothing is red, but not everything could be judged",
    ABORTED: "the run could not go on, which detects nothing",
    NOTHING: "nothing turned red",
}


@dataclass(frozen=True)
class NotGreen:
    """A scenario that is not green. `violated`: the worst verdict on each requirement that it found violated."""

    scenario: str
    verdict: str
    reason: str = ""
    violated: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, result: Result) -> NotGreen:
        """What matters of a result."""
        violated: dict[str, str] = {}
        for check in result.checks:
            if check.get("verdict") in RED:
                violated[check["id"]] = "FAIL" if "FAIL" in (violated.get(check["id"]), check["verdict"]) else "WARN"
        return cls(result.scenario, result.verdict, result.reason, violated)


@dataclass(frozen=True)
class SuiteRun:
    """What one run of the suite came to."""

    counts: Mapping[str, int]
    not_green: tuple[NotGreen, ...]
    abort: str = ""  # why it could not go on
    seconds: float = 0.0
    skipped: tuple[str, ...] = ()  # scenarios that this target lacks something for

    @classmethod
    def of(cls, outcome: Outcome, seconds: float) -> SuiteRun:
        """What matters of an outcome."""
        abort = f"{outcome.abort_step}: {outcome.abort_reason}" if outcome.abort_step else ""
        if not abort and (missing := outcome.not_run()):
            abort = f"{len(missing)} scenarios were not run"
        if not abort and (mysteries := outcome.mysteries()):
            abort = mysteries[0]
        red = [NotGreen.of(result) for result in outcome.results if result.verdict not in GREEN]
        skipped = tuple(sorted(result.scenario for result in outcome.results if result.verdict == "SKIP"))
        return cls(outcome.counts(), tuple(sorted(red, key=lambda each: each.scenario)), abort, seconds, skipped)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> SuiteRun:
        """The run that `as_json` wrote."""
        red = tuple(NotGreen(**each) for each in document["not_green"])
        return cls(document["counts"], red, document["abort"], document["seconds"], tuple(document["skipped"]))

    def as_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {**vars(self), "not_green": [vars(each) for each in self.not_green]}

    @property
    def green(self) -> bool:
        """Whether everything was judged and nothing is worse than PASS, SKIP or INFO."""
        return not self.abort and not self.not_green


@dataclass(frozen=True)
class Detection:
    """What a fault came to. `by`: the scenarios that noticed this very fault, and their verdict on it."""

    fault: Fault
    got: str
    by: Mapping[str, str]
    wrong: tuple[NotGreen, ...]  # what is not green and does not count
    abort: str = ""
    seconds: float = 0.0
    proves: tuple[str, ...] = ()  # of `by`, the scenarios whose own requirements it violates

    @property
    def detected(self) -> bool:
        """Whether it was noticed by the right thing at the right strictness."""
        return self.got == self.fault.expected


def judge(fault: Fault, run: SuiteRun, decides: Mapping[str, Collection[str]]) -> Detection:
    """Judges one fault; `decides`: the requirements that each scenario decides itself."""
    found = {} if run.abort else {each.scenario: verdict for each in run.not_green if (verdict := noticed(fault, each))}
    wrong = tuple(each for each in run.not_green if each.scenario not in found)
    proves = tuple(each.scenario for each in run.not_green if each.scenario in found and _by_its_own(fault, each, decides))
    return Detection(fault, _got(fault, run, found.values()), found, wrong, run.abort, run.seconds, proves)


def _by_its_own(fault: Fault, scenario: NotGreen, decides: Mapping[str, Collection[str]]) -> bool:
    own = set(scenario.violated) & set(decides.get(scenario.scenario, ()))
    return bool(own & set(fault.violates)) or bool(own) and scenario.scenario in fault.detected_by


def noticed(fault: Fault, scenario: NotGreen) -> str:
    """The verdict at which a scenario notices this very fault; empty where it does not."""
    if scenario.verdict not in RED:
        return ""
    declared = [verdict for id, verdict in scenario.violated.items() if id in fault.violates]
    if declared:
        return "FAIL" if "FAIL" in declared else "WARN"
    return scenario.verdict if scenario.scenario in fault.detected_by else ""


def _got(fault: Fault, run: SuiteRun, found: Collection[str]) -> str:
    if run.abort:
        return ABORTED
    red = {each.verdict for each in run.not_green}
    if fault.expected == WARN and "FAIL" in red:
        return TOO_STRICT
    if found:
        worst = FAIL if "FAIL" in found else WARN
        return TOO_LENIENT if worst == WARN and fault.expected == FAIL else worst
    if red:
        return UNRELATED if red & set(RED) else UNJUDGED
    return NOTHING


@dataclass(frozen=True)
class Report:
    """What the suite is worth: every fault, and every scenario by the faults that turn it red."""

    unfaulted: SuiteRun
    detections: tuple[Detection, ...]
    scenarios: Mapping[str, tuple[str, ...]]
    complete: bool  # all faults with all scenarios: only then a scenario without fault says something
    allow: Mapping[str, str] = field(default_factory=dict)

    @property
    def missed(self) -> list[Detection]:
        """The faults that were not detected."""
        return [each for each in self.detections if not each.detected]

    @property
    def idle(self) -> list[str]:
        """The scenarios that turn no fault red, of those that can be played on this target."""
        skipped = self.unfaulted.skipped
        return [id for id, faults in self.scenarios.items() if not faults and id not in skipped] if self.complete else []

    @property
    def barren(self) -> list[str]:
        """Those of them that are not allowed to."""
        return [id for id in self.idle if id not in self.allow]

    @property
    def unneeded(self) -> list[str]:
        """The entries of the allow list whose scenario does turn a fault red."""
        return [id for id in self.allow if self.scenarios.get(id)]

    @property
    def passed(self) -> bool:
        """Whether the suite detects what it should, and nothing else."""
        return self.unfaulted.green and not (self.missed or self.barren or self.unneeded)


def report(
    unfaulted: SuiteRun, detections: Iterable[Detection], scenarios: Iterable[str], complete: bool, allow: Mapping[str, str],
) -> Report:
    """Turns detections round: which faults turn a scenario red."""
    every = tuple(detections)
    by_scenario = {id: tuple(each.fault.id for each in every if id in each.proves) for id in scenarios}
    return Report(unfaulted, every, by_scenario, complete, allow)
