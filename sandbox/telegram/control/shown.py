"""The world as JSON for pages: bots, people, groups, messages."""

from dataclasses import asdict

from sandbox.telegram.group_state import GENERAL_TOPIC, Group
from sandbox.telegram.people import ShownMessage
from sandbox.telegram.state import Bot, Json, User
from sandbox.telegram.world import TelegramWorld


def bot_json(bot: Bot) -> Json:
    return {"id": bot.id, "username": bot.username, "name": bot.first_name, "inline": bot.inline}


def user_json(user: User) -> Json:
    return user.model_dump(exclude_none=True)


def group_json(world: TelegramWorld, group: Group) -> Json:
    """A group with its members and topics; where it went when it was upgraded."""
    members = [
        {
            "id": member.user_id,
            "name": world.account_name(member.user_id),
            "is_bot": world.find_bot(member.user_id) is not None,
            "status": member.status,
        }
        for member in group.inside()
    ]
    topics = [
        {"id": topic.id, "name": topic.name, "closed": topic.closed, "general": topic.id == GENERAL_TOPIC}
        for topic in group.topics.values()
    ]
    return {
        "id": group.id,
        "type": group.type,
        "title": group.title,
        "username": group.username,
        "is_forum": group.is_forum,
        "members": members,
        "topics": topics,
        "migrated_to": group.migrated_to,
    }


def message_json(message: ShownMessage) -> Json:
    return {
        "id": message.id,
        "mine": message.mine,
        "author": message.author,
        "author_id": message.author_id,
        "text": message.text,
        "notice": message.notice,
        "entities": list(message.entities),
        "photo": None if message.photo is None else message.photo.number,
        "buttons": [[asdict(button) for button in row] for row in message.buttons],
        "content": message.content,
        "date": message.sent_at,
        "edited": message.edited,
        "reply_to": message.reply_to,
        "media_group": message.media_group,
        "topic": message.topic,
        "via": message.via,
        "forwarded": message.forwarded,
    }
