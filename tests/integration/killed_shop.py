"""The shop in a process of its own (tests/killable.py) that a test may kill; its far ends are here and outlive it."""

import asyncio
import multiprocessing
import re
import socket
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import select
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.sandbox import Sandbox, open_sandbox
from app.server import listen_on
from app.serving import PromptServer
from app.settings import Home
from app.stage import Template, copy_home
from bot.delivery.ahead import is_at_work
from bot.delivery.model import OutboxRow, OutboxState
from sandbox.clock import TurnableClock
from shop.orders.model import OrderStatus
from storage.clock import SystemClock
from storage.engine import Database
from tests.conftest import copied_database
from tests.killable import Killable, serve
from tests.open_shop import OpenShop, Telegrammer
from tests.scenarios.payments.buying import MUG, charges, payments, refunds, until

START_SECONDS = 180.0  # seconds are usual, but other tests may want the machine, too
FORKS: Final = multiprocessing.get_context("forkserver")
"""Makes each shop's process as a copy of one that has imported everything, which takes 10 s and has nothing to do with being killed."""
FORKS.set_forkserver_preload(["tests.killable"])


class Gate:
    """Stands before the far ends, and holds the one request that is waited for, until whoever sent it is gone."""

    def __init__(self, far_ends: ASGIApp) -> None:
        self._far_ends = far_ends
        self._wanted: re.Pattern[str] | None = None
        self._served = False
        self.reached = asyncio.Event()

    def hold(self, wanted: str, *, served: bool) -> None:
        """The next request whose "METHOD path body" has this pattern: not worked on, or (`served`) never answered."""
        self._wanted, self._served = re.compile(wanted, re.DOTALL), served
        self.reached = asyncio.Event()

    def _is_wanted(self, line: str) -> bool:
        return self._wanted is not None and self._wanted.search(line) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._wanted is None:
            await self._far_ends(scope, receive, send)
            return
        body = await _body_of(receive)
        given = iter([body])

        async def again() -> Message:
            part = next(given, None)
            return await receive() if part is None else {"type": "http.request", "body": part}

        line = f"{scope['method']} {scope['path']} {body.decode(errors='replace')}"
        if not self._is_wanted(line):
            await self._far_ends(scope, again, send)
            return
        self._wanted = None
        if self._served:
            await self._far_ends(scope, again, _nowhere)
        self.reached.set()
        while (await receive())["type"] != "http.disconnect":
            pass


async def _body_of(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        part = await receive()
        body, more = body + part.get("body", b""), part.get("more_body", False)
    return body


async def _nowhere(_answer: Message) -> None:
    """Whoever asked is about to die."""


@dataclass(frozen=True, slots=True)
class FarEnds:
    """Telegram, Messenger and Stripe: what they know, where they are, and who lets requests through to them."""

    sandbox: Sandbox
    url: str
    gate: Gate


class ShopProcess(OpenShop):
    """The shop in a process that can be killed and started again; its far ends stay."""

    def __init__(self, served: Killable, database: Database, far_ends: FarEnds) -> None:
        self.url, self.sandbox, self.people = served.url, far_ends.sandbox, []
        self.gate = far_ends.gate
        self.home = Home(served.home)
        self._served = served
        self._database = database
        self._process: ForkServerProcess | None = None
        self.kills = 0

    @property
    def database(self) -> Database:
        return self._database

    async def wake(self) -> None:
        """It looks by itself, once a second."""

    async def start(self) -> None:
        """Open it; returns once it answers."""
        self._process = FORKS.Process(target=serve, args=(self._served,), daemon=True)
        self._process.start()
        async with httpx.AsyncClient(base_url=self.url) as client, asyncio.timeout(START_SECONDS):
            while not await self._answers(client):
                assert self._process.is_alive(), "it ended by itself: see the log"
                await SystemClock().sleep(0.05)

    @staticmethod
    async def _answers(client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get("/healthz")).is_success
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """SIGKILL: no clean-up of any kind."""
        assert self._process is not None
        self._process.kill()
        self._process.join()
        self.kills += 1

    async def restart(self) -> None:
        self.kill()
        await self.start()

    async def settled(self) -> None:
        """Until it has nothing more to do, as its database tells."""
        await until(lambda: not self.read(lambda session: is_at_work(session, SystemClock())), seconds=30)

    def close(self) -> None:
        if self._process is not None and self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._database.close()


def url_of(database: Database) -> str:
    url = database.engine.url.set(drivername="sqlite" if database.is_sqlite else "postgresql")
    return url.render_as_string(hide_password=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def far_ends(shop_url: str) -> AsyncGenerator[FarEnds]:
    """Telegram, Messenger and Stripe, served by this process."""
    listener = listen_on("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    sandbox = open_sandbox(None, TurnableClock(), url=url, shop_url=shop_url, shop_name="Kettle & Quay")
    sandbox.telegram.limits = sandbox.telegram.limits.unlimited()
    app = FastAPI()
    sandbox.mount(app)
    gate = Gate(app)
    config = uvicorn.Config(gate, log_config=None, timeout_graceful_shutdown=1, lifespan="off")
    server = PromptServer(config)
    async with sandbox.running():
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield FarEnds(sandbox, f"{url}/sandbox", gate)
        finally:
            server.stop()
            await serving
            listener.close()


@contextmanager
def database_for(request: pytest.FixtureRequest, engine: str, home: Home) -> Generator[Database]:
    """The demo shop's data, in a database that the process and this test both open."""
    if engine == "sqlite":
        yield Database.open(home.database_url)
        return
    server = str(request.getfixturevalue("postgres_server"))
    with copied_database(server, str(request.getfixturevalue("postgres_shop"))) as url:
        yield Database.open(url)


@asynccontextmanager
async def killable(
    request: pytest.FixtureRequest, template: Template, folder: Path, engine: str, *, holds: bool = False
) -> AsyncGenerator[ShopProcess]:
    """The shop's process, started; it ends with the block. With `holds` it charges when it packs."""
    home, port = copy_home(template, folder / "home"), _free_port()
    with database_for(request, engine, home) as database:
        async with far_ends(f"http://127.0.0.1:{port}") as ends:
            served = Killable(
                home.folder, url_of(database), port, ends.url, log=folder / "shop.log", holds=holds
            )
            shop = ShopProcess(served, database, ends)
            try:
                await shop.start()
                yield shop
            finally:
                shop.close()


def bought_once(shop: ShopProcess, *, refunded: bool = False, total_minor: int = 3390) -> None:
    """One order, one charge, at most one refund, the stock right, nothing given up."""
    (placed,) = shop.orders()
    assert placed.status is (OrderStatus.CANCELLED if refunded else OrderStatus.PAID)
    assert placed.total_minor == total_minor
    assert charges(shop) == [(total_minor, total_minor if refunded else 0)]
    assert [payment.amount_minor for payment in payments(shop)] == [total_minor]
    assert [refund.status.value for refund in refunds(shop)] == (["settled"] if refunded else [])
    assert len(list(shop.sandbox.stripe.account.refunds)) == int(refunded)
    assert len(list(shop.sandbox.stripe.account.sessions)) <= 1
    assert shop.stock(MUG) == (11, 0 if refunded else 2)
    assert shop.parked() == []
    dead = select(OutboxRow).where(OutboxRow.state == OutboxState.DEAD)
    refused = shop.read(
        lambda session: [(row.payload.get("kind", ""), row.error) for row in session.scalars(dead)]
    )
    # Telegram takes the answer to a query once, and Messenger one receipt of an order: what a kill repeats of these is
    # refused, and rightly.
    known = ("answer_", "receipt")
    assert [each for each in refused if not each[0].startswith(known)] == []


def heard(shop: ShopProcess, ana: Telegrammer) -> Counter[str]:
    """What the bot said, how often; a kill may repeat the message that it interrupts, and no other."""
    said = Counter(
        message.text or message.content["invoice"]["title"] for message in ana.shown() if not message.mine
    )
    repeats = sum(times - 1 for words, times in said.items() if "Order" in words or "Thank you" in words)
    assert repeats <= shop.kills, said
    return said
