"""The target's life: private directory, ports, start, restart, kill, stop, and the hooks that are programs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from . import ports, render
from .errors import Problem, RunProblem, UsageProblem, why
from .loop import Loop
from .mask import Mask
from .process import Child, Children, describe_status, find_program
from .profile import Profile


@dataclass(frozen=True)
class Patience:
    """Seconds that the target's processes get."""

    stop: float = 10.0
    prepare: float = 60.0
    hook: float = 30.0


@dataclass(frozen=True)
class Answer:
    """What a hook came to; `output` one entry a line."""

    ok: bool
    output: str = ""
    reason: str = ""


class Target:
    """A target server. One that the profile does not start is left alone: then only program hooks do anything."""

    def __init__(
        self, profile: Profile, loop: Loop, children: Children, folder: Path, log: Path, mask: Mask,
        environ: Mapping[str, str], patience: Patience = Patience(),
    ) -> None:
        self.profile = profile
        self.log = log
        self.ports = {key: endpoint.port for key, endpoint in ports.endpoints(profile).items()}  # by the names of placeholders
        self._claims = ports.Claims()
        self._loop = loop
        self._children = children
        self._folder = folder
        self._mask = mask
        self._environ = environ
        self._patience = patience
        self._facts: dict[str, str] = {}
        self._child: Child | None = None
        self._expected: set[Child] = set()  # those whose end was asked for
        self._stopped = False
        self.cpu_seconds = 0.0  # of all its processes that have ended
        self._on_exit: Callable[[int], None] = lambda status: None

    def reserve_ports(self) -> None:
        """Chooses the ports that the profile leaves open, its own until stop(); raises where one it names is in use."""
        if self.profile.start is None:
            return
        self.ports = ports.choose(self.profile, self._claims)

    def on_exit(self, callback: Callable[[int], None]) -> None:
        """Called with the status when the target ends without being asked to."""
        self._on_exit = callback

    async def start(self, bound: render.Bound) -> None:
        """Writes the configuration, prepares and starts; raises RunProblem. Ready it is only when the engine says so."""
        self._facts = render.values(self.profile, self._folder, self.ports, bound)
        if self.profile.start is None:
            return
        try:
            render.write_files(self.profile, self._folder, self._facts)
        except OSError as error:
            raise RunProblem("start", f"cannot write the target's files below {self._folder}: {why(error)}") from error
        for argv in self.profile.start.prepare:
            await self._prepare(self._command(argv))
        self._launch()

    async def start_again(self) -> None:
        """Starts it once more where it ended without being asked to; what hangs is killed before. Raises RunProblem."""
        if self._child is not None:
            self._expected.add(self._child)
            self._child.kill()
            status = describe_status(await self._child.exited)
            with self.log.open("a", encoding="utf-8") as log:
                log.write(f"--- buddycheck: the target ended with {status} and is started again ---\n")
        self._launch()

    async def stop(self) -> None:
        """Ends the target for good and waits for it."""
        self._stopped = True
        if self._child is not None:
            self._expected.add(self._child)
            await self._child.end(self._patience.stop)
        self._claims.release()

    async def perform(self, hook: str, facts: Mapping[str, str]) -> Answer:
        """Performs a hook that the plan left to the driver."""
        way = self.profile.hooks.get(hook)
        if way is None:
            return Answer(False, reason=f"the profile has no hook {hook}")
        if way.program is not None and way.stopped:
            return await self._while_stopped(hook, self._command(way.program), facts)
        if way.program is not None:
            return await self._program(hook, self._command(way.program), facts)
        if way.builtin == "restart":
            return await self._again(force=False)
        if way.builtin == "kill":
            return await self._again(force=True)
        return Answer(False, reason=f"hook {hook} is for the engine to perform")

    def _command(self, argv: tuple[str, ...]) -> list[str]:
        words = [render.fill(word, self._facts) for word in argv]
        return [find_program(words[0], self.profile.folder) or words[0], *words[1:]]

    async def _prepare(self, argv: list[str]) -> None:
        with self.log.open("ab") as log:
            child = self._children.start(argv, cwd=self._folder, environ=self._environ, stdout=log, stderr=log)
        if not await self._loop.within(child.exited, self._patience.prepare):
            child.kill()
            await child.exited
            raise RunProblem("start", f"prepare command {argv[0]} did not end within {self._patience.prepare:g} s")
        if (status := await child.exited) != 0:
            raise RunProblem("start", f"prepare command {argv[0]} ended with {describe_status(status)}")

    def _launch(self) -> None:
        assert self.profile.start is not None
        if self._stopped:
            raise RunProblem("start", "the run is over")
        with self.log.open("ab") as log:
            child = self._children.start(
                self._command(self.profile.start.program), cwd=self._folder, environ=self._environ, stdout=log, stderr=log,
            )
        self._child = child
        child.exited.then(lambda: self._ended(child))

    def _ended(self, child: Child) -> None:
        self.cpu_seconds += child.cpu_seconds
        if child not in self._expected:
            self._on_exit(child.exited.value or 0)

    async def _again(self, force: bool) -> Answer:
        old = self._child
        if old is not None and old.has_ended():
            await old.exited  # by itself, just now: that must not pass for the end that was asked for
        if old is None or old.exited.done:
            return Answer(False, reason="the target is not running")
        self._expected.add(old)
        if force:
            old.kill()
        await old.end(self._patience.stop)
        return self._launched()

    async def _while_stopped(self, hook: str, argv: list[str], facts: Mapping[str, str]) -> Answer:
        """The target may have ended by itself: one that refused a damaged store, for instance."""
        if self._child is not None:
            self._expected.add(self._child)
            await self._child.end(self._patience.stop)
        answer = await self._program(hook, argv, facts)
        return self._launched() if answer.ok else answer

    def _launched(self) -> Answer:
        try:
            self._launch()
        except Problem as error:
            return Answer(False, reason=error.lines[0])
        return Answer(True)

    async def _program(self, hook: str, argv: list[str], facts: Mapping[str, str]) -> Answer:
        environ = {
            **self._environ,
            "BUDDYCHECK_PEER": facts.get("peer", ""),
            "BUDDYCHECK_DOMAIN": facts.get("domain", ""),
            "BUDDYCHECK_DIR": str(self._folder),
            "BUDDYCHECK_PID": str(self._child.popen.pid) if self._child and not self._child.exited.done else "",
        }
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            try:
                child = self._children.start(argv, cwd=self._folder, environ=environ, stdout=output, stderr=errors)
            except Problem as error:
                return Answer(False, reason=f"hook {hook}: {error.lines[0]}")
            ended = await self._loop.within(child.exited, self._patience.hook)
            child.kill()
            status = await child.exited
            answer = self._read(output)
            if not ended:
                return Answer(False, answer, f"hook {hook}: {argv[0]} did not end within {self._patience.hook:g} s")
            if status != 0:
                said = [": " + line for line in self._read(errors).splitlines()[-1:]]
                return Answer(False, answer, "".join([f"hook {hook}: {argv[0]} ended with {describe_status(status)}", *said]))
            return Answer(True, answer)

    def _read(self, file: IO[bytes]) -> str:
        file.seek(0)
        return self._mask.text(file.read().decode("utf-8", "replace"))


def check_programs(profile: Profile, fixtures: Path) -> None:
    """Raises where a program that the profile names is not there."""
    wanted = [hook.program[0] for hook in profile.hooks.values() if hook.program]
    if profile.start:
        wanted = [argv[0] for argv in (*profile.start.prepare, profile.start.program)] + wanted
    folder = str(profile.folder.resolve())
    shipped = profile.folder.resolve().parent == fixtures.resolve()
    advice = f"run 'ci/install.sh target {profile.folder.name}'" if shipped else "install it or correct the profile"
    for name in dict.fromkeys(wanted):
        found = name.replace("${fixture}", folder).replace("$fixture", folder)
        if "$" not in found and find_program(found, profile.folder) is None:
            raise UsageProblem(f"the program '{name}' of the target {profile.name} is missing; {advice}")


def tail(path: Path, mask: Mask, count: int = 20) -> list[str]:
    """The last lines of a log, without passwords."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 65536))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return mask.text(text).splitlines()[-count:]
