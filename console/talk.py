"""Shows the lines of a conversation: bubbles, pictures, product cards and buttons."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any, Final

from nicegui.element import Element

from bot.channels.web import LINK_PATH
from bot.events import Edited, Said, SentAttachment, SharedContact, SharedLocation, Tapped
from bot.messages import Button, Card, Rows, Say, SendInvoice, ShowCards
from bot.transcript import Author
from console.elements import (
    box,
    button,
    guarded,
    hidden_text,
    is_web_address,
    link,
    picture,
    rich_text,
    text,
    time_tag,
)
from console.notation import Notation
from console.reads.talk import Line
from shop.money import Money
from storage.clock import Clock

LINES_MAX: Final = 400  # on one page: what is older is let go of, so that a long talk stays quick
ATTACHMENTS: Final = {"photo": "Photo", "voice": "Voice message", "sticker": "Sticker", "video": "Video"}
# https://developer.mozilla.org/docs/Web/API/Navigator/share and .../Clipboard/writeText: both only on secure pages
SHARE_LINK: Final = """async () => {
    const url = location.origin + "%s";
    const done = navigator.share ? navigator.share({url}).then(() => "shared")
        : navigator.clipboard ? navigator.clipboard.writeText(url).then(() => "copied")
        : Promise.resolve("");
    emit(url, await done.catch(() => ""));
}"""
READ_PHONE: Final = "(event) => { event.preventDefault(); emit(event.target.elements.phone.value) }"

OnTap = Callable[[Button], Awaitable[None]]
OnPhone = Callable[[str], Awaitable[None]]


class Talk:
    """A growing list of lines. Without `on_tap` its buttons are there to be seen only, as staff see them."""

    def __init__(
        self,
        clock: Clock,
        notation: Notation,
        *,
        names: Mapping[Author, str],
        on_tap: OnTap | None = None,
        on_phone: OnPhone | None = None,
    ) -> None:
        self._clock = clock
        self._notation = notation
        self._names = names
        self._on_tap = on_tap
        self._on_phone = on_phone
        self._day: date | None = None
        self._before: Author | None = None
        self._container = box("talk")

    def add(self, line: Line) -> None:
        """Show one more line at the end."""
        if not _shows(line):
            return
        with self._container:
            self._begin_day(line)
            follows = " follows" if line.author is self._before else ""
            with box(f"line {line.author.value}{follows}"):
                hidden_text(f"{self._names[line.author]}:")
                self._say(line)
        self._before = line.author
        children = self._container.default_slot.children
        while len(children) > LINES_MAX:
            self._container.remove(children[0])

    def _begin_day(self, line: Line) -> None:
        day = self._notation.date(line.at)
        if day != self._day:
            self._day, self._before = day, None
            text(self._notation.day(line.at, now=self._clock.now()), "day", tag="div")

    def _say(self, line: Line) -> None:
        match line.said:
            case Say(text=words, buttons=rows, picture=shown, document=document):
                with box("bubble"):
                    if shown is not None:
                        picture(shown, "bubble-picture")
                    if document is not None:
                        link(document.name, document.url, "bubble-file", target="_blank", rel="noopener")
                    if words:
                        rich_text(words)
                    self._time(line)
                self._rows(rows)
            case ShowCards(cards=cards, buttons=rows):
                self._cards(cards)
                self._rows(rows)
            case SendInvoice() as invoice:
                self._plain(line, _invoice_words(invoice, self._notation))
            case said:
                self._plain(line, words_of(said))

    def _plain(self, line: Line, words: str) -> None:
        """What a person wrote: shown letter by letter, never as markup."""
        with box("bubble"):
            text(words, "words", tag="div", dir="auto")
            self._time(line)

    def _time(self, line: Line) -> None:
        time_tag(line.at, self._notation.time(line.at), "bubble-time")

    def _cards(self, cards: tuple[Card, ...]) -> None:
        with box("cards", role="group", aria_label="Products", tabindex="0"):
            for card in cards:
                self._card(card)

    def _card(self, card: Card) -> None:
        with box("card", tag="article"):
            if card.picture is None or picture(card.picture, "card-picture") is None:
                box("card-picture empty", aria_hidden="true")
            with box("card-words"):
                text(card.title, "card-title", tag="h3", dir="auto")
                rich_text(card.text, "card-text")
            with box("card-buttons"):
                for each in card.buttons:
                    self._button(each, about=card.title)

    def _rows(self, rows: Rows) -> None:
        if rows:
            with box("button-rows"):
                for row in rows:
                    with box("button-row"):
                        for each in row:
                            self._button(each)

    def _button(self, each: Button, *, about: str = "") -> None:
        label = {"aria_label": f"{each.label}: {about}"} if about else {}
        if self._on_tap is None or (each.share == "phone" and self._on_phone is None):
            text(each.label, "chat-button inert")
        elif each.token is not None:
            button(each.label, lambda: self._tap(each), "chat-button", **label)
        elif is_web_address(each.url):
            link(each.label, each.url or "", "chat-button primary", **label)
        elif each.private is not None:
            link(each.label, LINK_PATH + each.private, "chat-button primary", **label)
        elif each.invite is not None:
            self._invitation(each.label, each.invite)
        elif each.share == "phone":
            self._phone_form(each.label)

    def _tap(self, each: Button) -> Awaitable[None]:
        assert self._on_tap is not None, "an inert button cannot be tapped"
        return self._on_tap(each)

    def _invitation(self, label: str, carried: str) -> None:
        """A button that hands the link to the phone's own share sheet, or copies it; then it can be read, too."""
        shared = text("", "invitation", role="status")
        pressed = text(label, "chat-button primary", tag="button", type="button")
        pressed.on(
            "click",
            lambda heard: shared.set_text(_shared_words(heard.args)),
            js_handler=SHARE_LINK % (LINK_PATH + carried),
        )

    def _phone_form(self, label: str) -> None:
        async def share(number: Any) -> None:
            if self._on_phone is not None and str(number).strip():
                await self._on_phone(str(number).strip())

        form = box("phone-form", tag="form")
        form.on("submit", lambda heard: guarded(lambda: share(heard.args)), js_handler=READ_PHONE)
        with form:
            with box(tag="label"):
                hidden_text("Your phone number")
                box(
                    tag="input",
                    type="tel",
                    name="phone",
                    autocomplete="tel",
                    maxlength="40",
                    placeholder="+32 9 123 45 67",
                )
            text(label, "chat-button primary", tag="button", type="submit")


def typing_dots() -> Element:
    """The sign that an answer is being written."""
    dots = box("line bot typing")
    with dots, box("bubble", role="img", aria_label="An answer is being written"):
        for _ in range(3):
            box("dot", tag="span")
    return dots


def words_of(said: object) -> str:
    """What a customer did, in words; empty for what is not shown."""
    match said:
        case Said(text=words) | Edited(text=words):
            return words if isinstance(said, Said) else f"Changed to: {words}"
        case Tapped(label=label):
            return label or "…"
        case SentAttachment(attachment=attachment, caption=caption):
            name = ATTACHMENTS.get(attachment, attachment.capitalize())
            return f"{name}: {caption}" if caption else name
        case SharedContact(phone=phone, name=name):
            return f"{name} {phone}".strip()
        case SharedLocation(latitude=latitude, longitude=longitude):
            return f"Place on the map: {latitude:.4f}, {longitude:.4f}"
        case _:
            return ""


def _shared_words(heard: Any) -> str:
    """What to say once the link was passed on: [link, "shared" | "copied" | ""]."""
    url, done = heard
    match done:
        case "shared":
            return ""
        case "copied":
            return f"Copied, ready to paste: {url}"
        case _:
            return f"Pass this link on: {url}"


def _shows(line: Line) -> bool:
    return isinstance(line.said, Say | ShowCards | SendInvoice) or bool(words_of(line.said))


def _invoice_words(invoice: SendInvoice, notation: Notation) -> str:
    total = Money(sum(line.amount_minor for line in invoice.lines), invoice.currency)
    return f"{invoice.title}\n{invoice.description}\n{notation.money(total)}"
