"""What people do in a group chat of a story."""

from collections.abc import Callable

from sandbox.people.person import CannotDo, Person
from sandbox.people.telegram import TelegramPerson
from sandbox.people.telegram_group import TelegramGroup
from sandbox.stories.format import (
    Act,
    Add,
    Join,
    Leave,
    Public,
    Remove,
    Reply,
    Say,
    Send,
    Tap,
    Upgrade,
)


def place_of(act: Act) -> str | None:
    """The name of the group in which it is done; None for what is done in private."""
    return act.chat if isinstance(act, Public | Reply | Join | Leave | Add | Remove | Upgrade) else None


def act_in(
    group: TelegramGroup, person: Person, act: Act, *, fill: Callable[[str], str], picture: bytes
) -> str:
    """Do it there, with $names filled in; the act in the transcript's words. Raises CannotDo."""
    if not isinstance(person, TelegramPerson):
        raise CannotDo(f"{person.name} is not on Telegram, where {group.name} is")
    match act:
        case Say(say=words):
            group.say(person, fill(words))
            return words
        case Reply(reply=words):
            group.reply(person, fill(words))
            return f"↩ {words}"
        case Tap(tap=label):
            group.tap(person, fill(label))
            return f"[{label}]"
        case Send(caption=caption):
            group.send_photo(person, picture, fill(caption))
            return f"(photo) {caption}".strip()
        case _:
            return _come_or_go(group, person, act)


def _come_or_go(group: TelegramGroup, person: TelegramPerson, act: Act) -> str:
    match act:
        case Join():
            group.join(person)
            return "(comes in)"
        case Leave():
            group.leave(person)
            return "(goes out)"
        case Add():
            group.add_bot(person)
            return "(brings the bot in)"
        case Remove():
            group.remove_bot(person)
            return "(puts the bot out)"
        case Upgrade():
            group.upgrade(person)
            return "(makes it a supergroup)"
        case _:
            raise LookupError(f"{act!r} is done in private")
