"""Deals posted in a Telegram channel, with the picture that people pass on."""

import asyncio
import re
from io import BytesIO

import httpx
import pytest
import zxingcpp
from PIL import Image

from app.deal_commands import post
from app.report import Failure
from app.running import with_sandbox
from app.settings import ROOT, Secrets
from app.stage import Stage
from app.wiring import FarEnds
from sandbox.people.messenger import MessengerPerson
from sandbox.people.telegram import TelegramPerson
from sandbox.telegram.group_state import Group
from sandbox.telegram.people import TelegramUser
from tests.group_deals import followed, offered, seated, tapped, token

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("telegram_token")]


@pytest.fixture
def shop_database_url() -> None:
    """The one in the shop's home: SQLite will do for these."""


@pytest.fixture
def telegram_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox's, so that the command finds the bot."""
    token = with_sandbox(Secrets()).telegram_token
    assert token is not None
    monkeypatch.setenv("PARLEY_TELEGRAM_TOKEN", token.get_secret_value())


@pytest.fixture
def mia(stage: Stage) -> TelegramUser:
    """Staff, who look after the shop's channels."""
    return stage.sandbox.telegram.add_user("Mia")


def channel(stage: Stage, mia: TelegramUser, *, with_bot: bool) -> Group:
    world = stage.sandbox.telegram
    bots = [world.bot(stage.bot_name)] if with_bot else []
    made = world.add_group("Kettle & Quay", [mia], bots=bots, type="channel")
    made.username = "kettlenews"
    return made


async def posted(stage: Stage, code: str, to: str = "@kettlenews") -> str:
    """What the command says; by then the shop has posted it."""
    answer = await asyncio.to_thread(
        post,
        stage.home.folder,
        ROOT / "config.yml",
        code,
        channel=to,
        clock=stage.clock,
        far_ends=FarEnds(telegram=stage.sandbox.far_ends.telegram),
    )
    await stage.parley.delivery.wake()
    await stage.settle()
    return answer.text


async def test_a_deal_is_posted_with_its_picture_and_a_button_that_opens_it(
    stage: Stage, mia: TelegramUser
) -> None:
    news, code = channel(stage, mia, with_bot=True), await offered(stage)
    assert await posted(stage, code) == f"{code} is on its way to @kettlenews: the running shop posts it."
    (shown,) = [message for message in mia.chat(news) if not message.notice]
    assert shown.text.startswith(
        "Black stoneware mug together\n€12.00 alone · €9.00 together\nFor 3 people within 24 hours"
    )
    ((start,),) = shown.buttons
    assert start.text == "Start a group"
    drawn = Image.open(BytesIO(mia.photo_bytes(shown)))
    assert drawn.size == (1080, 1350)
    (code_read,) = zxingcpp.read_barcodes(drawn)
    assert code_read.text == start.value
    ana = stage.sandbox.telegram.add_user("Ana")
    ana.open(start.value)
    await stage.settle()
    assert ana.chat(stage.sandbox.telegram.bot(stage.bot_name))[-1].button("Start a group")


async def test_a_member_gets_a_picture_to_pass_on_that_leads_into_their_group(stage: Stage) -> None:
    await offered(stage)
    ana, bo = (stage.person(name, "telegram") for name in ("Ana", "Bo"))
    assert isinstance(ana, TelegramPerson)
    assert "Picture to share" in await seated(stage, ana)
    await tapped(stage, ana, "Picture to share")
    shown = ana.user.chat(stage.sandbox.telegram.bot(stage.bot_name))[-1]
    assert "1 of 3 are in. 2 seats are left" in shown.text
    (read,) = zxingcpp.read_barcodes(Image.open(BytesIO(ana.user.photo_bytes(shown))))
    link = f"https://t.me/{stage.bot_name}?start=deal_{token(stage)}"
    assert (read.text, shown.buttons[0][0].value) == (link, link)
    assert "Join for €9.00" in await followed(stage, bo, f"deal_{token(stage)}")


async def test_on_messenger_it_leads_into_messenger(stage: Stage) -> None:
    await offered(stage)
    ana = stage.person("Ana", "messenger")
    assert isinstance(ana, MessengerPerson)
    await seated(stage, ana)
    told = await tapped(stage, ana, "Picture to share")
    (link,) = re.findall(r"https://m\.me/\d+\?ref=deal_[\w-]+", told)
    assert link.endswith(token(stage))
    drawn = [message for message in ana.account.screen() if message.picture][-1]
    (read,) = zxingcpp.read_barcodes(Image.open(BytesIO(ana.account.picture_bytes(drawn))))
    assert read.text == link


async def test_in_the_web_chat_the_picture_lies_at_an_address_that_only_a_link_tells(stage: Stage) -> None:
    await offered(stage)
    await seated(stage, stage.person("Ana", "web"))
    carried = f"deal_{token(stage)}"
    async with httpx.AsyncClient(base_url=stage.url) as browser:
        drawn = await browser.get(f"/deal-pictures/en/{carried}.png")
        (read,) = zxingcpp.read_barcodes(Image.open(BytesIO(drawn.content)))
        assert read.text == f"{stage.url}/start/{carried}"
        for unknown in ("en/deal_nobody_knows_it", "en/hello", f"xx/{carried}"):
            assert (await browser.get(f"/deal-pictures/{unknown}.png")).status_code == 404


async def test_a_channel_that_nobody_knows_is_named(stage: Stage) -> None:
    with pytest.raises(Failure, match="Telegram knows no public channel @nosuch"):
        await posted(stage, await offered(stage), "@nosuch")


async def test_where_the_bot_is_not_in_the_channel_it_says_what_to_do(
    stage: Stage, mia: TelegramUser
) -> None:
    channel(stage, mia, with_bot=False)
    with pytest.raises(Failure, match="add the bot in the channel's settings as an administrator"):
        await posted(stage, await offered(stage))


async def test_an_administrator_who_may_not_post_is_told_so(stage: Stage, mia: TelegramUser) -> None:
    news = channel(stage, mia, with_bot=True)
    mia.promote(news, stage.sandbox.telegram.bot(stage.bot_name), "can_invite_users")
    with pytest.raises(Failure, match="the bot may not post in the channel @kettlenews"):
        await posted(stage, await offered(stage))


async def test_a_group_is_no_channel(stage: Stage, mia: TelegramUser) -> None:
    world = stage.sandbox.telegram
    group = world.add_group("Friends", [mia], bots=[world.bot(stage.bot_name)])
    group.username = "friends"
    with pytest.raises(Failure, match="@friends is a supergroup, not a channel"):
        await posted(stage, await offered(stage), "@friends")


async def test_a_deal_that_is_not_on_is_not_posted(stage: Stage, mia: TelegramUser) -> None:
    news = channel(stage, mia, with_bot=True)
    with pytest.raises(Failure, match="there is no deal nothing"):
        await posted(stage, "nothing")
    ended = await offered(stage, ends_at=stage.clock.now())
    with pytest.raises(Failure, match="only a deal that is live can be posted"):
        await posted(stage, ended)
    assert [message for message in mia.chat(news) if not message.notice] == []
