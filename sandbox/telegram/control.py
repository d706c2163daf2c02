"""People over HTTP: a page or another process makes them, reads their screens and acts for them.

JSON in, JSON out, under /_people/. A thing that a person cannot do is 400 with {"error": …}. Everyone who
can connect may act as everyone: this is for loopback alone.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.telegram.faults import Fault
from sandbox.telegram.payments import OrderDetails
from sandbox.telegram.people import CannotDo, ShownMessage, TelegramUser
from sandbox.telegram.state import Bot, Json, StoredFile, User
from sandbox.telegram.world import TelegramWorld
from storage.clock import SystemClock

_WAIT_SECONDS_MAX = 60.0


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewBot(_Body):
    token: str
    username: str
    name: str | None = None
    provider_tokens: tuple[str, ...] = ()


class NewUser(_Body):
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    phone: str | None = None


class Start(_Body):
    payload: str = ""


class Say(_Body):
    text: str
    reply_to: int | None = None


class Press(_Body):
    label: str
    message_id: int | None = None


class Pay(_Body):
    card: str = "visa"
    invoice: int | str | None = None
    shipping_option: str | None = None
    tip: int = 0
    details: Json | None = None


class Photo(_Body):
    base64: str
    caption: str = ""


class Contact(_Body):
    phone: str | None = None
    own: bool = True


class Location(_Body):
    latitude: float
    longitude: float


class Sticker(_Body):
    emoji: str = "👍"


class Nothing(_Body):
    pass


class Edit(_Body):
    message_id: int
    text: str


class Delete(_Body):
    message_id: int


class PlannedFaults(_Body):
    method: str
    faults: list[Fault | None]


class Redelivery(_Body):
    bot: str
    update_id: int


@dataclass(frozen=True)
class _Act:
    """A person at a bot, about to do something."""

    person: TelegramUser
    bot: Bot


def people_routes(world: TelegramWorld) -> list[BaseRoute]:
    """The routes under /_people/."""
    control = _Control(world)
    at_bot = "/_people/users/{user:int}/bots/{bot}"
    return [
        Route("/_people/bots", _guarded(control.bots), methods=["GET", "POST"]),
        Route("/_people/users", _guarded(control.users), methods=["GET", "POST"]),
        Route("/_people/files/{number:int}", _guarded(control.file), methods=["GET"]),
        Route("/_people/faults", _guarded(control.plan_faults), methods=["POST"]),
        Route("/_people/redeliver", _guarded(control.redeliver), methods=["POST"]),
        Route("/_people/updates/{bot}", _guarded(control.updates), methods=["GET"]),
        Route(f"{at_bot}/messages", _guarded(control.messages), methods=["GET"]),
        Route(f"{at_bot}/{{action}}", _guarded(control.act), methods=["POST"]),
    ]


class _Control:
    def __init__(self, world: TelegramWorld) -> None:
        self._world = world

    async def bots(self, request: Request) -> Any:
        if request.method == "POST":
            given = NewBot.model_validate(await request.json())
            self._world.add_bot(
                given.token, given.username, name=given.name, provider_tokens=given.provider_tokens
            )
        return [_bot_json(bot) for bot in self._world.store.all(Bot)]

    async def users(self, request: Request) -> Any:
        if request.method == "GET":
            return [_user_json(user.record) for user in self._world.users()]
        given = NewUser.model_validate(await request.json())
        return _user_json(self._world.add_user(**given.model_dump()).record)

    async def file(self, request: Request) -> Any:
        file = self._world.store.find(StoredFile, str(request.path_params["number"]))
        if file is None:
            raise CannotDo("no such file")
        return Response(self._world.store.bytes_of(file.number), media_type=file.mime_type)

    async def plan_faults(self, request: Request) -> Any:
        given = PlannedFaults.model_validate(await request.json())
        self._world.faults.next(given.method, given.faults)
        return {}

    async def redeliver(self, request: Request) -> Any:
        given = Redelivery.model_validate(await request.json())
        self._world.redeliver(self._world.bot(given.bot), given.update_id)
        return {}

    async def updates(self, request: Request) -> Any:
        """Every update the bot was ever to be told, with whether it took notice."""
        history = self._world.updates.history(self._world.bot(request.path_params["bot"]))
        return [update.as_json() | {"delivered": update.delivered} for update in history]

    async def messages(self, request: Request) -> Any:
        """The screen: messages above ?after=, waiting up to ?wait= seconds for the first one from the bot."""
        act = self._person_at_bot(request)
        after = int(request.query_params.get("after", 0))
        wait = min(float(request.query_params.get("wait", 0)), _WAIT_SECONDS_MAX)

        def news() -> list[ShownMessage] | None:
            fresh = [message for message in act.person.chat(act.bot) if message.id > after]
            return fresh if any(not message.mine for message in fresh) else None

        if wait > 0:
            await self._world.changes.wait_until(news, clock=SystemClock(), seconds=wait)
        shown = [_message_json(message) for message in act.person.chat(act.bot) if message.id > after]
        keyboard = [[asdict(key) for key in row] for row in act.person.keyboard(act.bot)]
        return {"messages": shown, "keyboard": keyboard, "typing": act.person.typing(act.bot)}

    async def act(self, request: Request) -> Any:
        """One action of a person in their chat with a bot."""
        action = _ACTIONS.get(request.path_params["action"])
        if action is None:
            raise CannotDo(f"no such action; there are {', '.join(_ACTIONS)}")
        shape, do = action
        body = shape.model_validate(await request.json() if await request.body() else {})
        return await do(self._person_at_bot(request), body)

    def _person_at_bot(self, request: Request) -> _Act:
        return _Act(
            self._world.user(request.path_params["user"]), self._world.bot(request.path_params["bot"])
        )


async def _start(act: _Act, given: Start) -> Json:
    return {"message_id": act.person.start(act.bot, given.payload).id}


async def _say(act: _Act, given: Say) -> Json:
    return {"message_id": act.person.say(act.bot, given.text, reply_to=given.reply_to).id}


async def _tap(act: _Act, given: Press) -> Json:
    pressed = act.person.tap(act.bot, given.label, message_id=given.message_id)
    return {"button": asdict(pressed.button), "tap": None if pressed.tap is None else pressed.tap.id}


async def _pay(act: _Act, given: Pay) -> Json:
    details = OrderDetails(**given.details) if given.details else None
    outcome = await act.person.pay(
        act.bot,
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


async def _photo(act: _Act, given: Photo) -> Json:
    try:
        picture = base64.b64decode(given.base64, validate=True)
    except binascii.Error:
        raise CannotDo("the picture is not base64") from None
    return {"message_id": act.person.send_photo(act.bot, picture, given.caption).id}


async def _contact(act: _Act, given: Contact) -> Json:
    return {"message_id": act.person.share_contact(act.bot, given.phone, own=given.own).id}


async def _location(act: _Act, given: Location) -> Json:
    return {"message_id": act.person.share_location(act.bot, given.latitude, given.longitude).id}


async def _sticker(act: _Act, given: Sticker) -> Json:
    return {"message_id": act.person.send_sticker(act.bot, given.emoji).id}


async def _voice(act: _Act, _: Nothing) -> Json:
    return {"message_id": act.person.send_voice(act.bot).id}


async def _edit(act: _Act, given: Edit) -> Json:
    return {"message_id": act.person.edit(act.bot, given.message_id, given.text).id}


async def _delete(act: _Act, given: Delete) -> Json:
    act.person.delete(act.bot, given.message_id)
    return {}


async def _block(act: _Act, _: Nothing) -> Json:
    act.person.block(act.bot)
    return {}


async def _unblock(act: _Act, _: Nothing) -> Json:
    act.person.unblock(act.bot)
    return {}


_Do = Callable[[_Act, Any], Awaitable[Json]]
_ACTIONS: dict[str, tuple[type[_Body], _Do]] = {
    "start": (Start, _start),
    "say": (Say, _say),
    "tap": (Press, _tap),
    "pay": (Pay, _pay),
    "photo": (Photo, _photo),
    "contact": (Contact, _contact),
    "location": (Location, _location),
    "sticker": (Sticker, _sticker),
    "voice": (Nothing, _voice),
    "edit": (Edit, _edit),
    "delete": (Delete, _delete),
    "block": (Nothing, _block),
    "unblock": (Nothing, _unblock),
}


def _guarded(endpoint: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
    """Answers as JSON; what cannot be done, or was asked wrongly, is 400 with a sentence."""

    async def answer(request: Request) -> Response:
        try:
            result = await endpoint(request)
        except (CannotDo, ValidationError, ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        except KeyError as error:
            return JSONResponse({"error": str(error.args[0])}, status_code=404)
        return result if isinstance(result, Response) else JSONResponse(result)

    return answer


def _bot_json(bot: Bot) -> Json:
    return {"id": bot.id, "username": bot.username, "name": bot.first_name}


def _user_json(user: User) -> Json:
    return user.model_dump(exclude_none=True)


def _message_json(message: ShownMessage) -> Json:
    return {
        "id": message.id,
        "mine": message.mine,
        "text": message.text,
        "entities": list(message.entities),
        "photo": None if message.photo is None else message.photo.number,
        "buttons": [[asdict(button) for button in row] for row in message.buttons],
        "content": message.content,
        "date": message.sent_at,
        "edited": message.edited,
        "reply_to": message.reply_to,
        "media_group": message.media_group,
    }
