"""The conversations: who writes, what was said, and a field to answer in."""

import asyncio
from typing import Annotated

from fastapi import Path, Request
from fastapi.responses import Response
from nicegui import ui
from starlette.exceptions import HTTPException

from bot.transcript import Author
from console import staff_reply
from console.chat_elements import Composer, MessageList, Written
from console.elements import box, button, link, page, text, time_tag
from console.notation import notation_of
from console.order_words import order_link, status_badge
from console.reads.conversations import (
    CartRow,
    ConversationRow,
    CustomerFacts,
    OrderRow,
    conversation_at,
    facts_of,
    newest,
)
from console.reads.listing import Listed
from console.reads.talk import lines
from console.services import ConsoleServices
from console.staff_access import StaffAccess
from console.staff_frame import attention_of, badge, empty_state, page_links, search_form, staff_page
from console.talk import Talk

LIST_LOOK_SECONDS = 4.0
TALK_LOOK_SECONDS = 1.5
LINES_AT_ONCE = 200
PREFIX = {Author.BOT: "Bot: ", Author.STAFF: "Team: ", Author.CUSTOMER: ""}

LineNumber = Annotated[int, Path(ge=1, le=2**53)]


def add_pages(services: ConsoleServices, access: StaffAccess) -> None:
    """Serve the list at /staff and one conversation at /staff/conversations/<number>."""
    title = f"Conversations · {services.profile.name}"

    @page("/staff", title)
    async def list_page(request: Request, page: int = 1, search: str = "") -> Response | None:  # pyright: ignore[reportUnusedFunction]
        if (elsewhere := access.turned_away(request)) is not None:
            return elsewhere
        waiting = await attention_of(services)
        with staff_page(services, access, "Conversations", waiting):
            await ConversationList(services, page, search.strip()).build()
        return None

    @page("/staff/conversations/{number}", title)
    async def conversation_page(request: Request, number: LineNumber) -> Response | None:  # pyright: ignore[reportUnusedFunction]
        if (elsewhere := access.turned_away(request)) is not None:
            return elsewhere
        conversation = await services.database.look(lambda session: conversation_at(session, number))
        if conversation is None:
            raise HTTPException(404)
        waiting = await attention_of(services)
        with staff_page(services, access, "Conversations", waiting):
            await ConversationView(services, conversation).build()
        return None


class ConversationList:
    """The list, looked at anew every few seconds."""

    def __init__(self, services: ConsoleServices, page: int, search: str) -> None:
        self._services = services
        self._page = page
        self._search = search
        self._notation = notation_of(services.profile)
        self._seen: Listed[ConversationRow] | None = None

    async def build(self) -> None:
        """Lay it out and keep it fresh."""
        search_form("/staff", self._search, label="Name, phone or e-mail")
        self._frame = box("inbox")
        await self._show()
        ui.timer(LIST_LOOK_SECONDS, self._show, immediate=False)

    async def _show(self) -> None:
        listed = await self._services.database.look(
            lambda session: newest(session, page=self._page, search=self._search)
        )
        if listed == self._seen:
            return
        self._seen = listed
        self._frame.clear()
        with self._frame:
            if not listed.rows:
                self._say_empty()
            for each in listed.rows:
                self._row(each)
            page_links("/staff", listed, search=self._search)

    def _say_empty(self) -> None:
        if self._search:
            empty_state("Nobody found", f"No customer’s name, phone or e-mail has “{self._search}” in it.")
        else:
            empty_state(
                "No conversations yet", "As soon as somebody writes to the shop, you will see it here."
            )

    def _row(self, each: ConversationRow) -> None:
        with box("inbox-row", tag="a", href=f"/staff/conversations/{each.number}"):
            with box("inbox-top"):
                text(each.name, "inbox-name", dir="auto")
                if each.wants_person:
                    badge("Wants a person", "urgent")
                text(each.channel, "inbox-channel")
                now = self._services.clock.now()
                time_tag(each.at, self._notation.brief(each.at, now=now), "inbox-time")
            text(PREFIX[each.last_author] + each.last_words, "inbox-words", tag="p", dir="auto")


class ConversationView:
    """One conversation, live, with everything about its customer beside it."""

    def __init__(self, services: ConsoleServices, conversation: str) -> None:
        self._services = services
        self._conversation = conversation
        self._notation = notation_of(services.profile)
        self._shown = 0
        self._facts: CustomerFacts | None = None
        self._looking = asyncio.Lock()  # the timer's look and the one after an answer never show a line twice

    async def build(self) -> None:
        """Lay it out and keep it fresh."""
        link("← All conversations", "/staff", "back")
        with box("conversation"):
            with box("chat staff-chat"):
                self._list = MessageList("Conversation")
                with self._list:
                    self._talk = Talk(
                        self._services.clock,
                        self._notation,
                        names={Author.CUSTOMER: "Customer", Author.BOT: "Bot", Author.STAFF: "Team"},
                    )
                Composer("Answer as the shop", self._answer)
            self._panel = box("facts-panel", tag="aside")
        await self._show()
        ui.timer(TALK_LOOK_SECONDS, self._show, immediate=False)

    async def _show(self) -> None:
        async with self._looking:
            await self._show_new()

    async def _show_new(self) -> None:
        new, facts = await self._services.database.look(
            lambda session: (
                lines(session, self._conversation, after=self._shown, most=LINES_AT_ONCE),
                facts_of(session, self._conversation),
            )
        )
        for line in new:
            self._talk.add(line)
            self._shown = line.id
        if facts != self._facts:
            self._facts = facts
            self._panel.clear()
            with self._panel:
                self._show_facts(facts)

    async def _answer(self, written: Written) -> None:
        now = self._services.clock.now()
        await self._services.database.run(
            lambda session: staff_reply.answer(
                session, self._conversation, written.text, identity=written.id, at=now
            )
        )
        await self._services.wake()
        await self._show()
        self._list.to_newest()

    async def _close_request(self) -> None:
        await self._services.database.run(
            lambda session: staff_reply.close_request(session, self._conversation)
        )
        await self._show()

    # ------------------------------------------------------------------ the customer

    def _show_facts(self, facts: CustomerFacts) -> None:
        text(facts.name, "facts-name", tag="h1", dir="auto")
        if facts.wants_person:
            with box("request"):
                badge("Wants a person", "urgent")
                button("No answer needed", self._close_request, "quiet-button")
        if facts.blocked:
            text("Has stopped the bot: messages do not arrive.", "facts-note", tag="p")
        with box("facts", tag="dl"):
            self._fact("Channel", f"{facts.channel} @{facts.username}" if facts.username else facts.channel)
            self._fact("Phone", facts.phone)
            self._fact("E-mail", facts.email)
            self._fact("Address", facts.address)
            self._fact("Since", self._notation.moment(facts.since) if facts.since else "")
        self._show_cart(facts.cart)
        self._show_orders(facts.orders)

    @staticmethod
    def _fact(name: str, value: str) -> None:
        if value:
            with box("fact"):
                text(name, tag="dt")
                text(value, tag="dd", dir="auto")

    def _show_cart(self, cart: tuple[CartRow, ...]) -> None:
        text("Cart", "facts-title", tag="h2")
        if not cart:
            text("Empty", "facts-note", tag="p")
        for each in cart:
            with box("fact-row"):
                text(f"{each.units} × {each.name}", dir="auto")
                text(self._notation.money(each.price), "amount")

    def _show_orders(self, orders: tuple[OrderRow, ...]) -> None:
        text("Orders", "facts-title", tag="h2")
        if not orders:
            text("None yet", "facts-note", tag="p")
        for each in orders:
            with box("fact-row"):
                order_link(each.reference)
                status_badge(each.status)
                text(self._notation.money(each.total), "amount")
