"""What is remembered, and what must not be taken for something else."""

import pytest

from app.stage import Template, copy_home
from tests.open_shop import OpenShop, open_shop
from tests.scenarios.talking import Guest

pytestmark = pytest.mark.anyio


async def test_again_please_repeats_the_last_answer_with_its_buttons(guest: Guest) -> None:
    said = await guest.says("black mug")
    assert await guest.says("say that again please") == said
    assert "is in your cart" in await guest.taps("Add to cart")


async def test_a_number_said_for_one_thing_is_not_taken_for_another(guest: Guest) -> None:
    await guest.says("black mug", "3 of them please")
    assert "1 × <b>Linen apron (Rust)</b>" in await guest.says("add the linen apron in rust")


async def test_a_size_is_not_taken_for_a_number(guest: Guest) -> None:
    await guest.says("add a travel mug")
    assert "[Sand, 470 ml" in await guest.says("470 please")
    assert "1 × <b>Travel mug with lid (Sand, 470 ml)</b>" in await guest.says("sand")


async def test_a_phone_number_is_not_taken_for_a_number_of_mugs(guest: Guest) -> None:
    await guest.says("black mug")
    assert "I’ll remember that" in await guest.says("my number is +32 9 123 45 67")
    assert "empty so far" in await guest.says("cart")


async def test_a_street_and_then_its_town_make_one_address(guest: Guest) -> None:
    await guest.says("I live at Main Street 5")
    await guest.fills()
    summary = await guest.says("checkout", "Anna Berg", "express", "9000 Ghent", "+32 9 123 45 67")
    assert "Main Street 5, 9000 Ghent" in summary


async def test_a_shared_phone_number_is_kept(guest: Guest) -> None:
    assert "I’ll use that number" in await guest.sends(phone="+3291234567")
    await guest.fills()
    assert "Shall I place it?" in await guest.says("checkout", "Anna Berg", "pickup")


async def test_a_checkout_survives_a_restart_at_the_same_question(
    shop_template: Template, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = copy_home(shop_template, tmp_path_factory.mktemp("restart") / "home")
    async with open_shop(shop_template, home) as before:
        guest = Guest(before)
        await guest.fills()
        await guest.says("checkout", "Anna Berg")
    async with open_shop(shop_template, home) as after:
        again = Guest(after, chat=guest.chat)
        await again.hears()
        assert "Where shall we send it?" in await again.says("express")
        assert after.parked() == []


async def test_two_people_do_not_share_anything(quick_shop: OpenShop) -> None:
    anna, bo = Guest(quick_shop), Guest(quick_shop)
    await anna.fills()
    await anna.says("my name is Anna Berg")
    assert "empty so far" in await bo.says("cart")
    await bo.fills()
    assert "Who is it for?" in await bo.says("checkout")
