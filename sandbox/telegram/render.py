"""The world's records as a bot sees them: Bot API JSON."""

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.telegram.group_state import PERMISSIONS, Group, InviteLink, Member, rights_in
from sandbox.telegram.json_values import as_array, as_object
from sandbox.telegram.state import Bot, Chat, Json, Message, StoredFile, User

if TYPE_CHECKING:
    from sandbox.telegram.world import TelegramWorld


@dataclass(frozen=True)
class FileType:
    """What Telegram does with one type of file."""

    prefix: str  # of its file ids
    folder: str
    extension: str
    mime_type: str


FILE_TYPES: Final = {
    "photo": FileType("AgACAgIAAx", "photos", "jpg", "image/jpeg"),
    "video": FileType("BAACAgIAAx", "videos", "mp4", "video/mp4"),
    "audio": FileType("CQACAgIAAx", "music", "mp3", "audio/mpeg"),
    "voice": FileType("AwACAgIAAx", "voice", "oga", "audio/ogg"),
    "sticker": FileType("CAACAgIAAx", "stickers", "webp", "image/webp"),
    "document": FileType("BQACAgIAAx", "documents", "bin", "application/octet-stream"),
}


# Accounts that Telegram shows where the sender is no person: https://core.telegram.org/bots/api#message, from.
_ANONYMOUS_ADMINISTRATOR: Final = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
_CHANNEL_IN_GROUP: Final = {
    "id": 136817688,
    "is_bot": True,
    "first_name": "Channel",
    "username": "Channel_Bot",
}
_TELEGRAM: Final = {"id": 777000, "is_bot": False, "first_name": "Telegram"}


def user_json(user: User) -> Json:
    optional = {"last_name": user.last_name, "username": user.username, "language_code": user.language_code}
    given = {name: value for name, value in optional.items() if value}
    return {"id": user.id, "is_bot": False, "first_name": user.first_name} | given


def bot_json(bot: Bot) -> Json:
    return {"id": bot.id, "is_bot": True, "first_name": bot.first_name, "username": bot.username}


def account_json(world: "TelegramWorld", account_id: int) -> Json:
    """A person or a bot. Raises KeyError."""
    bot = world.find_bot(account_id)
    return user_json(world.user(account_id).record) if bot is None else bot_json(bot)


def chat_json(world: "TelegramWorld", chat: Chat) -> Json:
    if isinstance(chat, Group):
        named = {"title": chat.title} | ({"username": chat.username} if chat.username else {})
        return {"id": chat.id, "type": chat.type} | named | ({"is_forum": True} if chat.is_forum else {})
    user = world.user(chat.id).record
    optional = {"first_name": user.first_name, "last_name": user.last_name, "username": user.username}
    return {"id": chat.id, "type": chat.type} | {name: value for name, value in optional.items() if value}


def member_json(world: "TelegramWorld", group: Group, member: Member, bot: Bot) -> Json:
    """A ChatMember, as this bot sees it."""
    shown: Json = {"user": account_json(world, member.user_id), "status": member.status}
    title = {"custom_title": member.custom_title} if member.custom_title else {}
    match member.status:
        case "creator":
            return shown | {"is_anonymous": member.is_anonymous} | title
        case "administrator":
            rights = {right: right in member.rights for right in sorted(rights_in(group.type))}
            edits = {"can_be_edited": member.promoted_by == bot.id, "is_anonymous": member.is_anonymous}
            return shown | rights | edits | title
        case "restricted":
            allowed = {permission: permission in member.permissions for permission in sorted(PERMISSIONS)}
            return shown | allowed | {"is_member": member.is_member, "until_date": member.until}
        case "kicked":
            return shown | {"until_date": member.until}
        case _:
            return shown


def link_json(world: "TelegramWorld", link: InviteLink) -> Json:
    """A ChatInviteLink."""
    optional = {"name": link.name, "expire_date": link.expires_at, "member_limit": link.member_limit}
    flags = ("creates_join_request", "is_primary", "is_revoked")
    return (
        {"invite_link": link.url, "creator": account_json(world, link.creator_id)}
        | {flag: getattr(link, flag) for flag in flags}
        | {name: value for name, value in optional.items() if value}
    )


def message_json(
    world: "TelegramWorld", message: Message, *, bot: Bot | None = None, with_reply: bool = True
) -> Json:
    """A Message as a bot sees it, with the message it replies to one level deep.

    `bot` may be left out in a bot's private chat. Reply keyboards are not shown to bots.
    """
    bot = bot or world.find_bot(message.bot_id)
    assert bot is not None, f"message {message.key} is shown to a bot that is not there"
    chat = world.chat_of(message)
    body: Json = {"message_id": message.id, "chat": chat_json(world, chat), "date": message.sent_at}
    body |= _sender_json(world, chat, message) | _details_json(world, message)
    replied = _replied(world, chat, message) if with_reply else None
    if replied is not None:
        body["reply_to_message"] = message_json(world, replied, bot=bot, with_reply=False)
    return body | _content_json(world, chat, bot, message.content)


def _sender_json(world: "TelegramWorld", chat: Chat, message: Message) -> Json:
    """`from`, and `sender_chat` where a chat is seen instead of a person (Client.cpp, init_message)."""
    if message.sender_chat is None:
        return {"from": account_json(world, message.from_id)}
    seen = {"sender_chat": chat_json(world, world.group(message.sender_chat))}
    if chat.type == "channel":
        return seen
    if message.automatic_forward:
        return seen | {"from": _TELEGRAM}
    return seen | {"from": _ANONYMOUS_ADMINISTRATOR if message.sender_chat == chat.id else _CHANNEL_IN_GROUP}


def _details_json(world: "TelegramWorld", message: Message) -> Json:
    flags = {
        "has_protected_content": message.protected,
        "is_automatic_forward": message.automatic_forward,
        "is_topic_message": message.thread is not None,
    }
    known = {
        "edit_date": message.edited_at,
        "media_group_id": message.media_group,
        "message_thread_id": message.thread,
        "author_signature": message.signature or None,
    }
    body: Json = {name: True for name, holds in flags.items() if holds}
    body |= {name: value for name, value in known.items() if value is not None}
    if message.via_bot is not None:
        body["via_bot"] = account_json(world, message.via_bot)
    if message.origin is not None:
        body["forward_origin"] = _origin_json(world, message.origin)
    if message.reply_markup and "inline_keyboard" in message.reply_markup:
        body["reply_markup"] = message.reply_markup
    return body


def _origin_json(world: "TelegramWorld", origin: Json) -> Json:
    """A MessageOrigin; the record keeps numbers of people and chats."""
    shown = dict(origin)
    if "sender_user" in origin:
        shown["sender_user"] = account_json(world, origin["sender_user"])
    for name in ("chat", "sender_chat"):
        if name in origin:
            shown[name] = chat_json(world, world.group(origin[name]))
    return shown


def _replied(world: "TelegramWorld", chat: Chat, message: Message) -> Message | None:
    """What it answers; in a topic that is the topic's beginning if nothing else (get_same_chat_reply_to_message_id)."""
    if "pinned_message" in message.content:
        return None
    wanted = message.reply_to or (message.thread if message.thread != message.id else None)
    return None if wanted is None else world.message(chat, wanted)


def _content_json(world: "TelegramWorld", chat: Chat, bot: Bot, content: Json) -> Json:
    """The content with files and people in full."""
    shown: Json = with_file_ids(bot, content)
    if "new_chat_members" in content:
        shown["new_chat_members"] = [account_json(world, number) for number in content["new_chat_members"]]
    if "left_chat_member" in content:
        shown["left_chat_member"] = account_json(world, content["left_chat_member"])
    if "pinned_message" in content:
        shown["pinned_message"] = _pinned_json(world, chat, bot, content["pinned_message"])
    return shown


def _pinned_json(world: "TelegramWorld", chat: Chat, bot: Bot, number: int) -> Json:
    """The message, or an InaccessibleMessage when it was deleted."""
    message = world.message(chat, number)
    if message is None:
        return {"chat": chat_json(world, chat), "message_id": number, "date": 0}
    return message_json(world, message, bot=bot, with_reply=False)


def with_file_ids(bot: Bot, content: Any) -> Any:
    """Every {"file": number, …} gets the ids by which this bot knows the file."""
    if (items := as_array(content)) is not None:
        return [with_file_ids(bot, item) for item in items]
    if (fields := as_object(content)) is None:
        return content
    if "file" not in fields:
        return {name: with_file_ids(bot, value) for name, value in fields.items()}
    own = {name: value for name, value in fields.items() if name not in {"file", "file_type"}}
    return file_ids(bot, fields["file"], fields["file_type"]) | own


def file_ids(bot: Bot, number: int, kind: str) -> Json:
    """A file id is good for one bot only; the unique id is the same for all."""
    secret = base64.urlsafe_b64encode(f"{bot.id}/{number}".encode()).decode().rstrip("=")
    return {"file_id": FILE_TYPES[kind].prefix + secret, "file_unique_id": f"AQAD{number:08x}"}


def file_number(bot: Bot, file_id: str) -> int | None:
    """Which file this bot means; None when the id is nobody's or another bot's."""
    for kind in FILE_TYPES.values():
        if file_id.startswith(kind.prefix):
            return _number_for(bot, file_id.removeprefix(kind.prefix))
    return None


def _number_for(bot: Bot, secret: str) -> int | None:
    try:
        owner, _, number = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4)).decode().partition("/")
    except ValueError:
        return None
    return int(number) if owner == str(bot.id) and number.isdigit() else None


def file_content(file: StoredFile) -> Json:
    """How a message's content names a file of the world."""
    return {"file": file.number, "file_type": file.type, "file_size": file.size}


def photo_content(file: StoredFile) -> list[Json]:
    """The sizes of a photo: the emulator keeps the one that was sent."""
    return [file_content(file) | {"width": file.width, "height": file.height}]
