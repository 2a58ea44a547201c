"""TAP: the engine writes it; here it is read back, ended properly where the engine could not, and closed with the summary."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from . import outputs
from .errors import UsageProblem
from .results import Outcome


def one_line(text: str) -> str:
    """Text that cannot break out of its TAP line."""
    return " ".join(text.split())


def finish(path: Path, outcome: Outcome, version: int) -> str:
    """The run's TAP. Where the run could not go on, `Bail out!` is in it, also in the file."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    if text and not text.endswith("\n"):
        text += "\n"
    if not text:
        text = f"TAP version {version}\n"
    short = _cut_short(outcome)
    lost = bool(outcome.results) and not path.is_file()
    if (short or lost) and not any(line.startswith("Bail out!") for line in text.splitlines()):
        text += f"Bail out! {one_line(_reason(outcome)) if short else 'run.tap could not be written'}\n"
        with suppress(UsageProblem):  # it is told all the same
            outputs.write_whole(path, text)
    return text


def as_comments(lines: list[str]) -> str:
    """Lines as TAP comments."""
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)


def _cut_short(outcome: Outcome) -> bool:
    return bool(outcome.abort_step or outcome.stopped_by or outcome.end is None)


def _reason(outcome: Outcome) -> str:
    if outcome.abort_step:
        return f"{outcome.abort_step}: {outcome.abort_reason}"
    return "interrupted" if outcome.stopped_by else "the engine ended without an end"
