"""Chats that Parley serves itself: the web chat and the terminal.

Their messages lie in the transcript, which the person's own page or terminal reads; sending means telling
whoever looks at that chat that there is something new. A chat's name is a secret of its person.
"""

import asyncio
import secrets
from collections import defaultdict
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from bot.channels.port import Abilities
from bot.delivery.limits import UNLIMITED
from bot.events import Inbound, Opened, Person, Said, SharedContact, Tapped
from bot.messages import Message

CHAT_NAME_BYTES = 18
TEXT_LETTERS_MAX = 100_000
LINK_LETTERS_MAX = 64  # as Telegram has it, so that a link carries the same on every channel
MICROSECONDS = 1_000_000
LINK_PATH = "/start/"  # with what the link carries after it, it opens the web chat
LinkPayload = Annotated[str, StringConstraints(max_length=LINK_LETTERS_MAX, pattern=r"^[A-Za-z0-9_-]*$")]


class ChatInput(BaseModel):
    """What a page or terminal sends: words, a tap, a shared number, or hello. `id` makes a repeat harmless.

    `payload` is what the link carried that opened the chat.
    """

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=8, max_length=64)
    text: str | None = Field(default=None, max_length=TEXT_LETTERS_MAX)
    token: str | None = Field(default=None, max_length=200)
    label: str | None = Field(default=None, max_length=200)
    phone: str | None = Field(default=None, max_length=40)
    open: bool = False
    payload: LinkPayload = ""


class HostedChannel:
    """A channel whose far end is ours. `name` is "web" or "terminal"."""

    limits = UNLIMITED

    def __init__(self, name: Literal["web", "terminal"]) -> None:
        self.name = name
        self.abilities = Abilities(cards=name == "web", pictures=name == "web", invitations=name == "web")
        self._looking: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._closed = False

    def is_group(self, chat: str) -> bool:
        del chat
        return False

    async def send(self, chat: str, message: Message) -> str | None:
        """The message is in the transcript already: wake whoever looks at the chat."""
        del message
        self.wake(chat)
        return None

    def wake(self, chat: str) -> None:
        """There is something new in this chat."""
        for bell in self._looking.get(chat, ()):
            bell.set()

    def look(self, chat: str) -> asyncio.Event:
        """A bell that rings whenever something new comes; give it back with `look_away`."""
        bell = asyncio.Event()
        if self._closed:
            bell.set()
        self._looking[chat].add(bell)
        return bell

    def close(self) -> None:
        """Nobody waits any longer: the shop is closing."""
        self._closed = True
        for chat in list(self._looking):
            self.wake(chat)

    def is_looked_at(self, chat: str) -> bool:
        """Whether somebody has this chat open."""
        return chat in self._looking

    def look_away(self, chat: str, bell: asyncio.Event) -> None:
        self._looking[chat].discard(bell)
        if not self._looking[chat]:
            self._looking.pop(chat, None)

    def conversation(self, chat: str) -> str:
        return f"{self.name}:{chat}"

    def read(self, chat: str, said: ChatInput, *, at: datetime) -> Inbound:
        """One input as an event of its conversation."""
        return Inbound(
            source=f"{self.name}:{chat}",
            external_id=said.id,
            conversation=self.conversation(chat),
            sequence=int(at.timestamp() * MICROSECONDS),
            event=_event(said),
            person=Person(id=chat),
        )


def new_chat_name() -> str:
    """A name that nobody can guess: whoever knows it is the chat's person."""
    return secrets.token_urlsafe(CHAT_NAME_BYTES)


def _event(said: ChatInput) -> Said | Tapped | Opened | SharedContact:
    if said.open:
        return Opened(payload=said.payload)
    if said.token is not None:
        return Tapped(token=said.token, label=said.label)
    if said.phone is not None:
        return SharedContact(phone=said.phone, own=True)
    return Said(text=said.text or "")
