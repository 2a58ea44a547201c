"""The folder of a run, and files that are either whole or not there."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TextIO

from .errors import UsageProblem, why
from .mask import Mask
from .places import Places

# In the order in which they come to be; the first five grow during the run.
JOURNAL, TAP, RESULTS, TARGET_LOG, ENGINE_LOG, JUNIT, RUN = (
    "journal.jsonl", "run.tap", "results.jsonl", "target.log", "engine.log", "junit.xml", "run.json",
)


class Attempts:
    """For the end of a run: where writing fails, the rest is written and told all the same. The first reason is kept."""

    def __init__(self) -> None:
        self.problem = ""

    def note(self, problem: str) -> None:
        """Something could not be written."""
        self.problem = self.problem or problem

    @contextmanager
    def attempt(self, path: Path) -> Iterator[None]:
        """Around what writes that file."""
        try:
            yield
        except UsageProblem as problem:
            self.note(problem.lines[0])
        except OSError as error:
            self.note(f"cannot write {path}: {why(error)}")


def safe_name(target: str) -> str:
    """A target's name as a part of a file name."""
    return "".join(char if char.isalnum() or char in "._-" else "-" for char in target).lstrip(".") or "target"


def default_folder(reports: Path, target: str, now: float, pid: int) -> Path:
    """`<reports>/<target>-<UTC time>-<pid>`."""
    return reports / f"{safe_name(target)}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now))}-{pid}"


def prepare_folder(folder: Path) -> None:
    """Makes the folder; the files of an earlier run in it are removed, so that none is taken for this run's."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (JOURNAL, TAP, RESULTS, TARGET_LOG, ENGINE_LOG, JUNIT, RUN):
            (folder / name).unlink(missing_ok=True)
        (folder / RESULTS).touch()
    except OSError as error:
        raise UsageProblem(f"cannot write to the folder {folder}: {why(error)}; name another one with --out") from error


def keep_log(log: IO[bytes], path: Path) -> None:
    """Writes what a temporary file holds to a file of the folder."""
    log.seek(0)
    path.write_bytes(log.read())


def unwritten(log: IO[bytes]) -> list[str]:
    """What the engine says that it could not write."""
    log.seek(0)
    lines = log.read().decode("utf-8", "replace").splitlines()
    return [line.removeprefix("buddycheck-engine: ") for line in lines if line.startswith("buddycheck-engine: ") and " cannot be written" in line]


def mask_logs(folder: Path, mask: Mask) -> None:
    """Takes passwords out of what other programs wrote; results and journal never hold any."""
    for name in (TARGET_LOG, ENGINE_LOG, TAP):
        mask.file(folder / name)


def link_latest(folder: Path) -> None:
    """Points `latest`, beside the folder, to it."""
    temporary = folder.with_name(f".latest-{os.getpid()}")
    try:
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(folder.name)
        temporary.replace(folder.with_name("latest"))
    except OSError:  # a convenience only; somebody has put something else there
        temporary.unlink(missing_ok=True)


def write_or_print(out: str, text: str, places: Places, stdout: TextIO) -> Path | None:
    """Writes to the file that an option `--out` names, or to standard output where it names none or `-`; the file."""
    if not out or out == "-":
        stdout.write(text)
        stdout.flush()
        return None
    path = places.cwd / out
    if not path.parent.is_dir():
        raise UsageProblem(f"--out {out}: no folder {path.parent}; make it first")
    write_whole(path, text)
    return path


def write_whole(path: Path, text: str) -> None:
    """Writes a file under another name and renames it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
        temporary.replace(path)
    except OSError as error:
        raise UsageProblem(f"cannot write {path}: {why(error)}") from error
    finally:
        temporary.unlink(missing_ok=True)
