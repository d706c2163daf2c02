"""Inline mode: what is offered to whoever types the bot's name in any chat. https://core.telegram.org/bots/api#inline-mode

An answer is worth something for seconds only, so it is given once, beside the events and never kept (docs/decisions/0020).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import structlog
from aiogram.methods import AnswerInlineQuery
from aiogram.types import (
    InlineKeyboardMarkup,
    InlineQuery,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    LinkPreviewOptions,
)
from pydantic import ValidationError

from bot.channels.telegram_calls import BotApi
from bot.channels.telegram_reading import person_of
from bot.channels.telegram_rendering import entities, part_of_post, with_private_links
from bot.events import Person
from bot.messages import InlineOffer, InlineOffers, Picture
from shop.errors import Rejected, Unavailable

log = structlog.get_logger()

LookUp = Callable[[Person, str], Awaitable[InlineOffers]]
"""What is offered to that person for what they typed."""

KIND: Final = "inline_query"
AT_ONCE_MAX: Final = 16
CACHE_SECONDS: Final = 5  # seats come and go
_SECONDS: Final = 5  # to answer: later they have typed on


class InlineAnswers:
    """Answers of one bot. `media_url` is where the public finds the folder of pictures."""

    def __init__(
        self,
        api: BotApi,
        *,
        name: Callable[[], Awaitable[str]],
        look_up: LookUp,
        media_url: str,
    ) -> None:
        self._api = api
        self._name = name
        self._look_up = look_up
        self._media_url = media_url
        self._tasks: set[asyncio.Task[None]] = set()

    def answer_soon(self, update: Mapping[str, Any]) -> None:
        """Begin to answer the inline query of an update; left alone where too many are being answered."""
        if len(self._tasks) >= AT_ONCE_MAX:
            log.info("telegram.inline_left", under_way=len(self._tasks))
            return
        try:
            query = InlineQuery.model_validate(update[KIND])
        except ValidationError:
            log.warning("telegram.inline_unreadable", update_id=update.get("update_id"))
            return
        task = asyncio.create_task(self._answer(query), name="inline")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Nobody waits for what is not answered by now."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, query: InlineQuery) -> None:
        try:
            found = await self._look_up(person_of(query.from_user), query.query)
            await self._api.call(await self._method(query, found), seconds=_SECONDS)
        except (Rejected, Unavailable) as error:  # too late, or Telegram is away: they type on, or not
            log.info("telegram.inline_unanswered", error=str(error))
        except Exception:
            log.exception("telegram.inline_failed")

    async def _method(self, query: InlineQuery, found: InlineOffers) -> AnswerInlineQuery:
        username = await self._name()
        none = InlineQueryResultsButton(text=found.otherwise, start_parameter=KIND)
        return AnswerInlineQuery(
            inline_query_id=query.id,
            results=[self._article(offer, username) for offer in found.offers],
            cache_time=CACHE_SECONDS,
            is_personal=True,  # their own groups are among them
            button=None if found.offers else none,
        )

    def _article(self, offer: InlineOffer, username: str) -> InlineQueryResultArticle:
        part = part_of_post(with_private_links(offer.say, username))
        return InlineQueryResultArticle(
            id=offer.id,
            title=offer.title,
            description=offer.description,
            thumbnail_url=self._public(offer.picture),
            input_message_content=InputTextMessageContent(
                message_text=part.text.plain,
                parse_mode=None,
                entities=entities(part.text),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            ),
            reply_markup=part.keyboard if isinstance(part.keyboard, InlineKeyboardMarkup) else None,
        )

    def _public(self, picture: Picture | None) -> str | None:
        """Where anybody's app can fetch the picture; None where nobody outside can."""
        if picture is None or picture.path is None:
            return picture and picture.url
        return f"{self._media_url}/{picture.path}" if self._media_url.startswith("https://") else None
