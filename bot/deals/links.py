"""How a group is named in a link that opens the chat with us."""

from typing import Final

from shop.deals.model import DealGroup

_PREFIX: Final = "deal_"  # with a token of 16 it is far below Telegram's 64 letters of [A-Za-z0-9_-]


def start_payload(group: DealGroup) -> str:
    """What the link carries (Telegram's `start`, Messenger's `ref`)."""
    return _PREFIX + group.token


def read_payload(carried: str) -> str | None:
    """The token of the group that a link was made for; None for any other link."""
    return carried.removeprefix(_PREFIX) if carried.startswith(_PREFIX) else None
