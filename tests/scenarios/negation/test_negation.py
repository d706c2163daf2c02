"""What is not wanted."""

import pytest

from tests.open_shop import OpenShop
from tests.scenarios.talking import Guest

pytestmark = pytest.mark.anyio


async def test_a_colour_that_is_not_wanted_is_not_shown(quick_shop: OpenShop) -> None:
    for wish in (
        "I'm looking for a mug, not black, below 20 euro",
        "mugs under 20 but no black ones",
        "a mug in any colour but not black, max 20 euros",
    ):
        answer = await Guest(quick_shop).says(wish)
        assert "mug |" in answer, wish
        assert "Black stoneware mug" not in answer, wish


async def test_not_black_narrows_the_last_search(guest: Guest) -> None:
    assert "Black stoneware mug" in await guest.says("mugs")
    answer = await guest.says("not black please")
    assert "mug |" in answer
    assert "Black stoneware mug" not in answer


async def test_not_that_colour_where_two_are_left(guest: Guest) -> None:
    await guest.says("add the market tote")
    assert "Market tote with pockets (Sand)</b> is in your cart" in await guest.says("not the olive one")


async def test_no_at_the_cart_question_keeps_everything(guest: Guest) -> None:
    await guest.fills()
    await guest.says("empty my cart")
    assert "everything stays" in await guest.says("no, don't")
    assert "Black stoneware mug" in await guest.says("cart")


async def test_a_no_where_nothing_was_asked(guest: Guest) -> None:
    await guest.says("mugs")
    answer = await guest.says("no thanks")
    assert "don’t" not in answer
    assert len(answer) < 80
