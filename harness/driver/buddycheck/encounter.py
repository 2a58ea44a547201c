"""Two servers and one engine between them, from the first process to the last.

The engine carries and records what crosses, answers the servers' DNS questions and sends administrators' commands; what is
commanded when is decided here: each administrator adds the other server, and approves what waits for him.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .engine import Engine, Event
from .errors import Problem, RunProblem
from .loop import Loop, Promise
from .mask import Mask
from .process import Children, describe_status
from .profile import Hook, Profile
from .render import Bound
from .session import engine_profile
from .target import Target

if TYPE_CHECKING:
    from .world import World

PASSED, FAILED, UNJUDGED, SKIPPED = "PASS", "FAIL", "INCONCLUSIVE", "SKIP"
COMMAND = "http://jabber.org/protocol/admin#server-buddy"  # XEP-0267 section 2
OWN_SECONDS = 10.0  # for the engine, and beside what a profile allows its server
PAUSE = 0.05  # seconds between two looks at the lists of the servers

EVENTS: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "bound": {"sides": list},
    "ready": {"side": int},
    "unready": {"side": int, "reason": str},
    "answer": {"id": int, "ok": bool, "output": str},
}


@dataclass(frozen=True)
class Met:
    """What a meeting came to; `lines` for people, the first one short."""

    verdict: str
    lines: Sequence[str] = field(default_factory=list)
    stopped_by: int = 0


class Refused(Exception):
    """A server did not do what its administrator ordered."""


def add_hook() -> dict[str, Hook]:
    """The order to become buddies, as a hook."""
    return {"add": Hook(adhoc=COMMAND, fields={"peerjid": "${peer}"})}


def wrong(rosters: Sequence[str], domains: Sequence[str], names: Sequence[str]) -> list[str]:
    """What is wrong with the rosters: each must hold the other server, as "both", and nobody else."""
    found = []
    for roster, name, other in zip(rosters, names, reversed(domains)):
        lines = [line for line in roster.splitlines() if line.strip()]
        if [line.split() for line in lines] != [[other, "both"]]:
            shown = "; ".join(lines) or "nothing"
            found.append(f"the roster of {name} shows {shown}; expected {other} both")
    return found


def mentions(listed: str, domain: str) -> bool:
    """Whether a list of a server has an entry for the domain."""
    return any(line.split()[:1] == [domain] for line in listed.splitlines())


class Encounter:
    """Conducts one meeting. `sides` have different domains, each the other's zone of peers."""

    FILES = ("journal.jsonl", "left.log", "right.log", "engine.log")

    def __init__(
        self, sides: tuple[Profile, Profile], loop: Loop, children: Children, private: Path, folder: Path, mask: Mask, world: World,
    ) -> None:
        self._sides = sides
        self._names = [f"{each.name} ({each.domains[0]})" for each in sides]
        self._loop = loop
        self._folder = folder
        self._targets = []
        for each, word in zip(sides, ("left", "right")):
            (private / word).mkdir(mode=0o700)
            self._targets.append(Target(each, loop, children, private / word, folder / f"{word}.log", mask, world.environ))
        with (folder / "engine.log").open("wb") as log:
            self._engine = Engine(loop, children, world.places.engine, log, world.environ, "interop", events=EVENTS)
        self._bound: Promise[Event] = Promise()
        self._ready: tuple[Promise[str], Promise[str]] = (Promise(), Promise())
        self._answers: dict[int, Promise[Event]] = {}
        self._broken: Promise[str] = Promise()  # why nothing more can be expected

    async def run(self) -> Met:
        """From the first process to the last."""
        self._engine.on_event(self._event)
        self._engine.on_nonsense(lambda reason, line: self._broken.resolve(f"the engine sent {reason}: {line!r}"))
        self._engine.closed.then(lambda: self._broken.resolve(self._end_of_engine()))
        for target, name in zip(self._targets, self._names):
            target.on_exit(lambda status, name=name: self._broken.resolve(f"{name} ended with {describe_status(status)}"))
        met = await self._judged()
        for target in self._targets:
            await target.stop()
        self._engine.command("end")
        if not await self._loop.within(self._engine.closed, OWN_SECONDS):
            self._engine.kill()
        return met

    async def _judged(self) -> Met:
        try:
            found = await self._meet()
        except Refused as refused:
            return Met(FAILED, [str(refused), self._kept()])
        except RunProblem as problem:
            return Met(UNJUDGED, [problem.reason, self._kept()])
        except Problem as problem:
            return Met(UNJUDGED, [*problem.lines, self._kept()])
        return Met(FAILED, [*found, self._kept()]) if found else Met(PASSED)

    def _kept(self) -> str:
        return f"see {self._folder}"

    async def _meet(self) -> list[str]:
        await self._start()
        domains = [each.domains[0] for each in self._sides]
        await self._call(0, "add")
        await self._until(self._arrived)
        await self._call(1, "add")
        await self._until(self._both)
        return wrong([await self._call(side, "roster") for side in (0, 1)], domains, [each.name for each in self._sides])

    async def _start(self) -> None:
        for target in self._targets:
            target.reserve_ports()
        while set(self._targets[0].ports.values()) & set(self._targets[1].ports.values()):
            self._targets[1].reserve_ports()
        self._engine.plan({
            "interop": 1, "journal": str(self._folder / "journal.jsonl"), "sides": [engine_profile(each) for each in self._sides],
        })
        bound = await self._wait(self._bound, OWN_SECONDS, "the engine was not ready")
        for side, (target, places) in enumerate(zip(self._targets, bound["sides"])):
            await target.start(Bound(**places))
            self._engine.command("started", side=side, **target.ports)
        for side, ready in enumerate(self._ready):
            seconds = self._sides[side].timing.start / 1000 + OWN_SECONDS
            if reason := await self._wait(ready, seconds, f"{self._names[side]} was not ready"):
                raise RunProblem("ready", f"{self._names[side]}: {reason}")

    async def _arrived(self) -> bool:
        """The first request is known to the right server."""
        left = self._sides[0].domains[0]
        return mentions(await self._call(1, "pending"), left) or mentions(await self._call(1, "roster"), left)

    async def _both(self) -> bool:
        """Both show both; what waits for an administrator is approved on the way."""
        other = [self._sides[1].domains[0], self._sides[0].domains[0]]
        for side in (0, 1):
            if mentions(await self._call(side, "pending"), other[side]):
                await self._call(side, "approve")
        return not wrong([await self._call(side, "roster") for side in (0, 1)], other[::-1], self._names)

    async def _until(self, condition: Any) -> None:
        """Looks until it holds, or the time for it is over: then the rosters will tell."""
        over: Promise[None] = Promise()
        deadline = self._loop.after(max(each.timing.deadline for each in self._sides) / 1000, lambda: over.resolve(None))
        while not await condition() and not over.done:
            pause: Promise[None] = Promise()
            self._loop.after(PAUSE, lambda pause=pause: pause.resolve(None))
            await self._wait(pause, OWN_SECONDS, "time stood still")
        deadline.cancel()

    async def _call(self, side: int, name: str) -> str:
        """Performs a hook about the other server; its answer."""
        given, peer = self._sides[side], self._sides[1 - side].domains[0]
        if given.hooks[name].adhoc is None:
            done = await self._targets[side].perform(name, {"peer": peer, "domain": given.domains[0]})
            ok, output = done.ok, done.output if done.ok else done.reason
        else:
            number = len(self._answers) + 1
            self._answers[number] = Promise()
            self._engine.command("call", side=side, id=number, hook=name)
            waited = f"{self._names[side]} did not answer its administrator ({name})"
            answer = await self._wait(self._answers[number], OWN_SECONDS + given.timing.deadline / 1000, waited)
            ok, output = answer["ok"], answer["output"]
        if not ok:
            raise Refused(f"{self._names[side]}: {name}: {output}")
        return str(output)

    async def _wait(self, promise: Promise[Any], seconds: float, otherwise: str) -> Any:
        either: Promise[None] = Promise()
        for each in (promise, self._broken):
            each.then(lambda: either.resolve(None))
        if not await self._loop.within(either, seconds):
            raise RunProblem("run", f"{otherwise} within {seconds:g} s")
        if self._broken.done:
            raise RunProblem("run", str(self._broken.value))
        return promise.value

    # Events of the engine

    def _event(self, event: Event) -> None:
        getattr(self, "_on_" + event["event"])(event)

    def _on_bound(self, event: Event) -> None:
        self._bound.resolve(event)

    def _on_ready(self, event: Event) -> None:
        self._ready[event["side"]].resolve("")

    def _on_unready(self, event: Event) -> None:
        self._ready[event["side"]].resolve(event["reason"])

    def _on_answer(self, event: Event) -> None:
        self._answers[event["id"]].resolve(event)

    def _end_of_engine(self) -> str:
        return f"the engine ended with {describe_status(self._engine.closed.value or 0)}"
