"""What a finding shows, in fields. A run.json of before it had these tells it in texts only: there it is read out of them, for pages.

Harness/README.md says which kinds of evidence there are and which fields each has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Check = Mapping[str, Any]
UNDECIDED = ("PASS", "UNDECIDED")
LINE = re.compile(r"line (\d+) of the journal: ([^\n]*)")
MISSED = re.compile(r"expected: (.*?)\n(?:closest, line|([^\n]+?) received nothing)", re.DOTALL)
DIFFERENCE = re.compile(r"first difference at (\S+) \(([^)]*)\): expected '(.*)', got '(.*?)'(?:\n|$)", re.DOTALL)
CONDITION = re.compile(r"does not hold: (.*)\non line \d+ of the journal: ", re.DOTALL)
VALUE = re.compile(r"\$\{([^}]+)\} is '([^']*)'")
ANSWER = re.compile(r"([^\n]*?)(?: \(([^)\s]+)\))?(?:, (\d+) lines? about others left out)?; the answer of hook (\S+) was:\n(.*)", re.DOTALL)
STANZA = {"forbidden, but it came": "forbidden", "came too early": "order", "line ": "rule"}
CHECK = re.compile(r"\t+(?:relies on )?[A-Z]{2,3}-[A-Z0-9-]+(?:/\S+)? ")
UNMET = re.compile(r"'([^'\n]+)' was not met")


def lines(result: Mapping[str, Any]) -> set[int]:
    """The lines of the journal that a result speaks of."""
    return set(_lines(result))


def _lines(result: Mapping[str, Any]) -> Iterator[int]:
    trouble = result.get("trouble") or {}
    shown = [of(check) for check in result["checks"]] + [trouble.get("evidence"), *(result.get("unexpected") or ())]
    for each in filter(None, shown):
        for part in (each, *each.get("refusals", ())):
            if part.get("line"):
                yield int(part["line"])


def of(check: Check) -> Mapping[str, Any] | None:
    """What the check shows; None where it holds."""
    if "evidence" in check or not check.get("detail"):
        return check.get("evidence")
    return _read(str(check["detail"]))


def _read(detail: str) -> dict[str, Any]:
    seen = LINE.search(detail)
    stanza = {"line": int(seen[1]), "stanza": seen[2]} if seen else {}
    if found := MISSED.match(detail):
        return {"kind": "missed", "actor": found[2] or "", "expected": found[1], **_difference(detail, stanza)}
    if found := CONDITION.match(detail):
        condition, _, where = found[1].partition("\nwhere ")
        return {"kind": "condition", "condition": condition, "values": dict(VALUE.findall(where)), **stanza}
    if found := ANSWER.match(detail):
        named = {"address": found[2]} if found[2] else {}
        return {"kind": "answer", "step": found[1], "others": int(found[3] or 0), "hook": found[4], "answer": found[5], **named}
    for start, kind in STANZA.items():
        if seen and detail.startswith(start):
            return {"kind": kind, **stanza}
    return {"kind": "text", "said": detail}


def _difference(detail: str, stanza: Mapping[str, Any]) -> dict[str, Any]:
    first = DIFFERENCE.search(detail)
    if not first:
        return {}
    where, mode, expected, got = first.groups()
    return {**stanza, "difference": {"where": where, "mode": mode, "expected": expected, "got": None if got == "nothing" else got}}


# --- where the play shows a check ---


def steps(result: Mapping[str, Any], play: str) -> tuple[list[tuple[int, int]], int]:
    """For each check its own line in the play and that of its step, where the check does not hold; and the line of the step at which the play
    could not go on. Lines count from 1; 0: nowhere."""
    shown = play.split("\n")
    trouble = result.get("trouble") or {}
    stopped = trouble.get("at", {}).get("play_line", 0) if "trouble" in result else _unmet(result, shown)
    numbered = [number for number, line in enumerate(shown, 1) if CHECK.match(line)]
    return [_places(check, shown, numbered) for check in result["checks"]], stopped


def _places(check: Check, shown: Sequence[str], numbered: Sequence[int]) -> tuple[int, int]:
    bad = check["verdict"] not in UNDECIDED
    if "play_line" in check or "evidence" in check:
        return check.get("play_line", 0), check.get("at", {}).get("play_line", 0) if bad else 0
    own = _line_of(check, shown, numbered)
    return own, _step_of(own, shown) if own and bad else 0


def _line_of(check: Check, shown: Sequence[str], numbered: Sequence[int]) -> int:
    """By its number; where a step is played for each peer of a group, numbers run ahead of the lines: then by what it says."""
    number, says = check.get("number", 0), f"{check['id']}"
    if not number:
        return 0
    if number <= len(numbered) and says in shown[numbered[number - 1] - 1]:
        return numbered[number - 1]
    return next((line for line in numbered if says in shown[line - 1] and str(check.get("text")) in shown[line - 1]), 0)


def _step_of(line: int, shown: Sequence[str]) -> int:
    """The step that a check stands below."""
    def depth(text: str) -> int:
        return len(text) - len(text.lstrip("\t"))

    own = depth(shown[line - 1])
    above = range(line - 1, 0, -1)
    return next((each for each in above if depth(shown[each - 1]) < own), 0)


def _unmet(result: Mapping[str, Any], shown: Sequence[str]) -> int:
    found = UNMET.search(str(result.get("reason") or ""))
    at = [number for number, line in enumerate(shown, 1) if found and line.strip() == found[1]]
    return at[0] if len(at) == 1 else 0
