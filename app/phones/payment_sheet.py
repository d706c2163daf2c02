"""Telegram's own payment, which slides over the chat: what it costs, with which card, yes or no."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from nicegui import ui

from app.phones.seen import Bill
from console.elements import box, button, guarded, text

CARDS: Final = (
    ("visa", "Visa •••• 4242", "pays"),
    ("declined", "Visa •••• 0002", "the bank says no"),
    ("insufficient", "Visa •••• 9995", "not enough money on it"),
)
READ_CARD: Final = "(event) => { event.preventDefault(); emit(event.target.elements.card.value) }"

Pay = Callable[[str, str], Awaitable[str]]
"""Pay that bill with that card: what went wrong, nothing when it is paid."""


class PaymentSheet:
    """Closed until a bill is put on it."""

    def __init__(self, pay: Pay, closed: Callable[[], None]) -> None:
        self._pay = pay
        self._closed = closed
        self._place = box("sheet-place")
        self._place.set_visibility(False)

    def open(self, bubble: str, bill: Bill) -> None:
        """Ask for the card."""
        self._place.clear()
        self._place.set_visibility(True)
        with self._place, box("sheet", role="dialog", aria_label="Payment") as sheet:
            sheet.on("keydown.esc", self._close)
            text(bill.title, "sheet-title", tag="p", dir="auto")
            text(bill.total, "sheet-total", tag="p")
            form = box("sheet-form", tag="form")
            form.on(
                "submit", lambda heard: guarded(lambda: self._try(bubble, heard.args)), js_handler=READ_CARD
            )
            with form:
                _cards(f"card-of-{form.id}")
                self._trouble = text("", "sheet-trouble", tag="p", role="alert")
                with box("sheet-end"):
                    button("Cancel", self._close, "chat-button")
                    text(f"Pay {bill.total}", "chat-button primary", tag="button", type="submit")
        ui.run_javascript(f"document.querySelector('#c{sheet.id} input').focus()")

    async def _try(self, bubble: str, card: Any) -> None:
        trouble = await self._pay(bubble, str(card))
        if trouble:
            self._trouble.set_text(trouble)
        else:
            self._close()

    def _close(self) -> None:
        self._place.set_visibility(False)
        self._place.clear()
        self._closed()


def _cards(name: str) -> None:
    with box("sheet-cards", tag="fieldset"):
        text("Pay with", tag="legend")
        for place, (card, title, words) in enumerate(CARDS):
            checked = {"checked": "checked"} if place == 0 else {}
            with box("sheet-card", tag="label", for_=f"{name}-{card}"):
                box(tag="input", type="radio", name="card", id=f"{name}-{card}", value=card, **checked)
                text(title, "sheet-card-title")
                text(words, "sheet-card-words")
