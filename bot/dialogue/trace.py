"""What a turn understood, did and why, noted while it happens: small enough to be kept with every turn.

It holds no words of a message and nothing of a payment: those are read from the event and the messages it points to.
What it does hold of a person (the details they told) is cut short, and a payment card's number is never in it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

from bot.dialogue.commands import (
    AskAgain,
    CancelFlow,
    Command,
    ForgetSlots,
    Repeat,
    SetSlots,
    StartFlow,
    Utter,
)
from bot.dialogue.hearing import Heard
from nlu.understanding import Understanding
from storage.types import JsonObject

INTENTS_MAX: Final = 5
ENTITIES_MAX: Final = 12
PARTS_MAX: Final = 8
COMMANDS_MAX: Final = 12
STEPS_MAX: Final = 60
SLOTS_MAX: Final = 24
ITEMS_MAX: Final = 8  # of a list or mapping inside a value
LETTERS_MAX: Final = 100  # of a text inside a value
BYTES_MAX: Final = 12_000  # of all of it; what is longer keeps its bare bones
MASK: Final = "•••"
CARD: Final = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
"""What may be the number of a payment card: 13 to 19 digits (ISO/IEC 7812-1), written as people write them."""

DO: Final[Mapping[type[Command], str]] = {
    StartFlow: "start_flow",
    SetSlots: "set_slots",
    ForgetSlots: "forget_slots",
    CancelFlow: "cancel_flow",
    AskAgain: "ask_again",
    Utter: "utter",
    Repeat: "repeat",
}
"""What the commands are called in a trace."""

PIECE: Final = re.compile(r"\d{4,}")

Commands = TypeVar("Commands", bound=list[Command])


@dataclass
class Trace:
    """One turn's. Everything is noted in the order in which it happened."""

    why: str = ""  # which reading of the event led to the commands
    awaited: str | None = None  # the slot whose question was open before
    _heard: Heard | None = None
    _commands: list[JsonObject] = field(default_factory=list[JsonObject])
    _steps: int = 0

    def hear(self, heard: Heard | None, *, awaited: str | None) -> None:
        """What the message was understood as, and which question was open."""
        self._heard, self.awaited = heard, awaited

    def because(self, why: str, commands: Commands) -> Commands:
        """Note why there are commands, if there are any, and hand them on. The first reason stands."""
        if commands and not self.why:
            self.why = why
        return commands

    def begin(self, command: Command) -> None:
        """A command is carried out; the steps that follow belong to it."""
        if len(self._commands) < COMMANDS_MAX:
            self._commands.append(_described(command))

    def step(self, flow: str, step: str, what: str, result: str | None = "") -> None:
        """A step was done, with its outcome or what became of its question."""
        self._steps += 1
        if self._steps > STEPS_MAX:
            return
        if not self._commands:
            self._commands.append({"do": "react"})  # to an event that nobody spoke
        noted = [flow, step, what, result] if result else [flow, step, what]
        self._commands[-1].setdefault("steps", []).append(noted)

    def summary(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> JsonObject:
        """All of it as JSON of at most BYTES_MAX, with how the state `before` and `after` the turn differs."""
        noted: JsonObject = {
            "why": self.why,
            "open": self.awaited,
            "heard": _heard(self._heard),
            "commands": self._commands,
            "steps_left_out": max(0, self._steps - STEPS_MAX),
            "slots": _changes(before.get("slots", {}), after.get("slots", {})),
            "stack": [f"{frame['flow']}/{frame['step']}" for frame in after.get("stack", [])][-ITEMS_MAX:],
        }
        text = self._heard.whole.text if self._heard else ""
        noted = without_cards({name: value for name, value in noted.items() if value}, told=text)
        if len(json.dumps(noted, ensure_ascii=False).encode("utf-8", "replace")) <= BYTES_MAX:
            return noted
        bones = [{"do": each["do"]} for each in self._commands]
        return {"why": self.why, "commands": bones, "slots": dict.fromkeys(noted.get("slots", {}))}


def masked(text: str) -> str:
    """The text without what is, by its digits and its check digit, the number of a payment card."""
    return CARD.sub(lambda found: MASK if _is_card(found.group()) else found.group(), text)


def without_cards(value: Any, *, told: str) -> Any:
    """The same value, where the words `told` hold a card's number: without any piece of it that was read from them."""
    cards = ["".join(filter(str.isdigit, card)) for card in CARD.findall(told) if _is_card(card)]
    return _hidden(value, cards) if cards else value


def _hidden(value: Any, cards: list[str]) -> Any:
    match value:
        case dict():
            return {name: _hidden(inner, cards) for name, inner in cast("JsonObject", value).items()}
        case list():
            return [_hidden(inner, cards) for inner in cast("list[Any]", value)]
        case str() | int() if any(piece in card for piece in PIECE.findall(str(value)) for card in cards):
            return MASK
        case _:
            return value


def _is_card(written: str) -> bool:
    """Whether the check digit is right (the Luhn algorithm, ISO/IEC 7812-1 annex B)."""
    digits = [int(each) for each in written if each.isdigit()]
    doubled = (digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def brief(value: Any, *, depth: int = 2) -> Any:
    """A value of any kind as a small piece of JSON."""
    match value:
        case None | bool() | float():
            return value
        case int():
            return masked_number(value)
        case dict() | list() | tuple() if depth == 0:
            return "…"
        case dict():
            pairs = list(cast("dict[Any, Any]", value).items())[:ITEMS_MAX]
            return {str(name)[:LETTERS_MAX]: brief(inner, depth=depth - 1) for name, inner in pairs}
        case list() | tuple():
            return [brief(inner, depth=depth - 1) for inner in cast("list[Any]", value)[:ITEMS_MAX]]
        case _:
            text = masked(str(value))
            return text if len(text) <= LETTERS_MAX else f"{text[: LETTERS_MAX - 1]}…"


def masked_number(value: int) -> int | str:
    """A number, unless it is a payment card's."""
    too_long = abs(value) >= 10**24  # to be written out
    return MASK if too_long or masked(str(value)) != str(value) else value


def _heard(heard: Heard | None) -> JsonObject:
    if heard is None:
        return {}
    noted = _understood(heard.whole) | {"milliseconds": round(heard.whole.seconds * 1000, 2)}
    if heard.parts:
        noted["parts"] = [_understood(part) for part in heard.parts[:PARTS_MAX]]
    return noted


def _understood(heard: Understanding) -> JsonObject:
    return {
        "language": heard.language,
        "intents": [[guess.name, round(guess.probability, 3)] for guess in heard.intents[:INTENTS_MAX]],
        "entities": [
            [entity.name, brief(entity.value), entity.start, entity.end]
            for entity in heard.entities[:ENTITIES_MAX]
        ],
        "refused": heard.refused,
        "refusal_score": round(heard.refusal_score, 3),
        **({} if heard.engine == "parley" else {"engine": heard.engine}),
    }


def _described(command: Command) -> JsonObject:
    return {"do": DO[type(command)], **_details(command)}


def _details(command: Command) -> JsonObject:
    match command:
        case StartFlow(flow, slots, heard):
            part = {"part": heard.intents[0].name} if heard is not None and heard.intents else {}
            return {"flow": flow, **_given(slots), **part}
        case SetSlots(slots):
            return _given(slots)
        case ForgetSlots(names):
            return {"names": list(names)[:ITEMS_MAX]}
        case AskAgain(reply) | Utter(reply):
            return {"reply": reply}
        case CancelFlow() | Repeat():
            return {}


def _given(slots: Mapping[str, Any]) -> JsonObject:
    return {"slots": {name: brief(slots[name]) for name in list(slots)[:SLOTS_MAX]}} if slots else {}


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> JsonObject:
    """Each slot that differs, as [before, after]."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: [brief(before.get(name)), brief(after.get(name))] for name in names[:SLOTS_MAX]}
