"""One event loop over file descriptors and deadlines, with coroutines for what happens in a sequence.

Small on purpose: importing asyncio costs more than the whole driver may.
"""

from __future__ import annotations

import heapq
import itertools
import selectors
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")
READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE


class Promise(Generic[Value]):
    """A value that comes later. Coroutines await it; it is resolved once, later calls change nothing."""

    def __init__(self) -> None:
        self.done = False
        self.value: Value | None = None
        self._callbacks: list[Callable[[], None]] = []

    def resolve(self, value: Value) -> None:
        """Gives the value and continues whoever waits."""
        if self.done:
            return
        self.done, self.value = True, value
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def then(self, callback: Callable[[], None]) -> None:
        """Calls back when the value is there, at once if it is."""
        if self.done:
            callback()
        else:
            self._callbacks.append(callback)

    def __await__(self) -> Generator[Promise[Value], None, Value]:
        if not self.done:
            yield self
        return self.value  # type: ignore[return-value]  # done, so it is a Value


class Timer:
    """A deadline that can be called off."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """The deadline will not be noticed."""
        self.callback = None


class Loop:
    """Watches descriptors, keeps deadlines, continues coroutines. An exception in any of them comes out of `run`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._running = False

    def watch(self, fd: int, events: int, callback: Callable[[], None]) -> None:
        """Calls back whenever `fd` is ready."""
        self._selector.register(fd, events, callback)

    def unwatch(self, fd: int) -> None:
        """Ends `watch`; harmless where it is not watched."""
        if fd in self._selector.get_map():
            self._selector.unregister(fd)

    def watched(self, fd: int) -> bool:
        """Whether `watch` is in force for `fd`."""
        return fd in self._selector.get_map()

    def after(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Calls back once the time is over."""
        timer = Timer(callback)
        heapq.heappush(self._timers, (self._clock() + seconds, next(self._order), timer))
        return timer

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Starts a coroutine; it runs until it first awaits, and then whenever that is there."""
        try:
            promise: Promise[Any] = coroutine.send(None)
        except StopIteration:
            return
        promise.then(lambda: self.spawn(coroutine))

    async def within(self, promise: Promise[Any], seconds: float) -> bool:
        """Waits for the promise, at most so long; whether it came."""
        if not promise.done:
            either: Promise[None] = Promise()
            timer = self.after(seconds, lambda: either.resolve(None))
            promise.then(lambda: either.resolve(None))
            await either
            timer.cancel()
        return promise.done

    async def together(self, coroutines: Iterable[Coroutine[Any, Any, Any]]) -> None:
        """Runs all of them side by side and waits for the last."""
        ends: list[Promise[None]] = []

        async def follow(coroutine: Coroutine[Any, Any, Any], end: Promise[None]) -> None:
            await coroutine
            end.resolve(None)

        for coroutine in coroutines:
            ends.append(Promise())
            self.spawn(follow(coroutine, ends[-1]))
        for end in ends:
            await end

    def complete(self, awaitable: Awaitable[Value]) -> Value:
        """Runs the loop until a coroutine is finished; its value."""
        result: Promise[Value] = Promise()

        async def finish() -> None:
            result.resolve(await awaitable)
            self.stop()

        self.spawn(finish())
        if not result.done:
            self.run()
        return result.value  # type: ignore[return-value]  # the loop only stops once it is there

    def run(self) -> None:
        """Runs until `stop`."""
        self._running = True
        while self._running:
            for key, _ in self._selector.select(self._timeout()):
                # An earlier callback of this round may have ended the watching of this one.
                if self._running and key.fd in self._selector.get_map():
                    key.data()
            self._fire()

    def stop(self) -> None:
        """Ends `run` after the callback that is being performed."""
        self._running = False

    def close(self) -> None:
        """Gives the selector's descriptor back."""
        self._selector.close()

    def _timeout(self) -> float | None:
        while self._timers and self._timers[0][2].callback is None:
            heapq.heappop(self._timers)
        return max(0.0, self._timers[0][0] - self._clock()) if self._timers else None

    def _fire(self) -> None:
        while self._running and self._timeout() == 0.0:
            callback = heapq.heappop(self._timers)[2].callback
            if callback is not None:
                callback()
