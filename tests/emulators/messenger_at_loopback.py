"""The Messenger emulator with a simulated clock: over ASGI for httpx, on a real port for Meta's own SDK."""

import asyncio
import hashlib
import hmac
import json
from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from facebook_business.adobjects.page import Page
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandbox.clock import SimulatedClock
from sandbox.messenger import Limits, MessengerPerson, MessengerWorld, create_app
from sandbox.signals import Signal
from storage.clock import SystemClock
from tests.emulators.telegram_at_loopback import serving

APP_SECRET = "0123456789abcdef0123456789abcdef"
VERIFY_TOKEN = "meet me at the quay"
PAGE_TOKEN = "EAAGm0PX4ZCpsBAKZCeyTheOneToken"
PAGE_ID = "682498302938465"
PAGE_NAME = "Kettle & Quay"

Json = dict[str, Any]


class Hook:
    """The app's webhook: checks each delivery's signature itself, keeps it, and answers as it is told to."""

    def __init__(self) -> None:
        self.deliveries: list[Json] = []  # taken, as sent
        self.attempts = 0
        self.forged = 0  # refused because of the signature
        self.answers: deque[int] = deque()  # statuses of the next answers; 200 when there is none
        self.verify_token = VERIFY_TOKEN
        self.changed = Signal()
        self.app = Starlette(routes=[Route("/hook", self._answer, methods=["GET", "POST"])])

    @property
    def events(self) -> list[Json]:
        """What was told, one event after the other."""
        return [
            event
            for delivery in self.deliveries
            for entry in delivery["entry"]
            for event in entry.get("messaging", entry.get("standby"))
        ]

    def kinds(self) -> list[str]:
        """What each event is about."""
        return [next(name for name in event if name not in _PARTS) for event in self.events]

    def clear(self) -> None:
        self.deliveries.clear()
        self.attempts = 0

    async def taken(self, count: int) -> list[Json]:
        """The events, once there are so many."""
        return await self._until(lambda: self.events if len(self.events) >= count else None)

    async def tried(self, count: int) -> int:
        """The number of attempts, once there were so many."""
        return await self._until(lambda: self.attempts if self.attempts >= count else None)

    async def _until(self, ready: Any) -> Any:
        found = await self.changed.wait_until(ready, clock=SystemClock(), seconds=10)
        assert found is not None, f"{self.attempts} attempts, {self.kinds()}"
        return found

    async def _answer(self, request: Request) -> Response:
        if request.method == "GET":
            right = request.query_params["hub.verify_token"] == self.verify_token
            return PlainTextResponse(request.query_params["hub.challenge"] if right else "no")
        self.attempts += 1
        status = self.answers.popleft() if self.answers else 200
        body = await request.body()
        if not _is_signed(body, request.headers.get("x-hub-signature-256", "")):
            self.forged += 1
            status = 403
        if status == 200:
            self.deliveries.append(json.loads(body))
        self.changed.notify()
        return PlainTextResponse("", status_code=status)


_PARTS = {"sender", "recipient", "timestamp"}


def _is_signed(body: bytes, header: str) -> bool:
    digest = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(header, f"sha256={digest}")


class Graph:
    """The Graph API by raw HTTP, with the token in a header."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {PAGE_TOKEN}"} | options.pop("headers", {})
        return await self.client.request(method, f"/v26.0/{path}", headers=headers, **options)

    async def post(self, path: str, body: Json) -> Json:
        """A call that must succeed."""
        response = await self.call("POST", path, json=body)
        assert response.status_code == 200, response.text
        return response.json()

    async def get(self, path: str, **query: str) -> Json:
        response = await self.call("GET", path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    async def refused(self, path: str, body: Json, *, method: str = "POST") -> tuple[int, int | None, str]:
        """Code, subcode and sentence of a call that must be refused."""
        response = await self.call(method, path, json=body)
        return refusal(response)

    async def send(self, person: MessengerPerson, message: Json, **options: Any) -> Json:
        """A message within the window, unless `options` say otherwise."""
        return await self.post("me/messages", sending(person, message, **options))

    async def send_refused(
        self, person: MessengerPerson, message: Json, **options: Any
    ) -> tuple[int, int | None, str]:
        return await self.refused("me/messages", sending(person, message, **options))


async def somebody_sleeps(clock: SimulatedClock) -> None:
    """Wait until somebody waits on the clock, or fail: whoever forgot to wait would hang the test."""
    async with asyncio.timeout(10):
        await clock.somebody_sleeps()


def refusal(response: httpx.Response) -> tuple[int, int | None, str]:
    """Code, subcode and sentence, in the envelope that Meta documents."""
    error = response.json()["error"]
    assert response.status_code >= 400
    assert {"message", "type", "code", "fbtrace_id"} <= set(error)
    return error["code"], error.get("error_subcode"), error["message"]


def sending(person: MessengerPerson, message: Json, **options: Any) -> Json:
    return {"recipient": {"id": person.psid}, "messaging_type": "RESPONSE", "message": message} | options


def template(payload: Json) -> Json:
    return {"attachment": {"type": "template", "payload": payload}}


def postback(title: str = "Buy", payload: str = "BUY") -> Json:
    return {"type": "postback", "title": title, "payload": payload}


def quick_reply(title: str = "Yes", payload: str = "YES") -> Json:
    return {"content_type": "text", "title": title, "payload": payload}


@pytest.fixture
def hook() -> Hook:
    return Hook()


def new_world(clock: SimulatedClock, hook: Hook, **options: Any) -> MessengerWorld:
    settings: Json = {
        "app_secret": APP_SECRET,
        "verify_token": VERIFY_TOKEN,
        "page_token": PAGE_TOKEN,
        "page_id": PAGE_ID,
        "page_name": PAGE_NAME,
        "webhook_url": "http://127.0.0.1/hook",
        "webhook_transport": httpx.ASGITransport(hook.app),
        "limits": Limits().unlimited(),
    }
    return MessengerWorld(clock, **(settings | options))


@pytest.fixture
async def messenger(clock: SimulatedClock, hook: Hook) -> AsyncIterator[MessengerWorld]:
    """A world whose webhook is verified and whose Page has a Get Started button."""
    world = new_world(clock, hook)
    world.page.profile["get_started"] = {"payload": "GET_STARTED"}
    await world.open()
    yield world
    await world.close()


@pytest.fixture
async def bea(messenger: MessengerWorld, hook: Hook) -> MessengerPerson:
    """A person who has written to the Page; what they did so far is no news any more."""
    person = messenger.add_person("Bea Quist", phone="+15550101", email="bea@example.com")
    person.say("hello")
    await hook.taken(1)
    await messenger.webhooks.settled()
    hook.clear()
    return person


@pytest.fixture
async def graph(messenger: MessengerWorld) -> AsyncIterator[Graph]:
    transport = httpx.ASGITransport(create_app(messenger))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield Graph(client)


@pytest.fixture
async def graph_url(messenger: MessengerWorld) -> AsyncIterator[str]:
    """Where the emulator is served on a real port."""
    async with serving(create_app(messenger)) as loopback:
        messenger.base_url = loopback.url
        yield loopback.url


@pytest.fixture
def sdk_page(graph_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """The Page as Meta's own SDK sees it; its calls block, so they belong into a thread."""
    monkeypatch.setattr(FacebookSession, "GRAPH", graph_url)
    session = FacebookSession("1517776481860111", APP_SECRET, PAGE_TOKEN)
    session.requests.trust_env = False
    yield Page(PAGE_ID, api=FacebookAdsApi(session, api_version="v26.0"))
    session.requests.close()
