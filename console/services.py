"""What the pages need from the rest of the shop."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from bot.channels.web import HostedChannel
from bot.dialogue.replies import Replies
from bot.events import Inbound
from shop.profile import ShopProfile
from storage.clock import Clock
from storage.engine import Database


@dataclass(frozen=True)
class ConsoleServices:
    """The parts that `mount` hands to every page."""

    database: Database
    clock: Clock
    profile: ShopProfile
    web: HostedChannel
    receive: Callable[[list[Inbound]], Awaitable[int]]  # Delivery.receive
    wake: Callable[[], Awaitable[None]]  # Delivery.wake
    media: Path  # the product pictures' folder, served at /media
    secret: bytes  # signs the cookies
    staff_password: str | None  # None: the staff page is open, but only to browsers on this machine
    notices: tuple[str, ...] = ()  # shown on top of every page, e.g. "Sandbox: no real money moves"
    replies: Replies | None = None  # None: customers hear nothing when staff move their order on
    chat_path: str = "/"  # where the customers' chat is
    staff_in_frames: bool = (
        False  # True lets pages of our own show the staff page inside them, as the demo's phones do
    )
    secure_cookies: bool = False  # True when the world reaches the shop over HTTPS
