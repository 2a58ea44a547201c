"""Disputed readings (scenarios/rulings.tsv): where a specification leaves room, which outcomes are accepted, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .catalogue import Catalogue, Requirement
from .errors import UsageProblem, hint, why

NAME = "rulings.tsv"
COLUMNS = ("id", "question", "accepted", "reason", "requirements")
OUTCOMES = " | "
REFERENCE = re.compile(r"\bA\d+\b(?!\.)")  # in a requirement's notes; A.3.1 is RFC 6121's appendix


@dataclass(frozen=True)
class Ruling:
    """One line."""

    id: str
    question: str
    accepted: tuple[str, ...]
    reason: str
    requirements: tuple[str, ...]
    line: int = 0


def load(folder: Path) -> dict[str, Ruling]:
    """The rulings of a folder of scenarios; none where it has no such file. Raises where a line is not one."""
    path = folder / NAME
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = why(error) if isinstance(error, OSError) else "expected UTF-8 text"
        raise UsageProblem(f"cannot read {path}: {reason}") from error
    if not lines or tuple(lines[0].split("\t")) != COLUMNS:
        raise UsageProblem(f"{path}:1:1: expected the columns {', '.join(COLUMNS)}, separated by tabs")
    return {each.id: each for each in (_ruling(path, number, line) for number, line in enumerate(lines[1:], 2) if line)}


def _ruling(path: Path, number: int, line: str) -> Ruling:
    cells = line.split("\t")
    if len(cells) != len(COLUMNS) or not all(cell.strip() for cell in cells):
        raise UsageProblem(f"{path}:{number}:1: expected {len(COLUMNS)} cells that are not empty, separated by tabs")
    id, question, accepted, reason, requirements = cells
    return Ruling(id, question, tuple(accepted.split(OUTCOMES)), reason, tuple(requirements.split()), number)


def about(requirement: Requirement, rulings: dict[str, Ruling]) -> list[Ruling]:
    """The rulings that name a requirement, and those that its notes refer to."""
    mentioned = set(REFERENCE.findall(requirement.notes))
    return [each for each in rulings.values() if requirement.id in each.requirements or each.id in mentioned]


def errors(known: Catalogue, rulings: dict[str, Ruling]) -> list[tuple[str, int, str]]:
    """What is wrong between rulings and requirements: file, line, message."""
    found = [
        (NAME, ruling.line, f"{ruling.id}: unknown requirement '{id}'{hint(id, known.requirements)}")
        for ruling in rulings.values() for id in ruling.requirements if id not in known.requirements
    ]
    if not rulings:  # scenarios without rulings: notes are only notes
        return found
    for requirement in known.requirements.values():
        missing = sorted(set(REFERENCE.findall(requirement.notes)) - rulings.keys())
        found += [(NAME, 1, f"no ruling '{id}', which the notes of {requirement.id} refer to") for id in missing]
    return found
