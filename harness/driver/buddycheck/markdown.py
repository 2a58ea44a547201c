"""The summary as Markdown, for the step summaries of CI systems."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from . import compare_text, model, summary
from .catalogue import STRICTNESSES
from .results import Outcome, Result

MARKS = {"PASS": "✅", "FAIL": "❌", "WARN": "⚠️", "XPASS": "❌", "FLAKY": "❌", "ERROR": "❗", "INCONCLUSIVE": "❓", "SKIP": "⏭️", "UNREACHABLE": "⏭️"}
TEXTS = 20  # failures whose whole text is shown
LONGEST = 3000
SPECIAL = re.compile(r"([\\`*_\[\]#|<>&~])")


def render(run: Mapping[str, Any]) -> str:
    """The whole text."""
    outcome = model.outcome_of(run)
    lines = [f"## buddycheck: {plain(run['target']['name'])} {_mark(outcome)}", "", plain(summary.last_line(outcome)) + ".", ""]
    lines += table(("", ""), _facts(run))
    lines += [f"> {plain(each)}\n" for each in summary.of_target(outcome)]
    if outcome.abort_step or outcome.stopped_by:
        why = f"{outcome.abort_step}: {outcome.abort_reason}" if outcome.abort_step else "it was interrupted"
        lines += [f"**The run could not go on:** {plain(why)}", ""]
    if "baseline" in run:
        lines += compare_text.markdown(run["baseline"])
    lines += _failures(list(outcome.failures()))
    lines += [f"- **{name}** {plain(id)}: {plain(words)}" for name, found in (
        ("FLAKY", outcome.flaky()), ("XPASS", outcome.unexpected_passes())) for id, words in found.items()]
    lines += _remarks(outcome)
    lines += ["### Requirements", "", *table(("strictness", "holds", "fails", "warns", "other", "not judged"), _requirements(run))]
    return "\n".join(lines).rstrip() + "\n"


def plain(text: str) -> str:
    """Text in one line that Markdown shows as it is."""
    return SPECIAL.sub(r"\\\1", " ".join(summary.printable(text).split()))


def _mark(outcome: Outcome) -> str:
    return "✅" if outcome.exit_status() == 0 else "❌"


def _facts(run: Mapping[str, Any]) -> list[Sequence[str]]:
    said = run["target"]["software"]
    software = " ".join(said.values()) if said else run["target"]["product"] or "not said"
    harness = run["harness"]
    commit = f", commit {harness['commit'][:12]}{' (modified)' if harness['modified'] else ''}" if harness["commit"] else ""
    return [("server", software), ("harness", harness["version"] + commit), ("seed", str(run["seed"])),
            ("time", f"{run['started']}, {run['seconds']:.1f} s")]


def _failures(failures: Sequence[Result]) -> list[str]:
    if not failures:
        return []
    lines = ["### Failures", ""]
    for number, result in enumerate(failures):
        name, why = (html.escape(" ".join(summary.printable(each).split())) for each in (result.scenario, result.reason or result.title))
        lines.append(f"<details{' open' if number == 0 else ''}><summary>{MARKS.get(result.verdict, '❗')} {html.escape(result.verdict)} "
                     f"<b>{name}</b>: {why}</summary>")
        if result.failure and number < TEXTS:
            lines += ["", *_block(result.failure)]
        lines += ["", "</details>"]
    return [*lines, ""]


def _block(text: str) -> list[str]:
    """A code block whose fence the text cannot close."""
    cut = text if len(text) <= LONGEST else text[:LONGEST] + f"\n... ({len(text)} characters)"
    longest = max((len(each) for each in re.findall("`+", cut)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence + "text", *(summary.printable(line) for line in cut.splitlines()), fence]


def _remarks(outcome: Outcome) -> list[str]:
    failed = {id(each) for each in outcome.failures()}
    rest = [each for each in outcome.results if each.verdict != "PASS" and id(each) not in failed]
    if not rest:
        return []
    lines = [f"- {MARKS.get(each.verdict, '')} {plain(each.verdict)} `{each.scenario}`: {plain(each.reason)}" for each in rest]
    return [f"<details><summary>{len(rest)} more that are no plain PASS</summary>", "", *lines, "", "</details>", ""]


def _requirements(run: Mapping[str, Any]) -> list[Sequence[str]]:
    rows = []
    for strictness in STRICTNESSES:
        found = Counter(each["verdict"] or "-" for each in run["requirements"] if each["strictness"].rpartition("?")[2].split(":")[0] == strictness)
        named = ("PASS", "FAIL", "WARN", "-")
        other = found.total() - sum(found[name] for name in named)
        rows.append((strictness, *(str(number) for number in (found["PASS"], found["FAIL"], found["WARN"], other, found["-"]))))
    return rows


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table; its cells show their text as it is."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return [*lines, *("| " + " | ".join(map(plain, row)) + " |" for row in rows), ""]
