"""Expected failures of a target (TOML): read and checked. Every error names file, line, key and what was expected.

The driver checks the file and leaves out what has expired; the engine compares the rest with what a run came to.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .catalogue import Catalogue
from .errors import UsageProblem, hint
from .places import Places
from .toml_lines import read

TABLE = "expect"
KEYS = ("scenario", "requirement", "verdict", "reason", "expires", "link")
VERDICTS = ("FAIL", "WARN", "INCONCLUSIVE")
OFF = "none"
PLACEHOLDER = "to be explained"  # as `buddycheck expect --write` leaves it


@dataclass(frozen=True)
class Expectation:
    """One entry that is in force."""

    place: str  # file:line, as people read it
    reason: str
    scenario: str = ""
    requirement: str = ""
    part: str = ""
    verdict: str = ""  # empty: FAIL or WARN
    link: str = ""
    line: int = 0
    expires: datetime.date | None = None

    def for_plan(self) -> dict[str, str | None]:
        """As the engine's plan has it (harness/README.md)."""
        return {
            "scenario": self.scenario or None, "requirement": self.requirement or None, "part": self.part or None,
            "verdict": self.verdict or None, "reason": f"{self.reason} <{self.link}>" if self.link else self.reason,
            "place": self.place,
        }


@dataclass(frozen=True)
class Expectations:
    """A file's entries in force, and a line for each that has expired and counts as failing again."""

    file: str = ""
    entries: tuple[Expectation, ...] = ()
    expired: tuple[str, ...] = ()

    def notes(self, automatic: bool) -> tuple[str, ...]:
        """What a report says about them."""
        if not self.file:
            return ()
        how = f", used because it is there for this target; --expect {OFF} switches it off" if automatic else ""
        return (f"expected failures: {len(self.entries)} of {self.file}{how}", *self.unexplained(), *self.expired)

    def unexplained(self) -> tuple[str, ...]:
        """One line where entries still have no reason: such a file works, but nobody must take it for finished."""
        found = [each for each in self.entries if each.reason == PLACEHOLDER]
        if not found:
            return ()
        return (f"{found[0].place}: {len(found)} of {len(self.entries)} expected failures have no reason yet: replace \"{PLACEHOLDER}\"",)


def find(places: Places, option: str, target: str) -> Path | None:
    """The file that `--expect` means; without the option that of a shipped target, if it has one."""
    if option:
        return None if option == OFF else places.cwd / option
    shipped = places.expectations / f"{target}.toml"
    return shipped if target in places.targets() and shipped.is_file() else None


def load(path: Path, places: Places, known: Catalogue, today: datetime.date) -> Expectations:
    """Reads and checks the file; all its errors are raised together."""
    text, document = read(path, "the expected failures")
    reader = _Reader(places.shown(path), text, known, today)
    reader.read(document)
    if reader.errors:
        raise UsageProblem([message for _, message in sorted(reader.errors)])
    return Expectations(reader.file, tuple(reader.entries), tuple(reader.expired))


class _Reader:
    """Walks through the document and gathers entries and errors."""

    def __init__(self, file: str, text: str, known: Catalogue, today: datetime.date) -> None:
        self.file = file
        self.known = known
        self.today = today
        self.heads, self.keys = _lines(text)
        self.entries: list[Expectation] = []
        self.expired: list[str] = []
        self.errors: list[tuple[int, str]] = []
        self._seen: dict[tuple[str, str], int] = {}

    def read(self, document: Mapping[str, Any]) -> None:
        for key in document:
            if key != TABLE:
                self._error(1, f"{key}: is unknown; expected entries that begin with [[{TABLE}]]")
        entries = document.get(TABLE, [])
        if not isinstance(entries, list) or len(entries) != len(self.heads):
            self._error(1, f"expected entries that begin with [[{TABLE}]]")
            return
        for number, entry in enumerate(entries):
            self._entry(number, entry)

    def _error(self, line: int, message: str) -> None:
        self.errors.append((line, f"{self.file}:{line}: {message}"))

    def _line(self, number: int, key: str) -> int:
        return self.keys.get((number, key), self.heads[number])

    def _entry(self, number: int, entry: Mapping[str, Any]) -> None:
        before = len(self.errors)
        for key in entry:
            if key not in KEYS:
                self._error(self._line(number, key), f"{key}: is unknown{hint(key, KEYS) or '; expected one of: ' + ', '.join(KEYS)}")
        words = {key: self._word(number, entry, key) for key in KEYS if key != "expires"}
        expires = self._date(number, entry)
        requirement, _, part = words["requirement"].partition("/")
        if not {"scenario", "requirement"} & entry.keys():
            self._error(self.heads[number], "expected a scenario, a requirement, or both")
        self._check_names(number, words["scenario"], requirement, part)
        if words["verdict"] and words["verdict"] not in VERDICTS:
            self._error(self._line(number, "verdict"), f"verdict: expected one of: {', '.join(VERDICTS)}")
        if "reason" not in entry:
            self._error(self.heads[number], "reason: is missing; expected why this is known to fail")
        if len(self.errors) > before:
            return
        place = f"{self.file}:{self.heads[number]}"
        self._check_once(number, (words["scenario"], words["requirement"]))
        if expires and expires < self.today:
            what = " of ".join(each for each in (words["requirement"], words["scenario"]) if each)
            self.expired.append(f"{place}: expired on {expires}, counts as failing again: {what} ({words['reason']})")
            return
        self.entries.append(Expectation(
            place, words["reason"], words["scenario"], requirement, part, words["verdict"], words["link"],
            self.heads[number], expires,
        ))

    def _word(self, number: int, entry: Mapping[str, Any], key: str) -> str:
        value = entry.get(key, "")
        if key in entry and (not isinstance(value, str) or not value.strip()):
            self._error(self._line(number, key), f"{key}: expected a string that is not empty")
            return ""
        return " ".join(value.split())

    def _date(self, number: int, entry: Mapping[str, Any]) -> datetime.date | None:
        value = entry.get("expires")
        if value is not None and type(value) is not datetime.date:
            self._error(self._line(number, "expires"), "expires: expected a date without quotes, as in 2027-06-30")
            return None
        return value

    def _check_names(self, number: int, scenario: str, requirement: str, part: str) -> None:
        if scenario and scenario not in self.known.scenarios:
            self._error(self._line(number, "scenario"), f"scenario: unknown '{scenario}'{hint(scenario, self.known.scenarios)}")
        if requirement and requirement not in self.known.requirements:
            near = hint(requirement, self.known.requirements)
            self._error(self._line(number, "requirement"), f"requirement: unknown '{requirement}'{near}")
        elif part and part not in (parts := self.known.requirements[requirement].parts):
            expected = f"expected one of: {', '.join(parts)}" if parts else "it has none"
            self._error(self._line(number, "requirement"), f"requirement: {requirement} has no part '{part}'; {expected}")

    def _check_once(self, number: int, what: tuple[str, str]) -> None:
        line = self.heads[number]
        if (first := self._seen.setdefault(what, line)) != line:
            self._error(line, f"stands twice, first in line {first}")


def _lines(text: str) -> tuple[list[int], dict[tuple[int, str], int]]:
    """The lines of the entries' heads, and of their keys."""
    heads: list[int] = []
    keys: dict[tuple[int, str], int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.startswith(f"[[{TABLE}]]"):
            heads.append(number)
        elif "=" in bare and not bare.startswith("#") and heads:
            keys.setdefault((len(heads) - 1, bare.partition("=")[0].strip().strip("\"'")), number)
    return heads, keys
