"""How a bot's message gets into a chat: its rights, its topic, what it answers, the sending limits."""

from typing import Any

from sandbox.telegram.access import check_may_send
from sandbox.telegram.audience import announce
from sandbox.telegram.calls import Call
from sandbox.telegram.errors import bad_request
from sandbox.telegram.group_state import GENERAL_TOPIC, Group, Topic
from sandbox.telegram.json_values import as_object, integer_field
from sandbox.telegram.keyboards import check_for_sending
from sandbox.telegram.render import message_json
from sandbox.telegram.state import Chat, Json, Message

_TOPIC_CLOSED = "TOPIC_CLOSED"


def send(call: Call, chat: Chat, content: Json, markup: Json | None, *, invoice: bool = False) -> Json:
    """Put one message into the chat and answer with it, unless the bot may not or sends too fast."""
    check_for_sending(markup, invoice=invoice)
    return message_json(call.world, posted(call, chat, content, reply_markup=markup), bot=call.bot)


def posted(call: Call, chat: Chat, content: Json, **details: Any) -> Message:
    """One message of the bot in the chat, wherever the call wants it there."""
    (message,) = posted_together(call, chat, [content], **details)
    return message


def posted_together(call: Call, chat: Chat, contents: list[Json], **details: Any) -> list[Message]:
    """Several messages at once, or none; other bots of a channel are told."""
    for content in contents:
        check_may_send(chat, call.bot, content)
    reply_to = replied_message(call, chat)
    thread = thread_for(call, chat, reply_to=reply_to)
    admit(call, chat, messages=len(contents))
    places: Json = {"reply_to": reply_to, "thread": thread, "protected": call.flag("protect_content")}
    if isinstance(chat, Group):
        places["sender_chat"] = call.world.groups.sender_chat(chat, call.bot.id)
    messages = [call.world.post(chat, call.bot.id, content, **(places | details)) for content in contents]
    for message in messages:
        announce(call.world, message)
    return messages


def admit(call: Call, chat: Chat, *, messages: int = 1) -> None:
    """Count messages against the sending limits. Raises 429."""
    pace = call.world.paces[call.bot.id]
    pace.admit(chat.id, call.world.now(), call.world.limits, messages=messages)


def replied_message(call: Call, chat: Chat) -> int | None:
    """Which message this one answers."""
    wanted = as_object(call.given.get("reply_parameters"))
    if not wanted:
        return None
    number = integer_field(wanted, "message_id")
    if call.world.message(chat, number) is not None:
        return number
    if wanted.get("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


def thread_for(call: Call, chat: Chat, *, reply_to: int | None = None) -> int | None:
    """The topic to write in: the one asked for, or that of the message it answers; None is General.

    General is not asked for by its number 1: Telegram does not find it. Raises 400.
    """
    wanted = call.integer("message_thread_id")
    if not isinstance(chat, Group) or not chat.is_forum:
        if wanted:
            raise bad_request("message thread not found")
        return None
    if not wanted and reply_to is not None:
        replied = call.world.message(chat, reply_to)
        wanted = (replied.thread if replied else None) or 0
    topic = chat.topics.get(wanted or GENERAL_TOPIC)
    if wanted == GENERAL_TOPIC or topic is None:
        raise bad_request("message thread not found")
    if not writes_in_topic(chat, call.bot.id, topic):
        raise bad_request(_TOPIC_CLOSED)
    return wanted or None


def writes_in_topic(group: Group, user_id: int, topic: Topic) -> bool:
    """Closed topics are for administrators of topics and for whoever made them (TDLib, forumTopicInfo.is_closed)."""
    return not topic.closed or topic.created_by == user_id or group.has_right(user_id, "can_manage_topics")
