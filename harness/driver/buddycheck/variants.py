"""`buddycheck variants`: runs the suite against correct variants of the target; nothing may fail. The counterpart of `mutants`.

A variant is something that the specifications allow (fixtures/variants.toml). Those of one group do not get into each other's way and
are switched on together; variants that are named run each alone."""

from __future__ import annotations

import os
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from . import faults, mutants
from .catalogue import Catalogue
from .errors import UsageProblem, hint
from .loop import Promise
from .options import Wanted
from .results import Outcome, Result
from .session import room
from .summary import count_words
from .toml_lines import KeyLines, read
from .world import World

NAME = "variants.toml"
FINE = ("PASS", "SKIP", "INFO", "UNREACHABLE")
TEXTS = ("does", "allowed_by", "group")


@dataclass(frozen=True)
class Options:
    """The options of `variants`."""

    variants: tuple[str, ...] = ()
    wanted: Wanted = Wanted()
    target: str = "reference"
    jobs: int = 0
    seed: int = 1
    out: str = ""


@dataclass(frozen=True)
class Variant:
    """One row."""

    id: str
    does: str
    allowed_by: str  # specification and section, or ruling
    group: str
    claims: Mapping[str, bool] = field(default_factory=dict)  # what the profile has to say otherwise
    warns: tuple[str, ...] = ()  # requirements, with their part, that the suite warns of: "AH-072/stripped"


@dataclass(frozen=True)
class Trial:
    """Variants that run together, and what came of it."""

    name: str
    variants: tuple[Variant, ...]
    counts: Mapping[str, int]
    wrong: tuple[str, ...]  # lines; what should not have been reported, or should have been
    seconds: float


def variants(options: Options, world: World) -> int:
    """Runs everything; the exit status."""
    known, profile = mutants.switchable(options.target, world)
    table = load(world.places.fixtures / NAME, known)
    trials = choose(table, options.variants)
    suite = mutants.suite_of(world, profile, known, faults.Table(Path(), {}, {}), options, "variants")
    every = len(suite.ids) == sum(not each.slow for each in known.scenarios.values())
    done: list[Trial] = []
    started = time.monotonic()
    with room() as shared:

        async def worker(queue: deque[tuple[str, tuple[Variant, ...]]], end: Promise[None]) -> None:
            while queue:
                name, some = queue.popleft()
                ids = ",".join(each.id for each in some)
                rerun = f"{world.places.command} variants {' '.join(each.id for each in some)} --target {profile.name} --scenarios"
                since = time.monotonic()
                claims = {**profile.claims, **{claim: value for each in some for claim, value in each.claims.items()}}
                given = replace(mutants.with_fault(profile, ids), claims=claims)
                outcome = await mutants.perform(suite, given, suite.ids, suite.folder / "runs" / name, rerun, (shared.loop, shared.children, shared.private / name))
                trial = Trial(name, some, outcome.counts(), tuple(judge(some, outcome, every)), time.monotonic() - since)
                done.append(trial)
                world.stdout.write(told(trial))
                world.stdout.flush()
            end.resolve(None)

        async def all_of_them() -> None:
            queue = deque(trials.items())
            ends: list[Promise[None]] = [Promise() for _ in range(min(options.jobs or len(os.sched_getaffinity(0)), len(queue)))]
            for end in ends:
                shared.loop.spawn(worker(queue, end))
            for end in ends:
                await end

        shared.loop.complete(all_of_them())
    if shared.stopped_by:
        world.say(f"buddycheck variants: interrupted; {len(done)} of {len(trials)} runs are done")
        return 128 + shared.stopped_by
    good = sum(not each.wrong for each in done)
    passed = good == len(trials)
    world.stdout.write(
        f"{good} of {len(trials)} runs with {sum(len(each) for each in trials.values())} variants report nothing that is not real, "
        f"{time.monotonic() - started:.1f} s; kept in {world.places.shown(suite.folder)}\n"
    )
    return 0 if passed else 1


def choose(table: Mapping[str, Variant], words: Sequence[str]) -> dict[str, tuple[Variant, ...]]:
    """What runs together, by name: the groups, or each of the variants that ids and globs mean."""
    for word in words:
        if not any(fnmatchcase(id, word) for id in table):
            raise UsageProblem(f"unknown variant '{word}': no id or glob of {NAME}{hint(word, table)}")
    if words:
        return {id: (each,) for id, each in table.items() if any(fnmatchcase(id, word) for word in words)}
    groups: dict[str, tuple[Variant, ...]] = {}
    for each in table.values():
        groups[each.group] = (*groups.get(each.group, ()), each)
    return groups


def judge(some: Iterable[Variant], outcome: Outcome, every: bool) -> Iterator[str]:
    """What should not have been reported of these variants, and, where `every` scenario ran, what should have been."""
    if outcome.abort_step:
        yield f"the run could not go on: {outcome.abort_step}: {outcome.abort_reason}"
        return
    yield from (f"not run: {id}" for id in outcome.not_run())
    yield from outcome.mysteries()
    expected = {each for variant in some for each in variant.warns}
    warned: set[str] = set()
    for result in outcome.results:
        found = {_name(check) for check in result.checks if check.get("verdict") == "WARN"}
        warned |= found
        if result.verdict in FINE or (result.verdict == "WARN" and found <= expected):
            continue
        yield f"{result.verdict} {result.scenario}: {_why(result, expected)}"
    if every:
        yield from (f"should have been warned of, but was not: {each}" for each in sorted(expected - warned))


def _name(check: Mapping[str, Any]) -> str:
    return f"{check['id']}/{check['part']}" if check.get("part") else str(check["id"])


def _why(result: Result, expected: set[str]) -> str:
    """The checks that are not as they should be, or the reason."""
    bad = [check for check in result.checks if check.get("verdict") in ("FAIL", "WARN") and not (check["verdict"] == "WARN" and _name(check) in expected)]
    return "; ".join(f"{_name(check)} {check['text']}" for check in bad) or result.reason


def told(trial: Trial) -> str:
    """Lines about one run."""
    ids = " ".join(each.id for each in trial.variants)
    words = ids if trial.name == ids else f"{trial.name} ({ids})"
    head = f"{'not ok' if trial.wrong else 'ok'}  {words}: {count_words(Counter(trial.counts))}, {trial.seconds:.1f} s\n"
    return head + "".join(f"    {line}\n" for line in trial.wrong)


def load(path: Path, known: Catalogue) -> dict[str, Variant]:
    """Reads and checks the table; all its errors are raised together."""
    text, document = read(path, "the table of variants")
    lines = KeyLines(text)
    errors: list[tuple[int, str]] = []

    def error(key: tuple[str, ...], message: str) -> None:
        errors.append((lines.of(*key), f"{path}:{lines.of(*key)}: {'.'.join(key)}: {message}"))

    table: dict[str, Variant] = {}
    for id, row in document.items():
        if not isinstance(row, dict):
            error((id,), f"expected a table [{id}]")
            continue
        for key in row:
            if key not in (*TEXTS, "claims", "warns"):
                error((id, key), f"is unknown; expected one of: {', '.join(TEXTS)}, claims, warns")
        for key in TEXTS:
            if not isinstance(row.get(key), str) or not row[key].strip():
                error((id, key), "expected a string that is not empty")
        warns = row.get("warns", [])
        for each in warns:
            requirement = str(each).partition("/")[0]
            if requirement not in known.requirements:
                error((id, "warns"), f"unknown requirement '{each}'{hint(requirement, known.requirements)}")
        claims = row.get("claims", {})
        if not isinstance(claims, dict) or not all(isinstance(value, bool) for value in claims.values()):
            error((id, "claims"), "expected a table with true or false")
            claims = {}
        table[id] = Variant(id, *(str(row.get(key, "")) for key in TEXTS), claims, tuple(map(str, warns)))
    if errors:
        raise UsageProblem([message for _, message in sorted(errors)])
    return table
