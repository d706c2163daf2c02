"""A question with a button for each of its answers, which may be named as well."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from bot.dialogue.dialogue import Dialogue
from bot.dialogue.state import Choice
from bot.dialogue.tokens import payload

LABEL_LETTERS_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Option:
    """One answer: what the slot becomes, what the button says, and by which words it is named (else by the label's)."""

    value: UUID | str
    label: str
    words: Sequence[str] = ()


def offer(dialogue: Dialogue, slot: str, reply: str, options: Iterable[Option], **facts: Any) -> None:
    """Ask with `reply`, which may say `facts`, for the slot's value."""
    options = list(options)
    dialogue.state.choices = [
        Choice(value=str(each.value), label=each.label, words=[*(each.words or each.label.split())])
        for each in options
    ]
    buttons = [
        dialogue.button(each.label[:LABEL_LETTERS_MAX], payload(None, **{slot: each.value}))
        for each in options
    ]
    dialogue.say_with(dialogue.words(reply, **facts), buttons, reply=reply)
