"""The customers' chat as they use it: in a browser, mostly on a phone."""

import asyncio
import os
import re
import threading

import pytest
from playwright.async_api import Locator, Page, expect
from sqlalchemy import func, select, update

from bot import transcript
from bot.delivery.model import InboxEvent
from bot.messages import MESSAGE, Button, Say
from bot.transcript import Author, Utterance
from console import elements
from shop.catalogue.model import Product
from tests.browser.conftest import DESKTOP, PATIENCE_MILLISECONDS, Visits
from tests.open_shop import OpenShop

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

expect.set_options(timeout=PATIENCE_MILLISECONDS)


def field(page: Page) -> Locator:
    return page.get_by_label("Write a message")


def bubbles(page: Page, author: str) -> Locator:
    return page.locator(f".line.{author}:not(.typing) .bubble")


async def greeted(page: Page) -> Page:
    await expect(bubbles(page, "bot").first).to_contain_text("Welcome to Kettle & Quay")
    return page


async def say(page: Page, words: str, *, answer: str | re.Pattern[str]) -> None:
    """Write it and wait for an answer below it."""
    await field(page).fill(words)
    await field(page).press("Enter")
    await expect(page.get_by_role("log")).to_contain_text(answer)


def conversation(shop: OpenShop) -> str:
    """The only conversation there is."""
    return shop.read(lambda session: session.scalars(select(Utterance.conversation).distinct()).one())


async def tell(shop: OpenShop, message: Say, *, author: Author = Author.BOT) -> None:
    """Put a message into the transcript behind the page's back: no bell rings."""
    key, now = conversation(shop), shop.parley.clock.now()
    content = MESSAGE.dump_python(message, mode="json")
    await shop.database.run(lambda session: transcript.note(session, key, author, content, at=now))


async def test_a_first_visit_is_greeted_once_and_a_reload_shows_the_same_talk(visits: Visits) -> None:
    async with visits.browse() as visit:
        page = await greeted(await visit.page())
        await say(page, "do you have a black mug?", answer="Black stoneware mug")
        await page.reload()
        await greeted(page)
        await expect(bubbles(page, "customer")).to_have_text(re.compile("do you have a black mug"))
        second_tab = await greeted(await visit.page())
        await expect(bubbles(second_tab, "customer")).to_have_count(1)
        await expect(page.get_by_text("Welcome to")).to_have_count(1)


async def test_two_browsers_have_two_conversations(visits: Visits) -> None:
    async with visits.browse() as ana, visits.browse() as ben:
        page = await greeted(await ana.page())
        await say(page, "hello, I am Ana", answer=re.compile("Welcome|hello", re.IGNORECASE))
        other = await greeted(await ben.page())
        await expect(bubbles(other, "customer")).to_have_count(0)


async def test_leaving_the_chat_on_a_shared_computer_begins_a_new_one(visits: Visits) -> None:
    async with visits.browse() as visit:
        page = await greeted(await visit.page())
        await say(page, "a black mug", answer="Black stoneware mug")
        await page.get_by_role("button", name="About Kettle & Quay").click()
        await page.get_by_role("button", name="Leave this chat").click()
        await expect(bubbles(page, "customer")).to_have_count(0)
        await greeted(page)


async def test_products_come_as_cards_with_pictures_and_a_tap_fills_the_cart(visits: Visits) -> None:
    async with visits.browse() as visit:
        page = await greeted(await visit.page())
        await say(page, "a black mug under 15 euros", answer="Black stoneware mug")
        card = page.locator(".card").filter(has_text="Black stoneware mug")
        await expect(card).to_contain_text("€12.00")
        picture = card.get_by_role("img")
        await expect(picture).to_have_attribute("alt", re.compile(r"\w"))
        await expect(picture).to_have_js_property("complete", value=True)
        assert await picture.evaluate("image => image.naturalWidth") > 0
        await card.get_by_role("button", name="Add to cart").click()
        await expect(page.get_by_role("log")).to_contain_text("The cart comes to €12.00")
        await expect(bubbles(page, "customer").last).to_contain_text("Add to cart")


async def test_cards_scroll_sideways_and_the_page_does_not(visits: Visits) -> None:
    async with visits.browse() as visit:
        page = await greeted(await visit.page())
        await say(page, "mugs", answer="mug")
        cards = page.locator(".cards").last
        await expect(cards.locator(".card").nth(2)).to_be_attached()
        assert await cards.evaluate("row => row.scrollWidth > row.clientWidth")
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


async def test_enter_sends_shift_enter_begins_a_line_and_the_focus_stays(visits: Visits) -> None:
    async with visits.browse() as visit:
        page = await greeted(await visit.page())
        await field(page).press_sequentially("two")
        await field(page).press("Shift+Enter")
        await field(page).press_sequentially("lines")
        await expect(bubbles(page, "customer")).to_have_count(0)
        await field(page).press("Enter")
        await expect(bubbles(page, "customer").locator(".words")).to_have_text("two\nlines")
        await expect(field(page)).to_be_focused()
        await expect(field(page)).to_have_value("")


async def test_all_of_it_works_with_the_keyboard_alone(visits: Visits) -> None:
    async with visits.browse() as visit:
        page = await greeted(await visit.page())
        await page.get_by_role("button", name="My cart").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("log")).to_contain_text("Your cart is empty")
        await expect(page.get_by_role("log")).to_have_attribute("aria-live", "polite")


async def test_markup_in_what_people_write_is_shown_as_text(visits: Visits) -> None:
    async with visits.browse() as visit:
        page = await greeted(await visit.page())
        words = "<img src=x onerror=\"document.title='taken'\"> & <b>bold</b> ${1+1} {{ 1 }}"
        await say(page, words, answer=words)
        await expect(bubbles(page, "customer").locator(".words")).to_have_text(words)
        await page.reload()
        await expect(bubbles(page, "customer").locator(".words")).to_have_text(words)
        await expect(page).to_have_title("Kettle & Quay")


async def test_markup_in_product_names_is_shown_as_text(visits: Visits, open_console: OpenShop) -> None:
    title = "<script>alert(1)</script> <b>Black</b> stoneware mug"

    black_mug = update(Product).where(Product.handle == "black-mug")
    await open_console.database.run(lambda session: session.execute(black_mug.values(title=title)))
    async with visits.browse(size=DESKTOP) as visit:
        page = await greeted(await visit.page())
        await expect(page.locator(".window").get_by_text(title)).to_be_visible()
        await say(page, "a black mug under 15 euros", answer=title)
        await expect(page.locator(".card-title").get_by_text(title, exact=True)).to_be_visible()


async def test_only_our_small_html_gets_through(visits: Visits, open_console: OpenShop) -> None:
    async with visits.browse() as visit:
        page = await greeted(await visit.page())
        bad = '<b>one</b> <a href="javascript:alert(1)">two</a> <img src=x> <a href="https://example.org/">three</a>'
        await tell(open_console, Say(text=bad, buttons=((Button(label="Bad", url="javascript:alert(1)"),),)))
        bubble = bubbles(page, "bot").last
        await expect(bubble).to_contain_text("one two three")
        await expect(bubble.locator("b")).to_have_text("one")
        await expect(bubble.locator("a")).to_have_attribute("href", "https://example.org/")
        await expect(bubble.locator("img")).to_have_count(0)
        await expect(page.get_by_text("Bad")).to_have_count(0)


async def test_news_without_a_bell_are_seen_a_moment_later(visits: Visits, open_console: OpenShop) -> None:
    async with visits.browse() as visit:
        page = await greeted(await visit.page())
        await tell(open_console, Say(text="Said by another process."), author=Author.STAFF)
        await expect(bubbles(page, "staff")).to_contain_text("Said by another process.")
        await expect(page.locator(".line.staff")).to_contain_text("Kettle & Quay team")


async def test_right_to_left_words_run_right_to_left(visits: Visits) -> None:
    async with visits.browse() as visit:
        page = await greeted(await visit.page())
        await field(page).fill("مرحبا")
        assert await field(page).evaluate("field => getComputedStyle(field).direction") == "rtl"
        await field(page).press("Enter")
        words = bubbles(page, "customer").locator(".words")
        await expect(words).to_have_text("مرحبا")
        assert await words.evaluate("words => getComputedStyle(words).direction") == "rtl"


async def test_a_long_text_is_hinted_at_and_still_sent(visits: Visits, open_console: OpenShop) -> None:
    async with visits.browse() as visit:
        page = await greeted(await visit.page())
        await field(page).fill("a" * 3_950)
        await expect(page.get_by_text("50 characters left.")).to_be_visible()
        await field(page).fill("mug " * 1_001)
        await expect(page.get_by_text("4 characters too many")).to_be_visible()
        await field(page).press("Enter")
        await expect(bubbles(page, "customer")).to_have_count(1)
        await expect(field(page)).to_have_value("")


async def test_a_double_click_is_one_tap(visits: Visits, open_console: OpenShop) -> None:
    async with visits.browse() as visit:
        page = await greeted(await visit.page())
        await say(page, "a black mug under 15 euros", answer="Black stoneware mug")
        await page.get_by_role("button", name="Add to cart").first.dblclick()
        await expect(page.get_by_role("log")).to_contain_text("The cart comes to €12.00")
        await open_console.settled()
        await expect(page.get_by_role("log")).not_to_contain_text("€24.00")


async def test_an_old_button_gets_a_kind_answer(visits: Visits) -> None:
    async with visits.browse() as visit:
        page = await greeted(await visit.page())
        await say(page, "a black mug under 15 euros", answer="Black stoneware mug")
        await page.get_by_role("button", name="Add to cart").first.click()
        await expect(page.get_by_role("log")).to_contain_text("The cart comes to €12.00")
        await say(page, "empty my cart", answer="Shall I really empty the cart?")
        yes = page.get_by_role("button", name="Yes, empty it")
        await yes.click()
        await expect(page.get_by_role("log")).to_contain_text("Done, the cart is empty.")
        await yes.click()
        await expect(page.get_by_role("log")).to_contain_text("I have that already")


async def test_somebody_buys_and_pays_and_comes_back_to_the_same_talk(
    visits: Visits, open_console: OpenShop
) -> None:
    async with visits.browse() as visit:
        page = await greeted(await visit.page())
        await say(page, "a black mug under 15 euros", answer="Black stoneware mug")
        await page.get_by_role("button", name="Add to cart").first.click()
        await page.get_by_role("button", name="Checkout").click()
        await expect(page.get_by_role("log")).to_contain_text("Who is it for?")
        await say(page, "Ana Ruiz", answer="How would you like to get it?")
        await page.get_by_role("button", name="Standard delivery").click()
        await expect(page.get_by_role("log")).to_contain_text("Where shall we send it?")
        await say(page, "Kouter 1, 9000 Ghent", answer="Which phone number may the courier call")
        await page.get_by_label("Your phone number").fill("+32 9 234 56 78")
        await page.get_by_role("button", name="Share my number").click()
        await expect(page.get_by_role("log")).to_contain_text("Total €16.90")
        await page.get_by_role("button", name="Pay €16.90").click()
        await page.get_by_role("link", name="Pay €16.90").click()
        await page.get_by_label("E-mail").fill("ana@example.org")
        await page.get_by_role("button", name="Pay").click()
        await expect(page.get_by_role("log")).to_contain_text("Your payment of €16.90 is in")
        await expect(bubbles(page, "customer").first).to_contain_text("a black mug")
    (order,) = open_console.orders()
    assert order.status == "paid"
    assert order.phone == "+3292345678"


async def test_the_window_of_a_desktop_shows_goods_to_ask_about(visits: Visits) -> None:
    async with visits.browse(size=DESKTOP) as visit:
        page = await greeted(await visit.page())
        await expect(page.get_by_role("heading", level=1)).to_have_text("Good things for slow mornings.")
        tile = page.locator(".window .tile").filter(has_text="Camp lantern")
        await expect(tile).to_contain_text("€46.00")
        await tile.click()
        await expect(page.locator(".card").filter(has_text="Camp lantern")).to_be_visible()


async def test_dots_show_until_the_answer_is_there(visits: Visits, open_console: OpenShop) -> None:
    async with visits.browse() as visit:
        page = await greeted(await visit.page())
        await open_console.settled()
        free = threading.Event()
        held = open_console.database.write(lambda _session: free.wait(PATIENCE_MILLISECONDS / 1000))
        try:
            await field(page).fill("a black mug")
            await field(page).press("Enter")
            await expect(bubbles(page, "customer")).to_contain_text("a black mug")
            await expect(page.locator(".typing")).to_be_visible()
            await expect(field(page)).to_have_value("a black mug")  # it is not gone before it is kept
        finally:
            free.set()
        assert await asyncio.wrap_future(held)
        await expect(page.locator(".card").first).to_be_visible()
        await expect(page.locator(".typing")).to_be_hidden()
        await expect(field(page)).to_have_value("")


@pytest.fixture
def quick_goodbye(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that is gone is not waited for."""
    monkeypatch.setattr(elements, "RECONNECT_SECONDS", 0.1)


async def test_a_closed_page_leaves_nothing_behind(
    quick_goodbye: None, visits: Visits, open_console: OpenShop
) -> None:
    def following() -> set[asyncio.Task[object]]:
        return {task for task in asyncio.all_tasks() if task.get_name() == "follow a chat"}

    async with visits.browse() as visit:
        await greeted(await visit.page())
        (task,) = following()
    async with asyncio.timeout(PATIENCE_MILLISECONDS / 1000):
        await asyncio.wait({task})
    assert following() == set()
    assert not open_console.parley.web._looking


async def test_a_repeat_of_the_same_input_changes_nothing(visits: Visits, open_console: OpenShop) -> None:
    async with visits.browse() as visit:
        await greeted(await visit.page())
        await greeted(await visit.page())
    opened = select(func.count()).select_from(InboxEvent)
    assert open_console.read(lambda session: session.scalar(opened)) == 1


async def test_pictures_come_from_the_media_folder_and_nothing_else_does(
    visits: Visits, open_console: OpenShop
) -> None:
    async with visits.browse() as visit:
        name = os.listdir(open_console.parley.home.media)[0]  # noqa: PTH208 - no loop waits for this test
        assert (await visit.context.request.get(f"{visit.url}/media/{name}")).ok
        for path in ("/media/..%2fsecret.key", "/media/%2e%2e/secret.key", "/media/"):
            assert (await visit.context.request.get(visit.url + path)).status == 404
