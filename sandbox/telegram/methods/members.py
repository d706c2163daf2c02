"""Who may be in a group, and as what: bans, limits, administrators, invite links, join requests."""

from typing import Final

from sandbox.telegram.access import as_group, check_right
from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import bad_request
from sandbox.telegram.group_state import Group, InviteLink, JoinRequest, Member, rights_in
from sandbox.telegram.methods.chats import read_permissions
from sandbox.telegram.render import link_json
from sandbox.telegram.state import Json, User

_RESTRICT_REFUSED: Final = "not enough rights to restrict/unrestrict chat member"
_LINKS_REFUSED: Final = "not enough rights to manage chat invite link"
_REQUESTS_REFUSED: Final = "not enough rights to manage chat join requests"
_SUPERGROUPS_ONLY: Final = "method is available only for supergroups"
_NOT_IN_GROUPS: Final = "method is available for supergroup and channel chats only"
# https://core.telegram.org/bots/api#banchatmember: shorter or longer than this is for ever.
_BAN_SECONDS: Final = range(30, 366 * 24 * 3600)
_LINK_NAME_MAX: Final = 32
_LINK_MEMBERS: Final = range(100_000)
_CUSTOM_TITLE_MAX: Final = 16


@method("banChatMember")
async def ban_chat_member(call: Call) -> bool:
    """https://core.telegram.org/bots/api#banchatmember."""
    user_id = call.user_id()
    group = as_group(call.chat(), "can't ban members in private chats")
    member = _restrictable(call, group, user_id)
    if member.is_administrator and member.promoted_by != call.bot.id:
        raise bad_request("user is an administrator of the chat")
    call.world.groups.remove(group, user_id, by=call.bot.id, until=_until(call))
    return True


@method("unbanChatMember")
async def unban_chat_member(call: Call) -> bool:
    """https://core.telegram.org/bots/api#unbanchatmember: who is inside goes out, unless only_if_banned."""
    user_id = call.user_id()
    group = _in_supergroup(call, _NOT_IN_GROUPS)
    member = _restrictable(call, group, user_id)
    if member.status == "kicked":
        call.world.groups.lift_ban(group, user_id, by=call.bot.id)
    elif member.is_inside and not call.flag("only_if_banned"):
        call.world.groups.remove(group, user_id, by=call.bot.id)
        call.world.groups.lift_ban(group, user_id, by=call.bot.id)
    return True


@method("restrictChatMember")
async def restrict_chat_member(call: Call) -> bool:
    """https://core.telegram.org/bots/api#restrictchatmember; all permissions at once lift the limits."""
    user_id = call.user_id()
    group = _in_supergroup(call, _SUPERGROUPS_ONLY, channels=False)
    member = _restrictable(call, group, user_id)
    if member.is_administrator:
        raise bad_request("user is an administrator of the chat")
    allowed = read_permissions(call)
    if set(group.permissions) <= set(allowed):
        limited = Member(user_id=user_id, status="member" if member.is_inside else "left")
    else:
        limited = Member(
            user_id=user_id,
            status="restricted",
            permissions=allowed,
            is_member=member.is_inside,
            until=_until(call),
        )
    call.world.groups.set_member(group, limited, by=call.bot.id)
    return True


@method("promoteChatMember")
async def promote_chat_member(call: Call) -> bool:
    """https://core.telegram.org/bots/api#promotechatmember: rights the bot has itself; none of them demotes."""
    user_id = call.user_id()
    group = _in_supergroup(call, _NOT_IN_GROUPS)
    if user_id == call.bot.id:
        raise bad_request("can't promote self")
    member = group.member(user_id)
    if member.status == "creator":
        raise bad_request("can't remove chat owner")
    check_right(group, call.bot, "can_promote_members", "not enough rights")
    if not member.is_inside:
        raise bad_request("USER_KICKED" if member.status == "kicked" else "USER_NOT_MUTUAL_CONTACT")
    if member.is_administrator and member.promoted_by != call.bot.id:
        raise bad_request("CHAT_ADMIN_REQUIRED")
    rights = {right for right in rights_in(group.type) if call.flag(right)}
    if not all(group.has_right(call.bot.id, right) for right in rights):
        raise bad_request("RIGHT_FORBIDDEN")
    anonymous = call.flag("is_anonymous")
    call.world.groups.promote(group, user_id, rights, by=call.bot.id, anonymous=anonymous)
    return True


@method("setChatAdministratorCustomTitle")
async def set_custom_title(call: Call) -> bool:
    """https://core.telegram.org/bots/api#setchatadministratorcustomtitle."""
    user_id = call.user_id()
    group = _in_supergroup(call, _SUPERGROUPS_ONLY, channels=False)
    member = group.member(user_id)
    if member.status == "creator":
        raise bad_request("only creator can edit their custom title")
    if member.status != "administrator":
        raise bad_request("user is not an administrator")
    if member.promoted_by != call.bot.id:
        raise bad_request("not enough rights to change custom title of the user")
    title = call.text("custom_title")
    if len(title) > _CUSTOM_TITLE_MAX:
        raise bad_request("CUSTOM_TITLE_INVALID")
    retitled = member.model_copy(update={"custom_title": title})
    call.world.groups.set_member(group, retitled, by=call.bot.id)
    return True


# ── invite links and join requests ──────────────────────────────────────────────────────────────────


@method("createChatInviteLink")
async def create_invite_link(call: Call) -> Json:
    """https://core.telegram.org/bots/api#createchatinvitelink."""
    group = _link_group(call)
    limit, expires = call.integer("member_limit"), call.integer("expire_date")
    by_request = call.flag("creates_join_request")
    if limit and by_request:
        raise bad_request("member limit can't be specified for links requiring administrator approval")
    if limit not in _LINK_MEMBERS:
        raise bad_request("USAGE_LIMIT_INVALID")
    if expires and expires <= call.world.unix_time():
        raise bad_request("EXPIRE_DATE_INVALID")
    link = call.world.groups.new_link(
        group,
        call.bot.id,
        name=call.text("name")[:_LINK_NAME_MAX],
        member_limit=limit,
        expires_at=expires,
        creates_join_request=by_request,
    )
    return link_json(call.world, link)


@method("exportChatInviteLink")
async def export_invite_link(call: Call) -> str:
    """https://core.telegram.org/bots/api#exportchatinvitelink: the bot's earlier one ends with it."""
    group = _link_group(call)
    for link in group.links.values():
        if link.is_primary and link.creator_id == call.bot.id:
            link.is_revoked = True
    return call.world.groups.new_link(group, call.bot.id, is_primary=True).url


@method("revokeChatInviteLink")
async def revoke_invite_link(call: Call) -> Json:
    """https://core.telegram.org/bots/api#revokechatinvitelink."""
    group = _link_group(call)
    link = _own_link(call, group)
    link.is_revoked = True
    call.world.save(group)
    return link_json(call.world, link)


@method("approveChatJoinRequest")
async def approve_join_request(call: Call) -> bool:
    """https://core.telegram.org/bots/api#approvechatjoinrequest."""
    group, request = _request(call)
    link = group.links.get(request.link)
    call.world.groups.join(group, request.user_id, by=request.user_id, link=link, by_request=True)
    return True


@method("declineChatJoinRequest")
async def decline_join_request(call: Call) -> bool:
    """https://core.telegram.org/bots/api#declinechatjoinrequest."""
    group, request = _request(call)
    del group.requests[request.user_id]
    call.world.save(group)
    return True


def _request(call: Call) -> tuple[Group, JoinRequest]:
    user_id = call.user_id()
    group = as_group(call.chat(), "the chat can't have join requests")
    check_right(group, call.bot, "can_invite_users", _REQUESTS_REFUSED)
    if group.member(user_id).is_inside:
        raise bad_request("USER_ALREADY_PARTICIPANT")
    request = group.requests.get(user_id)
    if request is None:
        raise bad_request("HIDE_REQUESTER_MISSING")
    return group, request


def _link_group(call: Call) -> Group:
    group = as_group(call.chat(), "can't invite members to a private chat")
    check_right(group, call.bot, "can_invite_users", _LINKS_REFUSED)
    return group


def _own_link(call: Call, group: Group) -> InviteLink:
    link = group.links.get(call.text("invite_link"))
    if link is None or link.creator_id != call.bot.id:
        raise bad_request("INVITE_HASH_EXPIRED")
    return link


def _in_supergroup(call: Call, refusal: str, *, channels: bool = True) -> Group:
    group = as_group(call.chat(), refusal)
    if group.type == "group" or (group.type == "channel" and not channels):
        raise bad_request(refusal)
    return group


def _restrictable(call: Call, group: Group, user_id: int) -> Member:
    """Somebody the bot may throw out or limit (TDLib, restrict_channel_participant and delete_chat_participant)."""
    member = group.member(user_id)
    if user_id == call.bot.id:
        raise bad_request("can't restrict self")
    if member.status == "creator":
        raise bad_request("can't remove chat owner")
    if group.type == "group" and not group.member(call.bot.id).is_administrator:
        raise bad_request("need to be inviter of a user to kick it from a basic group")
    check_right(group, call.bot, "can_restrict_members", _RESTRICT_REFUSED)
    known = call.world.store.find(User, str(user_id)) is not None or call.world.find_bot(user_id) is not None
    if not known:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return member


def _until(call: Call) -> int:
    until = call.integer("until_date")
    return until if until - call.world.unix_time() in _BAN_SECONDS else 0
