"""Inline mode and deep links: how a bot is asked, and shared, in chats it is not in."""

import asyncio
from typing import Any

import aiogram.exceptions as aiogram_errors
import pytest
import telegram
from aiogram import Bot as AiogramBot
from aiogram import types
from fastapi import FastAPI, Response

from sandbox.clock import SimulatedClock
from sandbox.telegram import Bot, CannotDo, Group, TelegramUser, TelegramWorld, Typed
from tests.emulators.telegram_at_loopback import Loopback, call, png, refusal, serving

pytestmark = pytest.mark.anyio

TOO_LATE = "query is too old and response timeout expired or query ID is invalid"


@pytest.fixture(autouse=True)
def inline(world: TelegramWorld, shop: Bot) -> None:
    """Inline mode is on, with feedback."""
    world.add_bot(shop.token, shop.username, name=shop.first_name, inline=True, inline_feedback=True)


def article(
    identifier: str = "1", title: str = "Kettle deal", *, text: str = "Join!", button: str = ""
) -> Any:
    keys = [[types.InlineKeyboardButton(text=button, callback_data="join:7")]] if button else None
    return types.InlineQueryResultArticle(
        id=identifier,
        title=title,
        description="3 of 5",
        input_message_content=types.InputTextMessageContent(message_text=text, parse_mode="HTML"),
        reply_markup=types.InlineKeyboardMarkup(inline_keyboard=keys) if keys else None,
    )


async def asked(bot: AiogramBot) -> types.InlineQuery:
    query = (await bot.get_updates(timeout=10))[-1].inline_query
    assert query
    return query


async def offered(bot: AiogramBot, typed: Typed, *results: Any, **options: Any) -> Typed:
    """The bot answers what was typed."""
    await bot.answer_inline_query(typed.query.id, list(results), **options)
    return typed


# ── asking ──────────────────────────────────────────────────────────────────────────────────────────


async def test_a_result_is_sent_by_way_of_the_bot_into_a_chat_it_is_not_in(
    aiogram_bot: AiogramBot, ada: TelegramUser, bob: TelegramUser, shop: Bot
) -> None:
    between_us = ada.chat_with(bob)
    typed = ada.type_inline(between_us, shop, "deal 7")
    query = await asked(aiogram_bot)
    assert (query.query, query.chat_type, query.from_user.id) == ("deal 7", "private", ada.id)
    waiting = asyncio.ensure_future(typed.answered())
    await query.answer([article(text="<b>Join</b>!", button="Join")]).as_(aiogram_bot)
    assert [(choice.title, choice.description) for choice in await waiting] == [("Kettle deal", "3 of 5")]
    typed.choose("Kettle")

    shown = bob.chat(between_us)[-1]
    assert (shown.text, shown.author, shown.via, shown.buttons[0][0].text) == (
        "Join!",
        "Ada",
        "parley_bot",
        "Join",
    )
    (chosen,) = [u.chosen_inline_result for u in await aiogram_bot.get_updates() if u.chosen_inline_result]
    assert (chosen.result_id, chosen.query) == ("1", "deal 7")

    pressed = bob.tap(between_us, "Join")
    tap = (await aiogram_bot.get_updates())[-1].callback_query
    assert tap
    assert (tap.message, tap.inline_message_id) == (None, chosen.inline_message_id)
    await tap.answer("You are in").as_(aiogram_bot)
    assert (await pressed.answered())["text"] == "You are in"
    assert await aiogram_bot.edit_message_text("4 of 5", inline_message_id=tap.inline_message_id) is True
    assert (bob.chat(between_us)[-1].text, bob.chat(between_us)[-1].buttons) == ("4 of 5", ())


async def test_the_bot_hears_what_is_sent_by_way_of_it_in_its_groups(
    aiogram_bot: AiogramBot, world: TelegramWorld, bob: TelegramUser, team: Group, shop: Bot
) -> None:
    typed = await offered(aiogram_bot, bob.type_inline(team, shop, ""), article())
    world.updates.clear(shop)
    typed.choose("1")
    message, chosen = await aiogram_bot.get_updates()
    assert message.message
    assert message.message.via_bot
    assert (message.message.text, message.message.via_bot.id) == ("Join!", shop.id)
    assert chosen.chosen_inline_result
    assert chosen.chosen_inline_result.inline_message_id is None  # without a keyboard it cannot be edited


async def test_where_it_is_asked_is_told_as_the_chat_s_type(
    world: TelegramWorld, ada: TelegramUser, team: Group, shop: Bot
) -> None:
    channel = world.add_group("News", [ada], type="channel")
    for where in (shop, team, channel):
        ada.type_inline(where, shop, "x")
    told = [u.payload["chat_type"] for u in world.updates.pending(shop) if u.type == "inline_query"]
    assert told == ["sender", "supergroup", "channel"]


async def test_without_inline_mode_nobody_asks(
    aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, shop: Bot
) -> None:
    assert (await aiogram_bot.get_me()).supports_inline_queries
    world.add_bot(shop.token, shop.username)
    with pytest.raises(CannotDo, match="@parley_bot has no inline mode"):
        ada.type_inline(shop, shop, "x")


async def test_without_feedback_the_bot_is_not_told_what_was_chosen(
    aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, bob: TelegramUser, shop: Bot
) -> None:
    world.add_bot(shop.token, shop.username, inline=True)
    typed = await offered(aiogram_bot, ada.type_inline(ada.chat_with(bob), shop, "x"), article())
    typed.choose("Kettle deal")
    assert [update.event_type for update in await aiogram_bot.get_updates()] == ["inline_query"]


async def test_an_answer_is_shown_again_for_as_long_as_it_said(
    aiogram_bot: AiogramBot, ada: TelegramUser, bob: TelegramUser, shop: Bot, clock: SimulatedClock
) -> None:
    where = ada.chat_with(bob)
    await offered(aiogram_bot, ada.type_inline(where, shop, "deal"), article(), cache_time=60)
    assert bob.type_inline(where, shop, "deal").choices[0].id == "1"
    clock.advance(60)
    assert bob.type_inline(where, shop, "deal").choices == []
    await offered(aiogram_bot, ada.type_inline(where, shop, "mine"), article(), is_personal=True)
    assert ada.type_inline(where, shop, "mine").choices != []
    assert bob.type_inline(where, shop, "mine").choices == []


async def test_an_answer_after_30_seconds_and_a_second_one_are_too_late(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot, clock: SimulatedClock
) -> None:
    late, prompt = ada.type_inline(shop, shop, "a"), ada.type_inline(shop, shop, "b")
    clock.advance(30)
    await offered(aiogram_bot, prompt, article())
    clock.advance(0.1)
    for typed in (late, prompt):
        with pytest.raises(aiogram_errors.TelegramBadRequest, match=TOO_LATE):
            await offered(aiogram_bot, typed, article())


async def test_the_button_above_leads_to_the_bot_with_its_parameter(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    button = types.InlineQueryResultsButton(text="Sign in first", start_parameter="sign-in")
    typed = await offered(aiogram_bot, ada.type_inline(shop, shop, ""), button=button, next_offset="50")
    assert typed.button == {"text": "Sign in first", "start_parameter": "sign-in"}
    assert typed.next_offset == "50"


async def test_pictures_places_and_cards_are_offered_too(
    aiogram_bot: AiogramBot, ada: TelegramUser, bob: TelegramUser, shop: Bot
) -> None:
    pictures = FastAPI()
    pictures.add_api_route("/kettle.png", lambda: Response(png(3, 3), media_type="image/png"))
    where = ada.chat_with(bob)
    async with serving(pictures) as web:
        link = f"{web.url}/kettle.png"
        photo = types.InlineQueryResultPhoto(id="p", photo_url=link, thumbnail_url=link, caption="Red")
        gone = types.InlineQueryResultPhoto(
            id="g", photo_url=f"{web.url}/x", thumbnail_url=link, title="Gone"
        )
        place = types.InlineQueryResultVenue(
            id="v", latitude=52.5, longitude=13.4, title="Shop", address="1 Main"
        )
        card = types.InlineQueryResultContact(id="c", phone_number="+1555", first_name="Ada")
        spot = types.InlineQueryResultLocation(id="l", latitude=1, longitude=2, title="Here")
        typed = await offered(aiogram_bot, ada.type_inline(where, shop, "x"), photo, gone, place, card, spot)
    for identifier in "pvcl":
        typed.choose(identifier)
    assert [next(iter(shown.content)) for shown in bob.chat(where)] == [
        "photo",
        "venue",
        "contact",
        "location",
    ]
    assert bob.photo_bytes(bob.chat(where)[0]) == png(3, 3)
    with pytest.raises(CannotDo, match="cannot be loaded"):
        typed.choose("Gone")
    with pytest.raises(CannotDo, match="nothing called 'Teapot'"):
        typed.choose("Teapot")


RESULT: dict[str, Any] = {
    "type": "article",
    "id": "1",
    "title": "x",
    "input_message_content": {"message_text": "y"},
}
UNREAD = "can't parse inline query result: "


@pytest.mark.parametrize(
    ("results", "description"),
    [
        ([RESULT] * 51, "too many inline query results specified"),
        ([RESULT, RESULT], "RESULT_ID_DUPLICATE"),
        ([RESULT | {"id": ""}], "RESULT_ID_EMPTY"),
        ([RESULT | {"id": "é" * 33}], "RESULT_ID_INVALID"),
        ([RESULT | {"title": ""}], "ARTICLE_TITLE_EMPTY"),
        (["x"], f"{UNREAD}Inline query result must be an object"),
        ([{"type": "article"}], f'{UNREAD}Can\'t find field "id"'),
        ([RESULT | {"type": "poem"}], f'{UNREAD}type "poem" is unsupported for the inline query result'),
        ([RESULT | {"input_message_content": {}}], f"{UNREAD}Input message content is not specified"),
        ([RESULT | {"input_message_content": {"message_text": "x" * 4097}}], "MESSAGE_TOO_LONG"),
        ([RESULT | {"input_message_content": {"message_text": ""}}], f"{UNREAD}Message text is empty"),
        (
            [RESULT | {"reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "y" * 65}]]}}],
            "BUTTON_DATA_INVALID",
        ),
        (
            [RESULT | {"reply_markup": {"keyboard": [[{"text": "x"}]]}}],
            f"{UNREAD}Inline keyboard expected",
        ),
        ([{"type": "photo", "id": "1", "photo_url": "http://x.yz/a.png"}], "PHOTO_THUMB_URL_EMPTY"),
        (
            [{"type": "photo", "id": "1", "photo_file_id": "x", "caption": "y" * 1025}],
            "MEDIA_CAPTION_TOO_LONG",
        ),
        (
            [{"type": "location", "id": "1", "title": "x", "latitude": "north", "longitude": 1}],
            f'{UNREAD}Field "latitude" must be a valid Number',
        ),
    ],
)
async def test_results_that_telegram_does_not_take(
    served: Loopback, ada: TelegramUser, shop: Bot, results: list[Any], description: str
) -> None:
    typed = ada.type_inline(shop, shop, "x")
    refused = await refusal(served, "answerInlineQuery", inline_query_id=typed.query.id, results=results)
    assert refused == f"Bad Request: {description}"
    # A refused answer leaves the query open.
    assert (await call(served, "answerInlineQuery", inline_query_id=typed.query.id, results=[RESULT]))["ok"]


@pytest.mark.parametrize(
    ("options", "description"),
    [
        ({"next_offset": "x" * 65}, "NEXT_OFFSET_INVALID"),
        ({"button": {"text": "x", "start_parameter": ""}}, "can't use empty start_parameter"),
        ({"button": {"text": "x", "start_parameter": "y" * 65}}, "too long start_parameter specified"),
        (
            {"button": {"text": "x", "start_parameter": "a b"}},
            "unallowed characters in start_parameter are used",
        ),
        (
            {"button": {"text": "x"}},
            "can't parse inline query results button: InlineQueryResultsButton must have exactly one optional field",
        ),
        ({"inline_query_id": "5"}, TOO_LATE),
    ],
)
async def test_answers_that_telegram_does_not_take(
    *, served: Loopback, ada: TelegramUser, shop: Bot, options: dict[str, Any], description: str
) -> None:
    typed = ada.type_inline(shop, shop, "x")
    given = {"inline_query_id": typed.query.id, "results": [RESULT]} | options
    assert await refusal(served, "answerInlineQuery", **given) == f"Bad Request: {description}"


async def test_an_inline_message_of_another_bot_or_of_nobody_is_not_edited(
    served: Loopback, ada: TelegramUser, shop: Bot
) -> None:
    refused = await refusal(served, "editMessageText", inline_message_id="x", text="y")
    assert refused == "Bad Request: MESSAGE_ID_INVALID"


async def test_an_inline_message_s_keyboard_and_picture_are_changed_by_its_id(
    aiogram_bot: AiogramBot, ada: TelegramUser, bob: TelegramUser, shop: Bot
) -> None:
    where = ada.chat_with(bob)
    typed = await offered(aiogram_bot, ada.type_inline(where, shop, "x"), article(button="Join"))
    inline_id = typed.choose("1").inline_id
    keys = [[types.InlineKeyboardButton(text="Full", callback_data="full")]]
    markup = types.InlineKeyboardMarkup(inline_keyboard=keys)
    await aiogram_bot.edit_message_reply_markup(inline_message_id=inline_id, reply_markup=markup)
    assert bob.chat(where)[-1].buttons[0][0].text == "Full"
    with pytest.raises(aiogram_errors.TelegramBadRequest, match="message is not modified"):
        await aiogram_bot.edit_message_reply_markup(inline_message_id=inline_id, reply_markup=markup)


async def test_the_second_client_answers_too(
    ptb_bot: telegram.Bot, ada: TelegramUser, bob: TelegramUser, shop: Bot
) -> None:
    where = ada.chat_with(bob)
    typed = ada.type_inline(where, shop, "deal")
    (update,) = await ptb_bot.get_updates(timeout=10)
    assert update.inline_query
    content = telegram.InputTextMessageContent("Join!")
    await update.inline_query.answer([telegram.InlineQueryResultArticle("1", "Deal", content)])
    typed.choose("Deal")
    assert bob.chat(where)[-1].text == "Join!"


# ── deep links ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_link_starts_the_bot_with_its_payload(
    aiogram_bot: AiogramBot, world: TelegramWorld, shop: Bot
) -> None:
    eve = world.add_user("Eve")
    eve.open("https://t.me/parley_bot?start=deal_7-x")
    (update,) = await aiogram_bot.get_updates()
    assert update.message
    assert update.message.text == "/start deal_7-x"


async def test_a_link_brings_the_bot_into_a_group_and_starts_it_there(
    aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, bob: TelegramUser, shop: Bot
) -> None:
    group = world.add_group("Tea", [ada, bob])
    ada.open("t.me/parley_bot?startgroup=deal_7", group=group)
    ada.open("t.me/parley_bot?startgroup=deal_8", group=group)
    messages = [update.message for update in await aiogram_bot.get_updates() if update.message]
    assert [message.text for message in messages] == [
        None,
        "/start@parley_bot deal_7",
        "/start@parley_bot deal_8",
    ]
    with pytest.raises(CannotDo, match="asks for a group"):
        ada.open("t.me/parley_bot?startgroup=x")


@pytest.mark.parametrize("payload", ["a b", "x" * 65, "ä", "a.b", "a=b"])
def test_a_payload_that_telegram_would_drop_is_a_mistake(
    ada: TelegramUser, team: Group, shop: Bot, payload: str
) -> None:
    for attempt in (lambda: ada.start(shop, payload), lambda: ada.start_in_group(shop, team, payload)):
        with pytest.raises(CannotDo, match="is no start payload"):
            attempt()


def test_links_lead_into_groups_and_nowhere_else(
    world: TelegramWorld, ada: TelegramUser, team: Group
) -> None:
    eve, mallory = world.add_user("Eve"), world.add_user("Mallory")
    assert eve.open(ada.invite_link(team)) == team
    team.username = "tea_friends"
    assert mallory.open("https://t.me/tea_friends") == team
    with pytest.raises(CannotDo, match="does not lead into Telegram"):
        ada.open("https://example.com/parley_bot")
