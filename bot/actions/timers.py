"""What happens when a timer of an order is due."""

from collections.abc import Callable, Mapping
from typing import Final

from bot.actions import orders, payment, seats, watching
from bot.deals import news
from bot.dialogue.dialogue import Dialogue
from bot.events import TimerFired

TIMERS: Final[Mapping[str, Callable[[Dialogue, TimerFired], None]]] = {
    "order_hold": payment.on_hold_over,
    "capture": payment.on_capture_due,
    "exchange_payment": payment.on_exchange_payment,
    news.NOTICE: seats.on_notice,
    "order_completion": orders.on_completion_due,
    "stock_back": watching.on_stock_back,
}


def on_timer(dialogue: Dialogue, event: TimerFired) -> None:
    """Let whoever set it look again; the state is read anew, since it may no longer matter."""
    if event.timer not in TIMERS:
        raise LookupError(f"there is no timer {event.timer!r}")
    TIMERS[event.timer](dialogue, event)
