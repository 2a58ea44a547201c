"""The formats of a run, each made from its document (model.py)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import compare_text, junit as junit_xml, model, summary
from .places import Places


def text(name: str, run: Mapping[str, Any], folder: Path, places: Places) -> str:
    """The report of that name; `folder` holds the run's journal."""
    if name == "junit":
        return junit(run)
    if name == "json":
        return as_json(run)
    if name == "plain":
        lines = summary.render(model.outcome_of(run), places.shown(folder))
        return "".join(line + "\n" for line in [*lines, *comparison_lines(run)])
    if name == "markdown":
        from . import markdown

        return markdown.render(run)
    from . import page

    return page.render([(run, folder)], places)


def comparison_lines(run: Mapping[str, Any]) -> list[str]:
    """What the comparison with a baseline says, if there is one."""
    return ["", *compare_text.lines(run["baseline"], with_run=False)] if "baseline" in run else []


def junit(run: Mapping[str, Any]) -> str:
    """JUnit XML."""
    return junit_xml.render(model.outcome_of(run), run["seconds"], model.started(run))


def as_json(run: Mapping[str, Any]) -> str:
    """The short JSON report: what the run came to, without the catalogue."""
    outcome = model.outcome_of(run)
    short = {
        "target": outcome.target, "seed": outcome.seed, "repeat": outcome.repeat, "strict": outcome.strict,
        "level": outcome.level, "conformance": outcome.conformance, "expect": outcome.expected or None,
        "exit": run["exit"], "interrupted": bool(outcome.stopped_by), "abort": run["abort"],
        "counts": outcome.counts(), "flaky": outcome.flaky(), "unexpected_passes": outcome.unexpected_passes(),
        "lost": outcome.lost(), "not_run": outcome.not_run(), "left_out_slow": list(outcome.left_out_slow),
        "cost": outcome.cost(), "requirements": outcome.end["requirements"] if outcome.end else {},
        "results": [vars(result) for result in outcome.results],
        **({"baseline": run["baseline"]} if "baseline" in run else {}),
    }
    return json.dumps(short, indent=1) + "\n"
