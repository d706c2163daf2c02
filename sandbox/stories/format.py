"""A story's file: what it may say, as models. `reading.py` reads it and says what is wrong in it.

A step is a mapping of one key: a person's name, or one of `bot`, `both`, `clock`, `fault`, `restart`, `expect`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from sandbox.stripe.cards import BY_NICKNAME
from sandbox.stripe.people import ABANDON, ABANDONED_3DS, REFUSED_3DS
from shop.deals.model import GroupStatus
from shop.orders.model import OrderStatus

Channel = Literal["telegram", "messenger", "web"]
CHANNELS: Final[tuple[Channel, ...]] = ("telegram", "messenger", "web")
CARDS: Final = (*BY_NICKNAME, REFUSED_3DS, ABANDONED_3DS, ABANDON)
_SPAN = re.compile(r"\+(\d+)\s*([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MONEY = re.compile(r"(\d+)\.(\d\d) ([A-Z]{3})")


class StoryModel(BaseModel):
    """Common shape: frozen, and strict about what it knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


# ── values ──────────────────────────────────────────────────────────────────────────────────────────


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _as_span(value: Any) -> Any:
    """+25h and the like as a timedelta; ISO times are pydantic's."""
    if isinstance(value, str) and (match := _SPAN.fullmatch(value.strip())):
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    return value


def _as_answers(value: Any) -> Any:
    return [str(each) for each in value] if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - YAML


def _as_minor(value: Any) -> Any:
    """24.00 EUR as (2400, "EUR")."""
    match = _MONEY.fullmatch(str(value))
    if match is None:
        raise ValueError(f"{value!r} is no amount such as 24.00 EUR")
    return int(match[1]) * 100 + int(match[2]), match[3]


Texts = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
Amount = Annotated[tuple[int, str], BeforeValidator(_as_minor)]
Answers = Annotated[list[str], BeforeValidator(_as_answers), Field(min_length=1)]


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
    return text


def _capture(text: str) -> str:
    if re.compile(_pattern(text)).groups != 1:
        raise ValueError(f"{text!r} must have one group, in brackets: what is kept")
    return text


# ── who takes part ──────────────────────────────────────────────────────────────────────────────────


class Role(StoryModel):
    """Somebody in the story. Staff act on the staff page, whatever their channel."""

    channel: Channel | None = None
    language: str | None = None
    role: Literal["customer", "staff"] = "customer"


class Chat(StoryModel):
    """A group chat: made by its first member, with the bot or without."""

    channel: Literal["telegram"]
    members: tuple[str, ...] = Field(min_length=1)
    bot: bool = True
    kind: Literal["group", "supergroup"] = "supergroup"


# ── what people do ──────────────────────────────────────────────────────────────────────────────────


class Public(StoryModel):
    """What people do in private, or `in` a group."""

    chat: str | None = Field(default=None, alias="in")


class Say(Public):
    """Write. In a group @shop names the bot."""

    say: str = Field(min_length=1)


class Reply(StoryModel):
    """Answer the bot's newest message in a group."""

    reply: str = Field(min_length=1)
    chat: str = Field(alias="in")


class Tap(Public):
    """Press a button by its label, or by how the label begins."""

    tap: str = Field(min_length=1)


class Send(Public):
    """Send a picture that lies beside the story's file; without `file` a tiny one."""

    send: Literal["photo"]
    file: str | None = None
    caption: str = ""


class Open(StoryModel):
    """Open the chat, maybe by a link or with what a link carries."""

    open: str = ""


class Follow(StoryModel):
    """Follow the newest link to a group on that person's screen."""

    follow: str


class Share(StoryModel):
    """Share one's phone number, with the button for that."""

    share: Literal["phone"]
    number: str


FormField = Literal[
    "name",
    "phone_number",
    "email",
    "country_code",
    "state",
    "city",
    "street_line1",
    "street_line2",
    "post_code",
    "shipping",
]
"""Telegram's own names, and the code of the delivery that is chosen in the form."""


class Pay(StoryModel):
    """Pay what was asked for last. `again` pays nothing: the provider tells the shop a second time.

    `early` pays the page that Stripe has made and whose link is still on its way.
    """

    pay: Literal["card"]
    card: str = Field(default="visa", alias="with")
    again: bool = False
    early: bool = False
    paid: bool | None = None  # how it must end; anything goes if it is not said
    form: dict[FormField, str] | None = (
        None  # what is put into Telegram's own form, where the invoice has one
    )

    @property
    def filled(self) -> dict[str, str]:
        """The form by its fields' names."""
        return {str(name): words for name, words in (self.form or {}).items()}

    @field_validator("card")
    @classmethod
    def _known(cls, card: str) -> str:
        if card not in CARDS:
            raise ValueError(f"{card!r} is no card here; there are {', '.join(CARDS)}")
        return card


class Block(StoryModel):
    """Stop the bot, on Telegram or Messenger."""

    block: Literal["bot"]


class Join(StoryModel):
    """Come into a group, invited by its owner."""

    chat: str = Field(alias="join")


class Leave(StoryModel):
    """Go out of a group."""

    chat: str = Field(alias="leave")


class Add(StoryModel):
    """Bring the bot into a group."""

    add: Literal["bot"]
    chat: str = Field(alias="to")


class Remove(StoryModel):
    """Put the bot out of a group, as its owner may."""

    remove: Literal["bot"]
    chat: str = Field(alias="from")


class Upgrade(StoryModel):
    """Make a basic group a supergroup, which is another chat."""

    chat: str = Field(alias="upgrade")


InGroup = Reply | Join | Leave | Add | Remove | Upgrade
Act = Say | Tap | Send | Open | Follow | Share | Pay | Block | InGroup


# ── what staff do ───────────────────────────────────────────────────────────────────────────────────


class StaffReply(StoryModel):
    """Answer a customer in their conversation."""

    reply: str
    text: str = Field(min_length=1)


class StaffMove(StoryModel):
    """Move an order on, and the customer hears of it."""

    order: str
    to: Literal["packed", "shipped", "delivered", "completed"]
    tracking: str = ""


class StaffShip(StoryModel):
    """Send a part of an order, or without `units` all that is left: `{ship: ana, units: {mug: 1}, carrier: dhl}`."""

    ship: str
    units: dict[str, Annotated[int, Field(ge=1)]] | None = None
    carrier: str = ""
    tracking: str = ""


class StaffDelivered(StoryModel):
    """A shipment of an order has arrived, or without `shipment` all of them."""

    delivered: str
    shipment: int | None = Field(default=None, ge=1)


class StaffTakes(StoryModel):
    """Money for an order came in cash or to the bank account: `{takes: "24.00 EUR", of: ana, to: bank, reference: "123"}`."""

    takes: Amount
    of: str
    to: Literal["cash", "bank"]
    reference: str


class StaffReturn(StoryModel):
    """Decide about the newest return of an order: `{return: ana, to: refused, why: "It was used."}`."""

    of: str = Field(alias="return")
    to: Literal["approved", "refused", "received", "refunded", "exchanged"]
    why: str = ""
    sellable: bool = True
    amount: Amount | None = None  # of the refund; without it all that was asked for the goods


class StaffStock(StoryModel):
    """Count the stock of a product, or set its price."""

    stock: str
    on_hand: int | None = Field(default=None, ge=0)
    price: Amount | None = None


StaffAct = StaffReply | StaffMove | StaffShip | StaffDelivered | StaffTakes | StaffReturn | StaffStock


# ── what the bot does ───────────────────────────────────────────────────────────────────────────────


class BotLine(StoryModel):
    """What the bot has said to a person since their last line; to whom, if it is not who acted last.

    With `in`, what it has posted in that group since anybody acted there; `silent` is nothing at all.

    `flow` is the flow under way in their conversation ("none" for none) as it is stored, `reply` a key of
    flows/replies that the messages were made from, as the transcript keeps it, and `intent` what the interpreter
    makes of the person's last words.
    """

    to: str | None = None
    chat: str | None = Field(default=None, alias="in")
    silent: bool = False
    says: Texts = ()
    says_not: Texts = ()
    shows: Literal["card", "invoice", "receipt", "picture", "file"] | None = None
    buttons: Texts = ()
    save: dict[str, str] = Field(default_factory=dict)
    flow: str | None = None
    reply: str | None = None
    intent: str | None = None

    @field_validator("save")
    @classmethod
    def _captures(cls, save: dict[str, str]) -> dict[str, str]:
        return {name: _capture(pattern) for name, pattern in save.items()}


# ── what the world does ─────────────────────────────────────────────────────────────────────────────


class Clock(StoryModel):
    """Time passes: so long, or until then. Timers fire on the way."""

    clock: timedelta | datetime

    @field_validator("clock", mode="before")
    @classmethod
    def _span_or_time(cls, value: Any) -> Any:
        span = _as_span(value)
        if isinstance(span, timedelta | datetime):
            return span
        try:
            return datetime.fromisoformat(str(value))
        except ValueError:
            raise ValueError(f"{value!r} is neither +30s, +5m, +25h, +7d, +2w nor an ISO time") from None


class StripeFaults(StoryModel):
    """What Stripe's next answers are, and how its next notices come."""

    checkout: Answers | None = None
    session: Answers | None = None  # when it is asked how a payment page stands
    refund: Answers | None = None
    expire: Answers | None = None
    notices: Answers | None = None  # of payments
    refund_notices: Answers | None = None
    hold: bool | None = None  # True: no notice leaves; False: all that waited do


class TelegramFaults(StoryModel):
    """What Telegram's next answers are; `again` tells the bot its last so many updates once more."""

    send: Answers | None = None
    invoice: Answers | None = None
    photo: Answers | None = None
    again: int | None = Field(default=None, ge=1)


class MessengerFaults(StoryModel):
    """What Messenger's next answers are, and how its next notices come."""

    send: Answers | None = None
    notices: Answers | None = None
    hold: bool | None = None


class Faults(StoryModel):
    """Trouble to come. `network` meets the next calls to everybody; `kill` follows the next step at once."""

    stripe: StripeFaults | None = None
    telegram: TelegramFaults | None = None
    messenger: MessengerFaults | None = None
    network: Answers | None = None
    kill: Literal["next"] | None = None


class Restart(StoryModel):
    """kill -9, and a new start."""

    restart: Literal["now"]


# ── what must be true ───────────────────────────────────────────────────────────────────────────────


class ExpectOrder(StoryModel):
    """An order by its reference, or a person's newest."""

    order: str
    status: OrderStatus | None = None
    total: Amount | None = None
    lines: int | None = None
    units: int | None = None


class ExpectOrders(StoryModel):
    """How many orders there are in all, or in that state."""

    orders: int = Field(ge=0)
    status: OrderStatus | None = None


class ExpectStock(StoryModel):
    """A product's stock; of several variants the first, or the one with that option."""

    stock: str
    variant: str | None = None
    on_hand: int | None = None
    allocated: int | None = None


class ExpectCustomer(StoryModel):
    """What a person's cards were charged and given back at Stripe, and how many orders they have."""

    customer: str
    charged: Amount | None = None
    refunded: Amount | None = None
    orders: int | None = None


class WantedMessages(StoryModel):
    """Messages of the bot on a person's screen, or in a group."""

    to: str
    matching: str
    count: int = Field(ge=0)

    @field_validator("matching")
    @classmethod
    def _is_pattern(cls, matching: str) -> str:
        return _pattern(matching)


class ExpectMessages(StoryModel):
    """How many messages with such words a person has."""

    messages: WantedMessages


class WantedGroup(StoryModel):
    """A group of a deal: its state, and how many seats are taken in it, be they paid or held."""

    status: GroupStatus
    seats: int = Field(ge=0)


class ExpectDeal(StoryModel):
    """The groups of a deal by its code, in the order in which they began."""

    deal: str
    groups: tuple[WantedGroup, ...]


Expectation = ExpectOrder | ExpectOrders | ExpectStock | ExpectCustomer | ExpectMessages | ExpectDeal


# ── a whole story ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Doing:
    """Somebody does something."""

    who: str
    act: Act | StaffAct


@dataclass(frozen=True, slots=True)
class Together:
    """Several people act at the same moment."""

    doings: Sequence[Doing]


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be true now; each with its line."""

    expectations: Sequence[tuple[int, Expectation]]


Happening = Doing | Together | BotLine | Clock | Faults | Restart | Expected


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the story."""

    line: int
    happening: Happening


@dataclass(frozen=True, slots=True)
class Story:
    """A file that is right in itself."""

    file: Path
    title: str
    people: Mapping[str, Role]
    chats: Mapping[str, Chat]
    also_on: Sequence[Channel]
    steps: Sequence[Step]

    @property
    def channels(self) -> frozenset[Channel]:
        """Where its customers are, as it was written."""
        return frozenset(
            role.channel for role in self.people.values() if role.channel and role.role == "customer"
        )

    def on(self, channel: Channel) -> "Story | None":
        """The same story with all its customers on that channel; None if it was not written for that.

        A group chat cannot be moved.
        """
        if self.chats:
            return self if all(each == channel for each in self.channels) else None
        if channel not in (*self.channels, *self.also_on):
            return None
        people = {
            name: role.model_copy(update={"channel": channel}) if role.role == "customer" else role
            for name, role in self.people.items()
        }
        return replace(self, people=people)


@dataclass(frozen=True, slots=True)
class Known:
    """The names of the shop that a story may use."""

    flows: frozenset[str]
    replies: frozenset[str]
    intents: frozenset[str]
    products: frozenset[str]
    deals: frozenset[str]
