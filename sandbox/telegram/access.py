"""Whether a bot may read or write a chat, and what it may do there; refused in Telegram's words.

Which chats: the Bot API server (Client.cpp, check_chat_access). What may be sent where: TDLib
(can_send_message_content), as the server passes it on.
"""

from enum import IntEnum
from typing import TYPE_CHECKING, Final

from sandbox.telegram.errors import ApiError, bad_request, forbidden
from sandbox.telegram.group_state import Group
from sandbox.telegram.state import Bot, Chat, Json, User

if TYPE_CHECKING:
    from sandbox.telegram.world import TelegramWorld


class Access(IntEnum):
    """What a method wants of a chat; each includes those before it."""

    READ = 0
    MEMBERS = 1
    WRITE = 2


# The field of a message's content → the permission it needs, and how TDLib calls such messages.
_NEEDS: Final = {
    "text": ("can_send_messages", "text messages"),
    "photo": ("can_send_photos", "photos"),
    "video": ("can_send_videos", "videos"),
    "audio": ("can_send_audios", "music"),
    "document": ("can_send_documents", "documents"),
    "voice": ("can_send_voice_notes", "voice notes"),
    "sticker": ("can_send_other_messages", "stickers"),
    "invoice": ("can_send_messages", "invoice messages"),
    "contact": ("can_send_messages", "contacts"),
    "location": ("can_send_messages", "locations"),
    "venue": ("can_send_messages", "venues"),
}


def find_chat(world: "TelegramWorld", bot: Bot, given: str, access: Access) -> Chat:
    """The chat that a chat_id means. Raises 400 and 403 where the bot may not go."""
    if not given:
        raise bad_request("chat_id is empty")
    group = _named_group(world, given)
    if group is not None:
        if bot.id not in group.members and group.username is None:
            raise bad_request("chat not found")  # a bot that never was there does not know of it
        _check_group(group, bot, access)
        return group
    return _private_chat(world, bot, given, access)


def check_right(group: Group, bot: Bot, right: str, refusal: str) -> None:
    """Raises 400 with `refusal` unless the bot is an administrator who may do that."""
    if not group.has_right(bot.id, right):
        raise bad_request(refusal)


def check_may_send(chat: Chat, bot: Bot, content: Json) -> None:
    """Raises 400 where a message of that kind may not be sent."""
    if not isinstance(chat, Group):
        return
    if chat.type == "channel":
        check_right(chat, bot, "can_post_messages", "need administrator rights in the channel chat")
        return
    for field, (permission, called) in _NEEDS.items():
        if field in content and not chat.permits(bot.id, permission):
            raise bad_request(f"not enough rights to send {called} to the chat")


def as_group(chat: Chat, refusal: str) -> Group:
    """The chat if many share it. Raises 400 with `refusal`."""
    if not isinstance(chat, Group):
        raise bad_request(refusal)
    return chat


def _named_group(world: "TelegramWorld", given: str) -> Group | None:
    if given.startswith("@"):
        name = given.removeprefix("@").lower()
        return next((g for g in world.all_groups() if (g.username or "").lower() == name), None)
    return world.store.find(Group, f"0:{given}") if given.startswith("-") else None


def _check_group(group: Group, bot: Bot, access: Access) -> None:
    member, called = group.member(bot.id), f"{group.type} chat"
    if group.type == "group":
        if access is Access.READ:
            return
        if group.migrated_to is not None:
            parameters = {"migrate_to_chat_id": group.migrated_to}
            sentence = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(400, sentence, parameters)
    if member.status == "kicked":
        raise forbidden(f"bot was kicked from the {called}")
    is_open = group.username is not None and access is not Access.WRITE
    if not member.is_inside and not is_open:
        raise forbidden(f"bot is not a member of the {called}")


def _private_chat(world: "TelegramWorld", bot: Bot, given: str, access: Access) -> Chat:
    if not given.isdigit():
        raise bad_request("chat not found")
    if world.store.find(Bot, given) is not None:
        raise forbidden("bot can't send messages to bots")
    user = world.store.find(User, given)
    if user is None:
        raise bad_request("chat not found")
    if user.deactivated and access is Access.WRITE:
        raise forbidden("user is deactivated")
    chat = world.chat(bot, user.id)
    if chat is None or not chat.started:
        if access is Access.WRITE:
            raise forbidden("bot can't initiate conversation with a user")
        raise bad_request("chat not found")
    if chat.blocked and access is Access.WRITE:
        raise forbidden("bot was blocked by the user")
    return chat
