"""The orders: a table to search, and the page of each."""

from typing import Final

from fastapi import Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from console.elements import box, link, page
from console.notation import notation_of
from console.order_words import PATH, STATUS_WORDS, delivery_label, order_link, status_badge
from console.reads.listing import Listed
from console.reads.orders import OrderRow, facts_of, listed
from console.services import ConsoleServices
from console.staff_access import StaffAccess
from console.staff_frame import (
    attention_of,
    cell,
    empty_state,
    page_links,
    row,
    search_form,
    staff_page,
    table,
)
from console.staff_order import OrderView
from shop.orders.model import OrderStatus

FILTERS: Final = {
    "All": None,
    "To pay later": OrderStatus.PLACED,
    "To pack": OrderStatus.PAID,
    "To ship": OrderStatus.PACKED,
    "Rest to ship": OrderStatus.PART_SHIPPED,
    "On the way": OrderStatus.SHIPPED,
}


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
