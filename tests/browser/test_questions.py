"""From a question that the bot cannot answer to one that it can, by staff, in a browser."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import DESKTOP, PATIENCE_MILLISECONDS, PHONE, Visit, Visits
from tests.open_shop import OpenShop

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

expect.set_options(timeout=PATIENCE_MILLISECONDS)

PATH = "/staff/questions"
QUESTION = "Can I rent your workshop for a birthday party?"


@pytest.fixture
async def visit(browser: Browser, open_console: OpenShop) -> AsyncIterator[Visit]:
    visits = Visits(browser, open_console.url)
    async with visits.browse(size=DESKTOP) as visit:
        yield visit
    assert visits.complaints == []


async def test_an_open_question_is_answered_approved_told_and_known_from_then_on(
    open_console: OpenShop, visit: Visit
) -> None:
    asker = open_console.web_visitor()
    assert "don’t know that" in await asker.says(QUESTION)
    assert "I will" in await asker.taps("Tell me when you know")
    page = await visit.page(PATH)
    question = page.locator("article")
    await expect(question).to_contain_text("asked once, 1 waiting")
    await question.get_by_label("Answer").fill("Yes, on Sundays, for up to twelve people.")
    await question.get_by_role("button", name="Save as draft").click()
    await expect(page.get_by_text("To be approved")).to_be_visible()
    assert "don’t know that" in await open_console.web_visitor().says(QUESTION)
    await page.get_by_role("button", name="Approve and publish").click()
    await expect(page.get_by_text("One person who asked was told.")).to_be_visible()
    heard = await asker.hears("for up to twelve people")
    assert QUESTION in heard
    assert "for up to twelve people" in heard
    answer = await open_console.web_visitor().says("can we rent the workshop for a party?")
    assert "for up to twelve people" in answer
    assert "Our team" in answer


async def test_what_did_not_help_is_listed_with_its_source_and_reason(
    open_console: OpenShop, visit: Visit
) -> None:
    asker = open_console.web_visitor()
    await asker.says("how do I wash the stoneware?")
    await asker.taps("Not what I need")
    await asker.taps("It isn’t right")
    page = await visit.page(PATH)
    await expect(page.locator("article")).to_contain_text("Mugs and stoneware")
    await expect(page.locator("article")).to_contain_text("it isn’t right")
    await page.get_by_role("button", name="Nothing to answer").click()
    await expect(page.get_by_role("heading", name="No open questions")).to_be_visible()


async def test_an_empty_answer_is_refused_kindly(open_console: OpenShop, visit: Visit) -> None:
    await open_console.web_visitor().says(QUESTION)
    page = await visit.page(PATH)
    await page.get_by_label("Answer").fill("   ")
    await page.get_by_role("button", name="Save as draft").click()
    await expect(page.get_by_text("Write the question and the answer.")).to_be_visible()


async def test_it_fits_a_phone(open_console: OpenShop, visit: Visit, browser: Browser) -> None:
    await open_console.web_visitor().says(QUESTION)
    async with Visits(browser, open_console.url).browse(size=PHONE) as phone:
        page = await phone.page(PATH)
        await expect(page.get_by_role("button", name="Save as draft")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
