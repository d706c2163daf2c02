"""What the pages need from the rest of the shop."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from bot.channels.web import HostedChannel
from bot.events import Inbound
from bot.notices import Notices
from knowledge_base.clusters import Cluster
from knowledge_base.weekly import Week
from shop.profile import ShopProfile
from storage.clock import Clock
from storage.engine import Database


class PaperLink(Protocol):
    """Where a paper of an order lies."""

    def __call__(self, order_id: UUID, kind: Literal["invoice", "receipt"], language: str) -> str: ...


class Trainer(Protocol):
    """Trains the shop's models again while the shop is open, one training at a time."""

    @property
    def share(self) -> float | None:
        """How much of a training is done (0–1); None while there is none."""
        ...

    @property
    def outcome(self) -> Sequence[str]:
        """What came of the last training, a sentence for each language."""
        ...

    def intents(self, language: str) -> Sequence[str]:
        """What a message of that language may be labelled with, sorted."""
        ...

    def is_due(self, session: Session) -> bool:
        """Whether staff labelled something that the models in use have not learnt yet."""
        ...

    async def train(self) -> None:
        """Train now, and put to use what is no worse. Joins a training that is under way."""
        ...


class Answering(Protocol):
    """Customers' open questions, and the way to publish an answer to them."""

    def open_questions(self, session: Session) -> Sequence[Cluster]:
        """What nobody has answered yet, what most people asked first."""
        ...

    def week(self, session: Session, until: datetime) -> Week:
        """The seven days before: how many were answered, what is missing, which documents to look at again."""
        ...

    async def publish(self, answer_id: UUID, *, at: datetime) -> int:
        """Approve a draft and tell those who wait for it; how many that were. Raises NotAnAnswer."""
        ...


@dataclass(frozen=True)
class ConsoleServices:
    """The parts that `mount` hands to every page."""

    database: Database
    clock: Clock
    profile: ShopProfile
    web: HostedChannel
    receive: Callable[[list[Inbound]], Awaitable[int]]  # Delivery.receive
    wake: Callable[[], Awaitable[None]]  # Delivery.wake
    trainer: Trainer
    answering: Answering
    media: Path  # the product pictures' folder, served at /media
    secret: bytes  # signs the cookies
    staff_password: str | None  # None: the staff page is open, but only to browsers on this machine
    notices: tuple[str, ...] = ()  # shown on top of every page, e.g. "Sandbox: no real money moves"
    paper_link: PaperLink | None = None  # None: no papers are shown
    tell: Notices | None = None  # None: customers hear nothing when staff move their order on
    fetch: Callable[[str], Awaitable[bytes]] | None = None  # a file that somebody sent us on Telegram
    chat_path: str = "/"  # where the customers' chat is
    staff_in_frames: bool = (
        False  # True lets pages of our own show the staff page inside them, as the demo's phones do
    )
    secure_cookies: bool = False  # True when the world reaches the shop over HTTPS
