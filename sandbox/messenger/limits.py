"""How fast an app may send for a Page.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/overview/rate-limiting:
300 calls a second with text, links, reactions and stickers, 10 a second with audio or video, and in any 24
hours 200 calls for each person that the Page can write to. Refusals of the daily limit say in a header when
it is over (https://developers.facebook.com/docs/graph-api/overview/rate-limiting).
"""

import json
import math
from collections import deque
from dataclasses import dataclass, field, replace

from sandbox.messenger.errors import error

_DAY_SECONDS = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The settings; tests tighten or loosen them."""

    text_per_second: int = 300
    media_per_second: int = 10
    calls_per_person_a_day: int = 200
    people_least: int = 100  # a Page with a past can reach others than the people of this world
    answer_seconds: float = 20.0  # for a webhook's 200; DOCS/faq
    retry_seconds_max: float = (
        36 * 3600.0
    )  # https://developers.facebook.com/docs/graph-api/webhooks/getting-started
    batch_events_max: int = 1000  # same page
    template_review_seconds: float = 5.0  # "within seconds", DOCS/send-messages/utility-messages

    def unlimited(self) -> "Limits":
        """The same, but nobody ever sends too fast."""
        many = 10**9
        return replace(self, text_per_second=many, media_per_second=many, calls_per_person_a_day=many)


@dataclass
class Pace:
    """How much the app has sent lately."""

    texts: deque[float] = field(default_factory=deque[float])
    media: deque[float] = field(default_factory=deque[float])
    calls: deque[float] = field(default_factory=deque[float])

    def admit(self, now: float, limits: Limits, *, page_id: str, people: int, heavy: bool) -> None:
        """Count one call. Raises 613 or 80006, and counts nothing then."""
        lately, most = (
            (self.media, limits.media_per_second) if heavy else (self.texts, limits.text_per_second)
        )
        _forget(lately, now - 1)
        _forget(self.calls, now - _DAY_SECONDS)
        if len(self.calls) >= limits.calls_per_person_a_day * max(people, limits.people_least):
            minutes = math.ceil((self.calls[0] + _DAY_SECONDS - now) / 60)
            raise error("page_limit", headers=_usage(page_id, minutes))
        if len(lately) >= most:
            raise error("rate", headers=_usage(page_id, 0))
        lately.append(now)
        self.calls.append(now)


def _forget(calls: deque[float], before: float) -> None:
    while calls and calls[0] <= before:
        calls.popleft()


def _usage(page_id: str, minutes: int) -> dict[str, str]:
    usage = {
        "type": "messenger",
        "call_count": 100,
        "total_cputime": 0,
        "total_time": 0,
        "estimated_time_to_regain_access": minutes,
    }
    return {"X-Business-Use-Case-Usage": json.dumps({page_id: [usage]})}
