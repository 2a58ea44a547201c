"""`buddycheck expect`: a file of expected failures from what failed in a run. What the file says already is kept to the letter."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from . import catalogue, expect, model, outputs, tally
from .errors import EXIT_OK, UsageProblem
from .world import World

DAYS = 90  # until an entry that nobody has explained counts as failing again
COMMON = 3  # scenarios in which a requirement fails, and nowhere else is decided otherwise: one entry for all


class New(NamedTuple):
    """An entry to add."""

    scenario: str
    requirement: str  # with its part
    verdict: str
    comment: str


def command(run_path: str, file: str, write: bool, expires: datetime.date | None, world: World) -> int:
    """Writes the file, or shows what it would be."""
    places = world.places
    run = model.load(places.cwd / run_path, places)
    known = catalogue.load(places, world.environ)
    path = _path(file, run["target"]["name"], world)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    old = path.read_text(encoding="utf-8") if path.is_file() else ""
    entries = expect.load(path, places, known, datetime.date.min).entries if old else ()
    _check_names(run, known, run_path)
    stale = [each for each in entries if tally.is_stale(each.for_plan(), run)]
    kept = [each for each in entries if each not in stale]
    added = list(needed(run, [each.for_plan() for each in kept]))
    until = expires or today + datetime.timedelta(days=DAYS)
    text = _without(old, [each.line for each in stale]) if old else _head(run)
    text = "\n".join([text.rstrip("\n"), *(_entry(each, until) for each in added)]).rstrip("\n") + "\n"
    if write:
        if added or stale or not old:
            outputs.write_whole(path, text)
        _tell(world, path, run, kept, len(added), len(stale), today)
    else:
        world.stdout.write(text)
        world.stdout.flush()
    return EXIT_OK


def _path(file: str, target: str, world: World) -> Path:
    if file:
        return world.places.cwd / file
    if target in world.places.targets():
        return world.places.expectations / f"{target}.toml"
    raise UsageProblem(f"expect: {target} is no shipped target: name the FILE, as in 'expect --write RUN expect.toml'")


def _check_names(run: Mapping[str, Any], known: catalogue.Catalogue, path: str) -> None:
    unknown = [each["id"] for each in run["scenarios"] if each["id"] not in known.scenarios and each["verdict"] not in ("PASS", None)]
    if unknown:
        raise UsageProblem(f"{path}: was made with other scenarios: {unknown[0]} is unknown now; run again")


def needed(run: Mapping[str, Any], entries: Sequence[tally.Entry]) -> Iterator[New]:
    """The entries that are missing for this run to fail no more, in the order of the scenarios."""
    failing = ("FAIL", "WARN") if run["options"]["strict"] else ("FAIL",)
    found = [new for scenario in run["scenarios"] for new in _of(scenario, failing, entries)]
    common = dict(_common(found, run))
    seen: set[tuple[str, str]] = set()
    for each in found:
        new = common.get((each.requirement, each.verdict), each)
        if (new.scenario, new.requirement) not in seen:
            seen.add((new.scenario, new.requirement))
            yield new


def _of(scenario: Mapping[str, Any], failing: Sequence[str], entries: Sequence[tally.Entry]) -> Iterator[New]:
    """What must be expected of a scenario, requirement by requirement; as a whole where no check says what is wrong."""
    for result in scenario["results"]:
        if result["verdict"] not in (*failing, "INCONCLUSIVE") or _covers(entries, scenario["id"], None, result["verdict"]):
            continue
        checks = [each for each in result["checks"] if each["verdict"] in failing]
        if result["verdict"] == "INCONCLUSIVE" or not checks:
            yield New(scenario["id"], "", result["verdict"], result["reason"] or result["title"])
            continue
        whole = {each["id"] for each in checks if not each.get("part")}
        for check in checks:
            if not _covers(entries, scenario["id"], check, check["verdict"]):
                part = "" if check["id"] in whole else check["part"]
                yield New(scenario["id"], f"{check['id']}/{part}" if part else check["id"], check["verdict"], check.get("text", ""))


def _covers(entries: Sequence[tally.Entry], scenario: str, check: Mapping[str, Any] | None, verdict: str) -> bool:
    """Whether an entry expects that already; without a check: of the scenario as a whole."""
    return any(
        each["scenario"] in (scenario, None) and tally.meets(each, verdict)
        and (tally.is_about(each, check) if check and each["requirement"] else not each["requirement"])
        for each in entries
    )


def _common(found: Sequence[New], run: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], New]]:
    """The requirements that fail in several scenarios and hold in none, so that one entry says it all."""
    for requirement, verdict in dict.fromkeys((each.requirement, each.verdict) for each in found if each.requirement):
        fails_in = {each.scenario for each in found if each.requirement == requirement}
        id, _, part = requirement.partition("/")
        entry = {"scenario": None, "requirement": id, "part": part or None, "verdict": verdict}
        counted = tally.tally(entry, (result for each in run["scenarios"] for result in each["results"]))
        if len(fails_in) >= COMMON and not counted.better and not counted.worse:
            comment = next(each["statement"] for each in run["requirements"] if each["id"] == id)
            yield (requirement, verdict), New("", requirement, verdict, comment)


def _head(run: Mapping[str, Any]) -> str:
    software = " ".join((run["target"]["software"] or {}).values())
    name = run["target"]["name"] + (f" ({software})" if software else "")
    return (f"# What {_line(name)} is expected to fail: `buddycheck run --expect FILE`. First written from the run of {run['started']}.\n"
            "# Say in each reason why it fails; `link` may point to a report of it. After `expires` it counts as failing again.\n")


def _entry(new: New, until: datetime.date) -> str:
    words = {"scenario": new.scenario, "requirement": new.requirement, "verdict": new.verdict, "reason": expect.PLACEHOLDER}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in words.items() if value]
    return "\n".join(["", f"[[{expect.TABLE}]]", f"# {_line(new.comment)}", *lines, f"expires = {until.isoformat()}"])


def _line(text: str) -> str:
    """Text that stays in its comment."""
    return "".join(char if char.isprintable() else " " for char in " ".join(text.split()))[:200]


def _without(text: str, heads: Sequence[int]) -> str:
    """The text without the entries that begin in these lines; comments before an entry stay."""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines, 1) if line.strip().startswith(f"[[{expect.TABLE}]]")]
    drop: set[int] = set()
    for head in heads:
        end = next((start - 1 for start in starts if start > head), len(lines))
        while end > head and re.match(r"\s*(#|$)", lines[end - 1]):
            end -= 1
        drop.update(range(head, end + (end < len(lines) and not lines[end].strip()) + 1))
    return "\n".join(line for number, line in enumerate(lines, 1) if number not in drop)


def _tell(world: World, path: Path, run: Mapping[str, Any], kept: Sequence[expect.Expectation], added: int, stale: int, today: datetime.date) -> None:
    shown = world.places.shown(path)
    words = f"{added} added, {len(kept)} kept, {stale} taken out because they hold now"
    world.say(f"buddycheck expect: {shown}: {words}")
    if missing := added + sum(each.reason == expect.PLACEHOLDER for each in kept):
        world.say(f"buddycheck expect: {shown}: write a reason in place of \"{expect.PLACEHOLDER}\" in {missing} of them; every run says so until then")
    for each in kept:
        if each.expires and each.expires < today:
            world.say(f"{each.place}: has expired on {each.expires} and counts as failing; change the date if it is to be expected again")
    never = [each["id"] for each in run["scenarios"] if each["verdict"] in ("FLAKY", "ERROR", None)]
    if never:
        world.say(f"buddycheck expect: cannot be expected: {', '.join(never[:10])} (flaky, not run, or an error of buddycheck)")
