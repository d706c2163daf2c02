"""What the Telegram channel's tests share: the emulator on a loopback port, and clocks that pass at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from app.serving import PromptServer
from bot.channels.telegram import TelegramChannel
from bot.events import Event, Inbound
from sandbox.loopback import listen
from sandbox.telegram import Bot, TelegramUser, TelegramWorld

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
PROVIDER_TOKEN = "284685063:TEST:NzM2YjQ0"
SECRET = "a-secret_for-webhooks"


class InstantClock:
    """Time passes as soon as somebody waits for it; remembers how long they waited."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 21, 12, tzinfo=UTC)
        self.pauses: list[float] = []
        self._slept = asyncio.Condition()

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self.pauses.append(seconds)
        async with self._slept:
            self._slept.notify_all()
        await asyncio.sleep(0)

    async def slept(self, times: int) -> None:
        """Wait until somebody has waited that often."""
        async with asyncio.timeout(10), self._slept:
            await self._slept.wait_for(lambda: len(self.pauses) >= times)


class Inbox:
    """Keeps what a channel receives; fails as often as it was told to."""

    def __init__(self, failures: int = 0) -> None:
        self.kept: list[Inbound] = []
        self.failures = failures
        self._came = asyncio.Condition()

    async def receive(self, inbounds: list[Inbound]) -> int:
        if self.failures:
            self.failures -= 1
            raise OSError("the disk is full")
        async with self._came:
            self.kept += inbounds
            self._came.notify_all()
        return len(inbounds)

    @property
    def events(self) -> list[Event]:
        return [inbound.event for inbound in self.kept]

    async def wait_for(self, number: int) -> list[Event]:
        async with asyncio.timeout(10), self._came:
            await self._came.wait_for(lambda: len(self.kept) >= number)
        return self.events


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an app on a free loopback port while the block runs; its URL."""
    listener = listen()
    config = uvicorn.Config(app, lifespan="off", log_level="critical", ws="none", timeout_graceful_shutdown=1)
    server = PromptServer(config)
    running = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.stop()
        await running
        listener.close()


@asynccontextmanager
async def channel_to(url: str, media: Path, **settings: Any) -> AsyncIterator[TelegramChannel]:
    """A channel whose Telegram is at `url`."""
    defaults: dict[str, Any] = {"token": TOKEN, "payment_token": PROVIDER_TOKEN, "webhook_secret": SECRET}
    channel = TelegramChannel(media=media, api_base=url, **(defaults | settings))
    try:
        yield channel
    finally:
        await channel.close()


@asynccontextmanager
async def polling(
    channel: TelegramChannel, receive: Callable[..., Any]
) -> AsyncIterator["asyncio.Task[None]"]:
    """The channel polls while the block runs."""
    task = asyncio.ensure_future(channel.poll(receive))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def add_shop(world: TelegramWorld) -> Bot:
    return world.add_bot(TOKEN, "ShopBot", provider_tokens=(PROVIDER_TOKEN,))


def add_person(world: TelegramWorld, shop: Bot, name: str = "Ada") -> TelegramUser:
    """Somebody who has started the bot; that they did is no news any more."""
    user = world.add_user(name, language_code="en", phone="15550100")
    user.start(shop)
    world.updates.clear(shop)
    return user
