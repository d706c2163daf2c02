"""The customers' page: the shop's window, and the chat in which they find, ask, buy and pay.

A browser's chat has a name that only its signed cookie knows; the conversation itself is the transcript,
so that a reload, a second tab or the way back from the payment page shows the same talk.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import structlog
from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, background_tasks
from nicegui import app as nicegui_app
from nicegui.element import Element

from bot.channels.web import LINK_PATH, ChatInput, LinkPayload, new_chat_name
from bot.events import Event, Opened
from bot.messages import Button
from bot.transcript import Author
from console import shop_front
from console.chat_elements import Composer, MessageList, Written
from console.elements import box, page, text, use_style
from console.notation import notation_of
from console.reads.front import FrontProduct, products_in_window
from console.reads.talk import Line, lines
from console.services import ConsoleServices
from console.talk import Talk, typing_dots, words_of

LINES_AT_ONCE: Final = 100
LOOK_SECONDS: Final = 2.0  # the safety net under the bell
ANSWER_SECONDS: Final = 20  # after so long without an answer nobody believes the dots
CHAT_KEY: Final = "chat"
LINK_KEY: Final = "link"

log = structlog.get_logger()


def add_page(services: ConsoleServices) -> None:
    """Serve the chat, and the way to leave it behind on a shared computer."""

    @page(services.chat_path)
    async def chat_page(request: Request, client: Client) -> None:  # pyright: ignore[reportUnusedFunction]
        chat = _chat_name(request)
        in_window = await services.database.look(
            lambda session: products_in_window(session, most=shop_front.PRODUCTS)
        )
        page = ChatPage(services, chat, link=request.session.pop(LINK_KEY, ""))
        page.build(in_window)
        await page.show_new()
        client.on_connect(page.begin)  # pyright: ignore[reportUnknownMemberType] - any callable
        client.on_delete(page.end)  # pyright: ignore[reportUnknownMemberType] - any callable

    nicegui_app.remove_route(shop_front.FORGET_PATH)
    nicegui_app.remove_route(LINK_PATH + "{payload}")

    @nicegui_app.get(LINK_PATH + "{payload}")
    async def follow_link(request: Request, payload: LinkPayload) -> Response:  # pyright: ignore[reportUnusedFunction]
        request.session[LINK_KEY] = payload  # the chat opens with it once, and not again when it is reloaded
        return RedirectResponse(services.chat_path, 303)

    @nicegui_app.post(shop_front.FORGET_PATH)
    async def forget(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        request.session.pop(CHAT_KEY, None)
        return RedirectResponse(services.chat_path, 303)


def _chat_name(request: Request) -> str:
    """This browser's chat; a new name on the first visit."""
    name = request.session.get(CHAT_KEY)
    if not isinstance(name, str):
        name = request.session[CHAT_KEY] = new_chat_name()
    return name


@dataclass(frozen=True, slots=True)
class Pending:
    """Sent, and not in the transcript yet."""

    event: Event
    bubble: Element
    since: datetime


class ChatPage:
    """One open page of a chat: shows what comes, sends what is said."""

    def __init__(self, services: ConsoleServices, chat: str, *, link: str = "") -> None:
        """`link` is what the link carried that was followed to this page, if any."""
        self._services = services
        self._chat = chat
        self._link = link
        self._conversation = services.web.conversation(chat)
        self._shown = 0
        self._last: Line | None = None
        self._pending: list[Pending] = []
        self._bell = asyncio.Event()
        self._following: asyncio.Task[Any] | None = None

    # ------------------------------------------------------------------ the page

    def build(self, in_window: list[FrontProduct]) -> None:
        """Lay out the window and the chat."""
        use_style()
        with box("shop"):
            shop_front.window(self._services.profile, in_window, ask=self._ask_about)
            with box("chat"):
                shop_front.header(self._services.profile)
                for notice in self._services.notices:
                    text(notice, "notice", tag="p", role="note")
                self._build_list(in_window)
                Composer("Write a message", self._write)

    def _build_list(self, in_window: list[FrontProduct]) -> None:
        name = self._services.profile.name
        self._list = MessageList(f"Conversation with {name}")
        with self._list:
            shop_front.intro(self._services.profile, in_window, ask=self._ask_about)
            self._talk = Talk(
                self._services.clock,
                notation_of(self._services.profile),
                names={Author.CUSTOMER: "You", Author.BOT: name, Author.STAFF: f"{name} team"},
                on_tap=self._tap,
                on_phone=self._share_phone,
            )
            self._outgoing = box("talk")
            self._dots = typing_dots()

    # ------------------------------------------------------------------ showing

    def begin(self) -> None:
        """The browser is there (or back): follow the conversation, and say hello on the first visit."""
        if self._following is None:
            self._bell = self._services.web.look(self._chat)
            self._following = background_tasks.create(  # pyright: ignore[reportUnknownMemberType]
                self._follow(), name="follow a chat"
            )

    def end(self) -> None:
        """The browser is gone for good."""
        if self._following is not None:
            self._following.cancel()

    async def _follow(self) -> None:
        try:
            if self._link or self._shown == 0:
                await self._open()
            while True:
                self._bell.clear()
                await self._try_to_show_new()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._bell.wait(), LOOK_SECONDS)
        finally:
            self._services.web.look_away(self._chat, self._bell)

    async def _open(self) -> None:
        """Follow the link, else say hello. Two tabs that open at once do so only once: it has one identity in both."""
        opened = _new_id() if self._link else f"open-{self._chat}"
        try:
            await self._send(ChatInput(id=opened, open=True, payload=self._link))
        except Exception:
            log.exception("webchat.hello_failed")

    async def _try_to_show_new(self) -> None:
        """A database that is away for a moment does not end the page."""
        try:
            await self.show_new()
        except Exception:
            log.exception("webchat.look_failed")

    async def show_new(self) -> None:
        """Show what was said since the last look."""
        new = await self._services.database.look(
            lambda session: lines(session, self._conversation, after=self._shown, most=LINES_AT_ONCE)
        )
        for line in new:
            self._settle(line)
            self._talk.add(line)
            self._shown, self._last = line.id, line
        self._dots.set_visibility(self._awaits_answer())

    def _settle(self, line: Line) -> None:
        """A sent message that has arrived in the transcript is no longer pending."""
        if line.author is Author.CUSTOMER:
            for pending in self._pending:
                if pending.event == line.said:
                    self._withdraw(pending)
                    return

    def _withdraw(self, pending: Pending) -> None:
        if pending in self._pending:
            self._pending.remove(pending)
            pending.bubble.delete()

    def _awaits_answer(self) -> bool:
        recently = self._services.clock.now() - timedelta(seconds=ANSWER_SECONDS)
        if self._last is not None and self._last.author is Author.CUSTOMER and self._last.at > recently:
            return True
        return any(pending.since > recently for pending in self._pending)

    # ------------------------------------------------------------------ saying

    async def _write(self, written: Written) -> None:
        await self._send(ChatInput(id=written.id, text=written.text))

    async def _ask_about(self, title: str) -> None:
        await self._send(ChatInput(id=_new_id(), text=title))

    async def _tap(self, tapped: Button) -> None:
        under_way = {getattr(pending.event, "token", None) for pending in self._pending}
        if tapped.token not in under_way:  # a double click is one tap
            await self._send(ChatInput(id=_new_id(), token=tapped.token, label=tapped.label))

    async def _share_phone(self, number: str) -> None:
        await self._send(ChatInput(id=_new_id(), phone=number))

    async def _send(self, said: ChatInput) -> None:
        """Show it at once, keep it for good, and look for what it leads to."""
        now = self._services.clock.now()
        inbound = self._services.web.read(self._chat, said, at=now)
        pending = self._show_pending(inbound.event, now)
        taken = 0
        try:
            taken = await self._services.receive([inbound])
        finally:
            if not taken:  # it failed, or came a second time
                self._withdraw(pending)
        self._bell.set()

    def _show_pending(self, event: Event, now: datetime) -> Pending:
        with self._outgoing:
            bubble = box("line customer")
        words = words_of(event)
        with bubble:
            if words:
                with box("bubble"):
                    text(words, "words", tag="div", dir="auto")
        pending = Pending(event, bubble, now)
        self._pending.append(pending)
        self._dots.set_visibility(True)
        if not isinstance(event, Opened):
            self._list.to_newest()
        return pending


def _new_id() -> str:
    return uuid4().hex
