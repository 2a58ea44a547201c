"""What a run was made with: the version of the harness, its commit, and digests of the catalogue and of files."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from functools import cached_property
from pathlib import Path

from . import VERSION
from .process import Capture

CATALOGUE_FILES = (".scs", ".play", ".tsv", ".rules")
INSTALLED = "COMMIT"  # in an installed tree, instead of .git
PIECE = 1024 * 1024
COMMIT = re.compile(r"([0-9a-f]{40,64})(-dirty)?\Z")


class Origin:
    """Both of a run, each looked at once: when it is asked for, or ahead."""

    def __init__(self, home: Path, scenarios: Path, environ: Mapping[str, str]) -> None:
        self._home = home
        self._scenarios = scenarios
        self._environ = environ
        self._asked: _Harness | None = None

    @cached_property
    def harness(self) -> dict[str, str | bool | None]:
        """As the function of that name."""
        return self._asked.found() if self._asked else harness(self._home, self._environ)

    @cached_property
    def catalogue(self) -> dict[str, str]:
        """As the function of that name."""
        return catalogue(self._scenarios)

    def look_ahead(self) -> None:
        """Looks at the catalogue now, and has git look at the checkout until its answer is asked for: call `close` then."""
        self._asked = _Harness(self._home, self._environ)
        with suppress(OSError):  # whoever asks is told
            _ = self.catalogue

    def close(self) -> None:
        """Ends what nobody asked for."""
        if self._asked:
            self._asked.close()


class _Harness:
    """The question for version and commit."""

    def __init__(self, home: Path, environ: Mapping[str, str]) -> None:
        self._installed = home / INSTALLED
        self._git: Capture | None = None
        if not self._installed.is_file() and (home / ".git").exists() and shutil.which("git", path=environ.get("PATH")):
            self._git = Capture(["git", "-C", str(home), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"], environ)

    def found(self) -> dict[str, str | bool | None]:
        match = COMMIT.match(self._described())
        return {"version": VERSION, "commit": match[1] if match else None, "modified": bool(match and match[2])}

    def _described(self) -> str:
        if self._git:
            status, output, _ = self._git.result()
            return output.decode("ascii", "replace").strip() if status == 0 else ""
        return self._installed.read_text(encoding="ascii", errors="replace").strip() if self._installed.is_file() else ""

    def close(self) -> None:
        if self._git:
            self._git.close()


def harness(home: Path, environ: Mapping[str, str]) -> dict[str, str | bool | None]:
    """Version and commit, of the checkout or of the one that it was installed from. `modified`: tracked files differ from that commit."""
    with closing(_Harness(home, environ)) as asked:
        return asked.found()


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


class Growing:
    """The SHA-256 of a file to which more may be added, and how many lines it has. What was read is not read again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._total = hashlib.sha256()
        self._read = self._lines = 0

    def read_on(self) -> None:
        """Reads what has been added."""
        if not self._path.is_file():
            return
        with self._path.open("rb") as file:
            file.seek(self._read)
            while piece := file.read(PIECE):
                self._total.update(piece)
                self._read += len(piece)
                self._lines += piece.count(b"\n")

    def found(self) -> tuple[str, int] | None:
        """Both, of what there is now; None where there is no file."""
        self.read_on()
        return (self._total.hexdigest(), self._lines) if self._path.is_file() else None


def digest_of(path: Path) -> str | None:
    """The SHA-256 of a file; None where there is none."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
