"""Asking which wish is meant, where several are about as probable as each other."""

from bot.dialogue.dialogue import Dialogue, action
from bot.dialogue.state import Choice
from bot.dialogue.tokens import payload

OTHER = "other"


@action()
def ask_meaning(dialogue: Dialogue) -> None:
    """Put what may be meant side by side, and a way to say that it is none of it."""
    labels = {doubt.flow: dialogue.words(f"utter_means_{doubt.flow}") for doubt in dialogue.state.doubts}
    labels[OTHER] = dialogue.words("utter_means_other")
    more = {OTHER: dialogue.words("words_none_of_these")}
    dialogue.state.choices = [
        Choice(value=value, label=label, words=[label, more.get(value, "")])
        for value, label in labels.items()
    ]
    buttons = [dialogue.button(label, payload(None, meaning=value)) for value, label in labels.items()]
    dialogue.say_with(dialogue.words("utter_ask_meaning"), buttons, reply="utter_ask_meaning")


@action()
def begin_what_was_meant(dialogue: Dialogue) -> None:
    """What was chosen begins next, with the words that were not clear before."""
    chosen = [doubt for doubt in dialogue.state.doubts if doubt.flow == dialogue.slot("meaning")]
    dialogue.state.waiting[:0] = chosen
    dialogue.state.doubts = []
