"""The Money page as staff use it."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments import refunds, settlement
from payments.ledger.audit import audit
from payments.model import Payment, Reconciliation, Refund
from shop.money import Money
from tests.browser.conftest import DESKTOP, PATIENCE_MILLISECONDS, PHONE, Visit, Visits
from tests.browser.shop_floor import paid_order, somebody
from tests.open_shop import OpenShop

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

expect.set_options(timeout=PATIENCE_MILLISECONDS)

PATH = "/staff/money"


@pytest.fixture
async def staff(browser: Browser, open_console: OpenShop) -> AsyncIterator[Visit]:
    visits = Visits(browser, open_console.url)
    async with visits.browse(size=DESKTOP) as visit:
        yield visit
    assert visits.complaints == []


async def failed_refund(shop: OpenShop) -> None:
    """Somebody's order was cancelled, and their bank takes nothing back."""
    key = await somebody(shop, "Ana Ruiz", chat="ana-0000000000000001", said="hello")
    await paid_order(shop, key)
    at = shop.parley.clock.now()

    def work(session: Session) -> None:
        (order_id,) = session.scalars(select(Payment.order_id))
        assert order_id is not None
        (refund,) = refunds.ask_all(session, order_id, reason="cancelled", at=at)
        refunds.fail(session, refund.id, error="expired_or_canceled_card", unsure=False, at=at)

    await shop.database.run(work)


async def test_a_quiet_shop_says_that_there_is_nothing(staff: Visit) -> None:
    page = await staff.page(PATH)
    await expect(page.get_by_role("heading", name="Nothing to look at")).to_be_visible()


async def test_a_failed_refund_is_given_back_at_the_counter(staff: Visit, open_console: OpenShop) -> None:
    await failed_refund(open_console)
    page = await staff.page(PATH)
    task = page.locator("article")
    await expect(task).to_contain_text("A refund did not go through")
    await expect(task).to_contain_text("expired_or_canceled_card")
    await expect(page.locator(".sections a", has_text="Money").locator(".count")).to_have_text("1")
    await task.get_by_role("button", name="Given back another way").click()
    await expect(page.get_by_text("Please write in a few words what was done")).to_be_visible()
    await task.get_by_label("What was done").fill("At the counter, signed")
    await task.get_by_role("button", name="Given back another way").click()
    await expect(page.get_by_role("heading", name="Nothing to look at")).to_be_visible()
    status = open_console.database.read(lambda s: s.scalars(select(Refund.status)).one())
    assert status == "otherwise"
    assert open_console.database.read(audit) == []


async def test_a_failed_refund_is_sent_once_more(staff: Visit, open_console: OpenShop) -> None:
    await failed_refund(open_console)
    page = await staff.page(PATH)
    await page.get_by_role("button", name="Send it once more").click()
    await expect(page.get_by_text("It is being sent once more.")).to_be_visible()


async def test_what_came_for_nothing_is_closed_with_a_note_and_the_night_is_shown(
    staff: Visit, open_console: OpenShop, browser: Browser
) -> None:
    at = open_console.parley.clock.now()

    def work(session: Session) -> None:
        amount = Money(700, "EUR")
        settlement.give_back(session, provider="stripe", reference="pi_none", amount=amount, at=at)
        found = [
            {"kind": "unknown_payment", "what": "charge ch_1 belongs to nothing of ours", "is_mended": False}
        ]
        session.add(Reconciliation(at=at, since=at, checked=12, found=found))

    await open_console.database.run(work)
    async with Visits(browser, open_console.url).browse(size=PHONE) as phone:
        small = await phone.page(PATH)
        await expect(small.get_by_text("charge ch_1 belongs to nothing of ours")).to_be_visible()
        assert await small.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page = await staff.page(PATH)
    await expect(page.locator("article")).to_contain_text("came for no order of ours")
    await page.get_by_label("What was done").fill("Looked at, it is on its way back")
    await page.get_by_role("button", name="Close").click()
    await expect(page.get_by_role("heading", name="Nothing to look at")).to_be_visible()
