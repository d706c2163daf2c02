"""Forum topics: what people and bots may both do with them. https://core.telegram.org/bots/api#forumtopic.

Topics need no message: a topic's number is that of the service message that made it, and deleting the topic
deletes everything in it, of which bots are told nothing.
"""

from typing import TYPE_CHECKING

from sandbox.telegram.group_state import GENERAL_TOPIC, Group, Topic
from sandbox.telegram.state import Json

if TYPE_CHECKING:
    from sandbox.telegram.world import TelegramWorld


def make_forum(world: "TelegramWorld", group: Group, *, creator: int) -> None:
    """Give a supergroup topics; General is always there."""
    group.is_forum = True
    group.topics[GENERAL_TOPIC] = Topic(id=GENERAL_TOPIC, name="General", created_by=creator)
    group.last_message_id = max(group.last_message_id, GENERAL_TOPIC)
    world.save(group)


def create(world: "TelegramWorld", group: Group, name: str, *, by: int, color: int, emoji: str = "") -> Topic:
    """A new topic, with its service message."""
    icon: Json = {"icon_color": color} | ({"icon_custom_emoji_id": emoji} if emoji else {})
    number = group.last_message_id + 1  # the service message is in the topic it makes
    topic = Topic(id=number, name=name, created_by=by, icon_color=color, icon_custom_emoji_id=emoji)
    group.topics[number] = topic
    world.groups.service(group, by, {"forum_topic_created": {"name": name} | icon}, thread=number)
    return topic


def edit(world: "TelegramWorld", group: Group, topic: Topic, changes: Json, *, by: int) -> None:
    """Give it another name or icon; `changes` has the fields of ForumTopicEdited."""
    topic.name = changes.get("name", topic.name)
    topic.icon_custom_emoji_id = changes.get("icon_custom_emoji_id", topic.icon_custom_emoji_id)
    _tell(world, group, topic, {"forum_topic_edited": changes}, by=by)


def set_closed(world: "TelegramWorld", group: Group, topic: Topic, *, closed: bool, by: int) -> None:
    topic.closed = closed
    _tell(world, group, topic, {"forum_topic_closed" if closed else "forum_topic_reopened": {}}, by=by)


def set_hidden(world: "TelegramWorld", group: Group, topic: Topic, *, hidden: bool, by: int) -> None:
    """General may be hidden; it is closed then, too (https://core.telegram.org/bots/api#hidegeneralforumtopic)."""
    topic.hidden = hidden
    topic.closed = topic.closed or hidden
    name = "general_forum_topic_hidden" if hidden else "general_forum_topic_unhidden"
    _tell(world, group, topic, {name: {}}, by=by)


def delete(world: "TelegramWorld", group: Group, topic: Topic) -> None:
    """Remove it with all its messages."""
    del group.topics[topic.id]
    for message in world.messages(group):
        if message.thread == topic.id:
            world.forget_message(message)
    world.save(group)


def _tell(world: "TelegramWorld", group: Group, topic: Topic, content: Json, *, by: int) -> None:
    thread = None if topic.id == GENERAL_TOPIC else topic.id
    world.groups.service(group, by, content, thread=thread)
