"""Leaving things: of the top thing only, on a whim, with nothing running, and at once something new."""

import pytest

from tests.open_shop import OpenShop
from tests.scenarios.talking import Guest

pytestmark = pytest.mark.anyio


async def test_a_checkout_is_left_and_taken_up_where_it_was(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout", "Anna Berg")
    assert "nothing is ordered. Your cart is kept" in await guest.says("cancel")
    assert "How would you like to get it?" in await guest.says("checkout"), "the name was said before"


async def test_many_ways_to_leave(quick_shop: OpenShop) -> None:
    for words in ("cancel", "never mind", "stop", "forget it", "I changed my mind", "leave it"):
        guest = Guest(quick_shop)
        await guest.fills()
        await guest.says("checkout")
        assert "nothing is ordered" in await guest.says(words), words


async def test_not_now_at_the_summary_keeps_the_cart(guest: Guest) -> None:
    await guest.reaches_summary()
    assert "nothing is ordered" in await guest.taps("Not now")
    assert "Black stoneware mug" in await guest.says("cart")
    assert "Shall I place it?" in await guest.says("checkout")


async def test_only_the_top_thing_is_left(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout", "Anna Berg")
    assert "which one would you like?" in await guest.says("add a linen apron")
    answer = await guest.says("never mind")
    assert "I haven’t put it in" in answer
    assert "How would you like to get it?" in answer, "the checkout goes on"


async def test_a_choice_is_dropped_when_something_new_is_wanted(guest: Guest) -> None:
    assert "which one would you like?" in await guest.says("add a linen apron")
    assert "Glass teapot" in await guest.says("do you have teapots?")
    assert "which one would you like?" not in await guest.says("cart")


async def test_an_emptied_cart_ends_the_checkout(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout")
    answer = await guest.says("remove the mug")
    assert "Your cart is empty now" in answer
    assert "Who is it for?" not in answer


async def test_with_nothing_under_way_there_is_nothing_to_cancel(guest: Guest) -> None:
    await guest.says("black mug")
    assert "nothing to cancel" in await guest.says("cancel")


async def test_do_not_cancel_it_keeps_the_order(guest: Guest) -> None:
    await guest.reaches_summary()
    await guest.says("yes", "cancel my order")
    assert "stays as it is" in await guest.says("don't cancel it")
