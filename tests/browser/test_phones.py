"""The demo's front page: phones side by side, on which one person plays everybody."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.async_api import FrameLocator, Locator, Page, expect

from app.running import assemble
from app.server import ShopServer, create_app, listen_on
from app.settings import Secrets
from app.stage import Template, copy_home
from app.wiring import Loaded
from console.notation import notation_of
from shop.orders.model import OrderStatus
from storage.engine import Database
from tests.browser.conftest import DESKTOP, PATIENCE_MILLISECONDS, PHONE, Visits
from tests.open_shop import OpenShop, settings_for_tests

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

expect.set_options(timeout=PATIENCE_MILLISECONDS)

WIDE = {"width": 1440, "height": 900}
TABLET = {"width": 820, "height": 1180}
ANA, BEN, FRIENDS = "Phone: Ana · Telegram", "Phone: Ben · Messenger", "Phone: Friends · Telegram group"


def phone(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def talk(page: Page, name: str) -> Locator:
    return phone(page, name).get_by_role("log")


async def begun(page: Page, name: str) -> Locator:
    """That phone, after Start was pressed and the shop said hello."""
    held = phone(page, name)
    await held.get_by_role("button", name=re.compile("Start|Get started")).click()
    await expect(talk(page, name)).to_contain_text("Welcome to Kettle & Quay")
    return held


async def say(held: Locator, words: str, *, answer: str | re.Pattern[str]) -> None:
    await held.get_by_label("Message from").locator("visible=true").fill(words)
    await held.get_by_label("Message from").locator("visible=true").press("Enter")
    await expect(held.get_by_role("log")).to_contain_text(answer)


async def to_the_payment(held: Locator) -> None:
    """Find a mug, take it, and say where it shall go, up to the button that asks for money."""
    log = held.get_by_role("log")
    await say(held, "a black mug under 15 euros", answer="Black stoneware mug")
    await held.get_by_role("button", name=re.compile("^Add to cart")).first.click()
    await expect(log).to_contain_text("The cart comes to €12.00")
    await say(held, "checkout", answer="Who is it for?")
    await say(held, "Sam Ruiz", answer="How would you like to get it?")
    await held.get_by_role("button", name=re.compile("^Pick")).click()
    await expect(log).to_contain_text("phone")
    await say(held, "+32 470 12 34 56", answer="Total €12.00")


def pay_page(held: Locator) -> FrameLocator:
    return held.frame_locator("iframe[title='Payment page']")


async def test_ben_buys_on_messenger_and_pays_on_the_page_inside_his_phone(
    visits: Visits, open_console: OpenShop
) -> None:
    async with visits.browse(size=WIDE) as visit:
        page = await visit.page("/")
        ben = await begun(page, BEN)
        await to_the_payment(ben)
        await ben.get_by_role("button", name=re.compile(r"^Pay €12\.00")).click()
        link = ben.locator(".choice.link").last
        await expect(link).to_contain_text("Pay")
        await link.click()
        await pay_page(ben).get_by_label("E-mail").fill("ben@example.org")
        await pay_page(ben).get_by_label("Declined").check()
        await pay_page(ben).get_by_role("button", name="Pay").click()
        await expect(pay_page(ben).get_by_role("alert")).to_contain_text("declined")
        await pay_page(ben).get_by_label("E-mail").fill("ben@example.org")
        await pay_page(ben).get_by_role("button", name="Pay").click()
        await expect(ben.get_by_role("log")).to_contain_text("Your payment of €12.00 is in")
        await expect(ben.locator("iframe")).to_have_count(0)
    (order,) = open_console.orders()
    assert order.status is OrderStatus.PAID


async def test_ana_pays_the_invoice_in_her_chat_after_her_first_card_was_declined(
    visits: Visits, open_console: OpenShop
) -> None:
    async with visits.browse(size=WIDE) as visit:
        page = await visit.page("/")
        ana = await begun(page, ANA)
        await to_the_payment(ana)
        await ana.get_by_role("button", name=re.compile(r"^Pay €12\.00")).click()
        await ana.locator(".choice.pay").click()
        sheet = ana.get_by_role("dialog", name="Payment")
        await expect(sheet.get_by_role("radio").first).to_be_focused()
        await sheet.get_by_label("0002").check()
        await sheet.get_by_role("button", name="Pay €12.00").click()
        await expect(sheet.get_by_role("alert")).to_contain_text("declined")
        await sheet.get_by_label("4242").check()
        await sheet.get_by_role("button", name="Pay €12.00").click()
        await expect(sheet).to_have_count(0)
        await expect(talk(page, ANA)).to_contain_text("Ana paid")
        await expect(talk(page, ANA)).to_contain_text("Your payment of €12.00 is in")
        await say(ana, "can I get an invoice?", answer="And the receipt")
        file = ana.get_by_role("link", name=re.compile(r"^invoice-\w{6}\.pdf \d+ kB$"))
        opened = await page.request.get(await file.evaluate("link => link.href"))
        assert opened.headers["content-type"] == "application/pdf"
        assert (await opened.body()).startswith(b"%PDF-")
    (order,) = open_console.orders()
    assert order.status is OrderStatus.PAID


async def test_a_day_turned_on_the_clock_ends_an_order_that_nobody_paid(
    visits: Visits, open_console: OpenShop
) -> None:
    before = open_console.parley.clock.now()
    async with visits.browse(size=WIDE) as visit:
        page = await visit.page("/")
        ben = await begun(page, BEN)
        await to_the_payment(ben)
        await ben.get_by_role("button", name=re.compile(r"^Pay €12\.00")).click()
        await ben.locator(".choice.link").last.click()
        await expect(pay_page(ben).get_by_label("E-mail")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(ben.locator("iframe")).to_have_count(0)
        desk = page.get_by_role("region", name="Clock and faults")
        await desk.get_by_role("button", name="+1 day").click()
        await expect(talk(page, BEN)).to_contain_text("was not paid in time")
        tomorrow = notation_of(open_console.parley.settings.shop).moment(before + timedelta(days=1))
        await expect(desk.locator(".desk-time")).to_contain_text(tomorrow.partition(",")[0])
        await expect(phone(page, ANA).locator(".status-time")).to_have_text(re.compile(r"\d\d:\d\d"))
    (order,) = open_console.orders()
    assert order.status is OrderStatus.EXPIRED
    assert (open_console.parley.clock.now() - before).days == 1


async def test_a_fault_is_announced_until_it_happened_and_the_message_arrives_all_the_same(
    visits: Visits, open_console: OpenShop
) -> None:
    async with visits.browse(size=WIDE) as visit:
        page = await visit.page("/")
        ana = await begun(page, ANA)
        desk = page.get_by_role("region", name="Clock and faults")
        await desk.get_by_label("What goes wrong next").select_option("telegram_429")
        await desk.get_by_role("button", name="Inject").click()
        await expect(desk.locator(".desk-waiting")).to_contain_text("Waiting to happen: Telegram refuses")
        await say(ana, "a black mug under 15 euros", answer="Black stoneware mug")
        await expect(desk.locator(".desk-waiting")).to_have_text("")
    assert open_console.sandbox.telegram.faults.to_come("send*") == 0


async def test_friends_talk_in_the_group_and_the_shop_answers_who_names_it(visits: Visits) -> None:
    async with visits.browse(size=WIDE) as visit:
        page = await visit.page("/")
        friends = phone(page, FRIENDS)
        await expect(friends.get_by_role("log")).to_contain_text("Cleo added Kettle & Quay")
        await expect(friends.get_by_role("log")).to_contain_text(
            "write @KettleAndQuayBot before your question"
        )
        await say(friends, "Shall we order together?", answer="Shall we order together?")
        await friends.get_by_role("button", name="Cleo", exact=True).click()
        await expect(friends.get_by_role("button", name="Cleo", exact=True)).to_have_attribute(
            "aria-pressed", "true"
        )
        await expect(friends.locator(".line.bot .bubble-author").last).to_have_text("Ana")
        await say(friends, "@KettleAndQuayBot do you have a black mug?", answer="Black stoneware mug")


async def test_what_one_friend_wants_to_buy_goes_on_in_their_own_chat(
    visits: Visits, open_console: OpenShop
) -> None:
    async with visits.browse(size=WIDE) as visit:
        page = await visit.page("/")
        friends = phone(page, FRIENDS)
        await friends.get_by_role("button", name="Open private chat").click()
        await expect(talk(page, ANA)).to_contain_text("Welcome to Kettle & Quay")
        await say(friends, "@KettleAndQuayBot a black mug under 15 euros", answer="Black stoneware mug")
        await friends.get_by_role("button", name=re.compile("^Add to cart")).first.click()
        await expect(talk(page, ANA)).to_contain_text("The cart comes to €12.00")
        await say(friends, "@KettleAndQuayBot what is in my cart?", answer="between the two of us")
        await friends.get_by_role("button", name="Go on in private").click()
        await expect(talk(page, ANA)).to_contain_text("Black stoneware mug")
        await expect(talk(page, FRIENDS)).not_to_contain_text("The cart comes to")
    assert open_console.parked() == []


async def test_staff_see_what_was_said_on_the_phone_beside_theirs(visits: Visits) -> None:
    async with visits.browse(size=WIDE) as visit:
        page = await visit.page("/")
        ana = await begun(page, ANA)
        await say(ana, "a black mug under 15 euros", answer="Black stoneware mug")
        counter = phone(page, "Phone: Staff").frame_locator("iframe")
        await counter.get_by_role("link", name=re.compile("Conversations")).click()
        await expect(counter.locator(".inbox-row").first).to_contain_text("Ana")


async def test_all_of_it_works_with_the_keyboard_alone(visits: Visits) -> None:
    async with visits.browse(size=WIDE) as visit:
        page = await visit.page("/")
        ana = phone(page, ANA)
        await ana.get_by_role("button", name="Start").focus()
        await page.keyboard.press("Enter")
        await expect(talk(page, ANA)).to_contain_text("Welcome to Kettle & Quay")
        await expect(ana.get_by_label("Message from Ana")).to_be_focused()
        await page.keyboard.type("a black mug under 15 euros")
        await page.keyboard.press("Enter")
        await expect(talk(page, ANA)).to_contain_text("Black stoneware mug")
        for _ in range(40):
            await page.keyboard.press("Shift+Tab")
            if await page.evaluate("document.activeElement.textContent.startsWith('Add to cart')"):
                break
        await page.keyboard.press("Enter")
        await expect(talk(page, ANA)).to_contain_text("The cart comes to €12.00")


async def test_on_a_small_screen_one_phone_is_seen_at_a_time_and_the_tabs_lead_to_each(
    visits: Visits,
) -> None:
    async with visits.browse(size=PHONE, has_touch=True, reduced_motion="reduce") as visit:
        page = await visit.page("/")
        await expect(phone(page, ANA)).to_be_in_viewport(ratio=0.9)
        await expect(phone(page, BEN)).not_to_be_in_viewport(ratio=0.1)
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        await page.get_by_role("button", name="Ben", exact=True).tap()
        await expect(phone(page, BEN)).to_be_in_viewport(ratio=0.9)
        await expect(page.get_by_role("button", name="Ben", exact=True)).to_have_attribute(
            "aria-current", "true"
        )
        ben = await begun(page, BEN)
        await say(ben, "a black mug under 15 euros", answer="Black stoneware mug")
        await page.get_by_role("button", name="Clock & faults").tap()
        await expect(page.get_by_role("button", name="+1 day")).to_be_in_viewport()


@pytest.mark.parametrize("size", [WIDE, DESKTOP, TABLET], ids=["wide", "desktop", "tablet"])
async def test_nothing_sticks_out_of_the_page(visits: Visits, size: dict[str, int]) -> None:
    async with visits.browse(size=size) as visit:
        page = await visit.page("/")
        await expect(phone(page, ANA).get_by_role("button", name="Start")).to_be_in_viewport()
        room = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        assert await page.evaluate(room) == [size["width"], size["height"]]


async def test_starting_over_empties_the_chats_and_keeps_the_orders(
    visits: Visits, open_console: OpenShop
) -> None:
    async with visits.browse(size=WIDE) as visit:
        page = await visit.page("/")
        ana = await begun(page, ANA)
        await to_the_payment(ana)
        page.on("dialog", lambda dialog: dialog.accept())
        await page.get_by_role("button", name="Start over").click()
        await expect(phone(page, ANA).get_by_role("button", name="Start")).to_be_visible()
        await expect(talk(page, ANA)).not_to_contain_text("Black stoneware mug")
        await begun(page, ANA)
    assert len(open_console.sandbox.telegram.users()) == 4


async def test_a_photo_is_sent_and_seen(visits: Visits, open_console: OpenShop) -> None:
    picture = next(path for path in sorted(open_console.parley.home.media.iterdir()) if path.suffix == ".jpg")
    async with visits.browse(size=WIDE) as visit:
        page = await visit.page("/")
        ben = await begun(page, BEN)
        await ben.locator("input[type=file]").set_input_files(picture)
        await expect(ben.locator(".line.customer .bubble-picture")).to_have_js_property(
            "complete", value=True
        )


async def test_a_reload_shows_the_same_chats(visits: Visits) -> None:
    async with visits.browse(size=WIDE) as visit:
        page = await visit.page("/")
        ana = await begun(page, ANA)
        await say(ana, "a black mug under 15 euros", answer="Black stoneware mug")
        await page.reload()
        await expect(talk(page, ANA)).to_contain_text("Black stoneware mug")


@pytest.fixture
async def real_shop(anyio_backend: str, shop_template: Template, tmp_path: Path) -> AsyncIterator[str]:
    """The address of the shop with its pages as `parley serve` opens it, where no keys are set."""
    home, settings = copy_home(shop_template, tmp_path / "real"), settings_for_tests(console=True)
    ready = Loaded(Database.open(home.database_url), shop_template.learnt)
    with listen_on("127.0.0.1", 0) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        parley, sandbox = assemble(settings, Secrets(), home, ready, url=url, sandbox=False)
        server = ShopServer(create_app(parley, sandbox), parley)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await server.opened.wait()
        yield url
        server.stop()
        await serving
        parley.close()


async def test_without_the_sandbox_the_chat_is_the_front_page_and_no_phone_is_served(real_shop: str) -> None:
    async with httpx.AsyncClient(base_url=real_shop, headers={"Accept": "text/html"}) as client:
        front = await client.get("/")
        assert "Write a message" in front.text
        assert "phones.css" not in front.text
        for path in ("/chat", "/back", "/phones-files/phones.css", "/sandbox/telegram/_people/users"):
            assert (await client.get(path)).status_code == 404, path
        assert (await client.get("/staff")).headers["X-Frame-Options"] == "DENY"
