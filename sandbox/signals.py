"""Waiting for something to become true: woken by events, bounded by a clock, never by polling."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from storage.clock import Clock

T = TypeVar("T")


class Signal:
    """Wakes everyone who waits when something has changed."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def notify(self) -> None:
        """Wake all who wait now."""
        waiting, self._waiting = self._waiting, set()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def next(self) -> asyncio.Future[None]:
        """A future that the next `notify` completes."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        waiter.add_done_callback(self._waiting.discard)
        return waiter

    async def wait_until(self, ready: Callable[[], T | None], *, clock: Clock, seconds: float) -> T | None:
        """The first thing `ready` returns that is not None, or None when the time is over."""
        deadline = asyncio.ensure_future(clock.sleep(seconds))
        try:
            while (found := ready()) is None and not deadline.done():
                change = self.next()
                await asyncio.wait({deadline, change}, return_when=asyncio.FIRST_COMPLETED)
                change.cancel()
            return found
        finally:
            deadline.cancel()
