"""What a bot may ask and change about a chat: its members, its title, what is pinned in it."""

from typing import Final

from sandbox.telegram.access import Access, as_group, check_right
from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import bad_request
from sandbox.telegram.group_state import PERMISSIONS, Group
from sandbox.telegram.json_values import as_object, boolean_field
from sandbox.telegram.render import bot_json, chat_json, member_json, message_json, user_json
from sandbox.telegram.state import Chat, Json, User

_REACTIONS_MAX: Final = 11
_TITLE_MAX: Final = 128
_DESCRIPTION_MAX: Final = 255
_PIN_REFUSED: Final = "not enough rights to manage pinned messages in the chat"
_GIFTS: Final = (
    *("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription"),
    "gifts_from_channels",
)


@method("getChat")
async def get_chat(call: Call) -> Json:
    """https://core.telegram.org/bots/api#getchat."""
    chat = call.chat(Access.READ)
    details: Json = {
        "accent_color_id": abs(chat.id) % 7,
        "max_reaction_count": _REACTIONS_MAX,
        "accepted_gift_types": dict.fromkeys(_GIFTS, True),
    }
    if isinstance(chat, Group):
        details |= _group_details(call, chat)
    pinned = call.world.message(chat, chat.pinned[-1]) if chat.pinned else None
    if pinned is not None:
        details["pinned_message"] = message_json(call.world, pinned, bot=call.bot, with_reply=False)
    return chat_json(call.world, chat) | details


def _group_details(call: Call, group: Group) -> Json:
    details: Json = {"description": group.description} if group.description else {}
    if group.type != "channel":
        details["permissions"] = {name: name in group.permissions for name in sorted(PERMISSIONS)}
    if group.linked is not None:
        details["linked_chat_id"] = group.linked
    primary = next((link for link in group.links.values() if link.is_primary and not link.is_revoked), None)
    if primary is not None and group.has_right(call.bot.id, "can_invite_users"):
        details["invite_link"] = primary.url
    return details


@method("getChatMember")
async def get_chat_member(call: Call) -> Json:
    """https://core.telegram.org/bots/api#getchatmember; in a private chat, the person and the bot."""
    user_id = call.user_id()
    chat = call.chat(Access.READ if user_id == call.bot.id else Access.MEMBERS)
    known = call.world.store.find(User, str(user_id)) is not None or call.world.find_bot(user_id) is not None
    if not known:
        raise bad_request("PARTICIPANT_ID_INVALID")
    if isinstance(chat, Group):
        return member_json(call.world, chat, chat.member(user_id), call.bot)
    if user_id == call.bot.id:
        return {"user": bot_json(call.bot), "status": "member"}
    if user_id != chat.id:
        raise bad_request("member not found")
    return {"user": user_json(call.world.user(user_id).record), "status": "member"}


@method("getChatMemberCount")
async def get_chat_member_count(call: Call) -> int:
    """https://core.telegram.org/bots/api#getchatmembercount."""
    chat = call.chat(Access.MEMBERS)
    return len(list(chat.inside())) if isinstance(chat, Group) else 2


@method("getChatAdministrators")
async def get_chat_administrators(call: Call) -> list[Json]:
    """https://core.telegram.org/bots/api#getchatadministrators; other bots only when asked for."""
    group = as_group(call.chat(Access.MEMBERS), "there are no administrators in the private chat")
    other_bots = {bot.id for bot in call.world.bots()} - {call.bot.id}
    hidden = set[int]() if call.flag("return_bots") else other_bots
    shown = [m for m in group.inside() if m.is_administrator and m.user_id not in hidden]
    return [member_json(call.world, group, member, call.bot) for member in shown]


@method("leaveChat")
async def leave_chat(call: Call) -> bool:
    """https://core.telegram.org/bots/api#leavechat: nobody leaves a private chat."""
    group = as_group(call.chat(Access.READ), "chat member status can't be changed in private chats")
    if group.member(call.bot.id).is_inside:
        call.world.groups.leave(group, call.bot.id)
    return True


@method("setChatTitle")
async def set_chat_title(call: Call) -> bool:
    """https://core.telegram.org/bots/api#setchattitle; what is too long is cut (TDLib, clean_name)."""
    title = call.text("title").strip()[:_TITLE_MAX]
    group = as_group(call.chat(), "can't change private chat title")
    check_right(group, call.bot, "can_change_info", "not enough rights to change chat title")
    if not title:
        raise bad_request("title must be non-empty")
    if title == group.title:
        raise bad_request("chat title is not modified")
    group.title = title
    call.world.groups.service(group, call.bot.id, {"new_chat_title": title})
    return True


@method("setChatDescription")
async def set_chat_description(call: Call) -> bool:
    """https://core.telegram.org/bots/api#setchatdescription."""
    group = as_group(call.chat(), "can't change private chat description")
    check_right(group, call.bot, "can_change_info", "not enough rights to set chat description")
    description = call.text("description").strip()[:_DESCRIPTION_MAX]
    if description == group.description:
        raise bad_request("chat description is not modified")
    group.description = description
    call.world.save(group)
    return True


@method("setChatPermissions")
async def set_chat_permissions(call: Call) -> bool:
    """https://core.telegram.org/bots/api#setchatpermissions."""
    group = as_group(call.chat(), "can't change private chat permissions")
    check_right(group, call.bot, "can_restrict_members", "not enough rights to change chat permissions")
    group.permissions = read_permissions(call)
    call.world.save(group)
    return True


def read_permissions(call: Call) -> list[str]:
    """What a ChatPermissions allows."""
    given = as_object(call.given.get("permissions")) or {}
    return sorted(name for name in PERMISSIONS if boolean_field(given, name))


@method("pinChatMessage")
async def pin_chat_message(call: Call) -> bool:
    """https://core.telegram.org/bots/api#pinchatmessage."""
    chat = call.chat()
    message = call.message(chat, "message to pin")
    _check_pins(call, chat)
    call.world.pin(chat, message, by=call.bot.id)
    return True


@method("unpinChatMessage")
async def unpin_chat_message(call: Call) -> bool:
    """https://core.telegram.org/bots/api#unpinchatmessage: without a message_id the one pinned last."""
    chat = call.chat()
    wanted = call.message(chat, "message to unpin").id if call.has("message_id") else None
    _check_pins(call, chat)
    if wanted is None and chat.pinned:
        wanted = chat.pinned[-1]
    if wanted not in chat.pinned:
        raise bad_request("message to unpin not found")
    chat.pinned.remove(wanted)
    call.world.save(chat)
    return True


@method("unpinAllChatMessages")
async def unpin_all_chat_messages(call: Call) -> bool:
    """https://core.telegram.org/bots/api#unpinallchatmessages."""
    chat = call.chat()
    _check_pins(call, chat)
    chat.pinned.clear()
    call.world.save(chat)
    return True


def _check_pins(call: Call, chat: Chat) -> None:
    """TDLib, can_pin_messages: in groups bots must be administrators, in channels they need another right."""
    if isinstance(chat, Group):
        right = "can_edit_messages" if chat.type == "channel" else "can_pin_messages"
        check_right(chat, call.bot, right, _PIN_REFUSED)
