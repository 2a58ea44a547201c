"""The table of faults (fixtures/faults.toml): read, checked, chosen from. Every error names file, line, key and what was expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from .catalogue import Catalogue
from .errors import UsageProblem, hint
from .toml_lines import KeyLines, read

NAME = "faults.toml"
ALLOW = "allow"
EXPECTED = ("fail", "warn")


@dataclass(frozen=True)
class Fault:
    """One row."""

    id: str
    does: str
    violates: tuple[str, ...]  # requirements
    expected: str  # the strictness at which it must be noticed
    detected_by: tuple[str, ...]  # scenarios, not all of which need to be written yet
    target: str = ""  # the only target on which it can be noticed; empty: any that has the switch


@dataclass(frozen=True)
class Table:
    """All faults in the table's order, and the scenarios that may turn none of them red, with reasons."""

    path: Path
    faults: Mapping[str, Fault]
    allow: Mapping[str, str]


def load(path: Path, known: Catalogue) -> Table:
    """Reads and checks the table; all its errors are raised together."""
    text, document = read(path, "the table of faults")
    reader = _Reader(path, text, known)
    allow = reader.allow(document.pop(ALLOW, {}))
    faults = {id: reader.fault(id, row) for id, row in document.items()}
    if not faults:
        reader.error((), "expected at least one fault: a table [ID]")
    if reader.errors:
        raise UsageProblem([message for _, message in sorted(reader.errors)])
    return Table(path, faults, allow)


def choose(table: Table, words: Sequence[str], target: str) -> tuple[Fault, ...]:
    """The faults that ids and globs mean, in the table's order; all of them without any. Only those for that target."""
    chosen: set[str] = set()
    for word in words:
        found = {id for id in table.faults if fnmatchcase(id, word)}
        if not found:
            raise UsageProblem(f"unknown fault '{word}': no id or glob of {table.path}{hint(word, table.faults)}")
        chosen |= found
    wanted = [fault for id, fault in table.faults.items() if not words or id in chosen]
    here = tuple(fault for fault in wanted if fault.target in ("", target))
    if not here:
        elsewhere = ", ".join(f"{fault.id} on {fault.target}" for fault in wanted)
        raise UsageProblem(f"none of these faults can be noticed on {target}: {elsewhere}")
    return here


class _Reader:
    """Walks through the document and gathers errors."""

    def __init__(self, path: Path, text: str, known: Catalogue) -> None:
        self.path = path
        self.known = known
        self.lines = KeyLines(text)
        self.errors: list[tuple[int, str]] = []

    def error(self, key: tuple[str, ...], message: str) -> None:
        line = self.lines.of(*key)
        name = ".".join(key)
        self.errors.append((line, f"{self.path}:{line}: {name}{': ' if name else ''}{message}"))

    def fault(self, id: str, row: Any) -> Fault:
        keys = tuple(Fault.__annotations__)[1:]
        if not isinstance(row, dict):
            self.error((id,), f"expected a table [{id}] with the keys {', '.join(keys)}")
            return Fault(id, "", (), EXPECTED[0], ())
        for key in row:
            if key not in keys:
                self.error((id, key), f"is unknown{hint(key, keys) or '; expected one of: ' + ', '.join(keys)}")
        return Fault(
            id=id, does=self._text(row, id, "does"), violates=self._requirements(row, id),
            expected=self._expected(row, id), detected_by=self._list(row, id, "detected_by", "scenarios"),
            target=self._text(row, id, "target") if "target" in row else "",
        )

    def allow(self, table: Any) -> dict[str, str]:
        if not isinstance(table, dict):
            self.error((ALLOW,), 'expected a table with lines "scenario" = "reason"')
            return {}
        for scenario, reason in table.items():
            if not isinstance(reason, str) or not reason.strip():
                self.error((ALLOW, scenario), "expected the reason why no fault can turn this scenario red")
            if scenario not in self.known.scenarios:
                self.error((ALLOW, scenario), f"expected a scenario's id{hint(scenario, self.known.scenarios)}")
        return dict(table)

    def _text(self, row: Mapping[str, Any], id: str, key: str) -> str:
        value = row.get(key)
        if not isinstance(value, str) or not value.strip():
            self.error((id, key), f"{_missing(row, key)}expected a string that is not empty")
            return ""
        return value

    def _list(self, row: Mapping[str, Any], id: str, key: str, of: str) -> tuple[str, ...]:
        value = row.get(key)
        if not isinstance(value, list) or not value or not all(isinstance(each, str) and each for each in value):
            self.error((id, key), f"{_missing(row, key)}expected a list of {of}")
            return ()
        return tuple(value)

    def _requirements(self, row: Mapping[str, Any], id: str) -> tuple[str, ...]:
        found = self._list(row, id, "violates", "requirements")
        for each in found:
            if each not in self.known.requirements:
                self.error((id, "violates"), f"unknown requirement '{each}'{hint(each, self.known.requirements)}")
        return found

    def _expected(self, row: Mapping[str, Any], id: str) -> str:
        value = row.get("expected")
        if value not in EXPECTED:
            self.error((id, "expected"), f"{_missing(row, 'expected')}expected one of: {', '.join(EXPECTED)}")
        return str(value)


def _missing(row: Mapping[str, Any], key: str) -> str:
    return "" if key in row else "is missing; "
