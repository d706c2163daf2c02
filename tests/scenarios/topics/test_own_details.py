"""What the shop knows of a person: shown, changed, and forgotten."""

import pytest

from tests.open_shop import OpenShop
from tests.scenarios.talking import Guest

pytestmark = pytest.mark.anyio


async def test_what_is_known_is_shown_and_nothing_is_made_up(quick_shop: OpenShop) -> None:
    for words in ("what data do you have about me?", "show me my profile"):
        guest = Guest(quick_shop)
        assert "I know nothing of you so far" in await guest.says(words), words
        await guest.reaches_summary()
        await guest.says("yes")
        answer = await guest.says(words)
        for detail in ("Anna Berg", "Main Street 5, 9000 Ghent", "<b>Orders:</b> 1"):
            assert detail in answer, words


async def test_nobody_sees_the_details_of_another(quick_shop: OpenShop) -> None:
    anna, eve = Guest(quick_shop), Guest(quick_shop)
    await anna.reaches_summary()
    await anna.says("yes")
    answer = await eve.says("what do you know about me?")
    assert "Anna" not in answer
    assert "I know nothing of you so far" in answer


async def test_details_are_changed_by_telling_the_new_ones(quick_shop: OpenShop) -> None:
    for words in ("I want to edit my account", "update my profile please"):
        guest = Guest(quick_shop)
        assert "I have no details of yours yet" in await guest.says(words), words
        await guest.says("my phone number is +32 9 123 45 67")
        assert "+32 9 123 45 67" in await guest.says(words), words


async def test_an_address_is_kept_and_not_asked_for_again(quick_shop: OpenShop) -> None:
    for words in ("I want to save my address", "I've moved, can I change my address?"):
        guest = Guest(quick_shop)
        assert "Which address shall I keep?" in await guest.says(words), words
        assert "postcode and town" in await guest.says("Main Street 5")
        assert "Noted: <b>Main Street 5, 9000 Ghent</b>" in await guest.says("9000 Ghent")
        await guest.fills()
        assert "Main Street 5, 9000 Ghent" in await guest.says(
            "checkout", "Anna Berg", "express", "+32 9 123 45 67"
        )


async def test_an_address_told_with_the_wish_is_not_asked_for(guest: Guest) -> None:
    answer = await guest.says("my new address is Main Street 5, 9000 Ghent")
    assert "Which address" not in answer
    assert "Main Street 5, 9000 Ghent" in await guest.says("which address do you have for me?")


async def test_another_address_at_the_summary_is_on_the_next_summary(guest: Guest) -> None:
    await guest.reaches_summary()
    answer = await guest.says("I want to change my delivery address")
    assert "Street and number, postcode and town" in answer
    summary = await guest.says("Harbour Road 9, 9000 Ghent")
    assert "Harbour Road 9, 9000 Ghent" in summary
    assert "Main Street 5" not in summary
    assert "Shall I place it?" in summary


async def test_a_change_of_address_that_is_called_off_changes_nothing(guest: Guest) -> None:
    await guest.reaches_summary()
    await guest.says("I have a new address")
    summary = await guest.says("never mind")
    assert "Main Street 5, 9000 Ghent" in summary
    assert "Shall I place it?" in summary


async def test_nobody_is_forgotten_before_they_said_yes(quick_shop: OpenShop) -> None:
    for words in ("delete my data", "please close my account"):
        guest = Guest(quick_shop)
        assert "Shall I? [Yes, delete it] [No, keep it]" in await guest.says(words), words
        assert "I keep it as it is" in await guest.says("no"), words
