"""What happened, queued for each bot until it took notice: getUpdates' half and what webhooks read."""

import asyncio
import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from sandbox.telegram.errors import conflict
from sandbox.telegram.json_values import as_array
from sandbox.telegram.schema import fields_of
from sandbox.telegram.state import Bot, Json, Update

if TYPE_CHECKING:
    from sandbox.telegram.world import TelegramWorld

UPDATE_TYPES: Final = frozenset(fields_of("Update")) - {"update_id"}
# These come only when they are asked for: https://core.telegram.org/bots/api#getupdates, allowed_updates.
_ONLY_ON_REQUEST: Final = {"chat_member", "message_reaction", "message_reaction_count"}
_FIRST_UPDATE_ID: Final = 500_000_000
_TERMINATED: Final = "terminated by other getUpdates request; make sure that only one bot instance is running"


class UpdateQueue:
    """Pending updates of every bot, in order; each is kept until confirmed or a day has passed."""

    def __init__(self, world: "TelegramWorld") -> None:
        self._world = world
        self._polls: dict[int, asyncio.Future[str]] = {}  # the running getUpdates of each bot
        self._again: dict[int, list[Update]] = {}
        self._pending: defaultdict[int, dict[int, Update]] = defaultdict(dict)
        for update in world.store.all(Update):
            if not update.delivered:
                self._pending[update.bot_id][update.id] = update

    def push(self, bot: Bot, kind: str, payload: Json, *, lane: int) -> None:
        """Queue one, unless the bot does not want that kind."""
        if kind not in wanted(bot):
            return
        update = Update(
            bot_id=bot.id,
            id=_FIRST_UPDATE_ID + bot.next_update_id,
            type=kind,
            payload=payload,
            lane=lane,
            created_at=self._world.unix_time(),
        )
        bot.next_update_id += 1
        self._pending[bot.id][update.id] = update
        self._world.store.save(bot)
        self._world.save(update)
        self._world.webhooks.wake(bot)

    def pending(self, bot: Bot) -> list[Update]:
        """Not yet confirmed, the oldest first; those older than a day are dropped."""
        oldest = self._world.unix_time() - self._world.limits.update_kept_seconds
        for update in list(self._pending[bot.id].values()):
            if update.created_at < oldest:
                self.confirm(update)
        return list(self._pending[bot.id].values())

    def waiting(self, bot: Bot) -> bool:
        """Whether the bot has not taken everything that it was sent, repeats included."""
        return bool(self._again.get(bot.id) or self._pending[bot.id])

    def history(self, bot: Bot) -> list[Update]:
        """Every update ever queued for the bot."""
        return sorted((u for u in self._world.store.all(Update) if u.bot_id == bot.id), key=lambda u: u.id)

    def confirm(self, update: Update) -> None:
        """The bot has it; it stays in the history for `redeliver`."""
        update.delivered = True
        self._pending[update.bot_id].pop(update.id, None)
        self._world.save(update)
        self._world.changes.notify()

    def clear(self, bot: Bot) -> None:
        """Forget what is pending (drop_pending_updates)."""
        for update in self.pending(bot):
            self.confirm(update)

    def redeliver(self, bot: Bot, update_id: int) -> None:
        """Send a known update once more, whatever was confirmed. Raises KeyError."""
        update = self._world.store.find(Update, f"{bot.id}:{update_id}")
        if update is None:
            raise KeyError(f"bot @{bot.username} never had an update {update_id}")
        if bot.webhook is None:
            self._again.setdefault(bot.id, []).append(update)
            self._world.changes.notify()
        else:
            self._world.webhooks.send_again(bot, update)

    async def poll(self, bot: Bot, *, offset: int, limit: int, seconds: float) -> list[Json]:
        """getUpdates: what is pending from `offset` on, waiting that long for the first. Raises 409."""
        if bot.webhook is not None:
            raise conflict(
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
            )
        self.abort(bot, _TERMINATED)
        self._confirm_before(bot, offset)
        found = self._ready(bot, limit)
        if found is None and seconds > 0:
            found = await self._wait(bot, limit, seconds)
        return [update.as_json() for update in found or []]

    def abort(self, bot: Bot, reason: str) -> None:
        """End the getUpdates that waits, if one does, with a conflict."""
        running = self._polls.pop(bot.id, None)
        if running is not None and not running.done():
            running.set_result(reason)
            self._world.changes.notify()

    def abort_all(self) -> None:
        for bot in self._world.store.all(Bot):
            self.abort(bot, "terminated by the end of the emulator")

    def _ready(self, bot: Bot, limit: int) -> list[Update] | None:
        repeated = self._again.pop(bot.id, [])
        if repeated:
            self._world.changes.notify()  # they are on their way
        return [*repeated, *self.pending(bot)][:limit] or None

    async def _wait(self, bot: Bot, limit: int, seconds: float) -> list[Update] | None:
        aborted: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._polls[bot.id] = aborted

        def ready() -> list[Update] | None:
            return [] if aborted.done() else self._ready(bot, limit)

        try:
            found = await self._world.changes.wait_until(ready, clock=self._world.clock, seconds=seconds)
        finally:
            if self._polls.get(bot.id) is aborted:
                del self._polls[bot.id]
        if aborted.done():
            raise conflict(aborted.result())
        return found

    def _confirm_before(self, bot: Bot, offset: int) -> None:
        """An offset confirms everything before it; a negative one keeps only that many of the last."""
        pending = self.pending(bot)
        done = pending[:offset] if offset < 0 else [update for update in pending if update.id < offset]
        for update in done:
            self.confirm(update)


def wanted(bot: Bot) -> frozenset[str]:
    """The kinds of updates the bot is told of."""
    if not bot.allowed_updates:
        return UPDATE_TYPES - _ONLY_ON_REQUEST
    return UPDATE_TYPES & set(bot.allowed_updates)


def read_allowed(given: Any) -> list[str] | None:
    """The allowed_updates parameter; what is unknown in it is ignored, as Telegram does."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            return None
    kinds = as_array(given)
    return None if kinds is None else [str(kind) for kind in kinds if kind in UPDATE_TYPES]
