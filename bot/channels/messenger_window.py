"""Meta's 24 hours: what may still be said to a person, by when they last wrote.

https://developers.facebook.com/docs/messenger-platform/policy/policy-overview: within 24 hours anything; after that news of
an order in a template that Meta approved (the tags for it ended in April 2026), and for seven days what a person of
the staff writes. Nothing else leaves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bot.channels.messenger_graph import OutsideWindow
from bot.messages import Purpose

WINDOW: Final = timedelta(hours=24)
STAFF_WINDOW: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Way:
    """How a message may leave: the fields that say why, or the approved template that it must go into."""

    fields: Mapping[str, Any]
    template: str | None = None


def way(
    purpose: Purpose, *, heard_at: datetime | None, now: datetime, templates: Mapping[Purpose, str]
) -> Way:
    """The way for a message of that purpose; `heard_at` is when the person last wrote. Raises OutsideWindow."""
    silence = None if heard_at is None else now - heard_at
    if silence is not None and silence < WINDOW:
        return Way({"messaging_type": "UPDATE" if purpose == "order_update" else "RESPONSE"})
    if purpose == "staff" and silence is not None and silence < STAFF_WINDOW:
        return Way({"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"})
    if purpose in templates:
        return Way({"messaging_type": "UTILITY"}, template=templates[purpose])
    raise OutsideWindow(_reason(purpose, silence))


def _reason(purpose: Purpose, silence: timedelta | None) -> str:
    since = "they never wrote" if silence is None else f"they last wrote {_hours(silence)} hours ago"
    match purpose:
        case "staff":
            return f"Messenger lets staff write for 7 days after a customer's last words; {since}"
        case "order_update":
            return (
                f"Messenger's 24 hours are over ({since}); later news of an order needs an approved template: "
                "set channels.messenger.utility_templates.order_update in config.yml"
            )
        case "answer":
            return f"Messenger lets nobody write later than 24 hours after a customer's last words; {since}"


def _hours(silence: timedelta) -> int:
    return int(silence.total_seconds() // 3600)
