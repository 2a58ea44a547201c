"""Several journals as one: lines are numbered on, streams and times as well, and what speaks of a line speaks of the new one."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from . import journal
from .errors import UsageProblem, why


class Part(NamedTuple):
    """What comes before a journal in the united one."""

    lines: int
    streams: int
    time: int


def write(path: Path, journals: Sequence[Path]) -> list[Part]:
    """Writes the united journal; what has to be added to each one's numbers."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    parts = []
    at = Part(0, 0, 0)
    try:
        with temporary.open("w", encoding="utf-8") as file:
            for each in journals:
                parts.append(at)
                last = at
                for entry in journal.entries(each):
                    moved_entry = _entry(entry, at)
                    last = Part(last.lines + 1, max(last.streams, moved_entry.get("stream", 0)), max(last.time, moved_entry.get("t", 0)))
                    file.write(json.dumps(moved_entry, ensure_ascii=False, separators=(",", ":")) + "\n")
                at = last
        temporary.replace(path)
    except OSError as error:
        raise UsageProblem(f"cannot write {path}: {why(error)}") from error
    finally:
        temporary.unlink(missing_ok=True)
    return parts


def _entry(entry: Mapping[str, Any], part: Part) -> dict[str, Any]:
    made = dict(entry)
    for key, more in (("n", part.lines), ("stream", part.streams), ("t", part.time)):
        if isinstance(made.get(key), int):
            made[key] += more
    if isinstance(made.get("facts"), dict) and isinstance(made["facts"].get("line"), int):
        made["facts"] = {**made["facts"], "line": made["facts"]["line"] + part.lines}
    return made


LINE = re.compile(r"(?<=\bline )(\d+)(?= of the journal)")
PLACE = re.compile(r"^( *journal: ).*, lines (\d+) to (\d+)$", re.MULTILINE)


def moved(run: Mapping[str, Any], part: Part, name: str) -> dict[str, Any]:
    """The run's document, speaking of the united journal, whose name that is."""
    return {**run, "scenarios": [{**each, "results": [_result(result, part, name) for result in each["results"]]} for each in run["scenarios"]]}


def _result(result: Mapping[str, Any], part: Part, name: str) -> dict[str, Any]:
    checks = [_check(check, part) for check in result["checks"]]
    more = {"trouble": _check(result["trouble"], part), "unexpected": [_evidence(each, part) for each in result["unexpected"]]} if "unexpected" in result else {}
    failure = _text(result["failure"], part)
    if failure:
        failure = PLACE.sub(lambda found: f"{found[1]}{name}, lines {int(found[2]) + part.lines} to {int(found[3]) + part.lines}", failure)
    return {**result, "checks": checks, "failure": failure, "journal": [line + part.lines for line in result["journal"]],
            "reason": _text(result["reason"], part), **more}


def _check(check: Mapping[str, Any] | None, part: Part) -> Any:
    """A check, or the trouble of a play, and what it shows."""
    if not check:
        return check
    detail = {"detail": _text(check["detail"], part)} if "detail" in check else {}
    return {**check, **detail, **({"evidence": _evidence(check["evidence"], part)} if check.get("evidence") else {})}


def _evidence(found: Mapping[str, Any], part: Part) -> dict[str, Any]:
    made = dict(found)
    if "line" in made:
        made["line"] += part.lines
    if "said" in made:
        made["said"] = _text(made["said"], part)
    if "refusals" in made:
        made["refusals"] = [_evidence(each, part) for each in made["refusals"]]
    return made


def _text(text: Any, part: Part) -> Any:
    return LINE.sub(lambda found: str(int(found[1]) + part.lines), text) if isinstance(text, str) else text

