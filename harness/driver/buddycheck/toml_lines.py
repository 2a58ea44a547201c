"""Finds the line of a key in TOML text. tomllib does not keep positions, so the text is scanned for headers and keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

Path = tuple[str, ...]

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_KEY = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_KEY})\s*\]\]?")
_ASSIGNMENT = re.compile(rf"\s*({_KEY})\s*=")


def _split(key: str) -> Path:
    parts = (part[0] for part in re.finditer(_PART, key))
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in parts)


def _definitions(text: str) -> Iterator[tuple[Path, int]]:
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _split(header[1])
            yield table, number
        elif assignment := _ASSIGNMENT.match(line):
            yield table + _split(assignment[1]), number


class KeyLines:
    """The line of every key of a text; a key that is not written out has the line of what encloses it, at last line 1."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        for path, number in _definitions(text):
            for length in range(1, len(path) + 1):
                self._lines.setdefault(path[:length], number)
            self._lines[path] = min(number, self._lines[path])

    def of(self, *path: str) -> int:
        """The line of `path`, or of the nearest thing around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return 1
