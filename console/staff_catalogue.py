"""The catalogue: what is for sale, at which price, and how much of it is left."""

from functools import partial
from typing import Final

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui

from console.elements import box, button, link, page, picture, text, time_tag
from console.notation import notation_of
from console.reads.catalogue import ProductRow, RunningLow, listed, running_low
from console.reads.listing import Listed
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
from shop.profile import ShopProfile
from shop.tasks import service as tasks
from shop.tasks.service import TaskClosed

PATH: Final = "/staff/catalogue"
STAFF: Final = "staff"  # until people sign in by name


def add_pages(services: ConsoleServices, access: StaffAccess) -> None:
    """Serve the list at /staff/catalogue."""

    @page(PATH, f"Catalogue · {services.profile.name}")
    async def catalogue_page(  # pyright: ignore[reportUnusedFunction]
        request: Request, page: int = 1, search: str = "", sold_out: bool = False
    ) -> Response | None:
        if (elsewhere := access.turned_away(request)) is not None:
            return elsewhere
        found = await services.database.look(
            lambda session: listed(session, page=page, search=search.strip(), sold_out=sold_out)
        )
        waiting = await attention_of(services)
        with staff_page(services, access, "Catalogue", waiting):
            await LowStockList(services).build()
            _show(services, found, search=search.strip(), sold_out=sold_out)
        return None


class LowStockList:
    """What a sale left hardly any of, until there is more of it or staff take the notice off."""

    def __init__(self, services: ConsoleServices) -> None:
        self._services = services
        self._notation = notation_of(services.profile)

    async def build(self) -> None:
        """Lay it out; nothing where nothing runs low."""
        self._frame = box("problems")
        await self._show()

    async def _show(self) -> None:
        found = await self._services.database.look(running_low)
        self._frame.clear()
        with self._frame:
            for each in found:
                self._notice(each)

    def _notice(self, each: RunningLow) -> None:
        with box("problem", tag="article"):
            with box("problem-head"):
                text(each.title, "problem-what", tag="h2", dir="auto")
                _left(each.free)
                time_tag(each.since, self._notation.moment(each.since), "inbox-time")
            with box("problem-end"):
                text("The last sale left no more than this." if each.free else "The last one was sold.")
                button("Take off the list", partial(self._dismiss, each), "chat-button")

    async def _dismiss(self, each: RunningLow) -> None:
        at = self._services.clock.now()
        close = partial(tasks.close, task_id=each.task, by=STAFF, resolution="taken off the list", at=at)
        try:
            await self._services.database.run(close)
        except TaskClosed:
            ui.notify("It was off the list already.")
        else:
            ui.notify("Off the list until it has been restocked.", type="positive")
        await self._show()


def _show(services: ConsoleServices, found: Listed[ProductRow], *, search: str, sold_out: bool) -> None:
    kept = {"sold_out": "1"} if sold_out else {}
    search_form(PATH, search, label="Title, maker, category or SKU", keep=kept)
    with box("filters", tag="nav", aria_label="Show"):
        link("All", PATH, "filter", **({} if sold_out else {"aria_current": "true"}))
        link("Sold out", f"{PATH}?sold_out=1", "filter", **({"aria_current": "true"} if sold_out else {}))
    if not found.rows:
        _say_empty(search, sold_out=sold_out)
        return
    with table("", "Product", "Category", "Price", "Stock"):
        for each in found.rows:
            _row(each, services.profile)
    page_links(PATH, found, search=search, **kept)


def _row(each: ProductRow, profile: ShopProfile) -> None:
    with row():
        with box("thumb-cell", tag="td"):
            if each.picture is not None:
                picture(each.picture, "thumb")  # without words: the title stands beside it
        with box(tag="td"):
            text(each.title, "product-title", dir="auto")
            if each.variants > 1:
                text(f"{each.variants} kinds", "facts-note")
        cell(each.category)
        cell(_price_words(each, profile.locale), "amount")
        with box("stock", tag="td"):
            _stock(each, profile.low_stock_units)


def _price_words(each: ProductRow, locale: str) -> str:
    if each.lowest is None or each.highest is None:
        return "–"
    lowest = each.lowest.format(locale)
    return lowest if each.lowest == each.highest else f"{lowest} – {each.highest.format(locale)}"


def _stock(each: ProductRow, low_stock_units: int) -> None:
    if not each.published:
        badge("Not for sale", "quiet")
    elif each.free is None or each.free > low_stock_units:
        text("No limit" if each.free is None else str(each.free))
    else:
        _left(each.free)
    if each.promised:
        text(f"{each.promised} promised to orders", "facts-note")


def _left(free: int | None) -> None:
    if free == 0:
        badge("Sold out", "urgent")
    else:
        badge("No limit" if free is None else f"{free} left", "waiting")


def _say_empty(search: str, *, sold_out: bool) -> None:
    if search:
        empty_state("Nothing found", f"No title, maker, category or SKU has “{search}” in it.")
    elif sold_out:
        empty_state("Nothing is sold out", "Everything that is for sale can be had.")
    else:
        empty_state("The shelves are empty", "Bring products in with: parley import products FILE")
