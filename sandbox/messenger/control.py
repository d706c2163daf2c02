"""People over HTTP: a page or another process makes them, reads their screens and acts for them.

JSON in, JSON out, under /_people/. A thing that a person cannot do is 400 with {"error": …}. Everyone who
can connect may act as everyone: this is for loopback alone.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.messenger.faults import Fault
from sandbox.messenger.people import CannotDo, MessengerPerson
from sandbox.messenger.screen import ShownMessage
from sandbox.messenger.state import Json, Message
from sandbox.messenger.webhooks import WebhookRefused
from sandbox.messenger.world import MessengerWorld
from storage.clock import SystemClock

_WAIT_SECONDS_MAX = 60.0


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewPerson(_Body):
    name: str
    locale: str = "en_US"
    timezone: int = 0
    phone: str | None = None
    email: str | None = None
    picture: str | None = None


class NewTemplate(_Body):
    name: str
    language: str
    body: str
    buttons: tuple[Json, ...] = ()


class Open(_Body):
    ref: str = ""


class OpenAd(_Body):
    ad_id: str
    ref: str = ""
    title: str = ""


class Say(_Body):
    text: str
    reply_to: str | None = None


class Press(_Body):
    label: str
    mid: str | None = None


class Photo(_Body):
    base64: str


class File(_Body):
    base64: str
    name: str
    mime_type: str = "application/octet-stream"


class React(_Body):
    mid: str
    emoji: str = "❤"


class Unreact(_Body):
    mid: str


class Nothing(_Body):
    pass


class PlannedFaults(_Body):
    endpoint: str
    faults: list[Fault | None]


class PlannedWays(_Body):
    field: str
    ways: list[str]


class Release(_Body):
    reverse: bool = False


class Redelivery(_Body):
    event: int


class NewWebhook(_Body):
    url: str


class Reply(_Body):
    text: str


def people_routes(world: MessengerWorld) -> list[BaseRoute]:
    """The routes under /_people/."""
    control = _Control(world)
    return [
        Route("/_people/page", _guarded(control.page), methods=["GET"]),
        Route("/_people/people", _guarded(control.people), methods=["GET", "POST"]),
        Route("/_people/people/{psid}/messages", _guarded(control.messages), methods=["GET"]),
        Route("/_people/people/{psid}/inbox/{action}", _guarded(control.staff), methods=["POST"]),
        Route("/_people/people/{psid}/{action}", _guarded(control.act), methods=["POST"]),
        Route("/_people/templates", _guarded(control.add_template), methods=["POST"]),
        Route("/_people/faults", _guarded(control.plan_faults), methods=["POST"]),
        Route("/_people/webhook", _guarded(control.set_webhook), methods=["POST"]),
        Route("/_people/webhook/{order}", _guarded(control.order_webhook), methods=["POST"]),
        Route("/_people/events", _guarded(control.events), methods=["GET"]),
    ]


class _Control:
    def __init__(self, world: MessengerWorld) -> None:
        self._world = world

    async def page(self, _: Request) -> Any:
        world = self._world
        return {
            "id": world.page_id,
            "name": world.page_name,
            "profile": world.page.profile,
            "subscribed_fields": world.page.subscribed_fields,
            "webhook": {
                "url": world.webhook_url,
                "verified": world.webhooks.verified,
                "failures": list(world.webhooks.failures),
            },
            "refusals": [list(refusal) for refusal in world.refusals],
        }

    async def people(self, request: Request) -> Any:
        if request.method == "GET":
            return [_person_json(person) for person in self._world.people()]
        given = NewPerson.model_validate(await request.json())
        return _person_json(self._world.add_person(**given.model_dump()))

    async def messages(self, request: Request) -> Any:
        """The screen: messages above ?after=, waiting up to ?wait= seconds for the first one of the Page."""
        person = self._person(request)
        after = int(request.query_params.get("after", 0))
        wait = min(float(request.query_params.get("wait", 0)), _WAIT_SECONDS_MAX)

        def news() -> bool | None:
            return any(m.number > after and not m.mine for m in person.screen()) or None

        if wait > 0:
            await self._world.changes.wait_until(news, clock=SystemClock(), seconds=wait)
        return {
            "messages": [_message_json(message) for message in person.screen() if message.number > after],
            "menu": [asdict(button) for button in person.menu()],
            "welcome": asdict(person.welcome()),
            "typing": person.typing,
        }

    async def act(self, request: Request) -> Any:
        """One action of a person."""
        action = _ACTIONS.get(request.path_params["action"])
        if action is None:
            raise CannotDo(f"no such action; there are {', '.join(_ACTIONS)}")
        shape, do = action
        body = shape.model_validate(await request.json() if await request.body() else {})
        return do(self._person(request), body)

    async def staff(self, request: Request) -> Any:
        """One action of the Page's staff in the Page Inbox: take, reply, pass, done."""
        inbox, person = self._world.inbox, self._person(request)
        match request.path_params["action"]:
            case "take":
                inbox.take(person)
            case "reply":
                return _told(inbox.reply(person, Reply.model_validate(await request.json()).text))
            case "pass":
                inbox.pass_to_app(person)
            case "done":
                inbox.done(person)
            case other:
                raise CannotDo(f"staff cannot {other}; there are take, reply, pass, done")
        return {}

    async def add_template(self, request: Request) -> Any:
        given = NewTemplate.model_validate(await request.json())
        template = self._world.add_template(given.name, given.language, given.body, buttons=given.buttons)
        return {"id": template.id}

    async def plan_faults(self, request: Request) -> Any:
        given = PlannedFaults.model_validate(await request.json())
        for fault in given.faults:
            if fault is not None and fault.kind == "refuse":
                fault.refusal()  # no such error: said now, not when it is met
        self._world.faults.next(given.endpoint, given.faults)
        return {}

    async def set_webhook(self, request: Request) -> Any:
        await self._world.set_webhook(NewWebhook.model_validate(await request.json()).url)
        return {}

    async def order_webhook(self, request: Request) -> Any:
        """How events go out: hold, release, redeliver, next."""
        webhooks = self._world.webhooks
        body: Any = await request.json() if await request.body() else {}
        match request.path_params["order"]:
            case "hold":
                webhooks.hold()
            case "release":
                webhooks.release(reverse=Release.model_validate(body).reverse)
            case "redeliver":
                webhooks.redeliver(Redelivery.model_validate(body).event)
            case "next":
                planned = PlannedWays.model_validate(body)
                webhooks.next(planned.field, planned.ways)
            case other:
                raise CannotDo(f"no such order as {other}; there are hold, release, redeliver, next")
        return {}

    async def events(self, _: Request) -> Any:
        """Every event so far, and what became of it."""
        return [event.model_dump() for event in self._world.webhooks.history()]

    def _person(self, request: Request) -> MessengerPerson:
        return self._world.person(request.path_params["psid"])


def _told(message: Message | None) -> Json:
    return (
        {"number": None, "mid": None} if message is None else {"number": message.number, "mid": message.mid}
    )


def _open(person: MessengerPerson, given: Open) -> Json:
    return _told(person.open(given.ref))


def _open_ad(person: MessengerPerson, given: OpenAd) -> Json:
    return _told(person.open_ad(given.ad_id, given.ref, title=given.title))


def _say(person: MessengerPerson, given: Say) -> Json:
    return _told(person.say(given.text, reply_to=given.reply_to))


def _tap(person: MessengerPerson, given: Press) -> Json:
    pressed = person.tap(given.label, mid=given.mid)
    return {"button": asdict(pressed.button), "url": pressed.url} | _told(pressed.message)


def _photo(person: MessengerPerson, given: Photo) -> Json:
    return _told(person.send_photo(_decoded(given.base64)))


def _file(person: MessengerPerson, given: File) -> Json:
    return _told(person.send_file(_decoded(given.base64), given.name, given.mime_type))


def _like(person: MessengerPerson, _: Nothing) -> Json:
    return _told(person.send_like())


def _share_phone(person: MessengerPerson, _: Nothing) -> Json:
    return _told(person.share_phone())


def _share_email(person: MessengerPerson, _: Nothing) -> Json:
    return _told(person.share_email())


def _react(person: MessengerPerson, given: React) -> Json:
    person.react(given.mid, given.emoji)
    return {}


def _unreact(person: MessengerPerson, given: Unreact) -> Json:
    person.unreact(given.mid)
    return {}


def _read(person: MessengerPerson, _: Nothing) -> Json:
    person.read()
    return {}


def _block(person: MessengerPerson, _: Nothing) -> Json:
    person.block()
    return {}


def _unblock(person: MessengerPerson, _: Nothing) -> Json:
    person.unblock()
    return {}


_ACTIONS: dict[str, tuple[type[_Body], Callable[[MessengerPerson, Any], Json]]] = {
    "open": (Open, _open),
    "open_ad": (OpenAd, _open_ad),
    "say": (Say, _say),
    "tap": (Press, _tap),
    "photo": (Photo, _photo),
    "file": (File, _file),
    "like": (Nothing, _like),
    "share_phone": (Nothing, _share_phone),
    "share_email": (Nothing, _share_email),
    "react": (React, _react),
    "unreact": (Unreact, _unreact),
    "read": (Nothing, _read),
    "block": (Nothing, _block),
    "unblock": (Nothing, _unblock),
}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise CannotDo("the file is not base64") from None


def _guarded(endpoint: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
    """Answers as JSON; what cannot be done, or was asked wrongly, is 400 with a sentence."""

    async def answer(request: Request) -> Response:
        try:
            return JSONResponse(await endpoint(request))
        except (CannotDo, WebhookRefused, ValidationError, ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        except KeyError as error:
            return JSONResponse({"error": str(error.args[0])}, status_code=404)

    return answer


def _person_json(person: MessengerPerson) -> Json:
    return person.record.model_dump(exclude_none=True)


def _message_json(message: ShownMessage) -> Json:
    shown = asdict(message)
    shown.pop("content")
    return shown
