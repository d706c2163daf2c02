"""The stage that stories and simulations play on: people act, the shop answers, and only the stage moves time."""

from datetime import timedelta

import pytest

from app.stage import Stage
from sandbox.people.person import CannotDo, Person

pytestmark = pytest.mark.anyio


@pytest.fixture
def shop_database_url() -> None:
    """The one in the shop's home: SQLite will do for these."""


async def answer(stage: Stage, person: Person) -> str:
    await stage.settle()
    return "\n".join(str(seen) for seen in await person.look() if not seen.mine)


@pytest.mark.parametrize("channel", ["telegram", "messenger", "web"])
async def test_somebody_buys_on_every_channel(stage: Stage, channel: str) -> None:
    ana = stage.person("Ana", channel)
    await ana.say("a black mug under 15 euros")
    assert "[Add to cart]" in await answer(stage, ana)
    await ana.tap("Add to cart")
    assert "in your cart" in await answer(stage, ana)
    await ana.tap("Checkout")
    await answer(stage, ana)
    for words in ("Ana Ruiz", "standard", "Kouter 1, 9000 Ghent", "+32 9 123 45 67"):
        await ana.say(words)
        heard = await answer(stage, ana)
    assert "Kouter 1" in heard
    await ana.tap("Pay")
    await answer(stage, ana)
    assert (await ana.pay("declined")).paid is False
    assert (await ana.pay("visa")).paid
    assert "Thank you" in await answer(stage, ana)
    await ana.pay(again=True)
    assert "Thank you" not in await answer(stage, ana)


async def test_an_unpaid_order_expires_when_the_clock_is_turned(stage: Stage) -> None:
    ana = stage.person("Ana", "web")
    for words in (
        "2 black mugs",
        "checkout",
        "Ana Ruiz",
        "standard",
        "Kouter 1, 9000 Ghent",
        "+32 9 123 45 67",
    ):
        await ana.say(words)
        heard = await answer(stage, ana)
    await ana.tap("Pay")
    heard = await answer(stage, ana)
    assert "[Pay €" in heard
    await stage.advance(timedelta(hours=25))
    assert "was not paid in time" in await answer(stage, ana)


async def test_after_a_crash_the_talk_goes_on(stage: Stage) -> None:
    ana = stage.person("Ana", "telegram")
    await ana.say("a black mug under 15 euros")
    await answer(stage, ana)
    await ana.tap("Add to cart")
    await stage.crash()
    assert "in your cart" in await answer(stage, ana)


async def test_a_button_that_is_not_there_is_named_with_those_that_are(stage: Stage) -> None:
    ana = stage.person("Ana", "telegram")
    await ana.say("hello")
    await answer(stage, ana)
    with pytest.raises(CannotDo, match="Browse"):
        await ana.tap("Fly away")
