"""What there is to run: scenarios, requirements and verdicts, as `buddycheck-engine catalogue` tells them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from .engine import Engine, Event
from .errors import Problem, RunProblem, UsageProblem
from .loop import Loop, Promise
from .places import Places
from .process import capture, describe_status

STRICTNESSES = ("HARD", "WARN", "INFO")
SECONDS = 60.0  # for reading it
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError)
CHUNK, WORD = re.compile(r"[^\s'\"<>=]+"), re.compile(r"[\w-]+")
WAITS = "waits:"  # begins a reason that is there for a time only: the scenario needs something that is yet to come


@dataclass(frozen=True)
class Scenario:
    """One scenario; `play` is its text with all phrases expanded, `row` the place of the row of a table that made it."""

    id: str
    file: str
    title: str = ""
    description: str = ""
    exclusive: bool = False
    slow: bool = False
    needs: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    actors: tuple[Mapping[str, Any], ...] = ()
    play: str = ""
    row: str = ""

    @property
    def area(self) -> str:
        """The folder below scenarios/ that it lies in."""
        return area_of(self.id)


@dataclass(frozen=True)
class Requirement:
    """One line of requirements.tsv, and the scenarios that decide it."""

    id: str
    source: str = ""
    level: str = ""
    area: str = ""
    statement: str = ""
    strictness: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    why_none: str = ""
    notes: str = ""
    scenarios: tuple[str, ...] = ()

    @property
    def waits(self) -> bool:
        """It has no scenario for the time being."""
        return self.why_none.startswith(WAITS)

    def strictnesses(self) -> set[str]:
        """Its own strictness and those of its parts, with and without the claim where one depends on a claim."""
        return {word for rule in (self.strictness, *self.parts.values()) for word in rule.rpartition("?")[2].split(":")}


@dataclass(frozen=True)
class Verdict:
    """What a verdict means for the reports and for the exit status; the engine owns the table."""

    name: str
    tap: str
    junit: str
    exit: int
    rank: int


@dataclass(frozen=True)
class ScriptError:
    """An error in a scenario, a phrase or the requirements; `file` is relative to the scenarios' folder."""

    file: str
    line: int
    column: int
    message: str


@dataclass(frozen=True)
class Catalogue:
    """Everything, in the engine's order."""

    folder: Path
    scenarios: Mapping[str, Scenario]
    requirements: Mapping[str, Requirement]
    verdicts: Mapping[str, Verdict]
    errors: tuple[ScriptError, ...]
    document: Mapping[str, Any] = field(repr=False)  # as the engine printed it

    def words_with(self, secrets: Iterable[str]) -> set[str]:
        """The words of the suite's own texts in which a secret occurs: `disco/admin` and `administrator` are no password."""
        found: set[str] = set()
        secrets = [secret for secret in secrets if secret]
        for text in _strings(self.document):
            if any(secret in text for secret in secrets):
                found |= {word for split in (CHUNK, WORD) for word in split.findall(text) if any(secret in word for secret in secrets)}
        return found

    def error_lines(self, places: Places) -> list[str]:
        """The errors as `file:line:column: message`."""
        return [f"{places.shown(self.folder / each.file)}:{each.line}:{each.column}: {each.message}" for each in self.errors]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _strings(item)


def area_of(scenario: str) -> str:
    """The area of a scenario id; one without a folder is its own."""
    return scenario.rpartition("/")[0] or scenario


def load(places: Places, environ: Mapping[str, str]) -> Catalogue:
    """Asks the engine. Errors in scenarios are in the result; raises where there is no catalogue at all."""
    places.check_engine()
    status, output, errors = capture([str(places.engine), "catalogue", str(places.scenarios)], environ)
    if status != 0:
        raise _ended(status, errors, places)
    try:
        return parse(json.loads(output), places.scenarios)
    except UNREADABLE as error:
        raise _unreadable(error, places) from error


def told(engine: Engine, loop: Loop, log: IO[bytes], places: Places) -> Catalogue:
    """What the engine of a run tells before it waits for its plan. `log`, its own, must be readable. Otherwise like `load`."""
    answer: Promise[Event | str] = Promise()
    engine.on_event(answer.resolve)
    engine.on_nonsense(lambda reason, line: answer.resolve(reason))
    engine.closed.then(lambda: answer.resolve(""))
    if not loop.complete(loop.within(answer, SECONDS)):
        raise RunProblem("engine", f"{places.engine} did not tell its catalogue within {SECONDS:g} s and was killed")
    document = answer.value
    if document == "":
        log.seek(0)
        raise _ended(engine.closed.value or 0, log.read(), places)
    try:
        if not isinstance(document, dict):
            raise ValueError(document)
        return parse(document, places.scenarios)
    except UNREADABLE as error:
        raise _unreadable(error, places) from error


def _ended(status: int, errors: bytes, places: Places) -> Problem:
    said = errors.decode("utf-8", "replace").strip().splitlines()
    if status == 2:
        return UsageProblem(said[-1] if said else f"the engine cannot read the scenarios in {places.scenarios}")
    reason = f"buddycheck-engine catalogue ended with {describe_status(status)}"
    return RunProblem("catalogue", reason + "".join(f"\n{line}" for line in said[-20:]))


def _unreadable(error: Exception, places: Places) -> RunProblem:
    return RunProblem("catalogue", f"the engine's catalogue cannot be read ({error}); run 'make build' in {places.home}")


def parse(document: Mapping[str, Any], folder: Path) -> Catalogue:
    """The model of a catalogue document; fields that we do not know are left aside."""
    return Catalogue(
        folder=folder,
        scenarios={each["id"]: _record(Scenario, each) for each in document["scenarios"]},
        requirements={each["id"]: _record(Requirement, each) for each in document["requirements"]},
        verdicts={each["name"]: _record(Verdict, each) for each in document["verdicts"]},
        errors=tuple(_record(ScriptError, each) for each in document["errors"]),
        document=document,
    )


def _record(kind: Any, values: Mapping[str, Any]) -> Any:
    known = {key: values[key] for key in kind.__dataclass_fields__ if key in values}
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in known.items()})
