"""How fast we may send: a GCRA limiter per bot, chat and group, in memory, on the injected clock."""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_second` on average, `burst` at once. GCRA: https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm"""

    per_second: float
    burst: int

    @property
    def interval(self) -> timedelta:
        return timedelta(seconds=1 / self.per_second)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a platform allows. Telegram: 30/s overall (a burst of 30 would let 59 into one second), 1/s a chat, 20/min a group."""

    overall: Rate = Rate(25, 5)
    chat: Rate = Rate(1, 4)
    group: Rate = Rate(20 / 60, 3)


_ANY = Rate(math.inf, 1)  # also where the clock stands still
UNLIMITED = Limits(_ANY, _ANY, _ANY)


@dataclass
class Limiter:
    """Says how long to wait before the next send, and books the slot. One a bot."""

    limits: Limits
    _next_free: dict[str, datetime] = field(default_factory=dict[str, datetime])

    def reserve(self, chat: str, *, group: bool, now: datetime) -> float:
        """Seconds to wait before sending to `chat`; the slot is taken."""
        rates = {"": self.limits.overall, chat: self.limits.group if group else self.limits.chat}
        start = max([now, *(self._earliest(key, rate, now) for key, rate in rates.items())])
        for key, rate in rates.items():
            self._next_free[key] = max(self._next_free.get(key, start), start) + rate.interval
        self._forget(now)
        return (start - now).total_seconds()

    def pause(self, chat: str | None, *, seconds: float, now: datetime) -> None:
        """The platform said 429: nothing to this chat (None: to anyone) before that many seconds."""
        key, rate = ("", self.limits.overall) if chat is None else (chat, self.limits.chat)
        until = now + timedelta(seconds=seconds) + rate.interval * (rate.burst - 1)
        self._next_free[key] = max(self._next_free.get(key, now), until)

    def _earliest(self, key: str, rate: Rate, now: datetime) -> datetime:
        return self._next_free.get(key, now) - rate.interval * (rate.burst - 1)

    def _forget(self, now: datetime) -> None:
        """Chats long silent need no memory."""
        if len(self._next_free) > 10_000:
            self._next_free = {key: free for key, free in self._next_free.items() if free > now or not key}
