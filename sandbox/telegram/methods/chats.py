"""What a bot may ask about chats and their members."""

from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import bad_request
from sandbox.telegram.render import bot_json, chat_json, user_json
from sandbox.telegram.state import Json, User

_REACTIONS_MAX = 11


@method("getChat")
async def get_chat(call: Call) -> Json:
    """https://core.telegram.org/bots/api#getchat."""
    chat = call.known_chat()
    gifts = dict.fromkeys(
        (
            *("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription"),
            "gifts_from_channels",
        ),
        True,
    )
    details: Json = {
        "accent_color_id": chat.id % 7,
        "max_reaction_count": _REACTIONS_MAX,
        "accepted_gift_types": gifts,
    }
    return chat_json(call.world, chat) | details


@method("getChatMember")
async def get_chat_member(call: Call) -> Json:
    """https://core.telegram.org/bots/api#getchatmember: in a private chat, the person and the bot."""
    chat = call.known_chat()
    user_id = call.integer("user_id")
    if user_id <= 0:
        raise bad_request("Invalid user_id specified")
    if user_id == call.bot.id:
        return {"user": bot_json(call.bot), "status": "member"}
    user = call.world.store.find(User, str(user_id))
    if user is None or user_id != chat.id:
        raise bad_request("PARTICIPANT_ID_INVALID" if user is None else "user not found")
    return {"user": user_json(user), "status": "member"}


@method("leaveChat")
async def leave_chat(call: Call) -> bool:
    """https://core.telegram.org/bots/api#leavechat: nobody leaves a private chat."""
    call.known_chat()
    raise bad_request("chat member status can't be changed in private chats")
