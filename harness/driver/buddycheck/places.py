"""Where things are: the checkout that this package belongs to, the engine, the targets, the folder of a run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import UsageProblem

PROFILE_NAME = "target.toml"
DEFAULT_TARGET = "reference"


@dataclass(frozen=True)
class Places:
    """The paths that a command needs; environment variables override those marked."""

    home: Path  # the checkout
    cwd: Path
    engine: Path  # BUDDYCHECK_ENGINE
    scenarios: Path  # BUDDYCHECK_SCENARIOS
    fixtures: Path  # BUDDYCHECK_FIXTURES
    expectations: Path  # BUDDYCHECK_EXPECT
    command: str  # how the user calls us: BUDDYCHECK_COMMAND, set by launcher.sh

    @classmethod
    def find(cls, environ: Mapping[str, str], cwd: Path) -> Places:
        """The places as this package's own place, the environment and the current directory give them."""
        home = Path(__file__).resolve().parents[3]

        def place(variable: str, default: Path) -> Path:
            return cwd / environ[variable] if environ.get(variable) else default

        return cls(
            home=home,
            cwd=cwd,
            engine=place("BUDDYCHECK_ENGINE", home / "build" / "buddycheck-engine"),
            scenarios=place("BUDDYCHECK_SCENARIOS", home / "scenarios"),
            fixtures=place("BUDDYCHECK_FIXTURES", home / "fixtures"),
            expectations=place("BUDDYCHECK_EXPECT", home / "ci" / "expect"),
            command=environ.get("BUDDYCHECK_COMMAND") or "buddycheck",
        )

    def shown(self, path: Path) -> str:
        """`path` as people want to read it: relative where it lies below the current directory."""
        return str(path.relative_to(self.cwd)) if path.is_relative_to(self.cwd) else str(path)

    def targets(self) -> list[str]:
        """The names of the shipped targets."""
        return sorted(found.parent.name for found in self.fixtures.glob("*/" + PROFILE_NAME))

    def profile_path(self, target: str) -> Path:
        """The profile that `--target` means: a shipped target's name, or a path (of a profile or of its folder)."""
        shipped = target in self.targets()
        if "/" in target or target.endswith(".toml") or (not shipped and target and (self.cwd / target / PROFILE_NAME).is_file()):
            path = self.cwd / target
            path = path / PROFILE_NAME if path.is_dir() else path
            if not path.is_file():
                raise UsageProblem(f"no target profile at {path}; --target expects a profile's path or one of: {self._known()}")
            return path
        path = self.fixtures / target / PROFILE_NAME
        if not target or not path.is_file():
            raise UsageProblem(f"unknown target '{target}'; expected the path of a profile or one of: {self._known()}")
        return path

    def _known(self) -> str:
        return ", ".join(self.targets()) or f"(none below {self.fixtures})"

    def reports_folder(self) -> Path:
        """`reports/out` of the project that the current directory belongs to, else of the current directory."""
        for folder in (self.cwd, *self.cwd.parents):
            if (folder / "harness" / "driver" / "buddycheck").is_dir():
                return folder / "reports" / "out"
        return self.cwd / "reports" / "out"

    def check_engine(self) -> None:
        """Raises where there is no engine to start."""
        if not self.engine.is_file():
            raise UsageProblem(f"no engine at {self.engine}; run 'make build' in {self.home}")
        if not os.access(self.engine, os.X_OK):
            raise UsageProblem(f"the engine {self.engine} may not be executed; run 'make build' in {self.home}")
