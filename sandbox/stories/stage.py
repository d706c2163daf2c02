"""What stories are played on: a running shop with its worlds, its people and a clock to turn."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from nlu.understanding import Understanding
from sandbox.clock import SimulatedClock
from sandbox.messenger.world import MessengerWorld
from sandbox.people.person import Person
from sandbox.people.telegram_group import TelegramGroup
from sandbox.stripe.world import StripeWorld
from sandbox.telegram.world import TelegramWorld
from shop.money import Money
from shop.orders.model import OrderStatus
from storage.engine import Database


class Worlds(Protocol):
    """The far ends."""

    @property
    def telegram(self) -> TelegramWorld: ...
    @property
    def messenger(self) -> MessengerWorld: ...
    @property
    def stripe(self) -> StripeWorld: ...


class Stage(Protocol):
    """The assembly gives one (app/stage.py); nothing here knows how it is built."""

    @property
    def clock(self) -> SimulatedClock: ...
    @property
    def sandbox(self) -> Worlds: ...
    @property
    def database(self) -> Database: ...
    @property
    def crashes(self) -> int:
        """How often the shop was killed so far."""
        ...

    @property
    def bot_name(self) -> str:
        """The shop's bot on Telegram."""
        ...

    def person(self, name: str, channel: str, *, language: str | None = None) -> Person:
        """Somebody new with a phone."""
        ...

    def group(self, name: str, members: Sequence[Person], *, bot: bool, basic: bool) -> TelegramGroup:
        """A new group of these people, made by the first of them; a supergroup, unless it is to be a basic one."""
        ...

    def understand(self, text: str) -> Understanding:
        """What the shop's interpreter makes of a text."""
        ...

    async def staff_reply(self, conversation: str, words: str) -> None:
        """A person of the shop answers a customer, from the staff page."""
        ...

    async def staff_move(self, reference: str, status: OrderStatus, *, tracking: str) -> None:
        """Staff move an order on. Raises NotPossible when it is too early or too late."""
        ...

    async def staff_ship(
        self, reference: str, units: Mapping[str, int] | None, *, carrier: str, tracking: str
    ) -> None:
        """Staff send a part of an order, or all that is left. Raises NotPossible, TooManyUnits."""
        ...

    async def staff_deliver(self, reference: str, shipment: int | None) -> None:
        """A shipment of an order has arrived, or all of them. Raises NotPossible."""
        ...

    async def staff_take(self, reference: str, amount: Money, *, to: str, receipt: str) -> None:
        """Staff note money that came in cash or to the bank ("cash", "bank"). Raises KnownPayment."""

    async def staff_return(
        self, reference: str, status: str, *, why: str, sellable: bool, amount_minor: int | None
    ) -> None:
        """Staff decide about the newest return of an order. Raises Refused."""
        ...

    async def set_goods(self, handle: str, *, on_hand: int | None, price_minor: int | None) -> None:
        """The merchant's next import says so many are there, or another price; of all the product's variants."""
        ...

    async def settle(self) -> None:
        """Until the shop has said all it will say by itself."""
        ...

    async def advance(self, by: timedelta) -> None:
        """Turn the clock; whatever is due on the way happens at its own time."""
        ...

    async def crash(self) -> None:
        """Die and come back."""
        ...
