"""The staff page as the people of the shop use it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import update

from app.stage import Template, copy_home
from bot.delivery import outbox
from bot.delivery.model import OutboxRow, OutboxState
from bot.messages import Say
from console.reads.listing import ROWS_A_PAGE
from shop.catalogue.model import Variant
from shop.orders.model import OrderStatus
from tests.browser.conftest import DESKTOP, PATIENCE_MILLISECONDS, PHONE, Visit, Visits
from tests.browser.shop_floor import paid_order, parked_event, somebody
from tests.open_shop import OpenShop, open_shop

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

expect.set_options(timeout=PATIENCE_MILLISECONDS)

PASSWORD = "correct horse battery staple"


@pytest.fixture
async def staff(visits: Visits) -> AsyncIterator[Visit]:
    """A browser on a desk of the shop."""
    async with visits.browse(size=DESKTOP) as visit:
        yield visit


async def ready(page: Page) -> Page:
    """Its timers run: what happens from now on is noticed."""
    await expect(page.locator(".sections")).to_be_visible()
    return page


# ---------------------------------------------------------------------- conversations


async def test_an_empty_shop_says_kindly_that_there_is_nothing(staff: Visit) -> None:
    for path, words in (
        ("/staff", "No conversations yet"),
        ("/staff/orders", "No orders yet"),
        ("/staff/orders?status=paid", "All done"),
        ("/staff/orders?search=nobody", "No such order"),
        ("/staff/problems", "No problems"),
        ("/staff/problems?kind=messages", "No problems"),
        ("/staff/catalogue?search=submarine", "Nothing found"),
    ):
        page = await staff.page(path)
        await expect(page.get_by_role("heading", name=words)).to_be_visible()
        await page.close()


async def test_who_wants_a_person_comes_first(staff: Visit, open_console: OpenShop) -> None:
    await somebody(open_console, "Ana Ruiz", chat="a", said="I want to talk to somebody", wants_person=True)
    await somebody(open_console, "Ben Maes", chat="b", said="a mug, please", channel="telegram")
    page = await staff.page("/staff")
    rows = page.locator(".inbox-row")
    await expect(rows.first).to_contain_text("Ana Ruiz")
    await expect(rows.first).to_contain_text("Wants a person")
    await expect(rows.nth(1)).to_contain_text("Ben Maes")
    await expect(rows.nth(1)).to_contain_text("Telegram")
    await expect(rows.nth(1)).to_contain_text("a mug, please")
    await expect(page.get_by_title("waiting")).to_have_text("1")


async def test_the_list_shows_newcomers_without_a_reload(staff: Visit, open_console: OpenShop) -> None:
    page = await ready(await staff.page("/staff"))
    await somebody(open_console, "Ana Ruiz", chat="a", said="hello?")
    await expect(page.locator(".inbox-row")).to_contain_text("Ana Ruiz")


async def test_staff_answer_and_the_customer_sees_it_at_once(
    visits: Visits, staff: Visit, open_console: OpenShop
) -> None:
    async with visits.browse(size=PHONE) as visit:
        customer = await visit.page()
        await customer.get_by_label("Write a message").fill("talk to a person")
        await customer.get_by_label("Write a message").press("Enter")
        await expect(customer.get_by_role("log")).to_contain_text("I’ve told our team")
        page = await staff.page("/staff")
        await page.locator(".inbox-row").filter(has_text="Wants a person").click()
        await expect(page.get_by_role("log")).to_contain_text("talk to a person")
        assert "web:" not in page.url  # a chat's name is a secret
        await page.get_by_label("Answer as the shop").fill("Hello, <b>Jo</b> here & glad to help")
        await page.get_by_label("Answer as the shop").press("Enter")
        words = "Hello, <b>Jo</b> here & glad to help"
        await expect(customer.locator(".line.staff .bubble")).to_contain_text(words)
        await expect(page.locator(".line.staff .bubble")).to_contain_text(words)
        await expect(page.get_by_text("Wants a person")).to_have_count(0)
        await customer.get_by_label("Write a message").fill("thank you!")
        await customer.get_by_label("Write a message").press("Enter")
        await expect(page.get_by_role("log")).to_contain_text("thank you!")
        await expect(page.locator(".line.staff")).to_have_count(1)


async def test_a_request_can_be_closed_without_an_answer(staff: Visit, open_console: OpenShop) -> None:
    await somebody(open_console, "Ana Ruiz", chat="a", said="a person, please", wants_person=True)
    page = await staff.page("/staff")
    await page.get_by_text("Ana Ruiz").click()
    await page.get_by_role("button", name="No answer needed").click()
    await expect(page.get_by_text("Wants a person")).to_have_count(0)


async def test_beside_the_talk_stand_the_customers_facts(staff: Visit, open_console: OpenShop) -> None:
    key = await somebody(open_console, "Ana Ruiz", chat="a", said="hello")
    reference = await paid_order(open_console, key)
    page = await staff.page("/staff")
    await page.get_by_text("Ana Ruiz").click()
    panel = page.locator(".facts-panel")
    await expect(panel).to_contain_text("+3292345678")
    await expect(panel).to_contain_text("Empty")
    await panel.get_by_role("link", name=reference).click()
    await expect(page.get_by_role("heading", name=f"Order {reference}")).to_be_visible()
    await page.get_by_role("link", name="Open the conversation").click()
    await expect(page.get_by_role("log")).to_contain_text("hello")


async def test_a_long_list_comes_in_pages(staff: Visit, open_console: OpenShop) -> None:
    for number in range(ROWS_A_PAGE + 2):
        await somebody(open_console, f"Customer {number}", chat=f"c{number}", said="hello")
    page = await staff.page("/staff")
    await expect(page.locator(".inbox-row")).to_have_count(ROWS_A_PAGE)
    await page.get_by_role("link", name="Next").click()
    await expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    await expect(page.locator(".inbox-row")).to_have_count(2)
    await page.get_by_role("searchbox").fill("customer 12")
    await page.get_by_role("button", name="Search").click()
    await expect(page.locator(".inbox-row")).to_have_count(1)


# ---------------------------------------------------------------------- orders


async def test_an_order_is_found_packed_shipped_delivered_and_the_customer_hears_of_it(
    staff: Visit, open_console: OpenShop
) -> None:
    key = await somebody(open_console, "Ana Ruiz", chat="a", said="hello")
    reference = await paid_order(open_console, key, units=2)
    await somebody(open_console, "Ben Maes", chat="b", said="hello")
    page = await staff.page("/staff/orders")
    await page.get_by_role("searchbox").fill(reference.lower())
    await page.get_by_role("button", name="Search").click()
    row = page.get_by_role("row").filter(has_text=reference)
    await expect(row).to_contain_text("Ana Ruiz")
    await expect(row).to_contain_text("Paid")
    await expect(row).to_contain_text("€24.00")
    await row.get_by_role("link").click()
    await expect(page.locator(".order")).to_contain_text(f"stripe pi_{reference}")

    await page.get_by_role("button", name="Mark as packed").click()
    await page.get_by_label("Tracking number or link").fill("BE <b>123</b>")
    await page.get_by_role("button", name="Mark as shipped").click()
    await page.get_by_role("button", name="Mark as delivered").click()
    await page.get_by_role("button", name="Mark as completed").click()
    await expect(page.locator(".order-head")).to_contain_text("Completed")
    await expect(page.get_by_role("button", name=re.compile("Mark as"))).to_have_count(0)

    (order,) = open_console.orders()
    assert order.status is OrderStatus.COMPLETED
    assert [move.by for move in order.moves][1:] == ["staff"] * 4
    assert open_console.stock("black-mug") == (9, 0)
    await page.get_by_role("link", name="Open the conversation").click()
    notices = page.locator(".line.bot .bubble")
    await expect(notices).to_have_count(3)
    await expect(notices.nth(1)).to_contain_text("is on its way to you. Tracking: BE <b>123</b>")


async def test_on_a_phone_an_order_goes_out_in_two_parcels_and_a_part_is_refunded(
    staff: Visit, open_console: OpenShop
) -> None:
    key = await somebody(open_console, "Ana Ruiz", chat="a", said="hello")
    reference = await paid_order(open_console, key, units=3)
    page = await staff.page(f"/staff/orders/{reference}")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.get_by_role("button", name="Mark as packed").click()
    await page.get_by_label("of 3 × Black stoneware mug").fill("2")
    await page.get_by_label("Carrier").select_option("DHL")
    await page.get_by_label("Tracking number or link").fill("JJD 1/2")
    await page.get_by_role("button", name="Mark as shipped").click()
    await expect(page.locator(".order-head")).to_contain_text("Shipped in part")
    followed = page.get_by_role("link", name="Follow the parcel")
    await expect(followed).to_have_attribute("href", re.compile(r"^https://www\.dhl\.com/.*=JJD%201%2F2$"))
    await page.get_by_role("button", name="Shipment 1 has arrived").click()
    await expect(page.locator(".order")).to_contain_text("shipment 1 delivered")
    await page.get_by_label("Amount in EUR").fill("500")
    await page.get_by_label("Why it is refunded").fill("a scratch")
    await page.get_by_role("button", name="Refund", exact=True).click()
    await expect(
        page.get_by_role("alert").filter(has_text="more than is left of what was paid")
    ).to_be_visible()
    await page.get_by_label("Amount in EUR").fill("2,50")
    await page.get_by_label("Why it is refunded").fill("a scratch")
    await page.get_by_role("button", name="Refund", exact=True).click()
    await expect(page.locator(".order")).to_contain_text("€2.50 refunded: a scratch")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    assert open_console.stock("black-mug") == (9, 1)


async def test_an_order_is_cancelled_with_its_reason_and_not_after_it_is_packed(
    staff: Visit, open_console: OpenShop
) -> None:
    key = await somebody(open_console, "Ana Ruiz", chat="a", said="hello")
    reference = await paid_order(open_console, key)
    page = await staff.page(f"/staff/orders/{reference}")
    await page.get_by_role("button", name="Cancel the order").click()
    await expect(page.get_by_role("alert").filter(has_text="Please say why")).to_be_visible()
    await page.get_by_label("Why it is cancelled").fill("The last mug broke.")
    await page.get_by_role("button", name="Cancel the order").click()
    await expect(page.locator(".order-head")).to_contain_text("Cancelled")
    await page.get_by_role("link", name="Open the conversation").click()
    await expect(page.locator(".line.bot .bubble").first).to_contain_text("The last mug broke. Your €12.00")
    packed = await paid_order(open_console, key)
    await page.goto(f"{staff.url}/staff/orders/{packed}")
    await page.get_by_role("button", name="Mark as packed").click()
    await expect(page.get_by_role("button", name="Cancel the order")).to_have_count(0)


async def test_who_picks_up_hears_that_it_is_ready_and_of_no_parcel(
    staff: Visit, open_console: OpenShop
) -> None:
    key = await somebody(open_console, "Ana Ruiz", chat="a", said="hello")
    page = await staff.page(f"/staff/orders/{await paid_order(open_console, key, pickup=True)}")
    await page.get_by_role("button", name="Mark as packed").click()
    await expect(page.get_by_label("Tracking number or link")).to_have_count(0)
    await page.get_by_role("button", name="Mark as shipped").click()
    await expect(page.get_by_role("button", name="Mark as delivered")).to_be_visible()
    await page.get_by_role("link", name="Open the conversation").click()
    await expect(page.locator(".line.bot .bubble")).to_have_count(1)
    await expect(page.locator(".line.bot .bubble")).to_contain_text("ready for you at Lantaarnkaai 14")


async def test_a_move_that_a_colleague_made_already_is_refused_kindly(
    staff: Visit, open_console: OpenShop
) -> None:
    key = await somebody(open_console, "Ana Ruiz", chat="a", said="hello")
    reference = await paid_order(open_console, key)
    mine, theirs = [await staff.page(f"/staff/orders/{reference}") for _ in range(2)]
    await theirs.get_by_role("button", name="Mark as packed").click()
    await expect(theirs.get_by_role("button", name="Mark as shipped")).to_be_visible()
    await mine.get_by_role("button", name="Mark as packed").click()
    await expect(mine.get_by_role("alert")).to_contain_text("The order is no longer (or not yet)")
    await expect(mine.get_by_role("button", name="Mark as shipped")).to_be_visible()


async def test_an_unknown_order_is_a_friendly_page(visits: Visits, staff: Visit) -> None:
    for path in ("/staff/orders/NOSUCH", "/staff/conversations/999", f"/staff/conversations/{2**60}", "/no"):
        page = await staff.page(path)
        await expect(page.locator("body")).to_contain_text(re.compile("nothing here|less than or equal"))
        await page.close()
    assert all("404" in words or "422" in words for words in visits.complaints)
    visits.complaints.clear()


# ---------------------------------------------------------------------- catalogue and problems


async def test_the_catalogue_shows_price_ranges_stock_and_what_is_sold_out(
    staff: Visit, open_console: OpenShop
) -> None:
    page = await staff.page("/staff/catalogue?search=black+stoneware")
    row = page.get_by_role("row").filter(has_text="Black stoneware mug")
    await expect(row).to_contain_text("€12.00")
    await expect(row).to_contain_text("11")
    await expect(row.locator("img")).to_have_js_property("complete", value=True)
    sell_all = update(Variant).where(Variant.sku == "MUG-BLK").values(on_hand=0)
    await open_console.database.run(lambda session: session.execute(sell_all))
    await page.goto(f"{staff.url}/staff/catalogue")
    await page.get_by_role("link", name="Sold out").click()
    await expect(page.get_by_role("row").filter(has_text="Black stoneware mug")).to_contain_text("Sold out")
    await expect(page.get_by_role("row").filter(has_text="Camp lantern")).to_have_count(0)


async def test_what_a_sale_left_hardly_any_of_is_shown_until_staff_take_it_off(
    staff: Visit, open_console: OpenShop
) -> None:
    key = await somebody(open_console, "Ana Ruiz", chat="a", said="hello")
    few = update(Variant).where(Variant.sku == "MUG-BLK").values(on_hand=3)
    await open_console.database.run(lambda session: session.execute(few))
    await paid_order(open_console, key, units=1)
    page = await staff.page("/staff/catalogue")
    notice = page.get_by_role("article")
    await expect(notice).to_contain_text("Black stoneware mug")
    await expect(notice).to_contain_text("2 left")
    count = page.locator(".sections a", has_text="Catalogue").locator(".count")
    await expect(count).to_have_text("1")
    await paid_order(open_console, key, units=2)
    await page.reload()
    await expect(notice).to_contain_text("Sold out")
    await expect(notice).to_contain_text("The last one was sold.")
    await notice.get_by_role("button", name="Take off the list").click()
    await expect(page.get_by_text("Off the list until it has been restocked.")).to_be_visible()
    await expect(notice).to_have_count(0)
    await page.reload()
    await expect(count).to_have_count(0)


async def test_a_parked_event_is_shown_with_its_reason_and_tried_again(
    staff: Visit, open_console: OpenShop
) -> None:
    key = await somebody(open_console, "Ana Ruiz", chat="a", said="hello")
    await parked_event(open_console, key, said="what is in my cart?")
    page = await staff.page("/staff/problems")
    problem = page.get_by_role("article")
    await expect(problem).to_contain_text("what is in my cart?")
    await expect(problem).to_contain_text("KeyError: 'a slot that was not there'")
    await expect(problem.get_by_text("Traceback")).to_be_hidden()
    await problem.get_by_text("All of it, after 5 tries").click()
    await expect(problem.get_by_text("Traceback")).to_be_visible()
    await problem.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("heading", name="No problems")).to_be_visible()
    await open_console.settled()
    assert open_console.parked() == []


async def test_a_message_that_will_never_leave_is_shown_with_its_reason(
    staff: Visit, open_console: OpenShop
) -> None:
    key = await somebody(open_console, "Ana Ruiz", chat="a", said="hello", channel="telegram")
    now = open_console.parley.clock.now()
    message = Say(text="Your <b>order</b>")
    await open_console.database.run(
        lambda session: outbox.queue_message(session, key, message, dedupe="dead", at=now)
    )
    buried = update(OutboxRow).values(state=OutboxState.DEAD, error="chat not found", sent_at=now)
    await open_console.database.run(lambda session: session.execute(buried))
    page = await staff.page("/staff/problems")
    await page.get_by_role("link", name="Could not be sent").click()
    await expect(page.get_by_role("article")).to_contain_text("chat not found")
    await expect(page.get_by_role("article")).to_contain_text("“Your order”")
    await expect(page.get_by_role("button", name="Try again")).to_have_count(0)


# ---------------------------------------------------------------------- the door


@pytest.fixture
async def closed_shop(
    anyio_backend: str, shop_template: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[OpenShop]:
    """The demo shop with a staff password."""
    monkeypatch.setenv("PARLEY_STAFF_PASSWORD", PASSWORD)
    async with open_shop(shop_template, copy_home(shop_template, tmp_path / "home"), console=True) as shop:
        yield shop


async def test_the_staff_page_opens_for_the_password_alone(browser: Browser, closed_shop: OpenShop) -> None:
    visits = Visits(browser, closed_shop.url)
    async with visits.browse(size=DESKTOP) as visit:
        page = await visit.page("/staff/orders?status=paid")
        await page.get_by_label("Staff password").fill("wrong")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("alert")).to_have_text("That is not the password.")
        await page.get_by_label("Staff password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page).to_have_url(f"{closed_shop.url}/staff/orders?status=paid")
        await expect(page.get_by_role("heading", name="All done")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await page.goto(f"{closed_shop.url}/staff")
        await expect(page.get_by_label("Staff password")).to_be_visible()
    assert visits.complaints == []


async def test_guessing_is_slowed_down_even_for_the_right_password(
    browser: Browser, closed_shop: OpenShop
) -> None:
    async with Visits(browser, closed_shop.url).browse() as visit:
        page = await visit.page("/staff")
        for password in [f"guess {number}" for number in range(5)] + [PASSWORD]:
            await page.get_by_label("Staff password").fill(password)
            await page.get_by_role("button", name="Sign in").click()
            await expect(page.get_by_role("alert")).to_be_visible()
        await expect(page.get_by_role("alert")).to_have_text("Too many tries. Please wait a minute.")


async def test_no_staff_page_shows_anything_before_the_door(browser: Browser, closed_shop: OpenShop) -> None:
    await somebody(closed_shop, "Ana Ruiz", chat="a", said="a secret wish")
    async with Visits(browser, closed_shop.url).browse() as visit:
        for path in ("", "/conversations/1", "/orders", "/orders/7K3Q9T", "/catalogue", "/problems"):
            answer = await visit.context.request.get(f"{visit.url}/staff{path}", max_redirects=0)
            assert answer.status == 303
            assert answer.headers["location"].startswith("/staff/sign-in?to=/staff")


async def test_signing_in_leads_to_pages_of_ours_only(browser: Browser, closed_shop: OpenShop) -> None:
    async with Visits(browser, closed_shop.url).browse() as visit:
        for wanted in ("https://evil.example/", "//evil.example", "/staffing", "/\\evil.example"):
            answer = await visit.context.request.post(
                f"{visit.url}/staff/sign-in", form={"password": PASSWORD, "to": wanted}, max_redirects=0
            )
            assert answer.headers["location"] == "/staff"
