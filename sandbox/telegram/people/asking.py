"""Inline mode from the person's side: @bot and some words, in any chat, and a choice of what comes back."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.telegram import inline
from sandbox.telegram.people.person import CannotDo, Person, Where
from sandbox.telegram.state import Bot, InlineQuery, Json, Message
from storage.clock import SystemClock

if TYPE_CHECKING:
    from sandbox.telegram.world import TelegramWorld

_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class InlineChoice:
    """A result as it is offered."""

    id: str
    kind: str  # article, photo, …
    title: str
    description: str


class Typed:
    """Words after a bot's name, and what it offers for them."""

    def __init__(self, world: "TelegramWorld", person: "Asking", where: Where, query: InlineQuery) -> None:
        self._world = world
        self._person = person
        self._where = where
        self.query = query

    @property
    def choices(self) -> list[InlineChoice]:
        """What is offered now; nothing while the bot thinks."""
        return [
            InlineChoice(result["id"], result["type"], result["title"], result["description"])
            for result in self._results()
        ]

    @property
    def button(self) -> Json | None:
        """The button above the results: text, and start_parameter or web_app."""
        return None if self.query.answer is None else self.query.answer["button"]

    @property
    def next_offset(self) -> str:
        """Where more results begin, if there are more."""
        return "" if self.query.answer is None else self.query.answer["next_offset"]

    async def answered(self, timeout_seconds: float = _PATIENCE_SECONDS) -> list[InlineChoice]:
        """Wait in real time until the bot offers something. Raises TimeoutError."""
        found = await self._world.changes.wait_until(
            lambda: self.query.answer, clock=SystemClock(), seconds=timeout_seconds
        )
        if found is None:
            raise TimeoutError(f"the bot never answered {self.query.query!r}")
        return self.choices

    def choose(self, label: str, *, topic: int | None = None) -> Message:
        """Send the result with this id or title (or whose title begins so) into the chat. Raises CannotDo."""
        results = self._results()
        exact = (result for result in results if label in {result["id"], result["title"]})
        found = next(exact, next((r for r in results if r["title"].startswith(label)), None))
        if found is None:
            raise CannotDo(f"nothing called {label!r} is offered")
        return self._person.send_result(self._where, self.query, found, topic=topic)

    def _results(self) -> list[Json]:
        return [] if self.query.answer is None else self.query.answer["results"]


class Asking(Person):
    """Using inline bots."""

    def type_inline(self, where: Where, bot: Bot, query: str, *, offset: str = "") -> Typed:
        """Type "@bot query" in a chat, without sending it."""
        if not bot.inline:
            raise CannotDo(f"@{bot.username} has no inline mode")
        if not isinstance(where, Bot):
            self._be_inside(where)
        own = isinstance(where, Bot) and where.id == bot.id
        chat_type = "sender" if own else self._chat(where).type
        asked = inline.ask(self._world, bot, self.record, query, offset=offset, chat_type=chat_type)
        return Typed(self._world, self, where, asked)

    def send_result(
        self, where: Where, asked: InlineQuery, result: Json, *, topic: int | None = None
    ) -> Message:
        """Put a chosen result into the chat."""
        if result["content"] is None:
            raise CannotDo("the picture of this result cannot be loaded")
        chat = self._chat(where)
        place: Json = {}
        if isinstance(where, Bot):
            chat.started = True
        else:
            place = self._place_in(where, reply_to=None, topic=topic)
        return inline.choose(self._world, asked, result, chat, place)


def query_of(world: "TelegramWorld", user_id: int, query_id: str) -> InlineQuery:
    """A query that this person typed before. Raises KeyError."""
    found = world.store.find(InlineQuery, query_id)
    if found is None or found.user_id != user_id:
        raise KeyError(f"nobody typed the inline query {query_id}")
    return found
