"""Something else in the middle, and back with a reminder of the question."""

import pytest

from tests.open_shop import OpenShop
from tests.scenarios.talking import Guest

pytestmark = pytest.mark.anyio

ANSWERS = ("Anna Berg", "express", "Main Street 5, 9000 Ghent", "+32 9 123 45 67")
QUESTIONS = (
    "Who is it for?",
    "How would you like to get it?",
    "Where shall we send it?",
    "Which phone number",
)


async def test_a_question_at_every_step_of_the_checkout_is_answered_and_the_step_asked_again(
    guest: Guest,
) -> None:
    await guest.fills()
    await guest.says("checkout")
    asides = ("what are your opening hours?", "how much is delivery?", "is it in stock?", "can I return it?")
    for question, aside, answer in zip(QUESTIONS, asides, ANSWERS, strict=True):
        heard = await guest.says(aside)
        assert "Back to where we were:" in heard, aside
        assert question in heard, aside
        after = await guest.says(answer)
        assert question not in after
        assert "Back to where we were:" not in after
    heard = await guest.says("do you ship to France?")
    assert "European Union" in heard
    assert "Shall I place it?" in heard


async def test_a_question_together_with_the_answer(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout")
    heard = await guest.says("Ana Ruiz. And what is your return policy?")
    assert "Returns" in heard
    assert heard.count("How would you like to get it?") == 1
    assert "Who is it for?" not in heard


async def test_asking_what_a_way_of_delivery_costs_does_not_choose_it(quick_shop: OpenShop) -> None:
    for question in ("how much is express?", "how much is express", "how long does standard take?"):
        guest = Guest(quick_shop)
        await guest.fills()
        await guest.says("checkout", "Anna Berg")
        assert "How would you like to get it?" in await guest.says(question), question
    guest = Guest(quick_shop)
    await guest.says("how much is express delivery?")
    await guest.fills()
    assert "How would you like to get it?" in await guest.says("checkout", "Anna Berg")


async def test_the_cart_is_looked_at_and_filled_on_the_way(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout", "Anna Berg")
    heard = await guest.says("what's in my cart?")
    assert "Together €12.00" in heard
    assert "How would you like to get it?" in heard
    heard = await guest.says("add the linen apron in rust")
    assert "Linen apron (Rust)" in heard
    assert "How would you like to get it?" in heard


async def test_two_deep_and_back(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout")
    await guest.says("add a linen apron")
    heard = await guest.says("does it have pockets?")
    assert "<b>Linen apron</b>, €42.00: which one would you like?" in heard
    heard = await guest.says("rust")
    assert "Linen apron (Rust)" in heard
    assert "Who is it for?" in heard


async def test_why_do_you_need_that(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout")
    assert "goes on the parcel" in await guest.says("why do you need my name?")
    await guest.says("Anna Berg", "express", "Main Street 5, 9000 Ghent")
    for words in ("why?", "I don't want to give you my number", "no", "skip"):
        heard = await guest.says(words)
        assert "The courier calls that number" in heard, words
        assert "Which phone number" in heard, words


async def test_a_moment_is_given_without_asking_again(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout")
    heard = await guest.says("one moment please")
    assert "Take your time" in heard
    assert "Who is it for?" not in heard
    assert "How would you like" in await guest.says("Anna Berg")


async def test_small_talk_and_thanks_on_the_way(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout")
    for words in ("thanks", "hi", "are you a robot?", "lovely weather today"):
        heard = await guest.says(words)
        assert "Who is it for?" in heard, words
    assert "How would you like" in await guest.says("Anna Berg")


async def test_calling_a_person_on_the_way(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout")
    heard = await guest.says("I want to talk to a person")
    assert "a person will answer you right here" in heard
    assert "Who is it for?" in heard
