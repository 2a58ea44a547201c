"""`buddycheck run`: from options to a finished run and its reports."""

from __future__ import annotations

import datetime
import os
import shlex
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TextIO

from . import baseline, catalogue, compare, expect, model, origin, outputs, profile, render, selection, shard, summary, tap, target, writers
from .catalogue import Catalogue
from .engine import Engine
from .errors import RunProblem, UsageProblem
from .expect import Expectations
from .loop import Loop
from .mask import Mask
from .places import Places
from .process import Children
from .progress import NoProgress, Progress
from .results import Outcome
from .selection import Selection, Wanted
from .session import Limits, Session, plan

FORMATS = ("tap", "tap13", "junit", "json", "plain", "markdown", "html")
TAP_VERSIONS = {"tap": 14, "tap13": 13}
SHORT = 4  # characters: a shorter password is a part of many words


@dataclass(frozen=True)
class Format:
    """A report that was asked for; without a file it goes to standard output."""

    name: str
    file: str = ""


@dataclass(frozen=True)
class Options:
    """The options of `run`."""

    wanted: Wanted
    target: str
    jobs: int = 0
    seed: int | None = None
    patience: float = 1.0
    repeat: int = 1
    strict: bool = False
    formats: tuple[Format, ...] = ()
    out: str = ""
    annotate: str = ""  # the CI system that is to point at failures; empty: none
    expect: str = ""  # a file, or "none"; empty: that of the shipped target
    network: str = ""  # "private" or "host"; empty: what the profile says
    shard: str = ""  # I/N, or "auto"
    baseline: str = ""  # a kept run to compare with; it decides the exit status then


@dataclass(frozen=True)
class World:
    """What a command is given by its surroundings."""

    places: Places
    environ: Mapping[str, str]
    stdout: TextIO
    stderr: TextIO

    def say(self, *lines: str) -> None:
        """Lines for people, on standard error."""
        for line in lines:
            print(line, file=self.stderr)


@dataclass(frozen=True)
class Machinery:
    """What a run is driven with."""

    loop: Loop
    children: Children
    engine: Engine  # it has told the catalogue and waits for the plan
    log: IO[bytes]  # of the engine; there is no folder for it yet


def run(options: Options, world: World) -> int:
    """Runs the suite; the exit status."""
    formats, tap_version = _formats(options, world)
    path = world.places.profile_path(options.target)
    chosen = profile.load(path, world.environ)
    render.check(chosen)
    if _private(options, chosen):
        from . import network

        chosen = network.settle(chosen)
        network.enter(chosen)  # for the engine, too
    with closing(Loop()) as loop, tempfile.TemporaryFile() as log, Children(loop) as children:
        engine, known = catalogue.begin(world.places, world.environ, loop, children, log)
        return _run(options, world, chosen, known, Machinery(loop, children, engine, log), formats, tap_version)


def _run(
    options: Options, world: World, chosen: profile.Profile, known: Catalogue, machinery: Machinery, formats: list[Format],
    tap_version: int,
) -> int:
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
    mask = Mask(chosen.secrets(), [*chosen.public(), *known.words_with(chosen.secrets())])
    seed = int.from_bytes(os.urandom(4), "big") if options.seed is None else options.seed
    outcome = Outcome(
        chosen.name, selected.ids, known.verdicts, options.strict, options.repeat, seed, selected.left_out_slow,
        level=options.wanted.level, conformance=options.wanted.conformance, expected=expected.file,
        notes=_notes(options, chosen, expected, share, selected, whole),
    )
    world.say(*(f"buddycheck: {line}" for line in (*expected.unexplained(), *expected.expired)))
    attempts = outputs.Attempts()
    progress = _progress(options, world, len(selected.ids) * options.repeat)
    looked = origin.Origin(world.places.home, known.folder, world.environ)

    def meanwhile() -> None:
        looked.look()
        writers.load()

    try:
        Session(
            profile=chosen, plan=_plan(options, world, chosen, known, selected, expected, folder, seed, tap_version),
            engine=machinery.engine, folder=folder, mask=mask, outcome=outcome, progress=progress,
            environ=world.environ, limits=_limits(options, chosen), meanwhile=meanwhile, attempts=attempts,
        ).run(machinery.loop, machinery.children)
    finally:
        progress.close()
    with attempts.attempt(folder / outputs.ENGINE_LOG):
        outputs.keep_log(machinery.log, folder / outputs.ENGINE_LOG)
    with attempts.attempt(folder):
        outputs.mask_logs(folder, mask)
    for line in outputs.unwritten(machinery.log):
        attempts.note(line)
    made = model.Made(
        world.places, world.environ, chosen, known, options.wanted, expected,
        {"jobs": options.jobs, "patience": options.patience, "network": "private" if _private(options, chosen) else "host"},
        _rerun(options, world), started, time.time() - started, looked,
    )
    document = model.document(outcome, made, folder, mask)
    if share:
        document["shard"] = {"index": share.index, "total": share.total, "seed_given": options.seed is not None, "scenarios": list(whole)}
    if base:
        document["baseline"] = base.compared(document, world.places.shown(folder))
    with attempts.attempt(folder / outputs.RUN):
        outputs.write_whole(folder / outputs.RUN, model.text(document))
    reports = Reports(world, document, folder, mask, tap_version, attempts)
    reports.explain()
    reports.write(formats)
    if options.annotate:
        reports.annotate(options.annotate)
    if attempts.problem:
        raise UsageProblem(f"{attempts.problem}; what was judged stands on standard output")
    return compare.exit_of_run(document["baseline"], outcome.exit_status()) if base else outcome.exit_status()


def _private(options: Options, chosen: profile.Profile) -> bool:
    """Whether the run gets a network of its own: as was asked for, else as the profile says."""
    if options.network == "host" and chosen.network == "private":
        place = f"{chosen.path}:{chosen.lines.of('network')}"
        raise UsageProblem(f"{place}: the target {chosen.name} needs real ports and plain DNS: leave out --network host")
    return (options.network or chosen.network) == "private"


def _formats(options: Options, world: World) -> tuple[list[Format], int]:
    """The reports to write, and the version of TAP, of which a run has one."""
    formats = list(options.formats)
    if sum(not each.file for each in formats) > 1:
        raise UsageProblem("--format: only one format can go to standard output; give the others a file, as in junit:FILE")
    if all(each.file for each in formats):
        formats.append(Format("plain" if world.stdout.isatty() else "tap"))
    asked = [each.name for each in options.formats if each.name in TAP_VERSIONS]
    if len(set(asked)) > 1:
        raise UsageProblem("--format: one run writes one version of TAP; choose tap or tap13")
    if asked and formats[-1] == Format("tap"):
        formats[-1] = Format(asked[0])
    if any(each.name == "html" for each in formats):
        from . import page

        page.check_packages()
    for each in formats:
        if each.file and not (world.places.cwd / each.file).parent.is_dir():
            folder = (world.places.cwd / each.file).parent
            raise UsageProblem(f"--format {each.name}:{each.file}: no folder {folder}; make it first")
    return formats, TAP_VERSIONS[asked[0]] if asked else 14


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


def _limits(options: Options, chosen: profile.Profile) -> Limits:
    longest_step = (chosen.timing.start + chosen.timing.deadline) / 1000
    slow = 900.0 if options.wanted.slow else 0.0
    return Limits(silence=(120.0 + longest_step + slow) * max(1.0, options.patience))


def _plan(
    options: Options, world: World, chosen: profile.Profile, known: Catalogue, selected: Selection,
    expected: Expectations, folder: Path, seed: int, tap_version: int,
) -> Mapping[str, Any]:
    return plan(
        profile=chosen, scenarios=world.places.scenarios, select=selected.ids, folder=folder,
        options={
            "jobs": options.jobs, "seed": seed, "patience": options.patience, "repeat": options.repeat,
            "instances": _instances(options, chosen),
        },
        rerun=_rerun(options, world), tap_version=tap_version, strict=options.strict,
        expect=[each.for_plan() for each in expected.entries], scope=selection.scope(known, options.wanted),
    )


def _instances(options: Options, chosen: profile.Profile) -> int:
    """How many instances of the target there may be: one where each port exists once, or where the user says what runs at once."""
    return chosen.start.instances if chosen.start and not options.jobs and not _private(options, chosen) else 1


def _expectations(options: Options, world: World, known: Catalogue) -> Expectations:
    path = expect.find(world.places, options.expect, options.target)
    if path is None:
        return Expectations()
    return expect.load(path, world.places, known, datetime.datetime.now(datetime.timezone.utc).date())


def _notes(
    options: Options, chosen: profile.Profile, expected: Expectations, share: shard.Shard | None, selected: Selection, whole: Sequence[str],
) -> tuple[str, ...]:
    """What a reader must know to read the verdicts."""
    limits = [f"--{name} {value}" for name, value, default in (
        ("level", options.wanted.level, "all"), ("conformance", options.wanted.conformance, selection.CONFORMANCE[-1]),
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
    words += ["--conformance", options.wanted.conformance] if options.wanted.conformance != selection.CONFORMANCE[-1] else []
    words += ["--expect", options.expect] if options.expect else []
    words += ["--network", options.network] if options.network else []
    return shlex.join(words)


class Reports:
    """Writes what a run came to, all of it from its document (model.py); TAP is the engine's own."""

    def __init__(self, world: World, document: Mapping[str, Any], folder: Path, mask: Mask, tap_version: int, attempts: outputs.Attempts) -> None:
        self._world = world
        self._attempts = attempts
        self._document = document
        self._outcome = model.outcome_of(document)
        self._folder = folder
        self._mask = mask
        self._tap_text = tap.finish(folder / outputs.TAP, self._outcome, tap_version)

    def explain(self) -> None:
        """Says on standard error why the run could not go on, with the end of the log of who was to blame."""
        outcome, places = self._outcome, self._world.places
        log = self._folder / (outputs.ENGINE_LOG if outcome.abort_step == "engine" else outputs.TARGET_LOG)
        if outcome.abort_step:
            step = f"buddycheck: the run could not go on (step {outcome.abort_step})"
            self._world.say(f"{step}: {summary.printable(outcome.abort_reason)}{self._advice()}")
        lines = target.tail(log, self._mask) if outcome.abort_step and outcome.abort_step != "bind" else []
        if lines:
            self._world.say(f"the last lines of {places.shown(log)}:", *(f"    {summary.printable(line)}" for line in lines))
        if not (engine_log := self._folder / outputs.ENGINE_LOG).is_file() or engine_log.stat().st_size == 0:
            engine_log.unlink(missing_ok=True)

    def write(self, formats: list[Format]) -> None:
        """Writes junit.xml and every report asked for; standard output comes last."""
        with self._attempts.attempt(self._folder / outputs.JUNIT):
            outputs.write_whole(self._folder / outputs.JUNIT, writers.junit(self._document))
        for each in sorted(formats, key=lambda each: not each.file):
            if each.file:
                with self._attempts.attempt(self._world.places.cwd / each.file):
                    outputs.write_whole(self._world.places.cwd / each.file, self._text(each.name))
            else:
                self._print(each.name, self._text(each.name))

    def annotate(self, system: str) -> None:
        """Points a CI system at what failed; after everything else on standard output."""
        from . import annotate

        self._world.stdout.writelines(line + "\n" for line in annotate.lines(self._document, system, self._world.places))
        self._world.stdout.flush()

    def _text(self, name: str) -> str:
        if name in TAP_VERSIONS:
            return self._tap_text
        return writers.text(name, self._document, self._folder, self._world.places)

    def _print(self, name: str, text: str) -> None:
        self._world.stdout.write(text)
        if name in TAP_VERSIONS:
            shown = self._world.places.shown(self._folder)
            lines = summary.render(self._outcome, shown, texts=False) + writers.comparison_lines(self._document)
            self._world.stdout.write(tap.as_comments(lines))
        self._world.stdout.flush()
        if name not in TAP_VERSIONS and name != "plain":
            self._world.say("buddycheck: " + summary.last_line(self._outcome))
            self._world.say(*(f"buddycheck: {line}" for line in writers.comparison_lines(self._document)[-1:]))

    def _advice(self) -> str:
        if self._outcome.abort_step != "bind":
            return ""
        return "; stop what uses the address or port, or change [peers] and [dns] in the profile"


def failed_step(problem: RunProblem) -> str:
    """The one line for a run that ended before it had an outcome."""
    return f"buddycheck: the run could not go on (step {problem.step}): {problem.reason}"
