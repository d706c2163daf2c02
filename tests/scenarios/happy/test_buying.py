"""From a wish to the payment page, with details said in every order."""

import pytest

from tests.open_shop import OpenShop
from tests.scenarios.talking import ANNA, Guest

pytestmark = pytest.mark.anyio


async def test_putting_in_changing_and_taking_out(guest: Guest) -> None:
    await guest.says("black mug")
    assert "2 × <b>Black stoneware mug</b> are in your cart" in await guest.says("2 of them please")
    assert "1 × <b>Linen apron (Rust)</b> is in your cart" in await guest.says("add the linen apron in rust")
    assert "Now 2 × <b>Linen apron (Rust)</b>" in await guest.says("make it 2")
    assert "Now 3 × <b>Black stoneware mug</b>" in await guest.says("change the mugs to 3")
    cart = await guest.says("what's in my cart")
    assert "3 × Black stoneware mug: €36.00" in cart
    assert "<b>Together €120.00</b>" in cart
    assert "I took <b>Black stoneware mug</b> out" in await guest.says("remove the mug")
    assert "Shall I really empty the cart?" in await guest.says("empty my cart")
    assert "the cart is empty" in await guest.says("yes")
    assert "empty so far" in await guest.says("cart")


async def test_many_ways_to_say_that_one_wants_it(quick_shop: OpenShop) -> None:
    for wish in ("I'll take it", "buy", "add it to my basket", "2 please", "gimme two", "I want that one"):
        guest = Guest(quick_shop)
        await guest.says("black mug")
        assert "<b>Black stoneware mug</b>" in await guest.says(wish), wish
        assert "Black stoneware mug" in await guest.says("cart"), wish


async def test_each_detail_is_asked_for_once_in_its_turn(guest: Guest) -> None:
    await guest.fills()
    assert "Who is it for?" in await guest.says("checkout")
    assert "How would you like to get it?" in await guest.says("Anna Berg")
    assert "Where shall we send it?" in await guest.says("the express one")
    assert "Which phone number" in await guest.says("Main Street 5, 9000 Ghent")
    summary = await guest.says("+32 9 123 45 67")
    for part in ("1 × Black stoneware mug: €12.00", "Express delivery", "<b>Total €21.90</b>", "Anna Berg"):
        assert part in summary
    assert "Main Street 5, 9000 Ghent" in summary
    assert "[Pay €21.90]" in summary
    assert "Pay safely" in await guest.says("yes")


async def test_what_is_said_up_front_is_not_asked_again(guest: Guest) -> None:
    assert "are in your cart" in await guest.says("2 black mugs to Main Street 5 please")
    assert "Who is it for?" in await guest.says("checkout")
    summary = await guest.says("Ana Ruiz, express, 9000 Ghent, +32 9 123 45 67")
    assert "Ana Ruiz, +32 9 123 45 67" in summary
    assert "Main Street 5, 9000 Ghent" in summary
    assert "Total €33.90" in summary


async def test_everything_in_one_message(quick_shop: OpenShop) -> None:
    for wish in (
        (
            "I'd like to order 3 travel mugs in sand, 470 ml, express to Bo Lind, Main Street 5, 10115 Berlin, "
            "my number is +49 30 1234567"
        ),
        "3 travel mugs sand 470 ml please. Express. My name is Bo Lind, Main Street 5, 10115 Berlin, +49 30 1234567",
    ):
        guest = Guest(quick_shop)
        assert "3 × <b>Travel mug with lid (Sand, 470 ml)</b> are in your cart" in await guest.says(wish), (
            wish
        )
        summary = await guest.says("checkout")
        assert "Shall I place it?" in summary, wish
        assert "Bo Lind, +49 30 1234567" in summary
        assert "Express delivery" in summary


async def test_the_checkout_and_all_details_in_one_message(guest: Guest) -> None:
    await guest.fills()
    summary = await guest.says(
        "checkout, my name is Anna Berg, express please, Main Street 5, 10115 Berlin, +49 30 1234567"
    )
    assert "Anna Berg, +49 30 1234567" in summary
    assert "Shall I place it?" in summary


async def test_details_in_another_order(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout")
    assert "Got it." in await guest.says("+32 9 123 45 67")
    assert "Got it." in await guest.says("I'd like it to go to Main Street 5, 9000 Ghent")
    assert "How would you like to get it?" in await guest.says("Anna Berg")
    assert "Shall I place it?" in await guest.says("standard")


async def test_only_what_is_missing_of_an_address_is_asked_for(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout", "Anna Berg", "express")
    assert "And the postcode and town" in await guest.says("Main Street 5")
    assert "phone number" in await guest.says("9000 ghent")
    assert "Main Street 5, 9000 Ghent" in await guest.says("+32 9 123 45 67")


async def test_a_pickup_needs_no_address(guest: Guest) -> None:
    await guest.fills()
    summary = await guest.says("checkout", "Anna Berg", "pickup", "+32 9 123 45 67")
    assert "You pick it up: Lantaarnkaai 14" in summary
    assert "[Change address]" not in summary
    assert "Total €12.00" in summary


async def test_many_ways_to_say_yes_at_the_summary(quick_shop: OpenShop) -> None:
    for yes in ("yes", "ok go ahead", "pay", "place the order", "👍", "yes please, looks good"):
        guest = Guest(quick_shop)
        await guest.reaches_summary()
        assert "payment page" in await guest.says(yes), yes


async def test_a_returning_customer_is_not_asked_again(guest: Guest) -> None:
    await guest.reaches_summary()
    await guest.says("yes")
    await guest.fills("add the linen apron in rust")
    summary = await guest.says("checkout")
    assert "Linen apron (Rust)" in summary
    assert "Anna Berg, +32 9 123 45 67" in summary
    assert "Shall I place it?" in summary


async def test_several_things_in_one_message_each_with_its_number_and_colour(guest: Guest) -> None:
    answer = await guest.says("2 black mugs and a linen apron in rust please")
    assert "2 × <b>Black stoneware mug</b>" in answer
    assert "1 × <b>Linen apron (Rust)</b>" in answer
    cart = await guest.says("cart")
    assert "<b>Together €66.00</b>" in cart


async def test_what_is_asked_about_the_first_of_several_things_does_not_lose_the_others(guest: Guest) -> None:
    asked = await guest.says("two travel mugs, a linen apron and 3 french presses")
    assert "Travel mug with lid" in asked
    apron = await guest.says("sand, 350 ml")
    assert "2 × <b>Travel mug with lid (Sand, 350 ml)</b>" in apron
    assert "<b>Linen apron</b>, €42.00: which one would you like?" in apron
    presses = await guest.says("rust")
    assert "1 × <b>Linen apron (Rust)</b>" in presses
    assert "French press" in presses


async def test_adding_and_checking_out_in_one_breath(guest: Guest) -> None:
    await guest.says("black mug")
    answer = await guest.says("ok add it and checkout")
    assert "is in your cart" in answer
    assert "Who is it for?" in answer


@pytest.mark.parametrize("channel", ["telegram", "terminal"])
async def test_the_same_way_on_other_channels(quick_shop: OpenShop, channel: str) -> None:
    if channel == "telegram":
        person = quick_shop.telegrammer("Anna")
    else:
        person = quick_shop.web_visitor(terminal=True)
    assert "Black stoneware mug" in await person.says("a black mug, please")
    assert "in your cart" in await person.says("2 of them please")
    assert "Who is it for?" in await person.says("checkout")
    for detail in ANNA[:-1]:
        await person.says(detail)
    assert "Total €33.90" in await person.says(ANNA[-1])
    paying = await person.says("yes")
    assert "Order" in paying or "payment page" in paying
