"""Pressing buttons: under messages, and those of the keyboard."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.telegram.people.person import CannotDo, Where
from sandbox.telegram.people.watching import Button, ShownMessage, Watching
from sandbox.telegram.people.writing import Writing
from sandbox.telegram.render import message_json, user_json
from sandbox.telegram.state import Bot, Json, Message, Tap
from storage.clock import SystemClock

if TYPE_CHECKING:
    from sandbox.telegram.world import TelegramWorld

_TAP_PATIENCE_SECONDS = 30.0


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


class Pressing(Watching, Writing):
    """Tapping what a bot offers."""

    def tap(self, where: Where, label: str, *, message_id: int | None = None) -> Pressed:
        """Press the button with this label (or whose label begins so) on the newest message that has it.

        Without such an inline button the keyboard under the input field is tried. Raises CannotDo.
        """
        for message in reversed(self.chat(where)):
            if message_id in {None, message.id} and (button := message.button(label)) is not None:
                return self._press_inline(where, message, button)
        if message_id is None and (key := self._key(where, label)) is not None:
            return self._press_key(where, key)
        called = f"the chat with @{where.username}" if isinstance(where, Bot) else where.title
        raise CannotDo(f"no button {label!r} in {called}")

    def _key(self, where: Where, label: str) -> Button | None:
        keys = [key for row in self.keyboard(where) for key in row]
        exact = (key for key in keys if key.text == label)
        return next(exact, next((key for key in keys if key.text.startswith(label)), None))

    def _press_key(self, where: Where, key: Button) -> Pressed:
        if key.kind == "request_contact":
            self.share_contact(where)
        elif key.kind == "request_location":
            self.share_location(where, 52.52, 13.405)
        else:
            self.say(where, key.text)
        return Pressed(self._world, key)

    def _press_inline(self, where: Where, shown: ShownMessage, button: Button) -> Pressed:
        if button.kind != "callback_data":
            return Pressed(self._world, button)  # a link or Pay: what it opens is the person's next step
        if isinstance(where, Bot) and self._chat(where).blocked:
            raise CannotDo(f"{self.record.first_name} has blocked @{where.username}")
        return Pressed(self._world, button, self._send_tap(self._message(where, shown.id), button.value))

    def _send_tap(self, message: Message, data: str) -> Tap:
        bot = self._world.find_bot(message.via_bot or message.from_id)
        if bot is None:
            raise CannotDo("no bot put this button here")
        tap = Tap(
            id=str(10**18 + self._world.number("tap")),
            bot_id=bot.id,
            user_id=self.id,
            chat_id=message.chat_id,
            message_id=message.id,
            data=data,
            asked_at=self._world.now(),
            inline_id=message.inline_id,
        )
        self._world.save(tap)
        query: Json = {
            "id": tap.id,
            "from": user_json(self.record),
            "chat_instance": str(10**15 + abs(message.chat_id)),
            "data": data,
        }
        # https://core.telegram.org/bots/api#callbackquery: one of the two.
        if message.inline_id is not None:
            query["inline_message_id"] = message.inline_id
        else:
            query["message"] = message_json(self._world, message, bot=bot)
        self._world.updates.push(bot, "callback_query", query, lane=self.id)
        return tap
