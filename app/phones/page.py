"""The page of phones and its routes: the demo's front page."""

import asyncio
import hashlib
from collections.abc import Coroutine, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from nicegui import Client, background_tasks, ui
from nicegui.staticfiles import CacheControlledStaticFiles

from app.hands import Hands
from app.phones.cast import GROUP, Cast
from app.phones.desk import Desk, Turning
from app.phones.device import Frame, Look, Phone
from app.phones.messenger_line import MessengerLine
from app.phones.parts import Table
from app.phones.paths import BACK_PATH, CHAT_PATH, FILES_PATH, PHONES_PATH
from app.phones.seen import Line
from app.phones.telegram_line import TelegramLine
from app.phones.trouble import Troubles
from app.sandbox import BOT_NAME, Sandbox
from app.wiring import Parley
from console.elements import box, link, page, text, use_style
from console.notation import notation_of

STATIC: Final = Path(__file__).parent / "static"
STYLE_VERSION: Final = hashlib.sha256((STATIC / "phones.css").read_bytes()).hexdigest()[:12]
CACHE_SECONDS: Final = int(timedelta(days=365).total_seconds())
NAMES: Final = ("Ana", "Ben", "The group", "Staff", "Clock & faults")
BACK_PAGE: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Back to the chat</title>'
    "<script>parent === window ? location.replace('{chat}') : parent.postMessage('parley:back', '*')</script>"
    '<p><a href="{chat}">Back to the chat</a></p></html>'
).replace("{chat}", CHAT_PATH)


def add_routes(app: FastAPI) -> None:
    """What the page needs beside itself. Call it before the console is mounted, which takes whatever is left."""
    app.mount(FILES_PATH, CacheControlledStaticFiles(directory=STATIC, max_cache_age=CACHE_SECONDS))

    @app.get(BACK_PATH)
    async def back() -> HTMLResponse:  # pyright: ignore[reportUnusedFunction]
        """Where payment pages lead back to: it closes the page inside a phone."""
        return HTMLResponse(BACK_PAGE)


def add_page(parley: Parley, sandbox: Sandbox) -> None:
    """Serve the phones. Call it after the console was mounted, which forgets the pages of an earlier shop."""
    cast = Cast(sandbox, parley.home.sandbox / "phones.json")
    turning = Turning(Hands(sandbox, parley.delivery))
    troubles = Troubles(sandbox)

    @page(PHONES_PATH, title=f"{parley.settings.shop.name} with friends")
    def phones(client: Client) -> None:  # pyright: ignore[reportUnusedFunction]
        shown = PhonesPage(parley, sandbox, cast, turning, troubles)
        shown.build()
        client.on_connect(shown.begin)  # pyright: ignore[reportUnknownMemberType] - any callable
        client.on_delete(shown.end)  # pyright: ignore[reportUnknownMemberType] - any callable


class PhonesPage:
    """One open page: four phones and the desk."""

    def __init__(
        self, parley: Parley, sandbox: Sandbox, cast: Cast, turning: Turning, troubles: Troubles
    ) -> None:
        self._profile = parley.settings.shop
        self._sandbox = sandbox
        self._cast = cast
        self._turning = turning
        self._troubles = troubles
        self._notation = notation_of(self._profile)
        self._own_hosts = frozenset({urlsplit(str(sandbox.far_ends.telegram)).netloc})
        self._phones: list[Phone] = []
        self._tasks: list[asyncio.Task[Any]] = []

    # ── building ────────────────────────────────────────────────────────────────────────────────────

    def build(self) -> None:
        """Lay the phones on the table."""
        use_style()
        ui.add_head_html(f'<link rel="stylesheet" href="{FILES_PATH}/phones.css?{STYLE_VERSION}">')
        with box("table", tag="main"):
            self._head()
            with Table("Phones", list(NAMES)):
                self._lay_out()

    def _head(self) -> None:
        with box("table-head", tag="header"):
            text(f"{self._profile.name}, with friends", "table-title", tag="h1")
            text("This is a demo: no real messages are sent and no real money moves.", "table-note", tag="p")
            with box("table-links", tag="nav", aria_label="Other pages"):
                link("Web chat", CHAT_PATH)
                link("Staff page", "/staff")

    def _lay_out(self) -> None:
        telegram, bot = self._sandbox.telegram, self._sandbox.telegram.bot(BOT_NAME)
        people, language = self._cast.people, self._profile.locale
        ana = TelegramLine(telegram, people.ana, bot, language=language)
        ben = MessengerLine(self._sandbox.messenger, people.ben, language=language)
        members = {
            "Ana": TelegramLine(telegram, people.ana, people.group, language=language),
            "Cleo": TelegramLine(telegram, people.cleo, people.group, language=language),
        }
        shop = self._profile.name
        self._phones = [
            self._phone("telegram", "Ana · Telegram", {"Ana": ana}, title=shop, subtitle="bot"),
            self._phone("messenger", "Ben · Messenger", {"Ben": ben}, title=shop, subtitle="Page"),
            self._phone(
                "telegram",
                "Friends · Telegram group",
                members,
                title=GROUP,
                subtitle="Ana, Cleo and the shop",
            ),
        ]
        self._staff = Frame(
            "staff", "Staff", title=self._profile.name, subtitle="Behind the counter", notation=self._notation
        )
        with self._staff.inside:
            box("staff-frame", tag="iframe", src="/staff", title="Staff page", loading="lazy")
        self._desk = Desk(self._turning, self._troubles, self._notation, start_over=self._cast.start_over)

    def _phone(self, look: Look, name: str, lines: Mapping[str, Line], *, title: str, subtitle: str) -> Phone:
        return Phone(
            look,
            name,
            lines,
            title=title,
            subtitle=subtitle,
            notation=self._notation,
            own_hosts=self._own_hosts,
        )

    # ── living ──────────────────────────────────────────────────────────────────────────────────────

    def begin(self) -> None:
        """The browser is there (or back)."""
        if self._tasks:
            return
        for phone in self._phones:
            phone.begin()
        client = ui.context.client
        self._start(self._tell_time(), "tell the phones' time")
        self._start(self._watch_desk(), "watch the desk")
        self._start(self._reload_with(client), "watch the cast")

    def end(self) -> None:
        """The browser is gone for good."""
        for phone in self._phones:
            phone.end()
        for task in self._tasks:
            task.cancel()

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.append(
            background_tasks.create(work, name=name)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        )

    async def _tell_time(self) -> None:
        """Minute by minute, and whenever the hands are turned."""
        clock = self._sandbox.clock
        while True:
            now = clock.now()
            for each in (*self._phones, self._staff, self._desk):
                each.tell_time(now)
            self._desk.look()
            await clock.sleep(60 - now.second - now.microsecond / 1e6)

    async def _watch_desk(self) -> None:
        """What was to go wrong went wrong when somebody's screen changed after it."""
        while True:
            changes = {self._sandbox.telegram.changes.next(), self._sandbox.messenger.changes.next()}
            try:
                await asyncio.wait(changes, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for change in changes:
                    change.cancel()
            self._desk.look()

    async def _reload_with(self, client: Client) -> None:
        """Other people hold the phones now: show theirs."""
        await self._cast.changes.next()
        client.run_javascript("location.reload()")
