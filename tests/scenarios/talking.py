"""Somebody in the web chat, for scenarios: what they say, and everything the bot answers until it is quiet."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from bot.messages import MESSAGE, Button, Card, Message, Say, ShowCards
from tests.open_shop import OpenShop

PATIENCE_SECONDS = 20.0
ANNA = ("Anna Berg", "express", "Main Street 5, 9000 Ghent", "+32 9 123 45 67")


@dataclass
class Guest:
    """A new person in the web chat. Answers read as on a screen: words, then [Buttons]."""

    shop: OpenShop
    chat: str = field(default_factory=lambda: uuid4().hex)
    messages: list[Message] = field(default_factory=list)
    _seen: int = 0

    @property
    def address(self) -> str:
        return f"{self.shop.url}/chat/web/{self.chat}"

    async def says(self, *texts: str) -> str:
        """Say these one after the other; the answer to the last."""
        answer = ""
        for text in texts:
            answer = await self.sends(text=text)
        return answer

    async def taps(self, label: str) -> str:
        """Press the newest button that begins so."""
        button = self.button(label)
        return await self.sends(token=button.token, label=button.label)

    async def sends(self, **said: Any) -> str:
        """Send any input at all; everything new once the shop is quiet."""
        async with httpx.AsyncClient() as client:
            answer = await client.post(
                self.address, json={"id": uuid4().hex, **said}, timeout=PATIENCE_SECONDS
            )
        assert answer.status_code == 202, answer.text
        return await self.hears()

    async def hears(self) -> str:
        """Everything that the bot said since it was last listened to."""
        await self.shop.settled()
        async with httpx.AsyncClient() as client:
            answer = await client.get(self.address, params={"after": self._seen}, timeout=PATIENCE_SECONDS)
        new: list[Message] = []
        for each in answer.raise_for_status().json()["said"]:
            self._seen = max(self._seen, each["id"])
            if each["author"] != "customer":
                new.append(MESSAGE.validate_python(each["content"]))
        self.messages += new
        return "\n".join(seen(message) for message in new)

    def transcript(self) -> str:
        """Everything that the bot has said so far."""
        return "\n".join(seen(message) for message in self.messages)

    def button(self, label: str) -> Button:
        found = [button for message in self.messages for button in buttons(message)]
        return next(button for button in reversed(found) if button.label.startswith(label))

    async def fills(self, *goods: str) -> None:
        """Have these in the cart."""
        for wish in goods or ("add the black mug",):
            assert "in your cart" in await self.says(wish)

    async def reaches_summary(self, *goods: str) -> str:
        """Fill the cart and give every detail."""
        await self.fills(*goods)
        return await self.says("checkout", *ANNA)


def seen(message: Message) -> str:
    """A message as it looks."""
    match message:
        case Say(text=text, buttons=rows):
            return f"{text} {_labels([button for row in rows for button in row])}".strip()
        case ShowCards(cards=cards, buttons=rows):
            below = _labels([button for row in rows for button in row])
            return "\n".join([*(_card(card) for card in cards), below]).strip()
        case _:
            return ""


def buttons(message: Message) -> list[Button]:
    match message:
        case Say(buttons=rows):
            return [button for row in rows for button in row]
        case ShowCards(cards=cards, buttons=rows):
            own = [button for card in cards for button in card.buttons]
            return own + [button for row in rows for button in row]
        case _:
            return []


def _card(card: Card) -> str:
    return f"{card.title} | {card.text} {_labels(list(card.buttons))}"


def _labels(found: list[Button]) -> str:
    return " ".join(f"[{button.label}]" for button in found)
