"""A call to the payment provider as it is queued, by whoever queues it."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from storage.types import JsonObject


@dataclass(frozen=True, slots=True)
class ProviderCall:
    """A call to be queued; the same `key` is made once, however often it is asked for."""

    name: str
    arguments: JsonObject
    key: str

    @classmethod
    def closing(cls, session: str, order_id: UUID) -> Self:
        """The one that closes an order's payment page, so that nobody pays for what has ended."""
        return cls("expire_checkout", {"session": session}, key=f"expire:{order_id}")
