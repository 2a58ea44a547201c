"""What a run came to, written and told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import model, outputs, summary, tap, target, writers
from .mask import Mask
from .options import TAP_VERSIONS, Format
from .world import World


class Reports:
    """Writes what a run came to, all of it from its document (model.py); TAP is the engine's own."""

    def __init__(self, world: World, document: Mapping[str, Any], folder: Path, mask: Mask, tap_version: int, attempts: outputs.Attempts) -> None:
        self._world = world
        self._attempts = attempts
        self._document = document
        self._outcome = model.outcome_of(document)
        self._folder = folder
        self._mask = mask
        self._tap_text = tap.finish(folder / outputs.TAP, self._outcome, tap_version)

    def explain(self) -> None:
        """Says on standard error why the run could not go on, with the end of the log of who was to blame."""
        outcome, places = self._outcome, self._world.places
        log = self._folder / (outputs.ENGINE_LOG if outcome.abort_step == "engine" else outputs.TARGET_LOG)
        if outcome.abort_step:
            step = f"buddycheck: the run could not go on (step {outcome.abort_step})"
            self._world.say(f"{step}: {summary.printable(outcome.abort_reason)}{self._advice()}")
        lines = target.tail(log, self._mask) if outcome.abort_step and outcome.abort_step != "bind" else []
        if lines:
            self._world.say(f"the last lines of {places.shown(log)}:", *(f"    {summary.printable(line)}" for line in lines))
        if not (engine_log := self._folder / outputs.ENGINE_LOG).is_file() or engine_log.stat().st_size == 0:
            engine_log.unlink(missing_ok=True)

    def write(self, formats: list[Format]) -> None:
        """Writes junit.xml and every report asked for; standard output comes last."""
        with self._attempts.attempt(self._folder / outputs.JUNIT):
            outputs.write_whole(self._folder / outputs.JUNIT, writers.junit(self._document))
        for each in sorted(formats, key=lambda each: not each.file):
            if each.file:
                with self._attempts.attempt(self._world.places.cwd / each.file):
                    outputs.write_whole(self._world.places.cwd / each.file, self._text(each.name))
            else:
                self._print(each.name, self._text(each.name))

    def annotate(self, system: str) -> None:
        """Points a CI system at what failed; after everything else on standard output."""
        from . import annotate

        self._world.stdout.writelines(line + "\n" for line in annotate.lines(self._document, system, self._world.places))
        self._world.stdout.flush()

    def _text(self, name: str) -> str:
        if name in TAP_VERSIONS:
            return self._tap_text
        return writers.text(name, self._document, self._folder, self._world.places)

    def _print(self, name: str, text: str) -> None:
        self._world.stdout.write(text)
        if name in TAP_VERSIONS:
            shown = self._world.places.shown(self._folder)
            lines = summary.render(self._outcome, shown, texts=False) + writers.comparison_lines(self._document)
            self._world.stdout.write(tap.as_comments(lines))
        self._world.stdout.flush()
        if name not in TAP_VERSIONS and name != "plain":
            self._world.say("buddycheck: " + summary.last_line(self._outcome))
            self._world.say(*(f"buddycheck: {line}" for line in writers.comparison_lines(self._document)[-1:]))

    def _advice(self) -> str:
        if self._outcome.abort_step != "bind":
            return ""
        return "; stop what uses the address or port, or change [peers] and [dns] in the profile"
