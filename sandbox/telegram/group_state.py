"""The records of chats that many share: groups, supergroups, channels, and private chats of two people."""

from collections.abc import Iterator
from typing import Final, Literal

from pydantic import BaseModel, Field

from sandbox.telegram.schema import fields_of
from sandbox.telegram.state import Chat

Status = Literal["creator", "administrator", "member", "restricted", "left", "kicked"]

GENERAL_TOPIC: Final = 1  # its identifier; messages in it carry none
# https://core.telegram.org/bots/api#createforumtopic, icon_color.
TOPIC_COLORS: Final = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)

_CHANNEL_RIGHTS: Final = {"can_post_messages", "can_edit_messages", "can_manage_direct_messages"}
_GROUP_RIGHTS: Final = {"can_pin_messages", "can_manage_topics", "can_manage_tags"}
_EVERY_RIGHT: Final = frozenset(fields_of("ChatAdministratorRights")) - {"is_anonymous"}
PERMISSIONS: Final = frozenset(fields_of("ChatPermissions"))
# What members of a new group may do; topics they make only where the group lets them
# (https://core.telegram.org/bots/api#chatpermissions).
DEFAULT_PERMISSIONS: Final = PERMISSIONS - {"can_manage_topics"}


def rights_in(chat_type: str) -> frozenset[str]:
    """The administrator rights that exist in a chat of that type (ChatAdministratorRights says which)."""
    return _EVERY_RIGHT - (_GROUP_RIGHTS if chat_type == "channel" else _CHANNEL_RIGHTS)


class Member(BaseModel):
    """How a person or a bot stands to a group."""

    user_id: int
    status: Status = "left"
    rights: list[str] = Field(default_factory=list)  # of an administrator
    is_anonymous: bool = False
    custom_title: str = ""
    promoted_by: int | None = None
    permissions: list[str] = Field(default_factory=list)  # of a restricted one
    is_member: bool = True  # a restricted one may have left
    until: int = 0  # Unix seconds; 0 is for ever

    @property
    def is_inside(self) -> bool:
        """Whether they are in the chat now."""
        return self.status in {"creator", "administrator", "member"} or (
            self.status == "restricted" and self.is_member
        )

    @property
    def is_administrator(self) -> bool:
        return self.status in {"creator", "administrator"}


class Topic(BaseModel):
    """A forum topic; its identifier is that of the service message that made it."""

    id: int
    name: str
    icon_color: int = TOPIC_COLORS[0]
    icon_custom_emoji_id: str = ""
    created_by: int
    closed: bool = False
    hidden: bool = False  # General alone


class InviteLink(BaseModel):
    """A link by which people join."""

    url: str
    creator_id: int
    name: str = ""
    is_primary: bool = False
    is_revoked: bool = False
    creates_join_request: bool = False
    expires_at: int = 0
    member_limit: int = 0
    joined: int = 0


class JoinRequest(BaseModel):
    """Somebody who waits to be let in."""

    user_id: int
    link: str
    asked_at: int


class Group(Chat):
    """A chat of many. Bots and people see one and the same; its key has 0 where private chats have their bot."""

    kind = "group"
    bot_id: int = 0
    type: Literal["private", "group", "supergroup", "channel"] = "group"
    title: str = ""
    username: str | None = None
    description: str = ""
    members: dict[int, Member] = Field(default_factory=dict[int, Member])
    permissions: list[str] = Field(default_factory=lambda: sorted(DEFAULT_PERMISSIONS))
    is_forum: bool = False
    topics: dict[int, Topic] = Field(default_factory=dict[int, Topic])
    links: dict[str, InviteLink] = Field(default_factory=dict[str, InviteLink])
    requests: dict[int, JoinRequest] = Field(default_factory=dict[int, JoinRequest])
    linked: int | None = None  # a channel's discussion group, and the other way round
    signs_posts: bool = False
    migrated_to: int | None = None
    migrated_from: int | None = None

    def member(self, user_id: int) -> Member:
        """How they stand to the group; who never was there has left."""
        return self.members.get(user_id) or Member(user_id=user_id)

    def inside(self) -> Iterator[Member]:
        """Everyone who is in it, in the order they first came."""
        return (member for member in self.members.values() if member.is_inside)

    def has_right(self, user_id: int, right: str) -> bool:
        """Whether an administrator may do that; the creator may do everything."""
        member = self.member(user_id)
        return member.status == "creator" or (member.status == "administrator" and right in member.rights)

    def permits(self, user_id: int, permission: str) -> bool:
        """Whether they may do that: administrators may, members as far as the group and their own limits go."""
        member = self.member(user_id)
        if member.is_administrator:
            return True
        if member.status == "restricted" and permission not in member.permissions:
            return False
        return member.is_inside and permission in self.permissions
