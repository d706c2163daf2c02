"""Help with choosing: presents, sizes, what costs less; and questions about the shop itself."""

import pytest

from tests.open_shop import OpenShop
from tests.scenarios.talking import Guest

pytestmark = pytest.mark.anyio


async def test_a_present_is_looked_for(quick_shop: OpenShop) -> None:
    for words in ("gift ideas for a tea lover", "I need a present for someone who loves tea"):
        assert "| <b>" in await Guest(quick_shop).says(words), words
    assert "| <b>" in await Guest(quick_shop).says("what could I give my boss as a present?")


async def test_sizes_are_those_of_the_thing_in_sight(quick_shop: OpenShop) -> None:
    for words in ("which size should I take?", "does it run small?"):
        guest = Guest(quick_shop)
        assert "Which one do you have in mind?" in await guest.says(words), words
        await guest.says("blue t-shirt")
        answer = await guest.says(words)
        assert "comes in S, M, L, XL" in answer, words
        assert "true to size" in answer, words


async def test_what_is_reduced_is_shown_for_offers_and_sales(quick_shop: OpenShop) -> None:
    for words in ("any special offers?", "show me the sale"):
        answer = await Guest(quick_shop).says(words)
        assert "These cost less than they did" in answer, words
        assert "Group deals" not in answer, words


async def test_questions_about_the_shop_and_large_orders_are_answered_from_documents(
    quick_shop: OpenShop,
) -> None:
    for words, source in (
        ("tell me about your shop", "Who we are"),
        ("who runs this shop?", "Who we are"),
        ("I need 100 mugs for my company", "Companies and large orders"),
        ("do you have wholesale prices for large orders?", "Companies and large orders"),
        ("do you store my card number?", "Card details"),
        ("who sees my card details?", "Card details"),
        ("can you wrap it as a present?", "Sending a present"),
        ("do you offer gift wrapping?", "Sending a present"),
    ):
        answer = await Guest(quick_shop).says(words)
        assert source in answer, words
