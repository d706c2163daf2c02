"""What all staff pages have in common: the head with its sections, search, pages of a list, and empty states."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlencode

from nicegui.element import Element

from console.elements import box, link, text, use_style
from console.reads.listing import Attention, Listed, attention
from console.services import ConsoleServices
from console.shop_front import initials
from console.staff_access import SIGN_OUT_PATH, StaffAccess

SECTIONS: Final = {
    "Conversations": "/staff",
    "Orders": "/staff/orders",
    "Money": "/staff/money",
    "Catalogue": "/staff/catalogue",
    "Deals": "/staff/deals",
    "Questions": "/staff/questions",
    "Understanding": "/staff/understanding",
    "Problems": "/staff/problems",
}


@contextmanager
def staff_page(
    services: ConsoleServices, access: StaffAccess, section: str, waiting: Attention
) -> Generator[Element]:
    """The page around a section's content."""
    use_style()
    with box("staff"):
        _head(services, access, section, waiting)
        for notice in services.notices:
            text(notice, "notice", tag="p", role="note")
        if access.is_open:
            words = "No staff password is set, so this page is open to everyone who uses this computer."
            text(f"{words} Set PARLEY_STAFF_PASSWORD to close it.", "notice warning", tag="p", role="note")
        with box("staff-content") as content:
            yield content


async def attention_of(services: ConsoleServices) -> Attention:
    """What waits for staff right now."""
    return await services.database.look(attention)


def _head(services: ConsoleServices, access: StaffAccess, section: str, waiting: Attention) -> None:
    counts = {
        "Conversations": waiting.people,
        "Problems": waiting.problems,
        "Money": waiting.money,
        "Catalogue": waiting.low_stock,
    }
    with box("staff-head", tag="header"):
        text(initials(services.profile.name), "mark small", aria_hidden="true")
        text(services.profile.name, "staff-shop", tag="p")
        with box("sections", tag="nav", aria_label="Sections"):
            for name, path in SECTIONS.items():
                current = {"aria_current": "page"} if name == section else {}
                with link(name, path, "section", **current):
                    if counts.get(name):
                        text(str(counts[name]), "count", title="waiting")
        if not access.is_open:
            with box("sign-out", tag="form", method="post", action=SIGN_OUT_PATH):
                text("Sign out", "quiet-button", tag="button", type="submit")


def search_form(path: str, words: str, *, label: str, keep: Mapping[str, str] | None = None) -> None:
    """A search that is an ordinary address, so that it can be kept and sent."""
    with box("search", tag="form", method="get", action=path, role="search"):
        for name, value in (keep or {}).items():
            box(tag="input", type="hidden", name=name, value=value)
        box(tag="input", type="search", name="search", value=words, placeholder=label, aria_label=label)
        text("Search", "chat-button", tag="button", type="submit")


def page_links(path: str, listed: Listed[object], **query: str) -> None:
    """Newer and older; nothing when all fits on one page."""
    if listed.pages == 1:
        return
    kept = {name: value for name, value in query.items() if value}
    with box("page-links", tag="nav", aria_label="Pages"):
        if listed.page > 1:
            link("← Previous", f"{path}?{urlencode({**kept, 'page': listed.page - 1})}", rel="prev")
        text(f"Page {listed.page} of {listed.pages}")
        if listed.page < listed.pages:
            link("Next →", f"{path}?{urlencode({**kept, 'page': listed.page + 1})}", rel="next")


def empty_state(title: str, words: str) -> None:
    """Nothing to see, said kindly."""
    with box("empty-state"):
        text(title, tag="h2")
        text(words, tag="p")


@contextmanager
def table(*columns: str) -> Generator[None]:
    """A table with a head; fill it with `row` and `cell`."""
    with box("table-frame"), box("staff-table", tag="table"):
        with box(tag="thead"), box(tag="tr"):
            for column in columns:
                text(column, tag="th", scope="col")
        with box(tag="tbody"):
            yield


def row(classes: str = "") -> Element:
    return box(classes, tag="tr")


def cell(words: str, classes: str = "") -> None:
    text(words, classes, tag="td", dir="auto")


def badge(words: str, kind: str) -> None:
    """A short coloured word; the colour says nothing that the word does not."""
    text(words, f"badge {kind}")
