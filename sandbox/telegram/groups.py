"""Groups, supergroups and channels: making them, coming and going, and what their bots are told of it.

https://core.telegram.org/bots/api#chatmemberupdated and the service messages of #message. What somebody may do is
checked by who calls this: people/ for persons, methods/ for bots.
"""

import secrets
from typing import TYPE_CHECKING, Final

from sandbox.telegram.group_state import Group, InviteLink, Member, rights_in
from sandbox.telegram.render import account_json, chat_json, link_json, member_json, message_json
from sandbox.telegram.state import Bot, ChatType, Json, Message

if TYPE_CHECKING:
    from sandbox.telegram.world import TelegramWorld

# https://core.telegram.org/api/bots/ids: basic groups count down from 0, supergroups and channels from -10^12.
_FIRST_GROUP_ID: Final = -4_000_000_000
_FIRST_SUPERGROUP_ID: Final = -1_001_500_000_000
_FIRST_PRIVATE_ID: Final = 900_000_000_000  # chats of two people; no bot ever sees this number


class Groups:
    """All shared chats of a world."""

    def __init__(self, world: "TelegramWorld") -> None:
        self._world = world

    def make(
        self, title: str, kind: ChatType, creator: int, others: list[int], *, username: str | None
    ) -> Group:
        """A new one, with people alone; of its beginning no bot can know."""
        number = self._world.number(kind)
        first = {"group": _FIRST_GROUP_ID, "private": _FIRST_PRIVATE_ID}.get(kind, _FIRST_SUPERGROUP_ID)
        # Supergroups and channels share their numbers.
        number = self._world.number("channel peer") if kind in {"supergroup", "channel"} else number
        identifier = first + number if kind == "private" else first - number
        group = Group(id=identifier, type=kind, title=title, username=username, started=True)
        group.members = {user: Member(user_id=user, status="member") for user in [creator, *others]}
        if kind != "private":
            group.members[creator].status = "creator"
        self._world.save(group)
        if kind == "group":
            self._world.post(group, creator, {"group_chat_created": True})
        return group

    # ── coming and going ────────────────────────────────────────────────────────────────────────────

    def set_member(
        self,
        group: Group,
        member: Member,
        *,
        by: int,
        link: InviteLink | None = None,
        by_request: bool = False,
    ) -> None:
        """Let somebody's standing be this, and tell the bots that may know: the one it is about, and administrators."""
        before = group.member(member.user_id)
        group.members[member.user_id] = member
        self._world.save(group)
        change: Json = {
            "chat": chat_json(self._world, group),
            "from": account_json(self._world, by),
            "date": self._world.unix_time(),
        }
        if link is not None:
            change["invite_link"] = link_json(self._world, link)
        if by_request:
            change["via_join_request"] = True
        for bot in self._world.bots():
            told = change | {
                "old_chat_member": member_json(self._world, group, before, bot),
                "new_chat_member": member_json(self._world, group, member, bot),
            }
            if bot.id == member.user_id:
                self._world.updates.push(bot, "my_chat_member", told, lane=group.id)
            elif group.member(bot.id).is_administrator:
                self._world.updates.push(bot, "chat_member", told, lane=member.user_id)

    def join(
        self, group: Group, user_id: int, *, by: int, link: InviteLink | None = None, by_request: bool = False
    ) -> None:
        """Somebody comes in: by a link, or because somebody else (`by`) adds them."""
        group.requests.pop(user_id, None)
        before = group.member(user_id)
        if before.status == "restricted":
            member = before.model_copy(update={"is_member": True})
        else:
            member = Member(user_id=user_id, status="member")
        self.set_member(group, member, by=by, link=link, by_request=by_request)
        if group.type != "channel":
            self.service(group, by, {"new_chat_members": [user_id]})

    def leave(self, group: Group, user_id: int) -> None:
        """Somebody goes of their own will."""
        before = group.member(user_id)
        gone = Member(user_id=user_id)
        if before.status == "restricted":
            gone = before.model_copy(update={"is_member": False})
        self._out(group, gone, by=user_id)

    def remove(self, group: Group, user_id: int, *, by: int, until: int = 0) -> None:
        """Somebody is thrown out. A basic group keeps no list of the banned, but a bot knows that it was kicked."""
        self._out(group, Member(user_id=user_id, status="kicked", until=until), by=by)

    def _out(self, group: Group, gone: Member, *, by: int) -> None:
        was_inside = group.member(gone.user_id).is_inside
        self.set_member(group, gone, by=by)
        if not was_inside or group.type == "channel":
            return
        message = self.service(group, by, {"left_chat_member": gone.user_id})
        bot = self._world.find_bot(gone.user_id)
        if bot is not None:  # Client.cpp, need_skip_update_message: the last thing it hears from there
            self._tell(bot, group, message)

    def lift_ban(self, group: Group, user_id: int, *, by: int) -> None:
        """Who was thrown out may come again."""
        self.set_member(group, Member(user_id=user_id), by=by)

    def promote(
        self, group: Group, user_id: int, rights: set[str], *, by: int, anonymous: bool = False
    ) -> None:
        """Make somebody an administrator with these rights; with none of them, a plain member again."""
        before = group.member(user_id)
        member = Member(user_id=user_id, status="member")
        if rights or anonymous:
            known = rights & rights_in(group.type) | {"can_manage_chat"}
            member = Member(
                user_id=user_id,
                status="administrator",
                rights=sorted(known),
                is_anonymous=anonymous,
                custom_title=before.custom_title,
                promoted_by=by,
            )
        self.set_member(group, member, by=by)

    # ── what Telegram itself writes ─────────────────────────────────────────────────────────────────

    def service(self, group: Group, by: int, content: Json, *, thread: int | None = None) -> Message:
        """A service message, told to everyone who may know of it."""
        return self._world.post_service(group, by, content, thread=thread)

    def sender_chat(self, group: Group, user_id: int) -> int | None:
        """Who they are seen as: a channel's posts are the channel's, anonymous administrators are the group."""
        if group.type == "channel" or group.member(user_id).is_anonymous:
            return group.id
        return None

    def migrate(self, group: Group, *, by: int) -> Group:
        """Turn a basic group into a supergroup: another chat, with another id, and its own message numbers."""
        people = [member.user_id for member in group.inside()]
        creator = next((m.user_id for m in group.inside() if m.status == "creator"), people[0])
        upgraded = self.make(group.title, "supergroup", creator, [], username=None)
        upgraded.members = {m.user_id: m.model_copy() for m in group.inside()}
        for member in upgraded.members.values():
            member.rights = sorted(set(member.rights) | {"can_manage_topics"}) if member.rights else []
        upgraded.migrated_from, group.migrated_to = group.id, upgraded.id
        self._world.save(upgraded)
        # https://core.telegram.org/bots/api#message: migrate_to_chat_id in the old chat, then the other in the new.
        self.service(group, by, {"migrate_to_chat_id": upgraded.id})
        self._world.save(group)
        self.service(upgraded, by, {"migrate_from_chat_id": group.id})
        return upgraded

    # ── invite links ────────────────────────────────────────────────────────────────────────────────

    def new_link(self, group: Group, creator_id: int, **details: object) -> InviteLink:
        """A link nobody had before."""
        url = f"https://t.me/+{secrets.token_urlsafe(12)}"
        link = InviteLink.model_validate({"url": url, "creator_id": creator_id, **details})
        group.links[url] = link
        self._world.save(group)
        return link

    def _tell(self, bot: Bot, group: Group, message: Message) -> None:
        self._world.updates.push(bot, "message", message_json(self._world, message, bot=bot), lane=group.id)
