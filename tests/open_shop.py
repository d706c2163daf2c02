"""The demo shop, open for a test: the real server, adapters and database, with people at the far ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.retraining import Retraining
from app.running import assemble, with_sandbox
from app.sandbox import BOT_NAME, Sandbox
from app.server import ShopServer, create_app, listen_on
from app.settings import ROOT, Home, Secrets, Settings, read_settings
from app.stage import Template
from app.wiring import Loaded, Parley
from bot.delivery.limits import UNLIMITED, Limiter
from bot.delivery.model import InboxEvent, InboxState
from bot.messages import MESSAGE, Button, Message, Say, ShowCards
from sandbox.telegram.people import ShownMessage, TelegramUser
from sandbox.telegram.state import Bot
from shop.catalogue.model import Product, Variant
from shop.orders.model import Order
from shop.payment_methods import PaymentKind, PaymentMethod
from storage.engine import Database
from tests.page_visitor import PageVisitor

ANSWER_SECONDS = 20.0


def settings_for_tests(*, console: bool = False) -> Settings:
    """The shop's own config; the pages only where a test looks at them."""
    settings = read_settings(ROOT / "config.yml")
    web = settings.channels.web.model_copy(update={"enabled": console})
    return settings.model_copy(update={"channels": settings.channels.model_copy(update={"web": web})})


def settings_that_hold() -> Settings:
    """The same shop, where cards are charged when an order is packed, and there is no other way to pay."""
    settings = settings_for_tests()
    held = PaymentMethod(kind=PaymentKind.CARD, capture="when_packed")
    return settings.model_copy(update={"shop": settings.shop.model_copy(update={"payment_methods": (held,)})})


@dataclass
class OpenShop:
    """A running shop and its worlds."""

    url: str
    parley: Parley
    sandbox: Sandbox
    people: list["Telegrammer"] = field(default_factory=list)

    @property
    def database(self) -> Database:
        return self.parley.database

    @property
    def bot(self) -> Bot:
        return self.sandbox.telegram.bot(BOT_NAME)

    def telegrammer(self, name: str, **details: Any) -> "Telegrammer":
        """Somebody new on Telegram."""
        return Telegrammer(self, self.sandbox.telegram.add_user(name, **details))

    def page_visitor(self, name: str, **details: Any) -> PageVisitor:
        """Somebody new on Messenger."""
        return PageVisitor(self, self.sandbox.messenger.add_person(name, **details))

    def web_visitor(self, *, terminal: bool = False) -> "Visitor":
        """Somebody new in the web chat (or at the terminal), over its HTTP interface."""
        return Visitor(f"{self.url}/chat/{'terminal' if terminal else 'web'}/{uuid4().hex}")

    async def settled(self) -> None:
        """Until the shop has nothing more to do."""
        async with asyncio.timeout(ANSWER_SECONDS):
            await self.parley.delivery.settled()

    async def wake(self) -> None:
        """Something was changed behind its back: let it look."""
        await self.parley.delivery.wake()

    def read(self, work: Callable[[Session], Any]) -> Any:
        return self.database.read(work)

    def orders(self) -> list[Order]:
        """All orders with their lines and moves, oldest first."""
        loaded = select(Order).options(selectinload(Order.lines), selectinload(Order.moves))
        return list(self.read(lambda session: session.scalars(loaded.order_by(Order.placed_at)).all()))

    def stock(self, handle: str) -> tuple[int, int]:
        """(on hand, allocated) of a product's first variant."""
        statement = (
            select(Variant).join(Product).where(Product.handle == handle).order_by(Variant.position).limit(1)
        )
        variant: Variant = self.read(lambda session: session.scalars(statement).one())
        return variant.on_hand, variant.allocated

    def parked(self) -> list[InboxEvent]:
        """Events that failed for good: there should be none."""
        return self.read(
            lambda session: session.scalars(
                select(InboxEvent).where(InboxEvent.state == InboxState.PARKED)
            ).all()
        )


@dataclass
class Telegrammer:
    """A person on Telegram, talking to the shop's bot."""

    shop: OpenShop
    user: TelegramUser
    seen: int = 0

    @property
    def bot(self) -> Bot:
        return self.shop.bot

    def shown(self) -> list[ShownMessage]:
        return self.user.chat(self.bot)

    async def says(self, text: str) -> str:
        """Say it; everything the bot says until it is quiet."""
        self._look()
        if not self.shown():
            self.user.start(self.bot)
            await self.hears("")
            self._look()
        self.user.say(self.bot, text)
        return await self.hears("")

    async def taps(self, label: str) -> str:
        """Press a button; everything the bot says until it is quiet."""
        self._look()
        await self.user.tap(self.bot, label).answered()
        return await self.hears("")

    async def pays(self, card: str = "visa") -> Any:
        self._look()
        return await self.user.pay(self.bot, card)

    async def hears(self, text: str) -> str:
        """Wait for a new message of the bot with `text` in it; all that is new once the shop is quiet."""
        await self.user.wait_for(
            lambda message: text in _everything(message),
            bot=self.bot,
            after=self.seen,
            timeout_seconds=ANSWER_SECONDS,
        )
        await self.shop.settled()
        return "\n".join(_everything(m) for m in self.shown() if m.id > self.seen and not m.mine)

    def _look(self) -> None:
        self.seen = max((message.id for message in self.shown()), default=0)


def _everything(message: ShownMessage) -> str:
    """Words and buttons of a message; an invoice by its title."""
    invoice = message.content.get("invoice", {})
    labels = " ".join(f"[{button.text}]" for row in message.buttons for button in row)
    return " ".join(part for part in (message.text, invoice.get("title", ""), labels) if part)


@dataclass
class Visitor:
    """A person in the web chat or at the terminal, at the HTTP interface."""

    address: str
    seen: int = 0
    buttons: list[Button] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    async def says(self, text: str) -> str:
        return await self._do({"text": text})

    async def taps(self, label: str) -> str:
        button = next(button for button in reversed(self.buttons) if button.label.startswith(label))
        return await self._do({"token": button.token, "label": button.label})

    def link(self) -> str:
        """The newest button that leads somewhere else."""
        return next(button.url for button in reversed(self.buttons) if button.url)

    async def hears(self, text: str) -> str:
        """Wait until the bot said something new with `text` in it; all of it."""
        heard = ""
        async with asyncio.timeout(ANSWER_SECONDS), httpx.AsyncClient() as client:
            while text not in heard or not heard:
                answer = await client.get(
                    self.address, params={"after": self.seen, "wait": True}, timeout=ANSWER_SECONDS
                )
                for each in answer.raise_for_status().json()["said"]:
                    self.seen = max(self.seen, each["id"])
                    if each["author"] != "customer":
                        heard += self._take(MESSAGE.validate_python(each["content"])) + "\n"
        return heard

    async def _do(self, said: dict[str, Any]) -> str:
        async with httpx.AsyncClient() as client:
            answer = await client.post(self.address, json={"id": uuid4().hex, **said}, timeout=ANSWER_SECONDS)
            assert answer.status_code == 202, answer.text
        return await self.hears("")

    def _take(self, message: Message) -> str:
        self.messages.append(message)
        match message:
            case Say(text=text, buttons=rows):
                self.buttons += [button for row in rows for button in row]
                return text
            case ShowCards(cards=cards):
                self.buttons += [button for card in cards for button in card.buttons]
                return "\n".join(f"{card.title} {card.text}" for card in cards)
            case _:
                return ""


@asynccontextmanager
async def open_shop(
    template: Template,
    home: Home,
    *,
    database_url: str | None = None,
    console: bool = False,
    trainer: Callable[[Database], Retraining] | None = None,
    **sections: Any,
) -> AsyncIterator[OpenShop]:
    """Open the shop on a free port of this machine until the block ends; with another `trainer` than its own, or other
    `sections` of its config.
    """
    settings = settings_for_tests(console=console).model_copy(update=sections)
    listener = listen_on("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    database = Database.open(database_url or home.database_url)
    ready = Loaded(database, template.learnt)
    parley, sandbox = assemble(settings, with_sandbox(Secrets()), home, ready, url=url, sandbox=True)
    assert sandbox is not None
    if trainer is not None:
        parley.trainer = trainer(database)
    # Tests of the limits set their own; here nobody should have to wait for them.
    sandbox.telegram.limits = sandbox.telegram.limits.unlimited()
    for channel in ("telegram", "messenger"):
        parley.delivery.limiters[channel] = Limiter(UNLIMITED)
    server = ShopServer(create_app(parley, sandbox), parley)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await _reachable(url)
        yield OpenShop(url, parley, sandbox)
    finally:
        server.stop()
        await serving
        listener.close()
        parley.close()


async def _reachable(url: str) -> None:
    """The listener queues connections until the server takes them: one answer means it is open."""
    async with httpx.AsyncClient() as client:
        (await client.get(f"{url}/healthz", timeout=ANSWER_SECONDS)).raise_for_status()
