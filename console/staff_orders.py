"""The orders: a table to search, and one order with what staff may do next."""

from typing import Final

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui
from starlette.exceptions import HTTPException

from console import fulfilment
from console.elements import box, guarded, hidden_text, link, page, text
from console.notation import notation_of
from console.reads.listing import Listed
from console.reads.orders import MoneyRow, MoveRow, OrderFacts, OrderRow, facts_of, listed
from console.services import ConsoleServices
from console.staff_access import StaffAccess
from console.staff_frame import (
    attention_of,
    badge,
    cell,
    empty_state,
    page_links,
    row,
    search_form,
    staff_page,
    table,
)
from shop.money import Money
from shop.orders.model import OrderStatus
from shop.profile import ShopProfile

PATH: Final = "/staff/orders"
FILTERS: Final = {"All": None, "To pack": OrderStatus.PAID, "To ship": OrderStatus.PACKED}
STATUS_WORDS: Final = {
    OrderStatus.AWAITING_PAYMENT: ("Awaiting payment", "waiting"),
    OrderStatus.PAID: ("Paid", "good"),
    OrderStatus.PACKED: ("Packed", "good"),
    OrderStatus.SHIPPED: ("Shipped", "moving"),
    OrderStatus.DELIVERED: ("Delivered", "moving"),
    OrderStatus.COMPLETED: ("Completed", "quiet"),
    OrderStatus.CANCELLED: ("Cancelled", "quiet"),
    OrderStatus.EXPIRED: ("Not paid in time", "quiet"),
}
READ_TRACKING: Final = (
    "(event) => { event.preventDefault(); emit(event.target.elements.tracking?.value ?? '') }"
)


def add_pages(services: ConsoleServices, access: StaffAccess) -> None:
    """Serve the table at /staff/orders and one order at /staff/orders/<reference>."""
    title = f"Orders · {services.profile.name}"

    @page(PATH, title)
    async def orders_page(  # pyright: ignore[reportUnusedFunction]
        request: Request, page: int = 1, search: str = "", status: str = ""
    ) -> Response | None:
        if (elsewhere := access.turned_away(request)) is not None:
            return elsewhere
        wanted = OrderStatus(status) if status in set(OrderStatus) else None
        found = await services.database.look(
            lambda session: listed(session, page=page, search=search.strip(), status=wanted)
        )
        waiting = await attention_of(services)
        with staff_page(services, access, "Orders", waiting):
            _show_table(services, found, search=search.strip(), status=wanted)
        return None

    @page(f"{PATH}/{{reference}}", title)
    async def order_page(request: Request, reference: str) -> Response | None:  # pyright: ignore[reportUnusedFunction]
        if (elsewhere := access.turned_away(request)) is not None:
            return elsewhere
        facts = await services.database.look(lambda session: facts_of(session, reference))
        if facts is None:
            raise HTTPException(404)
        waiting = await attention_of(services)
        with staff_page(services, access, "Orders", waiting):
            OrderView(services, reference).build(facts)
        return None


def order_link(reference: str) -> None:
    link(reference, f"{PATH}/{reference}", "reference")


def status_badge(status: OrderStatus) -> None:
    badge(*STATUS_WORDS[status])


def delivery_label(profile: ShopProfile, code: str) -> str:
    """What the shop calls this way of delivery; its code when it is no longer offered."""
    option = profile.option(code)
    return option.label if option else code


# ---------------------------------------------------------------------- the table


def _show_table(
    services: ConsoleServices, found: Listed[OrderRow], *, search: str, status: OrderStatus | None
) -> None:
    kept = {"status": status.value} if status else {}
    search_form(PATH, search, label="Reference, name or phone", keep=kept)
    with box("filters", tag="nav", aria_label="Show"):
        for name, each in FILTERS.items():
            current = {"aria_current": "true"} if each is status else {}
            link(name, f"{PATH}?status={each.value}" if each else PATH, "filter", **current)
    if not found.rows:
        _say_empty(search, status)
        return
    notation = notation_of(services.profile)
    with table("Order", "Customer", "Status", "Total", "Delivery", "Placed"):
        for each in found.rows:
            with row():
                with box(tag="td"):
                    order_link(each.reference)
                cell(each.name)
                with box(tag="td"):
                    status_badge(each.status)
                cell(notation.money(each.total), "amount")
                cell(delivery_label(services.profile, each.delivery))
                cell(notation.moment(each.placed_at), "moment")
    page_links(PATH, found, search=search, **kept)


def _say_empty(search: str, status: OrderStatus | None) -> None:
    if search:
        empty_state("No such order", f"No reference, name or phone number has “{search}” in it.")
    elif status is not None:
        empty_state("All done", f"No order is “{STATUS_WORDS[status][0]}” right now.")
    else:
        empty_state("No orders yet", "Orders that customers place in a chat appear here.")


# ---------------------------------------------------------------------- one order


class OrderView:
    """One order. After a move it shows itself anew."""

    def __init__(self, services: ConsoleServices, reference: str) -> None:
        self._services = services
        self._reference = reference
        self._notation = notation_of(services.profile)

    def build(self, facts: OrderFacts) -> None:
        """Lay it out."""
        link("← All orders", PATH, "back")
        self._frame = box("order")
        self._show(facts)

    def _show(self, facts: OrderFacts) -> None:
        self._frame.clear()
        with self._frame:
            with box("order-head"):
                text(f"Order {facts.reference}", tag="h1")
                status_badge(facts.status)
            self._show_moves(facts)
            with box("order-columns"):
                with box("panel"):
                    self._show_lines(facts)
                with box("panel"):
                    self._show_customer(facts)
                with box("panel"):
                    self._show_money(facts.money)
                with box("panel"):
                    self._show_history(facts.moves)

    def _show_moves(self, facts: OrderFacts) -> None:
        for status in fulfilment.next_moves(facts.status):
            form = box("move", tag="form")
            form.on(
                "submit",
                lambda heard, status=status: guarded(lambda: self._move(facts, status, str(heard.args))),
                js_handler=READ_TRACKING,
            )
            with form:
                if status is OrderStatus.SHIPPED and facts.address:
                    with box(tag="label"):
                        hidden_text("Tracking number or link (optional)")
                        hint = "Tracking number or link (optional)"
                        box(tag="input", name="tracking", maxlength="200", placeholder=hint)
                words = f"Mark as {STATUS_WORDS[status][0].lower()}"
                text(words, "chat-button primary", tag="button", type="submit")

    async def _move(self, facts: OrderFacts, status: OrderStatus, tracking: str) -> None:
        services, now = self._services, self._services.clock.now()
        try:
            await services.database.run(
                lambda session: fulfilment.move_on(
                    session,
                    facts.id,
                    status,
                    tracking=tracking.strip()[:200],
                    profile=services.profile,
                    replies=services.replies,
                    at=now,
                )
            )
            await services.wake()
            ui.notify(f"Order {facts.reference} is {STATUS_WORDS[status][0].lower()}.", type="positive")
        finally:  # a refusal too means that what the page shows is old
            fresh = await services.database.look(lambda session: facts_of(session, self._reference))
            if fresh is not None:
                self._show(fresh)

    def _show_lines(self, facts: OrderFacts) -> None:
        text("Goods", "facts-title", tag="h2")
        for line in facts.lines:
            with box("fact-row"):
                with box("fact-words"):
                    text(f"{line.units} × {line.name}", dir="auto")
                    if line.sku:
                        text(line.sku, "facts-note")
                self._amount(line.price)
        with box("fact-row"):
            text(delivery_label(self._services.profile, facts.delivery))
            self._amount(facts.delivery_price)
        with box("fact-row total"):
            text("Total")
            self._amount(facts.total)

    def _amount(self, amount: Money) -> None:
        text(self._notation.money(amount), "amount")

    def _show_customer(self, facts: OrderFacts) -> None:
        text("Customer", "facts-title", tag="h2")
        with box("facts", tag="dl"):
            for name, value in (
                ("Name", facts.name),
                ("Phone", facts.phone),
                ("Address", facts.address or "Picks it up"),
                ("Placed", self._notation.moment(facts.placed_at)),
                ("Tracking", facts.tracking),
            ):
                if value:
                    with box("fact"):
                        text(name, tag="dt")
                        text(value, tag="dd", dir="auto")
        if facts.map_link:
            link("See the place on a map", facts.map_link, target="_blank", rel="noopener noreferrer")
        if facts.conversation_number is not None:
            link("Open the conversation", f"/staff/conversations/{facts.conversation_number}")

    def _show_money(self, money: tuple[MoneyRow, ...]) -> None:
        text("Payments and refunds", "facts-title", tag="h2")
        if not money:
            text("No money has moved", "facts-note", tag="p")
        for each in money:
            with box("fact-row"):
                with box("fact-words"):
                    text(f"{each.what}, {self._notation.moment(each.at)}")
                    text(each.note, "facts-note failed" if each.failed else "facts-note")
                self._amount(each.amount)

    def _show_history(self, moves: tuple[MoveRow, ...]) -> None:
        text("History", "facts-title", tag="h2")
        if not moves:
            text("Nothing has happened since it was placed", "facts-note", tag="p")
        for move in moves:
            with box("fact-row"), box("fact-words"):
                text(f"{STATUS_WORDS[move.after][0]}, {self._notation.moment(move.at)}")
                text(f"by {move.by}" + (f": {move.why}" if move.why else ""), "facts-note")
