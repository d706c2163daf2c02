"""Changing messages that the bot sent; what is left out of an edit, such as the keyboard, is taken away."""

from typing import Final

from sandbox.telegram.audience import announce
from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import bad_request
from sandbox.telegram.group_state import Group
from sandbox.telegram.keyboards import check_for_sending, inline_only, read_markup
from sandbox.telegram.methods.albums import read_input_media
from sandbox.telegram.methods.media import MEDIA
from sandbox.telegram.methods.messages import (
    caption,
    caption_content,
    check_caption_length,
    check_text_length,
    message_text,
    text_content,
)
from sandbox.telegram.methods.posting import admit
from sandbox.telegram.render import message_json
from sandbox.telegram.state import Chat, Json, Message

_NOT_MODIFIED: Final = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)


@method("editMessageText")
async def edit_message_text(call: Call) -> Json | bool:
    """https://core.telegram.org/bots/api#editmessagetext."""
    markup = inline_only(read_markup(call.given.get("reply_markup")))
    text = message_text(call)
    message = _editable(call)
    if "text" not in message.content:
        raise bad_request("there is no text in the message to edit")
    check_text_length(text)
    return _change(call, message, text_content(call, text), markup)


@method("editMessageCaption")
async def edit_message_caption(call: Call) -> Json | bool:
    """https://core.telegram.org/bots/api#editmessagecaption."""
    markup = inline_only(read_markup(call.given.get("reply_markup")))
    text = caption(call)
    message = _editable(call)
    if MEDIA.isdisjoint(message.content):
        raise bad_request("there is no caption in the message to edit")
    check_caption_length(text)
    kept = {
        name: value for name, value in message.content.items() if name not in {"caption", "caption_entities"}
    }
    return _change(call, message, kept | caption_content(call, text), markup)


@method("editMessageMedia")
async def edit_message_media(call: Call) -> Json | bool:
    """https://core.telegram.org/bots/api#editmessagemedia."""
    markup = inline_only(read_markup(call.given.get("reply_markup")))
    message = _editable(call)
    if "invoice" in message.content:
        raise bad_request("message can't be edited")
    content = await read_input_media(call, call.given["media"])
    return _change(call, message, content, markup)


@method("editMessageReplyMarkup")
async def edit_message_reply_markup(call: Call) -> Json | bool:
    """https://core.telegram.org/bots/api#editmessagereplymarkup."""
    markup = inline_only(read_markup(call.given.get("reply_markup")))
    message = _editable(call)
    return _change(call, message, message.content, markup)


def _editable(call: Call) -> Message:
    if call.text("inline_message_id"):
        message = call.world.inline_message(call.bot, call.text("inline_message_id"))
        if message is None:
            raise bad_request("MESSAGE_ID_INVALID")
        return message
    if not call.has("chat_id") and not call.has("message_id"):
        raise bad_request("Message identifier is not specified")
    chat = call.chat()
    message = call.message(chat, "message to edit")
    has_keyboard = message.reply_markup is not None and "inline_keyboard" not in message.reply_markup
    if has_keyboard or message.is_service or not _edits(call, chat, message):
        raise bad_request("message can't be edited")
    return message


def _edits(call: Call, chat: Chat, message: Message) -> bool:
    """Its own messages; in a channel, with the right for it, all (https://core.telegram.org/bots/api#updating-messages)."""
    if message.origin is not None:
        return False
    if isinstance(chat, Group) and chat.has_right(call.bot.id, "can_edit_messages"):
        return True
    return message.from_id == call.bot.id


def _change(call: Call, message: Message, content: Json, markup: Json | None) -> Json | bool:
    """The changed message; of an inline message nothing is answered but that it was done."""
    check_for_sending(markup, invoice="invoice" in message.content)
    if content == message.content and markup == message.reply_markup:
        raise bad_request(_NOT_MODIFIED)
    is_inline = call.has("inline_message_id")
    if not is_inline:
        admit(call, call.world.chat_of(message))
    message.content, message.reply_markup = content, markup
    message.edited_at = call.world.unix_time()
    call.world.save(message)
    if message.sender_chat is not None:
        announce(call.world, message, edited=True, but=call.bot)
    return True if is_inline else message_json(call.world, message, bot=call.bot)
