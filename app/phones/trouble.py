"""What can go wrong next at the far ends, and whether it has."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from app.sandbox import Sandbox
from sandbox.telegram.faults import refuse

PAID: Final = "checkout.session.completed"
NEW_PAGE: Final = "POST /v1/checkout/sessions"


@dataclass(frozen=True)
class Trouble:
    """One thing that goes wrong once."""

    name: str
    words: str
    plan: Callable[[Sandbox], None]
    to_come: Callable[[Sandbox], int]


def _telegram_is_busy(sandbox: Sandbox) -> None:
    sandbox.telegram.faults.next("send*", [refuse(429, retry_after_seconds=3)])


TROUBLES: Final = (
    Trouble(
        "telegram_429",
        "Telegram refuses the next message: too many (429)",
        _telegram_is_busy,
        lambda sandbox: sandbox.telegram.faults.to_come("send*"),
    ),
    Trouble(
        "stripe_timeout",
        "Stripe's answer to the next payment page is lost",
        lambda sandbox: sandbox.stripe.faults.next(NEW_PAGE, ["timeout"]),
        lambda sandbox: sandbox.stripe.faults.to_come(NEW_PAGE),
    ),
    Trouble(
        "notice_twice",
        "The next payment notice comes twice",
        lambda sandbox: sandbox.stripe.webhooks.next(PAID, ["twice"]),
        lambda sandbox: sandbox.stripe.webhooks.to_come(PAID),
    ),
    Trouble(
        "notice_late",
        "The next payment notice comes an hour late",
        lambda sandbox: sandbox.stripe.webhooks.next(PAID, ["late"]),
        lambda sandbox: sandbox.stripe.webhooks.to_come(PAID),
    ),
)


class Troubles:
    """Those that were planned here and have not happened yet."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._planned: list[Trouble] = []

    def plan(self, name: str) -> None:
        """Let it go wrong the next time. Raises KeyError for what cannot go wrong here."""
        trouble = {trouble.name: trouble for trouble in TROUBLES}[name]
        trouble.plan(self._sandbox)
        self._planned.append(trouble)

    def waiting(self) -> list[str]:
        """What is still to happen, in words, the first planned first."""
        still: list[Trouble] = []
        for trouble in reversed(self._planned):  # of two of a kind the first one happens first
            if still.count(trouble) < trouble.to_come(self._sandbox):
                still.append(trouble)
        self._planned = still[::-1]
        return [trouble.words for trouble in self._planned]
