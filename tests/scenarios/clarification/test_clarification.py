"""Vague words, and one wish that several things fit."""

import pytest

from tests.open_shop import OpenShop
from tests.scenarios.talking import Guest

pytestmark = pytest.mark.anyio


async def test_one_noun_is_a_search(quick_shop: OpenShop) -> None:
    for noun, found in (
        ("mugs", "mug |"),
        ("teapot", "teapot |"),
        ("socks", "socks |"),
        ("the grinder", "grinder"),
    ):
        assert found in await Guest(quick_shop).says(noun), noun


async def test_two_products_of_one_name_are_asked_about(guest: Guest) -> None:
    await guest.says("blue mug")
    asked = await guest.says("add the blue mug")
    assert "Which one do you mean? [Speckled blue mug] [Blue stoneware mug]" in asked
    assert "Blue stoneware mug</b> is in your cart" in await guest.says("the stoneware one")


@pytest.mark.parametrize(
    "answer",
    ["the second", "the second one please", "2", "Blue stoneware mug", "blue stoneware", "the last one"],
)
async def test_which_one_is_answered_in_many_ways(guest: Guest, answer: str) -> None:
    await guest.says("blue mug", "add 3 blue mugs")
    assert "3 × <b>Blue stoneware mug</b> are in your cart" in await guest.says(answer)


async def test_which_one_is_answered_by_button_and_then_by_size(guest: Guest) -> None:
    await guest.says("blue mug", "2 of the blue mugs")
    assert "[250 ml · €16.50] [350 ml · €18.50]" in await guest.taps("Speckled blue mug")
    assert "2 × <b>Speckled blue mug (350 ml)</b>" in await guest.says("350")


async def test_two_totes_one_colour(guest: Guest) -> None:
    asked = await guest.says("add a tote")
    assert "[Canvas tote bag]" in asked
    assert "[Market tote with pockets]" in asked
    assert "Canvas tote bag (Black)</b> is in your cart" in await guest.says("the black one")


async def test_size_and_colour_are_narrowed_down_one_at_a_time(guest: Guest) -> None:
    asked = await guest.says("2 pairs of the ribbed wool socks please")
    assert "[Oat, 36–39]" in asked
    narrowed = await guest.says("forest")
    assert "[Forest, 40–43]" in narrowed
    assert "Oat" not in narrowed
    assert "2 × <b>Ribbed wool socks (Forest, 40–43)</b>" in await guest.says("40-43")


async def test_a_whole_wish_answers_the_question_which(guest: Guest) -> None:
    await guest.says("add 2 linen aprons")
    assert "2 × <b>Linen apron (Rust)</b> are in your cart" in await guest.says("I'll take the rust one")


async def test_another_thing_wanted_instead_is_no_answer(guest: Guest) -> None:
    await guest.says("add 2 linen aprons")
    assert "1 × <b>Black stoneware mug</b> is in your cart" in await guest.says("add the black mug")
    assert "apron" not in await guest.says("cart")


async def test_the_number_is_changed_while_the_colour_is_asked_for(guest: Guest) -> None:
    await guest.says("add a linen apron")
    assert "which one would you like?" in await guest.says("make it 2")
    assert "2 × <b>Linen apron (Rust)</b>" in await guest.says("rust")


async def test_a_thing_in_the_cart_is_asked_about_when_several_are_meant(guest: Guest) -> None:
    await guest.fills("add the linen apron in rust", "add the linen apron in oat", "add the black mug")
    asked = await guest.says("remove the apron")
    assert "Which one in your cart do you mean?" in asked
    assert "I took <b>Linen apron (Oat)</b> out" in await guest.says("the oat one")


async def test_a_word_with_nothing_to_go_on_is_asked_about(quick_shop: OpenShop) -> None:
    assert "What are you looking for?" in await Guest(quick_shop).says("recommend something")
    assert "Which product do you mean?" in await Guest(quick_shop).says("how much is it?")
    assert "Which product do you mean?" in await Guest(quick_shop).says("I'll take it")


async def test_the_third_message_in_a_row_that_makes_no_sense_offers_a_person(guest: Guest) -> None:
    assert "call a person" not in await guest.says("asdf ghjk")
    assert "call a person" not in await guest.says("qwert zuiop")
    assert "Shall I call a person from our team?" in await guest.says("yxcv bnm")
    assert "a person will answer you right here" in await guest.says("yes please")


async def test_a_message_that_makes_sense_starts_the_count_anew(guest: Guest) -> None:
    await guest.says("asdf ghjk", "qwert zuiop")
    await guest.says("mugs")
    assert "call a person" not in await guest.says("yxcv bnm")


async def test_no_person_is_called_when_it_is_not_wanted(guest: Guest) -> None:
    await guest.says("asdf ghjk", "qwert zuiop", "yxcv bnm")
    assert "All right" in await guest.says("no")
    assert "call a person" not in await guest.says("asdf ghjk")


async def test_three_answers_that_do_not_fit_offer_a_way_out(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout")
    for digits in ("12345", "54321"):
        assert "I need a name" in await guest.says(digits)
    stuck = await guest.says("99999")
    assert "[Talk to a person]" in stuck
    assert "[Leave it]" in stuck
    assert "How would you like to get it?" in await guest.says("Anna Berg"), "one more try is welcome"
