"""Meta's webhooks: nothing is believed unsigned, nothing is confirmed before it is kept, nothing counts twice."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.sandbox import APP_SECRET as SANDBOX_SECRET
from bot.channels.messenger import SIGNATURE_HEADER, WEBHOOK_PATH, webhook_router
from bot.delivery.inbox import put
from bot.delivery.model import InboxEvent, OutboxRow, OutboxState
from bot.events import Opened, Overheard, Said, Unreadable
from bot.transcript import Author, since
from sandbox.clock import SimulatedClock
from sandbox.messenger import MessengerWorld, signature
from storage.engine import Database
from tests.integration.messenger_channel_at_loopback import (
    APP_SECRET,
    PAGE_ID,
    VERIFY_TOKEN,
    channel_to,
)
from tests.integration.telegram_channel_at_loopback import Inbox
from tests.open_shop import OpenShop
from tests.page_visitor import PageVisitor

pytestmark = pytest.mark.anyio

ANA = "24100000000000001"


def message(text: str = "hello", mid: str = "m_1") -> dict[str, Any]:
    return {
        "sender": {"id": ANA},
        "recipient": {"id": PAGE_ID},
        "timestamp": 1_795_000_000_000,
        "message": {"mid": mid, "text": text},
    }


def notice(*events: dict[str, Any]) -> bytes:
    return json.dumps({"object": "page", "entry": [{"id": PAGE_ID, "messaging": list(events)}]}).encode()


class Hook:
    """The webhook as Meta, or somebody else, reaches it."""

    def __init__(self, app: FastAPI) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://shop.example")

    async def post(self, body: bytes, *, signed: str | None = "") -> int:
        """Its status. `signed` is another signature than Meta's, None for none."""
        header = signature(body, APP_SECRET) if signed == "" else signed
        headers = {} if header is None else {SIGNATURE_HEADER: header.encode()}
        return (await self.client.post(WEBHOOK_PATH, content=body, headers=headers)).status_code

    async def challenge(self, **query: str) -> httpx.Response:
        return await self.client.get(
            WEBHOOK_PATH, params={f"hub.{name}": value for name, value in query.items()}
        )


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def hook(inbox: Inbox, tmp_path: Path):
    async with channel_to("http://127.0.0.1:9", tmp_path, SimulatedClock()) as channel:
        app = FastAPI()
        app.include_router(webhook_router(channel, inbox.receive))
        hook = Hook(app)
        yield hook
        await hook.client.aclose()


# ── the door ────────────────────────────────────────────────────────────────────────────────────────


async def test_metas_challenge_is_answered_to_who_knows_the_word(hook: Hook) -> None:
    answer = await hook.challenge(mode="subscribe", verify_token=VERIFY_TOKEN, challenge="1158201444")
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"].startswith("text/plain"), "a challenge is nobody's HTML"


@pytest.mark.parametrize(
    "query",
    [
        {"mode": "subscribe", "verify_token": "wrong", "challenge": "1"},
        {"mode": "subscribe", "verify_token": "wörd", "challenge": "1"},
        {"mode": "unsubscribe", "verify_token": VERIFY_TOKEN, "challenge": "1"},
        {"verify_token": VERIFY_TOKEN},
        {},
    ],
)
async def test_a_wrong_challenge_is_refused(hook: Hook, query: dict[str, str]) -> None:
    assert (await hook.challenge(**query)).status_code == 403


@pytest.mark.parametrize(
    "signed",
    [
        None,
        "sha256=",
        "sha256=00",
        "nonsense",
        "sha256=" + "é" * 64,
        signature(notice(message()), "another secret"),
        signature(notice(message("hello!")), APP_SECRET),
        signature(notice(message()), APP_SECRET).removeprefix("sha256="),
    ],
    ids=["none", "empty", "short", "nonsense", "no ASCII", "another secret", "another body", "no name"],
)
async def test_what_meta_did_not_sign_is_not_kept(hook: Hook, inbox: Inbox, signed: str | None) -> None:
    assert await hook.post(notice(message()), signed=signed) == 403
    assert inbox.kept == []


async def test_the_very_bytes_are_what_is_signed(hook: Hook, inbox: Inbox) -> None:
    body = notice(message("é 😀"))
    assert b"\\u00e9" in body
    assert await hook.post(body.decode().encode("utf-8")) == 200
    assert inbox.events == [Said(text="é 😀")]
    unescaped = json.dumps(json.loads(body), ensure_ascii=False).encode()
    assert await hook.post(unescaped, signed=signature(body, APP_SECRET)) == 403


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"a": NaN}', b'{"a": Infinity}'])
async def test_what_is_no_json_is_refused_even_signed(hook: Hook, inbox: Inbox, body: bytes) -> None:
    assert await hook.post(body) == 400
    assert inbox.kept == []


@pytest.mark.parametrize("body", [b"5", b"[]", b"{}", b'{"object": "user", "entry": []}'])
async def test_what_is_no_notice_of_the_page_is_kept_as_unreadable(
    hook: Hook, inbox: Inbox, body: bytes
) -> None:
    assert await hook.post(body) == 200
    assert [type(event) for event in inbox.events] == [Unreadable]


async def test_a_batch_is_kept_whole_before_it_is_confirmed(hook: Hook, inbox: Inbox) -> None:
    inbox.failures = 1
    body = notice(message("one"), message("two", "m_2"), {"sender": {"id": ANA}, "optin": {}})
    assert await hook.post(body) == 500
    assert inbox.kept == []
    assert await hook.post(body) == 200
    assert inbox.events == [Said(text="one"), Said(text="two"), Unreadable(what="optin")]


async def test_read_and_delivered_are_confirmed_and_not_kept(hook: Hook, inbox: Inbox) -> None:
    event = message() | {"read": {"watermark": 1}}
    del event["message"]
    assert await hook.post(notice(event)) == 200
    assert inbox.kept == []


async def test_a_second_delivery_is_recognised(hook: Hook, inbox: Inbox, database: Database) -> None:
    link = message() | {"referral": {"ref": "deal_7"}}
    del link["message"]
    body = notice(message(), link)
    for _ in range(2):
        assert await hook.post(body) == 200
    assert len(inbox.kept) == 4
    at = SimulatedClock().now()
    new = [await database.run(lambda session, kept=kept: put(session, [kept], at=at)) for kept in inbox.kept]
    assert new == [1, 1, 0, 0]
    rows = database.read(lambda session: session.scalars(select(InboxEvent.external_id)).all())
    assert len(rows) == 2


# ── the whole shop ──────────────────────────────────────────────────────────────────────────────────


def hears_of(shop: OpenShop, visitor: PageVisitor) -> list[tuple[Author, str]]:
    """Who said what in the transcript."""
    key = f"messenger:{visitor.person.psid}"
    lines = shop.read(lambda session: since(session, key))
    return [(line.author, line.content.get("text", "")) for line in lines]


async def test_the_worst_line_delivers_once(shop: OpenShop) -> None:
    world: MessengerWorld = shop.sandbox.messenger
    eva = shop.page_visitor("Eva")
    await eva.opens()
    world.webhooks.next("messages", ["twice", "forged", "unsigned", "twice"])
    answer = await eva.says("black mugs please")
    for _ in range(2):
        eva.person.say("never heard")
    await eva.says("thanks")
    said = [text for author, text in hears_of(shop, eva) if author is Author.CUSTOMER and text]
    assert said == ["black mugs please", "thanks"]
    assert answer.count("Black stoneware mug") == 1
    assert shop.parked() == []


async def test_a_link_opens_the_conversation_with_its_word(shop: OpenShop) -> None:
    eva = shop.page_visitor("Eva")
    assert "Welcome" in await eva.opens("spring_7")
    assert "Hello again" in await eva.opens("spring_8")
    events = shop.read(lambda session: session.scalars(select(InboxEvent.payload)).all())
    assert events == [
        Opened(payload="spring_7").model_dump(mode="json"),
        Opened(payload="spring_8").model_dump(mode="json"),
    ]


async def test_while_staff_have_the_conversation_the_bot_only_listens(shop: OpenShop) -> None:
    world: MessengerWorld = shop.sandbox.messenger
    eva = shop.page_visitor("Eva")
    await eva.says("hi")
    world.inbox.reply(eva.person, "Hello, Tom here <3")
    before = len(eva.person.screen())
    eva.person.say("do you have black mugs?")
    await world.webhooks.settled()
    await shop.settled()
    assert len(eva.person.screen()) == before + 1, "nobody but them has said anything"
    assert hears_of(shop, eva)[-2:] == [
        (Author.STAFF, "Hello, Tom here &lt;3"),
        (Author.CUSTOMER, "do you have black mugs?"),
    ]
    world.inbox.pass_to_app(eva.person)
    assert "Black stoneware mug" in await eva.says("black mugs please")
    assert shop.parked() == []


async def test_what_the_shop_says_comes_back_and_is_not_taken_for_staff(shop: OpenShop) -> None:
    eva = shop.page_visitor("Eva")
    await eva.says("hi")
    echoes = [e for e in shop.sandbox.messenger.webhooks.history() if e.field == "message_echoes"]
    assert echoes
    kinds = shop.read(lambda session: [row["kind"] for row in session.scalars(select(InboxEvent.payload))])
    assert Overheard.model_fields["kind"].default not in kinds


async def test_what_can_no_longer_be_said_is_there_for_staff_to_see(shop: OpenShop) -> None:
    eva = shop.page_visitor("Eva")
    await eva.says("hi")
    shop.sandbox.messenger.inbox.take(eva.person)  # another app has them: Meta refuses what is ours
    late = message("black mugs please", "m_late") | {"sender": {"id": eva.person.psid}}
    late["recipient"] = {"id": shop.sandbox.messenger.page_id}
    async with httpx.AsyncClient(base_url=shop.url) as client:
        body = json.dumps({"field": "messages", "value": late}).encode()
        header = {SIGNATURE_HEADER: signature(body, SANDBOX_SECRET)}
        assert (await client.post(WEBHOOK_PATH, content=body, headers=header)).status_code == 200
    await shop.settled()
    dead = shop.read(
        lambda session: session.scalars(
            select(OutboxRow.error).where(OutboxRow.state == OutboxState.DEAD)
        ).all()
    )
    assert dead
    assert all("another app is controlling" in error for error in dead)


async def test_a_page_of_the_world_is_set_up_by_the_shop_itself(shop: OpenShop) -> None:
    eva = shop.page_visitor("Eva")
    await eva.opens()
    assert shop.sandbox.messenger.webhooks.verified
    assert "Kettle & Quay" in shop.page_visitor("Bo").person.welcome().greeting
