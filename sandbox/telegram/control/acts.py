"""What a person does over HTTP, in a chat with a bot or in a group: one function an action."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.telegram.control import bodies
from sandbox.telegram.group_state import Group
from sandbox.telegram.payments import OrderDetails
from sandbox.telegram.people import CannotDo, TelegramUser, Typed, Where
from sandbox.telegram.people.asking import query_of
from sandbox.telegram.state import Bot, Json
from sandbox.telegram.world import TelegramWorld


@dataclass(frozen=True)
class Act:
    """A person at a place, about to do something."""

    world: TelegramWorld
    person: TelegramUser
    where: Where

    @property
    def bot(self) -> Bot:
        """The bot they talk to. Raises CannotDo in a group."""
        if not isinstance(self.where, Bot):
            raise CannotDo("this is done in a chat with a bot")
        return self.where

    @property
    def group(self) -> Group:
        if not isinstance(self.where, Group):
            raise CannotDo("this is done in a group")
        return self.where

    def someone(self, given: bodies.Someone) -> Bot | TelegramUser:
        """Whom the body names. Raises CannotDo unless it names exactly one."""
        if (given.user is None) == (given.bot is None):
            raise CannotDo("name a user or a bot")
        return self.world.bot(given.bot) if given.bot is not None else self.world.user(given.user or 0)


# ── talking ─────────────────────────────────────────────────────────────────────────────────────────


async def _start(act: Act, given: bodies.Start) -> Json:
    return {"message_id": act.person.start(act.bot, given.payload).id}


async def _say(act: Act, given: bodies.Say) -> Json:
    said = act.person.say(act.where, given.text, reply_to=given.reply_to, topic=given.topic)
    return {"message_id": said.id}


async def _photo(act: Act, given: bodies.Photo) -> Json:
    try:
        picture = base64.b64decode(given.base64, validate=True)
    except binascii.Error:
        raise CannotDo("the picture is not base64") from None
    return {"message_id": act.person.send_photo(act.where, picture, given.caption, topic=given.topic).id}


async def _contact(act: Act, given: bodies.Contact) -> Json:
    return {"message_id": act.person.share_contact(act.where, given.phone, own=given.own).id}


async def _location(act: Act, given: bodies.Location) -> Json:
    return {"message_id": act.person.share_location(act.where, given.latitude, given.longitude).id}


async def _sticker(act: Act, given: bodies.Sticker) -> Json:
    return {"message_id": act.person.send_sticker(act.where, given.emoji).id}


async def _voice(act: Act, _: bodies.Nothing) -> Json:
    return {"message_id": act.person.send_voice(act.where).id}


async def _edit(act: Act, given: bodies.Edit) -> Json:
    return {"message_id": act.person.edit(act.where, given.message_id, given.text).id}


async def _delete(act: Act, given: bodies.OneMessage) -> Json:
    act.person.delete(act.where, given.message_id)
    return {}


async def _pin(act: Act, given: bodies.OneMessage) -> Json:
    act.person.pin(act.where, given.message_id)
    return {}


async def _tap(act: Act, given: bodies.Press) -> Json:
    pressed = act.person.tap(act.where, given.label, message_id=given.message_id)
    return {"button": asdict(pressed.button), "tap": None if pressed.tap is None else pressed.tap.id}


async def _pay(act: Act, given: bodies.Pay) -> Json:
    details = OrderDetails(**given.details) if given.details else None
    outcome = await act.person.pay(
        act.where,
        given.card,
        given.invoice,
        details=details,
        shipping_option=given.shipping_option,
        tip=given.tip,
    )
    return {
        "status": outcome.status,
        "reason": outcome.reason,
        "message_id": None if outcome.message is None else outcome.message.id,
        "telegram_charge": outcome.telegram_charge,
        "provider_charge": outcome.provider_charge,
    }


async def _block(act: Act, _: bodies.Nothing) -> Json:
    act.person.block(act.bot)
    return {}


async def _unblock(act: Act, _: bodies.Nothing) -> Json:
    act.person.unblock(act.bot)
    return {}


# ── inline mode ─────────────────────────────────────────────────────────────────────────────────────


async def _inline(act: Act, given: bodies.Ask) -> Json:
    typed = act.person.type_inline(act.where, act.world.bot(given.bot), given.query, offset=given.offset)
    if given.wait > 0:
        await typed.answered(given.wait)
    return {
        "query": typed.query.id,
        "choices": [asdict(choice) for choice in typed.choices],
        "button": typed.button,
        "next_offset": typed.next_offset,
    }


async def _choose(act: Act, given: bodies.Choose) -> Json:
    typed = Typed(act.world, act.person, act.where, query_of(act.world, act.person.id, given.query))
    return {"message_id": typed.choose(given.result, topic=given.topic).id}


# ── running a group ─────────────────────────────────────────────────────────────────────────────────


async def _leave(act: Act, _: bodies.Nothing) -> Json:
    act.person.leave(act.group)
    return {}


async def _add(act: Act, given: bodies.Rights) -> Json:
    act.person.add(act.group, act.someone(given), *given.rights)
    return {}


async def _remove(act: Act, given: bodies.Someone) -> Json:
    act.person.remove(act.group, act.someone(given))
    return {}


async def _unban(act: Act, given: bodies.Someone) -> Json:
    act.person.unban(act.group, act.someone(given))
    return {}


async def _promote(act: Act, given: bodies.Rights) -> Json:
    act.person.promote(act.group, act.someone(given), *given.rights, anonymous=given.anonymous)
    return {}


async def _demote(act: Act, given: bodies.Someone) -> Json:
    act.person.demote(act.group, act.someone(given))
    return {}


async def _rename(act: Act, given: bodies.Title) -> Json:
    act.person.rename(act.group, given.title)
    return {}


async def _upgrade(act: Act, _: bodies.Nothing) -> Json:
    return {"group": act.person.upgrade(act.group).id}


async def _invite_link(act: Act, given: bodies.Invite) -> Json:
    link = act.person.invite_link(act.group, by_request=given.by_request, member_limit=given.member_limit)
    return {"link": link}


async def _forum(act: Act, _: bodies.Nothing) -> Json:
    act.person.turn_into_forum(act.group)
    return {}


async def _open_topic(act: Act, given: bodies.TopicName) -> Json:
    return {"topic": act.person.open_topic(act.group, given.name).id}


async def _close_topic(act: Act, given: bodies.OneTopic) -> Json:
    act.person.close_topic(act.group, given.topic)
    return {}


async def _reopen_topic(act: Act, given: bodies.OneTopic) -> Json:
    act.person.reopen_topic(act.group, given.topic)
    return {}


async def _delete_topic(act: Act, given: bodies.OneTopic) -> Json:
    act.person.delete_topic(act.group, given.topic)
    return {}


_Do = Callable[[Act, Any], Awaitable[Json]]
ACTIONS: dict[str, tuple[type[bodies.Body], _Do]] = {
    "start": (bodies.Start, _start),
    "say": (bodies.Say, _say),
    "tap": (bodies.Press, _tap),
    "pay": (bodies.Pay, _pay),
    "photo": (bodies.Photo, _photo),
    "contact": (bodies.Contact, _contact),
    "location": (bodies.Location, _location),
    "sticker": (bodies.Sticker, _sticker),
    "voice": (bodies.Nothing, _voice),
    "edit": (bodies.Edit, _edit),
    "delete": (bodies.OneMessage, _delete),
    "pin": (bodies.OneMessage, _pin),
    "block": (bodies.Nothing, _block),
    "unblock": (bodies.Nothing, _unblock),
    "inline": (bodies.Ask, _inline),
    "choose": (bodies.Choose, _choose),
    "leave": (bodies.Nothing, _leave),
    "add": (bodies.Rights, _add),
    "remove": (bodies.Someone, _remove),
    "unban": (bodies.Someone, _unban),
    "promote": (bodies.Rights, _promote),
    "demote": (bodies.Someone, _demote),
    "rename": (bodies.Title, _rename),
    "upgrade": (bodies.Nothing, _upgrade),
    "invite_link": (bodies.Invite, _invite_link),
    "forum": (bodies.Nothing, _forum),
    "open_topic": (bodies.TopicName, _open_topic),
    "close_topic": (bodies.OneTopic, _close_topic),
    "reopen_topic": (bodies.OneTopic, _reopen_topic),
    "delete_topic": (bodies.OneTopic, _delete_topic),
}
