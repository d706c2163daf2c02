"""Updates carried to a bot's webhook: in order within a chat, again and again until it says 2xx.

As the Bot API server does it (WebhookActor): the first retry comes at once, then the pause doubles; a chat
whose update fails does not hold up the others; an answer may itself carry a method to call.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import httpx

from sandbox.telegram.json_values import as_object
from sandbox.telegram.state import Bot, Json, Update

if TYPE_CHECKING:
    from sandbox.telegram.world import TelegramWorld

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
_ANSWER_SECONDS = 60.0

CallMethod = Callable[[Bot, str, Json], Awaitable[Any]]


class Webhooks:
    """One task for each chat that has updates for a bot with a webhook."""

    def __init__(self, world: "TelegramWorld") -> None:
        self._world = world
        self._lanes: dict[tuple[int, int], asyncio.Task[None]] = {}
        self._extra: set[asyncio.Task[None]] = set()
        self._client: httpx.AsyncClient | None = None
        self.call_method: CallMethod | None = None  # how a method in an answer is called; set by the server

    def wake(self, bot: Bot) -> None:
        """See to it that what is pending gets delivered."""
        if bot.webhook is None:
            return
        for lane in {update.lane for update in self._world.updates.pending(bot)}:
            if (bot.id, lane) not in self._lanes:
                task = asyncio.get_running_loop().create_task(self._run(bot, lane))
                self._lanes[bot.id, lane] = task

    def stop(self, bot: Bot) -> None:
        """The webhook is gone or another: forget deliveries under way."""
        for key in [key for key in self._lanes if key[0] == bot.id]:
            self._lanes.pop(key).cancel()

    def send_again(self, bot: Bot, update: Update) -> None:
        """One delivery beside the queue; whatever it is answered, it is not retried."""
        task = asyncio.get_running_loop().create_task(self._send_once(bot, update))
        self._extra.add(task)
        task.add_done_callback(self._extra.discard)

    async def close(self) -> None:
        """Stop every delivery."""
        tasks = [*self._lanes.values(), *self._extra]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._lanes.clear()
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _run(self, bot: Bot, lane: int) -> None:
        try:
            await self._work_off(bot, lane)
        finally:
            if self._lanes.get((bot.id, lane)) is asyncio.current_task():
                del self._lanes[bot.id, lane]

    async def _work_off(self, bot: Bot, lane: int) -> None:
        failures = 0
        while (update := self._next(bot, lane)) is not None:
            if await self._deliver(bot, update):
                failures = 0
                self._world.updates.confirm(update)
            else:
                await self._world.clock.sleep(self._pause(failures))
                failures += 1

    def _next(self, bot: Bot, lane: int) -> Update | None:
        if bot.webhook is None:
            return None
        return next((u for u in self._world.updates.pending(bot) if u.lane == lane), None)

    def _pause(self, failures: int) -> float:
        """0, 2, 4, 8 … seconds, up to the longest pause."""
        if failures == 0:
            return 0.0
        return min(float(2**failures), self._world.limits.webhook_pause_max_seconds)

    async def _send_once(self, bot: Bot, update: Update) -> None:
        await self._deliver(bot, update)

    async def _deliver(self, bot: Bot, update: Update) -> bool:
        """Post one update; False when the bot did not take it."""
        webhook = bot.webhook
        assert webhook is not None, "a delivery without a webhook"
        headers = {SECRET_HEADER: webhook.secret_token} if webhook.secret_token else {}
        try:
            response = await self._http().post(webhook.url, json=update.as_json(), headers=headers)
        except httpx.HTTPError as error:
            self._note_failure(bot, f"Connection failed: {error}" if str(error) else "Read timeout expired")
            return False
        if not response.is_success:
            self._note_failure(
                bot, f"Wrong response from the webhook: {response.status_code} {response.reason_phrase}"
            )
            return False
        await self._call_answer(bot, response)
        return True

    async def _call_answer(self, bot: Bot, response: httpx.Response) -> None:
        """https://core.telegram.org/bots/api#making-requests-when-getting-updates: the outcome stays unknown."""
        if "json" not in response.headers.get("content-type", "") or self.call_method is None:
            return
        try:
            body = as_object(response.json())
        except ValueError:
            return
        if body is not None and isinstance(method := body.pop("method", None), str):
            await self.call_method(bot, method, body)

    def _note_failure(self, bot: Bot, reason: str) -> None:
        if bot.webhook is not None:
            bot.webhook.last_error_at = self._world.unix_time()
            bot.webhook.last_error = reason
            self._world.save(bot)

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                transport=self._world.webhook_transport, timeout=_ANSWER_SECONDS, trust_env=False
            )
        return self._client
