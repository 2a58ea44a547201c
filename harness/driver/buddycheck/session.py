"""One run: engine and target side by side, from the first process to the last."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Any

from . import outputs
from .engine import Engine, Event
from .errors import Problem
from .loop import READ, Loop, Promise, Timer
from .mask import Mask
from .process import Children, describe_status
from .profile import Profile
from .progress import Progress
from .render import Bound, certificates
from .results import Outcome, Result
from .target import Patience, Target

# What the engine says itself in an event: never taken for a password, whatever that is.
OURS = frozenset({
    "event", "scenario", "name", "facts", "id", "part", "verdict", "strictness", "step", "file", "place", "peers_address", "dns_address",
    "kind", "actor", "mode", "hook",
})
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Limits:
    """Seconds after which the driver acts by itself. `silence` is for an engine that hangs: it keeps its own deadlines."""

    silence: float = 120.0
    interrupt: float = 10.0
    patience: Patience = Patience()


class Session:
    """Conducts one run and fills its outcome.

    `engine`: one that waits for its plan, or the program. `meanwhile` is called once when all results are there, while engine and target end.
    """

    def __init__(
        self, *, profile: Profile, plan: Mapping[str, Any], engine: Engine | Path, folder: Path, mask: Mask,
        outcome: Outcome, progress: Progress, environ: Mapping[str, str], limits: Limits = Limits(),
        attempts: outputs.Attempts | None = None, meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        self._profile = profile
        self._plan = plan
        self._given = engine
        self._folder = folder
        self._mask = mask
        self._outcome = outcome
        self._progress = progress
        self._environ = environ
        self._limits = limits
        self._attempts = attempts or outputs.Attempts()
        self._meanwhile = meanwhile
        self._watchdog: Timer | None = None
        self._engine: Engine
        self._targets: list[Target] = []  # one for each instance
        self._stopped: Promise[None] | None = None  # all targets are being stopped
        self._loop: Loop
        self._results: IO[bytes]

    def run(self, loop: Loop, children: Children) -> None:
        """Runs to the end; afterwards no private directory is left. Raises only before anything started."""
        with signals(loop, self._interrupted), private_directory() as private:
            try:
                loop.complete(self.run_in(loop, children, private))
            finally:
                children.end()  # what uses the directory

    async def run_in(self, loop: Loop, children: Children, private: Path) -> None:
        """The same in a loop that other runs share; signals, processes and the private directory are theirs to end."""
        self._loop = loop
        for instance in range(self._plan.get("instances", 1)):
            self._targets.append(self._target(instance, children, private))
        if self._profile.start:
            (self._folder / outputs.TARGET_LOG).touch()
        with (self._folder / outputs.RESULTS).open("ab", buffering=0) as self._results:
            self._engine = self._given if isinstance(self._given, Engine) else self._start(self._given, children)
            await self._conduct(private)

    def _start(self, program: Path, children: Children) -> Engine:
        with (self._folder / outputs.ENGINE_LOG).open("wb") as log:
            return Engine(self._loop, children, program, log, self._environ, "run")

    def _target(self, instance: int, children: Children, private: Path) -> Target:
        folder = private / f"instance-{instance}" if instance else private
        target = Target(
            self._profile, self._loop, children, folder, self._folder / outputs.TARGET_LOG, self._mask,
            self._environ, self._limits.patience,
        )
        target.reserve_ports()
        target.on_exit(lambda status: self._engine.command("target-exited", instance=instance, status=status))
        if instance:
            folder.mkdir(mode=0o700)
            certificates(folder).symlink_to(certificates(private))
        return target

    async def _conduct(self, private: Path) -> None:
        self._engine.on_event(self._event)
        self._engine.on_nonsense(self._nonsense)
        if self._profile.s2s.tls != "none":
            certificates(private).mkdir(mode=0o700)
            self._plan = {**self._plan, "certificates": os.fspath(certificates(private))}
        self._engine.plan(self._plan)
        self._watch_silence()
        self._engine_ended(await self._engine.closed)
        await self._stop_targets()
        self._outcome.target_cpu_seconds = sum(target.cpu_seconds for target in self._targets)

    # Events of the engine

    def _event(self, event: Event) -> None:
        self._watch_silence()
        ours = () if event["event"] == "end" else OURS
        masked = self._mask.tree(event, ours) if self._mask.touches(self._engine.line) else event
        getattr(self, "_on_" + event["event"])(masked)

    def _on_bound(self, event: Event) -> None:
        bound = Bound(event["peers_address"], event["peers_port"], event["dns_address"], event["dns_port"])
        target = self._of(event)
        self._loop.spawn(self._start_target(event, target, target.start(bound)))

    def _on_start(self, event: Event) -> None:
        target = self._of(event)
        self._loop.spawn(self._start_target(event, target, target.start_again()))

    def _on_ready(self, event: Event) -> None:
        self._outcome.ready_ms = self._outcome.ready_ms or float(event["ms"])  # of the first start

    def _on_begin(self, event: Event) -> None:
        self._outcome.began(event["scenario"], event["repeat"])
        self._progress.begin(event["scenario"])

    def _on_judged(self, event: Event) -> None:
        self._outcome.judged(event["scenario"], event["repeat"], event["verdict"])
        self._progress.judged(event["scenario"], event["verdict"])

    def _on_hook(self, event: Event) -> None:
        self._loop.spawn(self._perform(event))

    def _on_abort(self, event: Event) -> None:
        if self._outcome.stopped_by:  # that is why, and it is known
            return
        self._outcome.abort(event["step"], event["reason"])

    def _on_result(self, event: Event) -> None:
        self._outcome.add(Result.from_event(event))
        line = json.dumps({key: value for key, value in event.items() if key != "event"}) + "\n"
        with self._attempts.attempt(self._folder / outputs.RESULTS):
            self._results.write(line.encode())

    def _on_end(self, event: Event) -> None:
        self._outcome.end = event
        self._stop_targets()  # while the engine takes leave
        self._loop.after(0, self._meanwhile)

    # What they lead to

    def _stop_targets(self) -> Promise[None]:
        if self._stopped is None:
            self._stopped = stopped = Promise()

            async def stop() -> None:
                await self._loop.together(target.stop() for target in self._targets)
                stopped.resolve(None)

            self._loop.spawn(stop())
        return self._stopped

    def _of(self, event: Event) -> Target:
        return self._targets[event.get("instance", 0)]

    async def _start_target(self, event: Event, target: Target, start: Awaitable[None]) -> None:
        try:
            await start
        except Problem as problem:
            self._give_up("start", getattr(problem, "reason", problem.lines[0]))
            return
        self._watch_silence()
        self._engine.command("started", instance=event.get("instance", 0), **target.ports)

    async def _perform(self, event: Event) -> None:
        answer = await self._of(event).perform(event["name"], event["facts"])
        self._watch_silence()
        self._engine.command(
            "hook", instance=event.get("instance", 0), id=event["id"], ok=answer.ok, output=answer.output, reason=answer.reason,
        )

    def _engine_ended(self, status: int) -> None:
        if self._watchdog:
            self._watchdog.cancel()
        end = self._outcome.end
        if status < 0 or end is None or status != end["exit"]:
            where = "after its last event" if end else "before its last event"
            self._outcome.abort("engine", f"the engine ended with {describe_status(status)} {where}")

    def _nonsense(self, reason: str, line: str) -> None:
        self._outcome.abort("engine", f"the engine sent {reason}: {self._mask.text(line)!r}")
        self._engine.kill()

    # Ways to end early

    def _give_up(self, step: str, reason: str) -> None:
        self._outcome.abort(step, self._mask.text(reason))
        self._stop_engine()

    def _interrupted(self, number: int) -> None:
        if self._outcome.stopped_by:
            raise KeyboardInterrupt  # the second time: at once; the context managers of `run` leave nothing behind
        self._outcome.stopped_by = number
        self._stop_engine()

    def _stop_engine(self) -> None:
        self._engine.command("interrupt")
        self._loop.after(self._limits.interrupt, self._engine.kill)

    def _watch_silence(self) -> None:
        if self._watchdog:
            self._watchdog.cancel()
        self._watchdog = self._loop.after(self._limits.silence, self._silent)

    def _silent(self) -> None:
        self._outcome.abort("engine", f"the engine said nothing for {self._limits.silence:g} s and was ended")
        self._engine.kill()


@contextmanager
def private_directory() -> Iterator[Path]:
    """A directory that only this user can enter, gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="buddycheck-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@dataclass
class Room:
    """What several runs share."""

    loop: Loop
    children: Children = field(init=False)
    private: Path = field(init=False)
    stopped_by: int = 0  # the signal that ended it before its time, or 0

    def interrupted(self, number: int) -> None:
        """A signal came."""
        self.stopped_by = self.stopped_by or number
        self.loop.stop()


@contextmanager
def room() -> Iterator[Room]:
    """A loop that a signal ends, processes that end with it, and a private directory, gone afterwards."""
    made = Room(Loop())
    with signals(made.loop, made.interrupted), private_directory() as made.private, Children(made.loop) as made.children:
        yield made
    made.loop.close()


@contextmanager
def signals(loop: Loop, callback: Any) -> Iterator[None]:
    """Brings the signals that end a run into the loop."""
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)

    def ignore(number: int, frame: FrameType | None) -> None:
        """The number comes through the socket."""

    def arrived() -> None:
        for number in reader.recv(64):
            callback(number)

    # A SIGHUP that nohup switched off stays off.
    numbers = [number for number in SIGNALS if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, ignore) for number in numbers}
    previous = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    loop.watch(reader.fileno(), READ, arrived)
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous)
        for number, handler in before.items():
            signal.signal(number, handler)
        loop.unwatch(reader.fileno())
        reader.close()
        writer.close()


def plan(
    *, profile: Profile, scenarios: Path, select: tuple[str, ...], folder: Path, options: Mapping[str, Any], rerun: str,
    tap_version: int, strict: bool, expect: Sequence[Mapping[str, Any]] = (), scope: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The engine's plan (harness/README.md); the only place where passwords are written, to a pipe."""
    return {
        "plan": 1,
        "scenarios_dir": str(scenarios),
        "select": list(select),
        **options,
        "journal": os.fspath(folder / outputs.JOURNAL),
        "tap": {"path": os.fspath(folder / outputs.TAP), "version": tap_version, "strict": strict},
        "rerun": rerun,
        "expect": list(expect),
        "scope": dict(scope or {}),
        "profile": engine_profile(profile),
    }


def engine_profile(profile: Profile) -> dict[str, Any]:
    """What the engine is told of a profile."""
    client = {"address": profile.c2s.address, "port": profile.c2s.port, "tls": profile.c2s.tls}
    if profile.c2s.ca:
        client["ca"] = str(profile.c2s.ca)
    no_dialback = {} if profile.dialback else {"dialback": False}
    direct_tls = {"direct_tls_port": profile.direct_tls.port} if profile.direct_tls else {}
    component = {}
    if profile.component:
        endpoint = profile.component.endpoint
        component["component"] = {
            "address": endpoint.address, "port": endpoint.port, "secret": profile.component.secret,
            "domains": list(profile.component.domains),
        }
    return {
        "name": profile.name,
        **component,
        "domains": list(profile.domains),
        "off_domain": profile.off_domain,
        "start": profile.start is not None,
        "c2s": client,
        "s2s": {"address": profile.s2s.address, "port": profile.s2s.port, "tls": profile.s2s.tls, **direct_tls, **no_dialback},
        "peers": {"zone": profile.peers_zone, "address": profile.peers_address, "port": profile.peers_port},
        "dns": {"address": profile.dns_address, "port": profile.dns_port, "srv_target": profile.srv_target},
        "timing": vars(profile.timing),
        "accounts": {name: {"jid": each.jid, "password": each.password} for name, each in profile.accounts.items()},
        "claims": dict(profile.claims),
        "hooks": {name: _hook(profile, name) for name in profile.hooks},
    }


def _hook(profile: Profile, name: str) -> dict[str, Any]:
    hook = profile.hooks[name]
    if hook.adhoc is None:
        return {"driver": True}
    # A boolean field of a data form is "1" or "0" on the wire (XEP-0004 section 3.3).
    fields = {key: str(int(value)) if isinstance(value, bool) else value for key, value in hook.fields.items()}
    adhoc: dict[str, Any] = {"adhoc": hook.adhoc, "fields": fields}
    return adhoc | ({"result": hook.result} if hook.result else {})
