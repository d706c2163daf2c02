"""Polling and webhooks against the Telegram emulator: nothing is lost, nothing is believed without its secret."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from bot.channels.telegram import SECRET_HEADER, WEBHOOK_PATH, TelegramChannel, webhook_router
from bot.events import BotBlocked, InvoiceChecked, InvoicePaid, Opened, Said, SentAttachment, Unreadable
from bot.messages import AnswerInvoiceCheck, PriceLine, SendInvoice
from sandbox.clock import SimulatedClock
from sandbox.telegram import Bot, Limits, TelegramUser, TelegramWorld, create_app, drop, refuse
from shop.errors import Rejected
from tests.integration.telegram_channel_at_loopback import (
    SECRET,
    Inbox,
    InstantClock,
    add_person,
    add_shop,
    channel_to,
    polling,
    serving,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def world() -> TelegramWorld:
    return TelegramWorld(SimulatedClock(), limits=Limits().unlimited())


@pytest.fixture
def shop(world: TelegramWorld) -> Bot:
    return add_shop(world)


@pytest.fixture
def ada(world: TelegramWorld, shop: Bot) -> TelegramUser:
    return add_person(world, shop)


@pytest.fixture
async def telegram_url(world: TelegramWorld, shop: Bot) -> AsyncIterator[str]:
    async with serving(create_app(world)) as url:
        yield url
        await world.close()


@pytest.fixture
def clock() -> InstantClock:
    return InstantClock()


@pytest.fixture
async def channel(telegram_url: str, tmp_path: Path, clock: InstantClock) -> AsyncIterator[TelegramChannel]:
    async with channel_to(telegram_url, tmp_path, clock=clock) as channel:
        yield channel


async def confirmed(world: TelegramWorld, shop: Bot) -> bool | None:
    """Wait until the bot has confirmed every update."""
    return await world.changes.wait_until(
        lambda: None if world.updates.pending(shop) else True, clock=world.clock, seconds=1
    )


# ── polling ─────────────────────────────────────────────────────────────────────────────────────────


async def test_what_people_do_is_received_in_order(
    channel: TelegramChannel, world: TelegramWorld, shop: Bot, ada: TelegramUser
) -> None:
    inbox = Inbox()
    ada.say(shop, "before")
    async with polling(channel, inbox.receive):
        await inbox.wait_for(1)
        ada.start(shop, "deal_7")
        ada.say(shop, "Do you have mugs?")
        ada.send_voice(shop)
        ada.block(shop)
        events = await inbox.wait_for(5)
        assert await confirmed(world, shop)
    assert events[:3] == [Said(text="before"), Opened(payload="deal_7"), Said(text="Do you have mugs?")]
    assert isinstance(events[3], SentAttachment)
    assert events[4] == BotBlocked(blocked=True)
    assert [inbound.sequence for inbound in inbox.kept] == sorted(inbound.sequence for inbound in inbox.kept)
    assert {inbound.conversation for inbound in inbox.kept} == {f"telegram:{ada.id}"}


async def test_a_whole_payment_goes_through(channel: TelegramChannel, shop: Bot, ada: TelegramUser) -> None:
    inbox = Inbox()
    invoice = SendInvoice(
        title="Order 1",
        description="A mug",
        payload="order:1",
        currency="EUR",
        lines=(PriceLine(label="Mug", amount_minor=1299),),
    )
    async with polling(channel, inbox.receive):
        await channel.send(str(ada.id), invoice)
        paying = asyncio.ensure_future(ada.pay(shop))
        (checked,) = await inbox.wait_for(1)
        assert isinstance(checked, InvoiceChecked)
        assert (checked.payload, checked.amount_minor, checked.currency) == ("order:1", 1299, "EUR")
        await channel.send(str(ada.id), AnswerInvoiceCheck(query=checked.query))
        outcome = await paying
        assert outcome.paid
        paid = (await inbox.wait_for(2))[-1]
        assert isinstance(paid, InvoicePaid)
        assert (paid.charge, paid.telegram_charge) == (outcome.provider_charge, outcome.telegram_charge)

        paying = asyncio.ensure_future(ada.pay(shop, invoice=await _sent_again(channel, ada, invoice)))
        checked = (await inbox.wait_for(3))[-1]
        assert isinstance(checked, InvoiceChecked)
        await channel.send(str(ada.id), AnswerInvoiceCheck(query=checked.query, error="Sold <b>out</b>."))
        outcome = await paying
        assert (outcome.status, outcome.reason) == ("refused", "Sold out.")


async def _sent_again(channel: TelegramChannel, ada: TelegramUser, invoice: SendInvoice) -> int:
    return int(await channel.send(str(ada.id), invoice) or 0)


async def test_the_bot_learns_its_name_shows_its_commands_and_ends_a_webhook(
    telegram_url: str, tmp_path: Path, world: TelegramWorld, shop: Bot
) -> None:
    menus = {"": [("cart", "Your cart"), ("help", "What I can do")], "es": [("cart", "Tu carrito")]}
    async with channel_to(telegram_url, tmp_path, menus=menus) as channel:
        await channel.set_webhook("https://localhost/webhooks/telegram")
        assert shop.webhook
        person = add_person(world, shop)
        person.say(shop, "kept")
        inbox = Inbox()
        async with polling(channel, inbox.receive):
            assert await inbox.wait_for(1) == [Said(text="kept")]
    assert shop.webhook is None
    assert channel.username == "ShopBot"
    shown = [[command["description"] for command in given] for given in shop.commands.values()]
    assert shown == [["Your cart", "What I can do"], ["Tu carrito"]]


async def test_commands_that_telegram_refuses_do_not_keep_the_bot_silent(
    telegram_url: str, tmp_path: Path, shop: Bot, ada: TelegramUser
) -> None:
    inbox = Inbox()
    async with channel_to(telegram_url, tmp_path, menus={"": [("NO COMMAND", "")]}) as channel:
        ada.say(shop, "hello")
        async with polling(channel, inbox.receive):
            assert await inbox.wait_for(1) == [Said(text="hello")]


async def test_an_update_that_was_not_kept_is_received_again(
    channel: TelegramChannel, world: TelegramWorld, shop: Bot, ada: TelegramUser
) -> None:
    inbox = Inbox(failures=3)
    ada.say(shop, "hello")
    with capture_logs() as logs:
        async with polling(channel, inbox.receive):
            assert await inbox.wait_for(1) == [Said(text="hello")]
            assert await confirmed(world, shop)
    assert [line["pause_seconds"] for line in logs if line["event"] == "telegram.receiving_failed"] == [
        1,
        2,
        4,
    ]


async def test_a_process_that_dies_before_keeping_it_loses_nothing(
    channel: TelegramChannel, world: TelegramWorld, shop: Bot, ada: TelegramUser
) -> None:
    began = asyncio.Event()

    async def never_ends(_: object) -> None:
        began.set()
        await asyncio.Event().wait()

    ada.say(shop, "hello")
    async with polling(channel, never_ends):
        await began.wait()
    assert world.updates.pending(shop)
    inbox = Inbox()
    async with polling(channel, inbox.receive):
        assert await inbox.wait_for(1) == [Said(text="hello")]
        assert await confirmed(world, shop)


async def test_trouble_is_met_with_growing_pauses(
    channel: TelegramChannel, world: TelegramWorld, clock: InstantClock, ada: TelegramUser
) -> None:
    world.faults.next("deleteWebhook", [refuse(500)])
    world.faults.next("getMe", [drop()])
    world.faults.next(
        "getUpdates", [refuse(502), drop(), refuse(500), refuse(429, retry_after_seconds=7), refuse(400)]
    )
    ada.say(world.bot("ShopBot"), "hello")
    inbox = Inbox()
    async with polling(channel, inbox.receive):
        assert await inbox.wait_for(1) == [Said(text="hello")]
    assert clock.pauses == [1, 1, 1, 2, 4, 7, 16]


async def test_somebody_else_who_polls_is_named_and_outwaited(
    channel: TelegramChannel, world: TelegramWorld, clock: InstantClock, ada: TelegramUser
) -> None:
    world.faults.next("getUpdates", [refuse(409), refuse(409)])
    ada.say(world.bot("ShopBot"), "hello")
    inbox = Inbox()
    with capture_logs() as logs:
        async with polling(channel, inbox.receive):
            assert await inbox.wait_for(1) == [Said(text="hello")]
    assert clock.pauses == [30, 30]
    assert [line["log_level"] for line in logs if line["event"] == "telegram.conflict"] == ["error", "error"]


async def test_a_wrong_token_is_reported_and_tried_slowly(
    telegram_url: str, tmp_path: Path, clock: InstantClock
) -> None:
    with capture_logs() as logs:
        async with (
            channel_to(telegram_url, tmp_path, clock=clock, token="110201543:AAwrong-token") as channel,
            polling(channel, Inbox().receive),
        ):
            await clock.slept(2)
    assert set(clock.pauses) == {60}
    assert "telegram.wrong_token" in [line["event"] for line in logs]
    assert "AAwrong-token" not in repr(logs)


async def test_polling_stops_when_it_is_cancelled(
    channel: TelegramChannel, world: TelegramWorld, shop: Bot
) -> None:
    inbox = Inbox()
    person = add_person(world, shop)
    person.say(shop, "hello")
    async with polling(channel, inbox.receive) as task:
        await inbox.wait_for(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_an_update_of_an_unknown_form_does_not_stop_the_others(
    tmp_path: Path, clock: InstantClock
) -> None:
    telegram, batches = FastAPI(), []
    chat = {"id": 700, "type": "private"}
    updates: list[dict[str, Any]] = [
        {"no_id": 1},
        {"update_id": 5, "message": {"message_id": "?", "chat": chat}},
        {"update_id": 6, "telepathy": {"chat": chat}},
        {"update_id": 7, "message": {"message_id": 1, "date": 0, "chat": chat, "text": "hello"}},
    ]

    @telegram.post("/{token}/{method}")
    async def answer(token: str, method: str, offset: str = "") -> dict[str, Any]:
        if method == "getMe":
            return {"ok": True, "result": {"id": 1, "is_bot": True, "first_name": "x", "username": "ShopBot"}}
        if method == "getUpdates":
            batches.append(method)
            if len(batches) > 1:
                await asyncio.Event().wait()
            return {"ok": True, "result": updates}
        return {"ok": True, "result": True}

    inbox = Inbox()
    async with (
        serving(telegram) as url,
        channel_to(url, tmp_path, clock=clock) as channel,
        polling(channel, inbox.receive),
    ):
        events = await inbox.wait_for(3)
    assert events == [Unreadable(what="message"), Unreadable(what="telepathy"), Said(text="hello")]


# ── webhooks ────────────────────────────────────────────────────────────────────────────────────────


class Hook:
    """The webhook as Telegram, or somebody else, reaches it."""

    def __init__(self, channel: TelegramChannel, inbox: Inbox) -> None:
        self.app = FastAPI()
        self.app.include_router(webhook_router(channel, inbox.receive))
        self.transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)

    async def post(self, content: Any, *, secret: str | None = SECRET) -> int:
        headers = {} if secret is None else {SECRET_HEADER: secret}
        async with httpx.AsyncClient(transport=self.transport, base_url="http://shop.example") as client:
            return (await client.post(WEBHOOK_PATH, content=content, headers=headers)).status_code


def update(text: str = "hello") -> bytes:
    message = {"message_id": 1, "date": 0, "chat": {"id": 700, "type": "private"}, "text": text}
    return json.dumps({"update_id": 5, "message": message}).encode()


async def test_a_webhook_delivers_again_what_was_not_kept(tmp_path: Path) -> None:
    inbox, clock = Inbox(failures=2), InstantClock()
    world = TelegramWorld(clock, limits=Limits().unlimited())
    shop = add_shop(world)
    async with serving(create_app(world)) as url, channel_to(url, tmp_path, clock=clock) as channel:
        world.webhook_transport = Hook(channel, inbox).transport
        await channel.set_webhook(f"https://shop.example{WEBHOOK_PATH}")
        person = world.add_user("Ada")
        person.say(shop, "hello")
        person.say(shop, "are you there?")
        assert await inbox.wait_for(2) == [Said(text="hello"), Said(text="are you there?")]
        await world.close()


async def test_it_is_kept_before_it_is_acknowledged(channel: TelegramChannel) -> None:
    inbox = Inbox(failures=1)
    hook = Hook(channel, inbox)
    assert await hook.post(update()) == 500
    assert inbox.kept == []
    assert await hook.post(update()) == 200
    assert inbox.events == [Said(text="hello")]


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET[:-1], "é"])
async def test_without_the_secret_nothing_is_believed(channel: TelegramChannel, secret: str | None) -> None:
    inbox = Inbox()
    hook = Hook(channel, inbox)
    headers = [] if secret is None else [(SECRET_HEADER.encode(), secret.encode())]
    async with httpx.AsyncClient(transport=hook.transport, base_url="http://shop.example") as client:
        response = await client.post(WEBHOOK_PATH, content=update(), headers=headers)
    assert (response.status_code, inbox.kept) == (401, [])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b"null",
        b"{}",
        b'{"update_id": "5"}',
        b'{"update_id": true}',
        b"\xff",
        b"[" * 100_000,
    ],
)
async def test_what_is_no_update_is_refused(channel: TelegramChannel, body: bytes) -> None:
    inbox = Inbox()
    assert await Hook(channel, inbox).post(body) == 400
    assert inbox.kept == []


async def test_what_is_not_for_the_bot_is_acknowledged_and_not_kept(channel: TelegramChannel) -> None:
    inbox = Inbox()
    talk = {"message_id": 1, "date": 0, "chat": {"id": -5, "type": "group"}, "text": "nice weather"}
    assert await Hook(channel, inbox).post(json.dumps({"update_id": 5, "message": talk})) == 200
    assert inbox.kept == []


async def test_a_url_that_telegram_refuses_is_said(channel: TelegramChannel) -> None:
    with capture_logs() as logs, pytest.raises(Rejected, match="webhook"):
        await channel.set_webhook("http://shop.example/webhooks/telegram")
    assert "telegram.webhook_refused" in [line["event"] for line in logs]


def test_a_webhook_without_a_secret_is_not_opened(tmp_path: Path) -> None:
    channel = TelegramChannel(token="1:x", media=tmp_path)
    with pytest.raises(ValueError, match="PARLEY_TELEGRAM_WEBHOOK_SECRET"):
        webhook_router(channel, Inbox().receive)
