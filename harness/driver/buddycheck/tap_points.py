"""TAP from run.json, for a run that no engine reported as a whole. As the engine writes it (harness/engine/report/tap.c)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import model, tap
from .results import FLAKY, XPASS, Outcome, Result

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
WORDS = {"WARN": "should: ", "XFAIL": "expected: "}
WITHOUT_MORE = ("PASS", "SKIP")


@dataclass(frozen=True)
class Point:
    """One test point."""

    id: str
    title: str
    verdict: str
    reason: str
    repetition: str = ""
    requirements: tuple[str, ...] = ()
    failure: str = ""


def render(run: Mapping[str, Any], version: int = 14) -> str:
    """The whole text."""
    outcome = model.outcome_of(run)
    points = [*_results(outcome), *_more(run, outcome)]
    made = [f"TAP version {version}\n1..{len(points)}\n", *(_text(number, point, outcome) for number, point in enumerate(points, 1))]
    if outcome.abort_step:
        made.append(f"Bail out! {_escaped(tap.one_line(f'{outcome.abort_step}: {outcome.abort_reason}'))}\n")
    return "".join(made)


def _results(outcome: Outcome) -> Iterator[Point]:
    for each in sorted(outcome.results, key=lambda each: (each.scenario, each.repeat)):
        repetition = f" ({each.repeat} of {outcome.repeat})" if outcome.repeat > 1 else ""
        yield Point(each.scenario, each.title, each.verdict, each.reason, repetition, tuple(_requirements(each)), each.failure or "")


def _requirements(result: Result) -> Iterator[str]:
    for check in result.checks:
        yield f"{check['id']}{'/' if check.get('part') else ''}{check.get('part') or ''} {check['verdict']}"


def _more(run: Mapping[str, Any], outcome: Outcome) -> Iterator[Point]:
    """What is about no single result."""
    titles = {each["id"]: each["title"] for each in run["scenarios"]}
    statements = {each["id"]: each["statement"] for each in run["requirements"]}
    for id, words in outcome.flaky().items():
        yield Point(id, titles.get(id, ""), FLAKY, words)
    for id, words in outcome.unexpected_passes().items():
        yield Point(id, statements.get(id, ""), XPASS, words)
    for words in outcome.mysteries():
        yield Point("run", "The target stays alive", "INCONCLUSIVE", words)


def _text(number: int, point: Point, outcome: Outcome) -> str:
    known = outcome.verdicts.get(point.verdict)
    ok = known.tap if known else "not ok"
    head = f"{ok} {number} - {_escaped(point.id)}{point.repetition}: {_escaped(point.title)}{_directive(point, outcome)}\n"
    if point.verdict in WITHOUT_MORE:
        return head
    requirements = ["  requirements:\n", *(f"    - {each}\n" for each in point.requirements)] if point.requirements else []
    return "".join([head, "  ---\n", f'  verdict: "{point.verdict}"\n', f'  reason: "{_quoted(point.reason)}"\n', *requirements, _block("failure", point.failure), "  ...\n"])


def _directive(point: Point, outcome: Outcome) -> str:
    known = outcome.verdicts.get(point.verdict)
    if not known or known.exit or (outcome.strict and point.verdict == "WARN"):
        return ""
    name = "TODO" if known.tap == "not ok" else "SKIP" if known.junit == "skipped" else ""
    return f" # {name} {WORDS.get(point.verdict, '')}{_escaped(point.reason)}" if name else ""


def _escaped(text: str) -> str:
    return CONTROL.sub(" ", re.sub(r"([\\#])", r"\\\1", text))


def _quoted(text: str) -> str:
    def code(found: re.Match[str]) -> str:
        return {"\u2028": "\\L", "\u2029": "\\P"}.get(found[0], f"\\x{ord(found[0]):02x}")

    return CONTROL.sub(code, re.sub(r'(["\\])', r"\\\1", text))


def _block(key: str, text: str) -> str:
    """A block of YAML; an empty one is none."""
    text = text.lstrip(" \t\n").removesuffix("\n")
    shown = [CONTROL.sub(lambda found: found[0] if found[0] == "\t" else "?", line) for line in text.split("\n")]
    return f"  {key}: |\n" + "".join(f"    {line}\n" for line in shown) if text else ""
