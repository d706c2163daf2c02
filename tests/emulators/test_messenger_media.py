"""Pictures, sound and files: uploaded, fetched from a URL, sent again by id, and what is refused."""

import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio import to_thread
from facebook_business.adobjects.page import Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.clock import SimulatedClock
from sandbox.messenger import CannotDo, Limits, MessengerPerson, MessengerWorld
from tests.emulators.messenger_at_loopback import Graph, Hook, Json, new_world, refusal, sending
from tests.emulators.telegram_at_loopback import png

pytestmark = pytest.mark.anyio

DAY_SECONDS = 24 * 3600


def media(kind: str = "image", **payload: Any) -> Json:
    return {"attachment": {"type": kind, "payload": payload}}


def form(body: Json) -> Json:
    return {name: json.dumps(value) if isinstance(value, dict) else value for name, value in body.items()}


@pytest.fixture
def shop_files(messenger: MessengerWorld) -> dict[str, tuple[bytes, str]]:
    """What the shop's own server holds, by path; Messenger fetches from there."""
    held: dict[str, tuple[bytes, str]] = {}

    async def serve(request: Request) -> Response:
        found = held.get(request.url.path)
        return Response(found[0], media_type=found[1]) if found else Response(status_code=404)

    app = Starlette(routes=[Route("/{path:path}", serve)])
    messenger.media_transport = httpx.ASGITransport(app)
    return held


async def upload(
    graph: Graph, content: bytes, kind: str = "image", mime: str = "image/png"
) -> httpx.Response:
    body = {"message": media(kind, is_reusable=True)}
    files = {"filedata": ("file", content, mime)}
    return await graph.call("POST", "me/message_attachments", data=form(body), files=files)


# ── what arrives ────────────────────────────────────────────────────────────────────────────────────


async def test_an_uploaded_picture_is_sent_again_and_again_by_its_id(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson
) -> None:
    picture = png(7, 5)
    number = (await upload(graph, picture)).json()["attachment_id"]
    for _ in range(2):
        await graph.send(bea, media(attachment_id=number))
    last = bea.screen()[-1]
    assert bea.picture_bytes(last) == picture
    assert last.picture == f"{messenger.base_url}/_files/{number}"


async def test_a_picture_may_be_uploaded_with_its_message(graph: Graph, bea: MessengerPerson) -> None:
    picture = png(3, 3)
    body = form(sending(bea, media(is_reusable=True)))
    files = {"filedata": ("kettle.png", picture, "image/png")}
    answer = (await graph.call("POST", "me/messages", data=body, files=files)).json()
    assert bea.picture_bytes(bea.screen()[-1]) == picture
    await graph.send(bea, media(attachment_id=answer["attachment_id"]))
    assert bea.picture_bytes(bea.screen()[-1]) == picture


async def test_a_file_is_shown_with_its_name_and_size(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson
) -> None:
    body = form(sending(bea, media("file")))
    files = {"filedata": ("bill.pdf", b"%PDF-1.7", "application/pdf")}
    answer = await graph.call("POST", "me/messages", data=body, files=files)
    assert "attachment_id" not in answer.json(), "what is not reusable is not kept"
    shown = bea.screen()[-1]
    assert shown.file is not None
    assert (shown.file.name, shown.file.size_bytes, shown.picture) == ("bill.pdf", 8, None)
    assert bea.file_bytes(shown) == b"%PDF-1.7"
    fetched = await graph.client.get(shown.file.url)
    assert (fetched.content, fetched.headers["content-type"]) == (b"%PDF-1.7", "application/pdf")
    with pytest.raises(CannotDo, match="has no file"):
        bea.file_bytes(bea.screen()[0])


async def test_a_file_of_more_than_25_mb_is_not_sent(graph: Graph, bea: MessengerPerson) -> None:
    files = {"filedata": ("bill.pdf", b"x" * (25 * 1024 * 1024 + 1), "application/pdf")}
    answer = await graph.call("POST", "me/messages", data=form(sending(bea, media("file"))), files=files)
    assert refusal(answer)[:2] == (100, 2018109)
    assert len(bea.screen()) == 1


async def test_a_picture_is_fetched_from_its_url_when_it_is_sent(
    graph: Graph, bea: MessengerPerson, shop_files: dict[str, tuple[bytes, str]]
) -> None:
    picture = png(4, 4)
    shop_files["/kettle.png"] = (picture, "image/png")
    answer = await graph.send(bea, media(url="http://127.0.0.1/kettle.png"))
    del shop_files["/kettle.png"]
    assert bea.picture_bytes(bea.screen()[-1]) == picture
    assert "attachment_id" not in answer


async def test_the_echo_names_where_the_file_is(graph: Graph, bea: MessengerPerson, hook: Hook) -> None:
    number = (await upload(graph, b"ID3", "audio", "audio/mpeg")).json()["attachment_id"]
    await graph.send(bea, media("audio", attachment_id=number))
    echo, _ = await hook.taken(2)
    (attached,) = echo["message"]["attachments"]
    assert attached["type"] == "audio"
    fetched = await graph.client.get(attached["payload"]["url"])
    assert (fetched.content, fetched.headers["content-type"]) == (b"ID3", "audio/mpeg")


async def test_the_app_fetches_what_a_person_sent(graph: Graph, bea: MessengerPerson, hook: Hook) -> None:
    picture = png(9, 9)
    bea.send_photo(picture)
    (event,) = await hook.taken(1)
    (attached,) = event["message"]["attachments"]
    assert (await graph.client.get(attached["payload"]["url"])).content == picture
    assert (await graph.client.get("/_files/1")).status_code == 403


async def test_the_sdk_uploads_and_sends_what_raw_http_sees(sdk_page: Page, bea: MessengerPerson) -> None:
    picture = png(6, 2)

    def by_sdk() -> str:
        answer = (
            sdk_page.get_api_assured()
            .call(
                "POST",
                (sdk_page["id"], "message_attachments"),
                params={"message": media(is_reusable=True)},
                files={"filedata": ("kettle.png", io.BytesIO(picture), "image/png")},
            )
            .json()
        )
        body = {"recipient": {"id": bea.psid}, "messaging_type": "RESPONSE"}
        sdk_page.create_message(params=body | {"message": media(attachment_id=answer["attachment_id"])})
        return answer["attachment_id"]

    number = await to_thread.run_sync(by_sdk)
    last = bea.screen()[-1]
    assert bea.picture_bytes(last) == picture
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(last.picture or "")).content == picture
    assert (last.picture or "").endswith(number)


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────


async def test_a_file_that_is_not_what_it_is_said_to_be_is_refused(graph: Graph) -> None:
    for content, kind, mime in (
        (b"no picture", "image", "image/png"),
        (b"ID3", "audio", "application/octet-stream"),
        (b"ftyp", "video", "image/png"),
    ):
        assert refusal(await upload(graph, content, kind, mime))[:2] == (100, 2018047)


async def test_a_file_of_25_mb_is_the_largest(graph: Graph) -> None:
    most = 25 * 1024 * 1024
    assert (await upload(graph, b"x" * most, "file", "application/pdf")).status_code == 200
    assert refusal(await upload(graph, b"x" * (most + 1), "file", "application/pdf"))[:2] == (100, 2018109)


async def test_a_picture_of_8_mb_is_the_largest_that_is_fetched(
    graph: Graph, bea: MessengerPerson, shop_files: dict[str, tuple[bytes, str]]
) -> None:
    most = 8 * 1024 * 1024
    bulk = most - (len(png(bulk=1)) - 1)
    shop_files["/large.png"] = (png(bulk=bulk), "image/png")
    shop_files["/larger.png"] = (png(bulk=bulk + 1), "image/png")
    assert len(shop_files["/large.png"][0]) == most
    await graph.send(bea, media(url="http://127.0.0.1/large.png"))
    code, subcode, _ = await graph.send_refused(bea, media(url="http://127.0.0.1/larger.png"))
    assert (code, subcode) == (100, 2018109)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/missing.png", "https://shop.example.com/kettle.png", "http://127.0.0.1/page.html"],
)
async def test_what_cannot_be_fetched_is_refused(
    graph: Graph, bea: MessengerPerson, shop_files: dict[str, tuple[bytes, str]], url: str
) -> None:
    shop_files["/page.html"] = (b"<html>", "text/html")
    shop_files["/kettle.png"] = (png(), "image/png")  # but nothing beyond this machine is fetched
    assert (await graph.send_refused(bea, media(url=url)))[:2] == (100, 2018047)
    assert len(bea.screen()) == 1


async def test_an_attachment_id_has_its_type_and_its_time(
    graph: Graph, bea: MessengerPerson, clock: SimulatedClock
) -> None:
    number = (await upload(graph, png())).json()["attachment_id"]
    assert (await graph.send_refused(bea, media("file", attachment_id=number)))[0] == 100
    assert (await graph.send_refused(bea, media(attachment_id="12345")))[0] == 100
    clock.advance(90 * DAY_SECONDS)
    bea.say("back again")
    await graph.send(bea, media(attachment_id=number))
    clock.advance(1)
    assert (await graph.send_refused(bea, media(attachment_id=number)))[0] == 100


async def test_what_is_not_reusable_is_sent_once(graph: Graph, bea: MessengerPerson) -> None:
    body = form({"message": media()})
    files = {"filedata": ("file", png(), "image/png")}
    answer = await graph.call("POST", "me/message_attachments", data=body, files=files)
    number = answer.json()["attachment_id"]
    await graph.send(bea, media(attachment_id=number))
    assert (await graph.send_refused(bea, media(attachment_id=number)))[0] == 100


async def test_a_message_has_exactly_one_file(graph: Graph, bea: MessengerPerson) -> None:
    files = {"filedata": ("file", png(), "image/png")}
    for body in (
        sending(bea, {"text": "x"}),
        sending(bea, media(url="http://127.0.0.1/kettle.png")),
        {"recipient": {"id": bea.psid}, "sender_action": "typing_on"},
    ):
        response = await graph.call("POST", "me/messages", data=form(body), files=files)
        assert refusal(response)[0] == 100
    assert (await graph.send_refused(bea, media()))[0] == 100
    two = [("filedata", files["filedata"]), ("filedata", files["filedata"])]
    response = await graph.call("POST", "me/messages", data=form(sending(bea, media())), files=two)
    assert refusal(response)[0] == 100


async def test_sound_and_film_have_a_limit_of_their_own(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson
) -> None:
    number = (await upload(graph, b"ID3", "audio", "audio/mpeg")).json()["attachment_id"]
    messenger.limits = Limits(media_per_second=1)
    await graph.send(bea, media("audio", attachment_id=number))
    assert (await graph.send_refused(bea, media("audio", attachment_id=number)))[0] == 613
    await graph.send(bea, {"text": "words are another matter"})


async def test_files_outlive_a_restart(clock: SimulatedClock, hook: Hook, tmp_path: Path) -> None:
    world = new_world(clock, hook, store=tmp_path / "messenger.db")
    cy = world.add_person("Cy")
    cy.send_photo(png(2, 9))
    await world.close()
    world = new_world(clock, hook, store=tmp_path / "messenger.db")
    again = world.person(cy.psid)
    assert again.picture_bytes(again.screen()[0]) == png(2, 9)
    await world.close()


async def test_a_file_goes_only_where_files_go(graph: Graph, bea: MessengerPerson) -> None:
    files = {"filedata": ("file", png(), "image/png")}
    body = form({"recipient": {"id": bea.psid}})
    response = await graph.call("POST", "me/take_thread_control", data=body, files=files)
    assert refusal(response)[2] == '(#100) Invalid keys "filedata" were found in the request.'
