"""Nobody is told the same twice: what is on people's screens against what we meant to say to them."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from bot import conversations
from bot.channels import messenger_rendering, telegram_rendering
from bot.delivery.model import OutboxKind, OutboxRow
from bot.messages import MESSAGE, Receipt, Say, SendInvoice, ShowCards
from sandbox.messenger.state import Message as MessengerMessage
from sandbox.stories.stage import Stage
from sandbox.telegram.state import Message as TelegramMessage

Words = tuple[str, str]  # the chat, and what one message in it says


class Repeats:
    """Counts equal messages in a chat: on the screen there may be as many as we queued, and no more.

    A message that was served while its sender was told otherwise, or whose sender was killed before it could write
    that down, comes again (delivery is at least once, and the messengers know no idempotency key): so many more
    are explained, each by a try of its own. Pictures apart from words, and words in an approved template, are not
    compared.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._queued_up_to = 0
        self._queued: defaultdict[Words, list[int]] = defaultdict(list)  # outbox ids
        self._shown: Counter[Words] = Counter()
        self._tries: Counter[Words] = Counter()
        self._seen_on_telegram = self._seen_on_messenger = 0
        self._suspects: set[Words] = set()

    def check(self, session: Session) -> list[str]:
        self._read_outbox(session)
        shown = Counter([*self._new_on_telegram(), *self._new_on_messenger()])
        self._shown += shown
        self._suspects |= {words for words in shown if self._repeats_of(words) > 0}
        explained = self._explained()
        breaches = list[str]()
        for words in sorted(self._suspects):
            extra = self._repeats_of(words)
            if extra > min(explained, self._tries_of(session, words, extra)):
                breaches.append(_sentence(words, self._shown[words], len(self._queued[words])))
            explained -= extra
        return breaches

    def _repeats_of(self, words: Words) -> int:
        """How often it is on the screen beyond what was queued; what we never queue in this form is not judged."""
        queued = len(self._queued.get(words, ()))
        return self._shown[words] - queued if queued else 0

    def _tries_of(self, session: Session, words: Words, enough: int) -> int:
        """How often its rows were tried again, asked anew only until that is `enough`."""
        if self._tries[words] < enough:
            rows = self._queued[words]
            attempts = session.scalars(select(OutboxRow.attempts).where(OutboxRow.id.in_(rows))).all()
            self._tries[words] = sum(attempts) - len(rows)
        return self._tries[words]

    def _explained(self) -> int:
        """How many repeats planted faults account for; a kill may leave any number half done."""
        worlds = self._stage.sandbox
        if self._stage.crashes:
            return 1_000_000
        return worlds.telegram.faults.unanswered + worlds.messenger.faults.unanswered

    # ── what we meant to say ────────────────────────────────────────────────────────────────────────

    def _read_outbox(self, session: Session) -> None:
        rows = session.connection().execute(_MESSAGES, {"after": self._queued_up_to}).all()
        for number, conversation, payload in rows:
            place = conversations.place_of(conversation)
            for words in _words_of(place, payload):
                self._queued[place, words].append(number)
            self._queued_up_to = number

    # ── what they see ───────────────────────────────────────────────────────────────────────────────

    def _new_on_telegram(self) -> Iterator[Words]:
        world = self._stage.sandbox.telegram
        bots = {bot.id for bot in world.bots()}
        messages = list(world.store.all(TelegramMessage))
        for message in messages[self._seen_on_telegram :]:
            if message.from_id in bots and (words := _on_telegram(message.content)):
                yield f"telegram:{message.chat_id}", words
        self._seen_on_telegram = len(messages)

    def _new_on_messenger(self) -> Iterator[Words]:
        world = self._stage.sandbox.messenger
        messages = list(world.store.all(MessengerMessage))
        for message in messages[self._seen_on_messenger :]:
            if not message.mine and message.app_id == world.app_id:
                yield f"messenger:{message.psid}", _canonical(message.content)
        self._seen_on_messenger = len(messages)


def _words_of(place: str, payload: dict[str, Any]) -> Iterator[str]:
    """What each part of one of our messages says, in its messenger's form."""
    message = MESSAGE.validate_python(payload)
    channel, _, chat = place.partition(":")
    if isinstance(message, SendInvoice) and channel == "telegram":
        yield f"invoice {message.title} {message.description}"
    elif channel == "telegram" and isinstance(message, Say | ShowCards):
        parts = telegram_rendering.parts_of(message, private=not chat.startswith("-"))
        yield from (words for part in parts if (words := _squeezed(part.text.plain)))
    elif channel == "messenger" and isinstance(message, Say | ShowCards | Receipt):
        parts = messenger_rendering.parts_of(message, media_url="")
        yield from (_canonical(part.message) for part in parts if part.message is not None)


def _on_telegram(content: Mapping[str, Any]) -> str:
    if invoice := content.get("invoice"):
        return f"invoice {invoice['title']} {invoice['description']}"
    return _squeezed(content.get("text") or content.get("caption") or "")


def _canonical(message: Mapping[str, Any]) -> str:
    """The wire's form without what does not show: our mark, and where pictures are fetched."""
    shown = {name: value for name, value in message.items() if name != "metadata"}
    return json.dumps(_without_pictures(shown), sort_keys=True, ensure_ascii=False)


def _without_pictures(value: Any) -> Any:
    match value:
        case dict():
            parts = cast("dict[str, Any]", value)
            return {name: _without_pictures(inner) for name, inner in parts.items() if name != "image_url"}
        case list() | tuple():
            return [_without_pictures(inner) for inner in cast("Sequence[Any]", value)]
        case _:
            return value


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _sentence(words: Words, shown: int, queued: int) -> str:
    conversation, said = words
    return f"{conversation} was told {shown} times, and {queued} were meant: {said[:120]}"


_MESSAGES: Final = (
    select(OutboxRow.id, OutboxRow.conversation, OutboxRow.payload)
    .where(OutboxRow.id > bindparam("after"), OutboxRow.kind == OutboxKind.MESSAGE)
    .order_by(OutboxRow.id)
)
