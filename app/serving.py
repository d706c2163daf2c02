"""uvicorn that stops when it is told to."""

import asyncio
import contextlib
import logging
import socket

import uvicorn

log = logging.getLogger("uvicorn.error")

LOOK_SECONDS = 0.1  # how often a signal and the date are looked for, as uvicorn does
CLOSING_SECONDS = 0.005
FORCED_LOOKS = 20  # the tenth of a second that uvicorn leaves even when it is forced


class PromptServer(uvicorn.Server):
    """uvicorn looks for the wish to stop ten times a second, then pauses once more; here `stop` is heard at once."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = asyncio.Event()

    def stop(self, *, force: bool = False) -> None:
        """Stop, after what is open is answered or, with `force`, without waiting for it. Any thread may say so."""
        self.should_exit = True
        self.force_exit = self.force_exit or force
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._told.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        looks = 0
        while not await self.on_tick(looks):
            looks += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), LOOK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listening in (*self.servers, *(sockets or [])):
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                await self._answered()
        except TimeoutError:
            log.warning(
                "%d running requests are cancelled: they took too long to end", len(self.server_state.tasks)
            )
            for task in self.server_state.tasks:
                task.cancel()
        if not self.force_exit:
            await self.lifespan.shutdown()

    async def _answered(self) -> None:
        """Until nobody is connected and nothing is worked on any more."""
        state, looks = self.server_state, 0
        await asyncio.sleep(0)  # what was idle closes now
        while (state.connections or state.tasks) and (looks < FORCED_LOOKS or not self.force_exit):
            looks += 1
            await asyncio.sleep(CLOSING_SECONDS)
