"""Changing one's mind: the last value, an earlier one, by name, by value, after the summary."""

import pytest

from tests.open_shop import OpenShop
from tests.scenarios.talking import Guest

pytestmark = pytest.mark.anyio


async def test_a_way_of_delivery_is_changed_at_the_summary(quick_shop: OpenShop) -> None:
    for words in (
        "no, standard",
        "no, standard delivery please",
        "actually standard",
        "change it to standard",
    ):
        guest = Guest(quick_shop)
        assert "Total €21.90" in await guest.reaches_summary()
        assert "Total €16.90" in await guest.says(words), words


async def test_a_detail_is_asked_anew_by_its_name(guest: Guest) -> None:
    await guest.reaches_summary()
    assert "Where shall we send it?" in await guest.says("change the address")
    assert "Other Street 7, 9000 Ghent" in await guest.says("Other Street 7, 9000 Ghent")
    assert "Which phone number" in await guest.says("the phone number is wrong")
    assert "+32 9 765 43 21" in await guest.says("+32 9 765 43 21")
    assert "Who is it for?" in await guest.says("change the name")
    assert "Elena Ruiz" in await guest.says("Elena Ruiz")


async def test_a_detail_and_its_new_value_in_one_message(guest: Guest) -> None:
    await guest.reaches_summary()
    summary = await guest.says("no, send it to Other Street 7, 9000 Ghent")
    assert "Other Street 7, 9000 Ghent" in summary
    assert "Shall I place it?" in summary


async def test_yes_but_with_a_change_is_shown_once_more_before_it_is_placed(guest: Guest) -> None:
    await guest.reaches_summary()
    assert "Total €16.90" in await guest.says("yes, but standard delivery")
    assert "payment page" in await guest.says("yes")


async def test_by_buttons(guest: Guest) -> None:
    await guest.reaches_summary()
    assert "How would you like to get it?" in await guest.taps("Change delivery")
    summary = await guest.taps("Pickup at the shop")
    assert "You pick it up" in summary
    assert "How would you like to get it?" in await guest.taps("Change delivery")
    assert "Main Street 5, 9000 Ghent" in await guest.taps("Standard delivery"), (
        "said before, not asked again"
    )


async def test_from_pickup_back_to_a_parcel_asks_for_the_address_that_was_never_given(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout", "Anna Berg", "pickup", "+32 9 123 45 67")
    assert "Where shall we send it?" in await guest.says("no, express")


async def test_the_number_is_changed_in_the_middle_of_the_checkout(guest: Guest) -> None:
    await guest.reaches_summary()
    answer = await guest.says("make it 3")
    assert "Now 3 × <b>Black stoneware mug</b>" in answer
    assert "Total €45.90" in answer
    assert "Total €33.90" in await guest.says("no, 2")


async def test_an_earlier_detail_is_changed_before_the_summary(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout", "Anna Berg", "express")
    assert "Where shall we send it?" in await guest.says("actually I'd rather have standard")
    assert "Standard delivery" in await guest.says("Main Street 5, 9000 Ghent", "+32 9 123 45 67")


async def test_twice_in_a_row(guest: Guest) -> None:
    await guest.reaches_summary()
    assert "Total €16.90" in await guest.says("no, standard")
    assert "Total €12.00" in await guest.says("no, pickup")
    assert "Total €21.90" in await guest.says("no, express")


async def test_a_detail_ahead_of_the_question_does_not_skip_the_question(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout")
    assert "Who is it for?" in await guest.says("standard delivery please")
    assert "Where shall we send it?" in await guest.says("Anna Berg")


async def test_the_thing_just_put_in_in_another_colour(guest: Guest) -> None:
    await guest.fills("add the linen apron in rust")
    assert "<b>Linen apron (Ink blue)</b> instead" in await guest.says("no, the blue one")
    cart = await guest.says("cart")
    assert "Ink blue" in cart
    assert "Rust" not in cart


async def test_a_colour_of_another_product_is_shown_not_swapped(guest: Guest) -> None:
    await guest.fills("add the black mug")
    answer = await guest.says("no, the blue one")
    assert "Black stoneware mug</b> is still in your cart" in answer
    assert "Blue stoneware mug" in answer


async def test_number_and_colour_in_one_message(quick_shop: OpenShop) -> None:
    for words in ("sorry, 3, blue", "sorry, 3 blue ones", "no, 3 and in blue", "actually 3 of the blue"):
        guest = Guest(quick_shop)
        await guest.fills("add the linen apron in rust")
        answer = await guest.says(words)
        assert "Linen apron (Ink blue)</b> instead" in answer, words
        assert "Now 3 × <b>Linen apron (Ink blue)" in answer, words


async def test_number_colour_and_delivery_in_one_message_at_the_summary(guest: Guest) -> None:
    await guest.reaches_summary("add the linen apron in rust")
    answer = await guest.says("sorry, 2 in blue, and standard delivery")
    assert "2 × Linen apron (Ink blue)" in answer
    assert "Standard delivery" in answer
    assert answer.count("Shall I place it?") == 1
