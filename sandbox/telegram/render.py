"""The world's records as a bot sees them: Bot API JSON."""

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

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
    "voice": FileType("AwACAgIAAx", "voice", "oga", "audio/ogg"),
    "sticker": FileType("CAACAgIAAx", "stickers", "webp", "image/webp"),
    "document": FileType("BQACAgIAAx", "documents", "bin", "application/octet-stream"),
}


def user_json(user: User) -> Json:
    optional = {"last_name": user.last_name, "username": user.username, "language_code": user.language_code}
    given = {name: value for name, value in optional.items() if value}
    return {"id": user.id, "is_bot": False, "first_name": user.first_name} | given


def bot_json(bot: Bot) -> Json:
    return {"id": bot.id, "is_bot": True, "first_name": bot.first_name, "username": bot.username}


def chat_json(world: "TelegramWorld", chat: Chat) -> Json:
    user = world.user(chat.id).record
    optional = {"first_name": user.first_name, "last_name": user.last_name, "username": user.username}
    return {"id": chat.id, "type": chat.type} | {name: value for name, value in optional.items() if value}


def message_json(world: "TelegramWorld", message: Message, *, with_reply: bool = True) -> Json:
    """A Message, with the message it replies to one level deep. Reply keyboards are not shown to bots."""
    bot, chat = _bot(world, message), _chat(world, message)
    sender = bot_json(bot) if message.from_id == bot.id else user_json(world.user(message.from_id).record)
    body: Json = {
        "message_id": message.id,
        "from": sender,
        "chat": chat_json(world, chat),
        "date": message.sent_at,
    }
    if message.edited_at is not None:
        body["edit_date"] = message.edited_at
    if message.media_group is not None:
        body["media_group_id"] = message.media_group
    if message.protected:
        body["has_protected_content"] = True
    replied = world.message(chat, message.reply_to) if message.reply_to and with_reply else None
    if replied is not None:
        body["reply_to_message"] = message_json(world, replied, with_reply=False)
    if message.reply_markup and "inline_keyboard" in message.reply_markup:
        body["reply_markup"] = message.reply_markup
    return body | with_file_ids(bot, message.content)


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


def _bot(world: "TelegramWorld", message: Message) -> Bot:
    bot = world.store.find(Bot, str(message.bot_id))
    assert bot is not None, f"message {message.key} of a bot that is not there"
    return bot


def _chat(world: "TelegramWorld", message: Message) -> Chat:
    chat = world.store.find(Chat, f"{message.bot_id}:{message.chat_id}")
    assert chat is not None, f"message {message.key} in a chat that is not there"
    return chat
