"""The Deals page as staff use it: draft, mend, publish, pause, end, and look at groups."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Locator, Page, expect
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.delivery.model import Conversation
from shop.catalogue import queries
from shop.catalogue.item import Item
from shop.customers.model import Customer
from shop.deals import groups, offers
from shop.deals.model import Deal, DealGroup, DealStatus
from shop.money import Money
from shop.orders import service as orders
from shop.orders.service import DeliveryChoice, SeatWanted, Terms
from tests.browser.conftest import DESKTOP, PATIENCE_MILLISECONDS, PHONE, Visit, Visits
from tests.browser.shop_floor import somebody
from tests.open_shop import OpenShop

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

expect.set_options(timeout=PATIENCE_MILLISECONDS)

PATH = "/staff/deals"


@pytest.fixture
async def staff(browser: Browser, open_console: OpenShop) -> AsyncIterator[Visit]:
    visits = Visits(browser, open_console.url)
    async with visits.browse(size=DESKTOP) as visit:
        yield visit
    assert visits.complaints == []


def deal(shop: OpenShop, code: str) -> Deal | None:
    return shop.read(lambda session: offers.find(session, code))


def badge(page: Page) -> Locator:
    return page.locator(".order-head .badge")


def hold_seat(session: Session, key: str, group: DealGroup, *, shop: OpenShop) -> None:
    """The customer of that conversation is paying for a seat with one unit."""
    at = shop.parley.clock.now()
    customer = session.get_one(Customer, session.get_one(Conversation, key).customer_id)
    found = queries.by_handle(session, "honey-trio")
    assert found is not None
    orders.place_seat(
        session,
        customer,
        SeatWanted(group, Item(found.variants[0], 1, Money(1800, "EUR"))),
        conversation=key,
        delivery=DeliveryChoice("pickup", Money(0, "EUR")),
        address=None,
        at=at,
        terms=Terms(),
    )


def pay_seat(session: Session, group: DealGroup, *, shop: OpenShop) -> None:
    """Whoever holds a seat of the group has paid for it."""
    at = shop.parley.clock.now()
    for seat in groups.seats_of(session, group):
        orders.wait(session, orders.get(session, seat.order_id), at=at, by="payment")
        groups.pay(session, group, seat, at=at)


async def group_with_two_people(shop: OpenShop) -> None:
    """Ana leads a group for honey, and Ben is paying for a seat in it."""
    ana = await somebody(shop, "Ana Ruiz", chat="a", said="honey, please")
    ben = await somebody(shop, "Ben Maes", chat="b", said="me too")
    at = shop.parley.clock.now()

    def work(session: Session) -> None:
        found = offers.find(session, "honey-for-three")
        assert found is not None
        group = groups.begin(session, found, at=at)
        hold_seat(session, ana, group, shop=shop)
        pay_seat(session, group, shop=shop)
        hold_seat(session, ben, group, shop=shop)

    await shop.database.run(work)


async def test_a_deal_is_drafted_mended_published_and_live(staff: Visit, open_console: OpenShop) -> None:
    page = await staff.page(PATH)
    await page.get_by_role("link", name="New deal").click()
    await page.get_by_label("Title, maker or category").fill("stoneware mug")
    await page.get_by_role("button", name="Search").click()
    await page.get_by_role("link", name=re.compile("^Offer")).first.click()
    await page.get_by_label("Title").fill("Mugs for friends")
    await page.get_by_label("Code").fill("mugs-for-friends")
    await page.get_by_label("Group price").first.fill("99,00")
    await page.get_by_label("Seats in a group").fill("1")
    mistakes = page.locator(".deal-mistakes")
    await expect(mistakes.get_by_role("listitem")).to_have_count(2)  # told while they are written
    await expect(mistakes).to_contain_text("less than the single price")
    await expect(mistakes).to_contain_text("is from 2 to 50 seats, not '1'")
    await expect(page.get_by_label("Seats in a group")).to_have_attribute("aria-invalid", "true")
    await page.get_by_role("button", name="Save as a draft").click()
    await expect(page.get_by_text("Not saved yet")).to_be_visible()
    assert deal(open_console, "mugs-for-friends") is None
    await page.get_by_label("Group price").first.fill("9,50")
    await page.get_by_label("Seats in a group").fill("4")
    await expect(mistakes).to_be_empty()
    await expect(page.get_by_role("article", name="Preview")).to_contain_text("together €9.50 for 4")
    await page.get_by_label("Seats in a group").press("Enter")
    await expect(page.get_by_role("heading", name="Mugs for friends", level=1)).to_be_visible()
    await expect(badge(page)).to_have_text("Draft")
    await page.get_by_role("button", name="Publish").click()
    await expect(badge(page)).to_have_text("Live")
    await page.get_by_role("link", name="All deals").click()
    row = page.get_by_role("row").filter(has_text="Mugs for friends")
    await expect(row).to_contain_text("Live")
    await expect(row).to_contain_text("€9.50 for 4")
    at = open_console.parley.clock.now()
    live = open_console.read(lambda session: offers.live(session, at=at))
    assert "mugs-for-friends" in {each.code for each in live}


async def test_the_list_shows_both_prices_side_by_side(staff: Visit, open_console: OpenShop) -> None:
    await group_with_two_people(open_console)
    page = await staff.page(PATH)
    row = page.get_by_role("row").filter(has_text="Honey jar trio, three together")
    cells = await row.get_by_role("cell").all_inner_texts()
    assert [" ".join(cell.split()) for cell in cells[2:]] == [
        "Live", "€24.00", "€18.00 for 3", "24 hours", "2 of 60", "1",
    ]  # fmt: skip
    await page.get_by_role("searchbox").fill("no such thing")
    await page.get_by_role("searchbox").press("Enter")
    await expect(page.get_by_role("heading", name="No such deal")).to_be_visible()


async def test_a_deal_is_paused_resumed_and_ended(staff: Visit, open_console: OpenShop) -> None:
    page = await staff.page(f"{PATH}/honey-for-three")
    await page.get_by_role("button", name="Pause").press("Enter")  # the keyboard does, too
    await expect(badge(page)).to_have_text("Paused")
    at = open_console.parley.clock.now() + timedelta(hours=1)
    assert "honey-for-three" not in {
        each.code for each in open_console.read(lambda session: offers.live(session, at=at))
    }
    await page.get_by_role("button", name="Resume").click()
    await expect(badge(page)).to_have_text("Live")
    await page.get_by_text("End it early").click()
    await page.get_by_role("button", name="End it now").click()
    await expect(badge(page)).to_have_text("Ended")
    await expect(page.get_by_role("link", name="Change it")).to_have_count(0)
    ended = deal(open_console, "honey-for-three")
    assert ended is not None
    assert ended.status is DealStatus.ENDED


async def test_a_change_is_written_and_shown(staff: Visit, open_console: OpenShop) -> None:
    page = await staff.page(f"{PATH}/honey-for-three")
    await page.get_by_role("link", name="Change it").click()
    await expect(page.get_by_label("Group price")).to_have_value("18.00")
    await page.get_by_label("Group price").fill("17")
    await page.get_by_label("Units in all").fill("2")
    await page.get_by_role("button", name="Save changes").click()
    await expect(page.locator(".deal-mistakes")).to_contain_text("not even one group of 3 can fill")
    await page.get_by_label("Units in all").fill("90")
    await page.get_by_role("button", name="Save changes").click()
    await expect(page.locator(".deal-price-table")).to_contain_text("€17.00")
    changed = deal(open_console, "honey-for-three")
    assert changed is not None
    assert ([price.price_minor for price in changed.prices], changed.quota) == ([1700], 90)
    assert (changed.size, changed.window_hours, changed.units_per_order_max) == (3, 24, 2)


async def test_a_group_is_shown_with_its_seats_and_its_history(staff: Visit, open_console: OpenShop) -> None:
    await group_with_two_people(open_console)
    page = await staff.page(f"{PATH}/honey-for-three")
    group = page.locator("article.problem")
    for words in ("Filling", "1 of 3 paid, 1 paying now", "led by Ana Ruiz", "until "):
        await expect(group).to_contain_text(words)
    await group.get_by_text("History").click()
    lines = await group.get_by_role("listitem").all_inner_texts()
    assert [line.split(": ", 1)[1] for line in lines] == [
        "Ana Ruiz is paying",
        "Ana Ruiz paid and opened the group",
        "Ben Maes is paying",
    ]


async def test_the_shop_takes_the_free_seats_of_a_group(staff: Visit, open_console: OpenShop) -> None:
    await group_with_two_people(open_console)
    path = f"{PATH}/honey-for-three"
    page = await staff.page(path)
    take = page.get_by_role("button", name="Take the free seats as the shop")
    await expect(take).to_have_count(0)  # the deal says from how many seats on
    await open_console.database.run(
        lambda session: session.execute(
            update(Deal).where(Deal.code == "honey-for-three").values(completes_from=1)
        )
    )
    await page.reload()
    await take.click()
    await expect(page.get_by_text("waits for who is paying now")).to_be_visible()
    await expect(page.locator("article.problem")).to_contain_text("1 of 3 paid, 1 by the shop, 1 paying now")


async def test_a_deal_is_called_off_with_its_groups(staff: Visit, open_console: OpenShop) -> None:
    await group_with_two_people(open_console)
    page = await staff.page(f"{PATH}/honey-for-three")
    await page.get_by_text("Call it off …").click()
    await page.get_by_role("button", name="Call it off now").click()
    await expect(badge(page)).to_have_text("Cancelled")
    group = page.locator("article.problem")
    await expect(group.locator(".badge")).to_have_text("Cancelled")
    await expect(page.get_by_role("link", name="Change it")).to_have_count(0)


async def test_an_unknown_deal_is_said_kindly(staff: Visit) -> None:
    context = staff.context
    page = await context.new_page()  # a page that is not there complains, as it should
    answer = await page.goto(f"{staff.url}{PATH}/no-such-deal")
    assert answer is not None
    assert answer.status == 404
    await expect(page.get_by_text("There is nothing here")).to_be_visible()


async def test_the_form_fits_a_phone(browser: Browser, open_console: OpenShop) -> None:
    visits = Visits(browser, open_console.url)
    async with visits.browse(size=PHONE) as visit:
        for path in (PATH, f"{PATH}/honey-for-three", f"{PATH}/honey-for-three/change", "/staff/new-deal"):
            page = await visit.page(path)
            await expect(page.locator(".sections")).to_be_visible()
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= PHONE["width"], path
            await page.close()
    assert visits.complaints == []
