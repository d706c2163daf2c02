"""A person in the web chat, through the same HTTP interface that any client of it uses."""

import re
from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

import httpx

from bot.channels.text import parse
from bot.channels.web import LINK_PATH
from bot.messages import MESSAGE, Button, Card, Message, Say, ShowCards
from sandbox.people.person import Action, ActionKind, CannotDo, Person, Seen, chosen
from sandbox.stripe.world import StripeWorld

PATIENCE_SECONDS: Final = 20.0
_CHAT_NAME = re.compile(r"[A-Za-z0-9_-]{16,64}")


class WebPerson(Person):
    """A visitor. `chat` is the secret name of their chat: who comes with it again finds the same talk."""

    channel = "web"

    def __init__(
        self,
        name: str,
        address: str,
        stripe: StripeWorld,
        *,
        http: httpx.AsyncClient,
        chat: str | None = None,
    ) -> None:
        """`address` is the shop's own, such as http://127.0.0.1:8080; `http` is not closed here."""
        super().__init__(name, stripe)
        self._http = http
        self.chat = chat or uuid4().hex
        if not _CHAT_NAME.fullmatch(self.chat):
            raise ValueError(f"{self.chat!r} is no name of a chat")
        self._address = f"{address}/chat/web/{self.chat}"
        self._lines: list[Seen] = []
        self._last = 0
        self._unsent: dict[str, Any] | None = None

    @property
    def conversation(self) -> str:
        return f"web:{self.chat}"

    async def say(self, text: str) -> None:
        await self._send(text=text)

    async def open(self, payload: str = "") -> None:
        await self._send(open=True, payload=payload)

    async def tap(self, label: str) -> None:
        action = chosen(label, await self.actions())
        if action is None:
            raise self.no_such(label, [action.label for action in await self.actions()])
        if action.kind == "tap":
            await self._send(token=action.value, label=action.label)

    async def send_photo(self, picture: bytes, caption: str = "") -> None:
        del picture, caption
        raise CannotDo(f"{self.name} is in the web chat, which takes no pictures yet")

    async def share_phone(self, phone: str) -> None:
        await self._send(phone=phone)

    async def screen(self) -> list[Seen]:
        answer = await self._http.get(self._address, params={"after": self._last}, timeout=PATIENCE_SECONDS)
        for each in answer.raise_for_status().json()["said"]:
            self._last = max(self._last, each["id"])
            self._lines += _seen(each)
        return list(self._lines)

    async def send_again(self) -> None:
        """Send what the network lost once more, under the same id, as the chat's page does; else nothing."""
        if self._unsent is not None:
            await self._post(self._unsent)

    async def _send(self, **said: Any) -> None:
        await self._post({"id": uuid4().hex, **said})

    async def _post(self, said: dict[str, Any]) -> None:
        self._unsent = said
        answer = await self._http.post(self._address, json=said, timeout=PATIENCE_SECONDS)
        self._unsent = None
        if answer.status_code == 422:
            raise CannotDo(f"{self.name}: the web chat does not take that: {answer.text[:200]}")
        answer.raise_for_status()


def _seen(line: dict[str, Any]) -> list[Seen]:
    mine, number = line["author"] == "customer", str(line["id"])
    if mine:
        content: dict[str, Any] = line["content"]
        return [Seen(number, True, str(content.get("text") or content.get("label") or ""))]
    message: Message = MESSAGE.validate_python(line["content"])
    match message:
        case Say(text=text, buttons=rows, picture=picture):
            actions = tuple(_action(button) for row in rows for button in row)
            return [Seen(number, False, parse(text).plain, actions, int(picture is not None))]
        case ShowCards(cards=cards, buttons=rows):
            common = tuple(_action(button) for row in rows for button in row)
            *others, last = [_card(f"{number}.{place}", card) for place, card in enumerate(cards)]
            return [*others, replace(last, actions=last.actions + common)]
        case _:
            return []


def _card(number: str, card: Card) -> Seen:
    words = f"{card.title}\n{parse(card.text).plain}"
    actions = tuple(_action(button) for button in card.buttons)
    return Seen(number, False, words, actions, int(card.picture is not None), "card")


def _action(button: Button) -> Action:
    if button.invite is not None:
        return Action(button.label, "link", LINK_PATH + button.invite)
    if button.private is not None:
        return Action(button.label, "link", LINK_PATH + button.private)
    kind: ActionKind = "link" if button.url else "share" if button.share else "tap"
    return Action(button.label, kind, button.url or button.share or button.token or "")
