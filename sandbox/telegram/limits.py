"""How fast a bot may send, and how long it may take to answer.

https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this: about 30 messages a second
overall, one a second in a chat with short bursts allowed, 20 a minute in a group.
"""

import math
from collections import deque
from dataclasses import dataclass, field, replace

from sandbox.telegram.errors import too_many_requests


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The settings; tests tighten or loosen them."""

    overall_per_second: int = 30
    chat_per_second: float = 1.0
    chat_burst: int = 10
    group_per_minute: int = 20
    checkout_seconds: float = 10.0  # for answering a pre-checkout or shipping query
    tap_seconds: float = 30.0  # for answering a callback query
    inline_seconds: float = 30.0  # for answering an inline query
    webhook_pause_max_seconds: float = 60.0
    update_kept_seconds: float = 24 * 3600.0

    def unlimited(self) -> "Limits":
        """The same, but nobody ever sends too fast."""
        many = 10**9
        return replace(
            self, overall_per_second=many, chat_per_second=many, chat_burst=many, group_per_minute=many
        )


@dataclass
class _Bucket:
    """Fills at a steady rate up to its size; sending takes from it."""

    level: float
    filled_at: float

    def refill(self, now: float, rate: float, size: float) -> None:
        self.level = min(size, self.level + (now - self.filled_at) * rate)
        self.filled_at = now


@dataclass
class Pace:
    """How much one bot has sent lately."""

    overall: deque[float] = field(default_factory=deque[float])
    groups: dict[int, deque[float]] = field(default_factory=dict[int, deque[float]])
    chats: dict[int, _Bucket] = field(default_factory=dict[int, _Bucket])

    def admit(self, chat_id: int, now: float, limits: Limits, *, messages: int = 1) -> None:
        """Count that many messages as sent. Raises 429 with the seconds to wait, and counts nothing then."""
        group = self.groups.setdefault(chat_id, deque())
        bucket = self.chats.setdefault(chat_id, _Bucket(limits.chat_burst, now))
        bucket.refill(now, limits.chat_per_second, limits.chat_burst)
        wait = max(
            _wait_for_window(self.overall, now, seconds=1, most=limits.overall_per_second, wanted=messages),
            _wait_for_window(group, now, seconds=60, most=limits.group_per_minute, wanted=messages)
            if chat_id < 0
            else 0,
            (min(messages, limits.chat_burst) - bucket.level) / limits.chat_per_second if chat_id > 0 else 0,
        )
        if wait > 0:
            raise too_many_requests(max(1, math.ceil(wait)))
        self.overall.extend([now] * messages)
        if chat_id < 0:
            group.extend([now] * messages)
        else:
            bucket.level -= messages


def _wait_for_window(sent: deque[float], now: float, *, seconds: float, most: int, wanted: int) -> float:
    """Seconds until `wanted` more fit into a sliding window of that many seconds."""
    while sent and sent[0] <= now - seconds:
        sent.popleft()
    over = len(sent) + wanted - most
    if over <= 0 or not sent:
        return 0
    return sent[min(over, len(sent)) - 1] + seconds - now
