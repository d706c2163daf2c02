"""What a person does and sees, in one vocabulary for every messenger."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import unquote

from sandbox.stripe.people import Outcome
from sandbox.stripe.world import StripeWorld

PAY_PATH: Final = "/pay/"  # of the sandbox's payment pages
_INVITATION: Final = re.compile(
    r"\bdeal_[A-Za-z0-9_-]{16}"
)  # what a group's link carries, however it is shared

ActionKind = Literal["tap", "link", "pay", "share"]


class CannotDo(Exception):  # noqa: N818 - what the person notices
    """The person tried what their screen does not offer; the message says what is there instead."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something to press: `value` is where a link leads, or what the messenger needs to know of the button."""

    label: str
    kind: ActionKind
    value: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One message on the screen: its words, cards' titles included, and what can be pressed under it.

    `form` is what it looks like: "text", "card" (a product with its buttons), "invoice" or "receipt".
    """

    id: str
    mine: bool
    text: str
    actions: tuple[Action, ...] = ()
    pictures: int = 0
    form: Literal["text", "card", "invoice", "receipt"] = "text"
    author: str = ""  # in a chat of several
    file: str = ""  # the name of one that can be opened

    def __str__(self) -> str:
        labels = " ".join(f"[{action.label}]" for action in self.actions)
        return " ".join(part for part in (self.file, self.text, labels) if part)


class Person(ABC):
    """Somebody with a phone. What they do is on its way when a method returns; the answer comes later."""

    channel: str

    def __init__(self, name: str, stripe: StripeWorld) -> None:
        self.name = name
        self.stripe = stripe
        self.form: dict[str, str] = {}  # what they put into a form the next time that they pay
        self._looked_at = 0

    @property
    @abstractmethod
    def conversation(self) -> str:
        """The key under which the shop keeps their talk."""

    # ── acting ──────────────────────────────────────────────────────────────────────────────────────

    @abstractmethod
    async def say(self, text: str) -> None:
        """Write a message. The first one of all opens the chat."""

    @abstractmethod
    async def tap(self, label: str) -> None:
        """Press the newest button with this label, or whose label begins so. Raises CannotDo."""

    @abstractmethod
    async def open(self, payload: str = "") -> None:
        """Open the chat, maybe by a link that carries `payload`."""

    @abstractmethod
    async def send_photo(self, picture: bytes, caption: str = "") -> None:
        """Send a picture."""

    @abstractmethod
    async def share_phone(self, phone: str) -> None:
        """Share one's phone number with the button for that."""

    async def block(self) -> None:
        """Let the shop send nothing more. Raises CannotDo where a messenger knows no such thing."""
        raise CannotDo(f"{self.name} cannot block anybody here")

    async def unblock(self) -> None:
        """Take that back. Raises CannotDo like `block`."""
        raise CannotDo(f"{self.name} cannot block anybody here")

    async def pay(
        self,
        card: str = "visa",
        *,
        again: bool = False,
        early: bool = False,
        form: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Pay what was asked for last, with one of the sandbox's cards; "abandon" walks away.

        `again` pays nothing: the provider tells the shop of the last payment a second time. `early` takes the page
        that Stripe made last, although nobody was given its link yet. `form` is what they put
        into Telegram's own form where an invoice has one, and `shipping`, the delivery that they choose there.
        """
        if again:
            return await self._tell_again()
        if early:
            return await self.stripe.pay(self._newest_page(), card)
        self.form = dict(form or {})
        return await self._pay(card)

    async def _pay(self, card: str) -> Outcome:
        """By the payment page that the newest link of that kind leads to."""
        return await self.stripe.pay(await self._session(), card)

    def _newest_page(self) -> str:
        pages = list(self.stripe.account.sessions)
        if not pages:
            raise CannotDo(f"Stripe has made no page that {self.name} could pay")
        return pages[-1].id

    async def _tell_again(self) -> Outcome:
        session = await self._session()
        account = self.stripe.account
        for event in reversed(list(account.events)):
            if event.type == "checkout.session.completed" and event.data["object"]["id"] == session:
                self.stripe.webhooks.resend(event.id)
                return Outcome(True, "complete")
        raise CannotDo(f"{self.name} has not paid yet, so nothing can be told again")

    async def _session(self) -> str:
        for seen in reversed(await self.screen()):
            for action in seen.actions:
                if PAY_PATH in action.value:
                    return action.value.rsplit("/", 1)[1]
        raise CannotDo(f"{self.name} was given nothing to pay")

    # ── looking ─────────────────────────────────────────────────────────────────────────────────────

    @abstractmethod
    async def screen(self) -> list[Seen]:
        """The chat as it is on the screen, the oldest message first."""

    async def look(self) -> list[Seen]:
        """What is new on the screen since the last look."""
        screen = await self.screen()
        new, self._looked_at = screen[self._looked_at :], len(screen)
        return new

    async def invitation(self) -> str:
        """What the newest link to a group on their screen carries, for others to follow. Raises CannotDo."""
        for seen in reversed(await self.screen()):
            for place in (seen.text, *(action.value for action in seen.actions)):
                if (found := _INVITATION.search(unquote(place))) is not None:
                    return found[0]
        raise CannotDo(f"{self.name} has no link of a group to pass on")

    async def actions(self) -> list[Action]:
        """What can be pressed, the newest first."""
        return [action for seen in reversed(await self.screen()) for action in seen.actions]

    def no_such(self, label: str, there: Iterable[str]) -> CannotDo:
        """The complaint about a button that is not there."""
        names = ", ".join(f"“{each}”" for each in dict.fromkeys(there)) or "no buttons at all"
        return CannotDo(f"{self.name} sees no button “{label}”; there are {names}")


def chosen(label: str, actions: Iterable[Action]) -> Action | None:
    """The first of these with that label, else the first whose label begins so, in any case."""
    listed, wanted = list(actions), label.casefold()
    exact = (action for action in listed if action.label.casefold() == wanted)
    return next(
        exact, next((action for action in listed if action.label.casefold().startswith(wanted)), None)
    )
