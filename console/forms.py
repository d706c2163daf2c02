"""A form of plain HTML whose fields come back by name, for what staff decide."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from nicegui import context
from nicegui.element import Element

from console.elements import box, guarded, hidden_text, text

READ_FIELDS: Final = (
    "(event) => { event.preventDefault(); emit(Object.fromEntries(new FormData(event.target))) }"
)
Fields = Mapping[str, str]


def form(submit: str, act: Callable[[Fields], Awaitable[None]], *, primary: bool = True) -> "Form":
    """A form with one button; `act` gets the fields when it is pressed. Fill it as a context."""
    return Form(submit, act, primary=primary)


class Form:
    """Opened with `with`; the button comes last."""

    def __init__(self, submit: str, act: Callable[[Fields], Awaitable[None]], *, primary: bool) -> None:
        self._submit = submit
        self._classes = "chat-button primary" if primary else "chat-button"
        self._act = act
        self._page = context.client

    def __enter__(self) -> Element:
        self._form = box("move", tag="form")
        self._form.on("submit", self._heard, js_handler=READ_FIELDS)
        return self._form.__enter__()

    def __exit__(self, *exception: object) -> None:
        text(self._submit, self._classes, tag="button", type="submit")
        self._form.__exit__(*exception)  # pyright: ignore[reportUnknownMemberType] - NiceGUI's has no types

    async def _heard(self, heard: Any) -> None:
        fields: Fields = {str(name): str(value) for name, value in dict(heard.args).items()}
        with self._page:  # the form may be gone by the time it is answered: the page shows itself anew
            await guarded(lambda: self._act(fields))


def field(label: str, name: str, **attributes: str) -> None:
    """An input whose label is its placeholder."""
    with box(tag="label"):
        hidden_text(label)
        box(tag="input", name=name, placeholder=label, maxlength="200", **attributes)


def number(label: str, name: str, *, value: int, most: int) -> None:
    """A count with its label beside it."""
    with box("count-field", tag="label"):
        box(tag="input", type="number", name=name, value=str(value), min="0", max=str(most))
        text(label, dir="auto")


def choice(label: str, name: str, options: Sequence[tuple[str, str]]) -> None:
    """One of (value, words)."""
    with box(tag="label"):
        hidden_text(label)
        with box(tag="select", name=name):
            for value, words in options:
                text(words, tag="option", value=value)
