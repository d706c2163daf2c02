"""The sandbox's pay page in Chromium: what a person clicks, from the cart's link to the shop's thanks and back."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE_MILLISECONDS, PHONE
from tests.emulators.stripe_sandbox import Sandbox, session_parameters

pytestmark = [pytest.mark.browser, pytest.mark.anyio]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(webhooks=False) as sandbox:
        yield sandbox


@pytest.fixture
async def page(browser: Browser, sandbox: Sandbox) -> AsyncIterator[Page]:
    """A phone; what its pages complain about fails the test."""
    context = await browser.new_context(viewport=PHONE)  # pyright: ignore[reportArgumentType]
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    # Refusals are answered with 4xx on purpose, which the console mentions.
    page.on("console", lambda said: complaints.append(said.text) if "status of 4" not in said.text else None)
    yield page
    await context.close()
    assert complaints == []


def opened(sandbox: Sandbox, **changes: Any) -> str:
    """The page of a visit whose shop is the sandbox's own notice page, so that nothing leaves this machine."""
    given = {
        "success_url": f"{sandbox.url}/authenticate/thanks",
        "cancel_url": f"{sandbox.url}/authenticate/cart",
        **changes,
    }
    return str(sandbox.client.v1.checkout.sessions.create(session_parameters(**given)).url)


def status(sandbox: Sandbox) -> str | None:
    return sandbox.client.v1.checkout.sessions.list().data[0].status


async def choose(page: Page, card: str) -> None:
    await page.get_by_label(card).check()
    await page.get_by_role("button", name="Pay €30.48").click()


async def test_a_click_pays_and_leads_back_to_the_shop(page: Page, sandbox: Sandbox) -> None:
    await page.goto(opened(sandbox))
    await expect(page.get_by_role("heading", name="Tea & Things €30.48")).to_be_visible()
    await choose(page, "Visa")
    await page.wait_for_url("**/authenticate/thanks")
    assert status(sandbox) == "complete"


async def test_a_declined_card_is_told_and_another_pays(page: Page, sandbox: Sandbox) -> None:
    await page.goto(opened(sandbox))
    await choose(page, "Insufficient funds")
    await expect(page.get_by_role("alert")).to_contain_text("Your card has insufficient funds.")
    assert status(sandbox) == "open"
    await page.get_by_label("Another test card").check()
    await page.get_by_label("Card number").fill("4000 0000 0000 0069")
    await page.get_by_role("button", name="Pay €30.48").click()
    await expect(page.get_by_role("alert")).to_contain_text("Your card has expired.")
    await choose(page, "Visa")
    await page.wait_for_url("**/authenticate/thanks")


async def test_the_bank_is_refused_and_then_approves(page: Page, sandbox: Sandbox) -> None:
    await page.goto(opened(sandbox))
    await choose(page, "Needs 3-D Secure")
    await page.get_by_role("button", name="Refuse").click()
    await expect(page.get_by_role("alert")).to_contain_text("You did not approve the payment.")
    await choose(page, "Needs 3-D Secure")
    await page.get_by_role("button", name="Approve").click()
    await page.wait_for_url("**/authenticate/thanks")
    assert status(sandbox) == "complete"


async def test_a_customer_leaves_the_bank_and_comes_back(page: Page, sandbox: Sandbox) -> None:
    await page.goto(opened(sandbox))
    await choose(page, "Needs 3-D Secure")
    await expect(page.get_by_role("heading", name="Do you approve this payment?")).to_be_visible()
    await page.go_back()
    await choose(page, "Visa")
    await page.wait_for_url("**/authenticate/thanks")
    assert len(sandbox.client.v1.charges.list().data) == 1


async def test_cancel_leads_back_and_charges_nothing(page: Page, sandbox: Sandbox) -> None:
    await page.goto(opened(sandbox))
    await page.get_by_role("link", name="Cancel").click()
    await page.wait_for_url("**/authenticate/cart")
    assert status(sandbox) == "open"
    assert not sandbox.events()


async def test_a_promotion_code_is_typed_refused_taken_and_paid_with(page: Page, sandbox: Sandbox) -> None:
    coupon = sandbox.client.v1.coupons.create({"percent_off": 10})
    sandbox.client.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "TEA10"}
    )
    await page.goto(opened(sandbox, allow_promotion_codes=True))
    await page.get_by_label("Promotion code").fill("COFFEE")
    await page.get_by_label("Promotion code").press("Enter")
    await expect(page.get_by_role("alert")).to_have_text("This code is invalid.")
    await page.get_by_label("Promotion code").fill("tea10")
    await page.get_by_role("button", name="Apply").click()
    await expect(page.get_by_role("heading", name="€27.43")).to_be_visible()
    await page.get_by_role("button", name="Take it off").click()
    await page.get_by_label("Promotion code").fill("tea10")
    await page.get_by_role("button", name="Apply").click()
    await page.get_by_role("button", name="Pay €27.43").click()
    await page.wait_for_url("**/authenticate/thanks")
    (charge,) = sandbox.client.v1.charges.list().data
    assert charge.amount == 2743


async def test_a_refused_code_does_not_stand_in_the_way_of_paying(page: Page, sandbox: Sandbox) -> None:
    await page.goto(opened(sandbox, allow_promotion_codes=True))
    await page.get_by_label("Promotion code").fill("COFFEE")
    await page.get_by_role("button", name="Apply").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.get_by_role("button", name="Pay €30.48").click()
    await page.wait_for_url("**/authenticate/thanks")


async def test_a_page_that_has_expired_says_so(page: Page, sandbox: Sandbox) -> None:
    url = opened(sandbox)
    await page.goto(url)
    sandbox.clock.advance(24 * 3600)
    await choose(page, "Visa")
    await expect(page.get_by_role("heading", name="This page has expired")).to_be_visible()
    await page.get_by_role("link", name="Back to Tea & Things").click()
    await page.wait_for_url("**/authenticate/cart")
