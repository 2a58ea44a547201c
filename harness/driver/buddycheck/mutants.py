"""`buddycheck mutants`: runs the suite against the target without a fault, then with every fault, and reports what was detected."""

from __future__ import annotations

import dataclasses
import os
import shutil
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from . import catalogue, detection, faults, model, mutants_report, outputs, profile, render, selection, target
from .catalogue import Catalogue, area_of
from .detection import Detection, SuiteRun
from .errors import RunProblem, UsageProblem
from .expect import Expectations
from .faults import Fault
from .loop import Loop, Promise
from .mask import Mask
from .mutants_store import Store, digest
from .options import Format, Wanted
from .origin import Origin
from .process import Children
from .profile import Profile
from .progress import NoProgress, Progress
from .results import Outcome
from .session import Limits, Session, plan, private_directory, signals
from .world import World

FORMATS = ("json", "tap", "plain")
UNFAULTED = "unfaulted"
JOBS_PER_CPU = 4  # a run waits for deadlines and quiet windows most of its time
SILENCE = 60.0  # seconds after which an engine that says nothing is given up


@dataclass(frozen=True)
class Options:
    """The options of `mutants`."""

    faults: tuple[str, ...] = ()
    wanted: Wanted = Wanted()
    target: str = "reference"
    jobs: int = 0
    deadline: int = 0
    seed: int = 1
    quick: bool = False
    resume: bool = False
    formats: tuple[Format, ...] = ()
    out: str = ""


class Asked(Protocol):
    """What options of `mutants` and `variants` have in common."""

    @property
    def wanted(self) -> Wanted: ...
    @property
    def out(self) -> str: ...
    @property
    def seed(self) -> int: ...


@dataclass(frozen=True)
class Suite:
    """What is run: the target, the scenarios, the table."""

    world: World
    profile: Profile
    known: Catalogue
    table: faults.Table
    ids: tuple[str, ...]
    folder: Path
    mask: Mask
    seed: int
    origin: Origin


def mutants(options: Options, world: World) -> int:
    """Runs everything; the exit status."""
    formats = _formats(options, world)
    suite = _suite(options, world)
    chosen = faults.choose(suite.table, options.faults, suite.profile.name)
    store = Store(suite.folder, _surroundings(suite), options.resume)
    workshop = Workshop(suite, store, options)
    started = time.monotonic()
    progress = _progress(options, world, len(chosen) + 1)
    try:
        done = workshop.run(chosen, progress)
    finally:
        progress.close()
    if workshop.stopped_by:
        kept = f"{len(done)} of {len(chosen)} faults are done and kept in {world.places.shown(suite.folder)}"
        world.say(f"buddycheck mutants: interrupted; {kept}, --resume goes on from there")
        return 128 + workshop.stopped_by
    complete = len(chosen) == len(faults.choose(suite.table, (), suite.profile.name)) and not options.quick and len(suite.ids) == _all(suite.known)
    made = detection.report(workshop.unfaulted, done, suite.ids, complete, suite.table.allow if complete else {})
    shown = mutants_report.Shown(suite.profile.name, time.monotonic() - started, world.places.shown(suite.folder))
    _write(made, shown, formats, suite)
    return 0 if made.passed else 1


def _suite(options: Options, world: World) -> Suite:
    known, chosen = switchable(options.target, world)
    assert chosen.start is not None
    table = faults.load(world.places.fixtures / faults.NAME, known)
    deadline = options.deadline or chosen.start.fault_deadline or chosen.timing.deadline
    timed = dataclasses.replace(chosen, timing=dataclasses.replace(chosen.timing, deadline=deadline))
    return suite_of(world, timed, known, table, options, "mutants")


def switchable(name: str, world: World) -> tuple[Catalogue, Profile]:
    """The catalogue, and a target that can be started with a fault."""
    chosen = profile.load(world.places.profile_path(name), world.environ)
    render.check(chosen)
    known = catalogue.load(world.places, world.environ)
    if known.errors:
        raise UsageProblem(known.error_lines(world.places))
    if chosen.start is None or not chosen.start.fault:
        place = f"{world.places.shown(chosen.path)}:{chosen.lines.of('start')}"
        raise UsageProblem(f"{place}: start.fault is missing: the target {chosen.name} cannot be started with a fault")
    target.check_programs(chosen, world.places.fixtures)
    return known, chosen


def suite_of(world: World, given: Profile, known: Catalogue, table: faults.Table, options: Asked, command: str) -> Suite:
    """What a command that switches things on runs."""
    selected = selection.select(known, options.wanted)
    reports = world.places.reports_folder()
    folder = world.places.cwd / options.out if options.out else reports / f"{command}-{given.path.parent.name}"
    looked = Origin(world.places.home, known.folder, world.environ)
    mask = Mask(given.secrets(), [*given.public(), *known.words_with(given.secrets())])
    return Suite(world, given, known, table, selected.ids, folder, mask, options.seed, looked)


def _all(known: Catalogue) -> int:
    return sum(not each.slow for each in known.scenarios.values())


def _surroundings(suite: Suite) -> Mapping[str, object]:
    """What all results depend on besides the row of the fault."""
    start, places = suite.profile.start, suite.world.places
    assert start is not None
    program = start.program[0].replace("${fixture}", str(suite.profile.folder.resolve()))
    binaries = [places.engine, suite.profile.path, *(suite.profile.folder / name for name in start.files.values())]
    binaries += [Path(program)] if Path(program).is_file() else []
    return {
        "scenarios": digest(sorted(each for each in places.scenarios.rglob("*") if each.suffix in (".scs", ".play", ".tsv"))),
        "binaries": digest(binaries), "deadline": suite.profile.timing.deadline, "seed": suite.seed,
    }


def with_fault(given: Profile, fault: str) -> Profile:
    """The same target, started with that fault."""
    assert given.start is not None
    arguments = render.with_fault(given.start.fault, fault)
    return dataclasses.replace(given, start=dataclasses.replace(given.start, program=(*given.start.program, *arguments)))


def neighbours(known: Catalogue, ids: Sequence[str], fault: Fault) -> tuple[str, ...]:
    """For --quick: of the scenarios `ids` those of the areas that the row names and those that decide what it violates."""
    areas = {area_of(each) for each in fault.detected_by if each in known.scenarios}
    near = {each for id in fault.violates for each in known.requirements[id].scenarios}
    return tuple(id for id in ids if area_of(id) in areas or id in near) or tuple(ids)


class Workshop:
    """Runs the suite many times, several at once, in one event loop; leaves no process behind."""

    def __init__(self, suite: Suite, store: Store, options: Options) -> None:
        self.unfaulted: SuiteRun
        self.stopped_by = 0
        self._suite = suite
        self._store = store
        self._decides = {id: each.requirements for id, each in suite.known.scenarios.items()}
        self._quick = options.quick
        self._jobs = options.jobs or JOBS_PER_CPU * len(os.sched_getaffinity(0))
        self._done: dict[str, Detection] = {}
        self._loop: Loop
        self._children: Children
        self._private: Path
        self._progress: Progress

    def run(self, chosen: Sequence[Fault], progress: Progress) -> list[Detection]:
        """The detections in the table's order; those that are there when a signal stops it."""
        self._loop, self._progress = Loop(), progress
        with signals(self._loop, self._interrupted), private_directory() as self._private, Children(self._loop) as self._children:
            self._loop.complete(self._all(deque(chosen)))
        self._loop.close()
        return [self._done[fault.id] for fault in chosen if fault.id in self._done]

    def _interrupted(self, number: int) -> None:
        self.stopped_by = number
        self._loop.stop()

    async def _all(self, queue: deque[Fault]) -> None:
        self._progress.begin("without a fault")
        self.unfaulted = await self._stored(UNFAULTED, None, self._suite.ids)
        self._progress.judged("without a fault", "green" if self.unfaulted.green else "not green")
        if self.unfaulted.abort:
            raise RunProblem("unfaulted", f"without a fault the suite cannot be run ({self.unfaulted.abort}); {self._kept(UNFAULTED)}")
        ends: list[Promise[None]] = [Promise() for _ in range(min(self._jobs, len(queue)))]
        for end in ends:
            self._loop.spawn(self._worker(queue, end))
        for end in ends:
            await end

    def _kept(self, name: str) -> str:
        return f"see {self._suite.world.places.shown(self._store.run_folder(name))}"

    async def _worker(self, queue: deque[Fault], end: Promise[None]) -> None:
        while queue:
            fault = queue.popleft()
            self._progress.begin(fault.id)
            ids = neighbours(self._suite.known, self._suite.ids, fault) if self._quick else self._suite.ids
            judged = detection.judge(fault, await self._stored(fault.id, fault, ids), self._decides)
            self._done[fault.id] = judged
            if judged.detected:
                shutil.rmtree(self._store.run_folder(fault.id), ignore_errors=True)
            self._progress.judged(fault.id, "detected" if judged.detected else "missed")
        end.resolve(None)

    async def _stored(self, name: str, fault: Fault | None, ids: tuple[str, ...]) -> SuiteRun:
        key = self._store.key(fault, ids)
        found = self._store.find(name, key)
        if found is None:
            found = await self._once(name, fault, ids)
            self._store.put(name, key, found)
        return found

    async def _once(self, name: str, fault: Fault | None, ids: tuple[str, ...]) -> SuiteRun:
        suite = self._suite
        given = with_fault(suite.profile, fault.id) if fault else suite.profile
        rerun = f"{suite.world.places.command} mutants --target {given.name} {fault.id if fault else ''} --scenarios"
        started = time.monotonic()
        outcome = await perform(suite, given, ids, self._store.run_folder(name), rerun, (self._loop, self._children, self._private / name))
        return SuiteRun.of(outcome, round(time.monotonic() - started, 3))


async def perform(
    suite: Suite, given: Profile, ids: tuple[str, ...], folder: Path, rerun: str, room: tuple[Loop, Children, Path],
) -> Outcome:
    """One run of the suite's scenarios `ids` against that target; its journal, logs and model are left in `folder`.

    `room`: the loop and the processes that runs share, and a private directory of its own, which is made and removed."""
    loop, children, private = room
    places = suite.world.places
    outputs.prepare_folder(folder)
    outcome = Outcome(given.name, ids, suite.known.verdicts, seed=suite.seed)
    private.mkdir(mode=0o700)
    started, since = time.monotonic(), time.time()
    await Session(
        profile=given, engine=places.engine, folder=folder, mask=suite.mask, outcome=outcome, progress=NoProgress(),
        environ=suite.world.environ, limits=Limits(silence=SILENCE + given.timing.deadline / 1000),
        plan=plan(
            profile=given, scenarios=places.scenarios, select=ids, folder=folder, strict=False, tap_version=14,
            options={"jobs": 0, "seed": suite.seed, "patience": 1.0, "repeat": 1},
            rerun=rerun,
        ),
    ).run_in(loop, children, private)
    shutil.rmtree(private, ignore_errors=True)
    outputs.mask_logs(folder, suite.mask)
    made = model.Made(
        places, suite.world.environ, given, suite.known, Wanted(), Expectations(), {"jobs": 0, "patience": 1.0, "network": "host"},
        rerun, since, time.monotonic() - started, suite.origin,
    )
    document = model.document(outcome, made, model.Draft(suite.known, folder), suite.mask)
    outputs.write_whole(folder / outputs.RUN, model.text(document))
    return outcome


def _formats(options: Options, world: World) -> list[Format]:
    given = list(options.formats)
    if sum(not each.file for each in given) > 1:
        raise UsageProblem("--format: only one format can go to standard output; give the others a file, as in json:FILE")
    for each in given:
        folder = (world.places.cwd / each.file).parent
        if each.file and not folder.is_dir():
            raise UsageProblem(f"--format {each.name}:{each.file}: no folder {folder}; make it first")
    if all(each.file for each in given):
        given.append(Format("plain" if world.stdout.isatty() else "tap"))
    return given


def _progress(options: Options, world: World, total: int) -> Progress:
    if any(not each.file for each in options.formats) or not world.stdout.isatty():
        return NoProgress()
    from .progress import create

    return create(world.stdout, total)


def _write(made: detection.Report, shown: mutants_report.Shown, formats: Sequence[Format], suite: Suite) -> None:
    for path, text in _files(made, shown, formats, suite):
        outputs.write_whole(path, text)
    for each in formats:
        if not each.file:
            suite.world.stdout.write(mutants_report.WRITERS[each.name](made, shown))
            suite.world.stdout.flush()
            if each.name == "json":
                suite.world.say("buddycheck mutants: " + mutants_report.last_line(made))


def _files(
    made: detection.Report, shown: mutants_report.Shown, formats: Sequence[Format], suite: Suite,
) -> Iterator[tuple[Path, str]]:
    yield suite.folder / "mutants.json", mutants_report.as_json(made, shown)
    for each in formats:
        if each.file:
            yield suite.world.places.cwd / each.file, mutants_report.WRITERS[each.name](made, shown)
