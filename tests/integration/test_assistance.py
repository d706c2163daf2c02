"""A language model beside the shop: asked only where our own understanding ends, and nothing it says counts unchecked."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.settings import GeneratorSettings
from app.stage import Template, copy_home
from tests.conftest import ENGINES, copied_database
from tests.open_shop import OpenShop, Visitor, open_shop
from tests.recorded_server import RecordedServer, Recording, recording, replaying

pytestmark = pytest.mark.anyio

UNCLEAR = "blorp my zindle from before"
POLICY = "You can return what you bought within 30 days of receiving it. No reason is needed."


@dataclass
class Assisted:
    """The open shop, somebody in its web chat, and the model's server."""

    shop: OpenShop
    visitor: Visitor
    server: RecordedServer

    async def says(self, text: str) -> str:
        heard = await self.visitor.says(text)
        await self.shop.settled()
        return heard


Assist = Callable[..., AbstractAsyncContextManager[Assisted]]


@pytest.fixture(params=ENGINES)
def assisted(request: pytest.FixtureRequest, shop_template: Template, tmp_path: Path) -> Assist:
    @asynccontextmanager
    async def run(*answers: Recording, **options: Any) -> AsyncIterator[Assisted]:
        home = copy_home(shop_template, tmp_path / uuid4().hex)
        with replaying(*answers) as server:
            chosen = {"enabled": True, "url": server.url, "model": "small", **options}
            sections = {"generator": GeneratorSettings(**chosen)}
            if request.param == "sqlite":
                async with open_shop(shop_template, home, **sections) as shop:
                    yield Assisted(shop, shop.web_visitor(), server)
                return
            names = (request.getfixturevalue(each) for each in ("postgres_server", "postgres_shop"))
            with copied_database(*map(str, names)) as url:
                async with open_shop(shop_template, home, database_url=url, **sections) as shop:
                    yield Assisted(shop, shop.web_visitor(), server)

    return run


async def test_a_model_is_not_asked_about_what_we_understand(assisted: Assist) -> None:
    async with assisted(recording("chat_nothing"), use=("commands",)) as chat:
        for text in ("hello", "show me mugs", "what is in my cart?", "how can I return something?"):
            await chat.says(text)
        assert chat.server.asked == []
        assert chat.shop.parked() == []


async def test_what_we_do_not_understand_begins_the_flow_that_a_model_proposes(assisted: Assist) -> None:
    async with assisted(recording("chat_start_order_status"), use=("commands",)) as chat:
        heard = await chat.says(UNCLEAR)
        assert "order" in heard.lower()
        assert len(chat.server.asked) == 1
        assert (await chat.says("hello")).count("\n") < 20
        assert len(chat.server.asked) == 1
        assert chat.shop.parked() == []


HOSTILE = (
    "chat_hostile_price", "chat_hostile_slots", "chat_hostile_order", "chat_hostile_unknown_flow",
    "chat_hostile_injected", "chat_hostile_more_fields", "chat_429",
)  # fmt: skip


async def test_whatever_else_it_says_changes_nothing(assisted: Assist) -> None:
    """Word for word as without a model, though each message is put to it."""

    async def talk(chat: Assisted) -> list[str]:
        heard: list[str] = []
        for place in range(len(HOSTILE)):
            heard += [await chat.says(f"{UNCLEAR} qz{place}qz"), await chat.says("hello")]
        assert chat.shop.stock("stoneware-teapot") == stock
        assert chat.shop.orders() == []
        assert chat.shop.parked() == []
        return heard

    stock = (9, 0)
    async with assisted(recording("chat_nothing"), enabled=False) as alone:
        expected = await talk(alone)
    async with assisted(*map(recording, HOSTILE), pause_seconds=0, use=("commands",)) as chat:
        assert await talk(chat) == expected
        assert len(chat.server.asked) == len(HOSTILE)


async def test_it_helps_with_a_choice_and_never_with_a_yes_or_with_who_somebody_is(assisted: Assist) -> None:
    answers = ("chat_set_delivery", "chat_hostile_slots")
    async with assisted(*map(recording, answers), use=("commands",)) as chat:
        await chat.says("add the stoneware teapot in oatmeal to my cart")
        await chat.says("checkout")
        await chat.says("qq 123 zz")
        assert chat.server.asked == [], "what is said to the question for a name stays here"
        await chat.says("Ana Ruiz")
        asked_for = await chat.says("zippy blorpwise")
        assert len(chat.server.asked) == 1
        assert "Where shall we send it?" in asked_for, "express it is"
        await chat.says("Kouter 5, 9000 Ghent")
        await chat.says("+32 470 12 34 56")
        await chat.says("blorp zindle grommet")
        assert len(chat.server.asked) == 2
        assert chat.shop.orders() == []
        await chat.says("yes")
        assert len(chat.shop.orders()) == 1
        assert "Ruiz" not in str([asked.body for asked in chat.server.asked])
        assert chat.shop.parked() == []


async def test_an_answer_is_said_in_its_words_only_where_they_keep_to_the_source(assisted: Assist) -> None:
    answers = ("chat_wording_kept", "chat_wording_strays", "chat_hostile_injected")
    async with assisted(*map(recording, answers), use=("wording",)) as chat:
        heard = await chat.says("how long do I have to return something?")
        assert "Happy to help!" in heard
        assert "Source: " in heard
        for _ in range(2):
            heard = await chat.says("how long do I have to return something?")
            assert POLICY in heard
        assert len(chat.server.asked) == 3
        assert POLICY in chat.server.asked[0].body["messages"][1]["content"]
        assert chat.shop.parked() == []
