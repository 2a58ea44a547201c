"""`buddycheck report`: one report of kept runs."""

from __future__ import annotations

from collections.abc import Sequence

from . import model, outputs, writers
from .baseline import load
from .errors import EXIT_OK, UsageProblem
from .world import World

FORMATS = ("html", "markdown", "junit", "json", "plain")
PAGE = "report.html"


def report(paths: Sequence[str], format: str, out: str, baseline: str, world: World) -> int:
    """Makes the report; the exit status says whether that worked, not what the runs came to."""
    runs = model.runs(paths, world.places)
    if baseline:
        base = load(baseline, world.places)
        runs = [({**run, "baseline": base.compared(run, world.places.shown(folder))}, folder) for run, folder in runs]
    if format == "html":
        from . import page

        text = page.render(runs, world.places)
    elif len(runs) > 1:
        raise UsageProblem(f"--format {format} takes one run; only html shows several in one report")
    else:
        text = writers.text(format, *runs[0], world.places)
    if not out and format == "html":
        out = str(runs[0][1] / PAGE)
    if path := outputs.write_or_print(out, text, world.places, world.stdout):
        world.say(f"buddycheck report: {world.places.shown(path)}")
    return EXIT_OK
