"""The server at its doors: what is forged, too big or malformed is refused, and nothing of it is kept."""

import asyncio
import json
import time
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select

from app.running import CannotOpen, home_lock, running_server
from app.sandbox import STRIPE_WEBHOOK_SECRET
from app.server import AddressInUse, listen_on
from app.settings import Home
from bot.delivery.model import InboxEvent
from sandbox.stripe.webhooks import signature
from tests.open_shop import OpenShop

pytestmark = pytest.mark.anyio
EVENT = {
    "id": "evt_1",
    "object": "event",
    "api_version": "2026-10-28.endive",
    "created": 1795000000,
    "type": "checkout.session.completed",
    "data": {"object": {"object": "checkout.session", "id": "cs_1", "metadata": {}}},
}


def kept(shop: OpenShop, source: str) -> int:
    return shop.read(
        lambda session: session.scalar(
            select(func.count()).select_from(InboxEvent).where(InboxEvent.source.startswith(source))
        )
    )


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        "t=1,v1=00",
        signature(json.dumps(EVENT), "whsec_of_somebody_else", int(time.time())),
        signature(json.dumps(EVENT), STRIPE_WEBHOOK_SECRET, int(time.time()) - 301),
    ],
    ids=["none", "nonsense", "short", "forged", "older than 300 s"],
)
async def test_a_stripe_webhook_without_a_good_signature_is_refused_and_not_kept(
    shop: OpenShop, header: str
) -> None:
    async with httpx.AsyncClient(base_url=shop.url) as client:
        answer = await client.post(
            "/webhooks/stripe", content=json.dumps(EVENT), headers={"Stripe-Signature": header}
        )
    assert answer.status_code == 403
    assert kept(shop, "stripe") == 0


async def test_a_signed_notice_is_kept_once_before_it_is_acknowledged(shop: OpenShop) -> None:
    body = json.dumps(EVENT).encode()
    header = {"Stripe-Signature": signature(body.decode(), STRIPE_WEBHOOK_SECRET, int(time.time()))}
    async with httpx.AsyncClient(base_url=shop.url) as client:
        for _ in range(2):
            assert (await client.post("/webhooks/stripe", content=body, headers=header)).status_code == 200
    assert kept(shop, "stripe") == 1


@pytest.mark.parametrize(
    "path",
    ["/webhooks/stripe", "/webhooks/telegram", "/webhooks/messenger", "/chat/web/0123456789abcdef0123"],
)
@pytest.mark.parametrize("chunked", [False, True])
async def test_an_oversized_body_is_refused(shop: OpenShop, path: str, chunked: bool) -> None:
    limit = shop.parley.settings.server.body_max_kilobytes * 1024

    async def chunks():
        for _ in range(limit // 4096 + 2):
            yield b"x" * 4096

    async with httpx.AsyncClient(base_url=shop.url) as client:
        content = chunks() if chunked else b"x" * (limit + 1)
        answer = await client.post(path, content=content)
    assert answer.status_code == 413
    assert kept(shop, "") == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"id": "short"},
        {"id": uuid4().hex, "text": 7},
        {"id": uuid4().hex, "unknown": "x"},
        {"id": uuid4().hex, "text": "x" * 100_001},
    ],
    ids=["nothing", "short id", "no text", "unknown key", "too long"],
)
async def test_a_malformed_chat_input_is_refused_with_what_is_wrong(shop: OpenShop, body: dict) -> None:
    async with httpx.AsyncClient(base_url=shop.url) as client:
        answer = await client.post("/chat/web/0123456789abcdef0123", json=body)
    assert answer.status_code == 422
    assert kept(shop, "") == 0


async def test_the_same_input_sent_twice_is_answered_once(shop: OpenShop) -> None:
    visitor = shop.web_visitor()
    said = {"id": uuid4().hex, "text": "hello"}
    async with httpx.AsyncClient() as client:
        answers = [(await client.post(visitor.address, json=said)).json() for _ in range(2)]
    await shop.settled()
    assert answers == [{"new": True}, {"new": False}]
    assert (await visitor.hears("")).count("Welcome") == 1


async def test_a_chat_that_could_be_guessed_does_not_exist(shop: OpenShop) -> None:
    async with httpx.AsyncClient(base_url=shop.url) as client:
        assert (await client.get("/chat/web/ana")).status_code == 404
        assert (await client.get("/chat/web/..%2f..%2fsecret-secret-secret")).status_code == 404


async def test_people_see_only_their_own_chat(shop: OpenShop) -> None:
    ana, bo = shop.web_visitor(), shop.web_visitor()
    await ana.says("hello")
    async with httpx.AsyncClient() as client:
        assert (await client.get(bo.address)).json() == {"said": [], "at_work": False}


async def test_pages_are_told_at_once_when_the_shop_closes(shop: OpenShop) -> None:
    visitor = shop.web_visitor()
    async with httpx.AsyncClient() as client:
        waiting = asyncio.create_task(client.get(visitor.address, params={"wait": True}, timeout=30))
        async with asyncio.timeout(10):
            while not shop.parley.web.is_looked_at(visitor.address.rsplit("/", 1)[1]):  # noqa: ASYNC110 - the same loop
                await asyncio.sleep(0)
        shop.parley.web.close()
        assert (await waiting).json() == {"said": [], "at_work": False}


def test_a_port_in_use_is_said_with_the_way_out() -> None:
    with listen_on("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressInUse, match=f"127.0.0.1:{port} is taken.*--port {port + 1}"):
            listen_on("127.0.0.1", port)


def test_a_home_is_served_by_one_process(tmp_path) -> None:
    home = Home(tmp_path / "home")
    with home_lock(home, "http://127.0.0.1:1"):
        with pytest.raises(CannotOpen, match=r"running on .* already.*--home DIR"), home_lock(home, "x"):
            pass
        assert running_server(home) is None, "an address that nobody answers at is not a server"
    with home_lock(home, "http://127.0.0.1:1"):
        pass
