"""What `buddycheck mutants` found, as JSON, TAP 14 and text. Pure: a report in, text out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .detection import MEANING, Detection, NotGreen, Report, SuiteRun
from .summary import count_words, printable
from .tap import as_comments, one_line

LISTED = 5


@dataclass(frozen=True)
class Shown:
    """What is told besides the findings."""

    target: str
    seconds: float
    folder: str


def as_json(report: Report, shown: Shown) -> str:
    """Everything."""
    document = {
        "target": shown.target,
        "passed": report.passed,
        "complete": report.complete,
        "seconds": round(shown.seconds, 3),
        "faults": [_fault(each) for each in report.detections],
        "scenarios": report.scenarios,
        "without_fault": report.barren,
        "allowed": {id: report.allow[id] for id in report.idle if id in report.allow},
        "allow_unneeded": report.unneeded,
        "unfaulted": _unfaulted(report.unfaulted),
    }
    return json.dumps(document, indent=1) + "\n"


def _fault(found: Detection) -> dict[str, Any]:
    return {
        "id": found.fault.id, "does": found.fault.does, "detected": found.detected, "by": list(found.by),
        "at": found.by, "expected": found.fault.expected, "got": found.got, "violates": found.fault.violates,
        "detected_by": found.fault.detected_by, "wrong": [vars(each) for each in found.wrong],
        "abort": found.abort or None, "seconds": found.seconds,
    }


def _unfaulted(run: SuiteRun) -> dict[str, Any]:
    return {"green": run.green, **run.as_json()}


def as_tap(report: Report, shown: Shown) -> str:
    """One test point a fault, then one a scenario that turns none red; what else is wrong between them."""
    points = [*_fault_points(report), *_unfaulted_points(report), *_scenario_points(report)]
    text = f"TAP version 14\n1..{len(points)}\n"
    for number, (good, words, details) in enumerate(points, 1):
        text += f"{'ok' if good else 'not ok'} {number} - {words}\n"
        if details:
            text += "  ---\n" + "".join(f"  {key}: {json.dumps(value)}\n" for key, value in details.items()) + "  ...\n"
    return text + as_comments(_end(report, shown))


Point = tuple[bool, str, Mapping[str, object]]


def _fault_points(report: Report) -> Iterator[Point]:
    for each in report.detections:
        details = {
            "expected": each.fault.expected, "got": each.got, "meaning": _why(each), "violates": each.fault.violates,
            "by": each.by, "wrong": [_words(wrong) for wrong in each.wrong[:LISTED]],
        }
        yield each.detected, f"{each.fault.id}: {_escaped(each.fault.does)}", {} if each.detected else details


def _unfaulted_points(report: Report) -> Iterator[Point]:
    if not report.unfaulted.green:
        details = {"wrong": [_words(each) for each in report.unfaulted.not_green]}
        yield False, "without a fault everything is green", details


def _scenario_points(report: Report) -> Iterator[Point]:
    for id in report.idle:
        allowed = f" # TODO allowed: {_escaped(report.allow[id])}" if id in report.allow else ""
        yield False, f"{_escaped(id)}: turns no fault red{allowed}", {}
    for id in report.unneeded:
        details = {"faults": report.scenarios[id]}
        yield False, f"{_escaped(id)}: is in the allow list but turns faults red", details


def as_plain(report: Report, shown: Shown) -> str:
    """For people."""
    lines = [f"target {shown.target}, without a fault: {count_words(report.unfaulted.counts)}"]
    lines += [f"    {_words(each)}" for each in report.unfaulted.not_green]
    for each in report.detections:
        if each.detected:
            lines.append(f"detected  {each.fault.id}  {each.got}  {_listed(list(each.by))}")
    for each in report.missed:
        lines += ["", f"MISSED    {each.fault.id}  {each.fault.does}"]
        lines.append(f"    expected {each.fault.expected} on {', '.join(each.fault.violates)}; {_why(each)}")
        lines += [f"    {verdict} {id}" for id, verdict in list(each.by.items())[:LISTED]]
        lines += [f"    does not count: {_words(wrong)}" for wrong in each.wrong[:LISTED]]
    lines += ["", *_idle(report), *_end(report, shown)]
    return "".join(printable(line) + "\n" for line in lines)


def _idle(report: Report) -> Iterator[str]:
    if not report.complete:
        yield "which scenarios turn no fault red is not told: not all faults ran with all scenarios"
    for id in report.idle:
        yield f"turns no fault red: {id}" + (f" (allowed: {report.allow[id]})" if id in report.allow else "")
    for id in report.unneeded:
        yield f"in the allow list without need: {id} turns {', '.join(report.scenarios[id])} red"


def _end(report: Report, shown: Shown) -> list[str]:
    slowest = sorted(report.detections, key=lambda each: -each.seconds)[:3]
    return [
        "slowest: " + ", ".join(f"{each.fault.id} {each.seconds:.1f} s" for each in slowest),
        f"{shown.seconds:.1f} s; kept in {shown.folder}",
        last_line(report),
    ]


def last_line(report: Report) -> str:
    """One line for those who read no more."""
    detected = len(report.detections) - len(report.missed)
    words = [f"{detected} of {len(report.detections)} faults detected"]
    if not report.unfaulted.green:
        words.append("without a fault not all is green")
    if report.complete:
        words.append(f"{len(report.barren)} of {len(report.scenarios)} scenarios turn no fault red")
    if report.unneeded:
        words.append(f"{len(report.unneeded)} entries of the allow list are not needed")
    return ", ".join(words) + f": exit {0 if report.passed else 1}"


def _why(found: Detection) -> str:
    return MEANING[found.got] + (f" ({found.abort})" if found.abort else "")


def _words(each: NotGreen) -> str:
    violated = f" [{', '.join(each.violated)}]" if each.violated else ""
    return f"{each.verdict} {each.scenario}{violated}: {one_line(each.reason)}"


def _listed(ids: list[str]) -> str:
    return ", ".join(ids[:LISTED]) + (f" and {len(ids) - LISTED} more" if len(ids) > LISTED else "")


def _escaped(text: str) -> str:
    return one_line(text).replace("\\", "\\\\").replace("#", "\\#")


WRITERS: Mapping[str, Callable[[Report, Shown], str]] = {"json": as_json, "tap": as_tap, "plain": as_plain}
