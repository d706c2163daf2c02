"""Group deals: the list, a form for a new one or to change one, and the page of each."""

from fastapi import Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from console.deal_form import DealForm
from console.deal_words import NEW_PATH, PATH, deal_link, hours, status_badge
from console.elements import box, link, page, picture, text
from console.notation import Notation, notation_of
from console.reads.deals import DealFacts, DealRow, Goods, facts_of, goods_of, listed, offerable
from console.reads.listing import Listed
from console.services import ConsoleServices
from console.staff_access import StaffAccess
from console.staff_deal import DealView
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

SECTION = "Deals"


def add_pages(services: ConsoleServices, access: StaffAccess) -> None:
    """Serve the list at /staff/deals, one deal below it, and the form for a new one at /staff/new-deal."""
    title = f"Deals · {services.profile.name}"
    _add_list(services, access, title)
    _add_form(services, access, title)
    _add_deal(services, access, title)


def _add_list(services: ConsoleServices, access: StaffAccess, title: str) -> None:
    @page(PATH, title)
    async def deals_page(  # pyright: ignore[reportUnusedFunction]
        request: Request, page: int = 1, search: str = ""
    ) -> Response | None:
        if (elsewhere := access.turned_away(request)) is not None:
            return elsewhere
        at = services.clock.now()
        found = await services.database.look(
            lambda session: listed(session, page=page, search=search.strip(), at=at)
        )
        waiting = await attention_of(services)
        with staff_page(services, access, SECTION, waiting):
            _show_list(services, found, search=search.strip())
        return None


def _add_form(services: ConsoleServices, access: StaffAccess, title: str) -> None:
    @page(NEW_PATH, title)
    async def new_deal_page(  # pyright: ignore[reportUnusedFunction]
        request: Request, product: str = "", page: int = 1, search: str = ""
    ) -> Response | None:
        if (elsewhere := access.turned_away(request)) is not None:
            return elsewhere
        look = services.database.look
        goods = await look(lambda session: goods_of(session, product)) if product else None
        found = await look(lambda session: offerable(session, page=page, search=search.strip()))
        waiting = await attention_of(services)
        with staff_page(services, access, SECTION, waiting):
            if goods is None:
                _show_choice(services, found, search=search.strip())
            else:
                _show_form(DealForm(services, goods, None), f"Offer {goods.title} together", PATH)
        return None

    @page(f"{PATH}/{{code}}/change", title)
    async def change_deal_page(request: Request, code: str) -> Response | None:  # pyright: ignore[reportUnusedFunction]
        if (elsewhere := access.turned_away(request)) is not None:
            return elsewhere
        facts = await _facts(services, code, 1)
        waiting = await attention_of(services)
        with staff_page(services, access, SECTION, waiting):
            made = DealForm(services, facts.goods, facts.draft)
            _show_form(made, f"Change {facts.row.title}", f"{PATH}/{code}")
        return None


def _add_deal(services: ConsoleServices, access: StaffAccess, title: str) -> None:
    @page(f"{PATH}/{{code}}", title)
    async def deal_page(request: Request, code: str, page: int = 1) -> Response | None:  # pyright: ignore[reportUnusedFunction]
        if (elsewhere := access.turned_away(request)) is not None:
            return elsewhere
        facts = await _facts(services, code, page)
        waiting = await attention_of(services)
        with staff_page(services, access, SECTION, waiting):
            DealView(services, code, page=page).build(facts)
        return None


async def _facts(services: ConsoleServices, code: str, page: int) -> DealFacts:
    at = services.clock.now()
    facts = await services.database.look(lambda session: facts_of(session, code, page=page, at=at))
    if facts is None:
        raise HTTPException(404)
    return facts


# ---------------------------------------------------------------------- the list


def _show_list(services: ConsoleServices, found: Listed[DealRow], *, search: str) -> None:
    with box("deal-list-head"):
        search_form(PATH, search, label="Title, code or product")
        link("New deal", NEW_PATH, "chat-button primary")
    if not found.rows:
        _say_empty(search)
        return
    notation = notation_of(services.profile)
    with table("", "Deal", "State", "Single price", "Together", "Time", "Units taken", "Open groups"):
        for each in found.rows:
            _show_row(each, notation)
    page_links(PATH, found, search=search)


def _show_row(each: DealRow, notation: Notation) -> None:
    lowest = each.prices[0] if each.prices else None
    with row():
        with box("thumb-cell", tag="td"):
            if each.picture is not None:
                picture(each.picture, "thumb")  # without words: the title stands beside it
        with box(tag="td"):
            deal_link(each.title, each.code)
            text(each.product, "facts-note", dir="auto")
        with box(tag="td"):
            status_badge(each.status)
        cell(notation.money(lowest.kind.single) if lowest else "–", "amount")
        cell(f"{notation.money(lowest.together)} for {each.size}" if lowest else "–", "amount")
        cell(hours(each.window_hours))
        cell(f"{each.units_taken} of {each.quota}" if each.quota is not None else str(each.units_taken))
        cell(str(each.open_groups))


def _say_empty(search: str) -> None:
    if search:
        empty_state("No such deal", f"No title, code or product has “{search}” in it.")
    else:
        empty_state("No deals yet", "Offer something that costs less when people buy it together.")


# ---------------------------------------------------------------------- choosing and writing


def _show_choice(services: ConsoleServices, found: Listed[Goods], *, search: str) -> None:
    link("← All deals", PATH, "back")
    text("What shall people buy together?", "deal-groups-title", tag="h1")
    search_form(NEW_PATH, search, label="Title, maker or category")
    if not found.rows:
        empty_state("Nothing found", f"Nothing that is for sale has “{search}” in it.")
        return
    notation = notation_of(services.profile)
    with table("", "Product", "Single price", ""):
        for each in found.rows:
            _show_choosable(each, notation)
    page_links(NEW_PATH, found, search=search)


def _show_choosable(each: Goods, notation: Notation) -> None:
    with row():
        with box("thumb-cell", tag="td"):
            if each.picture is not None:
                picture(each.picture, "thumb")
        cell(each.title, "product-title")
        cell(_from(each, notation), "amount")
        with box(tag="td"):
            words = f"Offer {each.title} together"
            link("Offer together", f"{NEW_PATH}?product={each.handle}", "chat-button", aria_label=words)


def _from(each: Goods, notation: Notation) -> str:
    prices = sorted({kind.single.minor for kind in each.kinds})
    lowest = min((kind.single for kind in each.kinds), key=lambda price: price.minor, default=None)
    if lowest is None:
        return "–"
    return notation.money(lowest) if len(prices) == 1 else f"from {notation.money(lowest)}"


def _show_form(made: DealForm, title: str, back: str) -> None:
    link("← Back", back, "back")
    text(title, "deal-groups-title", tag="h1", dir="auto")
    made.build()
