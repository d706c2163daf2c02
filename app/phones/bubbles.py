"""Draws what is seen on a phone: bubbles, cards, buttons, bills and receipts."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from nicegui.element import Element

from app.phones.seen import Attached, Bill, Bubble, Choice, Goods, Slip
from console.elements import box, button, hidden_text, link, rich_text, text, time_tag
from console.notation import Notation

Press = Callable[[Choice, str], Awaitable[None]]
SIGNS: Final = {"link": " ↗", "share": " ☎"}


class Bubbles:
    """The messages on a screen, always those of the last `show`."""

    def __init__(self, notation: Notation, *, press: Press, elsewhere: Callable[[str], bool]) -> None:
        """`elsewhere` says whether a link leads out of the phone: it opens in a tab of its own."""
        self._notation = notation
        self._press = press
        self._elsewhere = elsewhere
        self._shown: list[tuple[Bubble, Element]] = []
        self._container = box("talk")

    def show(self, bubbles: Sequence[Bubble]) -> bool:
        """Let these be there; what has not changed stays untouched. Whether something is new."""
        same = 0
        for (before, _), now in zip(self._shown, bubbles, strict=False):
            if before != now:
                break
            same += 1
        if same == len(self._shown) == len(bubbles):
            return False
        for _, drawn in self._shown[same:]:
            drawn.delete()
        del self._shown[same:]
        with self._container:
            self._shown += [(bubble, self._draw(bubble)) for bubble in bubbles[same:]]
        return True

    def _draw(self, bubble: Bubble) -> Element:
        if bubble.notice:
            return text(bubble.notice, "service", tag="p")
        with box(f"line {'customer' if bubble.mine else 'bot'}") as drawn:
            hidden_text("You:" if bubble.mine else f"{bubble.author or 'The shop'}:")
            if bubble.goods:
                self._cards(bubble)
            elif bubble.slip is not None:
                self._slip(bubble.slip)
            else:
                self._bubble(bubble)
            self._rows(bubble)
        return drawn

    def _bubble(self, bubble: Bubble) -> None:
        at = datetime.fromtimestamp(bubble.at, UTC)
        with box("bubble"):
            if bubble.picture:
                box("bubble-picture", tag="img", src=bubble.picture, alt="Photo", loading="lazy")
            if bubble.file is not None:
                _file(bubble.file)
            if bubble.author:
                text(bubble.author, "bubble-author", tag="p", aria_hidden="true", dir="auto")
            if bubble.bill is not None:
                _bill(bubble.bill)
            elif bubble.markup:
                rich_text(bubble.markup)
            time_tag(at, self._notation.time(at), "bubble-time")

    def _cards(self, bubble: Bubble) -> None:
        with box("cards", role="group", aria_label="Products", tabindex="0"):
            for goods in bubble.goods:
                self._card(goods, bubble.id)

    def _card(self, goods: Goods, bubble: str) -> None:
        with box("card", tag="article"):
            if goods.picture:
                box("card-picture", tag="img", src=goods.picture, alt=goods.title, loading="lazy")
            with box("card-words"):
                text(goods.title, "card-title", tag="h3", dir="auto")
                text(goods.words, "card-text", tag="p", dir="auto")
            with box("card-buttons"):
                for choice in goods.choices:
                    self._choice(choice, bubble, about=goods.title)

    def _slip(self, slip: Slip) -> None:
        with box("bubble slip"):
            text("Receipt", "slip-title", tag="p")
            text(slip.number, "reference", tag="p")
            for what, amount in (*slip.lines, ("Total", slip.total)):
                with box("fact-row"):
                    text(what, "fact-words", dir="auto")
                    text(amount, "amount")

    def _rows(self, bubble: Bubble) -> None:
        if not bubble.rows:
            return
        with box("button-rows"):
            for row in bubble.rows:
                with box("button-row"):
                    for choice in row:
                        self._choice(choice, bubble.id)

    def _choice(self, choice: Choice, bubble: str, *, about: str = "") -> None:
        label = {"aria_label": f"{choice.label}: {about}"} if about else {}
        if choice.kind == "link" and self._elsewhere(choice.value):
            link(
                choice.label + SIGNS["link"], choice.value, "choice", target="_blank", rel="noopener", **label
            )
            return
        kind = f"choice {choice.kind}"
        button(choice.label, lambda: self._press(choice, bubble), kind, **label)


def _file(file: Attached) -> None:
    """It opens in a tab of its own, as a phone opens it in another app."""
    with box("bubble-file", tag="a", href=file.link, target="_blank", rel="noopener"):
        text(file.name, "file-name")
        text(_size(file.size_bytes), "file-size")


def _size(size_bytes: int) -> str:
    kilobytes = max(1, round(size_bytes / 1000))
    return f"{kilobytes} kB" if kilobytes < 1000 else f"{kilobytes / 1000:.1f} MB"


def _bill(bill: Bill) -> None:
    with box("bill"):
        text(bill.title, "bill-title", tag="p", dir="auto")
        text(bill.words, "bill-words", tag="p", dir="auto")
        text(bill.total, "bill-total", tag="p")
