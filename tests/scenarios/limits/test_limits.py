"""Too many, too few, sold out, not made, in the wrong form: always with the reason and a way on."""

import pytest

from tests.open_shop import OpenShop
from tests.scenarios.talking import Guest

pytestmark = pytest.mark.anyio


async def test_more_than_there_are(guest: Guest) -> None:
    await guest.says("black mug")
    assert "there are 11 left, not 500" in await guest.says("do you have 500 of them?")
    assert "There are only <b>11</b>" in await guest.says("500 of them please")
    assert "There are only <b>11</b>" in await guest.says("20")
    assert "5 × <b>Black stoneware mug</b> are in your cart" in await guest.says("ok, 5")
    assert "There are only <b>6</b>" in await guest.says("add 10 more of them"), (
        "five of eleven are in the cart"
    )
    assert "(11 now)" in await guest.says("6")
    assert "are in your cart already" in await guest.says("one more please, add it")


async def test_more_than_a_cart_takes(guest: Guest) -> None:
    await guest.says("black mug")
    answer = await guest.says("2000 of them please")
    assert "at most 999" in answer
    assert "empty so far" in await guest.says("cart")


async def test_nothing_or_less(quick_shop: OpenShop) -> None:
    for words in ("0 of them please", "add 0 of them"):
        guest = Guest(quick_shop)
        await guest.says("black mug")
        assert "at least one" in await guest.says(words), words
        assert "empty so far" in await guest.says("cart")


async def test_a_line_set_to_none_is_taken_out(guest: Guest) -> None:
    await guest.fills()
    assert "Your cart is empty now" in await guest.says("make it 0")


async def test_a_sold_out_variant_is_said_to_be_so_and_others_are_offered(guest: Guest) -> None:
    answer = await guest.says("add wool socks in rust, 40-43")
    assert "(Rust, 40–43) is sold out" in answer
    assert "[Rust, 44–46]" in answer
    assert "[Rust, 40–43]" not in answer
    assert "Ribbed wool socks (Rust, 44–46)</b> is in your cart" in await guest.says("44-46")


async def test_an_option_that_there_is_not(guest: Guest) -> None:
    answer = await guest.says("add the linen apron in purple")
    assert "I don’t have <b>Linen apron</b> in purple" in answer
    assert "[Oat] [Ink blue] [Rust]" in answer


async def test_is_it_in_stock_in_that_size(guest: Guest) -> None:
    await guest.says("harbour shirt")
    assert "Sold out: XL" in await guest.says("is it in stock?")
    assert "(XL) is sold out" in await guest.says("do you have it in XL?")
    assert "in stock" in await guest.says("and in M?")


async def test_nothing_found_says_so(guest: Guest) -> None:
    assert "couldn’t find anything like that" in await guest.says("do you have snowboards?")


async def test_a_price_that_nothing_meets_shows_what_comes_close(guest: Guest) -> None:
    answer = await guest.says("a teapot under 5 euros")
    assert "apart from the price" in answer
    assert "teapot |" in answer


async def test_a_phone_number_in_the_wrong_form(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout", "Anna Berg", "pickup")
    assert "doesn’t look like a full phone number" in await guest.says("12345")
    assert "Shall I place it?" in await guest.says("0474 12 34 56")


async def test_words_that_are_no_name(quick_shop: OpenShop) -> None:
    for words in ("12345", "???", "me", "ok", "hello", "mugs please"):
        guest = Guest(quick_shop)
        await guest.fills()
        await guest.says("checkout")
        assert "Who is it for?" in await guest.says(words), words


async def test_stock_that_sold_meanwhile_is_noticed_before_anything_is_placed(quick_shop: OpenShop) -> None:
    anna, bo = Guest(quick_shop), Guest(quick_shop)
    await anna.says("black mug", "8 of them please", "checkout", "Anna Berg", "pickup", "+32 9 123 45 67")
    await bo.says("black mug", "8 of them please", "checkout", "Bo Lind", "pickup", "+32 9 123 45 68")
    await anna.says("yes")
    answer = await bo.says("yes")
    assert "only 3 are left, so I took that many" in answer
    assert "3 × Black stoneware mug" in answer
    assert len(quick_shop.orders()) == 1
