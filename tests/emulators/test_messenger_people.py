"""People: how they come, what they do and see, over Python and over HTTP, across restarts and alone in a process."""

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

from sandbox.clock import SimulatedClock
from sandbox.loopback import listen
from sandbox.messenger import CannotDo, MessengerPerson, MessengerWorld, create_app
from tests.emulators.messenger_at_loopback import (
    PAGE_TOKEN,
    Graph,
    Hook,
    Json,
    new_world,
    postback,
    quick_reply,
    template,
)
from tests.emulators.telegram_at_loopback import png

pytestmark = pytest.mark.anyio


def buttons(*labels: str) -> Json:
    wanted = [postback(label, label.upper()) for label in labels]
    return template({"template_type": "button", "text": "Choose:", "buttons": wanted})


# ── coming ──────────────────────────────────────────────────────────────────────────────────────────


async def test_the_first_visit_taps_get_started_and_says_how_it_came(
    messenger: MessengerWorld, hook: Hook
) -> None:
    cy = messenger.add_person("Cy")
    message = cy.open("deal_7")
    assert message
    (event,) = await hook.taken(1)
    assert event["postback"] == {
        "mid": message.mid,
        "title": "Get Started",
        "payload": "GET_STARTED",
        "referral": {"ref": "deal_7", "source": "SHORTLINK", "type": "OPEN_THREAD"},
    }
    assert "message" not in event


async def test_a_later_visit_is_an_event_of_its_own_if_it_has_a_ref(
    messenger: MessengerWorld, bea: MessengerPerson, hook: Hook
) -> None:
    assert bea.open() is None
    assert bea.open("deal_7") is None
    assert bea.open_ad("6037215840", "spring", title="Kettles") is None
    link, ad = await hook.taken(2)
    assert link["referral"] == {"ref": "deal_7", "source": "SHORTLINK", "type": "OPEN_THREAD"}
    assert ad["referral"] == {
        "ref": "spring",
        "ad_id": "6037215840",
        "source": "ADS",
        "type": "OPEN_THREAD",
        "ads_context_data": {"ad_title": "Kettles"},
    }
    assert len(bea.screen()) == 1


async def test_without_get_started_a_link_says_nothing_and_an_ad_waits_for_the_first_tap(
    graph: Graph, messenger: MessengerWorld, hook: Hook
) -> None:
    messenger.page.profile.clear()
    cy, di = messenger.add_person("Cy"), messenger.add_person("Di")
    cy.open("deal_7")
    di.open_ad("6037215840")
    for person in (cy, di):
        person.say("hi")
        await graph.send(person, buttons("Buy"))
        person.tap("Buy")
    await messenger.webhooks.settled()
    taps = [event["postback"] for event in hook.events if "postback" in event]
    assert [tap.get("referral", {}).get("ad_id") for tap in taps] == [None, "6037215840"]


async def test_a_ref_has_only_the_letters_that_a_link_may_have(messenger: MessengerWorld) -> None:
    with pytest.raises(CannotDo, match="takes letters, digits"):
        messenger.add_person("Cy").open("deal 7")


async def test_people_have_ids_of_this_page_alone(messenger: MessengerWorld) -> None:
    cy, di = messenger.add_person("Cy"), messenger.add_person("Di")
    assert cy.psid != di.psid
    assert messenger.person(cy.psid).name == "Cy"
    with pytest.raises(KeyError, match="no person 7"):
        messenger.person("7")


# ── acting ──────────────────────────────────────────────────────────────────────────────────────────


async def test_a_tap_takes_the_newest_message_with_the_button_by_label_or_its_beginning(
    graph: Graph, bea: MessengerPerson, hook: Hook
) -> None:
    old = await graph.send(bea, buttons("Buy kettle", "Buy"))
    card = {"title": "Cup", "buttons": [postback("Buy kettle", "NEW")]}
    await graph.send(bea, template({"template_type": "generic", "elements": [card]}))
    await graph.send(bea, {"text": "Well?"})
    assert bea.tap("Buy k").button.value == "NEW"
    assert bea.tap("Buy", mid=old["message_id"]).button.value == "BUY"
    assert [message.text for message in bea.screen()[-2:]] == ["Buy kettle", "Buy"]
    with pytest.raises(CannotDo, match="no button 'Sell'"):
        bea.tap("Sell")


async def test_a_quick_reply_can_be_tapped_until_the_next_message(
    graph: Graph, bea: MessengerPerson, hook: Hook
) -> None:
    await graph.send(bea, {"text": "Well?", "quick_replies": [quick_reply("Yes"), quick_reply("No")]})
    pressed = bea.tap("No")
    assert (pressed.button.value, bea.screen()[-1].text) == ("YES", "No")
    with pytest.raises(CannotDo, match="no button 'Yes'"):
        bea.tap("Yes")


async def test_a_phone_number_is_shared_only_when_it_is_asked_for(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson, hook: Hook
) -> None:
    asked = {"text": "Your number?", "quick_replies": [{"content_type": "user_phone_number"}]}
    with pytest.raises(CannotDo, match="is not asked for a phone number"):
        bea.share_phone()
    await graph.send(bea, asked)
    bea.share_phone()
    await messenger.webhooks.settled()
    assert hook.events[-1]["message"]["text"] == "+15550101"
    assert hook.events[-1]["message"]["quick_reply"] == {"payload": "+15550101"}
    cy = messenger.add_person("Cy")
    cy.say("hi")
    await graph.send(cy, asked)
    assert cy.screen()[-1].quick_replies == ()
    with pytest.raises(CannotDo, match="or has none"):
        cy.share_phone()


async def test_an_address_is_shared_when_it_is_asked_for(graph: Graph, bea: MessengerPerson) -> None:
    await graph.send(bea, {"text": "Your address?", "quick_replies": [{"content_type": "user_email"}]})
    assert bea.share_email().content["quick_reply"] == {"payload": "bea@example.com"}


async def test_who_has_blocked_the_page_does_nothing_with_it(graph: Graph, bea: MessengerPerson) -> None:
    sent = await graph.send(bea, buttons("Buy"))
    bea.block()
    bea.block()
    for act in (
        lambda: bea.say("x"),
        lambda: bea.tap("Buy"),
        lambda: bea.open("deal_7"),
        lambda: bea.send_photo(png()),
        lambda: bea.react(sent["message_id"]),
    ):
        with pytest.raises(CannotDo, match="Bea Quist has blocked Kettle & Quay"):
            act()
    bea.unblock()
    bea.tap("Buy")


async def test_what_is_not_there_cannot_be_acted_on(messenger: MessengerWorld, bea: MessengerPerson) -> None:
    for act, words in (
        (lambda: bea.react("m_other"), "there is no message m_other"),
        (lambda: bea.say("x", reply_to="m_other"), "there is no message m_other"),
        (lambda: bea.unreact(bea.screen()[0].id), "no reaction to take back"),
        (lambda: bea.say("  "), "no empty message"),
        (lambda: bea.send_photo(b"text"), "that is no picture"),
        (lambda: bea.picture_bytes(bea.screen()[0]), "has no picture"),
        (messenger.add_person("Cy").read, "no conversation to read"),
    ):
        with pytest.raises(CannotDo, match=words):
            act()


async def test_waiting_is_woken_by_the_message_and_tells_what_came_instead(
    graph: Graph, bea: MessengerPerson
) -> None:
    waiting = asyncio.ensure_future(bea.wait_for(lambda message: "total" in message.text))
    await graph.send(bea, {"text": "one moment"})
    sent = await graph.send(bea, {"text": "the total is 5"})
    found = await waiting
    assert found.id == sent["message_id"]
    with pytest.raises(
        TimeoutError, match=re.escape("['me: hello', 'page: one moment', 'page: the total is 5']")
    ):
        await bea.wait_for(lambda _: True, after=found.number, timeout_seconds=0.01)


# ── persistence ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_stored_world_goes_on_where_it_was(clock: SimulatedClock, hook: Hook, tmp_path: Path) -> None:
    file = tmp_path / "messenger.db"
    world = new_world(clock, hook, store=file)
    world.page.profile["get_started"] = {"payload": "GO"}
    world.save(world.page)
    world.add_template("left", "en_US", "Order {{1}} left.")
    cy = world.add_person("Cy Roe", locale="es_ES")
    first = cy.open("deal_7")
    cy.block()
    await world.close()

    world = new_world(clock, hook, store=file)
    again = world.person(cy.psid)
    assert first
    assert [message.id for message in again.screen()] == [first.mid]
    assert again.record == cy.record
    assert world.page.profile == {"get_started": {"payload": "GO"}}
    assert world.add_person("Di").psid != cy.psid
    again.unblock()
    assert again.say("hi").number == 2
    assert len({message.id for message in again.screen()}) == 2
    await world.close()


# ── over HTTP ───────────────────────────────────────────────────────────────────────────────────────


async def act(graph: Graph, path: str, body: Any = None, *, status: int = 200) -> Any:
    response = await graph.client.post(f"/_people/{path}", json=body)
    assert response.status_code == status, response.text
    return response.json()


async def test_people_are_made_and_act_over_http(graph: Graph, messenger: MessengerWorld, hook: Hook) -> None:
    person = await act(graph, "people", {"name": "Cy Roe", "phone": "+15550102"})
    at = f"people/{person['psid']}"
    opened = await act(graph, f"{at}/open", {"ref": "deal_7"})
    said = await act(graph, f"{at}/say", {"text": "hello", "reply_to": opened["mid"]})
    cy = messenger.person(person["psid"])
    await graph.send(cy, buttons("Buy"))
    tapped = await act(graph, f"{at}/tap", {"label": "Buy"})
    await act(graph, f"{at}/photo", {"base64": base64.b64encode(png()).decode()})
    await act(graph, f"{at}/file", {"base64": "SUQz", "name": "a.mp3", "mime_type": "audio/mpeg"})
    await act(graph, f"{at}/like")
    await act(graph, f"{at}/react", {"mid": tapped["mid"]})
    await act(graph, f"{at}/unreact", {"mid": tapped["mid"]})
    await act(graph, f"{at}/read")
    await act(graph, f"{at}/open_ad", {"ad_id": "12", "ref": "x"})
    asked = [{"content_type": "user_phone_number"}, {"content_type": "user_email"}]
    await graph.send(cy, {"text": "number?", "quick_replies": asked})
    await act(graph, f"{at}/share_phone")
    assert "is not asked" in (await act(graph, f"{at}/share_email", status=400))["error"]
    await act(graph, f"{at}/block")
    await act(graph, f"{at}/unblock")
    await messenger.webhooks.settled()
    assert [kind for kind in hook.kinds() if kind != "delivery"].count("message") == 7
    assert {"postback", "reaction", "read", "referral"} <= set(hook.kinds())
    assert (said["number"], tapped["button"]["value"]) == (2, "BUY")


async def test_the_screen_is_read_over_http_and_waited_for(graph: Graph, bea: MessengerPerson) -> None:
    at = f"/_people/people/{bea.psid}/messages"
    waiting = asyncio.ensure_future(graph.client.get(at, params={"after": 1, "wait": 10}))
    await asyncio.sleep(0)
    await graph.send(bea, buttons("Buy"))
    screen = (await waiting).json()
    (message,) = screen["messages"]
    assert (message["text"], message["buttons"][0]["text"], message["mine"]) == ("Choose:", "Buy", False)
    assert screen["typing"] is False
    assert screen["welcome"]["get_started"] is True
    everything = (await graph.client.get(at)).json()
    assert [message["number"] for message in everything["messages"]] == [1, 2]


async def test_what_cannot_be_done_over_http_is_said(graph: Graph, bea: MessengerPerson) -> None:
    at = f"people/{bea.psid}"
    assert "no button 'Sell'" in (await act(graph, f"{at}/tap", {"label": "Sell"}, status=400))["error"]
    assert "no such action" in (await act(graph, f"{at}/dance", status=400))["error"]
    assert (
        "extra" in (await act(graph, f"{at}/say", {"text": "x", "loud": True}, status=400))["error"].lower()
    )
    assert "not base64" in (await act(graph, f"{at}/photo", {"base64": "?"}, status=400))["error"]
    assert "no person 7" in (await act(graph, "people/7/say", {"text": "x"}, status=404))["error"]
    wrong = {"endpoint": "messages", "faults": [{"kind": "refuse", "code": 999}]}
    assert "no error 999" in (await act(graph, "faults", wrong, status=400))["error"]


async def test_the_world_is_steered_over_http(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson, hook: Hook
) -> None:
    await act(graph, "templates", {"name": "left", "language": "en_US", "body": "Order {{1}} left."})
    await act(graph, "faults", {"endpoint": "messages", "faults": [{"kind": "refuse", "code": 613}]})
    assert (await graph.send_refused(bea, {"text": "x"}))[0] == 613
    await act(graph, "webhook/next", {"field": "messages", "ways": ["twice"]})
    await act(graph, "webhook/hold")
    await act(graph, f"people/{bea.psid}/say", {"text": "one"})
    await act(graph, "webhook/release", {"reverse": True})
    await hook.taken(2)
    events = (await graph.client.get("/_people/events")).json()
    await act(graph, "webhook/redeliver", {"event": events[-1]["number"]})
    await hook.taken(3)
    await act(graph, "webhook/gossip", status=400)
    assert "challenge" in (await act(graph, "webhook", {"url": "http://127.0.0.1/no"}, status=400))["error"]
    await act(graph, "webhook", {"url": "http://127.0.0.1/hook"})
    for action, body in (("take", None), ("reply", {"text": "Jo here."}), ("pass", None), ("done", None)):
        await act(graph, f"people/{bea.psid}/inbox/{action}", body)
    await act(graph, f"people/{bea.psid}/inbox/dance", status=400)
    page = (await graph.client.get("/_people/page")).json()
    assert (page["name"], page["webhook"]["verified"]) == (messenger.page_name, True)
    people = (await graph.client.get("/_people/people")).json()
    assert [person["first_name"] for person in people] == ["Bea"]


async def test_without_people_nobody_acts_over_http(messenger: MessengerWorld) -> None:
    transport = httpx.ASGITransport(create_app(messenger, with_people=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert (await client.get("/_people/people")).status_code == 400


# ── alone in a process ──────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def emulator(store: Path) -> AsyncIterator[httpx.AsyncClient]:
    with listen() as probe:
        port = probe.getsockname()[1]
    arguments = ["--port", str(port), "--store", str(store), "--token", PAGE_TOKEN, "--page", "101", "Quay"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox.messenger", *arguments, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr
    try:
        assert b"Messenger emulator on http://127.0.0.1" in await process.stderr.readline()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            yield client
    finally:
        process.terminate()
        await process.communicate()


async def test_the_emulator_runs_alone_and_remembers(tmp_path: Path) -> None:
    store = tmp_path / "messenger.db"
    async with emulator(store) as client:
        person = (await client.post("/_people/people", json={"name": "Cy"})).json()
        at = f"/_people/people/{person['psid']}"
        await client.post(f"{at}/say", json={"text": "hi"})
        body = {"recipient": {"id": person["psid"]}, "messaging_type": "RESPONSE", "message": {"text": "yo"}}
        sent = await client.post("/v26.0/me/messages", params={"access_token": PAGE_TOKEN}, json=body)
        assert sent.status_code == 200
    async with emulator(store) as client:
        screen = (await client.get(f"{at}/messages")).json()
        assert [message["text"] for message in screen["messages"]] == ["hi", "yo"]
