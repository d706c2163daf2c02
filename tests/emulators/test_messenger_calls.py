"""The Graph API around the endpoints: tokens, paths, bodies, planned faults, limits, who somebody is."""

import asyncio
import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from sandbox.clock import SimulatedClock
from sandbox.messenger import (
    Limits,
    MessengerPerson,
    MessengerWorld,
    create_app,
    drop,
    gateway,
    hang,
    refuse,
)
from sandbox.messenger.errors import ERRORS
from tests.emulators.messenger_at_loopback import (
    APP_SECRET,
    PAGE_ID,
    PAGE_NAME,
    PAGE_TOKEN,
    Graph,
    Json,
    refusal,
    sending,
    somebody_sleeps,
)
from tests.emulators.telegram_at_loopback import serving

pytestmark = pytest.mark.anyio


def proof(secret: str = APP_SECRET) -> str:
    return hmac.new(secret.encode(), PAGE_TOKEN.encode(), hashlib.sha256).hexdigest()


# ── who asks ────────────────────────────────────────────────────────────────────────────────────────


async def test_the_token_is_taken_from_query_body_or_header(graph: Graph, bea: MessengerPerson) -> None:
    body = sending(bea, {"text": "x"})
    form = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in body.items()}
    token = {"access_token": PAGE_TOKEN}
    client, path = graph.client, f"/v26.0/{PAGE_ID}/messages"
    for response in (
        await client.post(path, params=token, json=body),
        await client.post(path, json=body | token),
        await client.post(path, data=form | token),
        await client.post(path, json=body, headers={"Authorization": f"Bearer {PAGE_TOKEN}"}),
        await client.post(path, json=body, headers={"Authorization": f"OAuth {PAGE_TOKEN}"}),
    ):
        assert response.status_code == 200, response.text
    assert len(bea.screen()) == 6


async def test_a_wrong_or_missing_token_is_refused(graph: Graph, bea: MessengerPerson) -> None:
    body = sending(bea, {"text": "x"})
    wrong = await graph.client.post("/v26.0/me/messages", params={"access_token": "EAAG"}, json=body)
    assert refusal(wrong)[:2] == (190, None)
    assert "invalid_token" in wrong.headers["www-authenticate"]
    assert refusal(await graph.client.post("/v26.0/me/messages", json=body))[0] == 2500
    assert refusal(await graph.client.post(f"/v26.0/{PAGE_ID}/messages", json=body))[0] == 104
    assert len(bea.screen()) == 1


async def test_a_proof_is_checked_when_it_comes_and_missed_when_it_must(
    graph: Graph, messenger: MessengerWorld
) -> None:
    assert (await graph.get("me", appsecret_proof=proof()))["id"] == PAGE_ID
    response = await graph.call("GET", "me", params={"appsecret_proof": proof("other")})
    assert refusal(response)[0] == 100
    assert response.json()["error"]["type"] == "GraphMethodException"
    messenger.proof_required = True
    assert refusal(await graph.call("GET", "me"))[0] == 100


# ── what is asked ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v26.0/me/dances"),
        ("GET", "/v26.0/me/messages"),
        ("DELETE", "/v26.0/me/message_attachments"),
        ("POST", "/v27.0/me/messages"),
        ("POST", "/v26.0/me/messages/again"),
        ("GET", "/v26.0/shop"),
        ("GET", "/"),
    ],
)
async def test_an_unknown_path_is_refused_as_graph_does(graph: Graph, method: str, path: str) -> None:
    headers = {"Authorization": f"Bearer {PAGE_TOKEN}"}
    code, _, words = refusal(await graph.client.request(method, path, headers=headers))
    assert code == 2500
    assert words.startswith("Unknown path components: /")


@pytest.mark.parametrize("path", ["/v26.0/me", "/v19.0/me", "/me", f"/v26.0/{PAGE_ID}"])
async def test_the_version_may_be_older_or_missing(graph: Graph, path: str) -> None:
    response = await graph.client.get(path, params={"access_token": PAGE_TOKEN})
    assert response.json() == {"id": PAGE_ID, "name": PAGE_NAME}


async def test_an_object_that_is_not_there_is_named(graph: Graph) -> None:
    code, subcode, words = refusal(await graph.call("GET", "99999"))
    assert (code, subcode) == (100, 33)
    assert "Object with ID '99999' does not exist" in words


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"'])
async def test_a_body_that_is_no_json_object_is_refused(graph: Graph, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = await graph.call("POST", "me/messages", content=body, headers=headers)
    assert refusal(response)[0] == 100


async def test_a_form_whose_object_is_no_json_is_refused(graph: Graph, bea: MessengerPerson) -> None:
    form = {"recipient": "{'id':'1'}", "messaging_type": "RESPONSE", "message": "{}"}
    assert refusal(await graph.call("POST", "me/messages", data=form))[2] == (
        "(#100) Param recipient must be an object, and was no JSON"
    )


async def test_everything_refused_is_remembered(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson
) -> None:
    await graph.send_refused(bea, {})
    assert [(name, code) for name, code, _ in messenger.refusals] == [("messages", 100)]


# ── who somebody is ─────────────────────────────────────────────────────────────────────────────────


async def test_a_person_who_wrote_has_a_profile(graph: Graph, bea: MessengerPerson) -> None:
    wanted = "first_name,last_name,profile_pic,locale"
    assert await graph.get(bea.psid, fields=wanted) == {
        "id": bea.psid,
        "first_name": "Bea",
        "last_name": "Quist",
        "locale": "en_US",
    }
    assert await graph.get(bea.psid, fields="name") == {"id": bea.psid, "name": "Bea Quist"}
    assert refusal(await graph.call("GET", bea.psid, params={"fields": "shoe_size"}))[0] == 100


async def test_a_person_who_never_wrote_has_none(graph: Graph, messenger: MessengerWorld) -> None:
    cy = messenger.add_person("Cy")
    assert refusal(await graph.call("GET", cy.psid))[:2] == (100, 33)


# ── planned trouble ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fault", "answered"),
    [
        (refuse(613), (400, 613)),
        (refuse(4, status=429), (429, 4)),
        (refuse(80006), (400, 80006)),
        (refuse(2), (500, 2)),
        (refuse(1200), (400, 1200)),
        (refuse(551), (400, 551)),
        (refuse(190), (400, 190)),
        (refuse(10, 2018278), (400, 10)),
    ],
)
async def test_planned_refusals_come_once_and_change_nothing(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson, fault: Any, answered: tuple[int, int]
) -> None:
    messenger.faults.next("messages", [None, fault])
    await graph.send(bea, {"text": "one"})
    response = await graph.call("POST", "me/messages", json=sending(bea, {"text": "two"}))
    assert (response.status_code, refusal(response)[0]) == answered
    await graph.send(bea, {"text": "three"})
    assert [message.text for message in bea.screen()[1:]] == ["one", "three"]


async def test_a_refusal_may_come_after_the_deed(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson
) -> None:
    messenger.faults.next("*", [refuse(2, served=True), gateway(503)])
    assert (await graph.send_refused(bea, {"text": "one"}))[0] == 2
    response = await graph.call("POST", "me/messages", json=sending(bea, {"text": "two"}))
    assert response.status_code == 503
    assert response.headers["content-type"].startswith("text/html")
    assert [message.text for message in bea.screen()[1:]] == ["one"]


@pytest.mark.parametrize("name", sorted(ERRORS))
async def test_every_error_of_the_table_can_be_planned(
    graph: Graph, messenger: MessengerWorld, name: str
) -> None:
    rule = ERRORS[name]
    messenger.faults.next("me", [refuse(rule.code, rule.subcode)])
    response = await graph.call("GET", "me")
    code, subcode, words = refusal(response)
    assert (code, "{" in words) == (rule.code, False)
    assert rule.subcode is None or subcode == rule.subcode


async def test_a_fault_that_no_such_error_has_cannot_be_planned() -> None:
    with pytest.raises(ValueError, match="no error 999/None"):
        refuse(999)


async def test_a_connection_may_break_or_hang(
    messenger: MessengerWorld, bea: MessengerPerson, clock: SimulatedClock
) -> None:
    messenger.faults.next("messages", [drop(served=True), hang(30)])
    body = sending(bea, {"text": "one"}) | {"access_token": PAGE_TOKEN}
    async with serving(create_app(messenger)) as served:
        with pytest.raises(httpx.RemoteProtocolError):
            await served.client.post("/v26.0/me/messages", json=body)
        hanging = asyncio.ensure_future(served.client.post("/v26.0/me/messages", json=body))
        await somebody_sleeps(clock)
        clock.advance(30)
        with pytest.raises(httpx.RemoteProtocolError):
            await hanging
    assert [message.text for message in bea.screen()[1:]] == ["one"]


# ── limits ──────────────────────────────────────────────────────────────────────────────────────────


async def test_too_many_calls_a_second_are_refused_until_the_second_is_over(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson, clock: SimulatedClock
) -> None:
    messenger.limits = Limits(text_per_second=3)
    for number in range(3):
        await graph.send(bea, {"text": str(number)})
    assert (await graph.send_refused(bea, {"text": "3"}))[0] == 613
    clock.advance(1)
    await graph.send(bea, {"text": "3"})


async def test_the_daily_limit_grows_with_the_people_and_says_when_it_ends(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson, clock: SimulatedClock
) -> None:
    messenger.limits = Limits(calls_per_person_a_day=2, people_least=0)
    await graph.send(bea, {"text": "1"})
    clock.advance(3600)
    await graph.send(bea, {"text": "2"})
    response = await graph.call("POST", "me/messages", json=sending(bea, {"text": "3"}))
    assert refusal(response)[0] == 80006
    (usage,) = json.loads(response.headers["x-business-use-case-usage"])[PAGE_ID]
    assert (usage["type"], usage["estimated_time_to_regain_access"]) == ("messenger", 23 * 60)
    messenger.add_person("Cy").say("hi")
    await graph.send(bea, {"text": "3"})
    await graph.send(bea, {"text": "4"})
    assert (await graph.send_refused(bea, {"text": "5"}))[0] == 80006
    clock.advance(23 * 3600)
    bea.say("again")
    await graph.send(bea, {"text": "5"})


async def test_a_mounted_emulator_answers_below_its_path(messenger: MessengerWorld) -> None:
    from fastapi import FastAPI  # noqa: PLC0415 - for this test alone

    app = FastAPI()
    app.mount("/sandbox/messenger", create_app(messenger))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1/sandbox/messenger"
    ) as client:
        answer: Json = (await client.get("/v26.0/me", params={"access_token": PAGE_TOKEN})).json()
        assert answer["id"] == PAGE_ID
        assert (await client.get("/_people/page")).json()["name"] == PAGE_NAME
