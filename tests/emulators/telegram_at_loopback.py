"""The Telegram emulator on a real loopback port, with a simulated clock, for both clients."""

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
import telegram
import uvicorn
from aiogram import Bot as AiogramBot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from starlette.types import ASGIApp
from telegram.request import HTTPXRequest

from app.serving import PromptServer
from sandbox.clock import SimulatedClock
from sandbox.loopback import listen
from sandbox.telegram import Bot, Group, Limits, TelegramUser, TelegramWorld, create_app
from tests.emulators.telegram_answers import CheckedAnswers

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
PROVIDER_TOKEN = "284685063:TEST:NzM2YjQ0"


@dataclass
class Loopback:
    """A served app."""

    url: str
    client: httpx.AsyncClient


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def world(clock: SimulatedClock) -> TelegramWorld:
    return TelegramWorld(clock, limits=Limits().unlimited())


@pytest.fixture
def shop(world: TelegramWorld) -> Bot:
    return world.add_bot(TOKEN, "parley_bot", name="Parley", provider_tokens=(PROVIDER_TOKEN,))


@pytest.fixture
def ada(world: TelegramWorld, shop: Bot) -> TelegramUser:
    """A person who has started the bot; what they did so far is no news any more."""
    user = world.add_user("Ada", language_code="en", phone="+15550100")
    user.start(shop)
    world.updates.clear(shop)
    return user


@pytest.fixture
def bob(world: TelegramWorld, shop: Bot) -> TelegramUser:
    """A person whom the bot does not know."""
    return world.add_user("Bob", username="bob")


@pytest.fixture
def team(world: TelegramWorld, shop: Bot, ada: TelegramUser, bob: TelegramUser) -> Group:
    """A supergroup of Ada, who owns it, and Bob, with the bot as a plain member; all that is no news any more."""
    group = world.add_group("Tea friends", [ada, bob], bots=[shop])
    world.updates.clear(shop)
    return group


@pytest.fixture
async def served(world: TelegramWorld) -> AsyncIterator[Loopback]:
    checked = CheckedAnswers(create_app(world))
    async with serving(checked) as loopback:
        yield loopback
        await world.close()
    assert checked.found == []


@pytest.fixture
async def aiogram_bot(served: Loopback, shop: Bot) -> AsyncIterator[AiogramBot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(served.url))
    bot = AiogramBot(TOKEN, session=session)
    yield bot
    await session.close()


@pytest.fixture
async def ptb_bot(served: Loopback, shop: Bot) -> AsyncIterator[telegram.Bot]:
    request = HTTPXRequest(httpx_kwargs={"trust_env": False})
    polling = HTTPXRequest(httpx_kwargs={"trust_env": False})
    bot = telegram.Bot(
        TOKEN,
        base_url=f"{served.url}/bot",
        base_file_url=f"{served.url}/file/bot",
        request=request,
        get_updates_request=polling,
    )
    async with bot:
        yield bot


class serving:  # noqa: N801 - reads as what it does: async with serving(app)
    """Serve an app on a free loopback port while the block runs."""

    def __init__(self, app: ASGIApp) -> None:
        self._socket = listen()
        config = uvicorn.Config(
            app, lifespan="off", log_level="critical", ws="none", timeout_graceful_shutdown=1
        )
        self._server = PromptServer(config)

    async def __aenter__(self) -> Loopback:
        self._running = asyncio.ensure_future(self._server.serve(sockets=[self._socket]))
        url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._client = httpx.AsyncClient(base_url=url, trust_env=False)
        return Loopback(url, self._client)

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()
        self._server.stop()
        await self._running
        self._socket.close()


async def call(served: Loopback, method: str, **parameters: object) -> dict[str, object]:
    """One raw JSON call; the whole answer."""
    response = await served.client.post(f"/bot{TOKEN}/{method}", json=parameters)
    body = response.json()
    assert response.status_code == body.get("error_code", 200)
    return body


async def refusal(served: Loopback, method: str, **parameters: object) -> str:
    """The description of a call that must be refused."""
    body = await call(served, method, **parameters)
    assert body["ok"] is False, body
    return str(body["description"])


def png(width: int = 2, height: int = 2, *, bulk: int = 0) -> bytes:
    """A white PNG, made heavier by `bulk` bytes of a comment."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + b"\xff" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    comment = chunk(b"tEXt", b"Comment\0" + b"x" * bulk) if bulk else b""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + comment
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
