"""Messages through two real clients, and everything about them that Telegram refuses."""

import aiogram.exceptions as aiogram_errors
import httpx
import pytest
import telegram
import telegram.error
from aiogram import Bot as AiogramBot
from aiogram import types

from sandbox.clock import SimulatedClock
from sandbox.telegram import Bot, CannotDo, TelegramUser, TelegramWorld
from sandbox.telegram.schema import problems
from tests.emulators.telegram_at_loopback import TOKEN, Loopback, call, refusal

pytestmark = pytest.mark.anyio


def buttons(*labels: str) -> types.InlineKeyboardMarkup:
    rows = [[types.InlineKeyboardButton(text=label, callback_data=f"do:{label}")] for label in labels]
    return types.InlineKeyboardMarkup(inline_keyboard=rows)


async def test_a_message_of_aiogram_arrives_on_the_person_s_screen(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    sent = await aiogram_bot.send_message(
        ada.id, "Hello <b>Ada</b>", parse_mode="HTML", reply_markup=buttons("Buy")
    )

    assert sent.message_id == 2
    assert sent.html_text == "Hello <b>Ada</b>"
    assert sent.date.timestamp() == sent.date.timestamp()
    shown = ada.chat(shop)[-1]
    assert (shown.text, shown.mine, shown.buttons[0][0].text) == ("Hello Ada", False, "Buy")


async def test_a_message_of_python_telegram_bot_arrives_too(
    ptb_bot: telegram.Bot, ada: TelegramUser, shop: Bot
) -> None:
    sent = await ptb_bot.send_message(ada.id, "*Hi*", parse_mode="MarkdownV2")

    assert sent.entities[0].type == "bold"
    assert ada.chat(shop)[-1].text == "Hi"


async def test_both_clients_introduce_the_same_bot(
    aiogram_bot: AiogramBot, ptb_bot: telegram.Bot, shop: Bot
) -> None:
    assert (await aiogram_bot.get_me()).username == ptb_bot.username == "parley_bot"


async def test_query_form_and_json_are_understood_alike(
    served: Loopback, ada: TelegramUser, shop: Bot
) -> None:
    where = f"/bot{TOKEN}/sendMessage"
    parameters = {"chat_id": str(ada.id), "text": "hi", "disable_notification": "true"}

    for response in (
        await served.client.get(where, params=parameters),
        await served.client.post(where, data=parameters),
        await served.client.post(where, files={"text": (None, "hi"), "chat_id": (None, str(ada.id))}),
        await served.client.post(where.replace("sendMessage", "SENDMESSAGE"), json=parameters),
    ):
        assert response.json()["result"]["text"] == "hi"
    assert len(ada.chat(shop)) == 5


async def test_unknown_parameters_are_ignored(served: Loopback, ada: TelegramUser, shop: Bot) -> None:
    assert (await call(served, "sendMessage", chat_id=ada.id, text="hi", colour="red"))["ok"] is True


@pytest.mark.parametrize(
    ("parameters", "description"),
    [
        (
            {"text": "hi", "disable_notification": "maybe"},
            'field "disable_notification" must be of type Boolean',
        ),
        ({"text": "hi", "message_thread_id": "x"}, 'field "message_thread_id" must be of type Integer'),
        ({"text": ["hi"]}, 'field "text" must be of type String'),
        ({"text": "hi", "reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
        ({"text": "hi", "reply_markup": []}, "object expected as reply markup"),
        ({"text": "hi", "link_preview_options": 5}, "object expected as link preview options"),
    ],
)
async def test_values_of_a_wrong_type_are_refused(
    served: Loopback, ada: TelegramUser, parameters: dict[str, object], description: str
) -> None:
    assert await refusal(served, "sendMessage", chat_id=ada.id, **parameters) == f"Bad Request: {description}"


async def test_a_body_that_is_no_json_is_refused(served: Loopback, shop: Bot) -> None:
    headers = {"content-type": "application/json"}
    response = await served.client.post(f"/bot{TOKEN}/sendMessage", content="{", headers=headers)
    assert response.json()["description"] == "Bad Request: can't parse JSON object"


async def test_a_wrong_token_is_unauthorized(served: Loopback, shop: Bot) -> None:
    response = await served.client.post("/bot110201543:wrong/getMe")
    assert (response.status_code, response.json()["description"]) == (401, "Unauthorized")


async def test_an_unknown_method_is_not_found(served: Loopback, shop: Bot) -> None:
    assert await refusal(served, "sendEverything") == "Not Found"


# ── texts ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("", "message text is empty"),
        ("  \n ", "text must be non-empty"),
        ("x" * 4097, "message is too long"),
        ("😀" * 2049, "message is too long"),
        ("x" * 40_000, "text is too long"),
    ],
)
async def test_texts_that_are_empty_or_too_long_are_refused(
    served: Loopback, ada: TelegramUser, text: str, description: str
) -> None:
    assert await refusal(served, "sendMessage", chat_id=ada.id, text=text) == f"Bad Request: {description}"


async def test_the_length_is_counted_after_the_markup_was_read(
    aiogram_bot: AiogramBot, ada: TelegramUser
) -> None:
    sent = await aiogram_bot.send_message(ada.id, f"<b>{'x' * 4096}</b>", parse_mode="HTML")
    assert len(sent.text or "") == 4096


async def test_a_missing_text_is_refused_in_telegram_s_words(served: Loopback, ada: TelegramUser) -> None:
    assert await refusal(served, "sendMessage", chat_id=ada.id) == "Bad Request: message text is empty"


async def test_markup_mistakes_say_where(aiogram_bot: AiogramBot, ada: TelegramUser) -> None:
    with pytest.raises(aiogram_errors.TelegramBadRequest) as refused:
        await aiogram_bot.send_message(ada.id, "é<b>x</i>", parse_mode="HTML")
    assert refused.value.message == (
        'Bad Request: can\'t parse entities: Unmatched end tag at byte offset 6, expected "</b>", found "</i>"'
    )


async def test_an_unknown_parse_mode_is_refused(served: Loopback, ada: TelegramUser) -> None:
    description = await refusal(served, "sendMessage", chat_id=ada.id, text="x", parse_mode="BBCode")
    assert description == "Bad Request: unsupported parse_mode"


async def test_explicit_entities_come_back_as_given(ptb_bot: telegram.Bot, ada: TelegramUser) -> None:
    entities = [
        telegram.MessageEntity("bold", 3, 4),
        telegram.MessageEntity("text_link", 8, 2, url="https://t.me/x"),
    ]
    sent = await ptb_bot.send_message(ada.id, "😀 bold at", entities=entities)
    assert list(sent.entities) == entities
    assert sent.parse_entity(sent.entities[0]) == "bold"


@pytest.mark.parametrize(
    ("entity", "description"),
    [
        ({"type": "bold", "offset": 0}, "can't parse MessageEntity: Can't find field \"length\""),
        ({"type": "loud", "offset": 0, "length": 1}, "can't parse MessageEntity: Unsupported type specified"),
        (
            {"type": "bold", "offset": 0, "length": 9},
            "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 9",
        ),
        (
            {"type": "bold", "offset": 1, "length": 2},
            "entity begins in a middle of a UTF-16 symbol at byte offset 4",
        ),
    ],
)
async def test_explicit_entities_that_do_not_fit_are_refused(
    served: Loopback, ada: TelegramUser, entity: dict[str, object], description: str
) -> None:
    refused = await refusal(served, "sendMessage", chat_id=ada.id, text="😀ab", entities=[entity])
    assert refused == f"Bad Request: {description}"


# ── to whom a bot may write ─────────────────────────────────────────────────────────────────────────


async def test_a_bot_cannot_write_to_who_never_started_it(
    aiogram_bot: AiogramBot, world: TelegramWorld, shop: Bot
) -> None:
    stranger = world.add_user("Stranger")
    with pytest.raises(
        aiogram_errors.TelegramForbiddenError, match="bot can't initiate conversation with a user"
    ):
        await aiogram_bot.send_message(stranger.id, "hi")


async def test_a_bot_cannot_write_to_who_blocked_it_until_they_start_it_again(
    ptb_bot: telegram.Bot, ada: TelegramUser, shop: Bot
) -> None:
    ada.block(shop)
    with pytest.raises(telegram.error.Forbidden, match="bot was blocked by the user"):
        await ptb_bot.send_message(ada.id, "hi")
    ada.start(shop)
    assert (await ptb_bot.send_message(ada.id, "hi")).text == "hi"


async def test_a_bot_cannot_write_to_a_deleted_account(served: Loopback, ada: TelegramUser) -> None:
    ada.deactivate()
    assert await refusal(served, "sendMessage", chat_id=ada.id, text="x") == "Forbidden: user is deactivated"


@pytest.mark.parametrize("chat_id", [4242, "@nobody", "x"])
async def test_a_chat_that_is_not_there_is_not_found(served: Loopback, shop: Bot, chat_id: object) -> None:
    assert await refusal(served, "sendMessage", chat_id=chat_id, text="x") == "Bad Request: chat not found"


async def test_the_chat_must_be_named(served: Loopback, shop: Bot) -> None:
    assert await refusal(served, "sendMessage", text="x") == "Bad Request: chat_id is empty"


async def test_a_bot_cannot_write_to_itself(served: Loopback, shop: Bot) -> None:
    assert await refusal(served, "sendMessage", chat_id=shop.id, text="x") == (
        "Forbidden: bot can't send messages to bots"
    )


# ── keyboards ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("button", "description"),
    [
        ({"text": "x", "callback_data": "y" * 65}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": "é" * 33}, "BUTTON_DATA_INVALID"),
        (
            {"text": "x"},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        ({"callback_data": "y"}, "can't parse inline keyboard button: Can't find field \"text\""),
        (
            {"text": "x", "url": "http://localhost/"},
            "inline keyboard button URL 'http://localhost/' is invalid: Wrong HTTP URL",
        ),
        (
            {"text": "x", "callback_data": {}},
            'can\'t parse inline keyboard button: Field "callback_data" must be of type String',
        ),
        ({"text": " ", "callback_data": "y"}, "inline keyboard button text must be non-empty"),
        ({"text": "Pay", "pay": True}, "BUTTON_TYPE_INVALID"),
        ("x", "can't parse inline keyboard button: InlineKeyboardButton must be an Object"),
    ],
)
async def test_inline_buttons_that_telegram_does_not_take(
    served: Loopback, ada: TelegramUser, button: object, description: str
) -> None:
    markup = {"inline_keyboard": [[button]]}
    refused = await refusal(served, "sendMessage", chat_id=ada.id, text="x", reply_markup=markup)
    assert refused == f"Bad Request: {description}"


async def test_callback_data_of_64_bytes_is_just_right(served: Loopback, ada: TelegramUser) -> None:
    markup = {"inline_keyboard": [[{"text": "x", "callback_data": "é" * 32}]]}
    assert (await call(served, "sendMessage", chat_id=ada.id, text="x", reply_markup=markup))["ok"]


async def test_a_hundred_and_one_buttons_are_too_many(served: Loopback, ada: TelegramUser) -> None:
    markup = {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]] * 101}
    refused = await refusal(served, "sendMessage", chat_id=ada.id, text="x", reply_markup=markup)
    assert refused == "Bad Request: reply markup is too long"


async def test_rows_must_be_arrays(served: Loopback, ada: TelegramUser) -> None:
    markup = {"keyboard": [{"text": "x"}]}
    refused = await refusal(served, "sendMessage", chat_id=ada.id, text="x", reply_markup=markup)
    assert refused == 'Bad Request: field "keyboard" must be an Array of Arrays'


async def test_a_reply_keyboard_shares_the_phone_and_goes_when_it_is_removed(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    keys = [
        [types.KeyboardButton(text="Share phone", request_contact=True), types.KeyboardButton(text="Menu")]
    ]
    await aiogram_bot.send_message(
        ada.id, "Your phone?", reply_markup=types.ReplyKeyboardMarkup(keyboard=keys)
    )

    ada.tap(shop, "Share phone")
    ada.tap(shop, "Menu")

    shared, said = await aiogram_bot.get_updates()
    assert shared.message
    assert shared.message.contact
    assert shared.message.contact.user_id == ada.id
    assert said.message
    assert said.message.text == "Menu"
    await aiogram_bot.send_message(ada.id, "Thanks", reply_markup=types.ReplyKeyboardRemove())
    with pytest.raises(CannotDo, match="no button 'Menu'"):
        ada.tap(shop, "Menu")


# ── editing and deleting ────────────────────────────────────────────────────────────────────────────


async def test_an_edit_changes_the_screen_and_takes_a_keyboard_it_does_not_name_away(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    sent = await aiogram_bot.send_message(ada.id, "one", reply_markup=buttons("Buy"))
    await aiogram_bot.edit_message_text("two", chat_id=ada.id, message_id=sent.message_id)

    shown = ada.chat(shop)[-1]
    assert (shown.text, shown.buttons, shown.edited) == ("two", (), True)


async def test_an_edit_that_changes_nothing_is_refused(aiogram_bot: AiogramBot, ada: TelegramUser) -> None:
    sent = await aiogram_bot.send_message(
        ada.id, "<b>one</b>", parse_mode="HTML", reply_markup=buttons("Buy")
    )
    with pytest.raises(
        aiogram_errors.TelegramBadRequest, match="message is not modified: specified new message"
    ):
        await aiogram_bot.edit_message_text(
            "*one*",
            chat_id=ada.id,
            message_id=sent.message_id,
            parse_mode="MarkdownV2",
            reply_markup=buttons("Buy"),
        )


@pytest.mark.parametrize(
    ("method", "parameters", "description"),
    [
        ("editMessageText", {"message_id": 99, "text": "x"}, "message to edit not found"),
        ("editMessageText", {"message_id": 1, "text": "x"}, "message can't be edited"),
        (
            "editMessageCaption",
            {"message_id": 2, "caption": "x"},
            "there is no caption in the message to edit",
        ),
        (
            "editMessageText",
            {"message_id": 2, "text": "x", "reply_markup": {"remove_keyboard": True}},
            "inline keyboard expected",
        ),
        (
            "editMessageReplyMarkup",
            {"message_id": 2},
            (
                "message is not modified: specified new message content and reply markup are exactly the same as a current "
                "content and reply markup of the message"
            ),
        ),
        ("deleteMessage", {"message_id": 99}, "message to delete not found"),
        ("deleteMessage", {}, "message identifier is not specified"),
    ],
)
async def test_edits_and_deletions_that_cannot_be(
    *, served: Loopback, ada: TelegramUser, method: str, parameters: dict[str, object], description: str
) -> None:
    await call(served, "sendMessage", chat_id=ada.id, text="one")
    assert await refusal(served, method, chat_id=ada.id, **parameters) == f"Bad Request: {description}"


async def test_an_edit_must_name_its_message(served: Loopback, ada: TelegramUser) -> None:
    assert (
        await refusal(served, "editMessageText", text="x")
        == "Bad Request: message identifier is not specified"
    )


async def test_a_deleted_message_is_gone_and_its_number_is_not_used_again(
    ptb_bot: telegram.Bot, ada: TelegramUser, shop: Bot
) -> None:
    sent = await ptb_bot.send_message(ada.id, "one")
    await ptb_bot.delete_message(ada.id, sent.message_id)

    assert [message.text for message in ada.chat(shop)] == ["/start"]
    assert (await ptb_bot.send_message(ada.id, "two")).message_id == sent.message_id + 1


async def test_messages_older_than_two_days_stay(
    served: Loopback, ada: TelegramUser, clock: SimulatedClock
) -> None:
    await call(served, "sendMessage", chat_id=ada.id, text="one")
    clock.advance(48 * 3600 + 1)
    assert await refusal(served, "deleteMessage", chat_id=ada.id, message_id=2) == (
        "Bad Request: message can't be deleted for everyone"
    )


# ── taps ────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_tap_is_answered_once(aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot) -> None:
    await aiogram_bot.send_message(ada.id, "Buy?", reply_markup=buttons("Buy now", "Leave"))
    pressed = ada.tap(shop, "Buy")

    (update,) = await aiogram_bot.get_updates()
    assert update.callback_query
    assert update.callback_query.data == "do:Buy now"
    await aiogram_bot.answer_callback_query(update.callback_query.id, text="Done", show_alert=True)

    assert await pressed.answered() == {"text": "Done", "show_alert": True, "url": ""}
    with pytest.raises(
        aiogram_errors.TelegramBadRequest, match="query is too old and response timeout expired"
    ):
        await aiogram_bot.answer_callback_query(update.callback_query.id)


async def test_a_tap_answered_too_late_is_too_old(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot, clock: SimulatedClock
) -> None:
    await aiogram_bot.send_message(ada.id, "Buy?", reply_markup=buttons("Buy"))
    ada.tap(shop, "Buy")
    (update,) = await aiogram_bot.get_updates()
    clock.advance(31)
    assert update.callback_query
    with pytest.raises(aiogram_errors.TelegramBadRequest, match="query is too old"):
        await aiogram_bot.answer_callback_query(update.callback_query.id)


async def test_a_callback_answer_is_short(served: Loopback, ada: TelegramUser, shop: Bot) -> None:
    markup = {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]}
    await call(served, "sendMessage", chat_id=ada.id, text="x", reply_markup=markup)
    tap = ada.tap(shop, "x").tap
    assert tap
    assert await refusal(served, "answerCallbackQuery", callback_query_id=tap.id, text="z" * 201) == (
        "Bad Request: MESSAGE_TOO_LONG"
    )


# ── the rest ────────────────────────────────────────────────────────────────────────────────────────


async def test_typing_shows_until_the_message_comes(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    await aiogram_bot.send_chat_action(ada.id, "typing")
    assert ada.typing(shop) == "typing"
    await aiogram_bot.send_message(ada.id, "hi")
    assert ada.typing(shop) is None


async def test_an_unknown_chat_action_is_refused(served: Loopback, ada: TelegramUser) -> None:
    assert await refusal(served, "sendChatAction", chat_id=ada.id, action="dancing") == (
        "Bad Request: wrong parameter action in request"
    )


async def test_a_reply_names_the_message_it_answers(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    asked = ada.say(shop, "how much?")
    sent = await aiogram_bot.send_message(
        ada.id, "ten", reply_parameters=types.ReplyParameters(message_id=asked.id)
    )
    assert sent.reply_to_message
    assert sent.reply_to_message.text == "how much?"
    with pytest.raises(aiogram_errors.TelegramBadRequest, match="message to be replied not found"):
        await aiogram_bot.send_message(ada.id, "x", reply_parameters=types.ReplyParameters(message_id=99))


async def test_commands_are_kept_by_scope_and_language(ptb_bot: telegram.Bot, shop: Bot) -> None:
    await ptb_bot.set_my_commands([("help", "What I can do")])
    await ptb_bot.set_my_commands([("ayuda", "Lo que sé hacer")], language_code="es")

    assert [command.command for command in await ptb_bot.get_my_commands()] == ["help"]
    assert [command.command for command in await ptb_bot.get_my_commands(language_code="es")] == ["ayuda"]


@pytest.mark.parametrize(
    ("command", "description"),
    [
        ({"command": "Help!", "description": "x"}, "BOT_COMMAND_INVALID"),
        ({"command": "help", "description": ""}, "BOT_COMMAND_DESCRIPTION_INVALID"),
        ({"description": "x"}, "can't parse BotCommand: Can't find field \"command\""),
    ],
)
async def test_commands_that_telegram_does_not_take(
    served: Loopback, shop: Bot, command: dict[str, str], description: str
) -> None:
    assert await refusal(served, "setMyCommands", commands=[command]) == f"Bad Request: {description}"


async def test_a_bot_reads_about_the_chat_and_its_members(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    chat = await aiogram_bot.get_chat(ada.id)
    assert (chat.type, chat.first_name) == ("private", "Ada")
    assert (await aiogram_bot.get_chat_member(ada.id, ada.id)).status == "member"
    with pytest.raises(aiogram_errors.TelegramBadRequest, match="can't be changed in private chats"):
        await aiogram_bot.leave_chat(ada.id)


async def test_descriptions_are_set_and_read(aiogram_bot: AiogramBot) -> None:
    await aiogram_bot.set_my_description("The shop in your chat")
    await aiogram_bot.set_my_short_description("A shop")
    assert (await aiogram_bot.get_my_description()).description == "The shop in your chat"
    assert (await aiogram_bot.get_my_short_description()).short_description == "A shop"


async def test_everything_a_bot_is_told_fits_the_bot_api_s_own_description(
    aiogram_bot: AiogramBot, served: Loopback, ada: TelegramUser, shop: Bot
) -> None:
    await aiogram_bot.send_message(ada.id, "Buy?", reply_markup=buttons("Buy"))
    ada.say(shop, "/start https://t.me/x", reply_to=1)
    ada.tap(shop, "Buy")
    ada.send_voice(shop)
    ada.send_sticker(shop)
    ada.share_contact(shop)
    ada.share_location(shop, 1.5, 2.5)
    ada.edit(shop, 3, "changed")
    ada.block(shop)

    updates = (await call(served, "getUpdates"))["result"]
    assert isinstance(updates, list)
    assert len(updates) == 8
    assert [problem for update in updates for problem in problems("Update", update)] == []


async def test_bad_json_in_a_form_field_is_named(served: Loopback, ada: TelegramUser) -> None:
    response = await served.client.post(
        f"/bot{TOKEN}/sendMediaGroup", data={"chat_id": str(ada.id), "media": "[{"}
    )
    assert isinstance(response, httpx.Response)
    assert response.json()["description"] == "Bad Request: can't parse media JSON object"
