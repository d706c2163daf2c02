"""Questions: answered from facts and documents with their source, or honestly not."""

import pytest

from tests.open_shop import OpenShop
from tests.scenarios.talking import Guest

pytestmark = pytest.mark.anyio


async def test_a_policy_question_as_the_first_message(quick_shop: OpenShop) -> None:
    for question, source in (
        ("do you ship to Spain?", "Delivery"),
        ("is there a warranty?", "warranty"),
        ("can I pay with paypal?", "Payment"),
        ("what are your opening hours?", "Opening hours"),
    ):
        answer = await Guest(quick_shop).says(question)
        assert "<i>Source:" in answer, question
        assert source in answer, question


async def test_a_question_about_the_product_in_sight(guest: Guest) -> None:
    await guest.says("do you have teapots?")
    answer = await guest.says("is the glass one dishwasher safe?")
    assert "60 °C" in answer
    assert "Source: Glass teapot with infuser" in answer
    assert "Glass teapot with infuser</b> is in your cart" in await guest.says("add it"), "it was spoken of"


async def test_before_during_and_after_the_checkout(guest: Guest) -> None:
    question = "what is your return policy?"
    assert "Source: Returns" in await guest.says(question)
    await guest.fills()
    await guest.says("checkout")
    during = await guest.says(question)
    assert "Source: Returns" in during
    assert "Who is it for?" in during
    await guest.says("Anna Berg", "pickup", "+32 9 123 45 67", "yes")
    assert "Source: Returns" in await guest.says(question)


async def test_what_delivery_costs_comes_from_the_shops_own_settings(quick_shop: OpenShop) -> None:
    for question in ("how much is shipping?", "delivery costs", "how long does delivery take?"):
        answer = await Guest(quick_shop).says(question)
        assert "To Belgium" in answer, question
        assert "€4.90 (free from €50.00), 2–3 working days" in answer


async def test_delivery_to_another_country_is_answered_from_the_documents(guest: Guest) -> None:
    for question in (
        "how much is delivery to France?",
        "how long does it take to Germany?",
        "do you ship abroad?",
    ):
        answer = await guest.says(question)
        assert "European Union: 12.90 EUR, 4–7 working days" in answer, question
        assert "To Belgium" not in answer, question


async def test_where_the_shop_is(guest: Guest) -> None:
    answer = await guest.says("where are you?")
    assert "Lantaarnkaai 14" in answer
    assert "hello@kettleandquay.example" in answer


async def test_an_unknown_question_is_refused_honestly_and_a_person_is_offered(guest: Guest) -> None:
    answer = await guest.says("do you sponsor football teams?")
    assert "I don’t know that, and I don’t want to guess" in answer
    assert "[Ask a person]" in answer
    assert "a person will answer you right here" in await guest.says("yes please")


async def test_an_unknown_question_in_the_middle_of_the_checkout(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout", "Anna Berg")
    answer = await guest.says("does it contain caffeine?")
    assert "I don’t know that" in answer
    assert "How would you like to get it?" in answer
    called = await guest.says("yes")
    assert "a person will answer you right here" in called, "the yes was to the offer"
    assert "How would you like to get it?" in called


async def test_group_deals_are_shown(quick_shop: OpenShop) -> None:
    for question in ("what deals do you have?", "how do group deals work?", "can I join a group deal?"):
        answer = await Guest(quick_shop).says(question)
        assert "Together it costs less. Start a group, share it with friends" in answer, question


async def test_what_is_reduced_is_shown(guest: Guest) -> None:
    answer = await guest.says("is anything on sale?")
    assert "These cost less than they did" in answer
    assert "<s>€26.00</s>" in answer


async def test_a_coupon_is_kept_for_what_will_be_bought(guest: Guest) -> None:
    assert "counts as soon as something is in your cart" in await guest.says("I have a coupon WELCOME10")


async def test_what_only_people_can_arrange_is_handed_to_them(quick_shop: OpenShop) -> None:
    for wish in ("I want to return something", "can I get an invoice?", "can I change my order?"):
        guest = Guest(quick_shop)
        assert "Shall I call someone?" in await guest.says(wish), wish
        assert "a person will answer" in await guest.says("yes"), wish


async def test_a_person_is_called_once(guest: Guest) -> None:
    assert "I’ve told our team" in await guest.says("I want to talk to a human")
    assert "knows you are waiting" in await guest.says("human!!")


async def test_somebody_angry_is_met_kindly(guest: Guest) -> None:
    answer = await guest.says("you stupid bot, this is rubbish")
    assert "I’m sorry" in answer
    assert "a person will answer" in await guest.says("yes")
