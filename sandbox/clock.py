"""Clocks whose hands can be turned: an hour of waiting passes in no time.

The simulated one stands still until somebody moves it; the turnable one runs, and can be put forward.
"""

import asyncio
import heapq
import itertools
import json
import math
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from sandbox.signals import Signal
from storage.clock import Clock, SystemClock

_SETTLING_TURNS = 20  # of the event loop, for what woke to act before time moves on


class Turnable(Clock, Protocol):
    """A clock that somebody can put forward."""

    def advance(self, seconds: float) -> None:
        """Put it forward and wake whoever is due. Raises ValueError for a step back."""
        ...


class SimulatedClock:
    """A storage.clock.Clock whose time only `advance` and `run` move. Belongs to one event loop."""

    def __init__(self, start: datetime = datetime(2026, 11, 21, 12, tzinfo=UTC)) -> None:
        if start.tzinfo is None:
            raise ValueError(f"a clock needs an aware time, got {start!r}")
        self._now = start
        self._order = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._someone_sleeps = asyncio.Event()

    def now(self) -> datetime:
        """The simulated present."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was moved that far; at once when there is nothing to wait for."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + timedelta(seconds=seconds), next(self._order), woken))
        self._someone_sleeps.set()
        await woken

    def advance(self, seconds: float) -> None:
        """Move time and wake whoever is due, the earliest first; they run when the caller next awaits."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        end = self._now + timedelta(seconds=seconds)
        while self._wake_next(end):
            pass
        self._now = end

    async def run(self, seconds: float) -> None:
        """Like `advance`, but each sleeper acts at its own time, and may sleep again, before time moves on."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        end = self._now + timedelta(seconds=seconds)
        await _settle()
        while self._wake_next(end):
            await _settle()
        self._now = end
        await _settle()

    async def somebody_sleeps(self) -> None:
        """Wait, in real time, until somebody waits on this clock; at once when somebody does."""
        while not self.sleepers:
            self._someone_sleeps.clear()
            await self._someone_sleeps.wait()

    @property
    def sleepers(self) -> int:
        """How many wait at this moment."""
        return sum(not woken.done() for _, _, woken in self._sleepers)

    def _wake_next(self, end: datetime) -> bool:
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():  # a cancelled sleeper is done already
                self._now = max(self._now, due)
                woken.set_result(None)
                return True
        return False


class TurnableClock:
    """Runs with the machine's clock, ahead of it by as much as it was ever put forward.

    `store` is a file that keeps how far, so that time does not run backwards when the next process opens. Belongs to
    one event loop; `now` may be asked from any thread.
    """

    def __init__(self, store: Path | None = None, *, real: Clock | None = None) -> None:
        self._real: Clock = real or SystemClock()
        self._store = store
        self._ahead = timedelta(seconds=_read_seconds(store) if store else 0)
        self._turned = Signal()

    @property
    def ahead(self) -> timedelta:
        """How far it is ahead of the machine's clock."""
        return self._ahead

    def now(self) -> datetime:
        """The demo's present."""
        return self._real.now() + self._ahead

    async def sleep(self, seconds: float) -> None:
        """Wait until this clock shows so much more, because time passed or the hands were turned."""
        due = self.now() + timedelta(seconds=max(0.0, seconds))
        await asyncio.sleep(0)
        while (left := (due - self.now()).total_seconds()) > 0:
            turned = self._turned.next()
            passed = asyncio.ensure_future(self._real.sleep(left))
            try:
                await asyncio.wait({turned, passed}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                turned.cancel()
                passed.cancel()

    def advance(self, seconds: float) -> None:
        """Put the hands forward and wake whoever is due; they run when the caller next awaits."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        self._ahead += timedelta(seconds=seconds)
        if self._store is not None:
            _write_seconds(self._store, self._ahead.total_seconds())
        self._turned.notify()


def _read_seconds(store: Path) -> float:
    """How far the clock was ahead; nothing where it was never turned. Raises ValueError for another file."""
    try:
        ahead = float(json.loads(store.read_text("utf-8"))["ahead_seconds"])
    except FileNotFoundError:
        return 0.0
    except (ValueError, KeyError, TypeError):
        ahead = math.nan
    if not 0 <= ahead < math.inf:
        raise ValueError(
            f"{store} does not say how far the demo's clock is ahead; remove it to begin at today"
        )
    return ahead


def _write_seconds(store: Path, ahead: float) -> None:
    """Whole or not at all: a process that dies here leaves the file of before."""
    new = store.with_suffix(".new")
    new.write_text(json.dumps({"ahead_seconds": ahead}), "utf-8")
    os.replace(new, store)  # noqa: PTH105 - the atomic one, by its name


async def _settle() -> None:
    for _ in range(_SETTLING_TURNS):
        await asyncio.sleep(0)
