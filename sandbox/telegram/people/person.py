"""A person of the world, and what all their doings need: which chat, and whether they may."""

from typing import TYPE_CHECKING

from sandbox.telegram.audience import announce
from sandbox.telegram.group_state import GENERAL_TOPIC, Group
from sandbox.telegram.state import Bot, Chat, Json, Message, User

if TYPE_CHECKING:
    from sandbox.telegram.world import TelegramWorld

Where = Bot | Group
"""A chat as a person thinks of it: the private one with a bot, or one that many share."""


class CannotDo(Exception):  # noqa: N818 - what the person notices
    """A person tried what their Telegram would not let them do: no such button, a blocked bot, no rights."""


class Person:
    """Somebody with a Telegram account; their doings are in the classes that derive from this."""

    def __init__(self, world: "TelegramWorld", record: User) -> None:
        self._world = world
        self.record = record

    @property
    def id(self) -> int:
        return self.record.id

    def tell(
        self,
        where: Where,
        content: Json,
        *,
        reply_to: int | None = None,
        topic: int | None = None,
        **details: object,
    ) -> Message:
        """Any message from this person; a bot they write to may write back from now on."""
        chat = self._chat(where)
        place: Json = {"reply_to": reply_to}
        if isinstance(where, Bot):
            if chat.blocked:
                raise CannotDo(f"{self.record.first_name} has blocked @{where.username}")
            chat.started = True
        else:
            place |= self._place_in(where, reply_to=reply_to, topic=topic)
        message = self._world.post(chat, self.id, content, **(place | details))
        announce(self._world, message)
        return message

    def _chat(self, where: Where) -> Chat:
        if isinstance(where, Bot):
            return self._world.chat(where, self.id) or Chat(bot_id=where.id, id=self.id)
        return where

    def _place_in(self, group: Group, *, reply_to: int | None, topic: int | None) -> Json:
        """Where in a group they write, and as whom. Raises CannotDo where they may not."""
        self._be_inside(group)
        who = self.record.first_name
        if group.migrated_to is not None:
            raise CannotDo(f"{group.title} was upgraded to a supergroup")
        if group.type == "channel":
            self._need_right(group, "can_post_messages")
        elif group.type != "private" and not group.permits(self.id, "can_send_messages"):
            raise CannotDo(f"{who} may not write in {group.title}")
        signature = who if group.signs_posts else ""
        return {
            "thread": self._thread(group, reply_to=reply_to, topic=topic),
            "sender_chat": self._world.groups.sender_chat(group, self.id),
            "signature": signature,
        }

    def _thread(self, group: Group, *, reply_to: int | None, topic: int | None) -> int | None:
        if not group.is_forum:
            return None
        if topic is None and reply_to is not None:
            replied = self._world.message(group, reply_to)
            topic = None if replied is None else replied.thread
        found = group.topics.get(topic or GENERAL_TOPIC)
        if found is None:
            raise CannotDo(f"there is no topic {topic} in {group.title}")
        if found.closed and not group.has_right(self.id, "can_manage_topics") and found.created_by != self.id:
            raise CannotDo(f"the topic {found.name!r} is closed")
        return None if found.id == GENERAL_TOPIC else found.id

    def _be_inside(self, group: Group) -> None:
        if not group.member(self.id).is_inside:
            raise CannotDo(f"{self.record.first_name} is not in {group.title}")

    def _need_right(self, group: Group, right: str) -> None:
        self._be_inside(group)
        if not group.has_right(self.id, right):
            raise CannotDo(f"{self.record.first_name} may not do this in {group.title}: {right}")

    def _message(self, where: Where, message_id: int) -> Message:
        message = self._world.message(self._chat(where), message_id)
        if message is None:
            raise CannotDo(f"there is no message {message_id}")
        return message
