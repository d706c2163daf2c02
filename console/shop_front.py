"""The shop's window beside the chat, and the name above it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from nicegui import ui

from console.elements import box, button, hidden_text, link, picture, text
from console.reads.front import FrontProduct
from shop.delivery.options import DeliveryOption
from shop.money import Money
from shop.profile import ShopProfile

PRODUCTS: Final = 6
FORGET_PATH: Final = "/forget-chat"


def window(
    profile: ShopProfile, products: Sequence[FrontProduct], *, ask: Callable[[str], Awaitable[None]]
) -> None:
    """Name, promise and a few goods; on a phone there is only the chat."""
    with box("window", tag="aside"):
        text(profile.name, "window-name", tag="p")
        if profile.promise:
            text(profile.promise, "window-promise", tag="h1")
        text("Find, ask, buy and pay: all of it in the chat.", "window-lead", tag="p")
        _goods(profile, products, ask)
        with box("facts window-facts", tag="dl"):
            _fact("Open", profile.hours)
            _fact("Visit", profile.address)


def intro(
    profile: ShopProfile, products: Sequence[FrontProduct], *, ask: Callable[[str], Awaitable[None]]
) -> None:
    """The same on a phone: it stands before the first message and is scrolled away with it."""
    with box("intro"):
        if profile.promise:
            text(profile.promise, "intro-promise", tag="h1")
        _goods(profile, products, ask)


def _goods(
    profile: ShopProfile, products: Sequence[FrontProduct], ask: Callable[[str], Awaitable[None]]
) -> None:
    if products:
        with box("goods", role="group", aria_label="Some of our goods"):
            for product in products:
                _tile(product, profile, ask)


def _tile(product: FrontProduct, profile: ShopProfile, ask: Callable[[str], Awaitable[None]]) -> None:
    price = product.price.format(profile.locale)
    with button("", lambda: ask(product.title), "tile"):
        hidden_text("Ask about")
        picture(product.picture.model_copy(update={"alt": ""}), "tile-picture")  # its title says it already
        text(product.title, "tile-title", dir="auto")
        text(f"from {price}" if product.several_prices else price, "tile-price")


def header(profile: ShopProfile) -> None:
    """Who is talking, and on a phone the door to everything else about the shop."""
    about = _about(profile)
    with box("chat-header", tag="header"):
        text(initials(profile.name), "mark", tag="span", aria_hidden="true")
        with box("chat-header-words"):
            text(profile.name, "chat-name", tag="h2")
            text("Shop assistant · here day and night", "chat-status", tag="p")
        button("i", about.open, "about-button", aria_label=f"About {profile.name}")


def _about(profile: ShopProfile) -> ui.dialog:
    with ui.dialog() as about, box("about", role="document"):
        text(profile.name, "about-name", tag="h2")
        if profile.promise:
            text(profile.promise, "about-promise", tag="p")
        _facts(profile)
        with box("about-end"):
            with box(tag="form", method="post", action=FORGET_PATH):
                text("Leave this chat", "quiet-button", tag="button", type="submit")
            button("Close", about.close, "chat-button primary")
    return about


def _facts(profile: ShopProfile) -> None:
    with box("facts", tag="dl"):
        _fact("Open", profile.hours)
        _fact("Delivery", "\n".join(_delivery_words(option, profile) for option in profile.delivery))
        _fact("Visit", profile.address)
        _fact("Write", profile.email, href=f"mailto:{profile.email}")
        _fact("Call", profile.phone, href=f"tel:{profile.phone}")


def _fact(name: str, value: str, *, href: str | None = None) -> None:
    if not value:
        return
    with box("fact"):
        text(name, tag="dt")
        with box(tag="dd"):
            link(value, href) if href else text(value)


def _delivery_words(option: DeliveryOption, profile: ShopProfile) -> str:
    price = Money.from_decimal(option.price, profile.currency)
    words = f"{option.label} {price.format(profile.locale) if price else 'free'}, {option.time}"
    if option.free_from is not None:
        free_from = Money.from_decimal(option.free_from, profile.currency)
        words += f", free from {free_from.format(profile.locale)}"
    return words


def initials(name: str) -> str:
    """Up to two letters that stand for the shop."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or name[:1].upper()
