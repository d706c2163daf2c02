"""The Telegram channel: receives updates by polling or webhook, and sends through the Bot API.

https://core.telegram.org/bots/api; aiogram supplies the calls and types, its Dispatcher is not used: order,
retries and limits are the delivery's.
"""

import hmac
import itertools
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import structlog
from aiogram.methods import DeleteWebhook, GetMe, SetMyCommands, SetWebhook, TelegramMethod
from aiogram.types import BotCommand
from fastapi import APIRouter, HTTPException, Request, Response

from bot.channels.port import Abilities, Draw, WrongToken
from bot.channels.telegram_calls import BotApi, Conflict
from bot.channels.telegram_inline import KIND as INLINE
from bot.channels.telegram_inline import InlineAnswers, LookUp
from bot.channels.telegram_pictures import Pictures
from bot.channels.telegram_posting import place_for_posts
from bot.channels.telegram_reading import ALLOWED_UPDATES, SOURCE, read
from bot.channels.telegram_sending import Sending
from bot.channels.telegram_standing import TelegramStanding, standing
from bot.delivery.limits import Limits
from bot.events import Inbound
from bot.messages import Message
from shop.errors import Rejected, Unavailable
from storage.clock import Clock, SystemClock

log = structlog.get_logger()

T = TypeVar("T")
Update = dict[str, Any]
Receive = Callable[[list[Inbound]], Awaitable[object]]
"""Keeps events for good; when it returns they are on disk."""

WEBHOOK_PATH: Final = "/webhooks/telegram"
SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
POLL_SECONDS: Final = 30
POLL_GRACE_SECONDS: Final = 10  # for the answer to arrive after Telegram has waited its time
PAUSE_FIRST_SECONDS: Final = 1.0
PAUSE_MAX_SECONDS: Final = 60.0
CONFLICT_PAUSE_SECONDS: Final = 30.0
WRONG_TOKEN_PAUSE_SECONDS: Final = 60.0
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")  # https://core.telegram.org/bots/api#setwebhook


class _GetUpdates(TelegramMethod[list[Update]]):
    """getUpdates whose updates stay as they came: one of an unknown form must not take its batch with it."""

    __returning__ = list[Update]
    __api_method__ = "getUpdates"

    offset: int | None
    timeout: int
    allowed_updates: list[str]


class TelegramChannel:
    """One Telegram bot."""

    name = SOURCE

    def __init__(
        self,
        *,
        token: str,
        media: Path,
        clock: Clock | None = None,
        api_base: str | None = None,
        payment_token: str | None = None,
        webhook_secret: str | None = None,
        menus: Mapping[str, Sequence[tuple[str, str]]] | None = None,
        draw: Draw | None = None,
    ) -> None:
        """`api_base` is another server than Telegram's own; `menus` are the commands (word, description) by language,
        those of "" for every other. Without `draw` no files are sent.

        Raises ValueError for a token or secret that Telegram would not take.
        """
        if webhook_secret is not None and not _SECRET.fullmatch(webhook_secret):
            raise ValueError("the Telegram webhook secret must be 1 to 256 of the characters A-Z a-z 0-9 _ -")
        self.limits = Limits()
        self.username = ""  # known once Telegram was asked
        self.webhook_secret = webhook_secret
        self._clock = clock or SystemClock()
        self._api = BotApi(token, clock=self._clock, base_url=api_base)
        self._sending = Sending(
            self._api, Pictures(media), name=self._known_name, payment_token=payment_token, draw=draw
        )
        self._inline: InlineAnswers | None = None
        self._menus = {
            language: [BotCommand(command=word, description=text) for word, text in commands]
            for language, commands in (menus or {}).items()
        }
        self._native_invoices = bool(payment_token)
        self._files = draw is not None

    def offer_inline(self, look_up: LookUp, *, media_url: str) -> None:
        """Answer whoever types our name in any chat with what is found there; pictures lie at `media_url`."""
        self._inline = InlineAnswers(self._api, name=self._known_name, look_up=look_up, media_url=media_url)

    @property
    def native_invoices(self) -> bool:
        """Whether a payment provider is connected to the bot, so that people can pay inside the chat."""
        return self._native_invoices

    @property
    def abilities(self) -> Abilities:
        return Abilities(native_invoices=self._native_invoices, files=self._files, invitations=True)

    def is_group(self, chat: str) -> bool:
        """Groups have negative ids."""
        return chat.startswith("-")

    async def send(self, chat: str, message: Message) -> str | None:
        """Deliver it; Telegram's id of its last message. Raises Rejected, Blocked, TooFast or Unavailable."""
        return await self._sending.send(chat, message)

    def read(self, update: Mapping[str, Any]) -> Inbound | None:
        """An update as an event; None when it is not for the bot. Never raises."""
        return read(update, bot_id=self._api.bot_id, username=self.username)

    def take(self, updates: Iterable[Mapping[str, Any]]) -> list[Inbound]:
        """The events among the updates; what people typed inline is being answered."""
        inbounds = list[Inbound]()
        for update in updates:
            if INLINE in update:
                if self._inline is not None:
                    self._inline.answer_soon(update)
            elif inbound := self.read(update):
                inbounds.append(inbound)
        return inbounds

    async def fetch(self, file_id: str) -> bytes:
        """A file that somebody sent, at most 20 MB (https://core.telegram.org/bots/api#getfile). Raises Rejected or Unavailable."""
        return await self._api.download(file_id)

    async def standing(self) -> TelegramStanding:
        """What Telegram says of the bot now. Raises Rejected or Unavailable (WrongToken)."""
        return await standing(self._api)

    async def place_for_posts(self, name: str) -> int:
        """The id of the channel `@name`, where the bot may post. Raises CannotPost or Unavailable."""
        return await place_for_posts(self._api, name)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._inline is not None:
            await self._inline.close()
        await self._api.close()

    # ── receiving ───────────────────────────────────────────────────────────────────────────────────

    async def poll(self, receive: Receive) -> None:
        """Ask for updates until cancelled; those that `receive` has not kept are never confirmed to Telegram."""
        await self._insist(partial(self._api.call, DeleteWebhook(drop_pending_updates=False)))
        await self._insist(self._introduce)
        log.info("telegram.polling", bot=self.username)
        offset: int | None = None
        while True:
            updates = await self._insist(partial(self._updates, offset))
            inbounds = self.take(updates)
            if inbounds:
                await self._insist(partial(receive, inbounds))
            offset = max((update["update_id"] + 1 for update in updates), default=offset)

    async def set_webhook(self, url: str) -> None:
        """Have Telegram deliver to `url` (https) from now on; keeps trying while Telegram is out of reach.

        Raises Rejected when Telegram does not take the URL.
        """
        await self._insist(self._introduce)
        method = SetWebhook(
            url=url,
            secret_token=self.webhook_secret,
            allowed_updates=list(ALLOWED_UPDATES),
            drop_pending_updates=False,
        )
        try:
            await self._insist(partial(self._api.call, method))
        except Rejected as error:
            log.error("telegram.webhook_refused", url=url, error=str(error))  # noqa: TRY400 - Telegram says why
            raise
        log.info("telegram.webhook_set", bot=self.username, url=url)

    async def _introduce(self) -> None:
        """Learn our own name, and put the commands into the menu."""
        self.username = ""
        await self._known_name()
        for language, commands in self._menus.items():
            try:
                await self._api.call(SetMyCommands(commands=commands, language_code=language or None))
            except Rejected as error:  # a menu is no reason to stay closed
                log.warning("telegram.commands_refused", error=str(error))

    async def _known_name(self) -> str:
        """Our own name; Telegram is asked once."""
        if not self.username:
            self.username = (await self._api.call(GetMe())).username or ""
        return self.username

    async def _updates(self, offset: int | None) -> list[Update]:
        """The next batch; waits at Telegram while there is none."""
        method = _GetUpdates(offset=offset, timeout=POLL_SECONDS, allowed_updates=list(ALLOWED_UPDATES))
        try:
            updates = await self._api.call(method, seconds=POLL_SECONDS + POLL_GRACE_SECONDS)
        except Rejected as error:  # there is no other way to ask
            raise Unavailable(str(error)) from None
        named = [update for update in updates if _has_id(update)]
        if updates and not named:
            raise Unavailable("Telegram sent updates without ids")
        return named

    async def _insist(self, step: Callable[[], Awaitable[T]]) -> T:
        """Do it until it works, with growing pauses. Raises Rejected."""
        for failures in itertools.count():
            try:
                return await step()
            except Rejected:
                raise
            except Exception as error:  # noqa: BLE001 - whatever fails, to stop listening would be worse
                pause = _pause_seconds(error, failures)
                _report(error, pause)
            await self._clock.sleep(pause)
        raise AssertionError("counting never ends")


def webhook_router(channel: TelegramChannel, receive: Receive) -> APIRouter:
    """POST /webhooks/telegram: 200 only after `receive` has kept the update.

    401 without our secret, 400 for what is no update; nothing is kept then. How large a body may be is the
    server's business.
    """
    if channel.webhook_secret is None:
        raise ValueError("webhooks from Telegram need a secret: set PARLEY_TELEGRAM_WEBHOOK_SECRET")
    expected = channel.webhook_secret.encode()
    router = APIRouter()

    @router.post(WEBHOOK_PATH)
    async def take_update(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction] - FastAPI calls it
        if not hmac.compare_digest(request.headers.get(SECRET_HEADER, "").encode(), expected):
            raise HTTPException(401, "wrong secret token")
        update = _update(await request.body())
        inbounds = channel.take([update])
        if inbounds:
            await receive(inbounds)
        return Response()

    return router


def _update(body: bytes) -> Update:
    try:
        update: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(400, "no JSON") from None
    if not isinstance(update, dict) or not _has_id(cast("Update", update)):
        raise HTTPException(400, "no update")
    return cast("Update", update)


def _has_id(update: Update) -> bool:
    return type(update.get("update_id")) is int  # True is no id


def _pause_seconds(error: Exception, failures: int) -> float:
    match error:
        case WrongToken():
            return WRONG_TOKEN_PAUSE_SECONDS
        case Conflict():
            return CONFLICT_PAUSE_SECONDS
        case Unavailable(retry_after_seconds=float() | int() as asked):
            return asked
        case _:
            return min(PAUSE_MAX_SECONDS, PAUSE_FIRST_SECONDS * 2 ** min(failures, 10))


def _report(error: Exception, pause_seconds: float) -> None:
    if isinstance(error, Conflict):
        log.error(
            "telegram.conflict",
            error=str(error),
            fix="another program polls with this bot's token, or has set a webhook: stop it",
            pause_seconds=pause_seconds,
        )
    elif isinstance(error, Unavailable):
        log.warning("telegram.unavailable", error=str(error), pause_seconds=pause_seconds)
    else:
        log.error("telegram.receiving_failed", exc_info=error, pause_seconds=pause_seconds)
