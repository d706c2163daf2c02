"""A person on Telegram, in their private chat with the shop's bot."""

from typing import Final

from sandbox.people.person import Action, ActionKind, CannotDo, Person, Seen
from sandbox.stripe.people import Outcome
from sandbox.stripe.world import StripeWorld
from sandbox.telegram import people as telegram
from sandbox.telegram.payments import OrderDetails, PaymentOutcome
from sandbox.telegram.people import ShownMessage, TelegramUser
from sandbox.telegram.state import Bot
from sandbox.telegram.world import TelegramWorld

_KINDS: Final[dict[str, ActionKind]] = {"callback_data": "tap", "url": "link", "pay": "pay"}


class TelegramPerson(Person):
    """Acts through their Telegram account."""

    channel = "telegram"

    def __init__(self, world: TelegramWorld, user: TelegramUser, bot: Bot, stripe: StripeWorld) -> None:
        super().__init__(user.record.first_name, stripe)
        self.world = world
        self.user = user
        self.bot = bot

    @property
    def conversation(self) -> str:
        return f"telegram:{self.user.id}"

    async def say(self, text: str) -> None:
        if not self.user.chat(self.bot):
            await self.open()  # Telegram shows a Start button before one can write
        try:
            self.user.say(self.bot, text)
        except telegram.CannotDo as error:
            raise CannotDo(f"{self.name}: {error}") from error

    async def open(self, payload: str = "") -> None:
        self.user.start(self.bot, payload)

    async def tap(self, label: str) -> None:
        try:
            self.user.tap(self.bot, label)
        except telegram.CannotDo as error:
            there = [action.label for action in await self.actions()]
            keys = [key.text for row in self.user.keyboard(self.bot) for key in row]
            raise self.no_such(label, keys + there) from error

    async def send_photo(self, picture: bytes, caption: str = "") -> None:
        try:
            self.user.send_photo(self.bot, picture, caption)
        except telegram.CannotDo as error:
            raise CannotDo(f"{self.name}: {error}") from error

    async def share_phone(self, phone: str) -> None:
        try:
            self.user.share_contact(self.bot, phone)
        except telegram.CannotDo as error:
            raise CannotDo(f"{self.name}: {error}") from error

    async def block(self) -> None:
        self.user.block(self.bot)

    async def unblock(self) -> None:
        self.user.unblock(self.bot)

    async def _pay(self, card: str) -> Outcome:
        if not any(seen.form == "invoice" for seen in await self.screen()):
            return await super()._pay(card)
        if card == "abandon":
            return Outcome(False, "open", "abandoned", "The customer left.")
        try:
            filled = dict(self.form)
            shipping = filled.pop("shipping", None)
            details = OrderDetails(**filled) if filled else None
            outcome = await self.user.pay(self.bot, card, details=details, shipping_option=shipping)
        except telegram.CannotDo as error:
            raise CannotDo(f"{self.name}: {error}") from error
        return _as_outcome(outcome)

    async def _tell_again(self) -> Outcome:
        for update in reversed(self.world.updates.history(self.bot)):
            message = update.payload
            if "successful_payment" in message and message["from"]["id"] == self.user.id:
                self.world.updates.redeliver(self.bot, update.id)
                return Outcome(True, "complete")
        return await super()._tell_again()

    async def screen(self) -> list[Seen]:
        return [as_seen(message, mine=message.mine) for message in self.user.chat(self.bot)]


def _as_outcome(outcome: PaymentOutcome) -> Outcome:
    if outcome.paid:
        return Outcome(True, "complete")
    return Outcome(
        False, "open", outcome.reason if outcome.status == "declined" else outcome.status, outcome.reason
    )


def as_seen(message: ShownMessage, *, mine: bool) -> Seen:
    """A message of a Telegram chat, in the vocabulary of all messengers."""
    invoice = message.content.get("invoice")
    words = f"{invoice['title']} {invoice['description']}" if invoice else message.text
    return Seen(
        id=str(message.id),
        mine=mine,
        text=words,
        actions=tuple(
            Action(button.text, _KINDS.get(button.kind, "share"), button.value)
            for row in message.buttons
            for button in row
        ),
        pictures=int(message.photo is not None),
        form="invoice" if invoice else "card" if message.photo and message.buttons else "text",
        author=message.author,
        file="" if message.document is None else message.document.name,
    )
