"""After buying: the parcel followed, the same once more, what cancelling costs, another size, a missing piece."""

import pytest

from tests.open_shop import OpenShop
from tests.scenarios.talking import Guest

pytestmark = pytest.mark.anyio


async def test_following_a_parcel_tells_where_the_order_is(quick_shop: OpenShop) -> None:
    for words in ("track my parcel", "can I have the tracking number?"):
        guest = Guest(quick_shop)
        assert "You have no orders with us yet" in await guest.says(words), words
        await guest.reaches_summary()
        await guest.says("yes")
        assert "is waiting for your payment" in await guest.says(words), words


async def test_an_earlier_order_goes_into_the_cart_once_more(quick_shop: OpenShop) -> None:
    for words in ("order the same again", "reorder my last order"):
        guest = Guest(quick_shop)
        assert "You have no orders with us yet" in await guest.says(words), words
        await guest.reaches_summary("add 2 black mugs")
        await guest.says("yes")
        assert "is waiting for your payment" in await guest.says(words), "it holds them still"
        await guest.says("cancel my order", "yes")
        answer = await guest.says(words)
        assert "into your cart once more" in answer, words
        assert "€24.00" in answer
        assert "2 × Black stoneware mug" in await guest.says("my cart")
        assert "Shall I place it?" in await guest.says("checkout", "express")


async def test_what_is_sold_out_meanwhile_is_named(quick_shop: OpenShop) -> None:
    guest, other = Guest(quick_shop), Guest(quick_shop)
    await guest.reaches_summary("add 2 black mugs", "add the linen apron in oat")
    await guest.says("yes", "cancel my order", "yes")
    await other.reaches_summary("add 10 black mugs")
    await other.says("yes")
    answer = await guest.says("same order again please")
    assert "Not to be had right now: Black stoneware mug" in answer
    assert "Linen apron" in await guest.says("my cart")


async def test_what_cancelling_costs_is_what_cancelling_does(quick_shop: OpenShop) -> None:
    for words in ("is there a cancellation fee?", "does it cost something to cancel my order"):
        assert "Cancelling costs nothing as long as your order isn’t packed" in await Guest(quick_shop).says(
            words
        )


async def test_another_size_of_what_was_bought_is_arranged_by_people(quick_shop: OpenShop) -> None:
    for words in ("I want to exchange it for another size", "can I swap the shirt I got for a larger one?"):
        guest = Guest(quick_shop)
        answer = await guest.says(words)
        assert "Exchanging for another size or colour" in answer, words
        assert "a person will answer" in await guest.says("yes"), words


async def test_a_missing_piece_calls_a_person(quick_shop: OpenShop) -> None:
    for words in ("one mug is missing from my parcel", "you forgot to send the socks"):
        assert "a person will answer you right here" in await Guest(quick_shop).says(words), words
