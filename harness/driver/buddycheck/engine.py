"""The link to a running `buddycheck-engine run` or `interop`: the plan, its events, our commands (harness/README.md)."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from .loop import READ, WRITE, Loop, Promise
from .process import Child, Children

LONGEST_LINE = 64 * 1024 * 1024

Event = dict[str, Any]

# The fields that each event must have, with their types: an event that lacks one is the engine's mistake, not ours to guess.
EVENTS: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "catalogue": {"scenarios": list, "requirements": list, "verdicts": list, "errors": list},
    "bound": {"peers_address": str, "peers_port": int, "dns_address": str, "dns_port": int},
    "start": {},
    "ready": {"ms": (int, float)},
    "begin": {"scenario": str, "repeat": int},
    "judged": {"scenario": str, "repeat": int, "verdict": str},
    "hook": {"id": (int, str), "name": str, "facts": dict},
    "abort": {"step": str, "reason": str},
    "result": {"scenario": str, "repeat": int, "verdict": str, "ms": (int, float)},
    "end": {"counts": dict, "requirements": dict, "exit": int, "not_run": list},
}


class BadEvent(Exception):
    """A line of the engine that is not an event."""


def parse_event(line: bytes, events: Mapping[str, Mapping[str, type | tuple[type, ...]]] = EVENTS) -> Event:
    """One line of the engine, checked."""
    try:
        event = json.loads(line)
    except ValueError as error:
        raise BadEvent("not JSON") from error
    if not isinstance(event, dict) or event.get("event") not in events:
        raise BadEvent("not an event that the driver knows")
    for name, kind in events[event["event"]].items():
        if not isinstance(event.get(name), kind):
            raise BadEvent(f"{event['event']} without a proper '{name}'")
    return event


class Engine:
    """A running engine. Events arrive in order; `closed` is resolved with its exit status after the last of them."""

    def __init__(
        self, loop: Loop, children: Children, program: Path, log: IO[bytes], environ: Mapping[str, str], *arguments: str,
        events: Mapping[str, Mapping[str, type | tuple[type, ...]]] = EVENTS,
    ) -> None:
        self.closed: Promise[int] = Promise()
        self._loop = loop
        self._events = events
        self.line = b""  # that of the event
        self._on_event: Callable[[Event], None] = lambda event: None
        self._on_nonsense: Callable[[str, str], None] = lambda reason, line: None
        self._input = bytearray()
        self._output = bytearray()
        self._child = children.start(
            [str(program), *arguments], environ=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        )
        self._stdin = self._child.stdin.fileno()
        self._stdout = self._child.stdout.fileno()
        os.set_blocking(self._stdin, False)
        os.set_blocking(self._stdout, False)
        loop.watch(self._stdout, READ, self._read)

    def on_event(self, callback: Callable[[Event], None]) -> None:
        """Called with every event."""
        self._on_event = callback

    def on_nonsense(self, callback: Callable[[str, str], None]) -> None:
        """Called with the reason and the line where a line is not an event."""
        self._on_nonsense = callback

    def plan(self, plan: Mapping[str, Any]) -> None:
        """Sends the first line."""
        self._send(plan)

    def command(self, name: str, **fields: Any) -> None:
        """Sends a command."""
        self._send({"command": name, **fields})

    def kill(self) -> None:
        """Ends the engine at once; `closed` follows."""
        self._child.kill()

    @property
    def child(self) -> Child:
        """Its process."""
        return self._child

    def _send(self, message: Mapping[str, Any]) -> None:
        if self._child.stdin.closed:
            return
        self._output += json.dumps(message).encode() + b"\n"
        self._write()

    def _write(self) -> None:
        try:
            while self._output:
                del self._output[:os.write(self._stdin, self._output)]
        except BlockingIOError:
            if not self._loop.watched(self._stdin):
                self._loop.watch(self._stdin, WRITE, self._write)
            return
        except OSError:  # it has gone; the end of its output tells more
            self._output.clear()
        self._loop.unwatch(self._stdin)

    def _read(self) -> None:
        try:
            octets = os.read(self._stdout, 262144)
        except BlockingIOError:
            return
        self._input += octets
        if octets and b"\n" not in octets and len(self._input) <= LONGEST_LINE:
            return
        *lines, rest = bytes(self._input).split(b"\n")
        self._input = bytearray(rest)
        for line in lines:
            self._event(line)
        if len(rest) > LONGEST_LINE:
            self._nonsense("a line without end", rest)
        if not octets:
            self._close()

    def _event(self, line: bytes) -> None:
        try:
            event = parse_event(line, self._events)
        except BadEvent as bad:
            self._nonsense(str(bad), line)
            return
        self.line = line
        self._on_event(event)

    def _nonsense(self, reason: str, line: bytes) -> None:
        self._on_nonsense(reason, line[:200].decode("utf-8", "replace"))

    def _close(self) -> None:
        if self._input:
            self._nonsense("a line that breaks off", bytes(self._input))
        self._loop.unwatch(self._stdout)
        self._child.stdout.close()
        self._loop.unwatch(self._stdin)
        self._child.stdin.close()
        self._child.exited.then(lambda: self.closed.resolve(self._child.exited.value or 0))
