"""The port that every channel fills: what it can do, and how a message leaves through it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from bot.delivery.engine import Sender
from bot.messages import DealPicture, Document
from shop.errors import Unavailable

Draw = Callable[[Document | DealPicture], Awaitable[bytes | None]]
"""The file that it stands for, as it is now: the same bytes until money comes or goes. None: there is none."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a channel can show; where it cannot, it falls back to the nearest thing it has."""

    buttons: bool = True
    cards: bool = True
    pictures: bool = True
    native_invoices: bool = False
    receipts: bool = False
    files: bool = False
    edits: bool = False
    invitations: bool = False  # links that bring others into a private chat, and pictures that carry one


class WrongToken(Unavailable):
    """A messenger does not take the shop's token: the merchant must mend it."""


class Channel(Sender, Protocol):
    """A messenger. The dialogue asks what it can do; delivery hands it messages."""

    name: str

    @property
    def abilities(self) -> Abilities: ...
