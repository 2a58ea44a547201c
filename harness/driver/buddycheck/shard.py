"""One share of a run: which it is, as an option or the environment of a CI system says, and which scenarios are in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .catalogue import Catalogue, Scenario
from .errors import UsageProblem

MOST = 1000
OWN, OWN_INDEX, OWN_TOTAL = "BUDDYCHECK_SHARD", "BUDDYCHECK_SHARD_INDEX", "BUDDYCHECK_SHARD_TOTAL"

# What the variables of each system are called, and which number its first job has. Own ones come first, so that they overrule.
SYSTEMS = (
    ("own", OWN_INDEX, OWN_TOTAL, 1),
    ("Kubernetes", "JOB_COMPLETION_INDEX", OWN_TOTAL, 0),
    ("GitLab", "CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
    ("Buildkite", "BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0),
    ("CircleCI", "CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0),
)
SLURM = ("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_COUNT")
SLURM_STEP = "SLURM_ARRAY_TASK_STEP"

# Exclusive scenarios that do the same to the target are played together (harness/engine/main/turns.c); what their hooks begin with.
COMPANIES = ("restart", "kill", "auto_", "function_", "store_")


@dataclass(frozen=True)
class Shard:
    """Number `index` of `total`, counted from 1; `source` says who said so."""

    index: int
    total: int
    source: str

    def __str__(self) -> str:
        return f"{self.index}/{self.total}"


def find(text: str, environ: Mapping[str, str]) -> Shard | None:
    """What `--shard` means; None without the option."""
    if not text:
        return None
    return _from_environment(environ) if text == "auto" else _parse(text, "--shard")


def _parse(text: str, source: str) -> Shard:
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    if not found:
        raise UsageProblem(f"{source}: expected I/N, as in 2/4{', or auto' if source == '--shard' else ''}; got '{text}'")
    return _checked(int(found[1]), int(found[2]), source)


def _checked(index: int, total: int, source: str) -> Shard:
    if not 1 <= index <= total <= MOST:
        raise UsageProblem(f"{source}: there is no shard {index} of {total}; expected one from 1 to N, and N up to {MOST}")
    return Shard(index, total, source)


def _from_environment(environ: Mapping[str, str]) -> Shard:
    if OWN in environ:
        return _parse(environ[OWN], OWN)
    for name, index, total, first in SYSTEMS:
        if index in environ or (total in environ and total != OWN_TOTAL):
            return _numbered(name, environ, index, total, first)
    if SLURM[0] in environ:
        return _slurm(environ)
    raise UsageProblem(f"--shard auto: no CI system says which shard this is; set {OWN}=I/N, or {OWN_INDEX} and {OWN_TOTAL}")


def _numbered(name: str, environ: Mapping[str, str], index: str, total: str, first: int) -> Shard:
    if total not in environ:
        raise UsageProblem(f"--shard auto: {index} is set, but not {total}, which says how many there are")
    if index not in environ and environ[total] == "1":  # as GitLab has it for a job that is not parallel
        return Shard(1, 1, total)
    numbers = [_number(environ, variable) for variable in (index, total)]
    return _checked(numbers[0] - first + 1, numbers[1], f"--shard auto: {index}={environ[index]}, {total}={environ[total]}")


def _number(environ: Mapping[str, str], variable: str) -> int:
    text = environ.get(variable, "")
    if not re.fullmatch(r"\d{1,6}", text):
        raise UsageProblem(f"--shard auto: {variable}: expected a whole number, got '{text}'")
    return int(text)


def _slurm(environ: Mapping[str, str]) -> Shard:
    """Tasks of an array may begin anywhere and go on in steps."""
    id, least, most, count = (_number(environ, variable) for variable in SLURM)
    step = _number(environ, SLURM_STEP) if SLURM_STEP in environ else 1
    said = f"--shard auto: {SLURM[0]}={id} of {least} to {most}"
    if step < 1 or (most - least) // step + 1 != count or (id - least) % step:
        raise UsageProblem(f"{said}: the array has gaps, so this task's place in it cannot be told; use --array=1-N")
    return _checked((id - least) // step + 1, count, said)


def take(known: Catalogue, ids: Sequence[str], shard: Shard) -> tuple[str, ...]:
    """The scenarios of a shard, in the order of `ids`; what is in it depends on which scenarios there are, on nothing else.

    Shards are of equal size, as far as that goes: exclusive scenarios that are played together stay together, because each company costs a
    restart or the like, and wherever it is split once more.
    """
    loads = [0] * shard.total
    mine: set[str] = set()
    for unit in _units([known.scenarios[id] for id in sorted(ids)]):
        least = loads.index(min(loads))
        loads[least] += len(unit)
        if least == shard.index - 1:
            mine.update(unit)
    if not mine:
        raise UsageProblem(f"{shard.source}: nothing is left for shard {shard}: {len(ids)} scenarios are selected")
    return tuple(id for id in ids if id in mine)


def _units(scenarios: Sequence[Scenario]) -> Iterator[list[str]]:
    """What is not to be divided, the largest first."""
    companies: dict[str, list[str]] = {}
    for each in scenarios:
        if each.exclusive:
            companies.setdefault(_company(each), []).append(each.id)
    yield from sorted(companies.values(), key=lambda ids: (-len(ids), ids))
    yield from ([each.id] for each in scenarios if not each.exclusive)


def _company(scenario: Scenario) -> str:
    """Those of one company are played together; one that does several things to the target, or something else, is alone."""
    found = {prefix for prefix in COMPANIES for hook in scenario.needs if hook.startswith(prefix)}
    return found.pop() if len(found) == 1 else scenario.id
