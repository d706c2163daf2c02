"""What service messages say on a screen."""

from typing import TYPE_CHECKING

from sandbox.telegram.state import Message

if TYPE_CHECKING:
    from sandbox.telegram.world import TelegramWorld


def notice(world: "TelegramWorld", message: Message) -> str:
    """A sentence for a service message, nothing for any other."""
    if not message.is_service:
        return ""
    who, content = world.account_name(message.from_id), message.content
    if "new_chat_members" in content:
        newcomers = content["new_chat_members"]
        names = ", ".join(world.account_name(number) for number in newcomers)
        return f"{names} joined" if newcomers == [message.from_id] else f"{who} added {names}"
    if "left_chat_member" in content:
        gone = content["left_chat_member"]
        return f"{who} left" if gone == message.from_id else f"{who} removed {world.account_name(gone)}"
    return _about_the_chat(message, who)


def _about_the_chat(message: Message, who: str) -> str:
    content = message.content
    field = next(iter(content))
    sentences = {
        "new_chat_title": f"{who} renamed this to {content.get('new_chat_title')}",
        "group_chat_created": f"{who} made this group",
        "migrate_to_chat_id": "This group became a supergroup",
        "migrate_from_chat_id": "This group became a supergroup",
        "pinned_message": f"{who} pinned a message",
        "successful_payment": f"{who} paid",
        "refunded_payment": f"{who} got a payment back",
        "forum_topic_created": f"{who} made the topic {content.get('forum_topic_created', {}).get('name')}",
        "forum_topic_edited": f"{who} changed the topic",
        "forum_topic_closed": f"{who} closed the topic",
        "forum_topic_reopened": f"{who} opened the topic again",
        "general_forum_topic_hidden": f"{who} hid the General topic",
        "general_forum_topic_unhidden": f"{who} showed the General topic",
    }
    return sentences[field]
