"""Chromium, and the demo shop open in front of it."""

import shutil
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from app.stage import Template, copy_home
from tests.open_shop import OpenShop, open_shop

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
PATIENCE_MILLISECONDS = 20_000


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One loop for all of these tests, so that they can share one browser."""
    return "asyncio"


@pytest.fixture(scope="session")
async def browser(anyio_backend: str) -> AsyncIterator[Browser]:
    """The Chromium of this machine."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium on this machine; on Debian or Ubuntu: apt-get install chromium")
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        await launched.close()


@pytest.fixture
async def open_console(
    anyio_backend: str, shop_template: Template, tmp_path: Path
) -> AsyncIterator[OpenShop]:
    """The demo shop with its pages."""
    async with open_shop(shop_template, copy_home(shop_template, tmp_path / "home"), console=True) as shop:
        yield shop


class Visits:
    """Opens browsers that notice every mistake of a page: errors in its console, and what it wants from elsewhere."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self.complaints: list[str] = []

    @asynccontextmanager
    async def browse(self, *, size: dict[str, int] = PHONE, **options: Any) -> AsyncGenerator["Visit"]:
        """A browser of its own: no cookies, nothing remembered."""
        context = await self._browser.new_context(viewport=size, **options)  # pyright: ignore[reportArgumentType]
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        try:
            yield Visit(self, context, self._url)
        finally:
            await context.close()

    def watch(self, page: Page) -> None:
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._complain(str(error)))
        page.on("request", lambda asked: self._check(asked.url))

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            self._complain(said.text)

    def _check(self, url: str) -> None:
        if not url.startswith((self._url, "data:", "blob:")):
            self._complain(f"asked for {url}")

    def _complain(self, words: str) -> None:
        self.complaints.append(words)


class Visit:
    """One browser at the shop."""

    def __init__(self, visits: Visits, context: BrowserContext, url: str) -> None:
        self._visits = visits
        self.context = context
        self.url = url

    async def page(self, path: str = "/chat") -> Page:
        """A new tab on that page: the web chat, if no other."""
        page = await self.context.new_page()
        self._visits.watch(page)
        await page.goto(self.url + path)
        return page


@pytest.fixture
async def visits(browser: Browser, open_console: OpenShop) -> AsyncIterator[Visits]:
    """Ways to open a browser at the shop; at the end no page may have complained."""
    made = Visits(browser, open_console.url)
    yield made
    assert made.complaints == []
