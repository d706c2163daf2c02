"""The demo shop on a stage: real server, adapters and database, emulators at the far ends, and a clock to turn.

Stories, simulations and the tests play on it. Time stands still unless the stage moves it, so an hour of waiting
costs nothing, and whoever asks for quiet gets an answer that does not depend on how fast the machine is.
"""

import asyncio
import contextlib
import itertools
import logging
import shutil
import socket
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, TypeVar
from uuid import UUID

import httpx
import uvicorn
from babel import Locale
from babel.core import get_global
from fastapi import FastAPI
from filelock import FileLock
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.hands import Hands
from app.running import Teller, prepare, with_sandbox
from app.sandbox import BOT_NAME, open_sandbox
from app.server import ShopServer, create_app, listen_on
from app.serving import PromptServer
from app.settings import Home, Secrets, Settings
from app.wiring import Learnt, Loaded, Parley, build
from bot.actions import reconciling
from bot.actions.reconciling import Reconciled
from bot.delivery.leases import LEASE_SECONDS
from console import fulfilment, return_desk, staff_reply
from console.fulfilment import Desk
from nlu.understanding import Understanding
from payments import reconciliation
from sandbox.clock import SimulatedClock
from sandbox.people.messenger import MessengerPerson
from sandbox.people.person import Person
from sandbox.people.telegram import TelegramPerson
from sandbox.people.telegram_group import TelegramGroup
from sandbox.people.web import WebPerson
from sandbox.stripe.faults import ConnectionDropped
from sandbox.telegram.state import ChatType
from shop.catalogue.model import Product, Variant
from shop.money import Money
from shop.orders.model import Order, OrderStatus
from shop.returns import service as returns
from shop.shipments import service as shipments
from storage.engine import Database, RehearsalDatabase
from storage.ids import new_id

OPENING = datetime(2026, 11, 21, 12, tzinfo=UTC)

T = TypeVar("T")


@dataclass(frozen=True)
class Template:
    """A home with the demo's goods, and what is costly to load; every stage works on a copy."""

    home: Path
    learnt: Learnt


def make_template(settings: Settings, folder: Path, teller: Teller) -> Template:
    """Stock a home in `folder`, or take up the one that is there already."""
    ready = prepare(settings, Secrets(), Home(folder), teller, demo=True)
    ready.database.close()
    return Template(folder, ready.learnt)


def rehearsal_template(settings: Settings, home: Home, teller: Teller) -> Template:
    """The demo shop's home to copy for every rehearsal: made on first use, with the model that `home` has."""
    folder = home.folder / "rehearsal"
    folder.mkdir(parents=True, exist_ok=True)
    home.models.mkdir(parents=True, exist_ok=True)
    with FileLock(home.folder / "rehearsal.lock"):
        models = folder / "models"
        if not models.exists():
            models.symlink_to(home.models.resolve())
        return make_template(settings, folder, teller)


def copy_home(template: Template, to: Path) -> Home:
    """A home of one's own; pictures and models are shared, they do not change."""
    to.mkdir()
    home = template.home.resolve()  # a link to a relative path would point beside it
    (to / "media").symlink_to(home / "media")
    (to / "models").symlink_to(home / "models")
    shutil.copy(home / "parley.db", to / "parley.db")
    return Home(to)


class _Unsignalled:
    """Signals are the business of whoever opens the stage: Ctrl-C shall not stop one server of it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


class _Shop(_Unsignalled, ShopServer):
    """The shop's server."""


class _FarEnds(_Unsignalled, PromptServer):
    """The server of Telegram, Messenger and Stripe."""


class Stage:
    """A running shop with its worlds. Made by `open_stage`."""

    def __init__(
        self,
        settings: Settings,
        template: Template,
        home: Home,
        database_url: str,
        *,
        seed: int,
        repeatable: bool = False,
    ) -> None:
        self.settings = settings
        self.template = template
        self.home = home
        self.database_url = database_url
        self.repeatable = repeatable
        self.clock = SimulatedClock(OPENING)
        self.http = httpx.AsyncClient()
        self._shop_listener = listen_on("127.0.0.1", 0)
        self._far_listener = listen_on("127.0.0.1", 0)
        self.url, self._far_url = _url(self._shop_listener), _url(self._far_listener)
        self.sandbox = open_sandbox(
            None,
            self.clock,
            url=self._far_url,
            shop_url=self.url,
            shop_name=settings.shop.name,
            random=Random(seed),  # noqa: S311 - ids of a sandbox
            http=self.http,
        )
        self.parley = self._build()
        self.crashes = 0
        self._visits = itertools.count(1)
        self._server: ShopServer | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def database(self) -> Database:
        return self.parley.database

    def understand(self, text: str) -> Understanding:
        """What the shop's interpreter makes of a text."""
        return self.parley.interpreter.parse(text)

    @property
    def bot_name(self) -> str:
        return BOT_NAME

    # ── people ──────────────────────────────────────────────────────────────────────────────────────

    def person(self, name: str, channel: str, *, language: str | None = None) -> Person:
        """Somebody new with a phone. Raises ValueError for a messenger that is not here."""
        match channel:
            case "telegram":
                world = self.sandbox.telegram
                user = world.add_user(name, language_code=language, phone=self._phone())
                return TelegramPerson(world, user, world.bot(BOT_NAME), self.sandbox.stripe)
            case "messenger":
                world = self.sandbox.messenger
                account = world.add_person(name, phone=self._phone(), locale=_locale(language or "en"))
                return MessengerPerson(world, account, self.sandbox.stripe)
            case "web":
                chat = f"visitor-{next(self._visits):016d}"
                return WebPerson(name, self.url, self.sandbox.stripe, chat=chat, http=self.http)
            case _:
                raise ValueError(f"there is no channel {channel!r} here")

    def group(self, name: str, members: Sequence[Person], *, bot: bool, basic: bool) -> TelegramGroup:
        """A new group of these people, made by the first of them. Raises ValueError for who is not on Telegram."""
        world = self.sandbox.telegram
        users = [member.user for member in members if isinstance(member, TelegramPerson)]
        if len(users) < len(members):
            raise ValueError(f"not everybody in {name!r} is on Telegram")
        ours = world.bot(BOT_NAME)
        kind: ChatType = "group" if basic else "supergroup"
        made = world.add_group(name.capitalize(), users, bots=[ours] if bot else [], type=kind)
        return TelegramGroup(world, name, made, ours)

    def _phone(self) -> str:
        return f"+3249{next(self._visits):07d}"

    # ── staff ───────────────────────────────────────────────────────────────────────────────────────

    async def staff_reply(self, conversation: str, words: str) -> None:
        """A person of the shop answers a customer, as the staff page does."""
        identity, at = new_id().hex, self.clock.now()
        await self.staff_work(
            lambda session: staff_reply.answer(session, conversation, words, identity=identity, at=at)
        )

    async def staff_work(self, work: Callable[[Session], T]) -> T:
        """Staff do something in one transaction, as their pages do; what it leads to begins at once."""
        done = await self.database.run(work)
        await self.parley.delivery.wake()
        return done

    async def staff_do(self, reference: str, work: Callable[[Desk], Any]) -> None:
        """Staff do something with an order, as the staff page does. Raises whatever `work` refuses."""
        order_id, at = select(Order.id).where(Order.reference == reference), self.clock.now()
        await self.staff_work(
            lambda session: work(
                fulfilment.open_order(
                    session, session.scalars(order_id).one(), notices=self.parley.notices, at=at
                )
            )
        )

    async def staff_move(self, reference: str, status: OrderStatus, *, tracking: str = "") -> None:
        """Staff move an order on. Raises NotPossible."""
        parcel = shipments.parcel(self.settings.shop, tracking=tracking)
        await self.staff_do(reference, lambda desk: fulfilment.move_on(desk, status, parcel=parcel))

    async def staff_ship(
        self, reference: str, units: Mapping[str, int] | None, *, carrier: str, tracking: str
    ) -> None:
        """Staff send a part of an order, by words of the lines' names, or (None) all that is left of it.

        Raises NotPossible, TooManyUnits.
        """
        parcel = shipments.parcel(self.settings.shop, carrier=carrier, tracking=tracking)

        def ship(desk: Desk) -> None:
            chosen = units_by_name(desk.order, units) if units else None
            fulfilment.ship(desk, chosen, parcel=parcel)

        await self.staff_do(reference, ship)

    async def staff_deliver(self, reference: str, shipment: int | None) -> None:
        """Staff see that a shipment (None: all of them) has arrived. Raises NotPossible."""
        await self.staff_do(reference, lambda desk: fulfilment.deliver(desk, shipment))

    async def staff_take(self, reference: str, amount: Money, *, to: str, receipt: str) -> None:
        """Staff note money that came in cash or to the bank ("cash", "bank"). Raises KnownPayment."""
        await self.staff_do(
            reference, lambda desk: fulfilment.take_money(desk, amount, provider=to, reference=receipt)
        )

    async def staff_return(
        self, reference: str, status: str, *, why: str, sellable: bool, amount_minor: int | None
    ) -> None:
        """Staff decide about the newest return of an order. Raises Refused."""

        def decide(desk: Desk) -> None:
            newest = returns.of_order(desk.session, desk.order.id)[-1]
            worth = newest.worth_minor if amount_minor is None else amount_minor
            match status:
                case "approved":
                    return_desk.approve(desk, newest.number)
                case "refused":
                    return_desk.refuse(desk, newest.number, why)
                case "received":
                    return_desk.receive(desk, newest.number, sellable=sellable)
                case "exchanged":
                    return_desk.exchange(desk, newest.number)
                case _:
                    return_desk.refund(desk, newest.number, Money(worth, desk.order.currency))

        await self.staff_do(reference, decide)

    async def set_goods(
        self, handle: str, *, on_hand: int | None = None, price_minor: int | None = None
    ) -> None:
        """Other stock or another price for all variants of a product, as an import would set them."""
        product = select(Product.id).where(Product.handle == handle).scalar_subquery()
        given = {"on_hand": on_hand, "price_minor": price_minor}
        values = {name: value for name, value in given.items() if value is not None}
        await self.database.run(
            lambda session: session.execute(
                update(Variant).where(Variant.product_id == product).values(values)
            )
        )

    # ── money ───────────────────────────────────────────────────────────────────────────────────────

    async def reconcile(self) -> Reconciled:
        """Compare the books with Stripe's account, asked over the wire, since the opening; what is mended is heard of."""
        assert self.parley.stripe is not None, "a stage has its sandbox's keys"
        account = await self.parley.stripe.call("list_account", reconciliation.window(OPENING), "by hand")
        at = self.clock.now()
        done = await self.database.run(
            lambda session: reconciling.reconcile(session, account, since=OPENING, at=at)
        )
        await self.parley.delivery.wake()
        await self.settle()
        return done

    # ── time ────────────────────────────────────────────────────────────────────────────────────────

    async def settle(self) -> None:
        """Until the shop has said all it will say by itself; a pause that the platforms force is waited for."""
        await self._hands.settle()

    async def still(self) -> None:
        """Until the shop has said all it can say at this moment."""
        await self._hands.still()

    async def advance(self, by: timedelta) -> None:
        """Turn the clock; whatever is due on the way happens at its own time."""
        await self._hands.advance(by)

    @property
    def _hands(self) -> Hands:
        return Hands(self.sandbox, self.parley.delivery)

    async def arrived(self) -> None:
        """Until the shop has taken what people did so far; it need not have answered."""
        await self._hands.arrived()

    # ── life ────────────────────────────────────────────────────────────────────────────────────────

    async def open(self) -> None:
        """Serve until `close` or `crash`; what an earlier life left is taken up."""
        self._server = _Shop(create_app(self.parley, None), self.parley)
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._shop_listener]), name="shop")
        opened = asyncio.create_task(self._server.opened.wait())
        await asyncio.wait([self._serving, opened], return_when=asyncio.FIRST_COMPLETED)
        opened.cancel()
        if self._serving.done():
            self._serving.result()

    async def close(self) -> None:
        """Stop cleanly."""
        assert self._server is not None and self._serving is not None, "open comes first"  # noqa: PT018
        self._server.stop()
        await self._serving
        self.parley.close()

    def die_after(self, writes: int) -> asyncio.Event:
        """Let the shop die once it has kept so many more pieces of work, however far it then is with the next.

        The event is set when that happens: then nothing more is written, and `crash` brings the shop back. Only where
        the stage is repeatable.
        """
        database, loop, died = self.database, asyncio.get_running_loop(), asyncio.Event()
        if not isinstance(database, RehearsalDatabase):
            raise TypeError("only a repeatable stage on SQLite knows what is kept before what")

        def on_death() -> None:
            loop.call_soon_threadsafe(died.set)

        database.die_after(writes, on_death)
        return died

    async def crash(self) -> None:
        """Die and come back, as after kill -9: from here on nothing is written, finished or said goodbye to."""
        assert self._server is not None and self._serving is not None, "open comes first"  # noqa: PT018
        self.crashes += 1
        await self.parley.delivery.abandon()
        self._server.stop(force=True)
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()  # what a dead process had open is closed for it
        await asyncio.gather(self._serving, return_exceptions=True)
        requests = list(self._server.server_state.tasks)
        for request in requests:
            request.cancel()  # it waits for a write that nobody does any more
        await asyncio.gather(*requests, return_exceptions=True)
        await self._server.lifespan.shutdown()  # a dead process has no sockets: close those it leaves
        await asyncio.to_thread(self.parley.close)
        if not self.parley.database.is_sqlite:  # nobody sends until the dead process's lease is over
            self.clock.advance(LEASE_SECONDS)
        self._shop_listener = listen_on("127.0.0.1", httpx.URL(self.url).port or 0)
        self.parley = self._build()
        await self.open()

    def _build(self) -> Parley:
        database = Database.open(self.database_url, rehearsal=self.repeatable)
        ready = Loaded(database, self.template.learnt)
        return build(
            self.settings,
            with_sandbox(Secrets()),
            self.home,
            self.clock,
            far_ends=self.sandbox.far_ends,
            public_url=self.url,
            loaded=ready,
            one_at_a_time=self.repeatable,
        )

    @asynccontextmanager
    async def far_ends(self) -> AsyncGenerator[None]:
        """Telegram, Messenger and Stripe, who outlive the shop's crashes."""
        app = FastAPI()
        self.sandbox.mount(app)
        log = logging.getLogger("uvicorn.error")
        log.addFilter(_is_no_planned_trouble)
        server = _FarEnds(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[self._far_listener]), name="far ends")
        try:
            async with self.sandbox.running():
                yield
        finally:
            server.stop(force=True)
            await serving
            log.removeFilter(_is_no_planned_trouble)
            await self.http.aclose()
            for listener in (self._far_listener, self._shop_listener):
                listener.close()


@asynccontextmanager
async def open_stage(
    settings: Settings,
    template: Template,
    home: Home,
    *,
    database_url: str | None = None,
    seed: int = 1,
    repeatable: bool = False,
) -> AsyncGenerator[Stage]:
    """The shop, open until the block ends. `home` is a copy of the template's, `database_url` a seeded database.

    `repeatable` works on one thing at a time, and does so where it is asked for (RehearsalDatabase): the same
    doings then have the same end every time.
    """
    stage = Stage(
        settings, template, home, database_url or home.database_url, seed=seed, repeatable=repeatable
    )
    async with stage.far_ends():
        await stage.open()
        try:
            yield stage
        finally:
            with contextlib.suppress(asyncio.CancelledError):
                await stage.close()


def units_by_name(order: Order, units: Mapping[str, int]) -> dict[UUID, int]:
    """Units by the order's lines whose names have these words. Raises LookupError for words that no line has."""
    found: dict[UUID, int] = {}
    for words, count in units.items():
        line = next((line for line in order.lines if words.casefold() in line.name.casefold()), None)
        if line is None:
            raise LookupError(f"nothing in the order {order.reference} is called {words!r}")
        found[line.id] = count
    return found


def _is_no_planned_trouble(record: logging.LogRecord) -> bool:
    """Connections that the emulators break on purpose, and requests that a rehearsed death cuts off, are no news."""
    cut_off = isinstance((record.exc_info or (None, None))[1], ConnectionDropped | asyncio.CancelledError)
    return not cut_off and "without completing response" not in record.getMessage()


def _locale(language: str) -> str:
    """Messenger has locales: that of the country where most speak the language (CLDR)."""
    tag = language.replace("-", "_")
    locale = Locale.parse(get_global("likely_subtags").get(tag, tag))
    return f"{locale.language}_{locale.territory}" if locale.territory else language


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"
