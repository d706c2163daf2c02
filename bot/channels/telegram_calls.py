"""Calls to the Bot API, with Telegram's refusals in our own error tree and never a secret in their words.

The bot's token is part of every URL, and HTTP clients put URLs into their messages (aiohttp's connection
timeout does), so no exception of theirs goes further than this module.
"""

from collections import deque
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, TypeVar

import structlog
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetFile, Response, TelegramMethod
from aiogram.utils.token import TokenValidationError
from aiohttp import ClientError

from bot.channels.port import WrongToken
from bot.delivery.engine import Blocked, TooFast
from shop.errors import Rejected, Unavailable
from storage.clock import Clock

log = structlog.get_logger()

T = TypeVar("T")

SEND_SECONDS: Final = 30
_GONE: Final = ("chat not found", "user not found", "peer_id_invalid", "group chat was deactivated")
_FLOOD_WINDOW: Final = timedelta(seconds=5)
_FLOODED_CHATS: Final = 3


class BadRequest(Rejected):
    """Telegram cannot make sense of it as it is; in another form it may."""


class ChatMoved(Rejected):
    """The group became a supergroup and goes on under another id."""

    def __init__(self, message: str, *, chat_id: int) -> None:
        super().__init__(message)
        self.chat_id = chat_id


class Conflict(Unavailable):
    """Somebody else receives this bot's updates."""


class UnreadableAnswer(Exception):  # noqa: N818 - it was done: this is no failure to try again
    """Telegram did it, but says so in a form that aiogram does not know."""


@cache
def _envelope(returning: Any) -> type[Response[Any]]:
    """The class of an answer. aiogram makes it for every call, which takes milliseconds unless somebody holds it."""
    return Response[returning]


class BotApi:
    """One bot's line to Telegram (or to an emulator at `base_url`)."""

    def __init__(self, token: str, *, clock: Clock, base_url: str | None = None) -> None:
        server = TelegramAPIServer.from_base(base_url) if base_url else PRODUCTION
        try:
            self._bot = Bot(token, session=AiohttpSession(api=server))
        except TokenValidationError:
            raise ValueError(
                "this is no Telegram bot token; @BotFather gives it, and it looks like 110201543:AAHdqTcvCH1v…"
            ) from None
        self._token = token
        self._clock = clock
        self._floods: deque[tuple[datetime, str]] = deque()

    @property
    def bot_id(self) -> int:
        """The first half of the token."""
        return self._bot.id

    async def close(self) -> None:
        await self._bot.session.close()

    async def call(self, method: TelegramMethod[T], *, seconds: int = SEND_SECONDS) -> T:
        """Call it; `seconds` is the longest wait.

        Raises Rejected (BadRequest, Blocked …), Unavailable (TooFast …) or UnreadableAnswer.
        """
        _envelope(method.__returning__)
        try:
            return await self._bot(method, request_timeout=seconds)
        except ClientDecodeError as error:
            failure = _unreadable(error.data)
        except TelegramAPIError as error:
            failure = self._translated(error, str(getattr(method, "chat_id", "")))
        except AiogramError as error:
            failure = Unavailable(self.without_secrets(f"{type(error).__name__}: {error}"))
        raise failure from None

    async def download(self, file_id: str) -> bytes:
        """The file's content. Raises Rejected or Unavailable."""
        found = await self.call(GetFile(file_id=file_id))
        if found.file_path is None:
            raise Rejected("Telegram keeps this file no longer")
        try:
            content = await self._bot.download_file(found.file_path, timeout=SEND_SECONDS)
        except (AiogramError, ClientError, TimeoutError) as error:
            raise Unavailable(self.without_secrets(f"{type(error).__name__}: {error}")) from None
        return content.read() if content is not None else b""

    def without_secrets(self, text: str) -> str:
        """The text, with the token masked."""
        return text.replace(self._token, "•••")

    def _translated(self, error: TelegramAPIError, chat: str) -> Rejected | Unavailable:
        words = self.without_secrets(error.message)
        if isinstance(error, TelegramRetryAfter):
            flooded = self._is_flooded(chat)
            return TooFast(words, retry_after_seconds=error.retry_after, whole_bot=flooded)
        if isinstance(error, TelegramMigrateToChat):
            return ChatMoved(words, chat_id=error.migrate_to_chat_id)
        if isinstance(error, TelegramUnauthorizedError | TelegramNotFound):
            log.error("telegram.wrong_token", fix="set PARLEY_TELEGRAM_TOKEN to the one @BotFather shows")
            return WrongToken(f"Telegram does not know this bot's token ({words})")
        if isinstance(error, TelegramBadRequest) and _means_gone(words):
            return Blocked(words)
        return _meaning(error)(words)

    def _is_flooded(self, chat: str) -> bool:
        """Whether a 429 is about the whole bot, which Telegram does not say.

        Our limiter keeps the bot below its overall rate, so a 429 is nearly always one chat's own limit; when
        several chats are refused within seconds it is not, and to go on would make the pause longer.
        """
        now = self._clock.now()
        self._floods.append((now, chat))
        while self._floods[0][0] < now - _FLOOD_WINDOW:
            self._floods.popleft()
        return len({flooded for _, flooded in self._floods}) >= _FLOODED_CHATS


def _meaning(error: TelegramAPIError) -> type[Rejected | Unavailable]:
    match error:
        case TelegramForbiddenError():
            return Blocked
        case TelegramBadRequest() | TelegramEntityTooLarge():
            return BadRequest
        case TelegramConflictError():
            return Conflict
        case _:  # the network, 5xx, and codes that nobody documented
            return Unavailable


def _means_gone(description: str) -> bool:
    lower = description.lower()
    return any(words in lower for words in _GONE)


def _unreadable(data: Any) -> UnreadableAnswer | Unavailable:
    if isinstance(data, dict) and data.get("ok") is True:  # pyright: ignore[reportUnknownMemberType] - JSON
        return UnreadableAnswer("done, and answered in a form that is not known")
    return Unavailable("Telegram, or something on the way, answered with no JSON of the Bot API")
