"""The demo shop on a stage: real server, adapters and database, emulators at the far ends, and a clock to turn.

Stories, simulations and the tests play on it. Time stands still unless the stage moves it, so an hour of waiting
costs nothing, and whoever asks for quiet gets an answer that does not depend on how fast the machine is.
"""

import asyncio
import contextlib
import itertools
import shutil
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import uvicorn
from babel import Locale
from babel.core import get_global
from fastapi import FastAPI

from app.running import Teller, prepare, with_sandbox
from app.sandbox import BOT_NAME, open_sandbox
from app.server import ShopServer, create_app, listen_on
from app.settings import Home, Secrets, Settings
from app.wiring import Loaded, Parley, build
from nlu.embedding import MiniLmEmbedder
from nlu.model import TrainedModel
from nlu.understanding import Understanding
from sandbox.clock import SimulatedClock
from sandbox.people.messenger import MessengerPerson
from sandbox.people.person import Person
from sandbox.people.telegram import TelegramPerson
from sandbox.people.web import WebPerson
from storage.clock import SystemClock
from storage.engine import Database

PATIENCE = timedelta(seconds=60)  # so long people wait for an answer before they say more
MOVE_SECONDS = 30.0  # of real time: nothing of ours takes longer, so something is stuck
OPENING = datetime(2026, 11, 21, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Template:
    """A home with the demo's goods, and what is costly to load; every stage works on a copy."""

    home: Path
    model: TrainedModel
    embedder: MiniLmEmbedder


def make_template(settings: Settings, folder: Path, teller: Teller) -> Template:
    """Stock a home in `folder`, or take up the one that is there already."""
    ready = prepare(settings, Secrets(), Home(folder), teller, demo=True)
    ready.database.close()
    assert ready.embedder is not None, "the demo's pipeline names an embedding"
    return Template(folder, ready.model, ready.embedder)


def copy_home(template: Template, to: Path) -> Home:
    """A home of one's own; pictures and models are shared, they do not change."""
    to.mkdir()
    (to / "media").symlink_to(template.home / "media")
    (to / "models").symlink_to(template.home / "models")
    shutil.copy(template.home / "parley.db", to / "parley.db")
    return Home(to)


class Stage:
    """A running shop with its worlds. Made by `open_stage`."""

    def __init__(
        self, settings: Settings, template: Template, home: Home, database_url: str, *, seed: int
    ) -> None:
        self.settings = settings
        self.template = template
        self.home = home
        self.database_url = database_url
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
                chat = f"{name.casefold()}-{next(self._visits):016d}"
                return WebPerson(name, self.url, self.sandbox.stripe, chat=chat, http=self.http)
            case _:
                raise ValueError(f"there is no channel {channel!r} here")

    def _phone(self) -> str:
        return f"+3249{next(self._visits):07d}"

    # ── time ────────────────────────────────────────────────────────────────────────────────────────

    async def settle(self) -> None:
        """Until the shop has said all it will say by itself; a pause that the platforms force is waited for."""
        end = self.clock.now() + PATIENCE
        while (due := await self._quiet()) is not None and due <= end:
            await self._jump(due)

    async def advance(self, by: timedelta) -> None:
        """Turn the clock; whatever is due on the way happens at its own time."""
        end = self.clock.now() + by
        while (due := self._next_due(await self._quiet())) is not None and due <= end:
            await self._jump(due)
        await self._jump(end)
        await self.settle()

    async def _jump(self, to: datetime) -> None:
        self.clock.advance(max(0.0, (to - self.clock.now()).total_seconds()))
        await self.parley.delivery.wake()  # a loop may be on its way to sleep by the old time

    def _next_due(self, delivery: datetime | None) -> datetime | None:
        stripe = self.sandbox.stripe.next_due()
        dues = (
            delivery,
            datetime.fromtimestamp(stripe, UTC) if stripe is not None else None,
            self.sandbox.messenger.webhooks.next_due(),
        )
        return min(filter(None, dues), default=None)

    async def _quiet(self) -> datetime | None:
        """Until nothing moves any more while time stands still; when the shop's next thing is due."""
        async with asyncio.timeout(MOVE_SECONDS):
            while True:
                await self._taken()
                await self.sandbox.stripe.settled()
                due = await self.parley.delivery.at_rest()
                if not self._on_its_way():
                    return due

    async def _taken(self) -> None:
        """Until the shop has taken what people did on Telegram and Messenger."""
        telegram, messenger = self.sandbox.telegram, self.sandbox.messenger
        limits: Any = {"clock": SystemClock(), "seconds": MOVE_SECONDS}
        await telegram.changes.wait_until(lambda: None if self._telegram_waits() else True, **limits)
        await messenger.changes.wait_until(lambda: None if messenger.webhooks.moving else True, **limits)

    def _telegram_waits(self) -> bool:
        world = self.sandbox.telegram
        return world.updates.waiting(world.bot(BOT_NAME))

    def _on_its_way(self) -> bool:
        due = self.sandbox.stripe.next_due()
        notified = due is not None and due <= self.clock.now().timestamp()
        return notified or self._telegram_waits() or self.sandbox.messenger.webhooks.moving

    # ── life ────────────────────────────────────────────────────────────────────────────────────────

    async def open(self) -> None:
        """Serve until `close` or `crash`; what an earlier life left is taken up."""
        self._server = ShopServer(create_app(self.parley, None), self.parley)
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._shop_listener]), name="shop")
        opened = asyncio.create_task(self._server.opened.wait())
        await asyncio.wait([self._serving, opened], return_when=asyncio.FIRST_COMPLETED)
        opened.cancel()
        if self._serving.done():
            self._serving.result()

    async def close(self) -> None:
        """Stop cleanly."""
        assert self._server is not None and self._serving is not None, "open comes first"  # noqa: PT018
        self._server.should_exit = True
        await self._serving
        self.parley.close()

    async def crash(self) -> None:
        """Die and come back, as after kill -9: from here on nothing is written, finished or said goodbye to."""
        assert self._server is not None and self._serving is not None, "open comes first"  # noqa: PT018
        self.crashes += 1
        await self.parley.delivery.abandon()
        self._server.should_exit = self._server.force_exit = True
        await asyncio.gather(self._serving, return_exceptions=True)
        await asyncio.to_thread(self.parley.close)
        self._shop_listener = listen_on("127.0.0.1", httpx.URL(self.url).port or 0)
        self.parley = self._build()
        await self.open()

    def _build(self) -> Parley:
        ready = Loaded(Database.open(self.database_url), self.template.embedder, self.template.model)
        return build(
            self.settings,
            with_sandbox(Secrets()),
            self.home,
            self.clock,
            far_ends=self.sandbox.far_ends,
            public_url=self.url,
            loaded=ready,
        )

    @asynccontextmanager
    async def far_ends(self) -> AsyncGenerator[None]:
        """Telegram, Messenger and Stripe, who outlive the shop's crashes."""
        app = FastAPI()
        self.sandbox.mount(app)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[self._far_listener]), name="far ends")
        try:
            async with self.sandbox.running():
                yield
        finally:
            server.should_exit = server.force_exit = True
            await serving
            await self.http.aclose()
            for listener in (self._far_listener, self._shop_listener):
                listener.close()


@asynccontextmanager
async def open_stage(
    settings: Settings, template: Template, home: Home, *, database_url: str | None = None, seed: int = 1
) -> AsyncGenerator[Stage]:
    """The shop, open until the block ends. `home` is a copy of the template's, `database_url` a seeded database."""
    stage = Stage(settings, template, home, database_url or home.database_url, seed=seed)
    async with stage.far_ends():
        await stage.open()
        try:
            yield stage
        finally:
            with contextlib.suppress(asyncio.CancelledError):
                await stage.close()


def _locale(language: str) -> str:
    """Messenger has locales: that of the country where most speak the language (CLDR)."""
    tag = language.replace("-", "_")
    locale = Locale.parse(get_global("likely_subtags").get(tag, tag))
    return f"{locale.language}_{locale.territory}" if locale.territory else language


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"
