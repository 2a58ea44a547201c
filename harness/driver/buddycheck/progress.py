"""What is shown while a run goes on. Rich only where a terminal shows it and the package is there."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol, TextIO


class Progress(Protocol):
    """Is told what happens."""

    def begin(self, scenario: str) -> None:
        """A scenario is being played."""

    def judged(self, scenario: str, verdict: str) -> None:
        """Its play is over."""

    def close(self) -> None:
        """Takes the display away."""


class NoProgress:
    """Shows nothing."""

    def begin(self, scenario: str) -> None:
        """Nothing."""

    def judged(self, scenario: str, verdict: str) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class RichProgress:
    """A bar with the counts so far and the names of what is running; drawn at most ten times a second."""

    INTERVAL = 0.1

    def __init__(self, stream: TextIO, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        self._grid: Callable[..., Any] = Table.grid
        self._bar: Callable[..., Any] = ProgressBar
        self._text: Callable[..., Any] = Text
        self._total = total
        self._clock = clock
        self._drawn = clock()
        self._running: dict[str, None] = {}
        self._counts: Counter[str] = Counter()
        self._live = Live(
            self._view(), console=Console(file=stream), auto_refresh=False, transient=True,
            redirect_stdout=False, redirect_stderr=False,
        )
        self._live.start(refresh=True)

    def begin(self, scenario: str) -> None:
        """Shows its name among those that run."""
        self._running[scenario] = None
        self._draw()

    def judged(self, scenario: str, verdict: str) -> None:
        """Counts it."""
        self._running.pop(scenario, None)
        self._counts[verdict] += 1
        self._draw()

    def close(self) -> None:
        """Takes the bar away; the summary comes last."""
        self._live.stop()

    def _draw(self) -> None:
        now = self._clock()
        if now - self._drawn >= self.INTERVAL or sum(self._counts.values()) == self._total:
            self._drawn = now
            self._live.update(self._view(), refresh=True)

    def _view(self) -> Any:
        done = min(sum(self._counts.values()), self._total)  # what the target did not survive is played again
        counts = "  ".join(f"{number} {verdict}" for verdict, number in sorted(self._counts.items()))
        bar = self._bar(total=self._total, completed=done, width=30)
        grid = self._grid(padding=(0, 1))
        grid.add_row(self._text(f"{done}/{self._total}"), bar, self._text(counts))
        names = ", ".join(list(self._running)[:4]) or ("" if done else "the target starts")
        running = self._text(names, overflow="ellipsis", no_wrap=True)
        group = self._grid()
        group.add_row(grid)
        group.add_row(running)
        return group


def create(stream: TextIO, total: int) -> Progress:
    """The display for a terminal; nothing where rich is missing."""
    try:
        return RichProgress(stream, total)
    except ImportError:
        return NoProgress()
