"""Forum topics, made and unmade by people."""

from sandbox.telegram import topics
from sandbox.telegram.group_state import GENERAL_TOPIC, TOPIC_COLORS, Group, Topic
from sandbox.telegram.people.person import CannotDo, Person


class Arranging(Person):
    """What members and administrators do with topics."""

    def turn_into_forum(self, group: Group) -> None:
        """Switch topics on in a supergroup."""
        self._need_right(group, "can_change_info")
        if group.type != "supergroup":
            raise CannotDo(f"{group.title} is no supergroup")
        topics.make_forum(self._world, group, creator=self.id)

    def open_topic(self, group: Group, name: str) -> Topic:
        """Make a topic."""
        self._be_inside(group)
        if not group.is_forum or not self._makes_topics(group):
            raise CannotDo(f"{self.record.first_name} may not make topics in {group.title}")
        return topics.create(self._world, group, name, by=self.id, color=TOPIC_COLORS[0])

    def rename_topic(self, group: Group, topic: int, name: str) -> None:
        topics.edit(self._world, group, self._own_topic(group, topic), {"name": name}, by=self.id)

    def close_topic(self, group: Group, topic: int = GENERAL_TOPIC) -> None:
        topics.set_closed(self._world, group, self._own_topic(group, topic), closed=True, by=self.id)

    def reopen_topic(self, group: Group, topic: int = GENERAL_TOPIC) -> None:
        topics.set_closed(self._world, group, self._own_topic(group, topic), closed=False, by=self.id)

    def delete_topic(self, group: Group, topic: int) -> None:
        """Delete a topic with everything in it; bots are told nothing."""
        if topic == GENERAL_TOPIC:
            raise CannotDo("the General topic cannot be deleted")
        topics.delete(self._world, group, self._own_topic(group, topic, right="can_delete_messages"))

    def _makes_topics(self, group: Group) -> bool:
        """Administrators by right, members where the group lets them."""
        if group.member(self.id).is_administrator:
            return group.has_right(self.id, "can_manage_topics")
        return group.permits(self.id, "can_manage_topics")

    def _own_topic(self, group: Group, number: int, *, right: str = "can_manage_topics") -> Topic:
        topic = group.topics.get(number)
        if topic is None:
            raise CannotDo(f"there is no topic {number} in {group.title}")
        if topic.created_by != self.id or number == GENERAL_TOPIC:
            self._need_right(group, right)
        return topic
