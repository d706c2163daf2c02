"""How bots learn what happened: long polling, webhooks, redelivery, and planned faults."""

import asyncio
from typing import Any

import aiogram.exceptions as aiogram_errors
import httpx
import pytest
import telegram
import telegram.error
from aiogram import Bot as AiogramBot
from fastapi import FastAPI, Request, Response

from sandbox.clock import SimulatedClock
from sandbox.telegram import Bot, Limits, TelegramUser, TelegramWorld, create_app, drop, hang, refuse
from tests.emulators.telegram_at_loopback import TOKEN, Loopback, call, refusal, serving

pytestmark = pytest.mark.anyio

GET_UPDATES = f"/bot{TOKEN}/getUpdates"


async def result(served: Loopback, method: str, **parameters: object) -> Any:
    return (await call(served, method, **parameters))["result"]


class Listener:
    """A bot's webhook end: answers with what `answers` holds, 200 when it is empty, and keeps what came."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.secrets: list[str | None] = []
        self.answers: list[Response] = []
        self.arrived = asyncio.Event()
        self.app = FastAPI()
        self.app.add_api_route("/hook", self.hook, methods=["POST"])

    async def hook(self, request: Request) -> Response:
        self.received.append(await request.json())
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        self.arrived.set()
        return self.answers.pop(0) if self.answers else Response()

    @property
    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.received]

    async def wait_for(self, number: int) -> None:
        """Until that many deliveries came."""
        async with asyncio.timeout(10):
            while len(self.received) < number:
                self.arrived.clear()
                await self.arrived.wait()


@pytest.fixture
def listener(world: TelegramWorld) -> Listener:
    listener = Listener()
    world.webhook_transport = httpx.ASGITransport(listener.app)
    return listener


async def settled(world: TelegramWorld, bot: Bot) -> None:
    """Until the bot has taken everything."""
    done = await world.changes.wait_until(
        lambda: None if world.updates.pending(bot) else True, clock=world.clock, seconds=1
    )
    assert done


# ── long polling ────────────────────────────────────────────────────────────────────────────────────


async def test_an_update_wakes_the_call_that_waits_for_it(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot, clock: SimulatedClock
) -> None:
    polling = asyncio.ensure_future(aiogram_bot.get_updates(timeout=30))
    await clock.somebody_sleeps()
    ada.say(shop, "hello")
    (update,) = await polling
    assert update.message
    assert update.message.text == "hello"
    assert update.message.from_user
    assert update.message.from_user.language_code == "en"


async def test_python_telegram_bot_polls_too(ptb_bot: telegram.Bot, ada: TelegramUser, shop: Bot) -> None:
    ada.say(shop, "hello")
    (update,) = await ptb_bot.get_updates(timeout=1)
    assert update.message
    assert update.message.text == "hello"


async def test_a_long_poll_ends_empty_when_its_time_is_over(
    served: Loopback, shop: Bot, clock: SimulatedClock
) -> None:
    polling = asyncio.ensure_future(result(served, "getUpdates", timeout=30))
    await clock.somebody_sleeps()
    await clock.run(30)
    assert await polling == []


async def test_an_offset_confirms_what_came_before_it(served: Loopback, ada: TelegramUser, shop: Bot) -> None:
    for text in ("one", "two", "three"):
        ada.say(shop, text)

    first, *_ = again = await result(served, "getUpdates")
    assert len(again) == 3
    assert len(await result(served, "getUpdates", limit=1)) == 1
    rest = await result(served, "getUpdates", offset=first["update_id"] + 1)
    assert [update["message"]["text"] for update in rest] == ["two", "three"]
    assert [update["update_id"] for update in rest] == [first["update_id"] + 1, first["update_id"] + 2]
    (last,) = await result(served, "getUpdates", offset=-1)
    assert last["message"]["text"] == "three"
    assert len(await result(served, "getUpdates")) == 1


async def test_updates_of_kinds_that_were_not_asked_for_are_not_made(
    served: Loopback, ada: TelegramUser, shop: Bot
) -> None:
    assert await result(served, "getUpdates", allowed_updates=["edited_message", "no such kind"]) == []
    message = ada.say(shop, "hello")
    ada.edit(shop, message.id, "changed")
    (update,) = await result(served, "getUpdates")
    assert update["edited_message"]["text"] == "changed"
    await result(served, "getUpdates", offset=update["update_id"] + 1, allowed_updates=[])
    ada.say(shop, "again")
    assert "message" in (await result(served, "getUpdates"))[0]


async def test_a_second_poll_ends_the_first_with_a_conflict(
    served: Loopback, ptb_bot: telegram.Bot, shop: Bot, clock: SimulatedClock
) -> None:
    first = asyncio.ensure_future(ptb_bot.get_updates(timeout=30))
    await clock.somebody_sleeps()
    assert await result(served, "getUpdates") == []
    async with asyncio.timeout(10):
        with pytest.raises(
            telegram.error.Conflict, match="terminated by other getUpdates request; make sure"
        ):
            await first


async def test_polling_is_a_conflict_while_a_webhook_is_set(
    served: Loopback, shop: Bot, listener: Listener
) -> None:
    await result(served, "setWebhook", url="https://shop.example/hook")
    assert await refusal(served, "getUpdates") == (
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )
    await result(served, "deleteWebhook")
    assert await result(served, "getUpdates") == []


async def test_setting_a_webhook_ends_a_waiting_poll(
    served: Loopback, shop: Bot, listener: Listener, clock: SimulatedClock
) -> None:
    polling = asyncio.ensure_future(call(served, "getUpdates", timeout=30))
    await clock.somebody_sleeps()
    await result(served, "setWebhook", url="https://shop.example/hook")
    assert (await polling)["description"] == "Conflict: terminated by setWebhook request"


async def test_updates_older_than_a_day_are_dropped(
    served: Loopback, ada: TelegramUser, shop: Bot, clock: SimulatedClock
) -> None:
    ada.say(shop, "old")
    clock.advance(24 * 3600 + 1)
    ada.say(shop, "new")
    (update,) = await result(served, "getUpdates")
    assert update["message"]["text"] == "new"


async def test_an_update_can_be_delivered_again_after_it_was_confirmed(
    served: Loopback, world: TelegramWorld, ada: TelegramUser, shop: Bot
) -> None:
    ada.say(shop, "hello")
    (update,) = await result(served, "getUpdates")
    await result(served, "getUpdates", offset=update["update_id"] + 1)

    world.redeliver(shop, update["update_id"])

    assert await result(served, "getUpdates", offset=update["update_id"] + 1) == [update]
    assert await result(served, "getUpdates", offset=update["update_id"] + 1) == []


# ── webhooks ────────────────────────────────────────────────────────────────────────────────────────


async def test_a_webhook_gets_updates_with_its_secret(
    *, aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, shop: Bot, listener: Listener
) -> None:
    await aiogram_bot.set_webhook("https://shop.example/hook", secret_token="s3cret-_")
    ada.say(shop, "hello")
    await settled(world, shop)

    assert listener.texts == ["hello"]
    assert listener.secrets == ["s3cret-_"]
    info = await aiogram_bot.get_webhook_info()
    assert (info.url, info.pending_update_count) == ("https://shop.example/hook", 0)


async def test_a_webhook_on_a_loopback_port_is_reached_over_the_network(
    served: Loopback, world: TelegramWorld, ada: TelegramUser, shop: Bot
) -> None:
    listener = Listener()
    async with serving(listener.app) as elsewhere:
        await result(served, "setWebhook", url=f"{elsewhere.url}/hook")
        ada.say(shop, "hello")
        await listener.wait_for(1)
    assert listener.texts == ["hello"]


async def test_what_waited_before_the_webhook_was_set_is_delivered_unless_dropped(
    *, served: Loopback, world: TelegramWorld, ada: TelegramUser, shop: Bot, listener: Listener
) -> None:
    ada.say(shop, "dropped")
    await result(served, "setWebhook", url="https://shop.example/hook", drop_pending_updates=True)
    await result(served, "deleteWebhook")
    ada.say(shop, "kept")
    await result(served, "setWebhook", url="https://shop.example/hook")
    await settled(world, shop)
    assert listener.texts == ["kept"]


async def test_a_failed_delivery_is_retried_with_growing_pauses_and_in_order(
    *,
    served: Loopback,
    world: TelegramWorld,
    ada: TelegramUser,
    shop: Bot,
    listener: Listener,
    clock: SimulatedClock,
) -> None:
    await result(served, "setWebhook", url="https://shop.example/hook")
    listener.answers = [Response(status_code=code) for code in (500, 404, 302, 503)]
    start = clock.now()
    arrivals: list[float] = []
    ada.say(shop, "one")
    ada.say(shop, "two")
    while len(listener.received) < 6:
        seen = len(listener.received)
        await clock.run(1)
        arrivals += [(clock.now() - start).total_seconds()] * (len(listener.received) - seen)

    assert listener.texts == ["one", "one", "one", "one", "one", "two"]
    assert arrivals == [1, 1, 2, 6, 14, 14]
    info = await result(served, "getWebhookInfo")
    assert info["last_error_message"] == "Wrong response from the webhook: 503 Service Unavailable"


async def test_one_person_s_failing_update_does_not_hold_up_another_s(
    *, served: Loopback, world: TelegramWorld, ada: TelegramUser, shop: Bot, listener: Listener
) -> None:
    bob = world.add_user("Bob")
    await result(served, "setWebhook", url="https://shop.example/hook")
    listener.answers = [Response(status_code=500)] * 2
    ada.say(shop, "poison")
    await listener.wait_for(2)
    bob.say(shop, "hello")
    await listener.wait_for(3)
    assert listener.texts[-1] == "hello"
    assert [update.payload["text"] for update in world.updates.pending(shop)] in (
        ["poison"],
        ["poison", "hello"],
    )


async def test_an_answer_to_a_webhook_may_call_a_method(
    *, served: Loopback, world: TelegramWorld, ada: TelegramUser, shop: Bot, listener: Listener
) -> None:
    await result(served, "setWebhook", url="https://shop.example/hook")
    body = httpx.Response(200, json={"method": "sendMessage", "chat_id": ada.id, "text": "at once"}).content
    listener.answers = [Response(body, media_type="application/json")]
    ada.say(shop, "hello")
    shown = await ada.wait_for(lambda message: message.text == "at once", bot=shop)
    assert not shown.mine


async def test_a_webhook_update_can_be_delivered_again(
    *, served: Loopback, world: TelegramWorld, ada: TelegramUser, shop: Bot, listener: Listener
) -> None:
    await result(served, "setWebhook", url="https://shop.example/hook")
    ada.say(shop, "hello")
    await settled(world, shop)
    world.redeliver(shop, listener.received[0]["update_id"])
    await listener.wait_for(2)
    assert listener.received[0] == listener.received[1]


@pytest.mark.parametrize(
    ("parameters", "description"),
    [
        ({"url": "http://shop.example/hook"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        (
            {"url": "https://shop.example:8080/hook"},
            "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
        ),
        (
            {"url": "https://shop.example/hook"},
            "bad webhook: Failed to resolve host: Name or service not known",
        ),
        ({"url": "ftp://127.0.0.1"}, "invalid webhook URL specified"),
        (
            {"url": "http://127.0.0.1/x", "secret_token": "no spaces"},
            "secret token contains unallowed characters",
        ),
        ({"url": "http://127.0.0.1/x", "secret_token": "x" * 257}, "secret token is too long"),
    ],
)
async def test_webhooks_that_telegram_does_not_take(
    served: Loopback, shop: Bot, parameters: dict[str, str], description: str
) -> None:
    assert await refusal(served, "setWebhook", **parameters) == f"Bad Request: {description}"


# ── limits and faults ───────────────────────────────────────────────────────────────────────────────


async def test_more_than_the_burst_into_one_chat_is_too_many_requests(
    served: Loopback, world: TelegramWorld, ada: TelegramUser, clock: SimulatedClock
) -> None:
    world.limits = Limits(chat_burst=3)
    for _ in range(3):
        await result(served, "sendMessage", chat_id=ada.id, text="x")

    response = await served.client.post(f"/bot{TOKEN}/sendMessage", json={"chat_id": ada.id, "text": "x"})
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "1"
    assert response.json() == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 1",
        "parameters": {"retry_after": 1},
    }
    clock.advance(1)
    await result(served, "sendMessage", chat_id=ada.id, text="x")


async def test_more_than_thirty_a_second_over_all_chats_is_too_many_requests(
    aiogram_bot: AiogramBot, world: TelegramWorld, shop: Bot, clock: SimulatedClock
) -> None:
    world.limits = Limits(overall_per_second=5)
    people = [world.add_user(f"P{number}") for number in range(6)]
    for person in people:
        person.start(shop)
    for person in people[:5]:
        await aiogram_bot.send_message(person.id, "x")
    with pytest.raises(aiogram_errors.TelegramRetryAfter) as limited:
        await aiogram_bot.send_message(people[5].id, "x")
    assert limited.value.retry_after == 1
    clock.advance(1)
    await aiogram_bot.send_message(people[5].id, "x")


async def test_planned_refusals_come_in_turn_and_then_no_more(
    served: Loopback, world: TelegramWorld, ada: TelegramUser
) -> None:
    world.faults.next("sendMessage", [refuse(429, retry_after_seconds=7), None, refuse(502)])

    descriptions = [
        (await call(served, "sendMessage", chat_id=ada.id, text="x")).get("description") for _ in range(4)
    ]
    assert descriptions == ["Too Many Requests: retry after 7", None, "Bad Gateway", None]


@pytest.mark.parametrize("served_first", [False, True])
async def test_a_dropped_connection_leaves_the_client_in_doubt(
    aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, shop: Bot, *, served_first: bool
) -> None:
    world.faults.next("sendMessage", [drop(served=served_first)])
    with pytest.raises(aiogram_errors.TelegramNetworkError):
        await aiogram_bot.send_message(ada.id, "x")
    assert len(ada.chat(shop)) == (2 if served_first else 1)


async def test_a_hanging_call_ends_only_when_the_clock_says_so(
    served: Loopback, world: TelegramWorld, ada: TelegramUser, clock: SimulatedClock
) -> None:
    world.faults.next("*", [hang(60)])
    hanging = asyncio.ensure_future(served.client.post(f"/bot{TOKEN}/getMe"))
    await clock.somebody_sleeps()
    assert not hanging.done()
    await clock.run(60)
    with pytest.raises(httpx.RemoteProtocolError):
        await hanging


async def test_the_app_works_mounted_under_a_path(world: TelegramWorld, ada: TelegramUser, shop: Bot) -> None:
    outer = FastAPI()
    outer.mount("/sandbox/telegram", create_app(world))
    async with serving(outer) as loopback:
        response = await loopback.client.post(f"/sandbox/telegram/bot{TOKEN}/getMe")
        assert response.json()["result"]["username"] == "parley_bot"
