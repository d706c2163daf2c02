"""The catalogue: what is for sale, at which price, and how much of it is left."""

from typing import Final

from fastapi import Request
from fastapi.responses import Response

from console.elements import box, link, page, picture, text
from console.reads.catalogue import ProductRow, listed
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

PATH: Final = "/staff/catalogue"
LOW_STOCK: Final = 5


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
            _show(services, found, search=search.strip(), sold_out=sold_out)
        return None


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
            _row(each, services.profile.locale)
    page_links(PATH, found, search=search, **kept)


def _row(each: ProductRow, locale: str) -> None:
    with row():
        with box("thumb-cell", tag="td"):
            if each.picture is not None:
                picture(each.picture, "thumb")  # without words: the title stands beside it
        with box(tag="td"):
            text(each.title, "product-title", dir="auto")
            if each.variants > 1:
                text(f"{each.variants} kinds", "facts-note")
        cell(each.category)
        cell(_price_words(each, locale), "amount")
        with box("stock", tag="td"):
            _stock(each)


def _price_words(each: ProductRow, locale: str) -> str:
    if each.lowest is None or each.highest is None:
        return "–"
    lowest = each.lowest.format(locale)
    return lowest if each.lowest == each.highest else f"{lowest} – {each.highest.format(locale)}"


def _stock(each: ProductRow) -> None:
    if not each.published:
        badge("Not for sale", "quiet")
    elif each.free is None:
        text("No limit")
    elif each.free == 0:
        badge("Sold out", "urgent")
    elif each.free <= LOW_STOCK:
        badge(f"{each.free} left", "waiting")
    else:
        text(str(each.free))
    if each.promised:
        text(f"{each.promised} promised to orders", "facts-note")


def _say_empty(search: str, *, sold_out: bool) -> None:
    if search:
        empty_state("Nothing found", f"No title, maker, category or SKU has “{search}” in it.")
    elif sold_out:
        empty_state("Nothing is sold out", "Everything that is for sale can be had.")
    else:
        empty_state("The shelves are empty", "Bring products in with: parley import products FILE")
