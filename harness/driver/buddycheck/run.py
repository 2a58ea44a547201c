"""`buddycheck run`: from options to an engine that reads the scenarios.

What follows (conduct.py) is imported only then, while the engine reads: both take about as long.
"""

from __future__ import annotations

import tempfile
from contextlib import closing

from . import profile, render
from .engine import Engine
from .errors import UsageProblem
from .loop import Loop
from .options import TAP_VERSIONS, Format, Options
from .process import Children
from .profile import Profile
from .world import World


def run(options: Options, world: World) -> int:
    """Runs the suite; the exit status."""
    formats, tap_version = _formats(options, world)
    chosen = profile.load(world.places.profile_path(options.target), world.environ)
    render.check(chosen)
    private = _is_private(options, chosen)
    if private:
        from . import network

        chosen = network.settle(chosen)
        network.enter(chosen)  # for the engine, too
    world.places.check_engine()
    with closing(Loop()) as loop, tempfile.TemporaryFile() as log, Children(loop) as children:
        engine = Engine(loop, children, world.places.engine, log, world.environ, "run", str(world.places.scenarios))
        from . import conduct

        begun = conduct.Begun(options, world, chosen, private, formats, tap_version, loop, children, engine, log)
        return conduct.conduct(begun)


def _is_private(options: Options, chosen: Profile) -> bool:
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
