"""Groups over HTTP: what a page needs to show a group chat and to let people act in it; and a world that is stored."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiogram import Bot as AiogramBot
from aiogram import types

from sandbox.clock import SimulatedClock
from sandbox.telegram import Bot, Group, TelegramUser, TelegramWorld
from tests.emulators.telegram_at_loopback import TOKEN, Loopback

pytestmark = pytest.mark.anyio


class Page:
    """A page that acts as people."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def post(self, path: str, *, code: int = 200, **body: object) -> Any:
        response = await self._client.post(f"/_people/{path}", json=body)
        assert response.status_code == code, response.text
        return response.json()

    async def get(self, path: str, **query: Any) -> Any:
        response = await self._client.get(f"/_people/{path}", params=query)
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture
def page(served: Loopback) -> Page:
    return Page(served.client)


async def test_a_page_makes_a_group_and_people_talk_in_it(
    page: Page, aiogram_bot: AiogramBot, ada: TelegramUser, bob: TelegramUser, shop: Bot
) -> None:
    made = await page.post("groups", title="Tea", members=[ada.id, bob.id], bots=[shop.username])
    assert [(member["name"], member["status"]) for member in made["members"]] == [
        ("Ada", "creator"),
        ("Bob", "member"),
        ("Parley", "member"),
    ]
    here = f"users/{bob.id}/groups/{made['id']}"
    await page.post(f"{here}/say", text="/deal")
    keys = [[types.InlineKeyboardButton(text="Join", callback_data="join")]]
    markup = types.InlineKeyboardMarkup(inline_keyboard=keys)
    waiting = asyncio.ensure_future(page.get(f"{here}/messages", after=2, wait=10))
    await aiogram_bot.send_message(made["id"], "1 of 3", reply_markup=markup)
    shown = (await waiting)["messages"]
    assert [(m["author"], m["text"], m["mine"]) for m in shown][-1] == ("Parley", "1 of 3", False)
    assert (await page.post(f"{here}/tap", label="Join"))["tap"]
    told = [update.event_type for update in await aiogram_bot.get_updates()]
    assert told == ["my_chat_member", "message", "message", "callback_query"]
    assert [group["title"] for group in await page.get("groups", user=bob.id)] == ["Tea"]


async def test_a_page_runs_a_group(page: Page, world: TelegramWorld, ada: TelegramUser, team: Group) -> None:
    eve = world.add_user("Eve")
    owner, guest = f"users/{ada.id}/groups/{team.id}", f"users/{eve.id}/groups/{team.id}"
    link = (await page.post(f"{owner}/invite_link"))["link"]
    assert (await page.post(f"users/{eve.id}/open", link=link)) == {"group": team.id}
    await page.post(f"{guest}/leave")
    await page.post(f"{owner}/add", user=eve.id)
    await page.post(f"{owner}/promote", user=eve.id, rights=["can_pin_messages"])
    said = await page.post(f"{guest}/say", text="hello")
    await page.post(f"{guest}/pin", message_id=said["message_id"])
    await page.post(f"{owner}/demote", user=eve.id)
    await page.post(f"{owner}/remove", user=eve.id)
    await page.post(f"{owner}/unban", user=eve.id)
    await page.post(f"{owner}/remove", bot="parley_bot")
    await page.post(f"{owner}/rename", title="Coffee")
    notices = [message["notice"] for message in (await page.get(f"{owner}/messages"))["messages"]]
    assert notices == [
        "Ada added Parley",
        "Eve joined",
        "Eve left",
        "Ada added Eve",
        "",
        "Eve pinned a message",
        "Ada removed Eve",
        "Ada removed Parley",
        "Ada renamed this to Coffee",
    ]
    refused = await page.post(f"{guest}/say", text="hm", code=400)
    assert refused == {"error": "Eve is not in Coffee"}


async def test_a_page_arranges_topics_and_follows_a_group_that_moved(
    page: Page, world: TelegramWorld, ada: TelegramUser, shop: Bot
) -> None:
    group = await page.post("groups", title="Staff", members=[ada.id], bots=["parley_bot"], type="group")
    upgraded = (await page.post(f"users/{ada.id}/groups/{group['id']}/upgrade"))["group"]
    here = f"users/{ada.id}/groups/{upgraded}"
    await page.post(f"{here}/forum")
    topic = (await page.post(f"{here}/open_topic", name="Returns"))["topic"]
    await page.post(f"{here}/say", text="hello", topic=topic)
    await page.post(f"{here}/close_topic", topic=topic)
    await page.post(f"{here}/reopen_topic", topic=topic)
    before, after = await page.get("groups")
    assert before["migrated_to"] == upgraded
    assert [topic["name"] for topic in after["topics"]] == ["General", "Returns"]
    await page.post(f"{here}/delete_topic", topic=topic)
    assert [m["topic"] for m in (await page.get(f"{here}/messages"))["messages"]] == [None]


async def test_a_page_uses_inline_mode_and_stars(
    *,
    page: Page,
    aiogram_bot: AiogramBot,
    world: TelegramWorld,
    ada: TelegramUser,
    bob: TelegramUser,
    team: Group,
) -> None:
    await page.post("bots", token=TOKEN, username="parley_bot", name="Parley", inline=True)
    here = f"users/{bob.id}/groups/{team.id}"
    asking = asyncio.ensure_future(page.post(f"{here}/inline", bot="parley_bot", query="deal", wait=10))
    (update,) = await aiogram_bot.get_updates(timeout=10)
    assert update.inline_query
    text = types.InputTextMessageContent(message_text="Join!")
    result = types.InlineQueryResultArticle(id="1", title="Deal", input_message_content=text)
    await update.inline_query.answer([result]).as_(aiogram_bot)
    offered = await asking
    assert offered["choices"][0]["title"] == "Deal"
    await page.post(f"{here}/choose", query=offered["query"], result="Deal")
    last = (await page.get(f"{here}/messages"))["messages"][-1]
    assert (last["text"], last["via"], last["mine"]) == ("Join!", "parley_bot", True)

    assert await page.post(f"users/{ada.id}/stars", amount=5) == {"stars": 5}
    assert await page.get(f"users/{ada.id}/stars") == {"stars": 5}


@pytest.mark.parametrize(
    ("path", "body", "code", "error"),
    [
        ("users/{ada}/groups/-5/say", {"text": "x"}, 404, "no group -5 in this world"),
        ("users/{ada}/groups/{team}/start", {}, 400, "this is done in a chat with a bot"),
        ("users/{ada}/bots/parley_bot/leave", {}, 400, "this is done in a group"),
        ("users/{ada}/groups/{team}/add", {}, 400, "name a user or a bot"),
        ("users/{ada}/groups/{team}/add", {"user": 1, "bot": "x"}, 400, "name a user or a bot"),
        (
            "users/{ada}/groups/{team}/promote",
            {"bot": "parley_bot", "rights": ["can_fly"]},
            400,
            "no administrator rights of a supergroup: can_fly",
        ),
        ("users/{ada}/groups/{team}/choose", {"query": "1", "result": "x"}, 404, "nobody typed"),
        (
            "users/{ada}/groups/{team}/inline",
            {"bot": "parley_bot"},
            400,
            "@parley_bot has no inline mode",
        ),
        ("groups", {"title": "x", "members": []}, 400, "a group is made by its first member"),
        (
            "groups",
            {"title": "x", "members": ["ADA"], "type": "group", "is_forum": True},
            400,
            "only supergroups have topics",
        ),
        ("users/{ada}/open", {"link": "https://x.yz/"}, 400, "does not lead into Telegram"),
    ],
)
async def test_what_cannot_be_done_is_said(
    *, page: Page, ada: TelegramUser, team: Group, path: str, body: dict[str, Any], code: int, error: str
) -> None:
    if "members" in body:
        body = body | {"members": [ada.id] * len(body["members"])}
    answer = await page.post(path.format(ada=ada.id, team=team.id), code=code, **body)
    assert error in answer["error"]


async def test_a_stored_world_keeps_its_groups_topics_links_and_stars(
    tmp_path: Path, clock: SimulatedClock
) -> None:
    file = tmp_path / "telegram.db"
    world = TelegramWorld(clock, store=file)
    shop = world.add_bot(TOKEN, "parley_bot", inline=True)
    ada, bob = world.add_user("Ada"), world.add_user("Bob")
    group = world.add_group("Staff", [ada, bob], bots=[shop], is_forum=True)
    topic = ada.open_topic(group, "Returns")
    ada.say(group, "hello", topic=topic.id)
    link = ada.invite_link(group)
    ada.buy_stars(7)
    await world.close()

    world = TelegramWorld(clock, store=file)
    ada, again = world.user(ada.id), world.group(group.id)
    assert ada.chat(again, topic=topic.id)[-1].text == "hello"
    assert (again.topics[topic.id].name, ada.stars) == ("Returns", 7)
    assert world.add_user("Eve").join(link) == again
    assert world.add_group("Other", [ada]).id != again.id
    await world.close()
