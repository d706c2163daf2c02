"""A person on Messenger, talking to the shop's page in a test."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sandbox.messenger import MessengerPerson, MessengerWorld, ShownMessage
from storage.clock import SystemClock

if TYPE_CHECKING:
    from tests.open_shop import OpenShop

ANSWER_SECONDS = 20.0


@dataclass
class PageVisitor:
    """Somebody who came by the page's link."""

    shop: "OpenShop"
    person: MessengerPerson
    seen: int = 0

    @property
    def world(self) -> MessengerWorld:
        return self.shop.sandbox.messenger

    async def opens(self, ref: str = "") -> str:
        """Come by the m.me link; everything the bot says until it is quiet."""
        await self._first_button()
        self._look()
        self.person.open(ref)
        return await self.hears("")

    async def says(self, text: str) -> str:
        """Say it; everything the bot says until it is quiet."""
        if not self.person.screen():
            await self.opens()
        self._look()
        self.person.say(text)
        return await self.hears("")

    async def taps(self, label: str) -> str:
        """Press a button; everything the bot says until it is quiet."""
        self._look()
        self.person.tap(label)
        return await self.hears("")

    def link(self) -> str:
        """Where the newest button that leads somewhere else leads."""
        links = [b.value for m in self.person.screen() for b in m.buttons if b.kind == "web_url"]
        return links[-1]

    async def pays(self, card: str = "visa") -> bool:
        """Open the payment page and pay there; whether the money moved."""
        self._look()
        session = urlsplit(self.link()).path.rsplit("/", 1)[1]
        return (await self.shop.sandbox.stripe.pay(session, card)).paid

    async def hears(self, text: str) -> str:
        """Wait for a new message of the bot with `text` in it; all that is new once the shop is quiet."""
        await self.person.wait_for(
            lambda message: text in everything(message), after=self.seen, timeout_seconds=ANSWER_SECONDS
        )
        await self.world.webhooks.settled()
        await self.shop.settled()
        return "\n".join(everything(m) for m in self.person.screen() if m.number > self.seen and not m.mine)

    async def _first_button(self) -> None:
        """The page shows it as soon as the shop has asked for it."""
        shown = await self.world.changes.wait_until(
            lambda: self.person.welcome().get_started or None, clock=SystemClock(), seconds=ANSWER_SECONDS
        )
        assert shown, "the shop never set up its page"

    def _look(self) -> None:
        self.seen = max((message.number for message in self.person.screen()), default=0)


def everything(message: ShownMessage) -> str:
    """Words, cards, buttons and a receipt's number."""
    buttons = [*message.buttons, *(b for card in message.cards for b in card.buttons), *message.quick_replies]
    cards = [f"{card.title} {card.subtitle}" for card in message.cards]
    receipt = f"Receipt {message.receipt.order_number}" if message.receipt else ""
    labels = [f"[{button.text}]" for button in buttons]
    return " ".join(part for part in (message.text, *cards, receipt, *labels) if part)
