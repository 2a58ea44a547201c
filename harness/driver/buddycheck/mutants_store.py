"""The results of `buddycheck mutants`, one file a fault, whole or not there: what is done stays for --resume."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from . import outputs
from .detection import SuiteRun
from .errors import UsageProblem, why
from .faults import Fault

FORMAT = 1  # of the files; part of every key


def digest(files: Iterable[Path]) -> str:
    """One digest over names and contents."""
    total = hashlib.sha256()
    for path in files:
        total.update(str(path).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


class Store:
    """The folder with one result a fault. Without `resume` what an earlier call left there is removed."""

    def __init__(self, folder: Path, surroundings: Mapping[str, object], resume: bool) -> None:
        self._folder = folder
        self._results = folder / "results"
        self._surroundings = {"format": FORMAT, **surroundings}
        try:
            self._results.mkdir(parents=True, exist_ok=True)
            if not resume:
                for old in self._results.glob("*.json"):
                    old.unlink()
        except OSError as error:
            raise UsageProblem(f"cannot write to the folder {folder}: {why(error)}; name another one with --out") from error

    def run_folder(self, name: str) -> Path:
        """Where a run leaves its journal and its logs."""
        return self._folder / "runs" / name

    def key(self, fault: Fault | None, scenarios: tuple[str, ...]) -> str:
        """What a result depends on; it is worth nothing under another key."""
        document = {**self._surroundings, "fault": vars(fault) if fault else None, "scenarios run": scenarios}
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()

    def find(self, name: str, key: str) -> SuiteRun | None:
        """The result that is there under that key; anything else counts as none."""
        try:
            document = json.loads((self._results / f"{name}.json").read_text(encoding="utf-8"))
            return SuiteRun.from_json(document["run"]) if document["key"] == key else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, name: str, key: str, run: SuiteRun) -> None:
        """Keeps a result."""
        text = json.dumps({"name": name, "key": key, "run": run.as_json()}, indent=1) + "\n"
        outputs.write_whole(self._results / f"{name}.json", text)
