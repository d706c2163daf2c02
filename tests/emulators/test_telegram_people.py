"""People: what they do, what they see, over Python and over HTTP, across restarts and in another process."""

import asyncio
import base64
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiogram import Bot as AiogramBot
from aiogram import types

from sandbox.clock import SimulatedClock
from sandbox.loopback import listen
from sandbox.telegram import Bot, CannotDo, TelegramUser, TelegramWorld
from sandbox.telegram.state import Webhook
from tests.emulators.telegram_at_loopback import PROVIDER_TOKEN, TOKEN, Loopback, call, png

pytestmark = pytest.mark.anyio


def buttons(*labels: str) -> types.InlineKeyboardMarkup:
    rows = [[types.InlineKeyboardButton(text=label, callback_data=label)] for label in labels]
    return types.InlineKeyboardMarkup(inline_keyboard=rows)


# ── acting ──────────────────────────────────────────────────────────────────────────────────────────


async def test_a_deep_link_starts_the_bot_with_its_payload(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    ada.start(shop, "deal_7")
    (update,) = await aiogram_bot.get_updates()
    assert update.message
    assert update.message.text == "/start deal_7"
    assert update.message.entities
    assert update.message.entities[0].type == "bot_command"


async def test_blocking_and_starting_again_are_told_to_the_bot(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    ada.block(shop)
    ada.block(shop)
    ada.start(shop)
    blocked, unblocked, started = await aiogram_bot.get_updates()
    assert blocked.my_chat_member
    assert blocked.my_chat_member.new_chat_member.status == "kicked"
    assert unblocked.my_chat_member
    assert unblocked.my_chat_member.new_chat_member.status == "member"
    assert started.message


async def test_who_blocked_the_bot_cannot_write_to_it(ada: TelegramUser, shop: Bot) -> None:
    ada.block(shop)
    with pytest.raises(CannotDo, match="Ada has blocked @parley_bot"):
        ada.say(shop, "hi")


async def test_an_edit_of_a_person_is_told_and_a_deletion_is_not(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot, clock: SimulatedClock
) -> None:
    message = ada.say(shop, "two")
    clock.advance(5)
    ada.edit(shop, message.id, "three")
    ada.delete(shop, message.id)

    said, edited = await aiogram_bot.get_updates()
    assert said.message
    assert edited.edited_message
    assert edited.edited_message.text == "three"
    assert edited.edited_message.edit_date == edited.edited_message.date.timestamp() + 5
    assert len(ada.chat(shop)) == 1
    with pytest.raises(CannotDo, match="wrote no message 99"):
        ada.edit(shop, 99, "x")


async def test_message_ids_follow_each_chat_and_update_ids_follow_the_bot(
    served: Loopback, world: TelegramWorld, ada: TelegramUser, shop: Bot
) -> None:
    bob = world.add_user("Bob")
    assert (bob.start(shop).id, ada.say(shop, "x").id, bob.say(shop, "y").id) == (1, 2, 2)
    updates: Any = (await call(served, "getUpdates"))["result"]
    first = updates[0]["update_id"]
    assert [update["update_id"] for update in updates] == [first, first + 1, first + 2]


async def test_a_tap_takes_the_newest_message_with_the_button_by_label_or_its_beginning(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    old = await aiogram_bot.send_message(ada.id, "old", reply_markup=buttons("Buy kettle", "Buy"))
    new = await aiogram_bot.send_message(ada.id, "new", reply_markup=buttons("Buy kettle"))
    await aiogram_bot.send_message(ada.id, "newest")

    ada.tap(shop, "Buy k")
    ada.tap(shop, "Buy", message_id=old.message_id)

    taps = [update.callback_query for update in await aiogram_bot.get_updates()]
    assert [(tap.message.message_id, tap.data) for tap in taps if tap and tap.message] == [
        (new.message_id, "Buy kettle"),
        (old.message_id, "Buy"),
    ]
    with pytest.raises(CannotDo, match="no button 'Sell'"):
        ada.tap(shop, "Sell")


async def test_a_link_button_says_where_it_leads(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    key = types.InlineKeyboardButton(text="Pay", url="http://127.0.0.1:8080/pay")
    await aiogram_bot.send_message(
        ada.id, "x", reply_markup=types.InlineKeyboardMarkup(inline_keyboard=[[key]])
    )
    assert ada.tap(shop, "Pay").url == "http://127.0.0.1:8080/pay"
    assert await aiogram_bot.get_updates() == []


async def test_waiting_is_woken_by_the_message_and_tells_what_came_instead(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    waiting = asyncio.ensure_future(ada.wait_for(lambda message: "total" in message.text, bot=shop))
    sent = await aiogram_bot.send_message(ada.id, "one moment")
    await aiogram_bot.edit_message_text("the total is 5", chat_id=ada.id, message_id=sent.message_id)
    assert (await waiting).id == sent.message_id
    with pytest.raises(
        TimeoutError, match=re.escape("the chat ends with ['me: /start', 'bot: the total is 5']")
    ):
        await ada.wait_for(lambda message: "bye" in message.text, bot=shop, timeout_seconds=0.01)


# ── persistence ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_stored_world_goes_on_where_it_was(tmp_path: Path, clock: SimulatedClock) -> None:
    file = tmp_path / "telegram.db"
    world = TelegramWorld(clock, store=file)
    shop = world.add_bot(TOKEN, "parley_bot", provider_tokens=(PROVIDER_TOKEN,))
    ada = world.add_user("Ada", language_code="es")
    ada.start(shop)
    ada.send_photo(shop, png(5, 5), "look")
    (start, _) = world.updates.pending(shop)
    world.updates.confirm(start)
    await world.close()

    world = TelegramWorld(clock, store=file)
    shop = world.add_bot(TOKEN, "parley_bot")
    assert shop.provider_tokens == [PROVIDER_TOKEN]
    ada = world.user(ada.id)
    shown = ada.chat(shop)
    assert [message.text for message in shown] == ["/start", "look"]
    assert ada.photo_bytes(shown[-1]) == png(5, 5)
    assert [update.payload["caption"] for update in world.updates.pending(shop)] == ["look"]
    assert ada.say(shop, "again").id == 3
    assert world.add_user("Bob").id == ada.id + 1
    ids = [update.id for update in world.updates.history(shop)]
    assert ids == sorted(set(ids))
    await world.close()


async def test_a_stored_webhook_is_served_again_when_the_world_opens(tmp_path: Path) -> None:
    file = tmp_path / "telegram.db"
    world = TelegramWorld(store=file)
    shop = world.add_bot(TOKEN, "parley_bot")
    world.add_user("Ada").start(shop)
    await world.close()

    delivered: asyncio.Queue[bytes] = asyncio.Queue()

    async def hook(request: httpx.Request) -> httpx.Response:
        delivered.put_nowait(await request.aread())
        return httpx.Response(200)

    world = TelegramWorld(store=file, webhook_transport=httpx.MockTransport(hook))
    shop = world.bot("parley_bot")
    shop.webhook = Webhook(url="https://shop.example/hook")
    await world.open()
    async with asyncio.timeout(5):
        assert b"/start" in await delivered.get()
    await world.close()


# ── over HTTP ───────────────────────────────────────────────────────────────────────────────────────


async def act(client: httpx.AsyncClient, user: int, action: str, **body: object) -> Any:
    response = await client.post(f"/_people/users/{user}/bots/parley_bot/{action}", json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def screen(client: httpx.AsyncClient, user: int, **query: Any) -> Any:
    response = await client.get(f"/_people/users/{user}/bots/parley_bot/messages", params=query)
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_page_can_act_as_a_person(served: Loopback, aiogram_bot: AiogramBot, shop: Bot) -> None:
    web = served.client
    assert (await web.get("/_people/bots")).json()[0]["username"] == "parley_bot"
    user = (await web.post("/_people/users", json={"first_name": "Ada", "phone": "+15550100"})).json()["id"]
    await act(web, user, "start", payload="x")
    await aiogram_bot.send_chat_action(user, "typing")
    assert (await screen(web, user))["typing"] == "typing"

    waiting = asyncio.ensure_future(screen(web, user, after=1, wait=10))
    photo = types.BufferedInputFile(png(3, 3), "a.png")
    await aiogram_bot.send_photo(user, photo, caption="Buy?", reply_markup=buttons("Yes"))
    (shown,) = (await waiting)["messages"]
    assert (shown["text"], shown["mine"], shown["buttons"][0][0]["text"]) == ("Buy?", False, "Yes")
    assert (await web.get(f"/_people/files/{shown['photo']}")).content == png(3, 3)

    await act(web, user, "tap", label="Yes")
    await act(web, user, "say", text="hello", reply_to=2)
    await act(web, user, "contact")
    await act(web, user, "location", latitude=1, longitude=2)
    await act(web, user, "sticker")
    await act(web, user, "voice")
    sent = await act(web, user, "photo", base64=base64.b64encode(png()).decode(), caption="mine")
    await act(web, user, "edit", message_id=sent["message_id"], text="changed")
    await act(web, user, "delete", message_id=sent["message_id"])
    await act(web, user, "block")
    await act(web, user, "unblock")
    kinds = [update.event_type for update in await aiogram_bot.get_updates()]
    assert kinds == ["message", "callback_query", *["message"] * 6, "edited_message", *["my_chat_member"] * 2]


async def test_a_page_can_pay(served: Loopback, aiogram_bot: AiogramBot, ada: TelegramUser) -> None:
    prices = [types.LabeledPrice(label="Kettle", amount=4000)]
    await aiogram_bot.send_invoice(
        ada.id,
        title="Kettle",
        description="Red",
        payload="o7",
        currency="EUR",
        prices=prices,
        provider_token=PROVIDER_TOKEN,
    )
    paying = asyncio.ensure_future(act(served.client, ada.id, "pay", card="visa"))
    (update,) = await aiogram_bot.get_updates(timeout=10)
    assert update.pre_checkout_query
    await aiogram_bot.answer_pre_checkout_query(update.pre_checkout_query.id, ok=True)
    assert (await paying)["status"] == "paid"


async def test_trouble_is_planned_and_updates_are_sent_again_over_http(
    served: Loopback, ada: TelegramUser, shop: Bot
) -> None:
    faults = {"method": "getMe", "faults": [{"kind": "refuse", "code": 502}, None]}
    assert (await served.client.post("/_people/faults", json=faults)).status_code == 200
    assert (await call(served, "getMe"))["description"] == "Bad Gateway"
    assert (await call(served, "getMe"))["ok"]

    (update, *_) = (await served.client.get("/_people/updates/parley_bot")).json()
    again = {"bot": "parley_bot", "update_id": update["update_id"]}
    assert (await served.client.post("/_people/redeliver", json=again)).status_code == 200
    (delivered,) = (await call(served, "getUpdates"))["result"]  # type: ignore[misc]
    assert delivered["update_id"] == update["update_id"]


@pytest.mark.parametrize(
    ("path", "body", "code", "error"),
    [
        ("/_people/users/{user}/bots/parley_bot/tap", {"label": "x"}, 400, "no button 'x'"),
        ("/_people/users/{user}/bots/parley_bot/dance", {}, 400, "no such action; there are start, say"),
        ("/_people/users/{user}/bots/parley_bot/say", {"words": "x"}, 400, "text\n  Field required"),
        ("/_people/users/{user}/bots/parley_bot/pay", {}, 400, "there is no invoice"),
        ("/_people/users/{user}/bots/parley_bot/photo", {"base64": "!"}, 400, "not base64"),
        ("/_people/users/1/bots/parley_bot/say", {"text": "x"}, 404, "no user 1 in this world"),
        ("/_people/users/{user}/bots/nobody/say", {"text": "x"}, 404, "no bot 'nobody' in this world"),
        ("/_people/redeliver", {"bot": "parley_bot", "update_id": 1}, 404, "never had an update 1"),
        ("/_people/bots", {"token": "x", "username": "y"}, 400, "is no bot token"),
    ],
)
async def test_what_cannot_be_done_is_said(
    served: Loopback, ada: TelegramUser, *, path: str, body: dict[str, object], code: int, error: str
) -> None:
    response = await served.client.post(path.format(user=ada.id), json=body)
    assert response.status_code == code
    assert error in response.json()["error"]


# ── in another process ──────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def another_process(port: int, store: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The emulator as its own process; killed, not asked, at the end."""
    command = [sys.executable, "-m", "sandbox.telegram", "--port", str(port), "--store", str(store)]
    command += ["--bot", TOKEN, "parley_bot", "--provider-token", PROVIDER_TOKEN]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            assert process.stderr
            async with asyncio.timeout(60):
                line = await process.stderr.readline()
            assert line == f"Telegram emulator on http://127.0.0.1:{port}\n".encode()
            yield client
    finally:
        process.kill()
        await process.wait()


async def test_alone_in_its_process_it_survives_being_killed(tmp_path: Path) -> None:
    with listen() as free:
        port = free.getsockname()[1]
    async with another_process(port, tmp_path / "t.db") as web:
        user = (await web.post("/_people/users", json={"first_name": "Ada"})).json()["id"]
        await act(web, user, "start")
        sent = await web.post(f"/bot{TOKEN}/sendMessage", json={"chat_id": user, "text": "hello"})
        assert sent.json()["ok"]
    async with another_process(port, tmp_path / "t.db") as web:
        assert [message["text"] for message in (await screen(web, user))["messages"]] == ["/start", "hello"]
        (update,) = (await web.post(f"/bot{TOKEN}/getUpdates")).json()["result"]
        assert update["message"]["text"] == "/start"
