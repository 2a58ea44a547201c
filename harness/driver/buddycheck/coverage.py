"""`buddycheck list --coverage`: requirement by requirement, what decides it and what it came to."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from . import catalogue, outputs, toml_lines
from .catalogue import STRICTNESSES, Catalogue, Requirement
from .errors import EXIT_FAILED, EXIT_OK, UsageProblem, nearest
from .places import Places
from .world import World

LISTED = 2
STATES = ("decided", "waits", "reason", "open")


@dataclass(frozen=True)
class LastRun:
    """The newest kept run of a target: the worst verdict on every requirement that its scenarios decide."""

    folder: Path
    scenarios: int
    verdicts: Mapping[str, str]


@dataclass(frozen=True)
class Row:
    """One requirement."""

    requirement: Requirement
    state: str
    verdict: str  # empty: not judged in that run

    def strictness(self) -> str:
        """Its strictness, and those of its parts where they differ."""
        each = self.requirement
        return ", ".join([each.strictness, *(f"{part}: {value}" for part, value in each.parts.items())])

    def why(self) -> str:
        """What decides it, or why nothing does."""
        ids = self.requirement.scenarios
        if not ids:
            return self.requirement.why_none or "no scenario, and no reason for that"
        more = f" and {len(ids) - LISTED} more" if len(ids) > LISTED else ""
        return ", ".join(ids[:LISTED]) + more

    def document(self) -> dict[str, Any]:
        """For JSON."""
        each = self.requirement
        return {
            "id": each.id, "level": each.level, "source": each.source, "area": each.area, "strictness": each.strictness,
            "parts": dict(each.parts), "state": self.state, "scenarios": list(each.scenarios), "why_none": each.why_none,
            "verdict": self.verdict or None,
        }


def show(selectors: Sequence[str], target: str, as_json: bool, world: World) -> int:
    """Prints the coverage; the exit status: 1 where a hard requirement has neither scenario nor reason."""
    known = catalogue.load(world.places, world.environ)
    chosen = _choose(known, selectors)
    last = last_run(world.places, target, known)
    rows = [Row(each, state_of(each), last.verdicts.get(each.id, "") if last else "") for each in chosen]
    holes = [row.requirement.id for row in rows if row.state == "open" and is_hard(row.requirement)]
    if as_json:
        document = {
            "target": target, "run": str(last.folder) if last else None, "scenarios_in_run": last.scenarios if last else 0,
            "requirements": [row.document() for row in rows], "summary": _summary(rows), "hard_without_scenario_or_reason": holes,
        }
        world.stdout.write(json.dumps(document, indent=1) + "\n")
    else:
        world.stdout.writelines(line + "\n" for line in _lines(rows, holes, target, last, world))
    return EXIT_FAILED if holes else EXIT_OK


def state_of(requirement: Requirement) -> str:
    """One of STATES."""
    if requirement.scenarios:
        return "decided"
    if requirement.waits:
        return "waits"
    return "reason" if requirement.why_none else "open"


def is_hard(requirement: Requirement) -> bool:
    """Whether it, or a part of it, is HARD, if only for some claims."""
    return "HARD" in requirement.strictnesses()


def _strongest(requirement: Requirement) -> str:
    return next((each for each in STRICTNESSES if each in requirement.strictnesses()), requirement.strictness)


def _choose(known: Catalogue, selectors: Sequence[str]) -> list[Requirement]:
    """The requirements that ids, globs, areas of requirements and scenarios mean; all of them without any."""
    if not selectors:
        return list(known.requirements.values())
    wanted: set[str] = set()
    for word in selectors:
        found = {id for id, each in known.requirements.items() if _means(word, id, each)}
        if not found:
            near = nearest(word, [*known.requirements, *known.scenarios, *{each.area for each in known.requirements.values()}])
            advice = f"; did you mean {' or '.join(near)}?" if near else ""
            raise UsageProblem(f"'{word}' means no requirement: no id, glob, area or scenario{advice}")
        wanted |= found
    return [each for id, each in known.requirements.items() if id in wanted]


def _means(word: str, id: str, requirement: Requirement) -> bool:
    return word == requirement.area or any(fnmatchcase(each, word) for each in (id, *requirement.scenarios))


def last_run(places: Places, target: str, known: Catalogue) -> LastRun | None:
    """The newest run of the target that is kept and judged something."""
    _, profile = toml_lines.read(places.profile_path(target), "the profile")
    reports = places.reports_folder()
    pattern = re.compile(re.escape(outputs.safe_name(str(profile.get("name", target)))) + r"-(\d{8}T\d{6}Z)-(\d+)")
    found = [(match[1], int(match[2]), path) for path in reports.glob("*/") if (match := pattern.fullmatch(path.name))]
    for _, _, folder in sorted(found, reverse=True):
        if results := _results(folder / outputs.RESULTS):
            checks = [check for result in results for check in result.get("checks", [])]
            return LastRun(folder, len({each.get("scenario") for each in results}), _worst(checks, known))
    return None


def _results(path: Path) -> list[dict[str, Any]]:
    """The results of a run; a last line that breaks off is left aside."""
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else ():
        try:
            found.append(json.loads(line))
        except ValueError:
            break
    return [each for each in found if isinstance(each, dict)]


def _worst(checks: Iterable[Mapping[str, Any]], known: Catalogue) -> dict[str, str]:
    ranks = {name: each.rank for name, each in known.verdicts.items()}
    worst: dict[str, str] = {}
    for check in checks:
        id, verdict = str(check.get("id")), str(check.get("verdict"))
        if id not in worst or ranks.get(verdict, -1) > ranks.get(worst[id], -1):
            worst[id] = verdict
    return worst


def _summary(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """By area and strictness, how many requirements are in which state."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for row in rows:
        counts.setdefault((row.requirement.area, _strongest(row.requirement)), Counter())[row.state] += 1
    order = sorted(counts, key=lambda key: (key[0], STRICTNESSES.index(key[1]) if key[1] in STRICTNESSES else 9))
    return [
        {"area": area, "strictness": strictness, "requirements": counts[area, strictness].total(),
         **{state: counts[area, strictness][state] for state in STATES}}
        for area, strictness in order
    ]


def _lines(rows: Sequence[Row], holes: Sequence[str], target: str, last: LastRun | None, world: World) -> list[str]:
    if last:
        shown = world.places.shown(last.folder)
        lines = [f"last verdicts on target {target}: {shown}, {last.scenarios} scenarios"]
    else:
        lines = [f"no run of target {target} is kept in {world.places.shown(world.places.reports_folder())}"]
    lines += ["", *_table([("id", "level", "strictness", "verdict", "decided by"), *(
        (row.requirement.id, row.requirement.level, row.strictness(), row.verdict or "-", row.why()) for row in rows
    )])]
    summary = _summary(rows)
    total = {key: sum(each[key] for each in summary) for key in ("requirements", *STATES)}
    cells = [[str(each[key]) for key in ("area", "strictness", "requirements", *STATES)] for each in summary]
    lines += ["", *_table([
        ("area", "strictness", "requirements", *STATES), *map(tuple, cells),
        ("all", "", *(str(total[key]) for key in ("requirements", *STATES))),
    ])]
    if holes:
        lines += ["", f"{len(holes)} hard requirements have neither a scenario nor a reason: {' '.join(holes)}"]
    return lines


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths)).rstrip() for row in rows]
