"""Turning the sandbox's clock: whatever is due on the way happens at its own time, and in its own order."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from app.sandbox import BOT_NAME, Sandbox
from bot.delivery.engine import Delivery
from storage.clock import SystemClock

PATIENCE: Final = timedelta(seconds=60)  # so long people wait for an answer before they say more
MOVE_SECONDS: Final = 30.0  # of real time: nothing of ours takes longer, so something is stuck


class Hands:
    """The clock's hands, with the shop and the far ends whose time they are."""

    def __init__(self, sandbox: Sandbox, delivery: Delivery) -> None:
        self._sandbox = sandbox
        self._delivery = delivery
        self._clock = sandbox.clock

    async def settle(self) -> None:
        """Until the shop has said all it will say by itself; a pause that the platforms force is waited for."""
        end = self._clock.now() + PATIENCE
        while (due := await self.still()) is not None and due <= end:
            await self._jump(due)

    async def advance(self, by: timedelta) -> None:
        """Turn the clock; whatever is due on the way happens at its own time. Raises TimeoutError where it is stuck."""
        end = self._clock.now() + by
        while (due := self._next_due(await self.still())) is not None and due <= end:
            await self._jump(due)
        await self._jump(end)
        await self.settle()

    async def push(self, by: timedelta) -> None:
        """Like `advance`, for a clock that runs: what hangs is left hanging, and the hands arrive all the same."""
        end = self._clock.now() + by
        with contextlib.suppress(TimeoutError):
            while (due := self._next_due(await self.still())) is not None and due <= end:
                await self._jump(due)
        await self._jump(end)

    async def arrived(self) -> None:
        """Until the shop has taken what people did so far; it need not have answered."""
        async with asyncio.timeout(MOVE_SECONDS):
            await self._taken()

    async def _jump(self, to: datetime) -> None:
        self._clock.advance(max(0.0, (to - self._clock.now()).total_seconds()))
        await self._delivery.wake()  # a loop may be on its way to sleep by the old time

    def _next_due(self, delivery: datetime | None) -> datetime | None:
        stripe = self._sandbox.stripe.next_due()
        dues = (
            delivery,
            datetime.fromtimestamp(stripe, UTC) if stripe is not None else None,
            self._sandbox.messenger.webhooks.next_due(),
        )
        return min(filter(None, dues), default=None)

    async def still(self) -> datetime | None:
        """Until nothing moves any more while time stands still; when the shop's next thing is due."""
        async with asyncio.timeout(MOVE_SECONDS):
            while True:
                await self._taken()
                await self._sandbox.stripe.settled()
                due = await self._delivery.at_rest()
                if not self._on_its_way():
                    return due

    async def _taken(self) -> None:
        """Until the shop has taken what people did on Telegram and Messenger."""
        telegram, messenger = self._sandbox.telegram, self._sandbox.messenger
        limits: Any = {"clock": SystemClock(), "seconds": MOVE_SECONDS}
        await telegram.changes.wait_until(lambda: None if self._telegram_waits() else True, **limits)
        await messenger.changes.wait_until(lambda: None if messenger.webhooks.moving else True, **limits)

    def _telegram_waits(self) -> bool:
        world = self._sandbox.telegram
        return world.updates.waiting(world.bot(BOT_NAME))

    def _on_its_way(self) -> bool:
        due = self._sandbox.stripe.next_due()
        notified = due is not None and due <= self._clock.now().timestamp()
        return notified or self._telegram_waits() or self._sandbox.messenger.webhooks.moving
