"""Forum topics. Who may do what, and the sentences, are TDLib's (ForumTopicManager); the codes its servers'."""

from typing import Final

from sandbox.telegram import topics
from sandbox.telegram.access import as_group, check_right
from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import bad_request
from sandbox.telegram.group_state import GENERAL_TOPIC, TOPIC_COLORS, Group, Topic
from sandbox.telegram.state import Json

_NO_FORUM: Final = "the chat is not a forum"
_NAME_MAX: Final = 128
_EDIT_REFUSED: Final = "not enough rights to edit the topic"
_CLOSE_REFUSED: Final = "not enough rights to close or open the topic"
_NOT_MODIFIED: Final = "TOPIC_NOT_MODIFIED"


@method("createForumTopic")
async def create_forum_topic(call: Call) -> Json:
    """https://core.telegram.org/bots/api#createforumtopic."""
    group = _forum(call)
    check_right(group, call.bot, "can_manage_topics", "not enough rights to create a topic")
    color = call.integer("icon_color", TOPIC_COLORS[0])
    if color not in TOPIC_COLORS:
        raise bad_request(
            "TOPIC_ICON_COLOR_INVALID"
        )  # the documentation lists the six; the code is our guess
    emoji = call.text("icon_custom_emoji_id")
    topic = topics.create(call.world, group, _name(call), by=call.bot.id, color=color, emoji=emoji)
    shown: Json = {"message_thread_id": topic.id, "name": topic.name, "icon_color": topic.icon_color}
    return shown | ({"icon_custom_emoji_id": emoji} if emoji else {})


@method("editForumTopic")
async def edit_forum_topic(call: Call) -> bool:
    """https://core.telegram.org/bots/api#editforumtopic; an empty name keeps the old one."""
    group, topic = _topic(call, "can_manage_topics", _EDIT_REFUSED)
    changes: Json = {}
    if call.text("name") and _name(call) != topic.name:
        changes["name"] = _name(call)
    if (
        "icon_custom_emoji_id" in call.given
        and call.text("icon_custom_emoji_id") != topic.icon_custom_emoji_id
    ):
        changes["icon_custom_emoji_id"] = call.text("icon_custom_emoji_id")
    if not changes and (call.text("name") or "icon_custom_emoji_id" in call.given):
        raise bad_request(_NOT_MODIFIED)
    if changes:
        topics.edit(call.world, group, topic, changes, by=call.bot.id)
    return True


@method("closeForumTopic", "reopenForumTopic")
async def toggle_forum_topic(call: Call) -> bool:
    """https://core.telegram.org/bots/api#closeforumtopic and #reopenforumtopic."""
    group, topic = _topic(call, "can_manage_topics", _CLOSE_REFUSED)
    return _toggle(call, group, topic)


@method("deleteForumTopic")
async def delete_forum_topic(call: Call) -> bool:
    """https://core.telegram.org/bots/api#deleteforumtopic."""
    group, topic = _topic(call, "can_delete_messages", "not enough rights to delete the topic")
    topics.delete(call.world, group, topic)
    return True


@method("unpinAllForumTopicMessages", "unpinAllGeneralForumTopicMessages")
async def unpin_all_in_topic(call: Call) -> bool:
    """https://core.telegram.org/bots/api#unpinallforumtopicmessages."""
    group = _forum(call)
    refusal = "not enough rights to manage pinned messages in the chat"
    check_right(group, call.bot, "can_pin_messages", refusal)
    thread = call.integer("message_thread_id") or None
    for number in list(group.pinned):
        message = call.world.message(group, number)
        if message is not None and message.thread == thread:
            group.pinned.remove(number)
    call.world.save(group)
    return True


@method("closeGeneralForumTopic", "reopenGeneralForumTopic")
async def toggle_general(call: Call) -> bool:
    """https://core.telegram.org/bots/api#closegeneralforumtopic and its opposite."""
    group = _forum(call)
    check_right(group, call.bot, "can_manage_topics", _CLOSE_REFUSED)
    return _toggle(call, group, group.topics[GENERAL_TOPIC])


@method("hideGeneralForumTopic", "unhideGeneralForumTopic")
async def hide_general(call: Call) -> bool:
    """https://core.telegram.org/bots/api#hidegeneralforumtopic and its opposite."""
    group = _forum(call)
    check_right(group, call.bot, "can_manage_topics", _CLOSE_REFUSED)
    hidden = call.method.startswith("hide")
    if group.topics[GENERAL_TOPIC].hidden == hidden:
        raise bad_request(_NOT_MODIFIED)
    topics.set_hidden(call.world, group, group.topics[GENERAL_TOPIC], hidden=hidden, by=call.bot.id)
    return True


@method("editGeneralForumTopic")
async def edit_general(call: Call) -> bool:
    """https://core.telegram.org/bots/api#editgeneralforumtopic."""
    group = _forum(call)
    check_right(group, call.bot, "can_manage_topics", _EDIT_REFUSED)
    topic = group.topics[GENERAL_TOPIC]
    if _name(call) == topic.name:
        raise bad_request(_NOT_MODIFIED)
    topics.edit(call.world, group, topic, {"name": _name(call)}, by=call.bot.id)
    return True


def _toggle(call: Call, group: Group, topic: Topic) -> bool:
    closed = call.method.startswith("close")
    if topic.closed == closed:
        raise bad_request(_NOT_MODIFIED)
    topics.set_closed(call.world, group, topic, closed=closed, by=call.bot.id)
    return True


def _forum(call: Call) -> Group:
    group = as_group(call.chat(), _NO_FORUM)
    if not group.is_forum:
        raise bad_request(_NO_FORUM)
    return group


def _topic(call: Call, right: str, refusal: str) -> tuple[Group, Topic]:
    """The topic in question; whoever made it needs no right."""
    group = _forum(call)
    number = call.integer("message_thread_id")
    if number <= 0:
        raise bad_request("invalid message thread identifier specified")
    topic = group.topics.get(number)
    if topic is None or topic.created_by != call.bot.id:
        check_right(group, call.bot, right, refusal)
    if topic is None or number == GENERAL_TOPIC:
        raise bad_request("TOPIC_ID_INVALID")
    return group, topic


def _name(call: Call) -> str:
    """Without white space around it, cut to 128 characters (TDLib, clean_name)."""
    name = call.text("name").strip()[:_NAME_MAX]
    if not name:
        raise bad_request("title must be non-empty")
    return name
