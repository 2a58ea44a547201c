"""The errors that end a command, and the exit status each stands for (design.md section 5)."""

from __future__ import annotations

from collections.abc import Iterable

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_UNJUDGED = 3
EXIT_INTERRUPTED = 130


class Problem(Exception):
    """Ends the command. `lines` go to standard error, one problem a line, each saying what to do."""

    exit_status = EXIT_USAGE

    def __init__(self, lines: str | Iterable[str]) -> None:
        self.lines = [lines] if isinstance(lines, str) else list(lines)
        super().__init__("\n".join(self.lines))


class UsageProblem(Problem):
    """Wrong use: options, selection, profile, scenarios, missing programs. Nothing was started."""


class RunProblem(Problem):
    """The run could not judge; `step` names the part that failed."""

    exit_status = EXIT_UNJUDGED

    def __init__(self, step: str, reason: str) -> None:
        self.step = step
        self.reason = reason
        super().__init__(f"{step}: {reason}")

    def words(self) -> str:
        """For one that ended before it had an outcome."""
        return f"the run could not go on (step {self.step}): {self.reason}"


def why(error: OSError) -> str:
    """The reason of an operating system error in words, without number and file name."""
    return error.strerror or str(error)


def nearest(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The names of `known` that `word` was probably meant to be, best first."""
    import difflib

    return difflib.get_close_matches(word, list(known), n=count, cutoff=0.5)


def hint(word: str, known: Iterable[str], quote: str = "'") -> str:
    """`; did you mean 'x'?`, or nothing where nothing is near."""
    names = nearest(word, known)
    if not names:
        return ""
    return "; did you mean " + " or ".join(f"{quote}{name}{quote}" for name in names) + "?"
