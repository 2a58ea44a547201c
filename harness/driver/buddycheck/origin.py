"""What a run was made with: the version of the harness, its commit, and digests of the catalogue and of files."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

from . import VERSION
from .process import capture

CATALOGUE_FILES = (".scs", ".play", ".tsv", ".rules")
INSTALLED = "COMMIT"  # in an installed tree, instead of .git
PIECE = 1024 * 1024
COMMIT = re.compile(r"([0-9a-f]{40,64})(-dirty)?\Z")


class Origin:
    """Both of a run, each looked at once: when it is asked for, or before."""

    def __init__(self, home: Path, scenarios: Path, environ: Mapping[str, str]) -> None:
        self._home = home
        self._scenarios = scenarios
        self._environ = environ

    @cached_property
    def harness(self) -> dict[str, str | bool | None]:
        """See below."""
        return harness(self._home, self._environ)

    @cached_property
    def catalogue(self) -> dict[str, str]:
        """See below."""
        return catalogue(self._scenarios)

    def look(self) -> None:
        """Looks at both now."""
        assert self.harness and self.catalogue


def harness(home: Path, environ: Mapping[str, str]) -> dict[str, str | bool | None]:
    """Version and commit, of the checkout or of the one that it was installed from. `modified`: tracked files differ from that commit."""
    found = COMMIT.match(_described(home, environ))
    return {"version": VERSION, "commit": found[1] if found else None, "modified": bool(found and found[2])}


def _described(home: Path, environ: Mapping[str, str]) -> str:
    if (home / INSTALLED).is_file():
        return (home / INSTALLED).read_text(encoding="ascii", errors="replace").strip()
    if not (home / ".git").exists() or not shutil.which("git", path=environ.get("PATH")):
        return ""
    status, output, _ = capture(["git", "-C", str(home), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"], environ)
    return output.decode("ascii", "replace").strip() if status == 0 else ""


def catalogue(scenarios: Path) -> dict[str, str]:
    """The digests that stand for a version of the catalogue: of requirements.tsv, and of all that the scenarios are made of."""
    files = sorted(path for path in scenarios.rglob("*") if path.suffix in CATALOGUE_FILES)
    return {"requirements": digest_of(scenarios / "requirements.tsv") or digest_of_all(scenarios, []),
            "scenarios": digest_of_all(scenarios, files)}


def digest_of_all(folder: Path, files: Iterable[Path]) -> str:
    """One digest over names below `folder` and contents."""
    total = hashlib.sha256()
    for path in files:
        total.update(path.relative_to(folder).as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def digest_and_lines(path: Path) -> tuple[str, int] | None:
    """The SHA-256 of a file and how many lines it has, in one reading; None where there is none."""
    if not path.is_file():
        return None
    total, lines = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            total.update(piece)
            lines += piece.count(b"\n")
    return total.hexdigest(), lines


def digest_of(path: Path) -> str | None:
    """The SHA-256 of a file; None where there is none."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
