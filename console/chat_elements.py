"""The two parts of a chat that live in the browser: the field to write in and the list that follows the talk."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from nicegui.element import Element
from pydantic import BaseModel, Field

from bot.handler import TEXT_LETTERS_MAX
from console.elements import guarded, with_attributes

LETTERS_MAX: Final = 5 * TEXT_LETTERS_MAX  # the field takes no more; what is over the soft limit is not read


class Written(BaseModel):
    """What the composer sends; a second try of the same words has the same `id`."""

    id: str = Field(min_length=8, max_length=64)
    text: str = Field(min_length=1, max_length=LETTERS_MAX)


class Composer(Element, component="composer.js"):
    """A field with a send button. Enter sends, Shift+Enter begins a new line."""

    def __init__(self, label: str, on_written: Callable[[Written], Awaitable[None]]) -> None:
        super().__init__()
        self._on_written = on_written
        self.props["label"] = label
        self.props["send-label"] = "Send"
        self.props["letters-soft"] = TEXT_LETTERS_MAX
        self.props["letters-max"] = LETTERS_MAX
        self.props["take-focus"] = True
        self.on("send", lambda heard: self._take(heard.args))

    async def _take(self, emitted: Any) -> None:
        """Pass it on; the field is emptied only when that worked."""
        taken = False

        async def pass_on() -> None:
            nonlocal taken
            await self._on_written(Written.model_validate(emitted))
            taken = True

        await guarded(pass_on)
        self.run_method("finish", taken)


class MessageList(Element, component="message_list.js"):
    """Messages in the order they came, scrolled to the newest."""

    def __init__(self, label: str) -> None:
        super().__init__()
        with_attributes(self, label=label, newest_label="New messages ↓")

    def to_newest(self) -> None:
        """Show the end, wherever the person was reading."""
        self.run_method("toNewest", True)
