"""How a group, or a deal that has none yet, is named in a link that opens the chat with us."""

from typing import Final
from uuid import UUID

from bot.dialogue.tokens import pack_id, unpack_id
from shop.deals.model import Deal, DealGroup

# With a token of 16 letters, or an id of 22, both are far below Telegram's 64 of [A-Za-z0-9_-].
_PREFIX: Final = "deal_"
_OFFER: Final = "offer_"


def start_payload(group: DealGroup) -> str:
    """What the link carries (Telegram's `start`, Messenger's `ref`)."""
    return _PREFIX + group.token


def read_payload(carried: str) -> str | None:
    """The token of the group that a link was made for; None for any other link."""
    return carried.removeprefix(_PREFIX) if carried.startswith(_PREFIX) else None


def offer_payload(deal: Deal) -> str:
    """What a link to the deal itself carries: a group may be started there."""
    return _OFFER + pack_id(deal.id)


def payload_of(deal: Deal, group: DealGroup | None) -> str:
    """What a link to the group carries, or to the deal where none has begun."""
    return offer_payload(deal) if group is None else start_payload(group)


def read_offer(carried: str) -> UUID | None:
    """The deal that a link was made for; None for any other link."""
    return unpack_id(carried.removeprefix(_OFFER)) if carried.startswith(_OFFER) else None
