"""Channels: posts, their edits, who may write, and the group where they are discussed."""

import aiogram.exceptions as aiogram_errors
import pytest
import telegram
from aiogram import Bot as AiogramBot

from sandbox.telegram import Bot, CannotDo, Group, TelegramUser, TelegramWorld
from tests.emulators.telegram_at_loopback import Loopback, refusal

pytestmark = pytest.mark.anyio


@pytest.fixture
def news(world: TelegramWorld, shop: Bot, ada: TelegramUser, bob: TelegramUser) -> Group:
    """A channel of Ada's that Bob reads and the bot administers."""
    channel = world.add_group("Tea news", [ada, bob], bots=[shop], type="channel")
    world.updates.clear(shop)
    return channel


async def test_a_bot_comes_into_a_channel_as_an_administrator(
    ptb_bot: telegram.Bot, world: TelegramWorld, ada: TelegramUser, shop: Bot
) -> None:
    world.add_group("Tea news", [ada], bots=[shop], type="channel")
    (update,) = await ptb_bot.get_updates()
    assert update.my_chat_member
    member = update.my_chat_member.new_chat_member
    assert isinstance(member, telegram.ChatMemberAdministrator)
    assert member.can_post_messages


async def test_a_post_and_its_edit_are_the_channel_s(
    aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, bob: TelegramUser, news: Group
) -> None:
    post = ada.say(news, "New tea!")
    ada.edit(news, post.id, "New green tea!")

    new, changed = await aiogram_bot.get_updates()
    assert new.channel_post
    assert new.channel_post.sender_chat
    assert (new.channel_post.from_user, new.channel_post.sender_chat.id) == (None, news.id)
    assert changed.edited_channel_post
    assert changed.edited_channel_post.text == "New green tea!"
    assert bob.chat(news)[-1].author == "Tea news"
    with pytest.raises(CannotDo, match="can_post_messages"):
        bob.say(news, "me too")


async def test_a_bot_posts_edits_what_others_posted_and_hears_nothing_of_it(
    aiogram_bot: AiogramBot, ada: TelegramUser, bob: TelegramUser, news: Group
) -> None:
    sent = await aiogram_bot.send_message(news.id, "Sale")
    assert sent.sender_chat
    assert (sent.chat.type, sent.sender_chat.title) == ("channel", "Tea news")
    post = ada.say(news, "Slae")
    await aiogram_bot.edit_message_text("Sale!", chat_id=news.id, message_id=post.id)
    assert [shown.text for shown in bob.chat(news)] == ["Sale", "Sale!"]
    assert [update.event_type for update in await aiogram_bot.get_updates()] == ["channel_post"]


async def test_without_the_right_for_it_nothing_is_posted_edited_deleted_or_pinned(
    served: Loopback, ada: TelegramUser, news: Group, shop: Bot
) -> None:
    ada.promote(news, shop, "can_invite_users")
    post = ada.say(news, "Sale").id
    for method, parameters, description in (
        ("sendMessage", {"text": "x"}, "need administrator rights in the channel chat"),
        ("editMessageText", {"text": "x", "message_id": post}, "message can't be edited"),
        ("deleteMessage", {"message_id": post}, "message can't be deleted"),
        ("pinChatMessage", {"message_id": post}, "not enough rights to manage pinned messages in the chat"),
    ):
        refused = await refusal(served, method, chat_id=news.id, **parameters)
        assert refused == f"Bad Request: {description}", method


async def test_a_bot_whose_rights_are_taken_is_out(
    aiogram_bot: AiogramBot, ada: TelegramUser, news: Group, shop: Bot
) -> None:
    ada.demote(news, shop)
    with pytest.raises(aiogram_errors.TelegramForbiddenError, match="not a member of the channel chat"):
        await aiogram_bot.send_message(news.id, "x")


async def test_posts_are_forwarded_into_the_discussion_where_people_answer_them(
    *,
    aiogram_bot: AiogramBot,
    world: TelegramWorld,
    ada: TelegramUser,
    bob: TelegramUser,
    news: Group,
    shop: Bot,
) -> None:
    talk = world.add_group("Tea talk", [ada, bob], bots=[shop])
    ada.promote(talk, shop)
    ada.link_discussion(news, talk)
    world.updates.clear(shop)

    news.signs_posts = True
    post = ada.say(news, "New tea!")
    there, here = await aiogram_bot.get_updates()
    assert there.channel_post
    message = here.message
    assert message
    assert message.from_user
    assert message.sender_chat
    assert (message.is_automatic_forward, message.from_user.id, message.sender_chat.id) == (
        True,
        777000,
        news.id,
    )
    origin = message.forward_origin
    assert origin
    assert origin.type == "channel"
    assert (origin.chat.id, origin.message_id, origin.author_signature) == (news.id, post.id, "Ada")
    bob.say(talk, "What kind?", reply_to=message.message_id)
    answered = (await aiogram_bot.get_updates())[-1].message
    assert answered
    assert answered.reply_to_message
    assert answered.reply_to_message.text == "New tea!"
    assert (await aiogram_bot.get_chat(news.id)).linked_chat_id == talk.id


async def test_only_a_channel_and_a_supergroup_are_linked(
    world: TelegramWorld, ada: TelegramUser, team: Group, news: Group
) -> None:
    with pytest.raises(CannotDo, match="a channel is discussed in a supergroup"):
        ada.link_discussion(team, news)
