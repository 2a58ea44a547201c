"""The only module that starts processes.

Every child leads a session of its own (so that a Ctrl-C of the terminal reaches the driver alone), dies with the driver
(`setpriv --pdeathsig KILL`), and takes its process group along when it ends.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import IO

from .errors import Problem, RunProblem, UsageProblem, why
from .loop import READ, Loop, Promise


def describe_status(status: int) -> str:
    """How a process ended, in words: `exit status 3`, `signal SIGSEGV`."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return "signal " + signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def find_program(name: str, folder: Path) -> str | None:
    """The executable that `name` means: searched in PATH, or relative to `folder` where it has a slash."""
    return shutil.which(str(folder / name) if "/" in name else name)


GRACE = 2.0  # seconds in which a program that nobody waits for any more may come to its end
MOST_DESCRIPTORS = 65536  # more make some servers reserve memory for each


def allow_descriptors() -> None:
    """Lets this process, and what it starts, have as many open files as it may: a run has a connection for each stream of a peer, a thousand
    and more, and 1024 is what a user gets unless he asks for more (setrlimit(2))."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Child:
    """A started process. `exited` gives its status (negative: the signal), once, when it and its group are gone."""

    def __init__(self, loop: Loop, popen: subprocess.Popen[bytes]) -> None:
        self.exited: Promise[int] = Promise()
        self.popen = popen
        self.cpu_seconds = 0.0  # it and what it waited for; known when it has ended
        self._loop = loop
        self._pidfd = os.pidfd_open(popen.pid)
        loop.watch(self._pidfd, READ, self._reap)

    @property
    def stdin(self) -> IO[bytes]:
        """The pipe to its standard input, where one was asked for."""
        assert self.popen.stdin is not None
        return self.popen.stdin

    @property
    def stdout(self) -> IO[bytes]:
        """The pipe from its standard output, where one was asked for."""
        assert self.popen.stdout is not None
        return self.popen.stdout

    def has_ended(self) -> bool:
        """Whether it has ended, also where that was not noticed yet."""
        return self.exited.done or os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def terminate(self) -> None:
        """Asks it to end."""
        if not self.exited.done:
            os.kill(self.popen.pid, signal.SIGTERM)  # not popen.send_signal, which might reap it

    def kill(self) -> None:
        """Ends it and its process group at once."""
        if not self.exited.done:
            self._kill_group()

    async def end(self, grace: float) -> int:
        """Asks it to end, ends it by force after `grace` seconds; its status."""
        self.terminate()
        if not await self._loop.within(self.exited, grace):
            self.kill()
        return await self.exited

    def reap_now(self) -> None:
        """Ends it at once and waits for it; nobody is told, for those who would be are ending, too."""
        if not self.exited.done:
            self._kill_group()
            self._bury()

    def _kill_group(self) -> None:
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass

    def _reap(self) -> None:
        self.exited.resolve(self._bury())

    def _bury(self) -> int:
        # The dead leader is not reaped yet, so its number still names its group and nobody else's.
        self._loop.unwatch(self._pidfd)
        self._kill_group()
        _, status, usage = os.wait4(self.popen.pid, 0)
        self.popen.returncode = os.waitstatus_to_exitcode(status)
        self.cpu_seconds = usage.ru_utime + usage.ru_stime
        os.close(self._pidfd)
        return self.popen.returncode


class Children:
    """Starts processes and, as a context manager, leaves none behind."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._all: list[Child] = []

    def start(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        environ: Mapping[str, str] | None = None,
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        stdout: int | IO[bytes] = subprocess.DEVNULL,
        stderr: int | IO[bytes] = subprocess.DEVNULL,
    ) -> Child:
        """Starts a program; raises where that cannot be done."""
        wrapper = shutil.which("setpriv")
        if wrapper is None:
            raise UsageProblem("the program 'setpriv' is missing; install the package util-linux")
        try:
            popen = subprocess.Popen(
                [wrapper, "--pdeathsig", "KILL", "--", *argv],
                cwd=cwd, env=environ, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True,
            )
        except OSError as error:
            raise Problem(f"cannot start {argv[0]}: {why(error)}") from error
        child = Child(self._loop, popen)
        self._all = [each for each in self._all if not each.exited.done] + [child]
        return child

    def end(self) -> None:
        """Ends all that are left at once."""
        while self._all:
            self._all.pop().reap_now()

    def __enter__(self) -> Children:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.end()


class Capture:
    """A program that needs no supervision, without a terminal, run while other things are done: it is waited for when its output is wanted."""

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        self._argv = argv
        try:
            self._popen = subprocess.Popen(
                argv, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            )
        except OSError as error:
            raise UsageProblem(f"cannot start {argv[0]}: {why(error)}") from error

    def result(self, seconds: float = 60.0, given: bytes = b"") -> tuple[int, bytes, bytes]:
        """Status, standard output, standard error. `given`: its input."""
        try:
            output, errors = self._popen.communicate(given, seconds)
        except KeyboardInterrupt:
            self._popen.kill()
            raise
        except subprocess.TimeoutExpired as error:
            self._popen.kill()
            reason = f"{self._argv[0]} {self._argv[1]} did not end within {seconds:g} s and was killed"
            raise RunProblem("engine", reason) from error
        return self._popen.returncode, output, errors

    def close(self) -> None:
        """Lets it come to its end if its result was not waited for, for a while: git, ended before, could leave a lock behind in the checkout."""
        if self._popen.returncode is None:
            try:
                self._popen.communicate(timeout=GRACE)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.communicate()


def capture(argv: Sequence[str], environ: Mapping[str, str], seconds: float = 60.0, given: bytes = b"") -> tuple[int, bytes, bytes]:
    """Runs such a program to its end."""
    with closing(Capture(argv, environ)) as begun:
        return begun.result(seconds, given)
