"""A clock that stands still until somebody moves it: an hour of waiting passes in no time."""

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta

_SETTLING_TURNS = 20  # of the event loop, for what woke to act before time moves on


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


async def _settle() -> None:
    for _ in range(_SETTLING_TURNS):
        await asyncio.sleep(0)
