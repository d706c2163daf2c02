"""Groups and supergroups: who is in them, which bots hear what, and what is refused to a bot there."""

import asyncio
from typing import Any

import aiogram.exceptions as aiogram_errors
import pytest
import telegram
import telegram.error
from aiogram import Bot as AiogramBot
from aiogram import types

from sandbox.clock import SimulatedClock
from sandbox.telegram import Bot, CannotDo, Group, Limits, TelegramUser, TelegramWorld
from tests.emulators.telegram_at_loopback import Loopback, call, refusal

pytestmark = pytest.mark.anyio

OTHER_TOKEN = "220201543:BBHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


async def kinds(bot: AiogramBot) -> list[str]:
    """What the bot is told, as service message fields, update types and texts."""
    told = []
    for update in await bot.get_updates(allowed_updates=["message", "my_chat_member", "chat_member"]):
        message = update.message
        told.append(update.event_type if message is None else (message.text or message.content_type.value))
    return told


async def texts(bot: AiogramBot) -> list[str | None]:
    return [update.message.text for update in await bot.get_updates() if update.message]


# ── coming and going ────────────────────────────────────────────────────────────────────────────────


async def test_a_bot_is_told_that_it_was_added_and_not_what_was_before(
    aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, bob: TelegramUser, shop: Bot
) -> None:
    group = world.add_group("Tea", [ada, bob], bots=[shop], type="group")

    mine, came = await aiogram_bot.get_updates()
    assert mine.my_chat_member
    change = mine.my_chat_member
    assert (change.old_chat_member.status, change.new_chat_member.status) == ("left", "member")
    assert (change.from_user.id, change.chat.id, change.chat.title) == (ada.id, group.id, "Tea")
    assert came.message
    assert [user.username for user in came.message.new_chat_members or []] == ["parley_bot"]
    assert group.id < 0
    assert came.message.message_id == 2  # the group's beginning was the first


async def test_people_come_and_go_as_service_messages_and_administrators_are_told_more(
    aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, team: Group, shop: Bot
) -> None:
    eve = world.add_user("Eve")
    ada.add(team, eve)
    eve.leave(team)
    assert await kinds(aiogram_bot) == ["new_chat_members", "left_chat_member"]
    world.updates.clear(shop)

    ada.promote(team, shop)
    await kinds(aiogram_bot)  # it asks for chat_member from now on
    world.updates.clear(shop)
    ada.add(team, eve)
    ada.remove(team, eve)
    told = await aiogram_bot.get_updates()
    assert [update.event_type for update in told] == ["chat_member", "message", "chat_member", "message"]
    removed = told[2].chat_member
    assert removed
    assert (removed.new_chat_member.status, removed.new_chat_member.user.id) == ("kicked", eve.id)


async def test_an_administrator_that_does_not_ask_for_chat_member_is_not_told(
    aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, team: Group, shop: Bot
) -> None:
    ada.promote(team, shop)
    world.updates.clear(shop)
    ada.add(team, world.add_user("Eve"))
    (update,) = await aiogram_bot.get_updates()
    assert update.event_type == "message"


@pytest.mark.parametrize(
    ("kind", "called"), [("group", "group"), ("supergroup", "supergroup"), ("channel", "channel")]
)
async def test_a_bot_that_was_removed_gets_403(
    *, served: Loopback, world: TelegramWorld, ada: TelegramUser, shop: Bot, kind: Any, called: str
) -> None:
    group = world.add_group("Tea", [ada], bots=[shop], type=kind)
    world.updates.clear(shop)
    ada.remove(group, shop)

    refused = await refusal(served, "sendMessage", chat_id=group.id, text="x")
    assert refused == f"Forbidden: bot was kicked from the {called} chat"
    updates: Any = (await call(served, "getUpdates"))["result"]
    assert updates[0]["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    if kind != "channel":
        assert updates[1]["message"]["left_chat_member"]["id"] == shop.id


async def test_a_bot_that_left_is_no_member_and_hears_nothing_more(
    aiogram_bot: AiogramBot, ada: TelegramUser, team: Group, served: Loopback
) -> None:
    assert await aiogram_bot.leave_chat(team.id)
    assert await kinds(aiogram_bot) == ["my_chat_member", "left_chat_member"]
    ada.say(team, "/still_there")
    assert len(await aiogram_bot.get_updates()) == 2
    refused = await refusal(served, "sendMessage", chat_id=team.id, text="x")
    assert refused == "Forbidden: bot is not a member of the supergroup chat"
    with pytest.raises(aiogram_errors.TelegramForbiddenError, match="bot is not a member"):
        await aiogram_bot.get_chat(team.id)


async def test_a_bot_that_never_was_in_a_group_does_not_know_it(
    served: Loopback, world: TelegramWorld, ada: TelegramUser
) -> None:
    group = world.add_group("Secret", [ada])
    assert await refusal(served, "getChat", chat_id=group.id) == "Bad Request: chat not found"


async def test_a_public_group_may_be_read_by_its_name_but_not_written_to(
    served: Loopback, world: TelegramWorld, ada: TelegramUser
) -> None:
    group = world.add_group("Open", [ada], username="open_tea")
    found: Any = (await call(served, "getChat", chat_id="@Open_Tea"))["result"]
    assert found["id"] == group.id
    refused = await refusal(served, "sendMessage", chat_id="@open_tea", text="x")
    assert refused == "Forbidden: bot is not a member of the supergroup chat"


# ── privacy mode ────────────────────────────────────────────────────────────────────────────────────


async def test_in_privacy_mode_a_bot_hears_commands_mentions_replies_and_nothing_else(
    aiogram_bot: AiogramBot, world: TelegramWorld, bob: TelegramUser, team: Group
) -> None:
    asked = await aiogram_bot.send_message(team.id, "Who joins?")
    said = bob.say(team, "what do you all think?")
    bob.say(team, "/join")
    bob.say(team, "/join@parley_bot")
    bob.say(team, "/join@another_bot")
    bob.say(team, "me too, @parley_bot!")
    bob.say(team, "I do", reply_to=asked.message_id)
    bob.say(team, "not now", reply_to=said.id)

    assert await texts(aiogram_bot) == ["/join", "/join@parley_bot", "me too, @parley_bot!", "I do"]


async def test_administrators_and_bots_without_privacy_hear_everything(
    aiogram_bot: AiogramBot,
    world: TelegramWorld,
    ada: TelegramUser,
    bob: TelegramUser,
    team: Group,
    shop: Bot,
) -> None:
    bob.say(team, "one")
    ada.promote(team, shop, "can_pin_messages")
    bob.say(team, "two")
    ada.demote(team, shop)
    bob.say(team, "three")
    assert await texts(aiogram_bot) == ["two"]
    world.add_bot(shop.token, shop.username, name=shop.first_name, privacy=False)
    bob.say(team, "four")
    assert await texts(aiogram_bot) == ["two", "four"]
    assert (await aiogram_bot.get_me()).can_read_all_group_messages is True


async def test_a_command_for_nobody_goes_to_the_bot_that_spoke_last_and_bots_do_not_hear_bots(
    aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, team: Group, shop: Bot
) -> None:
    other = world.add_bot(OTHER_TOKEN, "other_bot", privacy=False)
    ada.add(team, other)
    world.updates.clear(shop)
    world.updates.clear(other)
    await aiogram_bot.send_message(team.id, "hello")
    ada.say(team, "/first")
    world.post(team, other.id, {"text": "hi"})
    ada.say(team, "/second")

    assert await texts(aiogram_bot) == ["/first"]
    heard = [update.payload["text"] for update in world.updates.pending(other)]
    assert heard == ["/first", "/second"]


# ── rights ──────────────────────────────────────────────────────────────────────────────────────────


async def test_what_a_plain_member_may_not_do_is_refused_in_telegram_s_words(
    served: Loopback, ada: TelegramUser, bob: TelegramUser, team: Group
) -> None:
    said = ada.say(team, "hello").id
    nobody = {"chat_id": team.id, "user_id": bob.id}
    refusals = {
        "pinChatMessage": ({"message_id": said}, "not enough rights to manage pinned messages in the chat"),
        "deleteMessage": ({"message_id": said}, "message can't be deleted"),
        "setChatTitle": ({"title": "x"}, "not enough rights to change chat title"),
        "setChatDescription": ({"description": "x"}, "not enough rights to set chat description"),
        "createChatInviteLink": ({}, "not enough rights to manage chat invite link"),
        "exportChatInviteLink": ({}, "not enough rights to manage chat invite link"),
        "banChatMember": (nobody, "not enough rights to restrict/unrestrict chat member"),
        "unbanChatMember": (nobody, "not enough rights to restrict/unrestrict chat member"),
        "promoteChatMember": (nobody, "not enough rights"),
        "approveChatJoinRequest": (nobody, "not enough rights to manage chat join requests"),
        "editMessageText": ({"message_id": said, "text": "x"}, "message can't be edited"),
    }
    for method, (parameters, description) in refusals.items():
        refused = await refusal(served, method, **({"chat_id": team.id} | parameters))
        assert refused == f"Bad Request: {description}", method


async def test_an_administrator_may_pin_delete_and_rename_and_hears_what_telegram_says_of_it(
    aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, team: Group, shop: Bot
) -> None:
    ada.promote(team, shop)
    said = ada.say(team, "hello").id
    world.updates.clear(shop)

    await aiogram_bot.pin_chat_message(team.id, said)
    await aiogram_bot.set_chat_title(team.id, "Coffee friends")
    pinned, renamed = [update.message for update in await aiogram_bot.get_updates()]
    assert pinned
    assert pinned.pinned_message
    assert pinned.pinned_message.message_id == said
    assert renamed
    assert renamed.new_chat_title == "Coffee friends"
    full = await aiogram_bot.get_chat(team.id)
    assert full.pinned_message
    assert (full.title, full.pinned_message.message_id) == ("Coffee friends", said)

    await aiogram_bot.delete_message(team.id, said)
    assert (await aiogram_bot.get_chat(team.id)).pinned_message is None
    assert "hello" not in [shown.text for shown in ada.chat(team)]


async def test_one_message_after_another_is_pinned_and_unpinned(
    aiogram_bot: AiogramBot, served: Loopback, ada: TelegramUser, team: Group, shop: Bot
) -> None:
    ada.promote(team, shop)
    for number in [ada.say(team, str(number)).id for number in range(3)]:
        await aiogram_bot.pin_chat_message(team.id, number)
    first, second, third = team.pinned
    await aiogram_bot.unpin_chat_message(team.id, message_id=first)
    await aiogram_bot.unpin_chat_message(team.id)
    assert team.pinned == [second]
    refused = await refusal(served, "unpinChatMessage", chat_id=team.id, message_id=third)
    assert refused == "Bad Request: message to unpin not found"
    await aiogram_bot.unpin_all_chat_messages(team.id)
    assert team.pinned == []


async def test_after_48_hours_even_an_administrator_s_bot_deletes_nothing(
    served: Loopback, ada: TelegramUser, team: Group, shop: Bot, clock: SimulatedClock
) -> None:
    ada.promote(team, shop)
    said = ada.say(team, "hello").id
    clock.advance(48 * 3600 + 1)
    refused = await refusal(served, "deleteMessage", chat_id=team.id, message_id=said)
    assert refused == "Bad Request: message can't be deleted"


async def test_a_muted_bot_or_person_cannot_write(
    served: Loopback, ada: TelegramUser, bob: TelegramUser, team: Group, shop: Bot
) -> None:
    ada.restrict(team, shop)
    ada.restrict(team, bob, "can_send_photos")
    refused = await refusal(served, "sendMessage", chat_id=team.id, text="x")
    assert refused == "Bad Request: not enough rights to send text messages to the chat"
    with pytest.raises(CannotDo, match="Bob may not write in Tea friends"):
        bob.say(team, "hi")


async def test_a_bot_bans_limits_and_promotes_people(
    aiogram_bot: AiogramBot,
    world: TelegramWorld,
    ada: TelegramUser,
    bob: TelegramUser,
    team: Group,
    shop: Bot,
) -> None:
    ada.promote(team, shop)

    await aiogram_bot.restrict_chat_member(
        team.id, bob.id, permissions=types.ChatPermissions(can_send_messages=False, can_send_photos=True)
    )
    limited = await aiogram_bot.get_chat_member(team.id, bob.id)
    assert isinstance(limited, types.ChatMemberRestricted)
    assert (limited.is_member, limited.can_send_messages, limited.can_send_photos) == (True, False, True)

    everything = dict.fromkeys(types.ChatPermissions.model_fields, True)
    await aiogram_bot.restrict_chat_member(
        team.id, bob.id, permissions=types.ChatPermissions.model_validate(everything)
    )
    await aiogram_bot.promote_chat_member(team.id, bob.id, can_pin_messages=True)
    promoted = await aiogram_bot.get_chat_member(team.id, bob.id)
    assert isinstance(promoted, types.ChatMemberAdministrator)
    assert (promoted.can_be_edited, promoted.can_pin_messages, promoted.can_delete_messages) == (
        True,
        True,
        False,
    )
    await aiogram_bot.set_chat_administrator_custom_title(team.id, bob.id, "Tea master")
    assert team.member(bob.id).custom_title == "Tea master"

    await aiogram_bot.ban_chat_member(team.id, bob.id, until_date=world.unix_time() + 60)
    banned = await aiogram_bot.get_chat_member(team.id, bob.id)
    assert isinstance(banned, types.ChatMemberBanned)
    with pytest.raises(CannotDo, match="Bob is not in Tea friends"):
        bob.say(team, "hi")
    await aiogram_bot.unban_chat_member(team.id, bob.id)
    assert (await aiogram_bot.get_chat_member(team.id, bob.id)).status == "left"


@pytest.mark.parametrize(
    ("method", "who", "description"),
    [
        ("banChatMember", "owner", "can't remove chat owner"),
        ("banChatMember", "bot", "can't restrict self"),
        ("banChatMember", "administrator", "user is an administrator of the chat"),
        ("banChatMember", 424242, "PARTICIPANT_ID_INVALID"),
        ("banChatMember", -1, "invalid user_id specified"),
        ("promoteChatMember", "owner", "can't remove chat owner"),
        ("promoteChatMember", "bot", "can't promote self"),
        ("promoteChatMember", "stranger", "USER_NOT_MUTUAL_CONTACT"),
        ("getChatMember", 424242, "PARTICIPANT_ID_INVALID"),
    ],
)
async def test_some_people_cannot_be_touched(
    *,
    served: Loopback,
    world: TelegramWorld,
    ada: TelegramUser,
    bob: TelegramUser,
    team: Group,
    shop: Bot,
    method: str,
    who: str | int,
    description: str,
) -> None:
    ada.promote(team, shop)
    ada.promote(team, bob)
    stranger = world.add_user("Eve").id
    people = {"owner": ada.id, "bot": shop.id, "administrator": bob.id, "stranger": stranger}
    user_id = people[who] if isinstance(who, str) else who
    refused = await refusal(served, method, chat_id=team.id, user_id=user_id)
    assert refused == f"Bad Request: {description}"


async def test_a_bot_gives_no_right_that_it_lacks(
    served: Loopback, ada: TelegramUser, bob: TelegramUser, team: Group, shop: Bot
) -> None:
    ada.promote(team, shop, "can_promote_members")
    refused = await refusal(
        served, "promoteChatMember", chat_id=team.id, user_id=bob.id, can_delete_messages=True
    )
    assert refused == "Bad Request: RIGHT_FORBIDDEN"


@pytest.mark.parametrize(
    ("method", "parameters", "description"),
    [
        ("getChatAdministrators", {}, "there are no administrators in the private chat"),
        ("banChatMember", {"user_id": 5}, "can't ban members in private chats"),
        ("unbanChatMember", {"user_id": 5}, "method is available for supergroup and channel chats only"),
        ("restrictChatMember", {"user_id": 5, "permissions": {}}, "method is available only for supergroups"),
        ("createChatInviteLink", {}, "can't invite members to a private chat"),
        ("approveChatJoinRequest", {"user_id": 5}, "the chat can't have join requests"),
        ("setChatTitle", {"title": "x"}, "can't change private chat title"),
        ("leaveChat", {}, "chat member status can't be changed in private chats"),
    ],
)
async def test_private_chats_are_no_groups(
    served: Loopback, ada: TelegramUser, method: str, parameters: dict[str, object], description: str
) -> None:
    assert await refusal(served, method, chat_id=ada.id, **parameters) == f"Bad Request: {description}"


async def test_a_group_takes_20_messages_a_minute(
    served: Loopback, world: TelegramWorld, team: Group, clock: SimulatedClock
) -> None:
    world.limits = Limits()
    for number in range(20):
        clock.advance(1)
        assert (await call(served, "sendMessage", chat_id=team.id, text=str(number)))["ok"], number
    body = await call(served, "sendMessage", chat_id=team.id, text="one too many")
    assert (body["error_code"], body["parameters"]) == (429, {"retry_after": 41})
    clock.advance(41)
    assert (await call(served, "sendMessage", chat_id=team.id, text="again"))["ok"]


# ── invite links ────────────────────────────────────────────────────────────────────────────────────


async def test_people_join_by_a_link_until_it_is_used_up(
    aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, team: Group, shop: Bot
) -> None:
    ada.promote(team, shop)
    await aiogram_bot.get_updates(allowed_updates=["message", "chat_member"])
    world.updates.clear(shop)
    link = await aiogram_bot.create_chat_invite_link(team.id, name="Deal", member_limit=1)
    eve = world.add_user("Eve")
    eve.join(link.invite_link)

    joined, came = await aiogram_bot.get_updates()
    assert joined.chat_member
    assert joined.chat_member.invite_link
    assert joined.chat_member.invite_link.name == "Deal"
    assert came.message
    assert came.message.new_chat_members
    with pytest.raises(CannotDo, match="has expired"):
        world.add_user("Mallory").join(link.invite_link)
    revoked = await aiogram_bot.revoke_chat_invite_link(team.id, link.invite_link)
    assert revoked.is_revoked


async def test_an_exported_link_ends_the_one_before(
    aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, team: Group, shop: Bot
) -> None:
    ada.promote(team, shop)
    old = await aiogram_bot.export_chat_invite_link(team.id)
    new = await aiogram_bot.export_chat_invite_link(team.id)
    eve = world.add_user("Eve")
    with pytest.raises(CannotDo, match="has expired"):
        eve.join(old)
    assert eve.join(new) == team
    assert (await aiogram_bot.get_chat(team.id)).invite_link == new


async def test_a_request_to_join_waits_for_an_administrator(
    aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, team: Group, shop: Bot
) -> None:
    ada.promote(team, shop)
    link = await aiogram_bot.create_chat_invite_link(team.id, creates_join_request=True)
    eve, mallory = world.add_user("Eve"), world.add_user("Mallory")
    world.updates.clear(shop)
    assert eve.join(link.invite_link) is None
    assert mallory.join(link.invite_link) is None

    first, second = await aiogram_bot.get_updates()
    assert first.chat_join_request
    assert second.chat_join_request
    await first.chat_join_request.approve().as_(aiogram_bot)
    await second.chat_join_request.decline().as_(aiogram_bot)
    assert [shown.notice for shown in eve.chat(team)][-1] == "Eve joined"
    with pytest.raises(CannotDo, match="Mallory is not in"):
        mallory.chat(team)
    with pytest.raises(aiogram_errors.TelegramBadRequest, match="USER_ALREADY_PARTICIPANT"):
        await aiogram_bot.approve_chat_join_request(team.id, eve.id)
    with pytest.raises(aiogram_errors.TelegramBadRequest, match="HIDE_REQUESTER_MISSING"):
        await aiogram_bot.approve_chat_join_request(team.id, mallory.id)


@pytest.mark.parametrize(
    ("parameters", "description"),
    [
        ({"member_limit": 100_000}, "USAGE_LIMIT_INVALID"),
        ({"expire_date": 5}, "EXPIRE_DATE_INVALID"),
        (
            {"member_limit": 5, "creates_join_request": True},
            "member limit can't be specified for links requiring administrator approval",
        ),
    ],
)
async def test_links_that_telegram_does_not_make(
    *,
    served: Loopback,
    ada: TelegramUser,
    team: Group,
    shop: Bot,
    parameters: dict[str, object],
    description: str,
) -> None:
    ada.promote(team, shop)
    refused = await refusal(served, "createChatInviteLink", chat_id=team.id, **parameters)
    assert refused == f"Bad Request: {description}"


# ── a group becomes a supergroup ────────────────────────────────────────────────────────────────────


async def test_an_upgraded_group_has_a_new_id_and_the_old_one_says_where_it_went(
    aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, bob: TelegramUser, shop: Bot
) -> None:
    group = world.add_group("Tea", [ada, bob], bots=[shop], type="group")
    world.updates.clear(shop)
    upgraded = ada.upgrade(group)

    there, here = [update.message for update in await aiogram_bot.get_updates()]
    assert there
    assert here
    assert (there.chat.id, there.migrate_to_chat_id) == (group.id, upgraded.id)
    assert (here.chat.id, here.chat.type, here.migrate_from_chat_id) == (upgraded.id, "supergroup", group.id)
    with pytest.raises(aiogram_errors.TelegramMigrateToChat) as moved:
        await aiogram_bot.send_message(group.id, "hello?")
    assert moved.value.migrate_to_chat_id == upgraded.id
    await aiogram_bot.send_message(upgraded.id, "hello")
    assert bob.chat(upgraded)[-1].text == "hello"
    with pytest.raises(CannotDo, match="was upgraded to a supergroup"):
        bob.say(group, "hello?")


async def test_the_second_client_is_told_where_the_group_went(
    ptb_bot: telegram.Bot, world: TelegramWorld, ada: TelegramUser, shop: Bot
) -> None:
    group = world.add_group("Tea", [ada], bots=[shop], type="group")
    upgraded = ada.upgrade(group)
    with pytest.raises(telegram.error.ChatMigrated) as moved:
        await ptb_bot.send_message(group.id, "hello?")
    assert moved.value.new_chat_id == upgraded.id


# ── anonymous administrators ────────────────────────────────────────────────────────────────────────


async def test_an_anonymous_administrator_speaks_as_the_group(
    aiogram_bot: AiogramBot,
    world: TelegramWorld,
    ada: TelegramUser,
    bob: TelegramUser,
    team: Group,
    shop: Bot,
) -> None:
    ada.stay_anonymous(team)
    world.updates.clear(shop)
    ada.say(team, "/open")
    (update,) = await aiogram_bot.get_updates()
    message = update.message
    assert message
    assert message.sender_chat
    assert message.from_user
    assert (message.sender_chat.id, message.from_user.username) == (team.id, "GroupAnonymousBot")
    assert bob.chat(team)[-1].author == "Tea friends"


# ── what people see and do ──────────────────────────────────────────────────────────────────────────


async def test_a_member_sees_who_wrote_what(
    aiogram_bot: AiogramBot, ada: TelegramUser, bob: TelegramUser, team: Group
) -> None:
    bob.say(team, "hello")
    await aiogram_bot.send_message(team.id, "Join?")
    shown = ada.chat(team)
    assert [(message.author, message.text or message.notice, message.mine) for message in shown] == [
        ("Ada", "Ada added Parley", True),
        ("Bob", "hello", False),
        ("Parley", "Join?", False),
    ]


async def test_anyone_in_the_group_may_tap_and_the_bot_knows_where_and_who(
    aiogram_bot: AiogramBot, ada: TelegramUser, bob: TelegramUser, team: Group
) -> None:
    button = types.InlineKeyboardButton(text="Join", callback_data="join:7")
    markup = types.InlineKeyboardMarkup(inline_keyboard=[[button]])
    card = await aiogram_bot.send_message(team.id, "1 of 3", reply_markup=markup)
    pressed = bob.tap(team, "Join")
    (update,) = await aiogram_bot.get_updates()
    query = update.callback_query
    assert query
    assert query.message
    assert (query.from_user.id, query.message.chat.id) == (bob.id, team.id)
    await query.answer("You are in").as_(aiogram_bot)
    assert (await pressed.answered())["text"] == "You are in"
    await aiogram_bot.edit_message_text("2 of 3", chat_id=team.id, message_id=card.message_id)
    assert ada.chat(team)[-1].text == "2 of 3"


async def test_who_is_outside_sees_and_does_nothing(
    world: TelegramWorld, ada: TelegramUser, bob: TelegramUser, team: Group, shop: Bot
) -> None:
    eve = world.add_user("Eve")
    for attempt in (
        lambda: eve.say(team, "hi"),
        lambda: eve.chat(team),
        lambda: eve.leave(team),
        lambda: eve.add(team, shop),
        lambda: eve.remove(team, bob),
        lambda: bob.remove(team, ada),
        lambda: bob.promote(team, bob),
        lambda: ada.remove(team, ada),
        lambda: ada.add(team, bob),
        lambda: ada.upgrade(team),
        lambda: eve.join("https://t.me/+nowhere"),
    ):
        with pytest.raises(CannotDo):
            attempt()


async def test_a_selective_keyboard_is_for_whom_it_answers(
    aiogram_bot: AiogramBot, ada: TelegramUser, bob: TelegramUser, team: Group
) -> None:
    asked = bob.say(team, "/sizes")
    keys = types.ReplyKeyboardMarkup(keyboard=[[types.KeyboardButton(text="Small")]], selective=True)
    answers = types.ReplyParameters(message_id=asked.id)
    await aiogram_bot.send_message(team.id, "Which?", reply_markup=keys, reply_parameters=answers)
    assert bob.keyboard(team)[0][0].text == "Small"
    assert ada.keyboard(team) == ()


async def test_an_invoice_in_a_group_is_paid_there(
    aiogram_bot: AiogramBot, bob: TelegramUser, team: Group
) -> None:
    bob.buy_stars(5)
    prices = [types.LabeledPrice(label="Kettle", amount=5)]
    await aiogram_bot.send_invoice(
        team.id, title="Kettle", description="Red", payload="o7", currency="XTR", prices=prices
    )
    paying = asyncio.ensure_future(bob.pay(team))
    (asked,) = await aiogram_bot.get_updates(timeout=10)
    assert asked.pre_checkout_query
    await asked.pre_checkout_query.answer(ok=True).as_(aiogram_bot)
    assert (await paying).paid
    assert bob.chat(team)[-1].notice == "Bob paid"
