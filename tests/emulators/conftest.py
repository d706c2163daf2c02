"""Fixtures of the emulators' tests: the Telegram emulator on a loopback port and its two clients."""

from tests.emulators.telegram_at_loopback import (
    ada,
    aiogram_bot,
    anyio_backend,
    clock,
    ptb_bot,
    served,
    shop,
    world,
)

__all__ = ["ada", "aiogram_bot", "anyio_backend", "clock", "ptb_bot", "served", "shop", "world"]
