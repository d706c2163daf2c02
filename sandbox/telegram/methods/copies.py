"""The same message again: forwarded with its origin, or copied without."""

from typing import Final

from sandbox.telegram.access import Access
from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import bad_request
from sandbox.telegram.keyboards import read_markup
from sandbox.telegram.methods.media import MEDIA
from sandbox.telegram.methods.messages import caption, caption_content, check_caption_length
from sandbox.telegram.methods.posting import posted, posted_together, send
from sandbox.telegram.render import message_json
from sandbox.telegram.state import Json, Message

_AT_ONCE_MAX: Final = 100
_NEVER_COPIED: Final = {"invoice"}  # https://core.telegram.org/bots/api#copymessage


@method("forwardMessage")
async def forward_message(call: Call) -> Json:
    """https://core.telegram.org/bots/api#forwardmessage."""
    chat = call.chat()
    message = call.message(call.chat(Access.READ, name="from_chat_id"), "message to forward")
    if message.protected or message.is_service:
        raise bad_request("the message can't be forwarded")
    again = posted(call, chat, message.content, origin=call.world.origin(message), via_bot=message.via_bot)
    return message_json(call.world, again, bot=call.bot)


@method("copyMessage")
async def copy_message(call: Call) -> Json:
    """https://core.telegram.org/bots/api#copymessage: media may get another caption."""
    markup = read_markup(call.given.get("reply_markup"))
    new_caption = caption(call)
    chat = call.chat()
    message = call.message(call.chat(Access.READ, name="from_chat_id"), "message to copy")
    _check_copied(message)
    content = message.content
    if "caption" in call.given and not MEDIA.isdisjoint(content):
        check_caption_length(new_caption)
        content = _without_caption(content) | caption_content(call, new_caption)
    return {"message_id": send(call, chat, content, markup)["message_id"]}


@method("forwardMessages", "copyMessages")
async def repeat_messages(call: Call) -> list[Json]:
    """https://core.telegram.org/bots/api#forwardmessages and #copymessages: what cannot be repeated is skipped."""
    ids: list[int] = call.given["message_ids"]
    if not ids:
        raise bad_request("there are no messages to forward")
    if len(ids) > _AT_ONCE_MAX:
        raise bad_request("too many message identifiers specified")
    if ids != sorted(set(ids)):
        raise bad_request("message identifiers must be in a strictly increasing order")
    chat, source = call.chat(), call.chat(Access.READ, name="from_chat_id")
    found = [message for number in ids if (message := call.world.message(source, number)) is not None]
    found = [message for message in found if not (message.is_service or message.protected)]
    if not found:
        raise bad_request("there are no messages to forward")
    if call.method == "forwardMessages":
        repeated = [
            posted(call, chat, message.content, origin=call.world.origin(message), via_bot=message.via_bot)
            for message in found
        ]
    else:
        contents = [m.content for m in found if _NEVER_COPIED.isdisjoint(m.content)]
        contents = [_without_caption(c) for c in contents] if call.flag("remove_caption") else contents
        repeated = posted_together(call, chat, contents)
    return [{"message_id": message.id} for message in repeated]


def _check_copied(message: Message) -> None:
    if message.protected or message.is_service or not _NEVER_COPIED.isdisjoint(message.content):
        raise bad_request("the message can't be copied")


def _without_caption(content: Json) -> Json:
    return {name: value for name, value in content.items() if name not in {"caption", "caption_entities"}}
