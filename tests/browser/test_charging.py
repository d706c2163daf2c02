"""Staff charge what a bank holds, on the order's page."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from app.stage import Template, copy_home
from tests.browser.conftest import DESKTOP, PATIENCE_MILLISECONDS, Visit, Visits
from tests.open_shop import OpenShop, open_shop, settings_that_hold
from tests.scenarios.payments.buying import order, session_of

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

expect.set_options(timeout=PATIENCE_MILLISECONDS)


@pytest.fixture
async def shop(anyio_backend: str, shop_template: Template, tmp_path: Path) -> AsyncIterator[OpenShop]:
    home = copy_home(shop_template, tmp_path / "home")
    async with open_shop(shop_template, home, console=True, shop=settings_that_hold().shop) as shop:
        yield shop


@pytest.fixture
async def staff(browser: Browser, shop: OpenShop) -> AsyncIterator[Visit]:
    visits = Visits(browser, shop.url)
    async with visits.browse(size=DESKTOP) as visit:
        yield visit
    assert visits.complaints == []


async def test_money_that_is_held_is_charged_with_a_button(shop: OpenShop, staff: Visit) -> None:
    bo = shop.web_visitor()
    reference = (await order(shop, bo)).reference
    assert (await shop.sandbox.stripe.pay(session_of(bo))).paid
    await bo.hears("aside for order")
    page = await staff.page(f"/staff/orders/{reference}")
    await expect(page.get_by_text("Money held", exact=True)).to_be_visible()
    await expect(page.get_by_text("Held by the bank")).to_be_visible()
    await page.get_by_role("button", name="Charge €33.90").click()
    await expect(page.get_by_text("is being charged").first).to_be_visible()
    await bo.hears("is in, and order")
    await page.reload()
    await expect(page.get_by_role("button", name="Mark as packed")).to_be_visible()
    await expect(page.get_by_role("button", name="Charge €33.90")).to_have_count(0)
    assert [each.amount_captured for each in shop.sandbox.stripe.account.charges] == [3390]
