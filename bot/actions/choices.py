"""A question with a button for each of its answers, which may be typed as well."""

from collections.abc import Mapping

from bot.dialogue.dialogue import Dialogue
from bot.dialogue.state import Choice
from bot.dialogue.tokens import payload


def offer(dialogue: Dialogue, slot: str, reply: str, labels: Mapping[str, str]) -> None:
    """Ask with `reply` for the slot's value: `labels` by value, in the order they are shown."""
    dialogue.state.choices = [
        Choice(value=value, label=label, words=label.split()) for value, label in labels.items()
    ]
    buttons = [dialogue.button(label, payload(None, **{slot: value})) for value, label in labels.items()]
    dialogue.say_with(dialogue.words(reply), buttons, reply=reply)
