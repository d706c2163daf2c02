"""A form of plain HTML whose fields come back by name, for what staff decide."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from nicegui import context
from nicegui.element import Element

from console.elements import box, guarded, hidden_text, text

READ_FIELDS: Final = (
    "(event) => { event.preventDefault(); emit(Object.fromEntries(new FormData(event.target))) }"
)
READ_TYPED: Final = "(event) => emit(Object.fromEntries(new FormData(event.currentTarget)))"
TYPING_PAUSE_SECONDS: Final = 0.3
Fields = Mapping[str, str]
Hears = Callable[[Fields], Awaitable[None]]


def form(
    submit: str, act: Hears, *, primary: bool = True, classes: str = "move", typed: Hears | None = None
) -> "Form":
    """A form with one button; `act` gets the fields when it is pressed, `typed` while they are filled in.

    Fill it as a context.
    """
    return Form(submit, act, primary=primary, classes=classes, typed=typed)


class Form:
    """Opened with `with`; the button comes last."""

    def __init__(self, submit: str, act: Hears, *, primary: bool, classes: str, typed: Hears | None) -> None:
        self._submit = submit
        self._button = "chat-button primary" if primary else "chat-button"
        self._classes = classes
        self._act, self._typed = act, typed
        self._page = context.client

    def __enter__(self) -> Element:
        self._form = box(self._classes, tag="form")
        self._form.on("submit", lambda heard: self._heard(self._act, heard), js_handler=READ_FIELDS)
        if (typed := self._typed) is not None:
            self._form.on(
                "input",
                lambda heard: self._heard(typed, heard),
                js_handler=READ_TYPED,
                throttle=TYPING_PAUSE_SECONDS,
            )
        return self._form.__enter__()

    def __exit__(self, *exception: object) -> None:
        text(self._submit, self._button, tag="button", type="submit")
        self._form.__exit__(*exception)  # pyright: ignore[reportUnknownMemberType] - NiceGUI's has no types

    async def _heard(self, act: Hears, heard: Any) -> None:
        fields: Fields = {str(name): str(value) for name, value in dict(heard.args).items()}
        with self._page:  # the form may be gone by the time it is answered: the page shows itself anew
            await guarded(lambda: act(fields))


def field(label: str, name: str, **attributes: str) -> None:
    """An input whose label is its placeholder."""
    with box(tag="label"):
        hidden_text(label)
        box(tag="input", name=name, placeholder=label, maxlength="200", **attributes)


def labelled(label: str, name: str, *, value: str = "", hint: str = "", **attributes: str) -> Element:
    """An input with its label above it and a hint below; gives the input."""
    with box("labelled", tag="label"):
        text(label, "label-words", dir="auto")
        made = box(tag="input", name=name, value=value, **attributes)
        if hint:
            text(hint, "facts-note")
    return made


def chosen(label: str, name: str, options: Sequence[tuple[str, str]], value: str) -> Element:
    """One of (value, words), with its label above it and `value` chosen; gives the select."""
    with box("labelled", tag="label"):
        text(label, "label-words")
        with box(tag="select", name=name) as made:
            for each, words in options:
                text(words, tag="option", value=each, **({"selected": "selected"} if each == value else {}))
    return made


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
