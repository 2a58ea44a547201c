"""`buddycheck compare`, and the baseline that a run or a report is compared with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from . import compare, compare_text, model, outputs
from .errors import UsageProblem
from .places import Places

FORMATS = ("text", "markdown", "json")


@dataclass(frozen=True)
class Baseline:
    """A kept run to compare with, read before anything is written."""

    document: Mapping[str, Any]
    name: str

    def compared(self, run: Mapping[str, Any], name: str) -> dict[str, Any]:
        """The comparison of `run` with it."""
        return compare.compare(self.document, run, (self.name, name))


def load(path: str, places: Places) -> Baseline:
    """The run that `--baseline` means; `latest` and other links are named by what they mean now."""
    return Baseline(model.load(places.cwd / path, places), _name(places.cwd / path, places))


def _name(path: Path, places: Places) -> str:
    return places.shown(path.resolve())


def check_folder(path: str, folder: Path, places: Places) -> None:
    """Raises where the run would overwrite its baseline."""
    if path and model.folder_of(places.cwd / path).resolve() == folder.resolve():
        raise UsageProblem(f"--baseline {path}: is the folder that --out names; the run would overwrite its baseline")


def command(paths: tuple[str, str], strict: bool, format: str, out: str, places: Places, stdout: TextIO) -> int:
    """Compares two kept runs; the exit status says whether the second has regressions."""
    base, run = (model.load(places.cwd / path, places) for path in paths)
    names = [_name(places.cwd / path, places) for path in paths]
    found = compare.compare(base, run, names, strict)
    if format == "json":
        text = json.dumps(found, indent=1) + "\n"
    else:
        text = "\n".join(compare_text.lines(found) if format == "text" else compare_text.markdown(found, 2)).rstrip() + "\n"
    outputs.write_or_print(out, text, places, stdout)
    return int(found["exit"])
