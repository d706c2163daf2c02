"""Where a person belongs: blocking bots, coming and going in groups, and running them."""

from typing import TYPE_CHECKING, Literal, Union

from sandbox.telegram.group_state import PERMISSIONS, Group, InviteLink, JoinRequest, Member, rights_in
from sandbox.telegram.people.person import CannotDo, Person, Where
from sandbox.telegram.render import bot_json, chat_json, link_json, user_json
from sandbox.telegram.state import Bot, Json

if TYPE_CHECKING:
    from sandbox.telegram.people import TelegramUser

Someone = Union[Bot, "TelegramUser"]


class Belonging(Person):
    """The relation with bots and groups."""

    # ── with a bot ──────────────────────────────────────────────────────────────────────────────────

    def block(self, bot: Bot) -> None:
        """Stop the bot; doing so twice changes nothing."""
        self._set_blocked(bot, blocked=True)

    def unblock(self, bot: Bot) -> None:
        self._set_blocked(bot, blocked=False)

    def deactivate(self) -> None:
        """Delete one's account: bots get 403 from now on."""
        self.record.deactivated = True
        self._world.save(self.record)

    def _set_blocked(self, bot: Bot, *, blocked: bool) -> None:
        chat = self._chat(bot)
        if chat.blocked == blocked:
            return
        was, chat.blocked = _standing(bot, blocked=chat.blocked), blocked
        self._world.save(chat)
        change: Json = {
            "chat": chat_json(self._world, chat),
            "from": user_json(self.record),
            "date": self._world.unix_time(),
            "old_chat_member": was,
            "new_chat_member": _standing(bot, blocked=blocked),
        }
        self._world.updates.push(bot, "my_chat_member", change, lane=self.id)

    # ── coming and going ────────────────────────────────────────────────────────────────────────────

    def chat_with(self, other: "TelegramUser") -> Group:
        """The private chat with another person, of which bots know nothing but what is sent by way of them."""
        pair = {self.id, other.id}
        for group in self._world.all_groups():
            if group.type == "private" and set(group.members) == pair:
                return group
        title = f"{self.record.first_name} and {other.record.first_name}"
        return self._world.groups.make(title, "private", self.id, [other.id], username=None)

    def join(self, link: str) -> Group | None:
        """Follow an invite link (or a public group's @name); None when administrators must agree first."""
        group, invite = self._invited(link)
        member = group.member(self.id)
        if member.is_inside:
            raise CannotDo(f"{self.record.first_name} is in {group.title} already")
        if member.status == "kicked":
            raise CannotDo(f"{self.record.first_name} was banned from {group.title}")
        if invite is not None and invite.creates_join_request:
            self._ask_to_join(group, invite)
            return None
        if invite is not None:
            invite.joined += 1
        self._world.groups.join(group, self.id, by=self.id, link=invite)
        return group

    def leave(self, group: Group) -> None:
        self._be_inside(group)
        self._world.groups.leave(group, self.id)

    def add(self, group: Group, who: Someone, *rights: str) -> None:
        """Bring somebody in; bots come to channels as administrators only, by default with every right."""
        if group.type == "channel":
            self._need_right(group, "can_invite_users")
        else:
            self._may_in_group(group, "can_invite_users")
        if group.member(who.id).is_inside:
            raise CannotDo(f"{self._world.account_name(who.id)} is in {group.title} already")
        if isinstance(who, Bot) and group.type == "channel":
            granted = set(rights) or set(rights_in("channel"))
            self._world.groups.promote(group, who.id, granted, by=self.id)
            return
        self._world.groups.join(group, who.id, by=self.id)
        if rights:
            self.promote(group, who, *rights)

    def remove(self, group: Group, who: Someone) -> None:
        """Throw somebody out; they cannot come back by themselves."""
        self._need_right(group, "can_restrict_members")
        if group.member(who.id).status == "creator":
            raise CannotDo(f"nobody removes the owner of {group.title}")
        self._world.groups.remove(group, who.id, by=self.id)

    def unban(self, group: Group, who: Someone) -> None:
        """Let somebody who was thrown out come back."""
        self._need_right(group, "can_restrict_members")
        if group.member(who.id).status == "kicked":
            self._world.groups.lift_ban(group, who.id, by=self.id)

    def _invited(self, link: str) -> tuple[Group, InviteLink | None]:
        for group in self._world.all_groups():
            if group.username and link.removeprefix("https://t.me/").removeprefix("@") == group.username:
                return group, None
            if link in group.links:
                self._check_link(group.links[link])
                return group, group.links[link]
        raise CannotDo(f"the link {link} leads nowhere")

    def _check_link(self, invite: InviteLink) -> None:
        expired = 0 < invite.expires_at <= self._world.unix_time()
        full = 0 < invite.member_limit <= invite.joined
        if invite.is_revoked or expired or full:
            raise CannotDo(f"the link {invite.url} has expired")

    def _ask_to_join(self, group: Group, invite: InviteLink) -> None:
        """https://core.telegram.org/bots/api#chatjoinrequest: bots that may invite are told."""
        now = self._world.unix_time()
        group.requests[self.id] = JoinRequest(user_id=self.id, link=invite.url, asked_at=now)
        self._world.save(group)
        for bot in self._world.bots_in(group):
            if not group.has_right(bot.id, "can_invite_users"):
                continue
            request: Json = {
                "chat": chat_json(self._world, group),
                "from": user_json(self.record),
                "user_chat_id": self.id,
                "date": now,
                "invite_link": link_json(self._world, invite),
            }
            self._world.updates.push(bot, "chat_join_request", request, lane=self.id)

    # ── running a group ─────────────────────────────────────────────────────────────────────────────

    def promote(self, group: Group, who: Someone, *rights: str, anonymous: bool = False) -> None:
        """Make somebody an administrator with these rights, or with all of them when none is named."""
        self._need_right(group, "can_promote_members")
        known = rights_in(group.type)
        unknown = set(rights) - known
        if unknown:
            raise ValueError(f"no administrator rights of a {group.type}: {', '.join(sorted(unknown))}")
        if not group.member(who.id).is_inside:
            raise CannotDo(f"{self._world.account_name(who.id)} is not in {group.title}")
        granted = set(rights) or set(known)
        self._world.groups.promote(group, who.id, granted, by=self.id, anonymous=anonymous)

    def demote(self, group: Group, who: Someone) -> None:
        """Make an administrator a plain member again; a channel's bot goes with its rights."""
        self._need_right(group, "can_promote_members")
        if isinstance(who, Bot) and group.type == "channel":
            self._world.groups.set_member(group, Member(user_id=who.id), by=self.id)
        else:
            self._world.groups.promote(group, who.id, set(), by=self.id)

    def stay_anonymous(self, group: Group, *, anonymous: bool = True) -> None:
        """Speak as the group from now on, as its owner may."""
        self._need_right(group, "can_promote_members")
        member = group.member(self.id).model_copy(update={"is_anonymous": anonymous})
        self._world.groups.set_member(group, member, by=self.id)

    def restrict(self, group: Group, who: Someone, *permissions: str) -> None:
        """Leave somebody only these permissions (ChatPermissions); none of them mutes."""
        self._need_right(group, "can_restrict_members")
        unknown = set(permissions) - PERMISSIONS
        if unknown:
            raise ValueError(f"no permissions: {', '.join(sorted(unknown))}")
        limited = Member(user_id=who.id, status="restricted", permissions=sorted(permissions))
        self._world.groups.set_member(group, limited, by=self.id)

    def rename(self, group: Group, title: str) -> None:
        """Give the chat another title."""
        self._may_in_group(group, "can_change_info")
        group.title = title
        self._world.groups.service(group, self.id, {"new_chat_title": title})

    def upgrade(self, group: Group) -> Group:
        """Turn one's basic group into a supergroup, another chat. Telegram does so by itself on many occasions."""
        self._need_right(group, "can_promote_members")
        if group.type != "group" or group.migrated_to is not None:
            raise CannotDo(f"{group.title} is no basic group")
        return self._world.groups.migrate(group, by=self.id)

    def invite_link(self, group: Group, *, by_request: bool = False, member_limit: int = 0) -> str:
        """A new link to share."""
        self._need_right(group, "can_invite_users")
        link = self._world.groups.new_link(
            group, self.id, creates_join_request=by_request, member_limit=member_limit
        )
        return link.url

    def answer_request(
        self, group: Group, who: "TelegramUser", answer: Literal["approve", "decline"]
    ) -> None:
        """Let somebody in who asked to join, or do not."""
        self._need_right(group, "can_invite_users")
        request = group.requests.pop(who.id, None)
        if request is None:
            raise CannotDo(f"{who.record.first_name} did not ask to join {group.title}")
        if answer == "approve":
            link = group.links.get(request.link)
            self._world.groups.join(group, who.id, by=who.id, link=link, by_request=True)

    def pin(self, where: Where, message_id: int) -> None:
        """Pin a message for everybody."""
        if isinstance(where, Group):
            if where.type == "channel":
                self._need_right(where, "can_edit_messages")
            else:
                self._may_in_group(where, "can_pin_messages")
        self._world.pin(self._chat(where), self._message(where, message_id), by=self.id)

    def link_discussion(self, channel: Group, group: Group) -> None:
        """Let a supergroup discuss the channel's posts: each is forwarded into it."""
        if channel.type != "channel" or group.type != "supergroup":
            raise CannotDo("a channel is discussed in a supergroup")
        self._need_right(channel, "can_change_info")
        self._need_right(group, "can_change_info")
        channel.linked, group.linked = group.id, channel.id
        self._world.save(channel)
        self._world.save(group)

    def _may_in_group(self, group: Group, permission: str) -> None:
        """What administrators do by right and members where the group lets them."""
        self._be_inside(group)
        if group.member(self.id).is_administrator:
            self._need_right(group, permission)
        elif not group.permits(self.id, permission):
            raise CannotDo(f"{self.record.first_name} may not do this in {group.title}: {permission}")


def _standing(bot: Bot, *, blocked: bool) -> Json:
    status: Literal["kicked", "member"] = "kicked" if blocked else "member"
    return {"user": bot_json(bot), "status": status} | ({"until_date": 0} if blocked else {})
