"""What a person sees: messages, keyboards, who is typing."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.telegram.group_state import Group
from sandbox.telegram.markup import Entity
from sandbox.telegram.people.notices import notice
from sandbox.telegram.people.person import CannotDo, Person, Where
from sandbox.telegram.state import Bot, Json, Message, StoredFile
from storage.clock import SystemClock


@dataclass(frozen=True)
class Button:
    """A button as it is drawn: `kind` is the Bot API's field that says what it does."""

    text: str
    kind: str  # callback_data, url, pay, text, request_contact, request_location, …
    value: str = ""


@dataclass(frozen=True)
class ShownMessage:
    """A message as the person sees it at this moment."""

    id: int
    mine: bool
    text: str  # or the caption
    entities: tuple[Entity, ...]
    photo: StoredFile | None
    document: StoredFile | None
    buttons: tuple[tuple[Button, ...], ...]
    content: Json
    sent_at: int
    edited: bool
    reply_to: int | None
    media_group: str | None
    author: str = ""  # a first name, or the title of the chat that speaks
    author_id: int = 0
    via: str = ""  # the inline bot's username
    topic: int | None = None
    forwarded: bool = False
    notice: str = ""  # what a service message says: "Ada added Parley"

    def button(self, label: str) -> Button | None:
        """The button with that label, or the first whose label begins so."""
        flat = [button for row in self.buttons for button in row]
        exact = (button for button in flat if button.text == label)
        return next(exact, next((button for button in flat if button.text.startswith(label)), None))


class Watching(Person):
    """Seeing, and waiting to see."""

    def chat(self, where: Where, *, topic: int | None = None) -> list[ShownMessage]:
        """The chat as it is on the screen now, the oldest message first; of a forum one topic, or all."""
        if isinstance(where, Group) and where.username is None:
            self._be_inside(where)
        found = self._world.messages(self._chat(where))
        return [self._shown(message) for message in found if topic is None or message.thread == topic]

    def typing(self, where: Where) -> str | None:
        """What a bot was last seen doing, such as "typing"; a message from it ends that."""
        return self._world.actions.get(self._chat(where).key)

    def keyboard(self, where: Where) -> tuple[tuple[Button, ...], ...]:
        """The keyboard under the input field as it is now."""
        for message in reversed(self._world.messages(self._chat(where))):
            markup = message.reply_markup or {}
            if not ({"keyboard", "remove_keyboard"} & set(markup)) or not self._is_for_me(message):
                continue
            used = markup.get("one_time_keyboard") and self._wrote_after(where, message)
            return () if used or "keyboard" not in markup else drawn(markup["keyboard"])
        return ()

    def photo_bytes(self, message: ShownMessage) -> bytes:
        """The picture of a message."""
        if message.photo is None:
            raise CannotDo(f"message {message.id} has no picture")
        return self._world.store.bytes_of(message.photo.number)

    def document_bytes(self, message: ShownMessage) -> bytes:
        """The file of a message."""
        if message.document is None:
            raise CannotDo(f"message {message.id} has no file")
        return self._world.store.bytes_of(message.document.number)

    async def wait_for(
        self,
        predicate: Callable[[ShownMessage], bool],
        *,
        bot: Where,
        after: int = 0,
        timeout_seconds: float = 10.0,
    ) -> ShownMessage:
        """The newest message of somebody else with an id above `after` that fits, now or as soon as one does.

        `bot` may be a group. The time is real time, whatever clock the world has. Raises TimeoutError with what the
        chat shows.
        """

        def ready() -> ShownMessage | None:
            seen = (m for m in reversed(self.chat(bot)) if not m.mine and m.id > after)
            return next((message for message in seen if predicate(message)), None)

        found = await self._world.changes.wait_until(ready, clock=SystemClock(), seconds=timeout_seconds)
        if found is None:
            last = [
                f"{'me' if m.mine else self._speaker(bot, m)}: {m.text or m.notice or sorted(m.content)}"
                for m in self.chat(bot)[-5:]
            ]
            raise TimeoutError(f"no such message within {timeout_seconds} s; the chat ends with {last}")
        return found

    def _speaker(self, where: Where, message: ShownMessage) -> str:
        return "bot" if isinstance(where, Bot) else message.author

    def _is_for_me(self, message: Message) -> bool:
        """Selective keyboards are for who is mentioned or answered: https://core.telegram.org/bots/api#forcereply."""
        if not (message.reply_markup or {}).get("selective") or message.bot_id:
            return True
        replied = self._world.message(self._world.chat_of(message), message.reply_to or 0)
        mentioned = any(
            entity.get("user", {}).get("id") == self.id for entity in message.content.get("entities", ())
        )
        return mentioned or (replied is not None and replied.from_id == self.id)

    def _wrote_after(self, where: Where, message: Message) -> bool:
        return any(
            m.from_id == self.id and m.id > message.id for m in self._world.messages(self._chat(where))
        )

    def _shown(self, message: Message) -> ShownMessage:
        content = message.content
        markup = message.reply_markup or {}
        via = None if message.via_bot is None else self._world.find_bot(message.via_bot)
        return ShownMessage(
            id=message.id,
            mine=message.from_id == self.id and message.sender_chat is None,
            text=content.get("text", content.get("caption", "")),
            entities=tuple(content.get("entities", content.get("caption_entities", ()))),
            photo=self._file(content["photo"][-1]) if "photo" in content else None,
            document=self._file(content["document"]) if "document" in content else None,
            buttons=drawn(markup.get("inline_keyboard", [])),
            content=content,
            sent_at=message.sent_at,
            edited=message.edited_at is not None,
            reply_to=message.reply_to,
            media_group=message.media_group,
            author=self._author(message),
            author_id=message.sender_chat or message.from_id,
            via="" if via is None else via.username,
            topic=message.thread,
            forwarded=message.origin is not None,
            notice=notice(self._world, message),
        )

    def _author(self, message: Message) -> str:
        if message.sender_chat is not None:
            return self._world.group(message.sender_chat).title
        return self._world.account_name(message.from_id)

    def _file(self, shown: Json) -> StoredFile | None:
        return self._world.store.find(StoredFile, str(shown["file"]))


def drawn(rows: list[list[Json]]) -> tuple[tuple[Button, ...], ...]:
    """Buttons of a markup, as they are seen."""
    return tuple(tuple(_button(button) for button in row) for row in rows)


def _button(button: Json) -> Button:
    action = next((name for name in button if name not in {"text", "style", "icon_custom_emoji_id"}), "text")
    value = button[action]
    return Button(button["text"], action, value if isinstance(value, str) else "")
