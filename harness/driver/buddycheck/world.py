"""What a command is given by its surroundings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from .places import Places


@dataclass(frozen=True)
class World:
    """Places, environment and streams."""

    places: Places
    environ: Mapping[str, str]
    stdout: TextIO
    stderr: TextIO

    def say(self, *lines: str) -> None:
        """Lines for people, on standard error."""
        for line in lines:
            print(line, file=self.stderr)
