"""Fixtures of the emulators' tests: Telegram and Messenger, each with its two clients."""

from tests.emulators.messenger_at_loopback import bea, graph, graph_url, hook, messenger, sdk_page
from tests.emulators.telegram_at_loopback import (
    ada,
    aiogram_bot,
    anyio_backend,
    bob,
    clock,
    ptb_bot,
    served,
    shop,
    team,
    world,
)

__all__ = [
    "ada",
    "aiogram_bot",
    "anyio_backend",
    "bea",
    "bob",
    "clock",
    "graph",
    "graph_url",
    "hook",
    "messenger",
    "ptb_bot",
    "sdk_page",
    "served",
    "shop",
    "team",
    "world",
]
