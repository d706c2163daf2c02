"""The Stripe emulator on a real loopback port, for tests that talk to it with Stripe's own library."""

import asyncio
import json
import socket
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Self, TypeVar

import httpx
import stripe
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import Response

from app.serving import PromptServer
from sandbox.clock import SimulatedClock
from sandbox.loopback import listen
from sandbox.stripe import StripeWorld, create_app
from sandbox.stripe.endpoints import ENDPOINTS
from tests.emulators.stripe_answers import Witness

API_KEY = "sk_test_of_the_tests"
WEBHOOK_SECRET = "whsec_of_the_tests"
MOUNTED_AT = "/sandbox/stripe"
# Later than the real present: Stripe's library holds signatures against the machine's clock.
START = datetime(2030, 1, 7, 12, tzinfo=UTC)

T = TypeVar("T")


@dataclass
class Receiver:
    """The shop's webhook: keeps what it was sent and answers as it is told to."""

    taken: list[stripe.Event] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)  # of the next requests; 200 when there are none left
    witness: Witness | None = None

    async def take(self, request: Request) -> Response:
        payload, header = (await request.body()).decode(), request.headers["stripe-signature"]
        self.requests.append((payload, header))
        if self.witness is not None:
            self.witness.hear_event(json.loads(payload))
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.taken.append(stripe.Webhook.construct_event(payload, header, WEBHOOK_SECRET, tolerance=0))
        return Response(status_code=status)

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.taken]


class Sandbox:
    """A world mounted below a path of a server, as in the product, with a receiver beside it.

    Every answer and every webhook is held against the library's declarations; `close` raises if one was wrong.
    """

    def __init__(self, *, store: Path | None = None, webhooks: bool = True, at: datetime = START) -> None:
        listener = listen()
        self.origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.url = self.origin + MOUNTED_AT
        self.hook = f"{self.origin}/hook"
        self.receiver = Receiver()
        self.clock = SimulatedClock(at)
        self.world = StripeWorld(
            self.clock,
            api_key=API_KEY,
            webhook_secret=WEBHOOK_SECRET,
            base_url=self.url,
            store=store,
            webhook_urls=[self.hook] if webhooks else [],
            random=Random(7) if store is None else None,
            shop_name="Tea & Things",
        )
        self.witness = Witness(create_app(self.world))
        self.receiver.witness = self.witness
        host = FastAPI()
        host.mount(MOUNTED_AT, self.witness)
        host.add_api_route("/hook", self.receiver.take, methods=["POST"])
        # A slow machine may pause between two requests: the connection is kept for longer than that.
        config = uvicorn.Config(host, log_level="critical", lifespan="off", timeout_keep_alive=300)
        self._server = PromptServer(config)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, args=(listener,))
        self._thread.start()
        self._clients: list[stripe.StripeClient] = []
        self.client = self.new_client()
        self.http = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {API_KEY}"})

    def _serve(self, listener: socket.socket) -> None:
        self._loop.run_until_complete(self._server.serve(sockets=[listener]))

    def new_client(self, key: str = API_KEY, **options: Any) -> stripe.StripeClient:
        """A client of Stripe's own library; the sandbox closes it, unless it has an HTTP client of its own."""
        client = stripe.StripeClient(key, base_addresses={"api": self.url}, **options)
        if "http_client" not in options:
            self._clients.append(client)
        return client

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something of the world's in its own loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    def tick(self) -> int:
        return self.run(self.world.tick())

    def pay(self, session: str, card: str = "visa", **details: str) -> Any:
        return self.run(self.world.pay(session, card, **details))

    def now(self) -> int:
        return int(self.clock.now().timestamp())

    def events(self) -> list[str]:
        """The types of all events so far, oldest first."""
        return [event.type for event in self.world.account.events]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._server.stop()
        self._thread.join()
        self._loop.close()
        self.http.close()
        for client in self._clients:
            client._requestor._get_http_client().close()
        self.world.close()
        assert not self.witness.found, self.witness.found


def session_parameters(**changes: Any) -> dict[str, Any]:
    """What the shop sends for a pot and two bags of tea; `changes` of None leave a parameter out."""
    parameters: dict[str, Any] = {
        "mode": "payment",
        "success_url": "https://shop.example/thanks?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://shop.example/cart",
        "client_reference_id": "order-7K3Q9T",
        "customer_email": "ann@example.com",
        "metadata": {"order": "7K3Q9T"},
        "payment_intent_data": {"metadata": {"order": "7K3Q9T"}, "description": "Order 7K3Q9T"},
        "line_items": [
            {"price_data": price("Teapot", 1250), "quantity": 1},
            {"price_data": price("Oolong, 100 g", 899), "quantity": 2},
        ],
    }
    return {key: value for key, value in {**parameters, **changes}.items() if value is not None}


def price(name: str, minor: int, currency: str = "eur") -> dict[str, Any]:
    return {"currency": currency, "unit_amount": minor, "product_data": {"name": name}}


def intent_parameters(**changes: Any) -> dict[str, Any]:
    """A payment that is confirmed at once with a card that pays."""
    parameters: dict[str, Any] = {
        "amount": 2000,
        "currency": "eur",
        "confirm": True,
        "payment_method": "pm_card_visa",
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    }
    return {key: value for key, value in {**parameters, **changes}.items() if value is not None}


def plain(shown: Any) -> Any:
    """A StripeObject as dicts and lists."""
    return json.loads(str(shown))


ENDPOINT_NAMES = [endpoint.name for endpoint in ENDPOINTS]
