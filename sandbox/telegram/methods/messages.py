"""Sending and deleting messages, answering taps."""

from typing import Final

from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import bad_request
from sandbox.telegram.group_state import Group
from sandbox.telegram.keyboards import read_markup
from sandbox.telegram.markup import Entity, Formatted, utf16_length
from sandbox.telegram.methods.posting import send, thread_for
from sandbox.telegram.payments import QUERY_GONE
from sandbox.telegram.render import user_json
from sandbox.telegram.state import Bot, Chat, Json, Message, Tap, User
from sandbox.telegram.text import CAPTION_LENGTH_MAX, TEXT_LENGTH_MAX, read_text

_ACTIONS: Final = {
    *(
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
    ),
    *("choose_sticker", "find_location", "record_video_note", "upload_video_note", "cancel"),
}
_ANSWER_LENGTH_MAX: Final = 200
_DELETABLE_SECONDS: Final = 48 * 3600
_DELETED_AT_ONCE_MAX: Final = 100
# The beginnings of chats and topics stay: https://core.telegram.org/bots/api#deletemessage.
_LASTING: Final = {"group_chat_created", "migrate_from_chat_id", "forum_topic_created"}


@method("sendMessage")
async def send_message(call: Call) -> Json:
    """https://core.telegram.org/bots/api#sendmessage."""
    text = message_text(call)
    markup = read_markup(call.given.get("reply_markup"))
    chat = call.chat()
    check_text_length(text)
    return send(call, chat, text_content(call, text), markup)


@method("sendChatAction")
async def send_chat_action(call: Call) -> bool:
    """https://core.telegram.org/bots/api#sendchataction."""
    action = call.text("action").lower()
    if action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = call.chat()
    thread_for(call, chat)
    call.world.actions[chat.key] = action
    call.world.changes.notify()
    return True


@method("deleteMessage")
async def delete_message(call: Call) -> bool:
    """https://core.telegram.org/bots/api#deletemessage."""
    if not call.has("message_id"):
        raise bad_request("Message identifier is not specified")
    chat = call.chat()
    message = call.message(chat, "message to delete")
    check_deletable(call, chat, message)
    call.world.forget_message(message)
    return True


@method("deleteMessages")
async def delete_messages(call: Call) -> bool:
    """https://core.telegram.org/bots/api#deletemessages: those that are not there are skipped."""
    ids: list[int] = call.given["message_ids"]
    if not ids:
        raise bad_request("Message identifiers are not specified")
    if len(ids) > _DELETED_AT_ONCE_MAX:
        raise bad_request("Too many message identifiers specified")
    chat = call.chat()
    found = [message for number in ids if (message := call.world.message(chat, number)) is not None]
    for message in found:
        check_deletable(call, chat, message)
    for message in found:
        call.world.forget_message(message)
    return True


@method("answerCallbackQuery")
async def answer_callback_query(call: Call) -> bool:
    """https://core.telegram.org/bots/api#answercallbackquery; a tap is answered once, and soon."""
    tap = call.world.store.find(Tap, call.text("callback_query_id"))
    if tap is None or tap.bot_id != call.bot.id or tap.answer is not None:
        raise bad_request(QUERY_GONE)
    if call.world.now() - tap.asked_at > call.world.limits.tap_seconds:
        raise bad_request(QUERY_GONE)
    if len(call.text("text")) > _ANSWER_LENGTH_MAX:
        raise bad_request("MESSAGE_TOO_LONG")
    if call.has("url") and not call.text("url").startswith(
        (f"https://t.me/{call.bot.username}?", f"t.me/{call.bot.username}?")
    ):
        raise bad_request("URL_INVALID")
    tap.answer = {"text": call.text("text"), "show_alert": call.flag("show_alert"), "url": call.text("url")}
    call.world.save(tap)
    return True


def message_text(call: Call) -> Formatted:
    """The text parameter, its markup read. Raises 400 when nothing is left of it."""
    if not call.text("text"):
        raise bad_request("Message text is empty")
    text = read_text(call.text("text"), call.text("parse_mode"), call.given.get("entities"))
    if not text.text:
        raise bad_request("Text must be non-empty")
    return text


def caption(call: Call) -> Formatted:
    return read_text(call.text("caption"), call.text("parse_mode"), call.given.get("caption_entities"))


def check_text_length(text: Formatted) -> None:
    if utf16_length(text.text) > TEXT_LENGTH_MAX:
        raise bad_request("message is too long")


def check_caption_length(text: Formatted) -> None:
    if utf16_length(text.text) > CAPTION_LENGTH_MAX:
        raise bad_request("message caption is too long")


def text_content(call: Call, text: Formatted) -> Json:
    entities = with_users(call, text.entities)
    content: Json = {"text": text.text} | ({"entities": entities} if entities else {})
    preview = call.given.get("link_preview_options")
    return content | ({"link_preview_options": preview} if preview else {})


def caption_content(call: Call, text: Formatted) -> Json:
    if not text.text:
        return {}
    entities = with_users(call, text.entities)
    return {"caption": text.text} | ({"caption_entities": entities} if entities else {})


def with_users(call: Call, entities: list[Entity]) -> list[Entity]:
    """Mentions carry the whole user; those of people the bot cannot know are dropped."""
    known: list[Entity] = []
    for entity in entities:
        if entity["type"] != "text_mention":
            known.append(entity)
        elif (user := call.world.store.find(User, str(entity["user"]["id"]))) is not None:
            known.append(entity | {"user": user_json(user)})
    return known


def check_deletable(call: Call, chat: Chat, message: Message) -> None:
    """Raises 400 unless the bot may delete it, for everybody (TDLib, can_delete_channel_message)."""
    too_old = call.world.unix_time() - message.sent_at > _DELETABLE_SECONDS
    if not isinstance(chat, Group):
        if too_old:
            raise bad_request("message can't be deleted for everyone")
        return
    own = message.from_id == call.bot.id and (chat.type != "channel" or _posts(chat, call.bot))
    may = own or chat.has_right(call.bot.id, "can_delete_messages")
    if too_old or not may or not _LASTING.isdisjoint(message.content):
        raise bad_request("message can't be deleted")


def _posts(channel: Group, bot: Bot) -> bool:
    return channel.has_right(bot.id, "can_post_messages")
