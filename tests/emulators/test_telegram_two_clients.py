"""One world, two independent clients: what aiogram and python-telegram-bot read of it is the same, fact by fact.

And the checks themselves: each is shown a lie, planted in the emulator, and must find it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiogram.exceptions as aiogram_errors
import pytest
import telegram
from aiogram import Bot as AiogramBot
from aiogram import types
from aiogram.types import TelegramObject

from sandbox.telegram import (
    Bot,
    Group,
    TelegramUser,
    TelegramWorld,
    access,
    audience,
    create_app,
    drop,
    groups,
    hang,
    inline,
    refuse,
    render,
    stars,
)
from sandbox.telegram.group_state import GENERAL_TOPIC
from tests.emulators.telegram_answers import CheckedAnswers, answer_problems
from tests.emulators.telegram_at_loopback import Loopback, call, serving

pytestmark = pytest.mark.anyio


def facts(read: Any) -> Any:
    """What a client read, as the JSON it would send: without defaults, dates as numbers, whichever client it was."""
    if isinstance(read, TelegramObject):
        return _plain(read.model_dump(mode="json", by_alias=True, exclude_none=True))
    if isinstance(read, telegram.TelegramObject):
        return _plain(read.to_dict())
    if isinstance(read, list | tuple):
        return [facts(item) for item in read]
    return read


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        told = {name: item for name, item in value.items() if item is not None and item is not False}
        return {name: _plain(item) for name, item in told.items() if item not in ([], ())}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


@pytest.fixture
def forum(world: TelegramWorld, shop: Bot, ada: TelegramUser, bob: TelegramUser) -> Group:
    """A group in which a lot has happened."""
    world.add_bot(shop.token, shop.username, name=shop.first_name, inline=True, inline_feedback=True)
    group = world.add_group("Staff", [ada, bob], bots=[shop], is_forum=True)
    ada.promote(group, shop)
    topic = ada.open_topic(group, "Returns")
    bob.say(group, "Where is my kettle? /help", topic=topic.id)
    ada.stay_anonymous(group)
    said = ada.say(group, "On its way", topic=topic.id)
    ada.pin(group, said.id)
    ada.close_topic(group, topic.id)
    eve = world.add_user("Eve")
    eve.join(ada.invite_link(group))
    ada.restrict(group, eve, "can_send_photos")
    ada.remove(group, eve)
    return group


async def same(aiogram_bot: AiogramBot, ptb_bot: telegram.Bot, ask: Callable[[Any], Awaitable[Any]]) -> Any:
    """What both read when asked the same."""
    one, other = facts(await ask(aiogram_bot)), facts(await ask(ptb_bot))
    assert one == other
    return one


async def test_both_read_the_same_group(
    *, aiogram_bot: AiogramBot, ptb_bot: telegram.Bot, ada: TelegramUser, bob: TelegramUser, forum: Group
) -> None:
    chat = await same(aiogram_bot, ptb_bot, lambda bot: bot.get_chat(forum.id))
    assert (chat["title"], chat["is_forum"], chat["pinned_message"]["text"]) == ("Staff", True, "On its way")
    administrators = await same(aiogram_bot, ptb_bot, lambda bot: bot.get_chat_administrators(forum.id))
    assert [member["status"] for member in administrators] == ["creator", "administrator"]
    member = await same(aiogram_bot, ptb_bot, lambda bot: bot.get_chat_member(forum.id, bob.id))
    assert member["status"] == "member"
    assert await same(aiogram_bot, ptb_bot, lambda bot: bot.get_chat_member_count(forum.id)) == 3


async def test_both_are_told_the_same(
    *, aiogram_bot: AiogramBot, ptb_bot: telegram.Bot, forum: Group, world: TelegramWorld, shop: Bot
) -> None:
    shop.allowed_updates = ["message", "my_chat_member", "chat_member"]
    for update in world.updates.history(shop):
        world.redeliver(shop, update.id)
    by_aiogram = facts(await aiogram_bot.get_updates(limit=100))
    for update in world.updates.history(shop):
        world.redeliver(shop, update.id)
    by_ptb = facts(await ptb_bot.get_updates(limit=100))
    assert by_aiogram == by_ptb
    assert len(by_aiogram) > 8


async def test_both_read_the_same_topics_queries_and_posts(
    *,
    aiogram_bot: AiogramBot,
    ptb_bot: telegram.Bot,
    world: TelegramWorld,
    ada: TelegramUser,
    forum: Group,
    shop: Bot,
) -> None:
    world.updates.clear(shop)
    ada.type_inline(forum, shop, "deal 7")
    channel = world.add_group("News", [ada], bots=[shop], type="channel")
    ada.edit(channel, ada.say(channel, "Sale").id, "Sale!")
    told = await same(aiogram_bot, ptb_bot, lambda bot: bot.get_updates(limit=100))
    assert [set(update) - {"update_id"} for update in told] == [
        {"inline_query"},
        {"my_chat_member"},
        {"channel_post"},
        {"edited_channel_post"},
    ]


async def test_both_see_the_same_stars(
    *,
    served: Loopback,
    aiogram_bot: AiogramBot,
    ptb_bot: telegram.Bot,
    ada: TelegramUser,
    shop: Bot,
) -> None:
    ada.buy_stars(9)
    bill = {"title": "Guide", "description": "PDF", "payload": "o1", "currency": "XTR"}
    await call(served, "sendInvoice", chat_id=ada.id, prices=[{"label": "Guide", "amount": 9}], **bill)
    paying = asyncio.ensure_future(ada.pay(shop))
    (update,) = await aiogram_bot.get_updates(timeout=10)
    assert update.pre_checkout_query
    await update.pre_checkout_query.answer(ok=True).as_(aiogram_bot)
    await ptb_bot.refund_star_payment(ada.id, (await paying).telegram_charge)
    moves = await same(aiogram_bot, ptb_bot, lambda bot: bot.get_star_transactions())
    assert [move["amount"] for move in moves["transactions"]] == [9, 9]
    assert (await same(aiogram_bot, ptb_bot, lambda bot: bot.get_my_star_balance()))["amount"] == 0


# ── faults on the line ──────────────────────────────────────────────────────────────────────────────


async def test_a_topic_whose_answer_was_lost_is_there_all_the_same(
    aiogram_bot: AiogramBot, served: Loopback, world: TelegramWorld, forum: Group
) -> None:
    before = len(forum.topics)
    world.faults.next("createForumTopic", [refuse(429, retry_after_seconds=3), drop(served=True)])
    body = await call(served, "createForumTopic", chat_id=forum.id, name="x")
    assert body["parameters"] == {"retry_after": 3}
    with pytest.raises(aiogram_errors.TelegramNetworkError):
        await aiogram_bot.create_forum_topic(forum.id, "x")
    assert len(forum.topics) == before + 1


async def test_an_inline_answer_that_hangs_comes_too_late(
    *,
    aiogram_bot: AiogramBot,
    served: Loopback,
    world: TelegramWorld,
    ada: TelegramUser,
    forum: Group,
    shop: Bot,
    clock: Any,
) -> None:
    typed = ada.type_inline(forum, shop, "deal")
    world.faults.next("answerInlineQuery", [hang(31)])
    late = asyncio.ensure_future(aiogram_bot.answer_inline_query(typed.query.id, [], request_timeout=60))
    await clock.somebody_sleeps()
    await clock.run(31)
    assert isinstance((await asyncio.gather(late, return_exceptions=True))[0], Exception)
    body = await call(served, "answerInlineQuery", inline_query_id=typed.query.id, results=[])
    assert "query is too old" in str(body["description"])


# ── lies planted in the emulator: would they be found? ──────────────────────────────────────────────


@pytest.mark.parametrize(
    ("method", "body", "problem"),
    [
        ("getChat", {"ok": True, "result": {"id": 5, "type": "private"}}, "misses accent_color_id"),
        ("getChatMemberCount", {"ok": True, "result": True}, "True is no int"),
        ("getChatAdministrators", {"ok": True, "result": {}}, "no list"),
        ("leaveChat", {"ok": True, "result": 1}, "1 is no bool"),
        (
            "getChatMember",
            {"ok": True, "result": {"status": "left", "user": {"id": 1, "is_bot": False}}},
            "misses first_name",
        ),
        ("sendMessage", {"ok": False, "error_code": 400}, "a refusal has a code and a description"),
        (
            "sendMessage",
            {"ok": False, "error_code": 429, "description": "x", "parameters": {"wait": 5}},
            "has no field wait",
        ),
    ],
)
def test_an_answer_with_a_hole_is_found(method: str, body: dict[str, Any], problem: str) -> None:
    assert problem in " ".join(answer_problems(method, body))


async def test_a_lie_in_an_answer_is_found_on_the_way(
    monkeypatch: pytest.MonkeyPatch, world: TelegramWorld, ada: TelegramUser, shop: Bot
) -> None:
    monkeypatch.setattr(render, "bot_json", lambda bot: {"id": bot.id, "is_bot": True})
    checked = CheckedAnswers(create_app(world))
    async with serving(checked) as loopback:
        await call(loopback, "sendMessage", chat_id=ada.id, text="x")
    assert any("misses first_name" in problem for problem in checked.found)


@pytest.mark.parametrize(
    ("where", "name", "lie", "facts_test"),
    [
        (audience, "_addressed", lambda *_: {110201543}, "privacy"),
        (access, "_check_group", lambda *_: None, "removed"),
        (groups.Groups, "sender_chat", lambda *_: None, "anonymous"),
        (stars, "give_back", lambda *_: None, "refund"),
        (inline, "_remembered", lambda *_: None, "cache"),
        (render, "_replied", lambda *_: None, "reply"),
    ],
)
async def test_a_rule_that_does_not_hold_is_found(
    *,
    monkeypatch: pytest.MonkeyPatch,
    aiogram_bot: AiogramBot,
    world: TelegramWorld,
    ada: TelegramUser,
    bob: TelegramUser,
    team: Group,
    shop: Bot,
    where: Any,
    name: str,
    lie: Any,
    facts_test: str,
) -> None:
    """The same question with and without the planted lie has two answers."""
    ask = _QUESTIONS[facts_test]
    honest = await ask(aiogram_bot, world, ada, bob, shop)
    monkeypatch.setattr(where, name, lie)
    assert await ask(aiogram_bot, world, ada, bob, shop) != honest


async def _hears_chatter(bot: AiogramBot, world: TelegramWorld, ada: Any, bob: Any, shop: Bot) -> Any:
    group = world.add_group("Chat", [ada, bob], bots=[shop])
    world.updates.clear(shop)
    bob.say(group, "hm")
    return len(world.updates.pending(shop))


async def _writes_where_it_was_removed(
    bot: AiogramBot, world: TelegramWorld, ada: Any, bob: Any, shop: Bot
) -> Any:
    group = world.add_group("Chat", [ada, bob], bots=[shop])
    ada.remove(group, shop)
    (outcome,) = await asyncio.gather(bot.send_message(group.id, "x"), return_exceptions=True)
    return type(outcome)


async def _sees_the_anonymous(bot: AiogramBot, world: TelegramWorld, ada: Any, bob: Any, shop: Bot) -> Any:
    group = world.add_group("Chat", [ada, bob], bots=[shop])
    ada.stay_anonymous(group)
    world.updates.clear(shop)
    ada.say(group, "/open")
    return world.updates.pending(shop)[0].payload["from"]["is_bot"]


async def _refunds_nothing(bot: AiogramBot, world: TelegramWorld, ada: Any, bob: Any, shop: Bot) -> Any:
    (outcome,) = await asyncio.gather(bot.refund_star_payment(ada.id, "x"), return_exceptions=True)
    return type(outcome)


async def _asks_twice(bot: AiogramBot, world: TelegramWorld, ada: Any, bob: Any, shop: Bot) -> Any:
    world.add_bot(shop.token, shop.username, inline=True)
    query = f"x{world.number('question')}"
    first = ada.type_inline(shop, shop, query)
    await bot.answer_inline_query(first.query.id, [])
    return ada.type_inline(shop, shop, query).query.answer is None


async def _answers_in_a_topic(bot: AiogramBot, world: TelegramWorld, ada: Any, bob: Any, shop: Bot) -> Any:
    group = world.add_group("Chat", [ada, bob], bots=[shop], is_forum=True)
    assert GENERAL_TOPIC in group.topics
    topic = ada.open_topic(group, "x")
    ada.promote(group, shop)
    sent: types.Message = await bot.send_message(group.id, "x", message_thread_id=topic.id)
    return sent.reply_to_message is None


_QUESTIONS = {
    "privacy": _hears_chatter,
    "removed": _writes_where_it_was_removed,
    "anonymous": _sees_the_anonymous,
    "refund": _refunds_nothing,
    "cache": _asks_twice,
    "reply": _answers_in_a_topic,
}
