"""A person on Messenger, in their conversation with the shop's Page."""

from typing import Final

from sandbox.messenger import people as messenger
from sandbox.messenger.screen import Button, ShownCard, ShownMessage
from sandbox.messenger.world import MessengerWorld
from sandbox.people.person import Action, ActionKind, CannotDo, Person, Seen
from sandbox.stripe.world import StripeWorld

_KINDS: Final[dict[str, ActionKind]] = {"postback": "tap", "text": "tap", "web_url": "link"}


class MessengerPerson(Person):
    """Acts through their Messenger account."""

    channel = "messenger"

    def __init__(
        self, world: MessengerWorld, account: messenger.MessengerPerson, stripe: StripeWorld
    ) -> None:
        super().__init__(account.record.first_name, stripe)
        self.world = world
        self.account = account

    @property
    def conversation(self) -> str:
        return f"messenger:{self.account.psid}"

    async def say(self, text: str) -> None:
        if not self.account.screen():
            await self.open()  # Messenger shows Get Started before one can write
        try:
            self.account.say(text)
        except messenger.CannotDo as error:
            raise CannotDo(f"{self.name}: {error}") from error

    async def open(self, payload: str = "") -> None:
        try:
            self.account.open(payload)
        except messenger.CannotDo as error:
            raise CannotDo(f"{self.name}: {error}") from error

    async def tap(self, label: str) -> None:
        try:
            self.account.tap(label)
        except messenger.CannotDo as error:
            menu = [button.text for button in self.account.menu()]
            there = [action.label for action in await self.actions()]
            raise self.no_such(label, there + menu) from error

    async def send_photo(self, picture: bytes, caption: str = "") -> None:
        self.account.send_photo(picture)
        if caption:
            await self.say(caption)  # pictures have no words of their own here

    async def share_phone(self, phone: str) -> None:
        """By the quick reply, which holds the number of the account, where it is shown; else typed."""
        try:
            self.account.share_phone()
        except messenger.CannotDo:
            await self.say(phone)

    async def block(self) -> None:
        self.account.block()

    async def unblock(self) -> None:
        self.account.unblock()

    async def screen(self) -> list[Seen]:
        return [seen for message in self.account.screen() for seen in _seen(message)]


def _seen(message: ShownMessage) -> list[Seen]:
    if message.cards:
        return [_card(message, place, card) for place, card in enumerate(message.cards)]
    buttons = (*message.buttons, *message.quick_replies)
    words, form = message.text, "text"
    if message.receipt is not None:
        receipt = message.receipt
        words, form = f"{receipt.order_number} {receipt.total:.2f} {receipt.currency}", "receipt"
    actions = tuple(_action(button) for button in buttons)
    file = "" if message.file is None else message.file.name
    pictures = int(message.picture is not None)
    return [Seen(message.id, message.mine, words, actions, pictures, form, file=file)]


def _card(message: ShownMessage, place: int, card: ShownCard) -> Seen:
    words = "\n".join(part for part in (card.title, card.subtitle) if part)
    last = message.quick_replies if place == len(message.cards) - 1 else ()
    actions = tuple(_action(button) for button in (*card.buttons, *last))
    return Seen(f"{message.id}.{place}", message.mine, words, actions, int(card.picture is not None), "card")


def _action(button: Button) -> Action:
    return Action(button.text, _KINDS.get(button.kind, "share"), button.value)
