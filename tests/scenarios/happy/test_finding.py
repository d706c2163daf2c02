"""Finding things and looking closer, in many words."""

import pytest

from tests.open_shop import OpenShop
from tests.scenarios.talking import Guest

pytestmark = pytest.mark.anyio


async def test_a_greeting_says_what_can_be_done_here(quick_shop: OpenShop) -> None:
    for hello in ("hi", "Hello!", "good morning", "hey there", "helo"):
        answer = await Guest(quick_shop).says(hello)
        assert "Welcome to <b>Kettle &amp; Quay</b>" in answer, hello
        assert "[Browse the shop]" in answer
        assert "[Where is my order?]" in answer


async def test_asked_what_it_can_do_the_bot_tells(quick_shop: OpenShop) -> None:
    for question in ("what can I do here?", "help", "how does this work"):
        assert "find things" in await Guest(quick_shop).says(question), question


async def test_a_second_hello_is_answered_shorter(guest: Guest) -> None:
    await guest.says("hi")
    assert "Hello again" in await guest.says("hello")


async def test_a_wish_with_colour_and_price_finds_the_one_that_fits(quick_shop: OpenShop) -> None:
    for wish in (
        "I need a black mug for coffee, under 15 euros",
        "black mug max 15€",
        "got a mug in black? not more than 15 euro",
        "blck mgu",
    ):
        answer = await Guest(quick_shop).says(wish)
        assert "Black stoneware mug | <b>€12.00</b> · in stock\n✓ mug" in answer, wish
        assert "Blue stoneware mug" not in answer


async def test_a_list_goes_on_gets_cheaper_and_can_be_pointed_at(guest: Guest) -> None:
    first = await guest.says("mugs")
    assert "[Show more (6)]" in first
    more = await guest.says("show more")
    assert "Here are some more" in more
    assert not {line.split(" |")[0] for line in first.splitlines()[1:]} & {
        line.split(" |")[0] for line in more.splitlines()[1:] if "|" in line
    }
    second = guest.messages[-1].cards[1].title  # type: ignore[union-attr] # the newest page
    assert await guest.says("tell me more about the second one") != ""
    assert guest.messages[-1].cards[0].title == second  # type: ignore[union-attr]


async def test_it_means_what_was_looked_at(guest: Guest) -> None:
    await guest.says("mugs")
    assert "Double-walled steel" in await guest.says("the first one")
    assert "costs €26.00 to €29.00" in await guest.says("how much is it")
    assert "is in stock" in await guest.says("is it in stock?")
    assert "in sand is in stock" in await guest.says("do you have it in sand?")
    assert "<b>Colour:</b> Sand, Forest" in await guest.says("what colours does it come in?")
    assert "<b>Black stoneware mug</b> costs <b>€12.00</b>" in await guest.says("how much is the second one?")


async def test_a_colour_that_it_does_not_come_in_leads_to_others_that_do(guest: Guest) -> None:
    await guest.says("black mug")
    answer = await guest.says("do you have it in blue?")
    assert "I don’t have <b>Black stoneware mug</b> in blue" in answer
    assert "Blue stoneware mug" in answer
    assert "T-shirt" not in answer


async def test_cheaper_means_cheaper_than_what_is_seen_and_of_its_kind(guest: Guest) -> None:
    await guest.says("travel mug")
    answer = await guest.says("cheaper")
    assert "the cheapest first" in answer
    assert "cards" not in answer
    await guest.says("black mug")
    assert "nothing cheaper of that kind" in await guest.says("something cheaper please")


async def test_prices_of_several_are_summed_up(guest: Guest) -> None:
    await guest.says("black mug")
    assert "3 × <b>Black stoneware mug</b> come to <b>€36.00</b>, €12.00 each" in await guest.says(
        "how much for 3 of them"
    )


async def test_the_cheapest_comes_first_when_asked_for(guest: Guest) -> None:
    answer = await guest.says("what's your cheapest mug?")
    prices = [float(line.split("€")[1].split("<")[0]) for line in answer.splitlines() if "|" in line]
    assert prices == sorted(prices)


async def test_two_are_put_side_by_side(guest: Guest) -> None:
    await guest.says("blue mug")
    answer = await guest.says("compare the first and the second")
    assert "Speckled blue mug" in answer
    assert "Blue stoneware mug" in answer
    assert "<b>Price</b>\n1. from €16.50\n2. €12.00" in answer
    assert "[1: Choose] [1: Details] [2: Add to cart] [2: Details]" in answer


async def test_browsing_leads_by_buttons_to_a_product(guest: Guest) -> None:
    assert "[Mugs & Cups (8)]" in await guest.says("what do you sell?")
    assert "mug |" in await guest.taps("Mugs & Cups")
    assert "<b>Material:</b>" in await guest.taps("Details")
