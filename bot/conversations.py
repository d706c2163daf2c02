"""What conversations are called: `channel:chat`, and in a group `channel:group:member`.

In a group everybody has a conversation of their own, so that what one of them says is never another's. What concerns
the group as a whole (we were added to it) happens in the lane of no member, `channel:group:`.
"""

from typing import Final

IN_GROUPS: Final = "%:%:%"
"""The names of all conversations in groups, for LIKE."""


def in_group(channel: str, group: int | str, member: int | str = "") -> str:
    """The conversation of that member there; without one, the lane of the group itself."""
    return f"{channel}:{group}:{member}"


def is_in_group(conversation: str) -> bool:
    """Whether others read it, too."""
    return conversation.count(":") > 1


def place_of(conversation: str) -> str:
    """Where it is held: a group for all its members' conversations, else the conversation itself."""
    return ":".join(conversation.split(":")[:2])


def group_of(conversation: str) -> str:
    """The lane of the group in which it is held."""
    return f"{place_of(conversation)}:"


def private_of(conversation: str) -> str:
    """The private conversation with the same person."""
    parts = conversation.split(":")
    return f"{parts[0]}:{parts[-1]}"
