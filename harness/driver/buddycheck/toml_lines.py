"""Reads TOML, and finds the line of a key in it: tomllib does not keep positions, so the text is scanned for headers and keys."""

from __future__ import annotations

import pathlib
import re
import tomllib
from collections.abc import Iterator
from typing import Any

from .errors import UsageProblem, why

Path = tuple[str, ...]

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_KEY = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_KEY})\s*\]\]?")
_ASSIGNMENT = re.compile(rf"\s*({_KEY})\s*=")


def read(path: pathlib.Path, what: str) -> tuple[str, dict[str, Any]]:
    """The text of a TOML file and what it says; raises with file and line where it is not TOML."""
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except OSError as error:
        raise UsageProblem(f"cannot read {what} {path}: {why(error)}") from error
    except UnicodeDecodeError as error:
        raise UsageProblem(f"{path}: expected UTF-8 text; octet {error.start} is not") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageProblem(_syntax_error(path, text, error)) from error


def _syntax_error(path: pathlib.Path, text: str, error: tomllib.TOMLDecodeError) -> str:
    place = re.search(r" \(at line (\d+), column (\d+)\)", str(error))
    line = place[1] if place else str(len(text.splitlines()) or 1)
    message = re.sub(r" \(at .*\)", "", str(error))
    return f"{path}:{line}: expected TOML: {message}" + ("" if place else " (at the end of the file)")


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
