"""The desk before the phones: the clock with its hands, and the next thing to go wrong."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

from app.hands import Hands
from app.phones.trouble import TROUBLES, Troubles
from console.elements import box, button, guarded, text
from console.notation import Notation

READ_TROUBLE: Final = "(event) => { event.preventDefault(); emit(event.target.elements.trouble.value) }"
TURNS: Final = (("+1 hour", timedelta(hours=1)), ("+1 day", timedelta(days=1)))
SURE: Final = "() => { if (confirm('Everybody gets a new phone with empty chats. Orders stay in the shop. Go on?')) emit() }"


class Turning:
    """Turns the hands, one turn after the other, whoever asks."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._one_at_a_time = asyncio.Lock()

    async def turn(self, by: timedelta) -> None:
        async with self._one_at_a_time:
            await self._hands.push(by)


class Desk:
    """Built where it is made."""

    def __init__(
        self,
        turning: Turning,
        troubles: Troubles,
        notation: Notation,
        *,
        start_over: Callable[[], Awaitable[None] | None],
    ) -> None:
        self._turning = turning
        self._troubles = troubles
        self._notation = notation
        with box("desk", tag="section", aria_label="Clock and faults"):
            text("Clock and faults", "phone-name desk-name", tag="h2")
            self._clock()
            self._trouble()
            over = text("Start over", "quiet-button", tag="button", type="button")
            over.on("click", lambda: guarded(start_over), args=[], js_handler=SURE)

    def tell_time(self, now: datetime) -> None:
        """Show the day and the time."""
        self._date.set_text(self._notation.moment(now))

    def look(self) -> None:
        """Say what is still to go wrong."""
        waiting = self._troubles.waiting()
        self._waiting.set_text("" if not waiting else f"Waiting to happen: {'; '.join(waiting)}.")

    def _clock(self) -> None:
        with box("desk-clock", role="group", aria_label="The demo’s clock") as self._hands:
            self._date = text("", "desk-time", tag="time")
            for label, by in TURNS:
                turn = button(label, lambda by=by: self._turn(by), "chat-button")
                turn.props["aria-label"] = f"{label}: turn the clock"

    async def _turn(self, by: timedelta) -> None:
        """What is due on the way takes its time; who presses again meanwhile turns once more after that."""
        self._hands.props["aria-busy"] = "true"
        try:
            await self._turning.turn(by)
        finally:
            self._hands.props["aria-busy"] = "false"

    def _trouble(self) -> None:
        form = box("desk-trouble", tag="form")
        form.on("submit", lambda heard: guarded(lambda: self._plan(heard.args)), js_handler=READ_TROUBLE)
        with form:
            with box("desk-choice", tag="label"):
                text("What goes wrong next", "desk-label")
                with box(tag="select", name="trouble"):
                    for trouble in TROUBLES:
                        text(trouble.words, tag="option", value=trouble.name)
            text("Inject", "chat-button", tag="button", type="submit")
            self._waiting = text("", "desk-waiting", tag="p", role="status")

    def _plan(self, emitted: Any) -> None:
        self._troubles.plan(str(emitted))
        self.look()
