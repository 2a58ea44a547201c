"""`buddycheck run`, from an engine that reads the scenarios to a finished run and its reports."""

from __future__ import annotations

import datetime
import os
import shlex
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from . import baseline, catalogue, compare, expect, model, outputs, selection, shard, target
from .catalogue import Catalogue
from .engine import Engine
from .errors import UsageProblem
from .expect import Expectations
from .loop import Loop
from .mask import Mask
from .options import CONFORMANCE, Format, Options
from .origin import Origin
from .process import Children
from .profile import Profile
from .progress import NoProgress, Progress
from .results import Outcome
from .run_reports import Reports
from .selection import Selection
from .session import Limits, Session, plan
from .world import World

SHORT = 4  # characters: a shorter password is a part of many words


@dataclass(frozen=True)
class Begun:
    """A run whose engine has been started, and reads the scenarios."""

    options: Options
    world: World
    profile: Profile
    private: bool  # in a network of its own
    formats: list[Format]
    tap_version: int
    loop: Loop
    children: Children
    engine: Engine
    log: IO[bytes]  # of the engine; there is no folder for it yet


def conduct(begun: Begun) -> int:
    """Runs the suite; the exit status."""
    world = begun.world
    with closing(Origin(world.places.home, world.places.scenarios, world.environ)) as looked:
        looked.look_ahead()  # while the engine reads
        known = catalogue.told(begun.engine, begun.loop, begun.log, world.places)
        return _run(begun, known, looked)


def _run(begun: Begun, known: Catalogue, looked: Origin) -> int:
    options, world, chosen = begun.options, begun.world, begun.profile
    if known.errors:
        raise UsageProblem(known.error_lines(world.places))
    selected = selection.select(known, options.wanted)
    share = shard.find(options.shard, world.environ)
    whole = selected.ids
    if share:
        selected = selection.Selection(shard.take(known, whole, share), selected.left_out_slow)
    expected = _expectations(options, world, known)
    base = baseline.load(options.baseline, world.places) if options.baseline else None
    target.check_programs(chosen, world.places.fixtures)
    started = time.time()
    folder = _folder(options, world, chosen.name, started)
    mask = _mask(begun, known)
    seed = int.from_bytes(os.urandom(4), "big") if options.seed is None else options.seed
    outcome = Outcome(
        chosen.name, selected.ids, known.verdicts, options.strict, options.repeat, seed, selected.left_out_slow,
        level=options.wanted.level, conformance=options.wanted.conformance, expected=expected.file,
        notes=_notes(options, chosen, expected, share, selected, whole),
    )
    world.say(*(f"buddycheck: {line}" for line in (*expected.unexplained(), *expected.expired)))
    attempts = outputs.Attempts()
    progress = _progress(options, world, len(selected.ids) * options.repeat)
    draft = model.Draft(known, folder)
    draft.follow(begun.loop)
    try:
        Session(
            profile=chosen, plan=_plan(begun, known, selected, expected, folder, seed),
            engine=begun.engine, folder=folder, mask=mask, outcome=outcome, progress=progress,
            environ=world.environ, limits=_limits(options, chosen), attempts=attempts,
            meanwhile=lambda: draft.make(outcome),
        ).run(begun.loop, begun.children)
    finally:
        progress.close()
    with attempts.attempt(folder / outputs.ENGINE_LOG):
        outputs.keep_log(begun.log, folder / outputs.ENGINE_LOG)
    with attempts.attempt(folder):
        outputs.mask_logs(folder, mask)
    for line in outputs.unwritten(begun.log):
        attempts.note(line)
    made = model.Made(
        world.places, world.environ, chosen, known, options.wanted, expected,
        {"jobs": options.jobs, "patience": options.patience, "network": "private" if begun.private else "host"},
        _rerun(options, world), started, time.time() - started, looked,
    )
    document = model.document(outcome, made, draft, mask)
    if share:
        document["shard"] = {"index": share.index, "total": share.total, "seed_given": options.seed is not None, "scenarios": list(whole)}
    if base:
        document["baseline"] = base.compared(document, world.places.shown(folder))
    with attempts.attempt(folder / outputs.RUN):
        outputs.write_whole(folder / outputs.RUN, model.text(document, draft))
    reports = Reports(world, document, folder, mask, begun.tap_version, attempts)
    reports.explain()
    reports.write(begun.formats)
    if options.annotate:
        reports.annotate(options.annotate)
    if attempts.problem:
        raise UsageProblem(f"{attempts.problem}; what was judged stands on standard output")
    return compare.exit_of_run(document["baseline"], outcome.exit_status()) if base else outcome.exit_status()


def _mask(begun: Begun, known: Catalogue) -> Mask:
    """Words of the suite's own texts that merely contain a password are none; mostly there are no such words."""
    secrets = begun.profile.secrets()
    words = known.words_with(secrets) if Mask(secrets).touches(begun.engine.line) else ()
    return Mask(secrets, [*begun.profile.public(), *words])


def _folder(options: Options, world: World, name: str, now: float) -> Path:
    reports = world.places.reports_folder()
    folder = world.places.cwd / options.out if options.out else outputs.default_folder(reports, name, now, os.getpid())
    baseline.check_folder(options.baseline, folder, world.places)
    outputs.prepare_folder(folder)
    if not options.out:
        outputs.link_latest(folder)
    return folder


def _progress(options: Options, world: World, total: int) -> Progress:
    if any(not each.file for each in options.formats) or not world.stdout.isatty():
        return NoProgress()
    from .progress import create

    return create(world.stdout, total)


def _limits(options: Options, chosen: Profile) -> Limits:
    longest_step = (chosen.timing.start + chosen.timing.deadline) / 1000
    slow = 900.0 if options.wanted.slow else 0.0
    return Limits(silence=(120.0 + longest_step + slow) * max(1.0, options.patience))


def _plan(
    begun: Begun, known: Catalogue, selected: Selection, expected: Expectations, folder: Path, seed: int,
) -> Mapping[str, Any]:
    options, world = begun.options, begun.world
    return plan(
        profile=begun.profile, scenarios=world.places.scenarios, select=selected.ids, folder=folder,
        options={
            "jobs": options.jobs, "seed": seed, "patience": options.patience, "repeat": options.repeat, "instances": _instances(begun),
        },
        rerun=_rerun(options, world), tap_version=begun.tap_version, strict=options.strict,
        expect=[each.for_plan() for each in expected.entries], scope=selection.scope(known, options.wanted),
    )


def _instances(begun: Begun) -> int:
    """How many instances of the target there may be: one where each port exists once, or where the user says what runs at once."""
    start = begun.profile.start
    return start.instances if start and not begun.options.jobs and not begun.private else 1


def _expectations(options: Options, world: World, known: Catalogue) -> Expectations:
    path = expect.find(world.places, options.expect, options.target)
    if path is None:
        return Expectations()
    return expect.load(path, world.places, known, datetime.datetime.now(datetime.timezone.utc).date())


def _notes(
    options: Options, chosen: Profile, expected: Expectations, share: shard.Shard | None, selected: Selection, whole: Sequence[str],
) -> tuple[str, ...]:
    """What a reader must know to read the verdicts."""
    limits = [f"--{name} {value}" for name, value, default in (
        ("level", options.wanted.level, "all"), ("conformance", options.wanted.conformance, CONFORMANCE[-1]),
    ) if value != default]
    judged = (f"judged: {' '.join(limits)}; what else is violated counts as INFO",) if limits else ()
    shared = (f"shard {share}: {len(selected.ids)} of {len(whole)} scenarios",) if share else ()
    short = [f"accounts.{name}" for name, account in chosen.accounts.items() if len(account.password) < SHORT]
    masked = (f"a password of {', '.join(short)} is very short: it is masked wherever it occurs, in answers of hooks as well; choose a longer one",) if short else ()
    return judged + shared + masked + expected.notes(automatic=not options.expect)


def _rerun(options: Options, world: World) -> str:
    """The command that, with a scenario's id behind it, runs that scenario under the same conditions."""
    words = [world.places.command, "run", "--target", options.target]
    words += ["--seed", str(options.seed)] if options.seed is not None else []
    words += ["--patience", f"{options.patience:g}"] if options.patience != 1.0 else []
    words += ["--slow"] if options.wanted.slow else []
    words += ["--strict"] if options.strict else []
    words += ["--level", options.wanted.level] if options.wanted.level != "all" else []
    words += ["--conformance", options.wanted.conformance] if options.wanted.conformance != CONFORMANCE[-1] else []
    words += ["--expect", options.expect] if options.expect else []
    words += ["--network", options.network] if options.network else []
    return shlex.join(words)
