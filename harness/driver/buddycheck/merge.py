"""`buddycheck merge`: the runs of all shards as one run, as if it had been one."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import merge_journal, model, outputs, summary, tally, tap_points, writers
from .errors import EXIT_FAILED, EXIT_UNJUDGED, UsageProblem
from .places import Places
from .world import World

Run = Mapping[str, Any]
STEP = "merge"  # of the run, where shards are missing
LISTED = 5
SAME_OPTIONS = ("selectors", "exclude", "slow", "level", "conformance", "strict", "repeat", "patience", "network")


def merge(paths: Sequence[str], out: str, world: World) -> int:
    """Unites the runs in a new folder; the exit status is that of the united run."""
    places = world.places
    runs = sorted(model.runs(paths, places), key=lambda each: each[0].get("shard", {}).get("index", 0))
    shown = [places.shown(folder) for _, folder in runs]
    if problems := list(_problems([run for run, _ in runs], shown)):
        raise UsageProblem(f"merge: {each}" for each in problems)
    journals = [model.check_journal(run, folder, places) for run, folder in runs]
    folder = places.cwd / out
    if folder.resolve() in [each.resolve() for _, each in runs]:
        raise UsageProblem(f"--out {out}: is the folder of one of the runs; name a new one")
    outputs.prepare_folder(folder)
    parts = merge_journal.write(folder / outputs.JOURNAL, [path for path in journals if path])
    given = iter(parts)
    offsets = [next(given) if path else None for path in journals]
    name = places.shown(folder / outputs.JOURNAL)
    moved = [merge_journal.moved(run, part, name) if part else dict(run) for (run, _), part in zip(runs, offsets)]
    document = united(moved)
    document["journal"] = model.journal(folder / outputs.JOURNAL)
    document["merged"] = [
        {"index": run["shard"]["index"], "file": where, "seed": run["seed"], "started": run["started"], "seconds": run["seconds"],
         "journal": run["journal"] and {"first_line": part.lines + 1 if part else 1, "lines": run["journal"]["lines"], "sha256": run["journal"]["sha256"]}}
        for (run, _), where, part in zip(runs, shown, offsets)
    ]
    model.check(document, places.shown(folder / outputs.RUN), places)
    outputs.write_whole(folder / outputs.RESULTS, _results(document))
    outputs.write_whole(folder / outputs.TAP, tap_points.render(document))
    outputs.write_whole(folder / outputs.JUNIT, writers.junit(document))
    outputs.write_whole(folder / outputs.RUN, model.text(document))
    _tell(document, folder, world, places)
    return int(document["exit"])


def _tell(document: Run, folder: Path, world: World, places: Places) -> None:
    outcome = model.outcome_of(document)
    lines = summary.render(outcome, places.shown(folder), texts=False)
    world.stdout.writelines(line + "\n" for line in lines)
    world.stdout.flush()


def _results(document: Run) -> str:
    """As the engine's results would stand there."""
    return "".join(json.dumps({"scenario": each["id"], **result}) + "\n" for each in document["scenarios"] for result in each["results"])


# --- what cannot be united ---


def _problems(runs: Sequence[Run], names: Sequence[str]) -> Iterator[str]:
    """One line for each reason; what is missing is none, for the united run can say so."""
    without = [name for run, name in zip(runs, names) if "shard" not in run]
    if without:
        yield f"{without[0]}: is no shard of a run: it was made without --shard"
        return
    for run, name in list(zip(runs, names))[1:]:
        for what, value in _identity(run).items():
            if (first := _identity(runs[0])[what]) != value:
                yield f"{what} differs: {_short(first)} in {names[0]}, {_short(value)} in {name}"
    software = {json.dumps(run["target"]["software"]): name for run, name in zip(runs, names) if run["target"]["software"]}
    if len(software) > 1:
        yield "the target's version differs: " + ", ".join(f"{_short(' '.join(json.loads(said).values()))} in {name}" for said, name in software.items())
    given = {run["seed"] for run in runs if run["shard"]["seed_given"]}
    if given and (len(given) > 1 or not all(run["shard"]["seed_given"] for run in runs)):
        yield f"the seeds differ though --seed was given: {', '.join(str(run['seed']) for run in runs)}; give all shards one seed, or none"
    yield from _doubled(runs, names)


def _identity(run: Run) -> dict[str, Any]:
    """What must be the same."""
    return {
        "the target": run["target"]["name"], "the target's profile": run["profile"], "the version of buddycheck": run["harness"],
        "the catalogue": run["catalogue"], "the expected failures": [run["expectations"]["entries"], run["expectations"]["expired"]],
        **{f"--{name}": run["options"][name] for name in SAME_OPTIONS},
        "the number of shards": run["shard"]["total"], "the selection of scenarios": run["shard"]["scenarios"],
    }


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _doubled(runs: Sequence[Run], names: Sequence[str]) -> Iterator[str]:
    """Shards that are there twice; where none is, scenarios that are."""
    by_index: dict[int, list[str]] = {}
    by_id: dict[str, list[str]] = {}
    for run, name in zip(runs, names):
        by_index.setdefault(run["shard"]["index"], []).append(name)
        for each in run["scenarios"]:
            by_id.setdefault(each["id"], []).append(name)
    twice = {index: found for index, found in by_index.items() if len(found) > 1}
    for index, found in twice.items():
        ids = [id for id, where in by_id.items() if where[0] in found]
        yield f"shard {index}/{runs[0]['shard']['total']} is there twice, in {' and '.join(found)}: {_listed(ids)}"
    doubled = [id for id, found in by_id.items() if len(found) > 1]
    if doubled and not twice:
        yield f"there twice, in {' and '.join(by_id[doubled[0]])}: {_listed(doubled)}"


def _listed(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - LISTED} more" if len(ids) > LISTED else ""
    return f"{len(ids)} scenarios ({', '.join(ids[:LISTED])}{more})"


# --- the united run ---


def united(runs: Sequence[Run]) -> dict[str, Any]:
    """The document of all; shards that are missing or not complete are said to be so."""
    first = runs[0]
    made = {key: value for key, value in first.items() if key not in ("shard", "baseline")}
    scenarios = {each["id"]: each for run in runs for each in run["scenarios"]}
    wanted = first["shard"]["scenarios"]
    software = next((run["target"]["software"] for run in runs if run["target"]["software"]), None)
    starts = [int(model.started(run)) for run in runs]
    entries = first["expectations"]["entries"]
    made |= {
        "target": {**first["target"], "software": software},
        "started": time.strftime(model.STAMP, time.gmtime(min(starts))),
        "seconds": round(max(start + run["seconds"] for start, run in zip(starts, runs)) - min(starts), 3),
        "notes": list(_notes(runs)), "abort": _abort(runs, [id for id in wanted if id not in scenarios]), "interrupted": None,
        "lost": [each for run in runs for each in run["lost"]], "unfinished": [each for run in runs for each in run["unfinished"]],
        "ready_ms": max(run["ready_ms"] for run in runs), "target_cpu_seconds": sum(run["target_cpu_seconds"] for run in runs),
        "scenarios": [scenarios.get(id) or _missing(id) for id in wanted],
    }
    made["requirements"] = _requirements(runs, made["verdicts"])
    passes = _passes(entries, made)
    for each in made["requirements"]:
        each["verdict"] = "XPASS" if each["id"] in {one["requirement"] for one in passes} else each["verdict"]
    made["end"] = _end(runs, made, passes)
    outcome = model.outcome_of(made)
    return made | {
        "exit": outcome.exit_status(), "counts": outcome.counts(), "flaky": outcome.flaky(), "not_run": outcome.not_run(),
        "cost": {**outcome.cost(), "ready_seconds": made["ready_ms"] / 1000},
    }


def _notes(runs: Sequence[Run]) -> Iterator[str]:
    """What all shards said, each once, without which shard it was."""
    yield from dict.fromkeys(note for run in runs for note in run["notes"] if not note.startswith(f"shard {run['shard']['index']}/"))
    yield f"united from {len(runs)} of {runs[0]['shard']['total']} shards"
    if len({run["seed"] for run in runs}) > 1:
        yield "each shard has a seed of its own: " + ", ".join(f"{run['shard']['index']}: {run['seed']}" for run in runs)


def _abort(runs: Sequence[Run], missing: Sequence[str]) -> dict[str, str] | None:
    """Why not everything was judged, in one line."""
    total = runs[0]["shard"]["total"]
    there = {run["shard"]["index"] for run in runs}
    reasons = []
    if absent := [f"{index}/{total}" for index in range(1, total + 1) if index not in there]:
        reasons.append(f"shard {', '.join(absent)} is missing, {_listed(missing)}")
    for run in runs:
        if run["abort"] or run["interrupted"]:
            why = f"{run['abort']['step']}: {run['abort']['reason']}" if run["abort"] else f"interrupted by signal {run['interrupted']}"
            reasons.append(f"shard {run['shard']['index']}/{total}: {why}")
    return {"step": STEP, "reason": "; ".join(reasons)} if reasons else None


def _missing(id: str) -> dict[str, Any]:
    """A scenario of a shard that is not there."""
    return {"id": id, "area": id.rpartition("/")[0] or id, "title": "", "description": "", "file": "", "row": "", "requirements": [], "actors": [],
            "verdict": None, "play": "", "results": []}


def _requirements(runs: Sequence[Run], verdicts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    decided: dict[str, dict[str, str]] = {}
    for run in runs:
        for each in run["requirements"]:
            decided.setdefault(each["id"], {}).update(each["decided_by"])
    return [{**each, "decided_by": decided[each["id"]], "verdict": model.worst(decided[each["id"]].values(), model.verdicts_of(verdicts))}
            for each in runs[0]["requirements"]]


def _passes(entries: Sequence[Mapping[str, Any]], made: Run) -> list[dict[str, str]]:
    """The requirements that hold wherever they are decided, which no shard alone can tell."""
    return [{"requirement": each["requirement"], "reason": f"expected to fail, but it holds in every scenario that decides it: {each['reason']} ({each['place']})"}
            for each in entries if each["requirement"] and not each["scenario"] and tally.is_stale(each, made)]


def _hasty(found: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Of all shards: the longest window that one of them came to."""
    if not found:
        return None
    return {**max(found, key=lambda each: each["quiet_ms"]), "again": sum(each["again"] for each in found),
            "scenarios": [id for each in found for id in each.get("scenarios", ())]}


def _end(runs: Sequence[Run], made: Run, passes: Sequence[Mapping[str, str]]) -> dict[str, Any] | None:
    """As the engine would have ended; None where no shard came to an end."""
    ends = [run["end"] for run in runs if run["end"]]
    if not ends:
        return None
    failed = bool(passes) or any(end["exit"] == EXIT_FAILED for end in ends)
    open_ones = any(end["exit"] != 0 for end in ends)
    found = Counter(each["verdict"] for each in made["requirements"] if each["verdict"])
    return {
        **ends[0], "seed": made["seed"], "exit": EXIT_FAILED if failed else EXIT_UNJUDGED if open_ones else 0,
        "counts": dict(sum((Counter(end["counts"]) for end in ends), Counter())), "requirements": dict(found),
        "lost": made["lost"], "not_run": [], "unexpected_passes": list(passes),
        **{key: max(end.get(key, 0) for end in ends) for key in ("seconds", "quiet_seconds", "memory_kb")},
        "cpu_seconds": sum(end.get("cpu_seconds", 0) for end in ends),
        "hasty": _hasty([end["hasty"] for end in ends if end.get("hasty")]), "one_session": any(end.get("one_session") for end in ends),
    }
