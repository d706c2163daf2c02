"""The few plain HTML elements that the pages are made of, so that everything on them is real, labelled HTML.

Text always goes in as text. The only place where markup is shown is `rich_text`, which cleans it first.
"""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import nh3
import structlog
from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from bot.channels.text import parse
from bot.deals.pictures import address_of
from bot.messages import Picture
from shop.errors import Refused

STATIC: Final = Path(__file__).parent / "static"
STATIC_PATH: Final = "/console-files"
TAGS: Final = {"b", "i", "s", "code", "a", "br"}
RECONNECT_SECONDS: Final = 60.0  # a phone may put a page to sleep for a moment
BUILD_SECONDS: Final = 30.0  # a small machine that is busy needs more than NiceGUI's three
LINK_SCHEMES: Final = {"http", "https", "mailto", "tel"}
APOLOGY: Final = "That did not work, and it is our fault. It is written to the log; please try again."

AnElement = TypeVar("AnElement", bound=Element)

log = structlog.get_logger()


def page(path: str, title: str | None = None) -> ui.page:
    """A page of the console at `path`; the shop's name is the title of one without its own."""
    return ui.page(path, title=title, reconnect_timeout=RECONNECT_SECONDS, response_timeout=BUILD_SECONDS)


class Text(TextElement):
    """Words in a tag of choice."""

    def __init__(self, tag: str, words: str, classes: str = "") -> None:
        super().__init__(tag=tag, text=words)
        self.classes(classes)


def box(classes: str = "", *, tag: str = "div", **attributes: str) -> Element:
    """An element that holds others; attributes as in HTML, with `_` for `-` and after Python's own words."""
    return with_attributes(Element(tag).classes(classes), **attributes)


def text(words: str, classes: str = "", *, tag: str = "span", **attributes: str) -> Text:
    """Words, shown as they are."""
    return with_attributes(Text(tag, words, classes), **attributes)


def hidden_text(words: str) -> Text:
    """Words for those who listen to the page rather than look at it."""
    return text(words, "visually-hidden")


def link(words: str, href: str, classes: str = "", **attributes: str) -> Text:
    """A link that opens in the same tab."""
    return text(words, classes, tag="a", href=href, **attributes)


def button(
    words: str, on_press: Callable[[], Awaitable[None] | None], classes: str = "", **attributes: str
) -> Text:
    """A button; what goes wrong when it is pressed becomes a toast."""
    made = text(words, classes, tag="button", type="button", **attributes)
    made.on("click", lambda: guarded(on_press), args=[])
    return made


def with_attributes(element: AnElement, **attributes: str) -> AnElement:
    """Set HTML attributes: `aria_label` is aria-label, `class_` and `for_` lose their underscore."""
    for name, value in attributes.items():
        element.props[_property_of(element, name)] = value
    return element


def _property_of(element: Element, name: str) -> str:
    """What Vue calls an attribute."""
    if name == "value" and element.tag == "input":
        # As a property it would be set anew whenever anything on the page changes, over what somebody is writing;
        # as an attribute it is what the field begins with (vuejs.org/api/render-function.html#h, `^attr`).
        return "^value"
    return name.rstrip("_").replace("_", "-")


async def guarded(act: Callable[[], Awaitable[None] | None]) -> None:
    """Do what a person asked for. A refusal is told; anything else is logged and apologised for."""
    try:
        outcome = act()
        if outcome is not None:
            await outcome
    except Refused as refusal:
        ui.notify(refusal_words(refusal), type="warning")
    except Exception:
        log.exception("console.failed")
        ui.notify(APOLOGY, type="negative")


def refusal_words(refusal: Refused) -> str:
    """What staff read when the shop says no."""
    words = type(refusal).__doc__ or "The shop refused this."
    return words.splitlines()[0]


def rich_text(markup: str, classes: str = "") -> ui.html:
    """Our small safe HTML, cleaned once more."""
    return with_attributes(ui.html(clean(markup), sanitize=False).classes(classes), dir="auto")


def clean(markup: str) -> str:
    """Only <b>, <i>, <s>, <code>, <a href> and <br> are left, whatever came in."""
    return nh3.clean(
        parse(markup).to_html(),
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes=LINK_SCHEMES,
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def plain(markup: str) -> str:
    """Our HTML as one line of plain words, for lists."""
    return " ".join(parse(markup).without_markup().split())


def picture(shown: Picture, classes: str = "") -> Element | None:
    """An image; nothing when there is no place to take it from."""
    drawn = shown.drawn
    source = address_of(drawn) if drawn is not None else picture_source(shown.path, shown.url)
    if source is None:
        return None
    return box(classes, tag="img", src=source, alt=shown.alt, loading="lazy", referrerpolicy="no-referrer")


def picture_source(path: str | None, url: str | None) -> str | None:
    """Where a browser finds a picture: in our media folder, or at a public web address."""
    if path:
        return f"/media/{quote(path)}"
    return url if is_web_address(url) else None


def is_web_address(url: str | None) -> bool:
    """Whether a browser may be sent there: never javascript: and its like."""
    return url is not None and url.lower().startswith(("https://", "http://"))


def use_style() -> None:
    """Link our style sheet; its address changes with its content."""
    ui.add_head_html(f'<link rel="stylesheet" href="{STATIC_PATH}/style.css?{STYLE_VERSION}">')


def time_tag(at: datetime, words: str, classes: str = "") -> Element:
    """A time that machines can read too."""
    return text(words, classes, tag="time", datetime=at.isoformat())


def on_event(element: Element, event: str, act: Callable[[Any], Awaitable[None] | None]) -> None:
    """Hear an event of one of our own components; `act` gets what it emitted."""
    element.on(event, lambda heard: guarded(lambda: act(heard.args)))


STYLE_VERSION: Final = hashlib.sha256((STATIC / "style.css").read_bytes()).hexdigest()[:12]
