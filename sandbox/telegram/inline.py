"""Inline mode: what people type after a bot's name in any chat. https://core.telegram.org/bots/api#inline-mode.

A query lives for 30 seconds (the Bot API server keeps its update no longer: Client.cpp, add_new_inline_query); an
answer may be shown again, without asking the bot, for as long as it said.
"""

import secrets
from typing import TYPE_CHECKING, Final

from sandbox.telegram.audience import announce
from sandbox.telegram.errors import bad_request
from sandbox.telegram.payments import QUERY_GONE
from sandbox.telegram.render import user_json
from sandbox.telegram.state import Bot, Chat, InlineQuery, Json, Message, User

if TYPE_CHECKING:
    from sandbox.telegram.world import TelegramWorld

QUERY_LENGTH_MAX: Final = 256
_FIRST_QUERY_ID: Final = 10**16


def ask(
    world: "TelegramWorld", bot: Bot, user: User, query: str, *, offset: str, chat_type: str
) -> InlineQuery:
    """What a person typed: shown from an answer that is still good, or asked of the bot."""
    asked = InlineQuery(
        id=str(_FIRST_QUERY_ID + world.number("inline query")),
        bot_id=bot.id,
        user_id=user.id,
        query=query[:QUERY_LENGTH_MAX],
        offset=offset,
        asked_at=world.now(),
    )
    asked.answer = _remembered(world, asked)
    world.save(asked)
    if asked.answer is None:
        told = {"id": asked.id, "from": user_json(user), "query": asked.query, "offset": offset}
        world.updates.push(bot, "inline_query", told | {"chat_type": chat_type}, lane=user.id)
    return asked


def answer(world: "TelegramWorld", bot: Bot, query_id: str, given: Json) -> None:
    """The bot's answer. Raises 400 when it comes too late, or again."""
    asked = world.store.find(InlineQuery, query_id)
    if asked is None or asked.bot_id != bot.id or asked.answer is not None:
        raise bad_request(QUERY_GONE)
    if world.now() - asked.asked_at > world.limits.inline_seconds:
        raise bad_request(QUERY_GONE)
    asked.answer = given | {"at": world.now()}
    world.save(asked)


def choose(world: "TelegramWorld", asked: InlineQuery, result: Json, chat: Chat, place: Json) -> Message:
    """Send a result into a chat, by way of the bot that offered it; `place` has the message's details."""
    bot = world.find_bot(asked.bot_id)
    user = world.user(asked.user_id).record
    assert bot is not None, "a query to a bot that is not there"
    inline_id = secrets.token_urlsafe(20)
    message = world.post(
        chat,
        user.id,
        result["content"],
        via_bot=bot.id,
        inline_id=inline_id,
        reply_markup=result["markup"],
        **place,
    )
    announce(world, message)
    if bot.inline_feedback:
        chosen: Json = {"result_id": result["id"], "from": user_json(user), "query": asked.query}
        # https://core.telegram.org/bots/api#choseninlineresult: only with a keyboard can it be edited.
        shown = {"inline_message_id": inline_id} if result["markup"] else {}
        world.updates.push(bot, "chosen_inline_result", chosen | shown, lane=user.id)
    return message


def _remembered(world: "TelegramWorld", asked: InlineQuery) -> Json | None:
    """An answer to the same question that may be shown again."""
    for earlier in world.store.all(InlineQuery):
        same = (earlier.bot_id, earlier.query, earlier.offset) == (asked.bot_id, asked.query, asked.offset)
        if earlier.answer is None or not same:
            continue
        for_them = earlier.user_id == asked.user_id or not earlier.answer["is_personal"]
        if for_them and world.now() < earlier.answer["at"] + earlier.answer["cache_time"]:
            return earlier.answer
    return None
