"""Who is told of a message: which bots of a chat hear it, and as what.

https://core.telegram.org/bots/features#privacy-mode and
https://core.telegram.org/bots/faq#what-messages-will-my-bot-get; what a bot is told of its own doing is the Bot
API server's need_skip_update_message (Client.cpp).
"""

from typing import TYPE_CHECKING

from sandbox.telegram.group_state import Group
from sandbox.telegram.render import message_json
from sandbox.telegram.state import Bot, Chat, Message

if TYPE_CHECKING:
    from sandbox.telegram.world import TelegramWorld


def announce(
    world: "TelegramWorld", message: Message, *, edited: bool = False, but: Bot | None = None
) -> None:
    """Tell every bot that may know of a new (or changed) message, except one that did it itself."""
    chat = world.chat_of(message)
    kind = "channel_post" if chat.type == "channel" else "message"
    for bot in hearers(world, chat, message):
        if but is not None and bot.id == but.id:
            continue
        world.updates.push(
            bot,
            f"edited_{kind}" if edited else kind,
            message_json(world, message, bot=bot),
            lane=chat.id,
        )
    if not edited:
        _discuss(world, chat, message)


def _discuss(world: "TelegramWorld", chat: Chat, message: Message) -> None:
    """A channel's post also appears in its discussion group (https://core.telegram.org/api/discussion)."""
    if not isinstance(chat, Group) or chat.type != "channel" or chat.linked is None or message.is_service:
        return
    group = world.group(chat.linked)
    forwarded = world.post(
        group,
        message.from_id,
        message.content,
        sender_chat=chat.id,
        origin=world.origin(message),
        automatic_forward=True,
        signature=message.signature,
        media_group=message.media_group,
    )
    announce(world, forwarded)


def hearers(world: "TelegramWorld", chat: Chat, message: Message) -> list[Bot]:
    """The bots that hear a message, privacy mode considered."""
    if not isinstance(chat, Group):
        bot = world.find_bot(chat.bot_id)
        own = bot is not None and message.from_id == bot.id and not message.is_service
        return [] if bot is None or own else [bot]
    bots = [bot for bot in world.bots_in(chat) if _may_hear(world, chat, bot, message)]
    addressed = _addressed(world, chat, message)
    return [bot for bot in bots if _hears_all(chat, bot, message) or bot.id in addressed]


def _may_hear(world: "TelegramWorld", group: Group, bot: Bot, message: Message) -> bool:
    """No bot hears other bots, except in channels; and itself only where Telegram speaks about it."""
    if message.is_service:
        return True
    if message.from_id == bot.id:
        return False
    return group.type == "channel" or world.find_bot(message.from_id) is None


def _hears_all(group: Group, bot: Bot, message: Message) -> bool:
    if message.is_service or group.type == "channel" or not bot.privacy:
        return True
    return group.member(bot.id).is_administrator


def _addressed(world: "TelegramWorld", group: Group, message: Message) -> set[int]:
    """The bots in privacy mode for whom the message is meant: a reply's first, then a named one, then a guess."""
    replied = world.message(group, message.reply_to) if message.reply_to else None
    if replied is not None and world.find_bot(replied.from_id) is not None:
        return {replied.from_id}
    named = _named(world, message)
    if named:
        return named
    if message.via_bot is not None:
        return {message.via_bot}
    if any(_is_command(message, entity) for entity in _entities(message)):
        return _last_speakers(world, group)
    return set()


def _named(world: "TelegramWorld", message: Message) -> set[int]:
    """Bots in an @mention or a /command@bot. (The FAQ leaves mentions out; Telegram delivers them.)"""
    words = [_marked(message, entity) for entity in _entities(message)]
    names = {word.partition("@")[2].lower() for word in words if "@" in word}
    return {bot.id for bot in world.bots() if bot.username.lower() in names}


def _last_speakers(world: "TelegramWorld", group: Group) -> set[int]:
    """A command for nobody in particular goes to the bot that spoke last; before any did, to all of them."""
    bots = {bot.id for bot in world.bots_in(group)}
    spoken = (m.from_id for m in reversed(world.messages(group)) if m.from_id in bots and not m.is_service)
    last = next(spoken, None)
    return bots if last is None else {last}


def _entities(message: Message) -> list[dict[str, object]]:
    content = message.content
    return content.get("entities") or content.get("caption_entities") or []


def _is_command(message: Message, entity: dict[str, object]) -> bool:
    return entity["type"] == "bot_command" and "@" not in _marked(message, entity)


def _marked(message: Message, entity: dict[str, object]) -> str:
    """The words under a mention or a command, and nothing under anything else."""
    if entity["type"] not in {"mention", "bot_command"}:
        return ""
    text: str = message.content.get("text") or message.content.get("caption") or ""
    begin, length = entity["offset"], entity["length"]
    assert isinstance(begin, int), "entities of stored messages are read"
    assert isinstance(length, int), "entities of stored messages are read"
    units = text.encode("utf-16-le")
    return units[2 * begin : 2 * (begin + length)].decode("utf-16-le")
