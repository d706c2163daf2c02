"""Forum topics: a staff group with one topic a customer, and everything that can happen to those."""

from typing import Any

import aiogram.exceptions as aiogram_errors
import pytest
import telegram
import telegram.error
from aiogram import Bot as AiogramBot
from aiogram import types

from sandbox.telegram import Bot, CannotDo, Group, TelegramUser, TelegramWorld
from tests.emulators.telegram_at_loopback import Loopback, call, refusal

pytestmark = pytest.mark.anyio


@pytest.fixture
def forum(world: TelegramWorld, shop: Bot, ada: TelegramUser, bob: TelegramUser) -> Group:
    """A supergroup with topics that Ada owns, Bob writes in, and the bot administers."""
    group = world.add_group("Staff", [ada, bob], bots=[shop], is_forum=True)
    ada.promote(group, shop, "can_manage_topics", "can_delete_messages", "can_pin_messages")
    world.updates.clear(shop)
    return group


async def test_a_topic_is_made_written_in_and_answered(
    aiogram_bot: AiogramBot, ada: TelegramUser, forum: Group
) -> None:
    topic = await aiogram_bot.create_forum_topic(forum.id, "Customer 7", icon_color=16766590)
    sent = await aiogram_bot.send_message(forum.id, "Where is it?", message_thread_id=topic.message_thread_id)
    assert (sent.message_thread_id, sent.is_topic_message) == (topic.message_thread_id, True)
    assert sent.reply_to_message
    assert sent.reply_to_message.forum_topic_created
    assert sent.reply_to_message.forum_topic_created.name == "Customer 7"

    ada.say(forum, "On its way", topic=topic.message_thread_id)
    made, said = [update.message for update in await aiogram_bot.get_updates()]
    assert made
    assert made.forum_topic_created
    assert made.message_id == topic.message_thread_id
    assert said
    assert (said.text, said.message_thread_id) == ("On its way", topic.message_thread_id)
    assert [m.text for m in ada.chat(forum, topic=topic.message_thread_id)][1:] == [
        "Where is it?",
        "On its way",
    ]


async def test_an_answer_stays_in_the_topic_of_what_it_answers(
    aiogram_bot: AiogramBot, ada: TelegramUser, forum: Group
) -> None:
    topic = ada.open_topic(forum, "Returns")
    asked = ada.say(forum, "How?", topic=topic.id)
    answers = types.ReplyParameters(message_id=asked.id)
    sent = await aiogram_bot.send_message(forum.id, "Like so", reply_parameters=answers)
    assert sent.message_thread_id == topic.id
    assert ada.say(forum, "Thanks", reply_to=sent.message_id).thread == topic.id


async def test_general_is_written_in_without_a_thread_and_not_found_by_its_number(
    aiogram_bot: AiogramBot, served: Loopback, forum: Group
) -> None:
    sent = await aiogram_bot.send_message(forum.id, "hello")
    assert (sent.message_thread_id, sent.is_topic_message) == (None, None)
    refused = await refusal(served, "sendMessage", chat_id=forum.id, text="x", message_thread_id=1)
    assert refused == "Bad Request: message thread not found"


async def test_a_person_deletes_a_topic_and_the_bot_only_notices_when_it_writes(
    aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, forum: Group, shop: Bot
) -> None:
    topic = await aiogram_bot.create_forum_topic(forum.id, "Customer 7")
    await aiogram_bot.send_message(forum.id, "hello", message_thread_id=topic.message_thread_id)
    world.updates.clear(shop)
    ada.delete_topic(forum, topic.message_thread_id)

    assert await aiogram_bot.get_updates() == []
    with pytest.raises(aiogram_errors.TelegramBadRequest, match="message thread not found"):
        await aiogram_bot.send_message(forum.id, "still?", message_thread_id=topic.message_thread_id)
    with pytest.raises(aiogram_errors.TelegramBadRequest, match="TOPIC_ID_INVALID"):
        await aiogram_bot.delete_forum_topic(forum.id, topic.message_thread_id)
    assert [m for m in ada.chat(forum) if m.topic] == []


async def test_a_closed_topic_is_closed_to_those_without_the_right(
    *,
    aiogram_bot: AiogramBot,
    served: Loopback,
    ada: TelegramUser,
    bob: TelegramUser,
    forum: Group,
    shop: Bot,
) -> None:
    topic = ada.open_topic(forum, "Done").id
    ada.close_topic(forum, topic)
    assert await aiogram_bot.send_message(forum.id, "by right", message_thread_id=topic)
    ada.promote(forum, shop, "can_pin_messages")
    refused = await refusal(served, "sendMessage", chat_id=forum.id, text="x", message_thread_id=topic)
    assert refused == "Bad Request: TOPIC_CLOSED"
    with pytest.raises(CannotDo, match="the topic 'Done' is closed"):
        bob.say(forum, "hm", topic=topic)
    ada.reopen_topic(forum, topic)
    assert await aiogram_bot.send_message(forum.id, "again", message_thread_id=topic)


async def test_a_bot_changes_closes_reopens_and_deletes_a_topic(
    aiogram_bot: AiogramBot, world: TelegramWorld, forum: Group, shop: Bot
) -> None:
    topic = (await aiogram_bot.create_forum_topic(forum.id, "Customer 7")).message_thread_id
    world.updates.clear(shop)
    await aiogram_bot.edit_forum_topic(forum.id, topic, name="Customer 8")
    await aiogram_bot.close_forum_topic(forum.id, topic)
    await aiogram_bot.reopen_forum_topic(forum.id, topic)
    told = [update.message for update in await aiogram_bot.get_updates()]
    assert [message.content_type.value for message in told if message] == [
        "forum_topic_edited",
        "forum_topic_closed",
        "forum_topic_reopened",
    ]
    assert told[0]
    assert told[0].forum_topic_edited
    assert told[0].forum_topic_edited.name == "Customer 8"
    await aiogram_bot.delete_forum_topic(forum.id, topic)
    assert list(forum.topics) == [1]


async def test_the_general_topic_is_renamed_closed_and_hidden(
    aiogram_bot: AiogramBot, served: Loopback, ada: TelegramUser, bob: TelegramUser, forum: Group
) -> None:
    await aiogram_bot.edit_general_forum_topic(forum.id, "Hall")
    await aiogram_bot.close_general_forum_topic(forum.id)
    with pytest.raises(CannotDo, match="the topic 'Hall' is closed"):
        bob.say(forum, "hi")
    await aiogram_bot.reopen_general_forum_topic(forum.id)
    await aiogram_bot.hide_general_forum_topic(forum.id)
    assert forum.topics[1].hidden
    refused = await refusal(served, "hideGeneralForumTopic", chat_id=forum.id)
    assert refused == "Bad Request: TOPIC_NOT_MODIFIED"
    await aiogram_bot.unhide_general_forum_topic(forum.id)
    assert [shown.notice for shown in ada.chat(forum)][-1] == "Parley showed the General topic"


@pytest.mark.parametrize(
    ("method", "parameters", "description"),
    [
        ("createForumTopic", {"name": " "}, "title must be non-empty"),
        ("createForumTopic", {"name": "x", "icon_color": 5}, "TOPIC_ICON_COLOR_INVALID"),
        ("editForumTopic", {"message_thread_id": 99, "name": "x"}, "TOPIC_ID_INVALID"),
        ("editForumTopic", {"message_thread_id": 0}, "invalid message thread identifier specified"),
        ("reopenForumTopic", {"message_thread_id": "TOPIC"}, "TOPIC_NOT_MODIFIED"),
        ("editForumTopic", {"message_thread_id": "TOPIC", "name": "Sizes"}, "TOPIC_NOT_MODIFIED"),
        ("deleteForumTopic", {"message_thread_id": 1}, "TOPIC_ID_INVALID"),
        ("sendMessage", {"message_thread_id": 99, "text": "x"}, "message thread not found"),
        ("sendChatAction", {"message_thread_id": 99, "action": "typing"}, "message thread not found"),
        ("deleteMessage", {"message_id": "TOPIC"}, "message can't be deleted"),
    ],
)
async def test_what_is_refused_about_topics(
    *,
    served: Loopback,
    ada: TelegramUser,
    forum: Group,
    method: str,
    parameters: dict[str, Any],
    description: str,
) -> None:
    topic = ada.open_topic(forum, "Sizes").id
    given = {name: topic if value == "TOPIC" else value for name, value in parameters.items()}
    assert await refusal(served, method, chat_id=forum.id, **given) == f"Bad Request: {description}"


@pytest.mark.parametrize(
    ("method", "parameters", "description"),
    [
        ("createForumTopic", {"name": "x"}, "not enough rights to create a topic"),
        (
            "editForumTopic",
            {"message_thread_id": "TOPIC", "name": "x"},
            "not enough rights to edit the topic",
        ),
        ("closeForumTopic", {"message_thread_id": "TOPIC"}, "not enough rights to close or open the topic"),
        ("deleteForumTopic", {"message_thread_id": "TOPIC"}, "not enough rights to delete the topic"),
        ("hideGeneralForumTopic", {}, "not enough rights to close or open the topic"),
    ],
)
async def test_a_plain_member_may_not_run_others_topics(
    *,
    served: Loopback,
    ada: TelegramUser,
    forum: Group,
    shop: Bot,
    method: str,
    parameters: dict[str, Any],
    description: str,
) -> None:
    topic = ada.open_topic(forum, "Sizes").id
    ada.demote(forum, shop)
    given = {name: topic if value == "TOPIC" else value for name, value in parameters.items()}
    assert await refusal(served, method, chat_id=forum.id, **given) == f"Bad Request: {description}"


async def test_a_group_without_topics_is_no_forum(served: Loopback, ada: TelegramUser, team: Group) -> None:
    for chat in (team.id, ada.id):
        refused = await refusal(served, "createForumTopic", chat_id=chat, name="x")
        assert refused == "Bad Request: the chat is not a forum"
    refused = await refusal(served, "sendMessage", chat_id=ada.id, text="x", message_thread_id=5)
    assert refused == "Bad Request: message thread not found"
    ada.turn_into_forum(team)
    found: Any = (await call(served, "getChat", chat_id=team.id))["result"]
    assert found["is_forum"] is True


async def test_messages_are_unpinned_topic_by_topic(
    aiogram_bot: AiogramBot, ada: TelegramUser, forum: Group
) -> None:
    topic = ada.open_topic(forum, "Sizes").id
    inside, outside = ada.say(forum, "in", topic=topic), ada.say(forum, "out")
    for message in (inside, outside):
        await aiogram_bot.pin_chat_message(forum.id, message.id)
    await aiogram_bot.unpin_all_forum_topic_messages(forum.id, topic)
    assert forum.pinned == [outside.id]
    await aiogram_bot.unpin_all_general_forum_topic_messages(forum.id)
    assert forum.pinned == []


async def test_people_make_rename_and_lose_topics_as_their_rights_go(
    ada: TelegramUser, bob: TelegramUser, forum: Group
) -> None:
    with pytest.raises(CannotDo, match="Bob may not make topics"):
        bob.open_topic(forum, "Mine")
    topic = ada.open_topic(forum, "Hers").id
    ada.rename_topic(forum, topic, "Ours")
    for attempt in (lambda: bob.delete_topic(forum, topic), lambda: ada.delete_topic(forum, 1)):
        with pytest.raises(CannotDo):
            attempt()
    with pytest.raises(CannotDo, match="there is no topic 99"):
        ada.say(forum, "x", topic=99)
    assert forum.topics[topic].name == "Ours"


async def test_the_second_client_makes_and_loses_topics_too(
    ptb_bot: telegram.Bot, ada: TelegramUser, forum: Group
) -> None:
    topic = await ptb_bot.create_forum_topic(forum.id, "Customer 9")
    sent = await ptb_bot.send_message(forum.id, "hello", message_thread_id=topic.message_thread_id)
    assert sent.is_topic_message
    ada.delete_topic(forum, topic.message_thread_id)
    with pytest.raises(telegram.error.BadRequest, match="Message thread not found"):
        await ptb_bot.send_message(forum.id, "hello?", message_thread_id=topic.message_thread_id)
