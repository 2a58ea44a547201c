"""Annotations: lines on standard output by which a CI system points at what failed, in the scenario's own file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from . import model
from .places import Places
from .results import FLAKY, XPASS, Outcome, Result

LEVELS = {"failure": "error", "error": "error", "pass": "warning", "skipped": "notice"}
QUIET = ("PASS", "INFO", "SKIP", "UNREACHABLE", "XFAIL")
SECTION = "buddycheck_failures"


def lines(run: Mapping[str, Any], system: str, places: Places) -> list[str]:
    """What to print; nothing where nothing is worth pointing at."""
    outcome = model.outcome_of(run)
    found = list(_found(outcome, places))
    if system == "github":
        return [_github(*each) for each in found]
    return _gitlab(found, run)


def _found(outcome: Outcome, places: Places) -> Iterator[tuple[str, str, int, str, str]]:
    """Level, file, line, title and text of everything that is no plain pass, what fails the run first."""
    bad = list(outcome.failures())
    failed = {id(each) for each in bad}
    rest = [each for each in outcome.results if id(each) not in failed and each.verdict not in QUIET]
    for result in bad + rest:
        level = LEVELS.get(outcome.meaning_of(result).junit, "error")
        title = f"{result.verdict} {result.scenario}: {result.reason or result.title}"
        yield level, _file(result, places), _line(result), title, result.failure or title
    for verdict, found in ((FLAKY, outcome.flaky()), (XPASS, outcome.unexpected_passes())):
        for name, words in found.items():
            yield "error", "", 0, f"{verdict} {name}", words
    if outcome.abort_step or outcome.stopped_by:
        why = f"{outcome.abort_step}: {outcome.abort_reason}" if outcome.abort_step else "it was interrupted"
        yield "error", "", 0, "the run could not go on", why


def _file(result: Result, places: Places) -> str:
    return places.shown(places.scenarios / result.file) if result.file else ""


def _line(result: Result) -> int:
    bad = [check for check in result.checks if check.get("verdict") == result.verdict]
    return int(bad[0].get("line", 0)) if bad else 0


def _github(level: str, file: str, line: int, title: str, text: str) -> str:
    """A workflow command; `%`, line ends and, in properties, `:` and `,` are escaped."""
    where = {"file": file, "line": str(line) if line else "", "title": " ".join(title.split())}
    properties = ",".join(f"{key}={_escaped(value, True)}" for key, value in where.items() if value)
    return f"::{level} {properties}::{_escaped(_plain(text), False)}"


def _escaped(text: str, property: bool) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.replace(":", "%3A").replace(",", "%2C") if property else escaped


def _gitlab(found: list[tuple[str, str, int, str, str]], run: Mapping[str, Any]) -> list[str]:
    """GitLab has no annotation commands in a log: a section that can be folded, one failure a line and its text below."""
    if not found:
        return []
    when = sum(ord(char) for char in run["started"])  # only to be the same at both ends; GitLab wants a number
    head = f"\x1b[0Ksection_start:{when}:{SECTION}\r\x1b[0Kbuddycheck: {len(found)} findings"
    body = []
    for level, file, line, title, text in found:
        place = f"{file}:{line}: " if file else ""
        body.append(f"{level.upper()}: {place}{_plain(' '.join(title.split()))}")
        body += [f"    {each}" for each in _plain(text).splitlines()]
    return [head, *body, f"\x1b[0Ksection_end:{when}:{SECTION}\r\x1b[0K"]


def _plain(text: str) -> str:
    """Without what could steer a terminal or a log viewer."""
    return re.sub(r"[^\n\t\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd]", lambda found: f"\\x{ord(found[0]):02x}", text)
