"""What a person can do with a bot, and what they see: the acting half of tests, demo and simulation.

Acting is immediate; waiting (for an answer, for a payment) is awaited and woken by events.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sandbox.telegram.markup import Entity, Formatted
from sandbox.telegram.payments import OrderDetails, Payment, PaymentOutcome
from sandbox.telegram.render import bot_json, chat_json, file_content, message_json, photo_content, user_json
from sandbox.telegram.state import Bot, Chat, Invoice, Json, Message, StoredFile, Tap, User
from sandbox.telegram.text import plain
from storage.clock import SystemClock

if TYPE_CHECKING:
    from sandbox.telegram.world import TelegramWorld

_TAP_PATIENCE_SECONDS = 30.0


class CannotDo(Exception):  # noqa: N818 - what the person notices
    """A person tried what their Telegram would not let them do: no such button, a blocked bot."""


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
    buttons: tuple[tuple[Button, ...], ...]
    content: Json
    sent_at: int
    edited: bool
    reply_to: int | None
    media_group: str | None

    def button(self, label: str) -> Button | None:
        """The button with that label, or the first whose label begins so."""
        flat = [button for row in self.buttons for button in row]
        exact = (button for button in flat if button.text == label)
        return next(exact, next((button for button in flat if button.text.startswith(label)), None))


class TelegramUser:
    """A person. Two of these for the same record are the same person."""

    def __init__(self, world: "TelegramWorld", record: User) -> None:
        self._world = world
        self.record = record

    @property
    def id(self) -> int:
        return self.record.id

    # ── talking ─────────────────────────────────────────────────────────────────────────────────────

    def start(self, bot: Bot, payload: str = "") -> Message:
        """Press Start, or follow a deep link with a payload; a blocked bot is unblocked by it."""
        if self._chat(bot).blocked:
            self.unblock(bot)
        return self.say(bot, f"/start {payload}".strip())

    def say(self, bot: Bot, text: str, *, reply_to: int | None = None) -> Message:
        """Write a text message."""
        return self.tell(bot, _text_content(plain(text)), reply_to=reply_to)

    def send_photo(self, bot: Bot, picture: bytes, caption: str = "") -> Message:
        file = self._world.keep_file(picture, "photo")
        return self.tell(bot, {"photo": photo_content(file)} | _caption_content(plain(caption)))

    def send_document(self, bot: Bot, content: bytes, name: str, caption: str = "") -> Message:
        file = self._world.keep_file(content, "document", name=name)
        document = file_content(file) | {"file_name": name, "mime_type": file.mime_type}
        return self.tell(bot, {"document": document} | _caption_content(plain(caption)))

    def send_voice(self, bot: Bot, recording: bytes = b"OggS", duration_seconds: int = 3) -> Message:
        file = self._world.keep_file(recording, "voice")
        voice = file_content(file) | {"duration": duration_seconds, "mime_type": file.mime_type}
        return self.tell(bot, {"voice": voice})

    def send_sticker(self, bot: Bot, emoji: str = "👍") -> Message:
        file = self._world.keep_file(b"RIFF", "sticker", mime_type="image/webp")
        shape: Json = {
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
        }
        return self.tell(bot, {"sticker": file_content(file) | shape | {"emoji": emoji}})

    def share_contact(
        self, bot: Bot, phone: str | None = None, *, own: bool = True, name: str | None = None
    ) -> Message:
        """A contact card; the person's own one carries their user id."""
        number = phone or self.record.phone
        if number is None:
            raise CannotDo(f"{self.record.first_name} has no phone number to share")
        card: Json = {"phone_number": number, "first_name": name or self.record.first_name}
        return self.tell(bot, {"contact": card | ({"user_id": self.id} if own else {})})

    def share_location(self, bot: Bot, latitude: float, longitude: float) -> Message:
        return self.tell(bot, {"location": {"latitude": latitude, "longitude": longitude}})

    def edit(self, bot: Bot, message_id: int, text: str) -> Message:
        """Change what one wrote before."""
        message = self._own_message(bot, message_id)
        field = "text" if "text" in message.content else "caption"
        message.content = {
            name: value
            for name, value in message.content.items()
            if not name.startswith(("text", "caption", "entities"))
        }
        message.content |= _text_content(plain(text)) if field == "text" else _caption_content(plain(text))
        message.edited_at = self._world.unix_time()
        self._world.save(message)
        self._notify(bot, "edited_message", message_json(self._world, message))
        return message

    def delete(self, bot: Bot, message_id: int) -> None:
        """Remove one's message for both sides; bots are not told."""
        self._world.forget_message(self._own_message(bot, message_id))

    def tell(self, bot: Bot, content: Json, *, reply_to: int | None = None) -> Message:
        """Any message from this person in their chat with the bot; the bot may write back from now on."""
        chat = self._chat(bot)
        if chat.blocked:
            raise CannotDo(f"{self.record.first_name} has blocked @{bot.username}")
        chat.started = True
        message = self._world.post(chat, self.id, content, reply_to=reply_to)
        self._notify(bot, "message", message_json(self._world, message))
        return message

    # ── buttons ─────────────────────────────────────────────────────────────────────────────────────

    def tap(self, bot: Bot, label: str, *, message_id: int | None = None) -> "Pressed":
        """Press the button with this label (or whose label begins so) on the newest message that has it.

        Without such an inline button the keyboard under the input field is tried. Raises CannotDo.
        """
        for message in reversed(self.chat(bot)):
            if message_id in {None, message.id} and (button := message.button(label)) is not None:
                return self._press_inline(bot, message, button)
        if message_id is None and (key := self._key(bot, label)) is not None:
            return self._press_key(bot, key)
        raise CannotDo(f"no button {label!r} in the chat with @{bot.username}")

    def keyboard(self, bot: Bot) -> tuple[tuple[Button, ...], ...]:
        """The keyboard under the input field as it is now."""
        for message in reversed(self._world.messages(self._chat(bot))):
            markup = message.reply_markup or {}
            if markup.get("remove_keyboard"):
                return ()
            if "keyboard" in markup:
                used = markup.get("one_time_keyboard") and self._wrote_after(bot, message)
                return () if used else _drawn(markup["keyboard"])
        return ()

    def _wrote_after(self, bot: Bot, message: Message) -> bool:
        return any(m.from_id == self.id and m.id > message.id for m in self._world.messages(self._chat(bot)))

    def _key(self, bot: Bot, label: str) -> Button | None:
        keys = [key for row in self.keyboard(bot) for key in row]
        exact = (key for key in keys if key.text == label)
        return next(exact, next((key for key in keys if key.text.startswith(label)), None))

    def _press_key(self, bot: Bot, key: Button) -> "Pressed":
        if key.kind == "request_contact":
            self.share_contact(bot)
        elif key.kind == "request_location":
            self.share_location(bot, 52.52, 13.405)
        else:
            self.say(bot, key.text)
        return Pressed(self._world, key)

    def _press_inline(self, bot: Bot, message: ShownMessage, button: Button) -> "Pressed":
        if button.kind != "callback_data":
            return Pressed(self._world, button)  # a link or Pay: what it opens is the person's next step
        if self._chat(bot).blocked:
            raise CannotDo(f"{self.record.first_name} has blocked @{bot.username}")
        return Pressed(self._world, button, self._send_tap(bot, message.id, button.value))

    def _send_tap(self, bot: Bot, message_id: int, data: str) -> Tap:
        chat = self._chat(bot)
        tap = Tap(
            id=str(10**18 + self._world.number("tap")),
            bot_id=bot.id,
            user_id=self.id,
            chat_id=chat.id,
            message_id=message_id,
            data=data,
            asked_at=self._world.now(),
        )
        self._world.save(tap)
        message = self._world.message(chat, message_id)
        assert message is not None, "a tap on a message that is not there"
        query: Json = {
            "id": tap.id,
            "from": user_json(self.record),
            "chat_instance": str(10**15 + chat.id),
            "data": data,
            "message": message_json(self._world, message),
        }
        self._notify(bot, "callback_query", query)
        return tap

    # ── paying ──────────────────────────────────────────────────────────────────────────────────────

    async def pay(
        self,
        bot: Bot,
        card: str = "visa",
        invoice: int | str | None = None,
        *,
        details: OrderDetails | None = None,
        shipping_option: str | None = None,
        tip: int = 0,
    ) -> PaymentOutcome:
        """Pay an invoice: a message id, a link from createInvoiceLink, or the newest one in the chat."""
        bill = self._invoice(bot, invoice)
        if bill.details["currency"] == "XTR":
            raise CannotDo("people of this world own no Stars")
        if bill.message is not None and bill.paid_by:
            raise CannotDo("this invoice is paid already")
        payment = Payment(
            self._world, bot, self.record, bill, card, details or OrderDetails(), shipping_option, tip
        )
        return await payment.make()

    def _invoice(self, bot: Bot, wanted: int | str | None) -> Invoice:
        bills = [bill for bill in self._world.store.all(Invoice) if bill.bot_id == bot.id]
        if isinstance(wanted, str):
            slug = wanted.rsplit("$", 1)[-1]
            found = next((bill for bill in bills if bill.slug == slug), None)
        else:
            shown = {message.key: message.id for message in self._world.messages(self._chat(bot))}
            mine = [bill for bill in bills if bill.message in shown]
            matching = [bill for bill in mine if wanted in {None, shown[bill.message or ""]}]
            found = max(matching, key=lambda bill: shown[bill.message or ""], default=None)
        if found is None:
            raise CannotDo(f"there is no invoice {wanted or ''} from @{bot.username}")
        return found

    # ── the relation with the bot ───────────────────────────────────────────────────────────────────

    def block(self, bot: Bot) -> None:
        """Stop the bot; doing so twice changes nothing."""
        self._set_blocked(bot, blocked=True)

    def unblock(self, bot: Bot) -> None:
        self._set_blocked(bot, blocked=False)

    def deactivate(self) -> None:
        """Delete one's account: bots get 403 from now on."""
        self.record.deactivated = True
        self._world.save(self.record)

    def _set_blocked(self, bot: Bot, *, blocked: bool) -> None:
        chat = self._chat(bot)
        if chat.blocked == blocked:
            return
        was, chat.blocked = _membership(bot, blocked=chat.blocked), blocked
        self._world.save(chat)
        change: Json = {
            "chat": chat_json(self._world, chat),
            "from": user_json(self.record),
            "date": self._world.unix_time(),
            "old_chat_member": was,
            "new_chat_member": _membership(bot, blocked=blocked),
        }
        self._notify(bot, "my_chat_member", change)

    # ── seeing ──────────────────────────────────────────────────────────────────────────────────────

    def chat(self, bot: Bot) -> list[ShownMessage]:
        """The chat with the bot as it is on the screen now, the oldest message first."""
        return [self._shown(message) for message in self._world.messages(self._chat(bot))]

    def typing(self, bot: Bot) -> str | None:
        """What the bot was last seen doing, such as "typing"; a message from it ends that."""
        return self._world.actions.get(self._chat(bot).key)

    def photo_bytes(self, message: ShownMessage) -> bytes:
        """The picture of a message."""
        if message.photo is None:
            raise CannotDo(f"message {message.id} has no picture")
        return self._world.store.bytes_of(message.photo.number)

    async def wait_for(
        self,
        predicate: Callable[[ShownMessage], bool],
        *,
        bot: Bot,
        after: int = 0,
        timeout_seconds: float = 10.0,
    ) -> ShownMessage:
        """The newest message of the bot with an id above `after` that fits, now or as soon as one does.

        The time is real time, whatever clock the world has. Raises TimeoutError with what the chat shows.
        """

        def ready() -> ShownMessage | None:
            seen = (m for m in reversed(self.chat(bot)) if not m.mine and m.id > after)
            return next((message for message in seen if predicate(message)), None)

        found = await self._world.changes.wait_until(ready, clock=SystemClock(), seconds=timeout_seconds)
        if found is None:
            last = [
                f"{'me' if m.mine else 'bot'}: {m.text or sorted(m.content)}" for m in self.chat(bot)[-5:]
            ]
            raise TimeoutError(f"no such message within {timeout_seconds} s; the chat ends with {last}")
        return found

    def _shown(self, message: Message) -> ShownMessage:
        content = message.content
        markup = message.reply_markup or {}
        return ShownMessage(
            id=message.id,
            mine=message.from_id == self.id,
            text=content.get("text", content.get("caption", "")),
            entities=tuple(content.get("entities", content.get("caption_entities", ()))),
            photo=self._photo(content),
            buttons=_drawn(markup.get("inline_keyboard", [])),
            content=content,
            sent_at=message.sent_at,
            edited=message.edited_at is not None,
            reply_to=message.reply_to,
            media_group=message.media_group,
        )

    def _photo(self, content: Json) -> StoredFile | None:
        if "photo" not in content:
            return None
        return self._world.store.find(StoredFile, str(content["photo"][-1]["file"]))

    def _chat(self, bot: Bot) -> Chat:
        return self._world.chat(bot, self.id) or Chat(bot_id=bot.id, id=self.id)

    def _own_message(self, bot: Bot, message_id: int) -> Message:
        message = self._world.message(self._chat(bot), message_id)
        if message is None or message.from_id != self.id:
            raise CannotDo(f"{self.record.first_name} wrote no message {message_id}")
        return message

    def _notify(self, bot: Bot, kind: str, payload: Json) -> None:
        self._world.updates.push(bot, kind, payload, lane=self.id)


@dataclass(frozen=True)
class Pressed:
    """A button that was pressed. Inline callback buttons spin until the bot answers."""

    _world: "TelegramWorld"
    button: Button
    tap: Tap | None = None

    @property
    def url(self) -> str | None:
        """Where a link button leads."""
        return self.button.value if self.button.kind == "url" else None

    @property
    def answer(self) -> Json | None:
        """The bot's answer (text, show_alert), None while the button spins."""
        return None if self.tap is None else self.tap.answer

    async def answered(self, timeout_seconds: float = _TAP_PATIENCE_SECONDS) -> Json:
        """Wait in real time until the button stops spinning. Raises TimeoutError."""
        found = await self._world.changes.wait_until(
            lambda: self.answer, clock=SystemClock(), seconds=timeout_seconds
        )
        if found is None:
            raise TimeoutError(f"the bot never answered the tap on {self.button.text!r}")
        return found


def _drawn(rows: list[list[Json]]) -> tuple[tuple[Button, ...], ...]:
    return tuple(tuple(_button(button) for button in row) for row in rows)


def _button(button: Json) -> Button:
    action = next((name for name in button if name not in {"text", "style", "icon_custom_emoji_id"}), "text")
    value = button[action]
    return Button(button["text"], action, value if isinstance(value, str) else "")


def _text_content(formatted: Formatted) -> Json:
    return {"text": formatted.text} | ({"entities": formatted.entities} if formatted.entities else {})


def _caption_content(formatted: Formatted) -> Json:
    if not formatted.text:
        return {}
    return {"caption": formatted.text} | (
        {"caption_entities": formatted.entities} if formatted.entities else {}
    )


def _membership(bot: Bot, *, blocked: bool) -> Json:
    status: Literal["kicked", "member"] = "kicked" if blocked else "member"
    return {"user": bot_json(bot), "status": status} | ({"until_date": 0} if blocked else {})
