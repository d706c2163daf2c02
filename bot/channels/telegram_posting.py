"""Where the shop may post for many to read: a channel of which the bot is an administrator."""

from typing import Final

from aiogram.enums import ChatType
from aiogram.methods import GetChat, GetChatMember
from aiogram.types import ChatFullInfo, ChatMemberAdministrator, ChatMemberOwner

from bot.channels.telegram_calls import BotApi
from shop.errors import Rejected

_FIX: Final = "add the bot in the channel's settings as an administrator who may post messages"


class CannotPost(Rejected):
    """Nothing of ours can be posted there; its words say why, and what helps."""


async def place_for_posts(api: BotApi, name: str) -> int:
    """The id of the channel called `@name`. Raises CannotPost, or Unavailable while Telegram is out of reach.

    https://core.telegram.org/bots/api#getchat and #chatmemberadministrator (can_post_messages: channels only).
    """
    found = await _known(api, name)
    if found.type != ChatType.CHANNEL:
        raise CannotPost(f"{name} is a {found.type}, not a channel")
    try:
        member = await api.call(GetChatMember(chat_id=found.id, user_id=api.bot_id))
    except Rejected as error:
        raise CannotPost(f"the bot is not in the channel {name}: {_FIX} ({error})") from None
    may = isinstance(member, ChatMemberAdministrator) and member.can_post_messages
    if not (may or isinstance(member, ChatMemberOwner)):
        raise CannotPost(f"the bot may not post in the channel {name}: {_FIX}")
    return found.id


async def _known(api: BotApi, name: str) -> ChatFullInfo:
    try:
        return await api.call(GetChat(chat_id=name))
    except Rejected as error:
        raise CannotPost(
            f"Telegram knows no public channel {name}, or the bot was put out of it: check the name, which begins "
            f"with @, and {_FIX} ({error})"
        ) from None
