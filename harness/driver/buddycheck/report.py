"""`buddycheck report`: one report of kept runs."""

from __future__ import annotations

from collections.abc import Sequence

from . import model, outputs, writers
from .errors import EXIT_OK, UsageProblem
from .run import World

FORMATS = ("html", "markdown", "junit", "json", "plain")
PAGE = "report.html"


def report(paths: Sequence[str], format: str, out: str, world: World) -> int:
    """Makes the report; the exit status says whether that worked, not what the runs came to."""
    runs = model.runs(paths, world.places)
    if format == "html":
        from . import page

        text = page.render(runs, world.places)
    elif len(runs) > 1:
        raise UsageProblem(f"--format {format} takes one run; only html shows several in one report")
    else:
        text = writers.text(format, *runs[0], world.places)
    if not out and format == "html":
        out = str(runs[0][1] / PAGE)
    if out and out != "-":
        path = world.places.cwd / out
        if not path.parent.is_dir():
            raise UsageProblem(f"--out {out}: no folder {path.parent}; make it first")
        outputs.write_whole(path, text)
        world.say(f"buddycheck report: {world.places.shown(path)}")
    else:
        world.stdout.write(text)
        world.stdout.flush()
    return EXIT_OK
