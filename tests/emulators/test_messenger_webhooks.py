"""What the app is told, how it is signed, and every way in which deliveries go wrong."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from sandbox.clock import SimulatedClock
from sandbox.messenger import Limits, MessengerPerson, MessengerWorld, WebhookRefused
from sandbox.messenger.notices import FORMS, checked
from tests.emulators.messenger_at_loopback import (
    PAGE_ID,
    Graph,
    Hook,
    new_world,
    postback,
    quick_reply,
    somebody_sleeps,
    template,
)
from tests.emulators.telegram_at_loopback import png

pytestmark = pytest.mark.anyio


# ── setting up ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_webhook_is_verified_before_anything_is_sent(clock: SimulatedClock, hook: Hook) -> None:
    hook.verify_token = "another"
    world = new_world(clock, hook)
    cy = world.add_person("Cy")
    cy.say("early")
    await world.open()
    await somebody_sleeps(clock)
    assert hook.attempts == 0
    assert "answered the challenge with 200 and 'no'" in world.webhooks.failures[0]
    hook.verify_token = world.verify_token
    clock.advance(1)
    assert [event["message"]["text"] for event in await hook.taken(1)] == ["early"]
    await world.close()


async def test_another_address_is_taken_only_when_it_answers(messenger: MessengerWorld, hook: Hook) -> None:
    with pytest.raises(WebhookRefused, match="answered the challenge with 404"):
        await messenger.set_webhook("http://127.0.0.1/elsewhere")
    assert messenger.webhook_url == "http://127.0.0.1/hook"
    messenger.add_person("Cy").say("hi")
    await hook.taken(1)


async def test_only_what_is_subscribed_to_is_told(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson, hook: Hook
) -> None:
    await graph.post("me/subscribed_apps", {"subscribed_fields": "messages,messaging_optins"})
    await graph.send(bea, {"text": "x"})
    bea.read()
    bea.say("y")
    await messenger.webhooks.settled()
    assert hook.kinds() == ["message"]
    response = await graph.call("DELETE", "me/subscribed_apps")
    assert response.json() == {"success": True}
    bea.say("z")
    assert [event.state for event in messenger.webhooks.history()].count("waiting") == 0
    code, *_ = await graph.refused("me/subscribed_apps", {"subscribed_fields": "gossip"})
    assert code == 100


# ── what is told ────────────────────────────────────────────────────────────────────────────────────


async def test_a_message_is_told_in_its_envelope(messenger: MessengerWorld, hook: Hook) -> None:
    cy = messenger.add_person("Cy")
    message = cy.say("hällo")
    await hook.taken(1)
    now = messenger.now_ms()
    (delivery,) = hook.deliveries
    event = {
        "sender": {"id": cy.psid},
        "recipient": {"id": PAGE_ID},
        "timestamp": now,
        "message": {"mid": message.mid, "text": "hällo"},
    }
    assert delivery == {"object": "page", "entry": [{"id": PAGE_ID, "time": now, "messaging": [event]}]}


async def test_our_own_sends_are_echoed_and_delivered(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson, hook: Hook
) -> None:
    question = bea.screen()[0].id
    sent = await graph.send(bea, {"text": "hi", "metadata": "turn 7"}, reply_to={"mid": question})
    echo, delivery = await hook.taken(2)
    assert (echo["sender"]["id"], echo["recipient"]["id"]) == (PAGE_ID, bea.psid)
    assert echo["message"] == {
        "mid": sent["message_id"],
        "is_echo": True,
        "app_id": int(messenger.app_id),
        "text": "hi",
        "metadata": "turn 7",
        "reply_to": {"mid": question},
    }
    assert delivery["delivery"] == {"mids": [sent["message_id"]], "watermark": messenger.now_ms()}


async def test_taps_replies_pictures_reactions_and_reads_are_told(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson, hook: Hook
) -> None:
    await graph.post("me/subscribed_apps", {"subscribed_fields": ",".join(NOT_OURS)})
    sent = await graph.send(bea, template({"template_type": "button", "text": "x", "buttons": [postback()]}))
    await graph.send(bea, {"text": "y", "quick_replies": [quick_reply()]})
    bea.tap("Yes")
    tapped = bea.tap("Buy").message
    bea.send_photo(png())
    bea.send_file(b"ID3", "song.mp3", "audio/mpeg")
    bea.send_like()
    bea.say("that one", reply_to=sent["message_id"])
    bea.react(sent["message_id"], "❤")
    bea.unreact(sent["message_id"])
    bea.read()
    yes, buy, photo, song, like, answer, react, unreact, read = await hook.taken(9)
    assert yes["message"]["quick_reply"] == {"payload": "YES"}
    assert yes["message"]["text"] == "Yes"
    assert tapped
    assert buy["postback"] == {"mid": tapped.mid, "title": "Buy", "payload": "BUY"}
    assert [event["message"]["attachments"][0]["type"] for event in (photo, song, like)] == [
        "image",
        "audio",
        "sticker",
    ]
    assert answer["message"]["reply_to"] == {"mid": sent["message_id"]}
    reaction = {"emoji": "❤", "mid": sent["message_id"], "reaction": "love"}
    assert react["reaction"] == reaction | {"action": "react"}
    assert unreact["reaction"] == reaction | {"action": "unreact"}
    assert read["read"] == {"watermark": messenger.now_ms()}


NOT_OURS = ("messages", "messaging_postbacks", "message_reactions", "message_reads")


@pytest.mark.parametrize("form", sorted(FORMS))
def test_an_event_of_another_form_than_documented_is_noticed(form: str) -> None:
    with pytest.raises(Exception, match=r"\(#100\)"):
        checked(form, {"sender": {"id": "1"}, "recipient": {"id": "2"}, "timestamp": 3, "gossip": {}})


# ── how it is carried ───────────────────────────────────────────────────────────────────────────────


async def test_what_happens_at_once_comes_in_one_batch_and_in_order(
    messenger: MessengerWorld, hook: Hook
) -> None:
    people = [messenger.add_person(name) for name in ("Cy", "Di", "Ed")]
    for text in ("one", "two"):
        for person in people:
            person.say(text)
    await hook.taken(6)
    (delivery,) = hook.deliveries
    assert len(delivery["entry"]) == 6
    for person in people:
        mine = [e["message"]["text"] for e in hook.events if e["sender"]["id"] == person.psid]
        assert mine == ["one", "two"]


async def test_a_batch_has_a_largest_size(clock: SimulatedClock, hook: Hook) -> None:
    world = new_world(clock, hook, limits=Limits(batch_events_max=2))
    await world.open()
    cy = world.add_person("Cy")
    for number in range(5):
        cy.say(str(number))
    events = await hook.taken(5)
    assert [event["message"]["text"] for event in events] == ["0", "1", "2", "3", "4"]
    assert [len(delivery["entry"]) for delivery in hook.deliveries] == [2, 2, 1]
    await world.close()


async def test_what_is_not_answered_with_200_comes_again_at_once_and_then_more_rarely(
    messenger: MessengerWorld, hook: Hook, clock: SimulatedClock
) -> None:
    hook.answers.extend([500, 302, 204])
    cy = messenger.add_person("Cy")
    cy.say("one")
    await hook.tried(2)
    await somebody_sleeps(clock)
    cy.say("two")  # waits behind it: messages of one person come in order
    clock.advance(9)
    await asyncio.sleep(0)
    assert hook.attempts == 2
    clock.advance(1)
    await hook.tried(3)
    await somebody_sleeps(clock)
    clock.advance(60)
    assert [event["message"]["text"] for event in await hook.taken(2)] == ["one", "two"]
    assert [failure[:3] for failure in messenger.webhooks.failures] == ["500", "302", "204"]


async def test_one_persons_trouble_does_not_hold_up_the_others(
    messenger: MessengerWorld, hook: Hook, clock: SimulatedClock
) -> None:
    hook.answers.extend([500, 500])
    cy, di = messenger.add_person("Cy"), messenger.add_person("Di")
    cy.say("one")
    await hook.tried(2)
    await somebody_sleeps(clock)
    di.say("two")
    assert [event["message"]["text"] for event in await hook.taken(1)] == ["two"]
    clock.advance(10)
    await hook.taken(2)


async def test_after_a_day_and_a_half_a_delivery_is_given_up(
    messenger: MessengerWorld, hook: Hook, clock: SimulatedClock
) -> None:
    hook.answers.extend([500] * 1000)
    messenger.add_person("Cy").say("one")
    await hook.tried(2)
    await clock.run(37 * 3600)
    await messenger.webhooks.settled()
    assert [event.state for event in messenger.webhooks.history()] == ["lost"]
    assert 36 <= hook.attempts <= 50


async def test_an_app_that_cannot_be_reached_is_tried_again(clock: SimulatedClock, hook: Hook) -> None:
    class Down(httpx.AsyncBaseTransport):
        up = False
        real = httpx.ASGITransport(hook.app)

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "POST" and not self.up:
                raise httpx.ConnectError("refused", request=request)
            return await self.real.handle_async_request(request)

    down = Down()
    world = new_world(clock, hook, webhook_transport=down)
    await world.open()
    world.add_person("Cy").say("one")
    await somebody_sleeps(clock)
    down.up = True
    await clock.run(10)
    await hook.taken(1)
    assert "ConnectError" in world.webhooks.failures[0]
    await world.close()


# ── what can be asked for ───────────────────────────────────────────────────────────────────────────


async def test_an_event_may_come_twice(messenger: MessengerWorld, hook: Hook) -> None:
    messenger.webhooks.next("messages", ["twice"])
    cy = messenger.add_person("Cy")
    cy.say("one")
    first, second = await hook.taken(2)
    assert first == second
    cy.say("two")
    await hook.taken(3)


async def test_an_event_may_come_late_and_be_overtaken(
    messenger: MessengerWorld, hook: Hook, clock: SimulatedClock
) -> None:
    messenger.webhooks.next("*", ["late:90"])
    cy = messenger.add_person("Cy")
    cy.say("one")
    cy.say("two")
    await hook.taken(1)
    await somebody_sleeps(clock)
    clock.advance(90)
    assert [event["message"]["text"] for event in await hook.taken(2)] == ["two", "one"]


async def test_a_late_event_that_was_under_way_comes_after_a_restart(
    clock: SimulatedClock, hook: Hook, tmp_path: Path
) -> None:
    world = new_world(clock, hook, store=tmp_path / "messenger.db")
    world.webhooks.next("messages", ["ok", "late"])
    await world.open()
    cy = world.add_person("Cy")
    cy.say("one")
    await hook.taken(1)
    cy.say("two")
    await somebody_sleeps(clock)
    await world.close()
    world = new_world(clock, hook, store=tmp_path / "messenger.db")
    await world.open()
    assert [event["message"]["text"] for event in await hook.taken(2)] == ["one", "two"]
    await world.close()


@pytest.mark.parametrize(("way", "refused"), [("lost", 0), ("forged", 1), ("unsigned", 1)])
async def test_an_event_may_never_come_or_come_from_somebody_else(
    messenger: MessengerWorld, hook: Hook, way: str, refused: int
) -> None:
    messenger.webhooks.next("messages", [way])
    cy = messenger.add_person("Cy")
    cy.say("one")
    cy.say("two")
    await hook.tried(1 + refused)
    await messenger.webhooks.settled()
    assert [event["message"]["text"] for event in hook.events] == ["two"]
    assert hook.forged == refused
    with pytest.raises(ValueError, match="'gossip' is no way to deliver an event"):
        messenger.webhooks.next("messages", ["gossip"])


@pytest.mark.parametrize(
    ("order", "wanted"),
    [
        (dict, ["0", "1", "2", "3"]),
        (lambda: {"reverse": True}, ["3", "2", "1", "0"]),
        (lambda: {"shuffle": Random(3)}, ["3", "0", "2", "1"]),
    ],
)
async def test_events_may_be_held_and_released_in_another_order(
    messenger: MessengerWorld, hook: Hook, order: Callable[[], Any], wanted: list[str]
) -> None:
    cy = messenger.add_person("Cy")
    messenger.webhooks.hold()
    for number in range(4):
        cy.say(str(number))
    await asyncio.sleep(0)
    assert hook.attempts == 0
    messenger.webhooks.release(**order())
    assert [event["message"]["text"] for event in await hook.taken(4)] == wanted


async def test_an_old_event_may_be_delivered_again(messenger: MessengerWorld, hook: Hook) -> None:
    messenger.add_person("Cy").say("one")
    await hook.taken(1)
    (event,) = messenger.webhooks.history()
    messenger.webhooks.redeliver(event.number)
    first, second = await hook.taken(2)
    assert first == second
    with pytest.raises(KeyError, match="no event 99"):
        messenger.webhooks.redeliver(99)


async def test_what_was_not_taken_is_told_after_a_restart(
    clock: SimulatedClock, hook: Hook, tmp_path: Path
) -> None:
    store = tmp_path / "messenger.db"
    hook.answers.extend([500, 500])
    world = new_world(clock, hook, store=store)
    await world.open()
    cy = world.add_person("Cy")
    cy.say("one")
    await hook.tried(2)
    await world.close()

    world = new_world(clock, hook, store=store)
    assert [message.text for message in world.person(cy.psid).screen()] == ["one"]
    await world.open()
    world.person(cy.psid).say("two")
    assert [event["message"]["text"] for event in await hook.taken(2)] == ["one", "two"]
    await world.close()
