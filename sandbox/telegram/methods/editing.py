"""Changing messages that the bot sent; what is left out of an edit, such as the keyboard, is taken away."""

from typing import Final

from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import bad_request
from sandbox.telegram.keyboards import check_for_sending, inline_only, read_markup
from sandbox.telegram.methods.media import read_input_media
from sandbox.telegram.methods.messages import (
    caption,
    caption_content,
    check_caption_length,
    check_text_length,
    message_text,
    text_content,
)
from sandbox.telegram.render import message_json
from sandbox.telegram.state import Json, Message

_NOT_MODIFIED: Final = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)


@method("editMessageText")
async def edit_message_text(call: Call) -> Json:
    """https://core.telegram.org/bots/api#editmessagetext."""
    markup = inline_only(read_markup(call.given.get("reply_markup")))
    text = message_text(call)
    message = _editable(call)
    if "text" not in message.content:
        raise bad_request("there is no text in the message to edit")
    check_text_length(text)
    return _change(call, message, text_content(call, text), markup)


@method("editMessageCaption")
async def edit_message_caption(call: Call) -> Json:
    """https://core.telegram.org/bots/api#editmessagecaption."""
    markup = inline_only(read_markup(call.given.get("reply_markup")))
    text = caption(call)
    message = _editable(call)
    if "photo" not in message.content:
        raise bad_request("there is no caption in the message to edit")
    check_caption_length(text)
    kept = {
        name: value for name, value in message.content.items() if name not in {"caption", "caption_entities"}
    }
    return _change(call, message, kept | caption_content(call, text), markup)


@method("editMessageMedia")
async def edit_message_media(call: Call) -> Json:
    """https://core.telegram.org/bots/api#editmessagemedia, for photos."""
    markup = inline_only(read_markup(call.given.get("reply_markup")))
    message = _editable(call)
    if "invoice" in message.content:
        raise bad_request("message can't be edited")
    content = await read_input_media(call, call.given["media"])
    return _change(call, message, content, markup)


@method("editMessageReplyMarkup")
async def edit_message_reply_markup(call: Call) -> Json:
    """https://core.telegram.org/bots/api#editmessagereplymarkup."""
    markup = inline_only(read_markup(call.given.get("reply_markup")))
    message = _editable(call)
    return _change(call, message, message.content, markup)


def _editable(call: Call) -> Message:
    if not call.has("chat_id") and not call.has("message_id"):
        raise bad_request("Message identifier is not specified")
    message = call.message(call.chat(), "message to edit")
    has_keyboard = message.reply_markup is not None and "inline_keyboard" not in message.reply_markup
    if message.from_id != call.bot.id or has_keyboard:
        raise bad_request("message can't be edited")
    return message


def _change(call: Call, message: Message, content: Json, markup: Json | None) -> Json:
    check_for_sending(markup, invoice="invoice" in message.content)
    if content == message.content and markup == message.reply_markup:
        raise bad_request(_NOT_MODIFIED)
    pace = call.world.paces[call.bot.id]
    pace.admit(message.chat_id, call.world.now(), call.world.limits)
    message.content, message.reply_markup = content, markup
    message.edited_at = call.world.unix_time()
    call.world.save(message)
    return message_json(call.world, message)
