"""What the Messenger channel's tests share: the emulator on a loopback port, one page and people who wrote to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.channels.messenger import MessengerChannel, Page
from bot.channels.port import Draw
from sandbox.messenger import MessengerPerson, MessengerWorld
from storage.clock import Clock

PAGE_TOKEN = "EAAloopback00000000000000000"
APP_SECRET = "the-apps-own-secret"
VERIFY_TOKEN = "a word of ours"
PAGE_ID = "100200300400"
MEDIA_URL = "http://127.0.0.1:9/media"


def new_world(clock: Clock, **settings: Any) -> MessengerWorld:
    return MessengerWorld(
        clock,
        app_secret=APP_SECRET,
        verify_token=VERIFY_TOKEN,
        page_token=PAGE_TOKEN,
        page_id=PAGE_ID,
        page_name="Kettle & Quay",
        proof_required=True,
        **settings,
    )


def add_person(world: MessengerWorld, name: str = "Ada Maes") -> MessengerPerson:
    """Somebody who has just written to the page."""
    person = world.add_person(name, phone="+15550100")
    person.say("hello")
    return person


@asynccontextmanager
async def channel_to(
    url: str,
    media: Path,
    clock: Clock,
    *,
    world: MessengerWorld | None = None,
    draw: Draw | None = None,
    **page: Any,
) -> AsyncIterator[MessengerChannel]:
    """A channel whose Meta is at `url`; it knows from the world when people last wrote."""

    async def last_heard(chat: str) -> datetime | None:
        if world is None:
            return clock.now()
        return datetime.fromtimestamp(world.person(chat).record.active_at / 1000, UTC)

    defaults: dict[str, Any] = {
        "token": PAGE_TOKEN,
        "app_secret": APP_SECRET,
        "verify_token": VERIFY_TOKEN,
        "id": PAGE_ID,
    }
    channel = MessengerChannel(
        Page(**(defaults | page)),
        media=media,
        media_url=MEDIA_URL,
        last_heard=last_heard,
        clock=clock,
        api_base=url,
        draw=draw,
    )
    try:
        yield channel
    finally:
        await channel.close()
