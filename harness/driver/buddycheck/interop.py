"""`buddycheck interop`: two real servers against each other, every pair of them a test point."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from . import outputs, profile, render, target
from .encounter import FAILED, SKIPPED, UNJUDGED, Encounter, Met, add_hook
from .errors import EXIT_FAILED, EXIT_OK, EXIT_UNJUDGED, UsageProblem, why
from .mask import Mask
from .profile import Account, Profile
from .session import room
from .tap import one_line
from .world import World

DOMAINS = ("left.test", "right.test")
HOOKS = ("pending", "approve", "roster")


@dataclass(frozen=True)
class Options:
    """The options of `interop`. No targets: all ordered pairs of the shipped ones."""

    targets: tuple[str, ...] = ()
    out: str = ""


@dataclass(frozen=True)
class Pair:
    """Two targets, by the names that the user gave; `lacks` says why they cannot meet."""

    names: tuple[str, str]
    sides: tuple[Profile, Profile]
    lacks: str = ""


def interop(options: Options, world: World) -> int:
    """Has all pairs meet; the exit status."""
    pairs = _pairs(options, world)
    world.places.check_engine()
    folder = _folder(options, world)
    met: list[Met] = []
    world.stdout.write(f"TAP version 14\n1..{len(pairs)}\n")
    for number, pair in enumerate(pairs, 1):
        one = Met(SKIPPED, [pair.lacks]) if pair.lacks else meet(pair, folder / "-".join(map(outputs.safe_name, pair.names)), world)
        if one.stopped_by:
            world.stdout.write("Bail out! interrupted\n")
            return 128 + one.stopped_by
        met.append(one)
        world.stdout.write("".join(line + "\n" for line in point(number, pair, one)))
        world.stdout.flush()
    world.stdout.write(f"# kept in {world.places.shown(folder)}\n")
    verdicts = {one.verdict for one in met}
    return EXIT_FAILED if FAILED in verdicts else EXIT_UNJUDGED if UNJUDGED in verdicts else EXIT_OK


def _pairs(options: Options, world: World) -> list[Pair]:
    if len(options.targets) not in (0, 2):
        raise UsageProblem("interop: expected two targets, or none for all pairs of the shipped ones; see buddycheck interop --help")
    if not options.targets:
        return [_pair(names, world) for names in itertools.product(world.places.targets(), repeat=2)]
    pair = _pair((options.targets[0], options.targets[1]), world)
    if pair.lacks:
        raise UsageProblem(f"interop: {pair.lacks}")
    return [pair]


def _pair(names: tuple[str, str], world: World) -> Pair:
    given = [profile.load(world.places.profile_path(name), world.environ) for name in names]
    for each in given:
        render.check(each)
    sides = (as_side(given[0], *DOMAINS), as_side(given[1], *reversed(DOMAINS)))
    return Pair(names, sides, next((lack for each in given if (lack := lacks(each, world.places.fixtures))), "") or _clash(given))


def as_side(given: Profile, own: str, other: str) -> Profile:
    """The target under a domain of its own, with all other domains below it; its zone of peers is the other server."""
    labels = ("second", "third", "fourth")
    names = dict(zip(given.domains, (own, *(f"{label}.{own}" for label in labels))))
    if given.off_domain:
        names[given.off_domain] = f"off.{own}"
    accounts = {
        key: Account(f"{each.user}@{names[each.jid.partition('@')[2]]}", each.password) for key, each in given.accounts.items()
    }
    domains = tuple(names[domain] for domain in given.domains)
    hooks = {**given.hooks, **add_hook()}
    return replace(
        given, domains=domains, off_domain=names.get(given.off_domain or ""), accounts=accounts, peers_zone=other, hooks=hooks,
    )


def lacks(given: Profile, fixtures: Path) -> str:
    """Why a target cannot take part; empty where it can."""
    if given.start is None:
        return f"{given.name} is not started by its profile, so it has no other domain"
    if given.network == "private":
        return f"{given.name} needs a network of its own"
    if given.s2s.tls != "none":
        return f"{given.name} has TLS between servers, which the relay cannot read"
    for hook in HOOKS:
        if hook not in given.hooks:
            return f"{given.name} has no hook {hook}"
    try:
        target.check_programs(given, fixtures)
    except UsageProblem as problem:
        return problem.lines[0]
    return ""


def _clash(given: list[Profile]) -> str:
    """Two servers cannot have one port."""
    taken = [{(each.address, each.port) for each in (side.c2s, side.s2s) if each.port} for side in given]
    if both := taken[0] & taken[1]:
        address, port = both.pop()
        return f"both servers would listen on {address} port {port}; set 0 in the profiles"
    return ""


def _folder(options: Options, world: World) -> Path:
    if options.out:
        return world.places.cwd / options.out
    return outputs.default_folder(world.places.reports_folder(), "interop", time.time(), os.getpid())


def meet(pair: Pair, folder: Path, world: World) -> Met:
    """Has two servers meet; afterwards no process and no private directory is left."""
    mask = Mask([secret for side in pair.sides for secret in side.secrets()], [word for side in pair.sides for word in side.public()])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in Encounter.FILES:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise UsageProblem(f"cannot write to the folder {folder}: {why(error)}; name another one with --out") from error
    with room() as shared:
        encounter = Encounter(pair.sides, shared.loop, shared.children, shared.private, folder, mask, world)
        met = shared.loop.complete(encounter.run())
    for name in Encounter.FILES:
        if name.endswith(".log"):
            mask.file(folder / name)
    return Met(UNJUDGED, stopped_by=shared.stopped_by) if shared.stopped_by else met


def point(number: int, pair: Pair, met: Met) -> Iterator[str]:
    """The test point of a pair."""
    title = f"{number} - {' '.join(pair.names)}"
    if met.verdict == SKIPPED:
        yield f"ok {title} # SKIP {one_line(met.lines[0])}"
        return
    yield f"not ok {title}" if met.verdict in (FAILED, UNJUDGED) else f"ok {title}"
    if met.lines:
        yield "  ---"
        yield "  failure: |"
        yield from (f"    {one_line(line)}" for line in (met.verdict, *met.lines))
        yield "  ..."
