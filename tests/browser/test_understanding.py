"""Staff say what was meant where the bot did not understand, and have it learnt."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from app.retraining import Retraining
from app.stage import Template, copy_home
from nlu import labelled, trained
from nlu.model import ModelStore
from storage.engine import Database
from tests.browser.conftest import DESKTOP, PATIENCE_MILLISECONDS, PHONE, Visit, Visits
from tests.integration.test_retraining import SHIPPED, fit
from tests.nlu.small_shop import AT, N_GRAMS
from tests.open_shop import OpenShop, open_shop

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

expect.set_options(timeout=PATIENCE_MILLISECONDS)

PATH = "/staff/understanding"
STRANGE = "can you flurb the gronk of anna@example.com?"


@pytest.fixture
async def teachable(anyio_backend: str, shop_template: Template, tmp_path: Path) -> AsyncIterator[OpenShop]:
    """The demo shop; what it learns anew is a model of a few sentences, made in no time."""

    def trainer(database: Database) -> Retraining:
        store = ModelStore(tmp_path / "small")
        trained.ensure_model(store, SHIPPED, N_GRAMS, embedder=None, at=AT)
        return Retraining(database, store, {"en": SHIPPED}, partial(fit, store))

    home = copy_home(shop_template, tmp_path / "home")
    async with open_shop(shop_template, home, console=True, trainer=trainer) as shop:
        yield shop


@pytest.fixture
async def visit(browser: Browser, teachable: OpenShop) -> AsyncIterator[Visit]:
    visits = Visits(browser, teachable.url)
    async with visits.browse(size=DESKTOP) as visit:
        yield visit
    assert visits.complaints == []


async def missed(shop: OpenShop, visit: Visit, words: str = STRANGE) -> Page:
    await shop.web_visitor().says(words)
    return await visit.page(PATH)


async def test_what_was_not_understood_is_taught_learnt_and_listed(teachable: OpenShop, visit: Visit) -> None:
    page = await missed(teachable, visit)
    message = page.locator("article")
    await expect(message).to_contain_text("flurb the gronk")
    await message.get_by_label("Words to learn").fill("flurb the gronk")
    await message.get_by_label("What was meant").select_option("refund")
    await message.get_by_role("button", name="Teach").click()
    await expect(page.get_by_role("heading", name="Nothing to look at")).to_be_visible()
    assert [example.text for example in teachable.read(lambda s: labelled.examples(s, "en"))] == [
        "flurb the gronk"
    ]
    await page.get_by_role("button", name="Learn it now").click()
    await expect(page.get_by_role("status")).to_contain_text("learnt, and in use")
    await page.goto(f"{teachable.url}{PATH}?kind=taught")
    await expect(page.get_by_role("row").nth(1)).to_contain_text("flurb the gronk")
    await page.get_by_role("button", name="Take back").click()
    await expect(page.get_by_role("heading", name="Nothing here")).to_be_visible()
    await expect(page.get_by_role("status")).to_contain_text("not in use yet")


async def test_who_somebody_is_is_not_offered_to_be_learnt(teachable: OpenShop, visit: Visit) -> None:
    page = await missed(teachable, visit)
    field = page.get_by_label("Words to learn")
    await expect(field).to_be_visible()
    assert "example.com" not in await field.input_value()


async def test_what_needs_no_lesson_is_put_away(teachable: OpenShop, visit: Visit) -> None:
    page = await missed(teachable, visit)
    await page.get_by_role("button", name="Nothing to learn").click()
    await expect(page.get_by_role("heading", name="Nothing to look at")).to_be_visible()
    await page.goto(f"{teachable.url}{PATH}?kind=all")
    await expect(page.locator("article")).to_contain_text("flurb the gronk")


async def test_words_without_a_word_are_refused_kindly(teachable: OpenShop, visit: Visit) -> None:
    page = await missed(teachable, visit)
    message = page.locator("article")
    await message.get_by_label("Words to learn").fill("?!")
    await message.get_by_label("What was meant").select_option("refund")
    await message.get_by_role("button", name="Teach").click()
    await expect(page.get_by_text("There is no word in it to learn from.")).to_be_visible()
    await expect(message).to_be_visible()


async def test_what_is_being_written_stays_when_the_page_changes(teachable: OpenShop, visit: Visit) -> None:
    page = await missed(teachable, visit)
    words = page.get_by_label("Words to learn")
    await words.fill("flurb it")
    teachable.database.write_now(
        lambda session: labelled.label(session, "send it back", language="en", intent="refund", at=AT)
    )
    await expect(page.get_by_role("status")).to_contain_text("not in use yet")
    await expect(words).to_have_value("flurb it")


async def test_it_fits_a_phone(teachable: OpenShop, visit: Visit, browser: Browser) -> None:
    await missed(teachable, visit)
    async with Visits(browser, teachable.url).browse(size=PHONE) as phone:
        page = await phone.page(PATH)
        await expect(page.get_by_role("button", name="Teach")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
