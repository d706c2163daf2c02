"""What one person was told since their last line, against what the story has."""

import re
from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import ColumnElement, func, select

from bot import conversations
from bot.delivery.model import Conversation
from bot.dialogue.state import State
from bot.transcript import Author, Utterance
from sandbox.people.person import Seen
from sandbox.people.telegram_group import BOT_CALLED
from sandbox.stories.format import BotLine
from sandbox.stories.results import NotSo
from sandbox.stories.stage import Stage


class Ear(Protocol):
    """A person, or a group."""

    name: str

    @property
    def conversation(self) -> str: ...

    async def look(self) -> list[Seen]:
        """What is new on the screen since the last look."""
        ...


class Hearing:
    """One person's ear: what is new on their screen since they last did something. Or that of a whole group."""

    def __init__(self, person: Ear, stage: Stage) -> None:
        self._person = person
        self._stage = stage
        self._heard: list[Seen] = []
        self._words: str | None = None  # what they said last
        self._since = 0  # the last line of the transcript before it

    async def begin(self, words: str | None) -> None:
        """They do something: what came before no longer counts."""
        await self._person.look()
        self._heard = []
        self._words = words.replace(BOT_CALLED, "").strip(" ,") if words is not None else None
        self._since = (
            self._stage.database.read(lambda session: session.scalar(select(func.max(Utterance.id)))) or 0
        )

    async def listen(self) -> list[Seen]:
        """What is new for them since it was listened to."""
        new = [seen for seen in await self._person.look() if not seen.mine]
        self._heard += new
        return new

    async def check(self, expected: BotLine) -> dict[str, str]:
        """What was to be saved. Raises NotSo."""
        await self.listen()
        said = "\n".join(str(seen) for seen in self._heard)
        if expected.silent and self._heard:
            raise NotSo(f"{self._person.name} to hear nothing", f"“{said}”")
        self._check_words(expected, said)
        self._check_looks(expected)
        self._check_workings(expected)
        links = [act.value for seen in self._heard for act in seen.actions if act.kind == "link"]
        there = "\n".join([said, *links])
        return {name: self._saved(name, pattern, there) for name, pattern in expected.save.items()}

    def _check_words(self, expected: BotLine, said: str) -> None:
        there = f"“{said}”" if said else "nothing"
        for words in expected.says:
            if _plain(words) not in _plain(said):
                raise NotSo(f"{self._person.name} to hear “{words}”", there)
        for words in expected.says_not:
            if _plain(words) in _plain(said):
                raise NotSo(f"{self._person.name} not to hear “{words}”", there)

    def _check_looks(self, expected: BotLine) -> None:
        forms = [seen.form for seen in self._heard]
        pictures = sum(seen.pictures for seen in self._heard)
        files = any(seen.file for seen in self._heard)
        shown = forms + ["picture"] * bool(pictures) + ["file"] * files
        if expected.shows is not None and expected.shows not in shown:
            raise NotSo(f"{self._person.name} to see: {expected.shows}", ", ".join(shown) or "nothing")
        labels = [action.label for seen in self._heard for action in seen.actions]
        for label in expected.buttons:
            if not any(_plain(each).startswith(_plain(label)) for each in labels):
                raise NotSo(f"a button “{label}”", _listed(labels, "no buttons"))

    def _check_workings(self, expected: BotLine) -> None:
        """The flow under way, the sentences' keys and the intent, each where the shop itself keeps or makes it."""
        if expected.flow is not None and (flow := self._flow()) != expected.flow:
            raise NotSo(f"the flow {expected.flow} under way", flow)
        if expected.reply is not None and expected.reply not in (replies := self._replies()):
            raise NotSo(f"the reply {expected.reply}", _listed(replies, "no reply"))
        if expected.intent is not None:
            if self._words is None:
                raise NotSo(f"words that mean {expected.intent}", "no words: they did something else")
            heard = self._stage.understand(self._words)
            if heard.intent != expected.intent:
                best = (
                    f"{heard.intents[0].name} ({heard.intents[0].probability:.2f})"
                    if heard.intents
                    else "nothing"
                )
                raise NotSo(f"the intent {expected.intent}", f"{best}{', refused' if heard.refused else ''}")

    def _flow(self) -> str:
        conversation = self._stage.database.read(
            lambda session: session.get(Conversation, self._person.conversation)
        )
        top = State.model_validate(conversation.state).top if conversation else None
        return top.flow if top else "none"

    def _replies(self) -> list[str]:
        contents = self._stage.database.read(
            lambda session: session.scalars(
                select(Utterance.content)
                .where(
                    self._is_here(),
                    Utterance.author == Author.BOT,
                    Utterance.id > self._since,
                )
                .order_by(Utterance.id)
            ).all()
        )
        return [content["reply"] for content in contents if content.get("reply")]

    def _is_here(self) -> ColumnElement[bool]:
        """Of this conversation, or of any in this group."""
        key = self._person.conversation
        if conversations.is_in_group(key):
            return Utterance.conversation.startswith(key, autoescape=True)
        return Utterance.conversation == key

    def _saved(self, name: str, pattern: str, said: str) -> str:
        found = re.search(pattern, said, re.IGNORECASE)
        if found is None or found[1] is None:
            raise NotSo(f"something to save as {name!r} by {pattern!r}", f"“{said}”" if said else "nothing")
        return str(found[1])


def _plain(text: str) -> str:
    """Without case and the difference of spaces and apostrophes: people write ' for ’."""
    return " ".join(text.casefold().replace("’", "'").split())


def _listed(labels: Sequence[str], none: str) -> str:
    return ", ".join(f"“{label}”" for label in dict.fromkeys(labels)) or none
